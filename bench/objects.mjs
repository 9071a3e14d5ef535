// npm run bench:objects [-- OBJECT]
//
// Whole processes, in turn (ours, theirs, ours, theirs, ...), so that a machine that slows down slows both: opening and linking an object
// against `llvm-objdump -d`, opening a kernel's BTF and one type by name against `bpftool btf dump`. What they print is thrown away.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const RUNS = 9;
const KERNEL_BTF = '/sys/kernel/btf/vmlinux';

/** @param {string[]} command @returns {{ milliseconds: number, megabytes: number | undefined, out: string } | undefined} */
function measure(command) {
  const time = existsSync('/usr/bin/time') ? ['/usr/bin/time', '-f', 'peak %M'] : [];
  const [program, ...args] = [...time, ...command];
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 30, cwd: tmpdir() });
  const milliseconds = performance.now() - start;
  if (status !== 0) return undefined;
  const peak = /peak (\d+)/.exec(stderr)?.[1];
  return { milliseconds, megabytes: peak === undefined ? undefined : Number(peak) / 1024, out: stdout };
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** @param {string} title @param {string[]} ours @param {string[]} theirs */
function compare(title, ours, theirs) {
  const first = measure(ours);
  if (!first) throw new Error(`${ours.join(' ')} failed`);
  if (!measure(theirs)) {
    console.log(`${title}\n  skipped: ${theirs[0]} does not run here`);
    return;
  }
  const pairs = Array.from({ length: RUNS }, () => /** @type {const} */ ([measure(ours), measure(theirs)]));
  const side = (/** @type {0 | 1} */ index) => pairs.map((pair) => pair[index]).filter((one) => one !== undefined);
  const ratios = pairs.flatMap(([a, b]) => (a && b ? [a.milliseconds / b.milliseconds] : []));
  /** @param {0 | 1} index */
  const line = (index) => {
    const runs = side(index);
    const peaks = runs.flatMap(({ megabytes }) => (megabytes === undefined ? [] : [megabytes]));
    const memory = peaks.length > 0 ? `${median(peaks).toFixed(0)} MB` : 'not measured: no /usr/bin/time';
    return `${median(runs.map(({ milliseconds }) => milliseconds)).toFixed(1)} ms, peak memory ${memory}`;
  };
  console.log(`${title}\n  ours   ${line(0)}   (${first.out.trim()})\n  theirs ${line(1)}   (${theirs.join(' ')})`);
  console.log(
    `  ratio  ${median(ratios).toFixed(2)} (median of ${ratios.length} pairs, ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
  );
}

/** @param {string} folder @returns {string[]} */
function objectsIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const inside = path.join(folder, entry.name);
    if (entry.isDirectory()) return objectsIn(inside);
    return entry.name.endsWith('.o') ? [inside] : [];
  });
}

/** @param {string[]} names */
function installed(names) {
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) ?? names[0];
}

const startUp = Array.from({ length: RUNS }, () => measure([process.execPath, '-e', '0'])?.milliseconds ?? 0);
console.log(`${RUNS} pairs of whole processes each; of ours, Node's own start takes ${median(startUp).toFixed(1)} ms`);

const cache =
  process.env.EBPF_CORPUS_DIR ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'ebpf-corpus');
const object = process.argv[2] ?? objectsIn(cache).sort((a, b) => statSync(b).size - statSync(a).size)[0];
if (object === undefined) {
  console.log('objects\n  skipped: no corpus; npm run conform:objects makes one, or name an object');
} else {
  const objdump = installed(['llvm-objdump', 'llvm-objdump-19', 'llvm-objdump-14']);
  compare(
    `open and link ${object} (${statSync(object).size} bytes)`,
    [process.execPath, path.join(here, 'object_probe.mjs'), 'object', object],
    [objdump, '-d', object],
  );
}
if (!existsSync(KERNEL_BTF)) console.log(`kernel BTF\n  skipped: there is no ${KERNEL_BTF}`);
else {
  compare(
    `open ${KERNEL_BTF} (${statSync(KERNEL_BTF).size} bytes) and resolve one type by name`,
    [process.execPath, path.join(here, 'object_probe.mjs'), 'btf', KERNEL_BTF, 'task_struct'],
    [installed(['bpftool', '/usr/sbin/bpftool']), 'btf', 'dump', 'file', KERNEL_BTF, 'format', 'raw'],
  );
}
