import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Attribute, Form, Tag } from '../../../../core/dwarf/constants';
import { readDwarf } from '../../../../core/dwarf/read';
import { typeName } from '../../../../core/dwarf/type_name';
import { readElf } from '../../../../core/elf/read';
import { InputError } from '../../../../core/input/error';
import { buildElf } from '../elf/builder';
import { abbreviation, ABBREVIATIONS, bytes, bytesOf, objectWith, unit } from './build';
import { everything } from '../../../fuzz/everything';
import { locals } from './locals';

/** Offset of the first entry of the first unit. */
const FIRST = 12;

function malformed(read: () => unknown, message: RegExp): void {
  assert.throws(read, (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.equal(error.code, 'dwarf-malformed');
    assert.match(error.message, message);
    return true;
  });
}

/** Runs and demands that it takes less than a second of the processor, however busy the machine is. */
function soon(work: () => void): void {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < 1_000_000, `took ${user + system} microseconds`);
}

describe('hostile debugging information', () => {
  it('units that end beyond the section, of unknown versions and address sizes are refused', () => {
    malformed(() => objectWith({ '.debug_info': bytes({ u32: 100 }, 5, 0, 1, 8) }).units, /reaches beyond/);
    malformed(() => objectWith({ '.debug_info': bytes({ u32: 0xfffffff0 }) }).units, /reserved/);
    malformed(() => objectWith({ '.debug_info': unit(bytes(1), { version: 6 }) }).units, /version 6/);
    malformed(() => objectWith({ '.debug_info': bytes({ u32: 9 }, 5, 0, 1, 3, { u32: 0 }, 1) }).units, /3 bytes/);
    malformed(() => objectWith({ '.debug_info': unit(bytes()) }).units, /no entries/);
    malformed(() => objectWith({ '.debug_info': bytes(1, 2) }).units, /unit length/);
  });

  it('codes without abbreviation and unknown forms are refused', () => {
    malformed(() => objectWith({ '.debug_info': unit(bytes(77)) }).functions, /no abbreviation 77/);
    const table = bytes(abbreviation(1, Tag.COMPILE_UNIT, false, [Attribute.NAME, 0x7f]), 0);
    malformed(() => objectWith({ '.debug_abbrev': table, '.debug_info': unit(bytes(1)) }).units[0]!.name, /form 0x7f/);
    const nested = bytes(abbreviation(1, Tag.COMPILE_UNIT, false, [Attribute.NAME, Form.INDIRECT]), 0);
    const info = unit(bytes(1, Form.INDIRECT, Form.INDIRECT));
    malformed(() => objectWith({ '.debug_abbrev': nested, '.debug_info': info }).units[0]!.name, /indirect/);
  });

  it('a tree of 100,000 levels is read without a deep stack', () => {
    const deep = new Uint8Array(100_000).fill(3);
    const dwarf = objectWith({
      '.debug_info': unit(bytes(1, 'deep.c', 2, 'f', { u32: 0 }, deep)),
      '.debug_rnglists': bytes(7, { u64: 0n }, { uleb: 64 }, 0),
    });
    soon(() => {
      const [f] = dwarf.functions;
      assert.equal(f!.name, 'f');
      let depth = 0;
      for (let scope = f!.children[0]; scope; scope = scope.children[0]) depth++;
      assert.equal(depth, 100_000);
      assert.deepEqual(
        dwarf.scopesAt(0, 8).map((scope) => scope.name),
        ['f'],
      );
    });
  });

  it('attributes without bytes cost nothing, however many an abbreviation lists', () => {
    const flags = Array.from({ length: 50_000 }, (_, i) => [i + 0x3000, Form.FLAG_PRESENT] as const);
    const table = bytes(
      abbreviation(1, Tag.COMPILE_UNIT, true, [Attribute.NAME, Form.STRING]),
      abbreviation(2, Tag.VARIABLE, false, ...flags, [Attribute.CONST_VALUE, Form.DATA1]),
      0,
    );
    const info = unit(bytes(1, 'flags.c', new Uint8Array(50_000).fill(2), 0));
    soon(() => {
      const dwarf = objectWith({ '.debug_abbrev': table, '.debug_info': info });
      assert.equal(dwarf.globals.length, 25_000);
      assert.deepEqual(dwarf.globals[0]!.locations[0]!.location, { kind: 'constant', value: 2n });
    });
  });

  it('entries that stem from themselves end', () => {
    const dwarf = objectWith({ '.debug_info': unit(bytes(1, 'loop.c', 5, { u32: FIRST + 8 }, 0)) });
    const [variable] = dwarf.globals;
    assert.equal(variable!.name, '');
    assert.equal(variable!.type, 0);
    malformed(
      () => objectWith({ '.debug_info': unit(bytes(1, 'x.c', 5, { u32: 13 }, 0)) }).globals[0]!.name,
      /no entry begins/,
    );
  });

  it('types that point to themselves have a name that ends', () => {
    const dwarf = objectWith({
      '.debug_info': unit(bytes(1, 'loop.c', 6, { u32: FIRST + 8 }, 7, { u32: FIRST + 8 }, 0x7f, 0)),
    });
    const [variable] = dwarf.globals;
    assert.deepEqual(variable!.locations[0]!.location, { kind: 'constant', value: -1n });
    const name = typeName((id) => dwarf.type(id), variable!.type);
    assert.match(name, /…/);
    assert.ok(name.length < 300);
    malformed(() => dwarf.type(FIRST), /no type/);
    malformed(() => dwarf.type(5), /no entry begins/);
  });

  it('a list that all scopes share is refused before it is gone through for each', () => {
    const ranges = bytesOf([...Array.from({ length: 20_000 }, () => bytes(4, 0, 1)), 0]);
    const blocks = bytesOf(Array.from({ length: 2_000 }, () => bytes(8, { u32: 0 })));
    const info = unit(bytes(1, 'shared.c', 2, 'f', { u32: 0 }, blocks, 0, 0));
    soon(() => {
      const dwarf = objectWith({ '.debug_info': info, '.debug_rnglists': ranges });
      malformed(() => dwarf.scopesAt(0, 0), /no compiler wrote it/);
    });
    const variables = bytesOf(Array.from({ length: 2_000 }, () => bytes(9, { u32: 0 })));
    const locations = bytesOf([...Array.from({ length: 20_000 }, () => bytes(4, 0, 1, 1, 0x50)), 0]);
    soon(() => {
      const dwarf = objectWith({
        '.debug_info': unit(bytes(1, 'shared.c', variables, 0)),
        '.debug_loclists': locations,
      });
      malformed(() => dwarf.globals.map((variable) => variable.locations.length), /no compiler wrote it/);
    });
  });

  it('expressions are bounded', () => {
    const withExpression = (...expression: number[]) =>
      objectWith({ '.debug_info': unit(bytes(1, 'e.c', 4, 'v', { uleb: expression.length }, ...expression, 0)) })
        .globals[0]!;
    malformed(() => withExpression(0x01).locations, /unknown operation/);
    malformed(() => withExpression(0x03, 1, 2).locations, /operand/);
    malformed(() => withExpression(0x11, ...new Array<number>(40).fill(0x80), 0).locations, /20 bytes/);
    malformed(() => withExpression(0xa1, 5).locations, /address 5/);
    malformed(() => withExpression(0x9e, 9, 1).locations, /operand/);
    let nested = [0x50];
    for (let i = 0; i < 30; i++) nested = [0xa3, nested.length, ...nested];
    malformed(() => withExpression(...nested).locations, /inside entry values/);
  });

  it('every kind of location is told apart', () => {
    const location = (...expression: number[]) =>
      objectWith({
        '.debug_info': unit(bytes(1, 'e.c', 4, 'v', { uleb: expression.length }, ...expression, 0)),
      }).globals[0]!.locations[0]!.location;
    assert.deepEqual(location(), { kind: 'empty' });
    assert.deepEqual(location(0x56), { kind: 'register', register: 6 });
    assert.deepEqual(location(0x90, 7), { kind: 'register', register: 7 });
    assert.deepEqual(location(0x7a, 0x78), { kind: 'register-offset', register: 10, offset: -8n });
    assert.deepEqual(location(0x92, 10, 0x78), { kind: 'register-offset', register: 10, offset: -8n });
    assert.deepEqual(location(0x91, 0x70), { kind: 'frame-offset', offset: -16n });
    assert.deepEqual(location(0x03, 8, 0, 0, 0, 0, 0, 0, 0), { kind: 'address', place: { section: 0, offset: 8 } });
    assert.deepEqual(location(0x03, 8, 0, 0, 0, 0, 0, 0, 0, 0x23, 4), {
      kind: 'address',
      place: { section: 0, offset: 12 },
    });
    assert.deepEqual(location(0x33, 0x9f), { kind: 'constant', value: 3n });
    assert.deepEqual(location(0x09, 0xff, 0x9f), { kind: 'constant', value: -1n });
    assert.deepEqual(location(0x9e, 2, 1, 2), { kind: 'implicit-value', bytes: Uint8Array.of(1, 2) });
    assert.deepEqual(location(0xa3, 1, 0x51, 0x9f), {
      kind: 'entry-value',
      location: { kind: 'register', register: 1 },
    });
    assert.equal(location(0x71, 0, 0x33, 0x22, 0x9f).kind, 'value');
    assert.equal(location(0x71, 0, 0x06).kind, 'computed-address');
    assert.deepEqual(location(0x51, 0x93, 4, 0x93, 4, 0x33, 0x9f, 0x9d, 3, 1), {
      kind: 'pieces',
      pieces: [
        { bits: 32, bitOffset: 0, location: { kind: 'register', register: 1 } },
        { bits: 32, bitOffset: 0, location: { kind: 'empty' } },
        { bits: 3, bitOffset: 1, location: { kind: 'constant', value: 3n } },
      ],
    });
  });

  it('line tables whose tables or opcodes have no end are refused', () => {
    const info = unit(bytes(1, 'l.c', 0));
    const table = (...rest: readonly (number | Uint8Array)[]) => {
      const tables = bytes(...rest);
      const header = bytes(8, 1, 1, 0xfb, 14, 1);
      const body = bytes(5, 0, 8, 0, { u32: header.length + tables.length }, header, tables);
      return objectWith({ '.debug_info': info, '.debug_line': bytes({ u32: body.length }, body) });
    };
    // No fields, but 2^28 directories.
    malformed(() => table(0, bytes({ uleb: 2 ** 28 })).lineAt(0, 0), /without contents/);
    malformed(() => table(1, 1, Form.FLAG_PRESENT, bytes({ uleb: 2 ** 28 })).lineAt(0, 0), /without contents/);
    malformed(() => table(1, 1, Form.STRING, bytes({ uleb: 2 ** 28 }), 0).lineAt(0, 0), /lies outside/);
    malformed(
      () => objectWith({ '.debug_info': info, '.debug_line': bytes({ u32: 200 }) }).lineAt(0, 0),
      /reaches beyond/,
    );
    assert.deepEqual([...table(0, 0, 0, 0).rows()], []);
  });

  it('compressed sections say so', () => {
    const elf = readElf(
      buildElf({
        sections: [
          { name: '.debug_abbrev', type: 1, data: ABBREVIATIONS },
          { name: '.debug_info', type: 1, flags: 0x800, data: unit(bytes(1, 'z.c', 0)) },
        ],
      }),
    );
    assert.throws(
      () => readDwarf(elf)!.units,
      (error) => error instanceof InputError && error.code === 'dwarf-compressed',
    );
  });
});

