// Debugging information: variables with every range of their locations, scopes, types and line tables against llvm-dwarfdump, and the
// line of each instruction against llvm-objdump. What is compared, and how the two notations are made one, stands in
// test/conform/dwarfdump.ts, which the unit tests use too.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { must } from '../run.mjs';
import { compare, comparison, readElf } from './core.mjs';

const require = createRequire(import.meta.url);
/** @type {typeof import('../../core/dwarf/read.js')} */
const { readDwarf } = require('../../out/core/dwarf/read.js');
/** @type {{ compareInfo: Checker, compareLines: (dwarf: Dwarf, dump: string) => Check[], compareLineLookups: Checker }} */
const { compareInfo, compareLines, compareLineLookups } = require('../../out/test/conform/dwarfdump.js');

/** @typedef {import('./core.mjs').Comparison} Comparison */
/** @typedef {import('../../core/elf/elf.js').ElfFile} ElfFile */
/** @typedef {import('../../core/dwarf/dwarf.js').Dwarf} Dwarf */
/** @typedef {{ readonly place: string, readonly theirs: string, readonly ours: string }} Check */
/** @typedef {(elf: ElfFile, dwarf: Dwarf, dump: string) => Check[]} Checker */

/**
 * Every variable and parameter with its type, declaration and locations, every scope with its ranges and call, every type.
 * @param {readonly string[]} files objects
 * @param {string} [dwarfdump] llvm-dwarfdump 19
 * @returns {Promise<Comparison>}
 */
export function compareVariables(files, dwarfdump = 'llvm-dwarfdump-19') {
  return compareAll('entries', files, [dwarfdump, '-v', '--debug-info'], compareInfo);
}

/**
 * Every row of every line table.
 * @param {readonly string[]} files objects
 * @param {string} [dwarfdump] llvm-dwarfdump 19
 * @returns {Promise<Comparison>}
 */
export function compareRows(files, dwarfdump = 'llvm-dwarfdump-19') {
  return compareAll('rows', files, [dwarfdump, '--debug-line'], (_, dwarf, dump) => compareLines(dwarf, dump));
}

/**
 * The file and line that each instruction stems from.
 * @param {readonly string[]} files objects
 * @param {string} [objdump] llvm-objdump 19
 * @returns {Promise<Comparison>}
 */
export async function compareLinesOfCode(files, objdump = 'llvm-objdump-19') {
  const several = files.filter((file) => (dwarfOf(file)?.units.length ?? 0) > 1);
  const single = files.filter((file) => !several.includes(file));
  const result = await compareAll('instructions', single, [objdump, '-d', '-l'], compareLineLookups);
  // objdump looks a unit up by its address alone, and in objects all sections begin at 0.
  for (const file of several) result.skipped.push(`${path.basename(file)}: several units, of which objdump takes any`);
  return result;
}

/** @param {string} file */
function dwarfOf(file) {
  return readDwarf(readElf(readFileSync(file)));
}

/**
 * @param {string} unit
 * @param {readonly string[]} files
 * @param {readonly string[]} command
 * @param {Checker} checks
 */
async function compareAll(unit, files, [tool = '', ...args], checks) {
  const result = comparison(unit);
  for (const file of files) {
    const elf = readElf(readFileSync(file));
    const dwarf = readDwarf(elf);
    if (!dwarf) {
      result.skipped.push(`${path.basename(file)}: no debugging information`);
      continue;
    }
    const { stdout } = await must(tool, [...args, path.resolve(file)], { capture: true });
    for (const { place, theirs, ours } of checks(elf, dwarf, stdout)) {
      compare(result, `${path.basename(file)} ${place}`, theirs, ours);
    }
  }
  return result;
}
