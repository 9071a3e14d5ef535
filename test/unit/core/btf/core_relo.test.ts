import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CoreKind } from '../../../../core/btf/core_relo/kind';
import { CoreResolver, type CoreResolution } from '../../../../core/btf/core_relo/resolve';
import { BtfKind } from '../../../../core/btf/kind';
import { readBtf } from '../../../../core/btf/read';
import { InputError } from '../../../../core/input/error';
import { BtfBuilder } from './builder';

interface Basic {
  readonly int: number;
  readonly unsigned: number;
  readonly char: number;
}

/** Types from a description, with a few integers that all have. The last structure described is the answer's `id`. */
function table(describe: (b: BtfBuilder, basic: Basic) => number, little = true): { bytes: Uint8Array; id: number } {
  const b = new BtfBuilder(little);
  const id = describe(b, { int: b.int('int', 4, 1), unsigned: b.int('unsigned int', 4), char: b.int('char', 1, 1) });
  return { bytes: b.bytes(), id };
}

function resolve(
  local: { bytes: Uint8Array; id: number },
  target: { bytes: Uint8Array },
  kind: number,
  access: string,
): CoreResolution {
  const resolver = new CoreResolver(readBtf(local.bytes), readBtf(target.bytes));
  return resolver.resolve({ offset: 0, index: 0, type: local.id, access, kind });
}

const throwsCode = (code: string, work: () => unknown): void =>
  assert.throws(work, (error) => error instanceof InputError && error.code === code);