describe('flipped bits in debugging information', () => {
  for (const flags of [
    ['-gdwarf-4', '-O2'],
    ['-gdwarf-5', '-O2'],
  ]) {
    it(`${flags.join(' ')}: answers or a typed error, soon`, async (t) => {
      const read = await locals(...flags);
      if (typeof read === 'string') return t.skip(read);
      const { bytes: original, elf } = read;
      const targets = elf.sections.filter(({ name, data }) => /\.debug_/.test(name) && data.length > 0);
      let state = 12345;
      const random = (below: number) => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      let refused = 0;
      for (let round = 0; round < 250; round++) {
        const copy = original.slice();
        for (let flips = 1 + random(3); flips > 0; flips--) {
          const { data } = targets[random(targets.length)]!;
          copy[data.byteOffset - original.byteOffset + random(data.length)]! ^= 1 << random(8);
        }
        soon(() => {
          try {
            const changed = readElf(copy);
            const dwarf = readDwarf(changed);
            if (dwarf) everything(changed, dwarf);
          } catch (error) {
            assert.ok(error instanceof InputError, error instanceof Error ? error.stack : String(error));
            refused++;
          }
        });
      }
      assert.ok(refused > 0 && refused < 250, `${refused} of 250 were refused`);
    });
  }
});
