// Types: the raw dump against bpftool's, and the C that we print against clang, which must compile it and lay it out as BTF says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../run.mjs';
import { btfOf, compare, comparison, CPrinter, printAll, rawDump, recordLayout, resolved } from './core.mjs';

/** @typedef {import('./core.mjs').Comparison} Comparison */
/** @typedef {import('../../core/btf/btf.js').Btf} Btf */

const STRUCT = 4;
const UNION = 5;

/**
 * Each type as `bpftool btf dump file X format raw` prints it.
 * @param {readonly string[]} files objects, or files of BTF
 * @returns {Promise<Comparison>}
 */
export async function compareRawDumps(files) {
  const result = comparison('types');
  for (const file of files) {
    const btf = btfOf(readFileSync(file));
    if (!btf) {
      result.skipped.push(`${path.basename(file)}: no BTF`);
      continue;
    }
    const args = ['btf', 'dump', 'file', file, 'format', 'raw'];
    const theirs = typesIn((await run('bpftool', args, { capture: true })).stdout);
    const ours = typesIn(rawDump(btf));
    for (let i = 0; i < Math.max(theirs.length, ours.length); i++)
      compare(result, `${path.basename(file)} type ${i + btf.start}`, theirs[i], ours[i]);
  }
  return result;
}

/** A dump by type: a line that begins with `[` and those that follow. @param {string} dump */
function typesIn(dump) {
  return dump.split(/\n(?=\[)/).map((text) => text.trimEnd());
}

/**
 * The C of all types of a file: size of each named structure and union, place of each member, places of bit-fields.
 * @param {readonly string[]} files
 * @param {string} clang
 * @returns {Promise<Comparison>}
 */
export async function compareLayouts(files, clang) {
  const result = comparison('places');
  const folder = mkdtempSync(path.join(tmpdir(), 'ebpf-layout-'));
  try {
    const source = path.join(folder, 'types.c');
    for (const file of files) {
      const btf = btfOf(readFileSync(file));
      if (!btf) result.skipped.push(`${path.basename(file)}: no BTF`);
      else await compareLayout(result, path.basename(file), btf, source, clang);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return result;
}

/**
 * @param {Comparison} result
 * @param {string} name
 * @param {Btf} btf
 * @param {string} source where the C goes
 * @param {string} clang
 */
async function compareLayout(result, name, btf, source, clang) {
  const printer = new CPrinter(btf);
  const text = printAll(btf, printer);
  /** @type {string[]} */
  const uses = [];
  const expected = new Map();
  for (let id = 1; id < btf.count; id++) {
    const type = btf.type(id);
    if ((type.kind !== STRUCT && type.kind !== UNION) || type.name === '') continue;
    const tag = `${type.kind === STRUCT ? 'struct' : 'union'} ${printer.names.type(id)}`;
    uses.push(`_Static_assert(sizeof(${tag}) != -1, "");`);
    expected.set(tag, [`size ${type.size}`, ...placesIn(btf, id, 0, printer)].sort());
  }
  writeFileSync(source, `${text}\n${uses.join('\n')}\n`);
  const args = ['-target', btf.littleEndian ? 'bpfel' : 'bpfeb', '-std=gnu17', '-fsyntax-only', '-w'];
  const { code, stdout, stderr } = await run(clang, [...args, '-Xclang', '-fdump-record-layouts', source], {
    capture: true,
  });
  if (code !== 0) {
    result.compared += expected.size;
    result.differences.push(`${name}: does not compile: ${stderr.split('\n').slice(0, 2).join(' ')}`);
    return;
  }
  const theirs = layoutsIn(stdout);
  for (const [tag, places] of expected) {
    const found = theirs.get(tag) ?? [];
    // Padding is ours, not BTF's.
    const real = found.filter((place) => !/ __hole\d+$| $/.test(place)).sort();
    for (let i = 0; i < Math.max(real.length, places.length); i++)
      compare(result, `${name} ${tag}`, real[i], places[i]);
  }
}

/**
 * Places of the members of a structure, those of anonymous structures inside it too: `byte name` or `byte:from-to name`.
 * @param {Btf} btf
 * @param {number} id
 * @param {number} start bits
 * @param {import('../../core/btf/print.js').CPrinter} printer
 * @returns {string[]}
 */
function placesIn(btf, id, start, printer) {
  return recordLayout(btf, id).members.flatMap((member) => {
    const at = start + member.bitOffset;
    const byte = Math.floor(at / 8);
    const type = resolved(btf, member.type);
    if (member.name === '')
      return type.kind === STRUCT || type.kind === UNION ? placesIn(btf, member.type, at, printer) : [];
    const name = printer.declare(0, member.name).split(' ').at(-1);
    return member.bitField ? `${byte}:${at % 8}-${(at % 8) + member.bitSize - 1} ${name}` : `${byte} ${name}`;
  });
}

/**
 * clang's record layouts by tag. Members of anonymous records are taken up into the record around them.
 * @param {string} dump
 * @returns {Map<string, string[]>}
 */
function layoutsIn(dump) {
  /** @type {Map<string, string[]>} */
  const found = new Map();
  for (const block of dump.split('*** Dumping AST Record Layout').slice(1)) {
    const [head, ...lines] = block.split('\n').slice(1);
    const tag = /\| ((?:struct|union) \w+)$/.exec(head ?? '')?.[1];
    if (tag === undefined || found.has(tag)) continue;
    /** @type {string[]} */
    const places = [];
    // Depth at which the members of the record, or of anonymous records inside it, stand.
    let depth = 1;
    for (const line of lines) {
      const size = /\[sizeof=(\d+)/.exec(line)?.[1];
      if (size !== undefined) places.push(`size ${size}`);
      const match = /^\s*(\d+(?::(?:\d+-\d+|-))?) \|( +)(.*)$/.exec(line);
      if (!match) continue;
      const [, place = '', indent = '', member = ''] = match;
      const level = (indent.length - 1) / 2;
      if (level > depth) continue;
      depth = level;
      if (/\((?:anonymous|unnamed)[^)]* at [^)]*\) ?$/.test(member)) depth = level + 1;
      else places.push(`${place} ${/(\w*)$/.exec(member)?.[1] ?? ''}`);
    }
    found.set(tag, places);
  }
  return found;
}
