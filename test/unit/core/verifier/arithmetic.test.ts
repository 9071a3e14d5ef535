import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Alu, Jump } from '../../../../core/isa/opcode';
import { arithmetic, signExtend, truncate, zeroExtend } from '../../../../core/verifier/arithmetic';
import { assume } from '../../../../core/verifier/comparison';
import { includes, join, meet, setConstant, setUnknown, sync } from '../../../../core/verifier/scalar';
import { TOP, high, low, member, sample, signed, twins, type Sample } from './abstract';

const RUNS = { numRuns: 4000 };
const OPERATIONS = [Alu.ADD, Alu.SUB, Alu.MUL, Alu.DIV, Alu.MOD, Alu.OR, Alu.AND, Alu.XOR, Alu.LSH, Alu.RSH, Alu.ARSH];
const NAMES = Object.fromEntries(Object.entries(Alu).map(([name, code]) => [code, name]));

/** RFC 9669 section 4.1 on bigints. */
function concrete(operation: number, wide: boolean, signedDivision: boolean, a: bigint, b: bigint): bigint {
  const bits = wide ? 64 : 32;
  const u = (x: bigint): bigint => BigInt.asUintN(bits, x);
  const s = (x: bigint): bigint => BigInt.asIntN(bits, x);
  const read = signedDivision ? s : u;
  const amount = u(b) & (wide ? 63n : 31n);
  switch (operation) {
    case Alu.ADD:
      return u(a + b);
    case Alu.SUB:
      return u(a - b);
    case Alu.MUL:
      return u(a * b);
    case Alu.DIV:
      return u(b) === 0n ? 0n : u(read(a) / read(b));
    case Alu.MOD:
      return u(b) === 0n ? u(a) : u(read(a) % read(b));
    case Alu.OR:
      return u(a | b);
    case Alu.AND:
      return u(a & b);
    case Alu.XOR:
      return u(a ^ b);
    case Alu.LSH:
      return u(u(a) << amount);
    case Alu.RSH:
      return u(a) >> amount;
    default:
      return u(s(a) >> amount);
  }
}

function pair(a: Sample, b: Sample): Int32Array {
  const w = new Int32Array(48);
  w.set(a.words, 0);
  w.set(b.words, 16);
  return w;
}

describe('abstract numbers', () => {
  it('sharpening keeps every word that all parts allow', () => {
    fc.assert(
      fc.property(sample, ({ x, words, kept }) => kept && member(words, 0, x)),
      RUNS,
    );
  });

  for (const operation of OPERATIONS) {
    for (const wide of [true, false]) {
      for (const signedDivision of operation === Alu.DIV || operation === Alu.MOD ? [false, true] : [false]) {
        it(`${NAMES[operation]} ${wide ? 64 : 32}${signedDivision ? ' signed' : ''} holds every concrete result`, () => {
          fc.assert(
            fc.property(sample, sample, (a, b) => {
              const w = pair(a, b);
              arithmetic(w, operation, wide, signedDivision, 0, 16);
              return member(w, 0, concrete(operation, wide, signedDivision, a.x, b.x));
            }),
            RUNS,
          );
        });
      }
    }
  }

  it('is exact on constants', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPERATIONS), fc.boolean(), sample, sample, (operation, wide, a, b) => {
        const w = new Int32Array(48);
        setConstant(w, 0, low(a.x), high(a.x));
        setConstant(w, 16, low(b.x), high(b.x));
        arithmetic(w, operation, wide, false, 0, 16);
        assert.equal(w[2]! | w[3]!, 0);
        return member(w, 0, concrete(operation, wide, false, a.x, b.x));
      }),
      RUNS,
    );
  });

  it('extensions and truncations hold every concrete result', () => {
    fc.assert(
      fc.property(sample, fc.constantFrom(1, 2, 4), (a, bytes) => {
        const w = new Int32Array(48);
        w.set(a.words, 0);
        signExtend(w, 0, bytes);
        const extended = BigInt.asUintN(64, BigInt.asIntN(bytes * 8, a.x));
        const cut = new Int32Array(48);
        cut.set(a.words, 0);
        truncate(cut, 0, bytes);
        const zero = new Int32Array(48);
        zero.set(a.words, 0);
        zeroExtend(zero, 0);
        return (
          member(w, 0, extended) &&
          member(cut, 0, BigInt.asUintN(bytes * 8, a.x)) &&
          member(zero, 0, BigInt.asUintN(32, a.x))
        );
      }),
      RUNS,
    );
  });

  it('all pairs of 4-bit known-bits numbers, all words in them', () => {
    const numbers: [number, number][] = [];
    for (let mask = 0; mask < 16; mask++) for (let v = 0; v < 16; v++) if ((v & mask) === 0) numbers.push([v, mask]);
    const wordsOf = ([v, mask]: [number, number]): number[] => [...Array(16).keys()].filter((x) => (x & ~mask) === v);
    const w = new Int32Array(48);
    const load = (at: number, [v, mask]: [number, number]): void => {
      setUnknown(w, at);
      w[at] = v;
      w[at + 2] = mask;
      w[at + 1] = w[at + 3] = 0;
      assert.ok(sync(w, at));
    };
    for (const operation of OPERATIONS) {
      for (const wide of [true, false]) {
        for (const a of numbers) {
          for (const b of numbers) {
            load(0, a);
            load(16, b);
            arithmetic(w, operation, wide, false, 0, 16);
            for (const x of wordsOf(a)) {
              for (const y of wordsOf(b)) {
                const r = concrete(operation, wide, false, BigInt(x), BigInt(y));
                if (!member(w, 0, r))
                  assert.fail(`${NAMES[operation]} ${wide}: ${a.join()} ${b.join()}: ${x} ${y} -> ${r}`);
              }
            }
          }
        }
      }
    }
  });
});

