import fc from 'fast-check';
import { SCALAR_WORDS, setUnknown, sync } from '../../../../core/verifier/scalar';

/** Concrete words and abstract numbers for property tests: words are bigints in [0, 2^64). */
export const TOP = (1n << 64n) - 1n;
export const signed = (x: bigint): bigint => BigInt.asIntN(64, x);
export const low = (x: bigint): number => Number(BigInt.asIntN(32, x));
export const high = (x: bigint): number => Number(BigInt.asIntN(32, x >> 32n));

const EDGES = [0n, 1n, 2n, 7n, 8n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, 1n << 53n, (1n << 63n) - 1n, 1n << 63n, TOP - 1n, TOP]; // prettier-ignore

/** Words with a bias to the edges of the number formats. */
export const word: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(...EDGES),
  fc
    .tuple(fc.constantFrom(...EDGES), fc.integer({ min: -20, max: 20 }))
    .map(([e, d]) => BigInt.asUintN(64, e + BigInt(d))),
  fc.bigInt({ min: 0n, max: TOP }),
  fc.bigInt({ min: 0n, max: 300n }),
);

/** Whether `x` belongs to the abstract number at `at`. */
export function member(w: Int32Array, at: number, x: bigint): boolean {
  const pair = (k: number): bigint => BigInt.asUintN(64, (BigInt(w[at + k + 1]!) << 32n) | BigInt(w[at + k]! >>> 0));
  const u32 = Number(BigInt.asUintN(32, x));
  const s32 = low(x);
  return (
    (x & ~pair(2) & TOP) === pair(0) &&
    x >= pair(4) &&
    x <= pair(6) &&
    signed(x) >= signed(pair(8)) &&
    signed(x) <= signed(pair(10)) &&
    u32 >= w[at + 12]! >>> 0 &&
    u32 <= w[at + 13]! >>> 0 &&
    s32 >= w[at + 14]! &&
    s32 <= w[at + 15]!
  );
}

function put(w: Int32Array, at: number, x: bigint): void {
  w[at] = low(x);
  w[at + 1] = high(x);
}

/** Restricts in one of six ways that keep `x`, then lets the parts sharpen each other. Returns what {@link sync} says: must be true. */
function restrict(w: Int32Array, at: number, x: bigint, way: number, other: bigint): boolean {
  const [least, most] = x < other ? [x, other] : [other, x];
  const [lowest, highest] = signed(x) < signed(other) ? [x, other] : [other, x];
  switch (way) {
    case 0:
      w[at + 2] = w[at + 2]! & low(other);
      w[at + 3] = w[at + 3]! & high(other);
      w[at] = low(x) & ~w[at + 2]!;
      w[at + 1] = high(x) & ~w[at + 3]!;
      break;
    case 1:
      put(w, at + 4, least);
      break;
    case 2:
      put(w, at + 6, most);
      break;
    case 3:
      put(w, at + 8, lowest);
      put(w, at + 10, highest);
      break;
    case 4:
      w[at + 12] = Math.min(low(x) >>> 0, low(other) >>> 0) | 0;
      w[at + 13] = Math.max(low(x) >>> 0, low(other) >>> 0) | 0;
      break;
    default:
      w[at + 14] = Math.min(low(x), low(other));
      w[at + 15] = Math.max(low(x), low(other));
  }
  return sync(w, at);
}

export interface Sample {
  readonly x: bigint;
  /** An abstract number that holds `x`. */
  readonly words: Int32Array;
  /** Sharpening never lost `x`. */
  readonly kept: boolean;
}

const step = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.oneof(word, fc.integer({ min: -9, max: 9 })));
const steps = fc.uniqueArray(step, { maxLength: 4, selector: ([way]) => way });

function build(x: bigint, restrictions: readonly (readonly [number, bigint | number])[]): Sample {
  const words = new Int32Array(SCALAR_WORDS);
  setUnknown(words, 0);
  let kept = true;
  for (const [way, other] of restrictions) {
    const near = typeof other === 'bigint' ? other : BigInt.asUintN(64, x + BigInt(other));
    kept = restrict(words, 0, x, way, near) && kept;
  }
  return { x, words, kept };
}

/** A word and an abstract number that holds it. */
export const sample: fc.Arbitrary<Sample> = fc.tuple(word, steps).map(([x, list]) => build(x, list));

/** The same word in two abstract numbers. */
export const twins: fc.Arbitrary<readonly [Sample, Sample]> = fc
  .tuple(word, steps, steps)
  .map(([x, first, second]) => [build(x, first), build(x, second)]);
