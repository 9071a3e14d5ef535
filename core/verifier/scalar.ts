import { tnum, tnumJoin, tnumMeet, tnumRange } from './tnum';
import { add64, fromNumber, out, signedNumber, slt, ult, unsignedNumber } from './word64';

/**
 * An abstract number: 16 words at some position of an Int32Array. It stands for the 64-bit words that satisfy all of a tristate
 * number, an unsigned and a signed 64-bit range, and an unsigned and a signed range of the low 32 bits.
 *
 *     0 value lo  1 value hi  2 mask lo  3 mask hi      known bits
 *     4 umin      6 umax      8 smin    10 smax         two words each, low half first
 *    12 u32min   13 u32max   14 s32min  15 s32max
 *
 * For pointers the same words hold the offset from the start of the region.
 */
export const VALUE = 0;
export const MASK = 2;
export const UMIN = 4;
export const UMAX = 6;
export const SMIN = 8;
export const SMAX = 10;
export const U32MIN = 12;
export const U32MAX = 13;
export const S32MIN = 14;
export const S32MAX = 15;
export const SCALAR_WORDS = 16;

const MIN32 = -0x8000_0000;
const MAX32 = 0x7fff_ffff;

export function setConstant(w: Int32Array, at: number, low: number, high: number): void {
  w[at] = w[at + 4] = w[at + 6] = w[at + 8] = w[at + 10] = w[at + 12] = w[at + 13] = w[at + 14] = w[at + 15] = low;
  w[at + 1] = w[at + 5] = w[at + 7] = w[at + 9] = w[at + 11] = high;
  w[at + 2] = w[at + 3] = 0;
}

/** An integer within ±2^53. */
export function setNumber(w: Int32Array, at: number, value: number): void {
  fromNumber(value);
  setConstant(w, at, out[0]!, out[1]!);
}

export function setUnknown(w: Int32Array, at: number): void {
  w[at] = w[at + 1] = 0;
  w[at + 2] = w[at + 3] = -1;
  setUnknownRanges(w, at);
}

/** Forgets the ranges, keeps the known bits. */
export function setUnknownRanges(w: Int32Array, at: number): void {
  w[at + 4] = w[at + 5] = 0;
  w[at + 6] = w[at + 7] = -1;
  w[at + 8] = 0;
  w[at + 9] = MIN32;
  w[at + 10] = -1;
  w[at + 11] = MAX32;
  forgetLow(w, at);
}

/** Forgets the ranges of the low half. */
export function forgetLow(w: Int32Array, at: number): void {
  w[at + 12] = 0;
  w[at + 13] = -1;
  w[at + 14] = MIN32;
  w[at + 15] = MAX32;
}

/** All words of `bytes` bytes, zero-extended. */
export function setUnsignedWidth(w: Int32Array, at: number, bytes: number): void {
  setUnknown(w, at);
  if (bytes >= 8) return;
  w[at + 2] = bytes >= 4 ? -1 : (1 << (bytes * 8)) - 1;
  w[at + 3] = 0;
  sync(w, at);
}

/** All words of `bytes` bytes, sign-extended. */
export function setSignedWidth(w: Int32Array, at: number, bytes: number): void {
  setUnknown(w, at);
  if (bytes >= 8) return;
  const limit = 2 ** (bytes * 8 - 1);
  setSigned(w, at, -limit, limit - 1);
}

/** All integers of [min, max], within ±2^53. */
export function setSigned(w: Int32Array, at: number, min: number, max: number): void {
  setUnknown(w, at);
  fromNumber(min);
  w[at + 8] = out[0]!;
  w[at + 9] = out[1]!;
  fromNumber(max);
  w[at + 10] = out[0]!;
  w[at + 11] = out[1]!;
  sync(w, at);
}

export function isConstant(w: Int32Array, at: number): boolean {
  return (w[at + 2]! | w[at + 3]!) === 0;
}

export function isZero(w: Int32Array, at: number): boolean {
  return (w[at]! | w[at + 1]! | w[at + 2]! | w[at + 3]!) === 0;
}

