// Holds the object reader against the real tools over real objects.
//
//   npm run conform:objects [-- FOLDER...] [-- --only NAME,NAME] [-- --show N]
//
// Without folders: the objects of the corpus (see docs/corpus.md), the kernel's selftests, which are built when they are not there, and
// the examples and fixtures of this repository. --only chooses comparisons by name; --show prints so many differences of each (10 unless
// told). docs/objects.md says what is compared, and how.
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { asCommand, UsageError } from '../command.mjs';
import { corpusFolder, fetchCorpus } from '../corpus.mjs';
import { filesUnder, root, temporaryFolder } from '../files.mjs';
import { must, nodeModule, run } from '../run.mjs';

/** @typedef {import('./core.mjs').Comparison} Comparison */
/** @typedef {{ object: string, log: string[] }} Log */

/** Tools by what they are asked for, newest name first. */
const TOOLS = {
  clang: ['clang-19', 'clang'],
  objdump: ['llvm-objdump-19', 'llvm-objdump'],
  objcopy: ['llvm-objcopy-19', 'llvm-objcopy'],
  dwarfdump: ['llvm-dwarfdump-19', 'llvm-dwarfdump'],
};

/**
 * The comparisons by name. To add one: a module that answers a Comparison, and a line here.
 * @type {Record<string, (context: Context) => Promise<Comparison>>}
 */
const COMPARISONS = {
  disassembly: async ({ objects, tools }) =>
    (await import('./disassembly.mjs')).compareDisassembly(objects, tools.objdump),
  lines: async ({ objects, tools }) =>
    (await import('./disassembly.mjs')).compareLines(objects, tools.objdump, tools.objcopy),
  'btf-dump': async ({ objects, kernel }) => (await import('./btf.mjs')).compareRawDumps([...kernel, ...objects]),
  'btf-layout': async ({ objects, kernel, tools }) =>
    (await import('./btf.mjs')).compareLayouts([...kernel, ...objects], tools.clang),
  'core-relocations': async ({ objects, logs }) => {
    const { libbpfLogsOfPairs } = await import('./libbpf_log.mjs');
    const pairs = await libbpfLogsOfPairs(objects);
    return (await import('./core_relo.mjs')).compareCoreRelocations([...(await logs()), ...pairs]);
  },
  variables: async ({ objects, tools }) => (await import('./dwarf.mjs')).compareVariables(objects, tools.dwarfdump),
  'line-rows': async ({ objects, tools }) => (await import('./dwarf.mjs')).compareRows(objects, tools.dwarfdump),
  'dwarf-lines': async ({ objects, tools }) => (await import('./dwarf.mjs')).compareLinesOfCode(objects, tools.objdump),
  definitions: async ({ logs }) => (await import('./definitions.mjs')).compareDefinitions(await logs()),
};

/**
 * @typedef {object} Context
 * @property {readonly string[]} objects
 * @property {readonly string[]} kernel the kernel's own types, where this machine shows them
 * @property {Record<keyof typeof TOOLS, string>} tools
 * @property {() => Promise<Log[]>} logs what libbpf says about each object; asked once
 */

/** @param {readonly string[]} names */
async function firstThatRuns(names) {
  for (const name of names) {
    const answer = await run(name, ['--version'], { capture: true }).catch(() => undefined);
    if (answer?.code === 0) return name;
  }
  throw new Error(`none of ${names.join(', ')} is installed`);
}

/**
 * The repository's own sources as objects of both byte orders, with and without type information.
 * @param {string} clang
 * @param {string} target
 */
