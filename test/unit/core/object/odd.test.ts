import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpecialSection } from '../../../../core/elf/elf';
import { readElf } from '../../../../core/elf/read';
import { InputError } from '../../../../core/input/error';
import type { BpfObject } from '../../../../core/object/object';
import { readObject } from '../../../../core/object/read';
import { buildElf, relaEntries, relEntries, slots, type ElfSpec, type SymbolSpec } from '../elf/builder';
import { compiled } from './compiled';

const EXITING = slots([0xb7, 0, 0, 0, 1], [0x95, 0, 0, 0, 0]);
const GLOBAL = 1;
const LOCAL = 0;
const WEAK = 2;

interface Odd {
  /** Immediate of the call at slot 0. */
  readonly imm: number;
  readonly rela?: number;
  readonly symbol: number;
  readonly more?: Partial<ElfSpec>;
}

/** `xdp` calls one of `first` and `second`, two functions of `.text`; symbol 4 is the section itself. */
function calling({ imm, rela, symbol, more }: Odd): BpfObject {
  const code = slots([0x85, 0, 1, 0, imm], [0x95, 0, 0, 0, 0]);
  const relocations =
    rela === undefined
      ? { name: '.relxdp', type: 9, data: relEntries([[0, symbol, 10]]), link: 5, info: 2 }
      : { name: '.relaxdp', type: 4, data: relaEntries([[0, symbol, 10, rela]]), link: 5, info: 2 };
  const symbols: SymbolSpec[] = [
    { name: 'program', section: 2, size: 16, binding: GLOBAL },
    { name: 'first', section: 1, size: 16, binding: LOCAL },
    { name: 'second', section: 1, value: 16, size: 16, binding: WEAK },
    { name: '', section: 1, type: 3, binding: LOCAL },
  ];
  return readObject(
    buildElf({
      sections: [
        { name: '.text', type: 1, flags: 6, data: new Uint8Array([...EXITING, ...EXITING]) },
        { name: 'xdp', type: 1, flags: 6, data: code },
        relocations,
      ],
      symbols,
      ...more,
    }),
  );
}

const reached = (object: BpfObject): string[] => object.programs[0]!.functions.map((fn) => fn.name);

describe('odd objects', () => {
  it('calls go by symbol, by section symbol, with the addend in the code or beside it', () => {
    assert.deepEqual(reached(calling({ imm: -1, symbol: 2 })), ['program', 'first']);
    assert.deepEqual(reached(calling({ imm: -1, symbol: 3 })), ['program', 'second']);
    assert.deepEqual(reached(calling({ imm: -1, symbol: 4 })), ['program', 'first']);
    assert.deepEqual(reached(calling({ imm: 1, symbol: 4 })), ['program', 'second']);
    assert.deepEqual(reached(calling({ imm: -1, rela: 0, symbol: 3 })), ['program', 'second']);
    assert.deepEqual(reached(calling({ imm: -1, rela: 16, symbol: 4 })), ['program', 'second']);
    assert.throws(() => calling({ imm: 0, symbol: 4 }), InputError);
    assert.throws(() => calling({ imm: -1, rela: -16, symbol: 4 }), InputError);
  });

  it('section numbers may stand in section header 0 and in .symtab_shndx', () => {
    assert.deepEqual(reached(calling({ imm: -1, symbol: 3, more: { extended: true } })), ['program', 'second']);
    const many: ElfSpec = {
      sections: [
        ...Array.from({ length: 66_000 }, () => ({ name: 'x', type: 1 })),
        { name: 'xdp', type: 1, flags: 6, data: EXITING },
      ],
      symbols: [{ name: 'program', section: 66_001, size: 16 }],
      extended: true,
    };
    const elf = readElf(buildElf(many));
    assert.equal(elf.sections.length, 66_006);
    assert.equal(elf.symbols[1]!.section, 66_001);
    assert.equal(readObject(buildElf(many)).programs[0]!.name, 'program');
  });

  it('a number that only an extended table could give, without that table, is refused', () => {
    const bytes = buildElf({
      sections: [{ name: 'xdp', type: 1, flags: 6, data: EXITING }],
      symbols: [{ name: 'p', section: 0xffff, size: 16 }],
    });
    assert.throws(() => readElf(bytes), (error) => error instanceof InputError && error.code === 'elf-malformed'); // prettier-ignore
  });

  it('absolute and COMMON symbols lie in no section', () => {
    const { symbols } = readElf(
      buildElf({
        sections: [],
        symbols: [
          { name: 'a', section: 0xfff1 },
          { name: 'c', section: 0xfff2 },
          { name: 'o', section: 0xff20 },
        ],
      }),
    );
    const { ABSOLUTE, COMMON, OTHER } = SpecialSection;
    assert.deepEqual(symbols.slice(1).map((symbol) => symbol.section), [ABSOLUTE, COMMON, OTHER]); // prettier-ignore
  });

  it('objects without type information are read as far as they go', async (t) => {
    const bytes = await compiled('test/fixtures/objects/struct_ops.c', ['-g0']);
    if (typeof bytes === 'string') return t.skip(bytes);
    assert.throws(() => readObject(bytes), (error) => error instanceof InputError && error.code === 'no-btf'); // prettier-ignore
    const object = calling({ imm: -1, symbol: 2 });
    assert.equal(object.btf, undefined);
    assert.equal(object.coreRelocations, undefined);
    assert.ok(object.programs[0]!.lines.isEmpty);
    assert.ok(object.programs[0]!.functions.every((fn) => fn.btfId === 0));
  });

  it('globals of objects without type information are maps all the same', () => {
    const object = readObject(
      buildElf({
        sections: [
          { name: 'xdp', type: 1, flags: 6, data: slots([0x18, 1, 0, 0, 4], [0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0]) },
          { name: '.data', type: 1, flags: 3, data: new Uint8Array(8) },
          { name: '.relxdp', type: 9, data: relEntries([[0, 2, 1]]), link: 4, info: 1 },
        ],
        symbols: [
          { name: 'p', section: 1, size: 24 },
          { name: '', section: 2, type: 3, binding: LOCAL },
        ],
      }),
    );
    assert.deepEqual(object.maps.map((map) => [map.name, map.valueSize, map.valueTypeId]), [['.data', 8, 0]]); // prettier-ignore
    const { code } = object.programs[0]!;
    assert.deepEqual([code.src[0], code.imm[0], code.imm[1]], [6, 0, 4]);
  });
});
