import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CoreKind } from '../../../../core/btf/core_relo/kind';
import type { CoreRelocation } from '../../../../core/btf/ext';
import { readBtf } from '../../../../core/btf/read';
import { InputError } from '../../../../core/input/error';
import { decode } from '../../../../core/isa/code';
import { LineTable } from '../../../../core/object/line_table';
import type { BpfObject, Program } from '../../../../core/object/object';
import { readObject } from '../../../../core/object/read';
import { POISON, relocateCore, relocateObject, type RelocatedCode } from '../../../../core/object/relocate_core';
import { BtfBuilder } from '../btf/builder';
import { slots } from '../elf/builder';
import { compiled } from './compiled';

/** `struct s { unsigned a, b; void *p; int signed; }`, with the fields at other places and of other widths for the target. */
function types(target: boolean): Uint8Array {
  const b = new BtfBuilder();
  const unsigned = b.int('unsigned int', 4);
  const int = b.int('int', 4, 1);
  const wide = b.int('unsigned long', 8);
  const long = b.int('long', 8, 1);
  const pointer = b.pointer(0);
  const enumeration = (value: bigint): number => b.enumeration64('e', [['VALUE', value]]);
  if (target) {
    b.struct('s', 40, [['b', unsigned, 64], ['a', wide, 128], ['p', pointer, 192], ['signed', long, 256]]); // prettier-ignore
    enumeration(0x1122334455667788n);
    b.struct('huge', 80_000, [['pad', b.array(unsigned, 10_000), 0], ['x', unsigned, 320_000]]); // prettier-ignore
  } else {
    b.struct('s', 24, [['a', unsigned, 0], ['b', unsigned, 32], ['p', pointer, 64], ['signed', int, 128], ['gone', int, 160]]); // prettier-ignore
    enumeration(5n);
    b.struct('huge', 4, [['x', unsigned, 0]]);
  }
  return b.bytes();
}

const S = 6;
const E = 7;
const HUGE = 8;
const OFFSET = CoreKind.FIELD_BYTE_OFFSET;

type Row = readonly [opcode: number, dst: number, src: number, offset: number, imm: number];
type Record = readonly [slot: number, type: number, access: string, kind: number];

/** Relocates a program of one function whose section begins 3 slots earlier. */
function relocate(rows: readonly Row[], records: readonly Record[]): RelocatedCode {
  const code = decode(slots(...rows));
  const relocations = records.map(([slot, type, access, kind], index): CoreRelocation => ({ offset: (slot + 3) * 8, index, type, access, kind })); // prettier-ignore
  const fn = { name: 'f', section: 'xdp', sectionSlot: 3, start: 0, length: rows.length, btfId: 0, global: true };
  const program: Program = { name: 'f', section: 'xdp', code, functions: [fn], lines: new LineTable([], [0]) };
  const object: BpfObject = {
    littleEndian: true,
    license: undefined,
    builtForWindows: false,
    programs: [program],
    maps: [],
    externs: [],
    btf: readBtf(types(false)),
    coreRelocations: new Map([['xdp', relocations]]),
  };
  return relocateCore(object, program, readBtf(types(true)));
}

const EXIT: Row = [0x95, 0, 0, 0, 0];

