import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../../../core/isa/code';
import { findInvalidities } from '../../../../core/isa/validity';
import { slots } from '../elf/builder';

type Row = readonly [number, number, number, number, number];
const EXIT: Row = [0x95, 0, 0, 0, 0];

function problems(...rows: Row[]): string[] {
  return findInvalidities(decode(slots(...rows))).map(({ slot, message }) => `${slot}: ${message}`);
}

describe('findInvalidities', () => {
  it('accepts instructions of every class', () => {
    const rows: Row[] = [
      [0x18, 1, 0, 0, 5],
      [0, 0, 0, 0, 7],
      [0x20, 0, 0, 0, 12],
      [0x79, 2, 10, -8, 0],
      [0x81, 2, 10, -8, 0],
      [0x7a, 10, 0, -8, 5],
      [0xdb, 10, 2, -8, 0x01],
      [0xbf, 3, 2, 32, 0],
      [0x3f, 3, 2, 1, 0],
      [0xd7, 3, 0, 0, 64],
      [0xa6, 3, 0, 0, 4],
      [0x06, 0, 0, 0, 0],
      [0x85, 0, 0, 0, 1],
      EXIT,
    ];
    assert.deepEqual(problems(...rows), []);
  });

  const refused: readonly (readonly [string, RegExp, ...Row[]])[] = [
    ['an unknown opcode', /unknown opcode 0xff/, [0xff, 0, 0, 0, 0], EXIT],
    ['a register above r10', /register r11 does not exist/, [0xb7, 11, 0, 0, 0], EXIT],
    ['a write to r10', /r10 is read-only/, [0xb7, 10, 0, 0, 0], EXIT],
    ['a fetched value into r10', /r10 is read-only/, [0xdb, 1, 10, 0, 1], EXIT],
    ['a reserved imm', /unused imm/, [0xbf, 1, 2, 0, 1], EXIT],
    ['a reserved src', /unused src/, [0xb7, 1, 2, 0, 1], EXIT],
    ['a reserved offset', /offset 3 has no meaning/, [0x07, 1, 0, 3, 1], EXIT],
    ['a byte swap of an odd width', /byte swap of 8 bits/, [0xdc, 1, 0, 0, 8], EXIT],
    ['a narrow atomic', /32 or 64 bits/, [0xd3, 1, 2, 0, 0], EXIT],
    ['an unknown atomic', /unknown atomic operation 0x2/, [0xdb, 1, 2, 0, 2], EXIT],
    ['half an lddw', /without its second half/, [0x18, 1, 0, 0, 0]],
    ['a filled second half', /second half/, [0x18, 1, 0, 0, 0], [0, 1, 0, 0, 0], EXIT],
    ['a jump out', /outside the function/, [0x05, 0, 0, 5, 0], EXIT],
    ['a jump before the start', /outside the function/, [0x05, 0, 0, -2, 0], EXIT],
    ['a jump into an lddw', /middle of an lddw/, [0x05, 0, 0, 1, 0], [0x18, 1, 0, 0, 0], [0, 0, 0, 0, 0], EXIT],
    ['falling off the end', /falls through/, [0xb7, 0, 0, 0, 0]],
    ['a 64-bit packet load', /unknown opcode/, [0x38, 0, 0, 0, 0], EXIT],
  ];
  for (const [name, message, ...rows] of refused) {
    it(`refuses ${name}`, () => assert.match(problems(...rows).join('\n'), message));
  }

  it('refuses an empty function', () => assert.equal(problems().length, 1));

  it('judges any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), { maxLength: 8 }), (rows) => {
        const bytes = new Uint8Array(rows.length * 8);
        rows.forEach((row, i) => bytes.set(row, i * 8));
        assert.ok(Array.isArray(findInvalidities(decode(bytes))));
      }),
      { numRuns: 2000 },
    );
  });
});