async function ownObjects(clang, target) {
  const sources = filesUnder(path.join(root, 'test', 'fixtures', 'objects'), '.c');
  const headers = ['-idirafter', `/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`];
  /** @type {Record<string, string[]>} */
  const variants = {
    little: ['-target', 'bpfel', '-g'],
    big: ['-target', 'bpfeb', '-g'],
    plain: ['-target', 'bpfel'],
    newest: ['-target', 'bpfel', '-g', '-mcpu=v4'],
  };
  for (const [name, flags] of Object.entries(variants))
    for (const source of sources) {
      const object = path.join(target, `${path.basename(source, '.c')}-${name}.o`);
      // Maps need their types, relocations theirs: what does not build without -g is no object.
      await run(clang, ['-O2', '-w', ...flags, ...headers, '-c', source, '-o', object], { capture: true });
    }
  return [...filesUnder(target, '.o'), ...filesUnder(path.join(root, 'examples'), '.o')];
}

/** @param {readonly string[]} objects @returns {Promise<Log[]>} */
async function libbpfLogs(objects) {
  const { libbpfLog, withBpfFileSystem } = await import('./libbpf_log.mjs');
  return withBpfFileSystem(async (folder) => {
    /** @type {Log[]} */
    const logs = [];
    for (const [i, object] of objects.entries())
      logs.push({ object, log: await libbpfLog(object, path.join(folder, `o${i}`)) });
    return logs;
  });
}

/** @param {readonly string[]} folders @param {string} clang */
async function gather(folders, clang) {
  if (folders.length > 0) return folders.flatMap((folder) => filesUnder(path.resolve(folder), '.o'));
  const folder = corpusFolder();
  mkdirSync(folder, { recursive: true });
  const packaged = await fetchCorpus(folder);
  const { objects, failed } = await (await import('./selftests.mjs')).selftestObjects(folder, clang);
  if (failed > 0) console.log(`${failed} selftests do not build here`);
  const own = await ownObjects(clang, temporaryFolder('conform').folder);
  return [...packaged, ...objects, ...own];
}

/** @param {string[]} argv */
async function main(argv) {
  /** @type {{ only?: string, show?: string }} */
  let values;
  let positionals;
  try {
    const options = { only: { type: 'string' }, show: { type: 'string' } };
    ({ values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: /** @type {any} */ (options),
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const chosen = values.only?.split(',') ?? Object.keys(COMPARISONS);
  const unknown = chosen.filter((name) => COMPARISONS[name] === undefined);
  if (unknown.length > 0)
    throw new UsageError(`no comparison ${unknown.join(', ')}; there are ${Object.keys(COMPARISONS).join(', ')}`);
  const show = Number(values.show ?? 10);
  const built = await nodeModule('typescript/bin/tsc', ['-b', 'core/object', 'test/conform'], { capture: true });
  if (built.code !== 0) throw new Error(built.stdout);
  const tools = {
    clang: await firstThatRuns(TOOLS.clang),
    objdump: await firstThatRuns(TOOLS.objdump),
    objcopy: await firstThatRuns(TOOLS.objcopy),
    dwarfdump: await firstThatRuns(TOOLS.dwarfdump),
  };
  await must('bpftool', ['version'], { capture: true });
  const objects = await gather(positionals, tools.clang);
  const { KERNEL } = await import('./core_relo.mjs');
  /** @type {Promise<Log[]> | undefined} */
  let logs;
  const kernel = existsSync(KERNEL) ? [KERNEL] : [];
  const context = { objects, kernel, tools, logs: () => (logs ??= libbpfLogs(objects)) };
  console.log(`${objects.length} objects`);
  let good = true;
  const rows = [['COMPARISON', 'COMPARED', 'EQUAL', 'DIFFERENT', 'LEFT OUT', 'SECONDS']];
  for (const name of chosen) {
    const start = Date.now();
    const result = await /** @type {(context: Context) => Promise<Comparison>} */ (COMPARISONS[name])(context);
    const { unit, compared, equal, differences, skipped } = result;
    // A comparison of nothing proves nothing.
    good &&= compared > 0 && equal === compared;
    for (const difference of differences.slice(0, show)) console.log(`${name}: ${difference}`);
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    rows.push([name, `${compared} ${unit}`, String(equal), String(compared - equal), String(skipped.length), seconds]);
  }
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  for (const row of rows) console.log(row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd()); // prettier-ignore
  return good ? 0 : 1;
}

await asCommand(import.meta.url, main);
