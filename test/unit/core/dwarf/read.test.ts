import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readElf } from '../../../../core/elf/read';
import type { Scope, Variable } from '../../../../core/dwarf/dwarf';
import { readDwarf } from '../../../../core/dwarf/read';
import { typeName } from '../../../../core/dwarf/type_name';
import { buildElf } from '../elf/builder';
import { everything } from '../../../fuzz/everything';
import { locals, sectionOf, type Locals } from './locals';

const VERSIONS = ['-gdwarf-4', '-gdwarf-5'];

function named<T extends Scope | Variable>(list: readonly T[], name: string): T {
  const found = list.find((item) => item.name === name);
  assert.ok(found, `${name} is not there`);
  return found;
}

describe('debugging information of clang', () => {
  for (const version of VERSIONS) {
    it(`${version} -O0: every variable has a place in the frame`, async (t) => {
      const read = await locals(version, '-O0');
      if (typeof read === 'string') return t.skip(read);
      const { dwarf, elf } = read;
      const count = named(dwarf.functions, 'count');
      assert.deepEqual(count.frameBase, { kind: 'register', register: 10 });
      const { section, start, end } = count.ranges[0]!;
      assert.equal(section, sectionOf(elf, 'xdp').index);
      assert.deepEqual([start, end], [0, sectionOf(elf, 'xdp').size]);
      assert.deepEqual(count.variables.map(({ name, parameter }) => [name, parameter]).sort(), [
        ['calls', false],
        ['color', true],
        ['ctx', true],
        ['five', false],
        ['sum', false],
      ]);
      const { location } = dwarf.variablesAt(section, 8).find(({ variable }) => variable.name === 'sum')!;
      assert.equal(location.kind, 'frame-offset');
    });

    it(`${version} -O2: an inlined call is a scope with the place of its call`, async (t) => {
      const read = await locals(version, '-O2');
      if (typeof read === 'string') return t.skip(read);
      const { dwarf, elf } = read;
      const xdp = sectionOf(elf, 'xdp');
      const chains = Array.from({ length: xdp.size / 8 }, (_, slot) => dwarf.scopesAt(xdp.index, slot * 8));
      const inside = chains.find(([first]) => first?.kind === 'inlined')!;
      assert.equal(inside[0]!.name, 'scaled');
      assert.equal(inside[inside.length - 1]!.name, 'count');
      const { path, line, column } = inside[0]!.call!;
      assert.match(path, /[\\/]locals\.c$/);
      assert.deepEqual([line, column], [44, 12]);
      assert.deepEqual(
        inside[0]!.variables.filter(({ parameter }) => parameter).map(({ name }) => name),
        ['amount', 'from'],
      );
      // Where `scaled` was inlined, the variables of `count` are there too.
      const slot = chains.indexOf(inside);
      const names = dwarf.variablesAt(xdp.index, slot * 8).map(({ variable }) => variable.name);
      for (const name of ['from', 'total', 'ctx', 'sum', 'i']) assert.ok(names.includes(name), name);
      // The first instruction has the parameters in the registers of the calling convention.
      const first = dwarf.variablesAt(xdp.index, 0);
      const at = (name: string) => first.find(({ variable }) => variable.name === name)?.location;
      assert.deepEqual(at('ctx'), { kind: 'register', register: 1 });
      assert.deepEqual(at('color'), { kind: 'register', register: 2 });
      assert.deepEqual(at('sum'), { kind: 'empty' });
    });

    it(`${version}: constants, globals and statics are where they are`, async (t) => {
      const read = await locals(version, '-O2');
      if (typeof read === 'string') return t.skip(read);
      const { dwarf, elf } = read;
      const count = named(dwarf.functions, 'count');
      const five = named(count.variables, 'five').locations;
      assert.ok(five.every(({ location }) => location.kind === 'constant' && location.value === 5n));
      const symbols = new Map(elf.symbols.map((symbol) => [symbol.name, symbol]));
      const placeOf = (name: string) => ({ section: symbols.get(name)!.section, offset: symbols.get(name)!.value });
      for (const [variable, symbol] of [
        [named(dwarf.globals, 'counter'), 'counter'],
        [named(dwarf.globals, 'table'), 'table'],
        [named(count.variables, 'calls'), 'count.calls'],
      ] as const) {
        assert.deepEqual(
          variable.locations.map(({ location }) => location),
          [{ kind: 'address', place: placeOf(symbol) }],
        );
      }
    });

    it(`${version}: types`, async (t) => {
      const read = await locals(version, '-O2');
      if (typeof read === 'string') return t.skip(read);
      checkTypes(read);
    });

    it(`${version}: lines`, async (t) => {
      const read = await locals(version, '-O2');
      if (typeof read === 'string') return t.skip(read);
      const { dwarf, elf } = read;
      const xdp = sectionOf(elf, 'xdp');
      const rows = [...dwarf.rows(xdp.index)];
      assert.ok(rows.some(({ prologueEnd }) => prologueEnd));
      assert.ok(rows[rows.length - 1]!.endSequence);
      assert.equal(rows[rows.length - 1]!.offset, xdp.size);
      for (let i = 0; i + 1 < rows.length; i++) {
        const { offset, line, column } = rows[i]!;
        if (offset === rows[i + 1]!.offset) continue;
        for (const inside of [offset, rows[i + 1]!.offset - 8]) {
          const found = dwarf.lineAt(xdp.index, inside)!;
          assert.deepEqual([found.line, found.column], [line, column]);
        }
      }
      assert.equal(dwarf.lineAt(xdp.index, xdp.size), undefined);
      assert.equal(dwarf.lineAt(0, 0), undefined);
    });
  }

  it('says the same in every version, in 64-bit DWARF and in the other byte order', async (t) => {
    const texts = [];
    for (const flags of [['-gdwarf-5'], ['-gdwarf-5', '-gdwarf64'], ['-gdwarf-4'], ['-gdwarf-5', '--target=bpfeb']]) {
      const read = await locals('-O0', ...flags);
      if (typeof read === 'string') return t.skip(read);
      assert.equal(read.elf.littleEndian, !flags.includes('--target=bpfeb'));
      const { dwarf } = read;
      const type = (id: number) => typeName((id) => dwarf.type(id), id);
      const variables = [...dwarf.functions.flatMap((scope) => scope.variables), ...dwarf.globals];
      texts.push(
        variables
          .map(({ name, type: id, declared, locations }) => {
            const places = locations.map(({ location }) =>
              location.kind === 'address' ? location.place.offset : location,
            );
            return `${name} ${type(id)} ${declared.line} ${JSON.stringify(places, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v))}`;
          })
          .sort()
          .join('\n'),
      );
    }
    for (const text of texts) assert.equal(text, texts[0]);
  });

  for (const flags of [['-gdwarf-5'], ['-gdwarf-4'], ['-gdwarf-5', '--target=bpfeb']]) {
    it(`${flags.join(' ')}: explicit addends (RELA) mean the same as addends in place`, async (t) => {
      const read = await locals('-O2', ...flags);
      if (typeof read === 'string') return t.skip(read);
      const elf = readElf(withExplicitAddends(read));
      const dwarf = readDwarf(elf);
      assert.ok(dwarf);
      assert.deepEqual(everything(elf, dwarf), everything(read.elf, read.dwarf));
    });
  }

  it('is undefined without .debug_info', () => {
    assert.equal(readDwarf(readElf(buildElf({ sections: [{ name: '.text', type: 1 }] }))), undefined);
  });
});