/** Bounds as doubles; beyond ±2^53 they are approximate, so compare them only with small numbers. */
export const smin = (w: Int32Array, at: number): number => signedNumber(w[at + 8]!, w[at + 9]!);
export const smax = (w: Int32Array, at: number): number => signedNumber(w[at + 10]!, w[at + 11]!);
export const umin = (w: Int32Array, at: number): number => unsignedNumber(w[at + 4]!, w[at + 5]!);
export const umax = (w: Int32Array, at: number): number => unsignedNumber(w[at + 6]!, w[at + 7]!);

export function copyScalar(w: Int32Array, to: number, from: number): void {
  w.copyWithin(to, from, from + SCALAR_WORDS);
}

/**
 * Lets the five descriptions sharpen each other. False when no word satisfies all of them: the state is impossible.
 * A sound reduction, not the strongest one.
 */
export function sync(w: Int32Array, at: number): boolean {
  if (isConstant(w, at)) return syncConstant(w, at);
  for (let round = 0; round < 2; round++) {
    boundByBits(w, at);
    betweenWideAndLow(w, at);
    betweenSigns(w, at);
  }
  if (isEmpty(w, at)) return false;
  return bitsByBounds(w, at);
}

function syncConstant(w: Int32Array, at: number): boolean {
  const low = w[at]!;
  const high = w[at + 1]!;
  if (
    ult(low, high, w[at + 4]!, w[at + 5]!) ||
    ult(w[at + 6]!, w[at + 7]!, low, high) ||
    slt(low, high, w[at + 8]!, w[at + 9]!) ||
    slt(w[at + 10]!, w[at + 11]!, low, high) ||
    low >>> 0 < w[at + 12]! >>> 0 ||
    low >>> 0 > w[at + 13]! >>> 0 ||
    low < w[at + 14]! ||
    low > w[at + 15]!
  )
    return false;
  setConstant(w, at, low, high);
  return true;
}

function raiseUnsigned(w: Int32Array, at: number, low: number, high: number): void {
  if (ult(w[at + 4]!, w[at + 5]!, low, high)) {
    w[at + 4] = low;
    w[at + 5] = high;
  }
}

function lowerUnsigned(w: Int32Array, at: number, low: number, high: number): void {
  if (ult(low, high, w[at + 6]!, w[at + 7]!)) {
    w[at + 6] = low;
    w[at + 7] = high;
  }
}

function raiseSigned(w: Int32Array, at: number, low: number, high: number): void {
  if (slt(w[at + 8]!, w[at + 9]!, low, high)) {
    w[at + 8] = low;
    w[at + 9] = high;
  }
}

function lowerSigned(w: Int32Array, at: number, low: number, high: number): void {
  if (slt(low, high, w[at + 10]!, w[at + 11]!)) {
    w[at + 10] = low;
    w[at + 11] = high;
  }
}

/** The smallest and largest words that the known bits allow, read as unsigned and as signed numbers. */
function boundByBits(w: Int32Array, at: number): void {
  const vl = w[at]!;
  const vh = w[at + 1]!;
  const ml = w[at + 2]!;
  const mh = w[at + 3]!;
  raiseUnsigned(w, at, vl, vh);
  lowerUnsigned(w, at, vl | ml, vh | mh);
  raiseSigned(w, at, vl, vh | (mh & MIN32));
  lowerSigned(w, at, vl | ml, vh | (mh & MAX32));
  if (w[at + 12]! >>> 0 < vl >>> 0) w[at + 12] = vl;
  if (w[at + 13]! >>> 0 > (vl | ml) >>> 0) w[at + 13] = vl | ml;
  w[at + 14] = Math.max(w[at + 14]!, vl | (ml & MIN32));
  w[at + 15] = Math.min(w[at + 15]!, vl | (ml & MAX32));
}

