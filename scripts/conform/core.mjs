// The compiled core, typed, for the comparisons. `npm run types` or objects.mjs makes out/.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** @type {typeof import('../../core/elf/read.js')} */
export const { readElf } = require('../../out/core/elf/read.js');
/** @type {typeof import('../../core/btf/read.js')} */
export const { readBtf } = require('../../out/core/btf/read.js');
/** @type {typeof import('../../core/btf/ext.js')} */
export const { readBtfExt } = require('../../out/core/btf/ext.js');
/** @type {typeof import('../../core/btf/raw_dump.js')} */
export const { rawDump } = require('../../out/core/btf/raw_dump.js');
/** @type {typeof import('../../core/btf/print.js')} */
export const { CPrinter } = require('../../out/core/btf/print.js');
/** @type {typeof import('../../core/btf/print_all.js')} */
export const { printAll } = require('../../out/core/btf/print_all.js');
/** @type {typeof import('../../core/btf/layout.js')} */
export const { recordLayout, resolved } = require('../../out/core/btf/layout.js');
/** @type {typeof import('../../core/btf/core_relo/resolve.js')} */
export const { CoreResolver } = require('../../out/core/btf/core_relo/resolve.js');
/** @type {typeof import('../../core/object/read.js')} */
export const { readObject } = require('../../out/core/object/read.js');
/** @type {typeof import('../../core/object/line_table.js')} */
export const { LineTable } = require('../../out/core/object/line_table.js');
/** @type {typeof import('../../core/object/functions.js')} */
export const { findFunctions } = require('../../out/core/object/functions.js');
/** @type {typeof import('../../core/object/sections.js')} */
export const { openSections } = require('../../out/core/object/sections.js');
/** @type {typeof import('../../core/object/relocate_core.js')} */
export const { relocateCore } = require('../../out/core/object/relocate_core.js');
/** @type {typeof import('../../core/isa/disassemble.js')} */
export const { disassembleAt } = require('../../out/core/isa/disassemble.js');
/** @type {typeof import('../../core/isa/code.js')} */
export const { decode } = require('../../out/core/isa/code.js');

/**
 * The types of an object, or of a file that is BTF from its first byte; undefined when an object has none.
 * @param {Uint8Array} bytes
 */
export function btfOf(bytes) {
  const isElf = bytes[0] === 0x7f && bytes[1] === 0x45;
  const section = isElf ? readElf(bytes).sections.find(({ name }) => name === '.BTF')?.data : bytes;
  return section && readBtf(section);
}

/**
 * What a comparison found.
 * @typedef {object} Comparison
 * @property {string} unit what is counted: instructions, types, relocations
 * @property {number} compared
 * @property {number} equal
 * @property {string[]} differences one line each
 * @property {string[]} skipped why objects were left out, one line each
 */

/**
 * @param {string} unit
 * @returns {Comparison}
 */
export function comparison(unit) {
  return { unit, compared: 0, equal: 0, differences: [], skipped: [] };
}

/**
 * Counts one pair; `place` names it when the two differ.
 * @param {Comparison} result
 * @param {string} place
 * @param {string | undefined} theirs
 * @param {string | undefined} ours
 */
export function compare(result, place, theirs, ours) {
  result.compared++;
  if (theirs === ours) result.equal++;
  else result.differences.push(`${place}: theirs ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours)}`);
}
