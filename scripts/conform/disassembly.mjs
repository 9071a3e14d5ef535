// Every instruction as llvm-objdump prints it, and every source line that it finds in .BTF.ext.
//
// Normalisation of theirs: the label behind a jump or call (` <name+0x10>`) is left out, because ours is made by those who know names;
// what the default mode calls unknown (32-bit atomics) is as `--mcpu=v4` has it; runs of blanks are one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { must, run } from '../run.mjs';
import { btfOf, compare, comparison, decode, disassembleAt, LineTable, readBtfExt, readElf } from './core.mjs';

/** @typedef {import('./core.mjs').Comparison} Comparison */

const OPTIONS = ['-d', '-z'];
const EXECUTABLE = 4;
const PROGBITS = 1;

/**
 * @param {readonly string[]} objects
 * @param {string} objdump
 * @returns {Promise<Comparison>}
 */
export async function compareDisassembly(objects, objdump) {
  const result = comparison('instructions');
  for (const file of objects) {
    const [theirs, newest] = await Promise.all([
      rows(objdump, [...OPTIONS, file]),
      rows(objdump, [...OPTIONS, '--mcpu=v4', file]),
    ]);
    for (const { name, code } of codeOf(file)) {
      for (let slot = 0; slot < code.length; slot++) {
        const ours = disassembleAt(code, slot).replace(/\s+/g, ' ');
        const key = `${name} ${slot}`;
        const known = theirs.get(key)?.text;
        const text = known === '<unknown>' ? newest.get(key)?.text : known;
        compare(result, `${path.basename(file)} ${key}`, text, ours);
        if (code.opcode[slot] === 0x18) slot++;
      }
    }
  }
  return result;
}

/**
 * The line of each instruction, by what .BTF.ext says: llvm-objdump is shown the objects without their DWARF.
 * @param {readonly string[]} objects
 * @param {string} objdump
 * @param {string} objcopy
 * @returns {Promise<Comparison>}
 */
export async function compareLines(objects, objdump, objcopy) {
  const result = comparison('instructions');
  const folder = mkdtempSync(path.join(tmpdir(), 'ebpf-lines-'));
  try {
    for (const file of objects) {
      const bytes = readFileSync(file);
      const ext = readElf(bytes).sections.find(({ name }) => name === '.BTF.ext');
      const btf = btfOf(bytes);
      if (!ext || !btf) {
        result.skipped.push(`${path.basename(file)}: no .BTF.ext`);
        continue;
      }
      const stripped = path.join(folder, 'stripped.o');
      await must(objcopy, ['--strip-debug', file, stripped], { capture: true });
      const theirs = await rows(objdump, [...OPTIONS, '-l', stripped]);
      const { lines } = readBtfExt(ext.data, btf);
      for (const { name, code } of codeOf(file)) {
        // Line 0 is code that belongs to no line: it goes with what stands before, there as here.
        const known = (lines.get(name) ?? []).filter((info) => info.line > 0);
        const records = known.map((info) => ({ ...info, slot: info.offset / 8 }));
        const table = new LineTable(records, [0]);
        for (let slot = 0; slot < code.length; slot++) {
          const record = table.at(slot);
          const row = theirs.get(`${name} ${slot}`);
          if (row) {
            const ours = record && `${record.path}:${record.line}`;
            compare(result, `${path.basename(file)} ${name} ${slot}`, row.line, ours);
          }
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return result;
}

/** @param {string} objdump @param {readonly string[]} args */
async function rows(objdump, args) {
  return rowsOf((await run(objdump, args, { capture: true, timeout: 60_000 })).stdout);
}

/** Code of the executable sections. @param {string} file */
function codeOf(file) {
  const elf = readElf(readFileSync(file));
  return elf.sections
    .filter(({ type, flags, data }) => type === PROGBITS && (flags & EXECUTABLE) !== 0 && data.length > 0)
    .map(({ name, data }) => ({ name, code: decode(data, elf.littleEndian) }));
}

/**
 * Instructions by `section slot`, each with the line that was printed last: llvm-objdump prints a line only when it changes.
 * @param {string} listing
 * @returns {Map<string, { text: string, line: string | undefined }>}
 */
function rowsOf(listing) {
  const rows = new Map();
  let section = '';
  /** @type {string | undefined} */
  let line;
  for (const row of listing.split('\n')) {
    const start = /^Disassembly of section (.*):$/.exec(row);
    if (start) {
      section = start[1] ?? '';
      line = undefined;
      continue;
    }
    const place = /^; (.*:\d+)$/.exec(row);
    if (place) line = place[1];
    const match = /^\s*(\d+):\t(?:[0-9a-f]{2} )*[0-9a-f]{2}\t(.*)$/.exec(row);
    if (!match) continue;
    const text = (match[2] ?? '').replace(/ <[^<>]*>$/, '').replace(/\s+/g, ' ');
    rows.set(`${section} ${match[1]}`, { text, line });
  }
  return rows;
}