function checkTypes({ dwarf }: Locals): void {
  const count = named(dwarf.functions, 'count');
  const pointer = dwarf.type(named(count.variables, 'ctx').type);
  assert.equal(pointer.kind, 'pointer');
  const packet = dwarf.type(pointer.kind === 'pointer' ? pointer.target : 0);
  assert.ok(packet.kind === 'struct');
  const name = (id: number) => typeName((type) => dwarf.type(type), id);
  assert.deepEqual(
    packet.members.map((member) => [member.name, name(member.type), member.bitOffset, member.bits]),
    [
      ['length', 'int', 0, 0],
      ['stamp', 'u64', 64, 0],
      ['version', 'unsigned int', 128, 3],
      ['flags', 'unsigned int', 131, 17],
      ['name', 'char[16]', 152, 0],
      ['handle', 'int (*)(const char *, u64, ...)', 320, 0],
      ['next', 'struct packet *', 384, 0],
    ],
  );
  assert.equal(packet.size, 56);
  const color = dwarf.type(named(count.variables, 'color').type);
  assert.ok(color.kind === 'enum');
  assert.deepEqual(
    color.enumerators.map(({ name, value }) => [name, value]),
    [
      ['RED', 0n],
      ['GREEN', 5n],
      ['BLUE', -1n],
    ],
  );
  const table = dwarf.type(named(dwarf.globals, 'table').type);
  assert.ok(table.kind === 'array');
  assert.deepEqual(
    table.dimensions.map((dimension) => dimension.count),
    [4, 2],
  );
  assert.equal(name(table.id), 'volatile u64[4][2]');
  assert.equal(name(named(dwarf.globals, 'read_clock').type), 'int (*)(void *)');
  const both = named(named(dwarf.functions, 'pair').variables, 'both');
  assert.equal(name(both.type), 'struct {…}');
  assert.equal(name(0), 'void');
}

/** The object with every relocation of its debugging sections as RELA, and noise where the addend stood. */
function withExplicitAddends({ elf }: Locals): Uint8Array {
  const { littleEndian } = elf;
  const sections = elf.sections.slice(1).map((section) => ({ ...section, data: section.data.slice() }));
  for (const table of sections) {
    const target = sections[table.info - 1];
    if (table.type !== 9 || !target?.name.startsWith('.debug_')) continue;
    const from = new DataView(table.data.buffer);
    const words = new DataView(target.data.buffer);
    const to = new DataView(new ArrayBuffer((table.data.length / 16) * 24));
    for (let i = 0; i < table.data.length / 16; i++) {
      const offset = Number(from.getBigUint64(i * 16, littleEndian));
      const info = from.getBigUint64(i * 16 + 8, littleEndian);
      const wide = (info & 0xffffffffn) === 2n;
      to.setBigUint64(i * 24, BigInt(offset), littleEndian);
      to.setBigUint64(i * 24 + 8, info, littleEndian);
      if (wide) {
        to.setBigUint64(i * 24 + 16, words.getBigUint64(offset, littleEndian), littleEndian);
        words.setBigUint64(offset, 0x1122334455667788n, littleEndian);
      } else {
        to.setBigUint64(i * 24 + 16, BigInt(words.getUint32(offset, littleEndian)), littleEndian);
        words.setUint32(offset, 0x11223344, littleEndian);
      }
    }
    table.type = 4;
    table.data = new Uint8Array(to.buffer);
  }
  return buildElf({
    littleEndian,
    sections: sections.map(({ name, type, flags, data, size, link, info }) => {
      return { name, type, flags, data, link, info, ...(type === 8 ? { size } : {}) };
    }),
  });
}
