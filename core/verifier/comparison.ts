import { Jump } from '../isa/opcode';
import { isConstant, meet, setUnknown, sync, takeTnum } from './scalar';
import { tnum, tnumMeet } from './tnum';
import { add64, out, slt, sub64, ult } from './word64';

/** The condition that holds when a conditional jump is not taken; JSET has no opcode for it, so 0 stands for "no common bit". */
const OPPOSITE: Readonly<Record<number, number>> = {
  [Jump.JEQ]: Jump.JNE,
  [Jump.JNE]: Jump.JEQ,
  [Jump.JGT]: Jump.JLE,
  [Jump.JLE]: Jump.JGT,
  [Jump.JGE]: Jump.JLT,
  [Jump.JLT]: Jump.JGE,
  [Jump.JSGT]: Jump.JSLE,
  [Jump.JSLE]: Jump.JSGT,
  [Jump.JSGE]: Jump.JSLT,
  [Jump.JSLT]: Jump.JSGE,
  [Jump.JSET]: 0,
};

export function conditionOf(operation: number, taken: boolean): number {
  return taken ? operation : OPPOSITE[operation]!;
}

/**
 * Restricts the numbers at `a` and `b` to those for which `a condition b` can hold. `wide` compares 64 bits, else the low halves.
 * False when the condition cannot hold. `condition` is one of {@link Jump} or 0 for "a & b == 0". `scratch` is room for one number.
 */
export function assume(
  w: Int32Array,
  condition: number,
  wide: boolean,
  a: number,
  b: number,
  scratch: number,
): boolean {
  switch (condition) {
    case Jump.JEQ:
      return wide ? equal(w, a, b) : equalLow(w, a, b, scratch);
    case Jump.JNE:
      return differ(w, wide, a, b) && differ(w, wide, b, a);
    case Jump.JGT:
      return below(w, wide, b, a, 1);
    case Jump.JGE:
      return below(w, wide, b, a, 0);
    case Jump.JLT:
      return below(w, wide, a, b, 1);
    case Jump.JLE:
      return below(w, wide, a, b, 0);
    case Jump.JSGT:
      return signedBelow(w, wide, b, a, 1);
    case Jump.JSGE:
      return signedBelow(w, wide, b, a, 0);
    case Jump.JSLT:
      return signedBelow(w, wide, a, b, 1);
    case Jump.JSLE:
      return signedBelow(w, wide, a, b, 0);
    case Jump.JSET:
      return commonBit(w, wide, a, b) && commonBit(w, wide, b, a);
    default:
      return noCommonBit(w, wide, a, b) && noCommonBit(w, wide, b, a);
  }
}

function equal(w: Int32Array, a: number, b: number): boolean {
  if (!meet(w, a, b)) return false;
  w.copyWithin(b, a, a + 16);
  return true;
}

function equalLow(w: Int32Array, a: number, b: number, scratch: number): boolean {
  setUnknown(w, scratch);
  const fits = tnumMeet(w[a]!, 0, w[a + 2]!, -1, w[b]!, 0, w[b + 2]!, -1);
  if (!fits) return false;
  takeTnum(w, scratch);
  w[scratch + 12] = Math.max(w[a + 12]! >>> 0, w[b + 12]! >>> 0) | 0;
  w[scratch + 13] = Math.min(w[a + 13]! >>> 0, w[b + 13]! >>> 0) | 0;
  w[scratch + 14] = Math.max(w[a + 14]!, w[b + 14]!);
  w[scratch + 15] = Math.min(w[a + 15]!, w[b + 15]!);
  return sync(w, scratch) && meet(w, a, scratch) && meet(w, b, scratch);
}

/** a != b: a constant at an end of a range moves that end. */
function differ(w: Int32Array, wide: boolean, a: number, b: number): boolean {
  if (wide ? !isConstant(w, b) : w[b + 12] !== w[b + 13]) return true;
  const low = wide ? w[b]! : w[b + 12]!;
  if (wide) {
    const high = w[b + 1]!;
    const isMin = w[a + 4] === low && w[a + 5] === high;
    const isMax = w[a + 6] === low && w[a + 7] === high;
    if (isMin && isMax) return false;
    if (isMin) step(w, a + 4, 1);
    if (isMax) step(w, a + 6, -1);
    const isLow = w[a + 8] === low && w[a + 9] === high;
    const isHigh = w[a + 10] === low && w[a + 11] === high;
    if (isLow && isHigh) return false;
    if (isLow) step(w, a + 8, 1);
    if (isHigh) step(w, a + 10, -1);
  } else {
    if (w[a + 12] === low && w[a + 13] === low) return false;
    if (w[a + 12] === low) w[a + 12] = (low + 1) | 0;
    else if (w[a + 13] === low) w[a + 13] = (low - 1) | 0;
    if (w[a + 14] === low && w[a + 15] === low) return false;
    if (w[a + 14] === low) w[a + 14] = low + 1;
    else if (w[a + 15] === low) w[a + 15] = low - 1;
  }
  return sync(w, a);
}