function betweenWideAndLow(w: Int32Array, at: number): void {
  // All words of a range share the high half: the low halves are then ordered like the words.
  if (w[at + 5] === w[at + 7]) clampLow(w, at, w[at + 4]!, w[at + 6]!);
  if (w[at + 9] === w[at + 11]) clampLow(w, at, w[at + 8]!, w[at + 10]!);
  // The smallest and largest words of a range whose low half is within the low range.
  const low = w[at + 12]! >>> 0;
  const high = w[at + 13]! >>> 0;
  if (low === 0 && high === 0xffff_ffff) return;
  if (w[at + 4]! >>> 0 < low) w[at + 4] = low | 0;
  else if (w[at + 4]! >>> 0 > high && w[at + 5] !== -1) {
    w[at + 4] = low | 0;
    w[at + 5] = (w[at + 5]! + 1) | 0;
  }
  if (w[at + 6]! >>> 0 > high) w[at + 6] = high | 0;
  else if (w[at + 6]! >>> 0 < low && w[at + 7] !== 0) {
    w[at + 6] = high | 0;
    w[at + 7] = (w[at + 7]! - 1) | 0;
  }
  if (w[at + 8]! >>> 0 < low) w[at + 8] = low | 0;
  else if (w[at + 8]! >>> 0 > high && w[at + 9] !== MAX32) {
    w[at + 8] = low | 0;
    w[at + 9] = (w[at + 9]! + 1) | 0;
  }
  if (w[at + 10]! >>> 0 > high) w[at + 10] = high | 0;
  else if (w[at + 10]! >>> 0 < low && w[at + 11] !== MIN32) {
    w[at + 10] = high | 0;
    w[at + 11] = (w[at + 11]! - 1) | 0;
  }
}

function clampLow(w: Int32Array, at: number, low: number, high: number): void {
  if (w[at + 12]! >>> 0 < low >>> 0) w[at + 12] = low;
  if (w[at + 13]! >>> 0 > high >>> 0) w[at + 13] = high;
}

/** A range that does not cross the border between the two readings of the sign bit is the same range in both. */
function betweenSigns(w: Int32Array, at: number): void {
  if (w[at + 5]! >> 31 === w[at + 7]! >> 31) {
    raiseSigned(w, at, w[at + 4]!, w[at + 5]!);
    lowerSigned(w, at, w[at + 6]!, w[at + 7]!);
  }
  if (w[at + 9]! >> 31 === w[at + 11]! >> 31) {
    raiseUnsigned(w, at, w[at + 8]!, w[at + 9]!);
    lowerUnsigned(w, at, w[at + 10]!, w[at + 11]!);
  }
  if (w[at + 12]! >> 31 === w[at + 13]! >> 31) {
    w[at + 14] = Math.max(w[at + 14]!, w[at + 12]!);
    w[at + 15] = Math.min(w[at + 15]!, w[at + 13]!);
  }
  if (w[at + 14]! >> 31 === w[at + 15]! >> 31) clampLow(w, at, w[at + 14]!, w[at + 15]!);
}

function isEmpty(w: Int32Array, at: number): boolean {
  return (
    ult(w[at + 6]!, w[at + 7]!, w[at + 4]!, w[at + 5]!) ||
    slt(w[at + 10]!, w[at + 11]!, w[at + 8]!, w[at + 9]!) ||
    w[at + 12]! >>> 0 > w[at + 13]! >>> 0 ||
    w[at + 14]! > w[at + 15]!
  );
}

/** Leading bits that are common to all words of the ranges become known. */
function bitsByBounds(w: Int32Array, at: number): boolean {
  const before = w[at + 2]!;
  const beforeHigh = w[at + 3]!;
  tnumRange(w[at + 4]!, w[at + 5]!, w[at + 6]!, w[at + 7]!);
  if (!tnumMeet(w[at]!, w[at + 1]!, before, beforeHigh, tnum[0]!, tnum[1]!, tnum[2]!, tnum[3]!)) return false;
  takeTnum(w, at);
  tnumRange(w[at + 12]!, 0, w[at + 13]!, 0);
  if (!tnumMeet(w[at]!, w[at + 1]!, w[at + 2]!, w[at + 3]!, tnum[0]!, 0, tnum[2]!, -1)) return false;
  takeTnum(w, at);
  if ((w[at + 2]! | w[at + 3]!) === 0) return syncConstant(w, at);
  if (w[at + 2] !== before || w[at + 3] !== beforeHigh) {
    boundByBits(w, at);
    return !isEmpty(w, at);
  }
  return true;
}

export function takeTnum(w: Int32Array, at: number): void {
  w[at] = tnum[0]!;
  w[at + 1] = tnum[1]!;
  w[at + 2] = tnum[2]!;
  w[at + 3] = tnum[3]!;
}

