// Runs the embedded verifier over real programs that others wrote: the BPF objects in Debian's ir-keytable and libbpf-tools packages.
//
//   npm run corpus [-- --json FILE] [-- --findings]
//
// The packages are downloaded once by apt-get into a cache folder outside the repository: EBPF_CORPUS_DIR, else ebpf-corpus in the
// user's cache folder. --json keeps the check's whole document; --findings prints every finding. docs/corpus.md says more.
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { asCommand, UsageError } from './command.mjs';
import { filesUnder, root } from './files.mjs';
import { must, run } from './run.mjs';

/** Debian packages with BPF objects inside. */
export const PACKAGES = ['ir-keytable', 'libbpf-tools'];

const EM_BPF = 247;

/** @typedef {import('./table.mjs').CheckDocument} CheckDocument */

/** Where downloads and extracted objects are kept. */
export function corpusFolder({ env } = process) {
  return env.EBPF_CORPUS_DIR ?? path.join(env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'ebpf-corpus');
}

/**
 * The BPF objects inside a file: ELF64 little-endian images of machine 247, found by their header, as bpftool's skeletons embed them.
 * An image ends with its section header table, which is where LLVM and bpftool put it.
 * @param {Buffer} bytes
 * @returns {Buffer[]}
 */
export function embeddedObjects(bytes) {
  const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const objects = [];
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    if (at + 64 > bytes.length || bytes.readUInt16LE(at + 18) !== EM_BPF) continue;
    const table = Number(bytes.readBigUInt64LE(at + 40));
    const end = at + table + bytes.readUInt16LE(at + 58) * bytes.readUInt16LE(at + 60);
    if (end <= bytes.length) objects.push(bytes.subarray(at, end));
  }
  return objects;
}

/**
 * Downloads the packages and lays the objects out as `objects/PACKAGE/NAME.o`. What is there already is kept.
 * @param {string} folder
 * @returns {Promise<string[]>} the objects
 */
export async function fetchCorpus(folder) {
  const objects = path.join(folder, 'objects');
  for (const name of PACKAGES) {
    const target = path.join(objects, name);
    if (existsSync(target)) continue;
    const unpacked = path.join(folder, 'unpacked', name);
    mkdirSync(unpacked, { recursive: true });
    const isPackage = (/** @type {string} */ file) => file.startsWith(`${name}_`) && file.endsWith('.deb');
    if (!readdirSync(folder).some(isPackage)) {
      console.log(`downloading ${name} into ${folder}`);
      await must('apt-get', ['download', '-q', name], { cwd: folder, capture: true, timeout: 300_000 });
    }
    const archive = readdirSync(folder).find(isPackage);
    if (archive === undefined) throw new Error(`apt-get left no ${name} package in ${folder}`);
    await must('dpkg-deb', ['-x', path.join(folder, archive), unpacked], { capture: true });
    mkdirSync(target, { recursive: true });
    for (const file of filesUnder(unpacked, '')) {
      // Several tools are one program under different names.
      if (!lstatSync(file).isFile()) continue;
      const found = embeddedObjects(readFileSync(file));
      found.forEach((object, i) => {
        const base = path.basename(file, '.o') + (found.length > 1 ? `-${i}` : '');
        writeFileSync(path.join(target, `${base}.o`), object);
      });
    }
    rmSync(unpacked, { recursive: true });
  }
  return filesUnder(objects, '.o');
}

/**
 * Checks the objects one process each, so that a crash costs one object only.
 * @param {readonly string[]} objects
 * @returns {Promise<{ document: CheckDocument, crashes: string[], seconds: number }>}
 */
async function checkAll(objects) {
  const cli = path.join(root, 'dist', 'cli.js');
  if (!existsSync(cli)) throw new Error('dist/cli.js is not there: npm run build');
  /** @type {CheckDocument} */
  const document = { version: 1, files: [] };
  const crashes = [];
  const start = Date.now();
  for (const object of objects) {
    const result = await run(process.execPath, [cli, 'check', '--format', 'json', object], {
      capture: true,
      timeout: 300_000,
    });
    try {
      /** @type {CheckDocument} */
      const answer = JSON.parse(result.stdout);
      document.files.push(...answer.files);
      // A typed error stands in the document; anything on stderr with a stack is a crash.
      if (/\n\s+at /.test(result.stderr)) crashes.push(`${object}: ${result.stderr.split('\n')[0]}`);
    } catch {
      const why = result.code === null ? 'no answer within 300 seconds' : (result.stderr.trim().split('\n')[0] ?? '');
      crashes.push(`${object}: ${why}`);
    }
  }
  return { document, crashes, seconds: (Date.now() - start) / 1000 };
}

