import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InputError } from '../../../../core/input/error';
import { kernelMapName, objectName } from '../../../../core/object/map_name';
import type { BpfObject, MapDefinition } from '../../../../core/object/object';
import { readObject } from '../../../../core/object/read';
import { BtfKind } from '../../../../core/btf/kind';
import { BtfBuilder } from '../btf/builder';
import { buildElf, relaEntries, relEntries, slots, type ElfSpec } from '../elf/builder';
import { compiled } from './compiled';

const EXITING = slots([0xb7, 0, 0, 0, 1], [0x95, 0, 0, 0, 0]);

/** Words as bytes. */
function words(little: boolean, ...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setUint32(i * 4, value, little));
  return bytes;
}

function legacy(record: number, rows: readonly (readonly number[])[], more: Partial<ElfSpec> = {}): MapDefinition[] {
  const little = more.littleEndian ?? true;
  const data = words(little, ...rows.flatMap((row) => [...row, ...Array<number>(record / 4 - row.length).fill(0)]));
  const sections = [{ name: 'maps', type: 1, flags: 3, data }, ...(more.sections ?? [])];
  const symbols = rows.map((_, i) => ({ name: `m${i}`, section: 1, type: 1, value: i * record, size: record }));
  return [...readObject(buildElf({ ...more, sections, symbols })).maps];
}

const throwsCode = (code: string, work: () => unknown): void =>
  assert.throws(
    work,
    (error) => error instanceof InputError && error.code === code && error.place.section !== undefined,
  );

describe('legacy maps', () => {
  for (const littleEndian of [true, false])
    it(`of every loader, ${littleEndian ? 'little' : 'big'}-endian`, () => {
      const more = { littleEndian };
      const [short] = legacy(16, [[1, 4, 8, 16]], more);
      assert.deepEqual(
        [short!.type, short!.keySize, short!.valueSize, short!.maxEntries, short!.flags],
        [1, 4, 8, 16, 0],
      );
      assert.equal(legacy(20, [[1, 4, 8, 16, 3]], more)[0]!.flags, 3);
      const samples = legacy(28, [[2, 4, 4, 1, 4, 0, 1], [12, 4, 4, 8, 0, 0]], more); // prettier-ignore
      assert.deepEqual([samples[0]!.numaNode, samples[1]!.inner], [1, 0]);
      const iproute = legacy(36, [[12, 4, 4, 8, 0, 7, 2, 9, 0], [1, 4, 4, 8, 0, 9, 1]], more); // prettier-ignore
      assert.deepEqual([iproute[0]!.pinning, iproute[0]!.inner, iproute[1]!.pinning], [2, 1, 1]);
      assert.equal(legacy(280, [[1, 4, 4, 8, 0, 1]], more)[0]!.pinning, 1);
    });

  it('of eBPF for Windows, whose inner maps go by their id', () => {
    const marker = { sections: [{ name: '.ebpf_for_windows', type: 1, data: new Uint8Array(1) }] };
    const maps = legacy(32, [[12, 4, 4, 1, 0, 1, 0, 10], [1, 4, 4, 1, 0, 0, 10, 0]], marker); // prettier-ignore
    assert.deepEqual([maps[0]!.inner, maps[0]!.pinning, maps[0]!.flags, maps[1]!.inner], [1, 1, 0, -1]);
    assert.equal(legacy(36, [[1, 4, 4, 1, 0, 0, 0, 0, 5]], marker)[0]!.flags, 5);
  });

  it('that do not fit their section are refused', () => {
    throwsCode('map-malformed', () => legacy(12, [[1, 4, 8]]));
    throwsCode('map-malformed', () =>
      readObject(
        buildElf({
          sections: [{ name: 'maps', type: 1, flags: 3, data: new Uint8Array(20) }],
          symbols: [{ name: 'm', section: 1, type: 1, value: 8, size: 20 }],
        }),
      ),
    );
  });
});

