import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addFact, bound } from '../../../../core/verifier/fact';
import { WORK_WORDS } from '../../../../core/verifier/state';
import { MAX_HEIGHT, Symbols } from '../../../../core/verifier/symbol';

const COUNT = 6;

/** Numbers for symbols 1..COUNT, and facts that are true of them. */
const world = fc
  .array(fc.integer({ min: -1000, max: 1000 }), { minLength: COUNT, maxLength: COUNT })
  .chain((numbers) => {
    const values = [0, ...numbers];
    const fact = fc
      .tuple(fc.nat(COUNT), fc.nat(COUNT), fc.nat(50))
      .map(([a, b, slack]) => [a, b, values[a]! - values[b]! + slack] as const);
    return fc.record({ values: fc.constant(values), facts: fc.array(fact, { maxLength: 60 }) });
  });

function stateOf(facts: readonly (readonly [number, number, number])[]): { w: Int32Array; symbols: Symbols } {
  const symbols = new Symbols();
  for (let k = 0; k < COUNT; k++) symbols.fresh();
  const w = new Int32Array(WORK_WORDS);
  for (const [a, b, c] of facts) addFact(w, symbols, a, b, c);
  return { w, symbols };
}

describe('facts', () => {
  it('never bound a difference below what it is', () => {
    fc.assert(
      fc.property(world, fc.nat(COUNT), fc.nat(COUNT), fc.nat(9), ({ values, facts }, a, b, slack) => {
        const { w } = stateOf(facts);
        const least = bound(w, a, b, values[a]! + slack, values[b]! - slack);
        return least >= values[a]! - values[b]!;
      }),
      { numRuns: 2000 },
    );
  });

  it('chain', () => {
    const { w } = stateOf([
      [1, 2, 3],
      [2, 3, -1],
      [3, 0, 10],
    ]);
    assert.equal(bound(w, 1, 3, Infinity, -Infinity), 2);
    assert.equal(bound(w, 1, 0, Infinity, -Infinity), 12);
    assert.equal(bound(w, 3, 1, Infinity, -Infinity), Infinity);
    assert.equal(bound(w, 3, 1, 7, 5), 2);
  });
});

describe('symbols', () => {
  it('are found again when the same is computed, up to a depth', () => {
    const symbols = new Symbols();
    const [a, b] = [symbols.fresh(), symbols.fresh()];
    assert.equal(symbols.sum(a, b), symbols.sum(b, a));
    assert.notEqual(symbols.difference(a, b), symbols.difference(b, a));
    assert.equal(symbols.unary(0x57, a, 15), symbols.unary(0x57, a, 15));
    assert.notEqual(symbols.unary(0x57, a, 15), symbols.unary(0x57, a, 7));
    assert.notEqual(symbols.fresh(), symbols.fresh());
    let deep = a;
    for (let k = 0; k < MAX_HEIGHT + 1; k++) deep = symbols.sum(deep, b);
    assert.equal(symbols.definitionOf(deep), 0);
  });
});