function step(w: Int32Array, at: number, by: 1 | -1): void {
  if (by === 1) add64(w[at]!, w[at + 1]!, 1, 0);
  else sub64(w[at]!, w[at + 1]!, 1, 0);
  w[at] = out[0]!;
  w[at + 1] = out[1]!;
}

/** Unsigned a + gap <= b with gap 0 or 1. */
function below(w: Int32Array, wide: boolean, a: number, b: number, gap: 0 | 1): boolean {
  if (!wide) {
    const max = (w[b + 13]! >>> 0) - gap;
    const min = (w[a + 12]! >>> 0) + gap;
    if (max < 0 || min > 0xffff_ffff) return false;
    if (w[a + 13]! >>> 0 > max) w[a + 13] = max | 0;
    if (w[b + 12]! >>> 0 < min) w[b + 12] = min | 0;
    return sync(w, a) && sync(w, b);
  }
  if (gap === 1 && ((w[b + 6]! | w[b + 7]!) === 0 || (w[a + 4]! & w[a + 5]!) === -1)) return false;
  sub64(w[b + 6]!, w[b + 7]!, gap, 0);
  const maxL = out[0]!;
  const maxH = out[1]!;
  add64(w[a + 4]!, w[a + 5]!, gap, 0);
  if (ult(w[b + 4]!, w[b + 5]!, out[0]!, out[1]!)) {
    w[b + 4] = out[0]!;
    w[b + 5] = out[1]!;
  }
  if (ult(maxL, maxH, w[a + 6]!, w[a + 7]!)) {
    w[a + 6] = maxL;
    w[a + 7] = maxH;
  }
  return sync(w, a) && sync(w, b);
}

/** Signed a + gap <= b with gap 0 or 1. */
function signedBelow(w: Int32Array, wide: boolean, a: number, b: number, gap: 0 | 1): boolean {
  if (!wide) {
    const max = w[b + 15]! - gap;
    const min = w[a + 14]! + gap;
    if (max < -0x8000_0000 || min > 0x7fff_ffff) return false;
    if (w[a + 15]! > max) w[a + 15] = max;
    if (w[b + 14]! < min) w[b + 14] = min;
    return sync(w, a) && sync(w, b);
  }
  const lowest = w[b + 10] === 0 && w[b + 11] === -0x8000_0000;
  const highest = w[a + 8] === -1 && w[a + 9] === 0x7fff_ffff;
  if (gap === 1 && (lowest || highest)) return false;
  sub64(w[b + 10]!, w[b + 11]!, gap, 0);
  const maxL = out[0]!;
  const maxH = out[1]!;
  add64(w[a + 8]!, w[a + 9]!, gap, 0);
  if (slt(w[b + 8]!, w[b + 9]!, out[0]!, out[1]!)) {
    w[b + 8] = out[0]!;
    w[b + 9] = out[1]!;
  }
  if (slt(maxL, maxH, w[a + 10]!, w[a + 11]!)) {
    w[a + 10] = maxL;
    w[a + 11] = maxH;
  }
  return sync(w, a) && sync(w, b);
}

/** a & b != 0: impossible without a possible common bit; with one possible bit, that bit is one. */
function commonBit(w: Int32Array, wide: boolean, a: number, b: number): boolean {
  const low = (w[a]! | w[a + 2]!) & (w[b]! | w[b + 2]!);
  const high = wide ? (w[a + 1]! | w[a + 3]!) & (w[b + 1]! | w[b + 3]!) : 0;
  if ((low | high) === 0) return false;
  const single = high === 0 ? (low & (low - 1)) === 0 : low === 0 && (high & (high - 1)) === 0;
  if (!single) return true;
  tnum[0] = w[a]! | low;
  tnum[1] = w[a + 1]! | high;
  tnum[2] = w[a + 2]! & ~low;
  tnum[3] = w[a + 3]! & ~high;
  takeTnum(w, a);
  return sync(w, a);
}

/** a & b == 0: bits known to be one in b are zero in a. */
function noCommonBit(w: Int32Array, wide: boolean, a: number, b: number): boolean {
  const low = w[b]!;
  const high = wide ? w[b + 1]! : 0;
  if (((w[a]! & low) | (w[a + 1]! & high)) !== 0) return false;
  w[a + 2] = w[a + 2]! & ~low;
  w[a + 3] = w[a + 3]! & ~high;
  return sync(w, a);
}