describe('relocateCore', () => {
  it('patches immediates, offsets and wide loads', () => {
    const { code, relocations } = relocate(
      [[0xb7, 1, 0, 0, 4], [0x61, 2, 1, 4, 0], [0x18, 3, 0, 0, 5], [0, 0, 0, 0, 0], [0x07, 1, 0, 0, 8], EXIT], // prettier-ignore
      [
        [0, S, '0:1', OFFSET],
        [1, S, '0:1', OFFSET],
        [2, E, '0', CoreKind.ENUMVAL_VALUE],
        [4, S, '0:2', OFFSET],
      ],
    );
    assert.deepEqual([...code.imm], [8, 0, 0x55667788, 0x11223344, 24, 0]);
    assert.deepEqual([...code.offset], [0, 8, 0, 0, 0, 0]);
    assert.deepEqual(
      relocations.map(({ slot, functionSlot, field, before, after }) => [slot, functionSlot, field, before, after]),
      [
        [0, 0, 'imm', 4n, 8n],
        [1, 1, 'offset', 4n, 8n],
        [2, 2, 'imm64', 5n, 0x1122334455667788n],
        [4, 4, 'imm', 8n, 24n],
      ],
    );
  });

  it('changes the width of loads of unsigned integers, and poisons those of signed ones', () => {
    const { code, relocations } = relocate(
      [[0x61, 2, 1, 0, 0], [0x63, 1, 2, 0, 0], [0x61, 2, 1, 16, 0], EXIT], // prettier-ignore
      [
        [0, S, '0:0', OFFSET],
        [1, S, '0:0', OFFSET],
        [2, S, '0:3', OFFSET],
      ],
    );
    assert.deepEqual([...code.opcode], [0x79, 0x7b, 0x85, 0x95]);
    assert.deepEqual([code.offset[0], code.offset[1], code.imm[2]], [16, 16, POISON]);
    assert.deepEqual(
      relocations.map(({ width, field }) => [field, width]),
      [
        ['offset', { before: 4, after: 8 }],
        ['offset', { before: 4, after: 8 }],
        ['poison', undefined],
      ],
    );
  });

  it('poisons instructions that need what is not there', () => {
    const { code, relocations } = relocate(
      [[0xb7, 1, 0, 0, 20], [0x61, 2, 1, 20, 0], [0x18, 3, 0, 0, 20], [0, 0, 0, 0, 0], EXIT], // prettier-ignore
      [0, 1, 2].map((slot) => [slot, S, '0:4', OFFSET] as const),
    );
    assert.deepEqual([...code.opcode], [0x85, 0x85, 0x85, 0x85, 0x95]);
    assert.deepEqual([...code.imm], [POISON, POISON, POISON, POISON, 0]);
    assert.deepEqual([...code.dst, ...code.src, ...code.offset], Array<number>(15).fill(0));
    assert.ok(relocations.every((relocation) => relocation.poisoned));
  });

  const refused: readonly (readonly [string, string, readonly Row[], Record])[] = [
    ['an immediate that is not the field', 'core-instruction', [[0xb7, 1, 0, 0, 3], EXIT], [0, S, '0:1', OFFSET]],
    ['an offset that is not the field', 'core-instruction', [[0x61, 1, 1, 3, 0], EXIT], [0, S, '0:1', OFFSET]],
    ['an offset beyond 32767', 'core-range', [[0x61, 1, 1, 0, 0], EXIT], [0, HUGE, '0:0', OFFSET]],
    ['a register operand', 'core-instruction', [[0x0f, 1, 2, 0, 0], EXIT], [0, S, '0:1', OFFSET]],
    ['a jump', 'core-instruction', [EXIT], [0, S, '0:1', OFFSET]],
    ['half a wide load', 'core-instruction', [[0x18, 1, 0, 0, 4]], [0, S, '0:1', OFFSET]],
    ['a wide load of a map', 'core-instruction', [[0x18, 1, 1, 0, 4], [0, 0, 0, 0, 0]], [0, S, '0:1', OFFSET]], // prettier-ignore
    ['a load of another width', 'core-instruction', [[0x71, 1, 1, 0, 0], EXIT], [0, S, '0:0', OFFSET]],
    ['a place between instructions', 'core-instruction', [EXIT, EXIT], [0.5, S, '0:1', OFFSET]],
  ];
  for (const [name, code, rows, record] of refused)
    it(`refuses ${name}: ${code}`, () =>
      assert.throws(
        () => relocate(rows, [record]),
        (error) =>
          error instanceof InputError &&
          error.code === code &&
          error.place.section === 'xdp' &&
          error.message.includes('function f'),
      ));

  it('leaves the code as it is when the target is the object itself', async (t) => {
    const bytes = await compiled('test/fixtures/objects/core_relo.c', ['-mcpu=v3']);
    if (typeof bytes === 'string') return t.skip(bytes);
    const object = readObject(bytes);
    assert.ok(object.btf && object.programs.length > 0);
    let count = 0;
    for (const program of object.programs) {
      const { code, relocations } = relocateCore(object, program, object.btf);
      count += relocations.length;
      assert.deepEqual(code, program.code);
    }
    // Every kind at least once, in the program and in its subprogram; compilers before clang 15 know no "type matches".
    assert.ok(count >= 15, `${count}`);
    assert.deepEqual(relocateObject(object, object.btf).programs[0]!.code, object.programs[0]!.code);
  });

  it('finds the fields of a type that was laid out otherwise', async (t) => {
    const here = await compiled('test/fixtures/objects/core_relo.c', ['-mcpu=v3']);
    const there = await compiled('test/fixtures/objects/core_relo.c', ['-mcpu=v3', '-DTARGET']);
    if (typeof here === 'string' || typeof there === 'string') return t.skip(String(here));
    const object = readObject(here);
    const program = object.programs[0]!;
    const { code, relocations } = relocateCore(object, program, readObject(there).btf!);
    const of = (kind: number): bigint[] => relocations.filter((r) => r.kind === kind).map((r) => r.value);
    assert.deepEqual(of(CoreKind.FIELD_BYTE_OFFSET).slice(0, 2), [24n, 8n]);
    assert.deepEqual(of(CoreKind.FIELD_EXISTS), [1n, 0n]);
    assert.deepEqual(of(CoreKind.TYPE_SIZE), [40n]);
    assert.ok(of(CoreKind.TYPE_MATCHES).every((value) => value === 0n));
    assert.deepEqual(of(CoreKind.ENUMVAL_VALUE), [77n]);
    assert.notDeepEqual(code, program.code);
    // The subprogram lies behind the entry; its relocation was found and applied there.
    const inner = relocations.find((relocation) => relocation.function === 'inner')!;
    assert.equal(inner.slot - inner.functionSlot, program.functions.find((fn) => fn.name === 'inner')!.start);
  });
});