/** An object whose `.maps` holds `inner` (an array), `outer` (an array of maps) and `jumps` (a program array), and relocations of their slots. */
function declared(relocations: readonly (readonly [offset: number, symbol: number])[], rela = false): BpfObject {
  const b = new BtfBuilder();
  const int = b.int('int', 4, 1);
  const number = (n: number): number => b.pointer(b.array(int, n));
  const attributes = (type: number): [string, number, number][] => [
    ['type', number(type), 0],
    ['key_size', number(4), 64],
    ['max_entries', number(8), 128],
  ];
  const inner = b.struct('', 32, [...attributes(2), ['value_size', number(4), 192]]);
  const maps = b.array(b.pointer(inner), 0);
  const outer = b.struct('', 24, [...attributes(12), ['values', maps, 192]]);
  const programs = b.array(b.pointer(b.prototype(int, [])), 0);
  const extra = b.enumeration64('', [['value', 0x1_0000_0003n]]);
  const jumps = b.struct('', 40, [...attributes(3), ['map_extra', extra, 192], ['numa_node', number(1), 256], ['values', programs, 320]]); // prettier-ignore
  const variables = [inner, outer, jumps].map((type, i) => b.entry(BtfKind.VAR, ['inner', 'outer', 'jumps'][i]!, 0, false, type, 1)); // prettier-ignore
  b.entry(BtfKind.DATASEC, '.maps', 3, false, 0, ...variables.flatMap((id) => [id, 0, 0]));
  const entries = relocations.map(([offset, symbol]) => [offset, symbol, 2] as const);
  return readObject(
    buildElf({
      sections: [
        { name: 'xdp', type: 1, flags: 6, data: EXITING },
        { name: '.maps', type: 1, flags: 3, data: new Uint8Array(160) },
        rela
          ? { name: '.rela.maps', type: 4, data: relaEntries(entries.map((entry) => [...entry, 0] as const)), link: 5, info: 2 }
          : { name: '.rel.maps', type: 9, data: relEntries(entries), link: 5, info: 2 },
        { name: '.BTF', type: 1, data: b.bytes() },
      ],
      symbols: [
        { name: 'prog', section: 1, size: 16 },
        { name: 'inner', section: 2, type: 1, value: 0, size: 32 },
        { name: 'outer', section: 2, type: 1, value: 32, size: 48 },
        { name: 'jumps', section: 2, type: 1, value: 80, size: 64 },
        { name: 'elsewhere', type: 1 },
      ],
    }),
  ); // prettier-ignore
}

describe('maps of .maps', () => {
  for (const rela of [false, true])
    it(`hold what ${rela ? 'RELA' : 'REL'} entries put into them`, () => {
      const { maps } = declared([[32 + 24 + 16, 2], [32 + 24, 2], [80 + 40 + 8, 1]], rela); // prettier-ignore
      const by = (name: string): MapDefinition => maps.find((map) => map.name === name)!;
      const inner = maps.indexOf(by('inner'));
      assert.deepEqual(by('outer').slots, [
        { index: 0, kind: 'map', map: inner },
        { index: 2, kind: 'map', map: inner },
      ]);
      assert.deepEqual(by('jumps').slots, [{ index: 1, kind: 'program', program: 'prog' }]);
      assert.equal(by('inner').slots, undefined);
      assert.deepEqual([by('jumps').extra, by('jumps').numaNode, by('inner').extra], [0x1_0000_0003n, 1, 0n]);
    });

  const wrong: readonly (readonly [string, readonly [number, number]])[] = [
    ['a slot of a map without values', [8, 2]],
    ['half a slot', [32 + 28, 2]],
    ['an attribute as a slot', [32 + 8, 2]],
    ['a program in a map of maps', [32 + 24, 1]],
    ['a map in a program array', [80 + 40, 2]],
    ['something undefined', [80 + 40, 5]],
    ['a place outside the section', [4000, 2]],
  ];
  for (const [name, relocation] of wrong)
    it(`refuse ${name}`, () => throwsCode('map-slot', () => declared([relocation])));
});