/** Whether every word of `inner` belongs to `outer`; they may lie in different arrays. Sound, not complete. */
export function includes(o: Int32Array, outer: number, w: Int32Array, inner: number): boolean {
  const known = ~o[outer + 2]!;
  const knownHigh = ~o[outer + 3]!;
  return (
    ((w[inner + 2]! & known) | (w[inner + 3]! & knownHigh)) === 0 &&
    (((w[inner]! & known) ^ o[outer]!) | ((w[inner + 1]! & knownHigh) ^ o[outer + 1]!)) === 0 &&
    !ult(w[inner + 4]!, w[inner + 5]!, o[outer + 4]!, o[outer + 5]!) &&
    !ult(o[outer + 6]!, o[outer + 7]!, w[inner + 6]!, w[inner + 7]!) &&
    !slt(w[inner + 8]!, w[inner + 9]!, o[outer + 8]!, o[outer + 9]!) &&
    !slt(o[outer + 10]!, o[outer + 11]!, w[inner + 10]!, w[inner + 11]!) &&
    w[inner + 12]! >>> 0 >= o[outer + 12]! >>> 0 &&
    w[inner + 13]! >>> 0 <= o[outer + 13]! >>> 0 &&
    w[inner + 14]! >= o[outer + 14]! &&
    w[inner + 15]! <= o[outer + 15]!
  );
}

/** The smallest description that holds both: `to` := `to` ∪ `from`. */
export function join(o: Int32Array, to: number, w: Int32Array, from: number): void {
  tnumJoin(o[to]!, o[to + 1]!, o[to + 2]!, o[to + 3]!, w[from]!, w[from + 1]!, w[from + 2]!, w[from + 3]!);
  takeTnum(o, to);
  if (ult(w[from + 4]!, w[from + 5]!, o[to + 4]!, o[to + 5]!)) copyWord(o, to + 4, w, from + 4);
  if (ult(o[to + 6]!, o[to + 7]!, w[from + 6]!, w[from + 7]!)) copyWord(o, to + 6, w, from + 6);
  if (slt(w[from + 8]!, w[from + 9]!, o[to + 8]!, o[to + 9]!)) copyWord(o, to + 8, w, from + 8);
  if (slt(o[to + 10]!, o[to + 11]!, w[from + 10]!, w[from + 11]!)) copyWord(o, to + 10, w, from + 10);
  if (w[from + 12]! >>> 0 < o[to + 12]! >>> 0) o[to + 12] = w[from + 12]!;
  if (w[from + 13]! >>> 0 > o[to + 13]! >>> 0) o[to + 13] = w[from + 13]!;
  o[to + 14] = Math.min(o[to + 14]!, w[from + 14]!);
  o[to + 15] = Math.max(o[to + 15]!, w[from + 15]!);
}

function copyWord(o: Int32Array, to: number, w: Int32Array, from: number): void {
  o[to] = w[from]!;
  o[to + 1] = w[from + 1]!;
}

/** `to` := words of both. False when there are none. */
export function meet(w: Int32Array, to: number, from: number): boolean {
  if (!tnumMeet(w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!, w[from]!, w[from + 1]!, w[from + 2]!, w[from + 3]!))
    return false;
  takeTnum(w, to);
  raiseUnsigned(w, to, w[from + 4]!, w[from + 5]!);
  lowerUnsigned(w, to, w[from + 6]!, w[from + 7]!);
  raiseSigned(w, to, w[from + 8]!, w[from + 9]!);
  lowerSigned(w, to, w[from + 10]!, w[from + 11]!);
  clampLow(w, to, w[from + 12]!, w[from + 13]!);
  w[to + 14] = Math.max(w[to + 14]!, w[from + 14]!);
  w[to + 15] = Math.min(w[to + 15]!, w[from + 15]!);
  return sync(w, to);
}

/** `at` += constant, exact on the ranges when nothing wraps; used to shift refinements between values that differ by a constant. */
export function shiftRanges(w: Int32Array, at: number, delta: number): void {
  fromNumber(delta);
  const dl = out[0]!;
  const dh = out[1]!;
  for (let k = at + 8; k < at + 12; k += 2) {
    add64(w[k]!, w[k + 1]!, dl, dh);
    w[k] = out[0]!;
    w[k + 1] = out[1]!;
  }
  const [minL, minH, maxL, maxH] = [w[at + 8]!, w[at + 9]!, w[at + 10]!, w[at + 11]!];
  setUnknown(w, at);
  w[at + 8] = minL;
  w[at + 9] = minH;
  w[at + 10] = maxL;
  w[at + 11] = maxH;
  sync(w, at);
}