/**
 * What keeps findings of one kind together: the class and the message without names and numbers.
 * @param {{ class: string, code: string, message: string }} finding
 */
export function reasonOf(finding) {
  const message = finding.message
    .replace(/0x[0-9a-f]+/gi, 'N')
    .replace(/-?\d+/g, 'N')
    .replace(/(["'`])(?:(?!\1).)*\1/g, '…');
  return `${finding.class} ${finding.code}: ${message}`;
}

/**
 * The report: a row for each object, the verdicts of its programs counted, then the reasons ranked by how many programs they stop.
 * @param {CheckDocument} document
 * @param {readonly string[]} crashes
 * @returns {string}
 */
export function report(document, crashes) {
  const verdicts = ['proved', 'unproven', 'refuted', 'invalid'];
  const totals = new Map(verdicts.map((verdict) => [verdict, 0]));
  const reasons = new Map();
  const lines = [['OBJECT', ...verdicts.map((verdict) => verdict.toUpperCase()), 'REFUSED'].join('\t')];
  for (const file of document.files) {
    const name = path.join(path.basename(path.dirname(file.path)), path.basename(file.path));
    if (file.error !== undefined) {
      lines.push(`${name}\t\t\t\t\t${file.error.code}: ${file.error.message}`);
      count(reasons, `${file.error.code}: ${file.error.message.replace(/\d+/g, 'N')}`);
      continue;
    }
    const counts = verdicts.map((verdict) => file.programs.filter((program) => program.verdict === verdict).length);
    verdicts.forEach((verdict, i) => totals.set(verdict, (totals.get(verdict) ?? 0) + (counts[i] ?? 0)));
    const refused = file.programs.filter(({ verdict }) => verdict !== 'proved');
    lines.push([name, ...counts, refused.map((program) => program.function).join(' ')].join('\t'));
    for (const { findings } of refused) for (const reason of new Set(findings.map(reasonOf))) count(reasons, reason);
  }
  const columns = aligned(lines.map((line) => line.split('\t')));
  const programs = [...totals.values()].reduce((sum, n) => sum + n, 0);
  const ranked = [...reasons].sort((a, b) => b[1] - a[1]);
  return [
    ...columns,
    '',
    `${document.files.length} objects, ${programs} programs: ${verdicts.map((v) => `${totals.get(v)} ${v}`).join(', ')}`,
    '',
    'Reasons, by the number of programs that have them:',
    ...ranked.map(([reason, n]) => `${String(n).padStart(6)}  ${reason}`),
    '',
    crashes.length === 0 ? 'No crashes.' : `${crashes.length} crashes:\n${crashes.join('\n')}`,
  ].join('\n');
}

/** @param {Map<string, number>} counts @param {string} key */
function count(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** @param {readonly string[][]} rows @returns {string[]} */
function aligned(rows) {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(i === row.length - 1 ? 0 : (widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** @param {string[]} argv */
async function main(argv) {
  /** @type {{ json?: string, findings?: boolean }} */
  let values;
  try {
    ({ values } = parseArgs({ args: argv, options: { json: { type: 'string' }, findings: { type: 'boolean' } } }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const folder = corpusFolder();
  mkdirSync(folder, { recursive: true });
  const objects = await fetchCorpus(folder);
  const { document, crashes, seconds } = await checkAll(objects);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(document, undefined, 2));
  if (values.findings) {
    for (const { path: file, programs } of document.files)
      for (const program of programs)
        for (const finding of program.findings) {
          const place = `${path.basename(file)} ${program.function} ${finding.pc}`;
          console.log(`${place}: ${finding.class}: ${finding.message}`);
        }
  }
  console.log(report(document, crashes));
  console.log(`${seconds.toFixed(1)} seconds`);
  return crashes.length === 0 ? 0 : 1;
}

await asCommand(import.meta.url, main);