describe('CoreResolver', () => {
  const local = table((b, { int }) => b.struct('task___mine', 8, [['a', int, 0], ['b', int, 32]])); // prettier-ignore
  const moved = table((b, { int }) => b.struct('task', 24, [['b', int, 0], ['pad', int, 32], ['a', int, 128]])); // prettier-ignore

  it('finds a field of the same name in a flavour of the type', () => {
    const answer = resolve(local, moved, CoreKind.FIELD_BYTE_OFFSET, '0:0');
    assert.deepEqual([answer.original, answer.value, answer.poisoned], [0n, 16n, false]);
    assert.equal(answer.spec, '<byte_off> [4] struct task___mine.a (0:0 @ offset 0)');
    assert.deepEqual(answer.targets, [{ index: 0, spec: '<byte_off> [4] struct task.a (0:2 @ offset 16)' }]);
    assert.equal(resolve(local, moved, CoreKind.FIELD_BYTE_SIZE, '0:1').value, 4n);
    assert.equal(resolve(local, moved, CoreKind.FIELD_BYTE_OFFSET, '2:1').value, 48n);
    assert.equal(resolve(local, moved, CoreKind.TYPE_SIZE, '0').value, 24n);
    assert.equal(resolve(local, moved, CoreKind.TYPE_ID_TARGET, '0').value, 4n);
    assert.equal(resolve(local, moved, CoreKind.TYPE_ID_LOCAL, '0').value, 4n);
    assert.equal(resolve(local, moved, CoreKind.TYPE_EXISTS, '0').value, 1n);
  });

  it('poisons what needs a field that is not there, and answers 0 to questions for it', () => {
    const other = table((b, { int }) => b.struct('task', 4, [['x', int, 0]]));
    for (const target of [other, table((b) => b.struct('unrelated', 0, []))]) {
      const answer = resolve(local, target, CoreKind.FIELD_BYTE_OFFSET, '0:0');
      assert.deepEqual([answer.poisoned, answer.targets], [true, []]);
      const asked = resolve(local, target, CoreKind.FIELD_EXISTS, '0:0');
      assert.deepEqual([asked.poisoned, asked.value, asked.original], [false, 0n, 1n]);
    }
    assert.equal(
      resolve(
        local,
        table((b) => b.struct('x', 0, [])),
        CoreKind.TYPE_EXISTS,
        '0',
      ).value,
      0n,
    );
    assert.equal(
      resolve(
        local,
        table((b) => b.struct('x', 0, [])),
        CoreKind.TYPE_SIZE,
        '0',
      ).value,
      0n,
    );
    assert.equal(
      resolve(
        local,
        table((b) => b.union('task', 8, [])),
        CoreKind.TYPE_EXISTS,
        '0',
      ).value,
      0n,
    );
  });

  it('looks into anonymous structures and through typedefs', () => {
    const target = table((b, { int }) => {
      const alias = b.link(BtfKind.CONST, b.link(BtfKind.TYPEDEF, int, 'alias'));
      const inner = b.union('', 8, [['z', int, 0], ['a', alias, 32]]); // prettier-ignore
      return b.struct('task', 16, [['first', int, 0], ['', inner, 64]]); // prettier-ignore
    });
    const answer = resolve(local, target, CoreKind.FIELD_BYTE_OFFSET, '0:0');
    assert.equal(answer.value, 12n);
    assert.match(answer.targets[0]!.spec, /\.a \(0:1:1 @ offset 12\)/);
  });

  it('minds bounds of arrays, but not of flexible ones', () => {
    const arrays = (count: number, last = true): { bytes: Uint8Array; id: number } =>
      table((b, { int }) => {
        const members = [['a', b.array(int, count), 0], ...(last ? [] : [['end', int, 256]])] as [
          string,
          number,
          number,
        ][];
        return b.struct('s', 64, members);
      });
    const offset = CoreKind.FIELD_BYTE_OFFSET;
    assert.equal(resolve(arrays(8), arrays(9), offset, '0:0:5').value, 20n);
    assert.equal(resolve(arrays(8), arrays(5), offset, '0:0:5').poisoned, true);
    assert.equal(resolve(arrays(8), arrays(0), offset, '0:0:5').value, 20n);
    assert.equal(resolve(arrays(8), arrays(0, false), offset, '0:0:5').poisoned, true);
    throwsCode('core-malformed', () => resolve(arrays(4), arrays(9), offset, '0:0:5'));
  });

  it('knows signs, bit-fields and the shifts that read them, in both byte orders', () => {
    for (const little of [true, false]) {
      const bits = table((b, { int, unsigned }) => b.struct('s', 8, [['u', unsigned, 0, 5], ['i', int, 30, 4], ['w', int, 34, 30]]), little); // prettier-ignore
      const of = (kind: number, access: string): bigint => resolve(bits, bits, kind, access).value;
      assert.deepEqual([of(CoreKind.FIELD_SIGNED, '0:0'), of(CoreKind.FIELD_SIGNED, '0:1')], [0n, 1n]);
      assert.deepEqual([of(CoreKind.FIELD_BYTE_OFFSET, '0:0'), of(CoreKind.FIELD_BYTE_SIZE, '0:0')], [0n, 4n]);
      // Across two words: only a load of eight bytes holds it.
      assert.deepEqual([of(CoreKind.FIELD_BYTE_OFFSET, '0:1'), of(CoreKind.FIELD_BYTE_SIZE, '0:1')], [0n, 8n]);
      assert.deepEqual([of(CoreKind.FIELD_BYTE_OFFSET, '0:2'), of(CoreKind.FIELD_BYTE_SIZE, '0:2')], [4n, 4n]);
      assert.equal(of(CoreKind.FIELD_LSHIFT_U64, '0:0'), little ? 59n : 32n);
      assert.equal(of(CoreKind.FIELD_LSHIFT_U64, '0:1'), 30n);
      assert.equal(of(CoreKind.FIELD_RSHIFT_U64, '0:0'), 59n);
      assert.equal(of(CoreKind.FIELD_RSHIFT_U64, '0:1'), 60n);
      assert.equal(resolve(bits, bits, CoreKind.FIELD_BYTE_OFFSET, '0:1').certain, false);
    }
  });

  it('compares enumerators by their names without flavours', () => {
    const here = table((b) => b.enumeration('e', [['A___x', 1], ['B', 2]])); // prettier-ignore
    const there = table((b) => b.enumeration64('e___2', [['B', 0x1_0000_0000n], ['A', -3n]], true)); // prettier-ignore
    assert.equal(resolve(here, there, CoreKind.ENUMVAL_VALUE, '0').value, 0xfffffffffffffffdn);
    assert.equal(resolve(here, there, CoreKind.ENUMVAL_VALUE, '1').value, 0x1_0000_0000n);
    assert.equal(resolve(here, there, CoreKind.ENUMVAL_EXISTS, '1').value, 1n);
    assert.match(resolve(here, there, CoreKind.ENUMVAL_VALUE, '1').spec, /enum e::B = 2$/);
    const without = table((b) => b.enumeration('e', [['C', 2]]));
    assert.equal(resolve(here, without, CoreKind.ENUMVAL_VALUE, '1').poisoned, true);
    assert.equal(resolve(here, without, CoreKind.ENUMVAL_EXISTS, '1').value, 0n);
  });

  it('minds the sort of a field, not its size', () => {
    const field = (make: (b: BtfBuilder, basic: Basic) => number): { bytes: Uint8Array; id: number } =>
      table((b, basic) => b.struct('s', 8, [['f', make(b, basic), 0]]));
    const int = field((_, basic) => basic.int);
    const exists = (a: typeof int, b: typeof int): boolean => resolve(a, b, CoreKind.FIELD_EXISTS, '0:0').value === 1n;
    assert.equal(exists(int, field((_, basic) => basic.char)), true); // prettier-ignore
    assert.equal(exists(int, field((b) => b.pointer(0))), false); // prettier-ignore
    assert.equal(exists(int, field((b) => b.int('old', 4, 1, 5, 3))), false); // prettier-ignore
    const pointer = field((b) => b.pointer(0));
    assert.equal(exists(pointer, field((b) => b.pointer(1))), true); // prettier-ignore
    const colour = field((b) => b.enumeration('colour', []));
    assert.equal(exists(colour, field((b) => b.enumeration64('colour___2', []))), true); // prettier-ignore
    assert.equal(exists(colour, field((b) => b.enumeration('size', []))), false); // prettier-ignore
    assert.equal(exists(colour, field((b) => b.enumeration('', []))), true); // prettier-ignore
    const struct = field((b) => b.struct('x', 4, []));
    assert.equal(exists(struct, field((b) => b.union('y', 4, []))), true); // prettier-ignore
    const changed = resolve(int, field((_, basic) => basic.char), CoreKind.FIELD_BYTE_OFFSET, '0:0'); // prettier-ignore
    assert.deepEqual([changed.originalSize, changed.size, changed.widthFixed], [4, 1, true]);
  });

  it('refuses candidates that disagree, and takes those that agree', () => {
    const two = (offset: number): { bytes: Uint8Array } =>
      table((b, { int }) => {
        b.struct('task', 8, [['a', int, 0]]);
        return b.struct('task___2', 16, [['a', int, offset]]);
      });
    assert.equal(resolve(local, two(0), CoreKind.FIELD_BYTE_OFFSET, '0:0').targets.length, 2);
    throwsCode('core-ambiguous', () => resolve(local, two(64), CoreKind.FIELD_BYTE_OFFSET, '0:0'));
    throwsCode('core-ambiguous', () => resolve(local, two(0), CoreKind.TYPE_SIZE, '0'));
  });

  it('drops candidates that did not match before', () => {
    const target = table((b, { int }) => {
      b.struct('task', 4, [['b', int, 0]]);
      return b.struct('task___2', 16, [['a', int, 0], ['b', int, 64]]); // prettier-ignore
    });
    const resolver = new CoreResolver(readBtf(local.bytes), readBtf(target.bytes));
    const ask = (access: string): CoreResolution =>
      resolver.resolve({ offset: 0, index: 0, type: local.id, access, kind: CoreKind.FIELD_BYTE_OFFSET });
    assert.equal(ask('0:0').value, 0n);
    assert.equal(ask('0:1').value, 8n);
  });

  it('matches types member by member for "type matches"', () => {
    type Make = (b: BtfBuilder, basic: Basic) => number;
    const matches = (a: Make, b: Make): boolean => resolve(table(a), table(b), CoreKind.TYPE_MATCHES, '0').value === 1n;
    const one: Make = (b, { int }) => b.struct('s', 4, [['a', int, 0]]);
    assert.equal(matches(one, (b, { int }) => b.struct('s', 8, [['z', int, 0], ['a', int, 32]])), true); // prettier-ignore
    assert.equal(matches(one, (b, { unsigned }) => b.struct('s', 4, [['a', unsigned, 0]])), false); // prettier-ignore
    const behind: Make = (b, { int }) => b.struct('s', 8, [['p', b.pointer(b.struct('inner', 4, [['x', int, 0]])), 0]]); // prettier-ignore
    assert.equal(matches(behind, (b) => b.struct('s', 8, [['p', b.pointer(b.entry(BtfKind.FWD, 'inner', 0, false, 0)), 0]])), true); // prettier-ignore
    assert.equal(matches(behind, (b) => b.struct('s', 8, [['p', b.pointer(b.entry(BtfKind.FWD, 'inner', 0, true, 0)), 0]])), false); // prettier-ignore
    const fn = (name: string): Make => (b, { int }) => b.link(BtfKind.TYPEDEF, b.pointer(b.prototype(int, [['x', int]])), name); // prettier-ignore
    assert.equal(matches(fn('f'), fn('f')), true);
    assert.equal(matches(fn('f'), (b, { int, char }) => b.link(BtfKind.TYPEDEF, b.pointer(b.prototype(int, [['x', char]])), 'f')), false); // prettier-ignore
    const array = (count: number): Make => (b, { int }) => b.link(BtfKind.TYPEDEF, b.array(int, count), 't'); // prettier-ignore
    assert.equal(matches(array(3), array(3)), true);
    assert.equal(matches(array(3), array(4)), false);
  });

  const senseless: readonly (readonly [string, number, string])[] = [
    ['an empty access', CoreKind.FIELD_BYTE_OFFSET, ''],
    ['an access that is no number', CoreKind.FIELD_BYTE_OFFSET, '0:x'],
    ['a member that is not there', CoreKind.FIELD_BYTE_OFFSET, '0:9'],
    ['a step into an integer', CoreKind.FIELD_BYTE_OFFSET, '0:0:0'],
    ['a type with an access', CoreKind.TYPE_SIZE, '0:0'],
    ['an enumerator of a structure', CoreKind.ENUMVAL_VALUE, '0'],
    ['an unknown kind', 99, '0'],
    ['too many steps', CoreKind.FIELD_BYTE_OFFSET, '0'.concat(':0'.repeat(64))],
  ];
  for (const [name, kind, access] of senseless)
    it(`refuses ${name}`, () => throwsCode('core-malformed', () => resolve(local, moved, kind, access)));

  it('refuses types without a name', () => {
    const anonymous = table((b, { int }) => b.struct('', 4, [['a', int, 0]]));
    throwsCode('core-unsupported', () => resolve(anonymous, moved, CoreKind.FIELD_BYTE_OFFSET, '0:0'));
  });
});
