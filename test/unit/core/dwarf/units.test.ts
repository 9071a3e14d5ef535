import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Attribute, Form, Tag } from '../../../../core/dwarf/constants';
import { typeName, SCOPED_NAMES } from '../../../../core/dwarf/type_name';
import { abbreviation, bytes, objectWith, unit } from './build';

const SIGNATURE = 0x1122334455667788n;

/** Abbreviations for types that stand in units of their own. */
const TABLE = bytes(
  abbreviation(1, Tag.COMPILE_UNIT, true, [Attribute.NAME, Form.STRING]),
  abbreviation(2, Tag.TYPE_UNIT, true),
  abbreviation(3, Tag.NAMESPACE, true, [Attribute.NAME, Form.STRING]),
  abbreviation(4, Tag.STRUCTURE_TYPE, true, [Attribute.NAME, Form.STRING], [Attribute.BYTE_SIZE, Form.DATA1]),
  abbreviation(5, Tag.MEMBER, false, [Attribute.NAME, Form.STRING], [Attribute.TYPE, Form.REF_SIG8]),
  abbreviation(6, Tag.VARIABLE, false, [Attribute.NAME, Form.STRING], [Attribute.TYPE, Form.REF_SIG8]),
  abbreviation(7, Tag.SUBPROGRAM, false, [Attribute.NAME, Form.STRING], [Attribute.RANGES, Form.SEC_OFFSET]),
  0,
);

/** namespace n { struct s { … self; }; }, and where the struct's entry is from the unit's header. */
function typeEntries(header: number): { entries: Uint8Array; offset: number } {
  const before = bytes(2, 3, 'n');
  const entries = bytes(before, 4, 's', 24, 5, 'self', { u64: SIGNATURE }, 0, 0, 0);
  return { entries, offset: header + before.length };
}

describe('several units', () => {
  for (const section of ['.debug_info', '.debug_types']) {
    it(`a type in a unit of ${section} is found by its signature`, () => {
      const modern = section === '.debug_info';
      const { entries, offset } = typeEntries(modern ? 24 : 23);
      const named = bytes({ u64: SIGNATURE }, { u32: offset });
      const header = modern ? bytes(5, 0, 2, 8, { u32: 0 }, named) : bytes(4, 0, { u32: 0 }, 8, named);
      const types = bytes({ u32: header.length + entries.length }, header, entries);
      const code = unit(bytes(1, 'u.cc', 6, 'v', { u64: SIGNATURE }, 0), { version: modern ? 5 : 4 });
      const sections = modern ? { '.debug_info': bytes(types, code) } : { '.debug_info': code, '.debug_types': types };
      const dwarf = objectWith({ '.debug_abbrev': TABLE, ...sections });
      assert.deepEqual(
        dwarf.units.map(({ name }) => name),
        ['u.cc'],
      );
      const type = dwarf.type(dwarf.globals[0]!.type);
      assert.ok(type.kind === 'struct');
      assert.deepEqual([type.name, type.size, type.enclosing], ['s', 24, [{ kind: 'namespace', name: 'n' }]]);
      assert.equal(type.members[0]!.type, type.id);
      assert.equal(
        typeName((id) => dwarf.type(id), type.id, SCOPED_NAMES),
        'n::s',
      );
    });
  }

  it('each byte of code belongs to the unit whose function it is', () => {
    const one = unit(bytes(1, 'one.c', 7, 'one', { u32: 0 }, 0));
    const two = unit(bytes(1, 'two.c', 7, 'two', { u32: 11 }, 0));
    const ranges = bytes(7, { u64: 0n }, 16, 0, 7, { u64: 16n }, 8, 7, { u64: 40n }, 8, 0);
    const dwarf = objectWith({ '.debug_abbrev': TABLE, '.debug_info': bytes(one, two), '.debug_rnglists': ranges });
    const at = (offset: number) => dwarf.scopesAt(0, offset).map(({ name }) => name);
    assert.deepEqual([0, 15, 16, 23, 24, 39, 40, 47, 48].map(at), [
      ['one'],
      ['one'],
      ['two'],
      ['two'],
      [],
      [],
      ['two'],
      ['two'],
      [],
    ]);
    assert.deepEqual(dwarf.scopesAt(1, 0), []);
  });
});