const CONDITIONS = [Jump.JEQ, Jump.JNE, Jump.JGT, Jump.JGE, Jump.JLT, Jump.JLE, Jump.JSGT, Jump.JSGE, Jump.JSLT, Jump.JSLE, Jump.JSET, 0]; // prettier-ignore

function holds(condition: number, wide: boolean, a: bigint, b: bigint): boolean {
  const [x, y] = wide ? [a, b] : [BigInt.asUintN(32, a), BigInt.asUintN(32, b)];
  const s = (v: bigint): bigint => (wide ? signed(v) : BigInt.asIntN(32, v));
  switch (condition) {
    case Jump.JEQ:
      return x === y;
    case Jump.JNE:
      return x !== y;
    case Jump.JGT:
      return x > y;
    case Jump.JGE:
      return x >= y;
    case Jump.JLT:
      return x < y;
    case Jump.JLE:
      return x <= y;
    case Jump.JSGT:
      return s(x) > s(y);
    case Jump.JSGE:
      return s(x) >= s(y);
    case Jump.JSLT:
      return s(x) < s(y);
    case Jump.JSLE:
      return s(x) <= s(y);
    case Jump.JSET:
      return (x & y) !== 0n;
    default:
      return (x & y) === 0n;
  }
}

describe('abstract comparisons', () => {
  for (const condition of CONDITIONS) {
    it(`condition 0x${condition.toString(16)} keeps every pair for which it holds`, () => {
      fc.assert(
        fc.property(fc.oneof(fc.tuple(sample, sample), twins), fc.boolean(), ([a, b], wide) => {
          fc.pre(holds(condition, wide, a.x, b.x));
          const w = pair(a, b);
          return assume(w, condition, wide, 0, 16, 32) && member(w, 0, a.x) && member(w, 16, b.x);
        }),
        RUNS,
      );
    });
  }

  it('refutes what is plainly false', () => {
    const w = new Int32Array(48);
    setConstant(w, 0, 5, 0);
    setConstant(w, 16, 5, 0);
    assert.equal(assume(w, Jump.JNE, true, 0, 16, 32), false);
    assert.equal(assume(w, Jump.JLT, true, 0, 16, 32), false);
    assert.equal(assume(w, Jump.JSET, true, 0, 16, 32), true);
    assert.equal(assume(w, 0, true, 0, 16, 32), false);
  });
});

describe('abstract order', () => {
  it('a join holds the words of both sides and includes them', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const w = pair(a, b);
        join(w, 0, w, 16);
        return member(w, 0, a.x) && member(w, 0, b.x) && includes(w, 0, a.words, 0) && includes(w, 0, b.words, 0);
      }),
      RUNS,
    );
  });

  it('inclusion means that every word of the inner belongs to the outer', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => !includes(a.words, 0, b.words, 0) || member(a.words, 0, b.x)),
      RUNS,
    );
  });

  it('a meet keeps common words', () => {
    fc.assert(
      fc.property(twins, ([a, b]) => {
        fc.pre(member(b.words, 0, a.x));
        const w = pair(a, b);
        return meet(w, 0, 16) && member(w, 0, a.x);
      }),
      RUNS,
    );
  });

  it('the unknown number holds everything', () => {
    const w = new Int32Array(16);
    setUnknown(w, 0);
    assert.ok(member(w, 0, 0n) && member(w, 0, TOP) && member(w, 0, 1n << 63n));
  });
});