describe('what is said about objects', () => {
  it('names of maps are those of libbpf', () => {
    const global = (name: string, object: string): string => kernelMapName({ name, origin: 'global' }, object);
    assert.equal(global('.rodata', 'my_object_name.bpf.o'), 'my_objec.rodata');
    assert.equal(global('.bss', 'my_object_name.o'), 'my_objec.bss');
    assert.equal(global('.kconfig', 'my_object_name.o'), 'my_obje.kconfig');
    assert.equal(global('.rodata.abracadabra', 'x.o'), '.rodata.abracad');
    assert.equal(global('.data', '/some/where/a-b.bpf.o'), 'a_b.data');
    assert.equal(global('.data', 'C:\\x\\y.o'), 'y.data');
    assert.equal(kernelMapName({ name: 'a_rather_long_map_name', origin: 'btf' }, 'x'), 'a_rather_long_m');
    assert.equal(objectName('dir.d/sixteen_characters.o'), 'sixteen_charact');
  });

  it('version, and COMMON symbols, which are refused by their name', () => {
    const spec: ElfSpec = {
      sections: [
        { name: 'xdp', type: 1, flags: 6, data: slots([0x18, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0]) },
        { name: 'version', type: 1, flags: 3, data: words(true, 0x060c00) },
      ],
      symbols: [
        { name: 'p', section: 1, size: 24 },
        { name: 'tentative', section: 0xfff2, type: 1, size: 8 },
      ],
    };
    assert.equal(readObject(buildElf(spec)).version, 0x060c00);
    const rel = { name: '.relxdp', type: 9, data: relEntries([[0, 2, 1]]), link: 4, info: 1 };
    throwsCode('common-symbol', () => readObject(buildElf({ ...spec, sections: [...spec.sections, rel] })));
  });

  it('struct_ops tables are maps whose slots are programs', async (t) => {
    const bytes = await compiled('test/fixtures/objects/struct_ops.c');
    if (typeof bytes === 'string') return t.skip(bytes);
    const object = readObject(bytes, { path: 'x.o' });
    const rows = object.maps.map((map) => [map.name, map.type, map.valueSize, map.flags, map.origin, map.slots]);
    const program = (index: number, name: string): unknown => ({ index, kind: 'program', program: name });
    assert.deepEqual(rows, [
      ['table', 26, 32, 0, 'struct_ops', [program(0, 'first'), program(2, 'second')]],
      ['other', 26, 32, 0, 'struct_ops', [program(2, 'first')]],
      ['linked', 26, 32, 8192, 'struct_ops', [program(0, 'second')]],
    ]);
    assert.equal(object.maps[0]!.initial![8], 7);
    assert.deepEqual(object.programs.map((p) => p.name).sort(), ['first', 'second']);
  });

  for (const target of ['bpfel', 'bpfeb'])
    it(`both byte orders are read the same: ${target}`, async (t) => {
      const little = await compiled('test/fixtures/objects/shapes.c', ['-mcpu=v3']);
      const bytes = await compiled('test/fixtures/objects/shapes.c', ['-mcpu=v3', '-target', target]);
      if (typeof bytes === 'string' || typeof little === 'string') return t.skip(String(bytes));
      const [a, b] = [readObject(little), readObject(bytes)];
      assert.equal(b.littleEndian, target === 'bpfel');
      assert.deepEqual(b.programs.map((p) => [p.name, p.code.length, p.lines.records.length]), a.programs.map((p) => [p.name, p.code.length, p.lines.records.length])); // prettier-ignore
      const plain = (maps: readonly MapDefinition[]): unknown => maps.map(({ initial, ...rest }) => ({ ...rest, initial: initial?.length })); // prettier-ignore
      assert.deepEqual(plain(b.maps), plain(a.maps));
    });
});
