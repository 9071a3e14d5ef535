import { Alu } from '../isa/opcode';
import { arithmetic32 } from './arithmetic32';
import {
  forgetLow,
  isConstant,
  isZero,
  setConstant,
  setSigned,
  setUnknownRanges,
  smax,
  smin,
  sync,
  takeTnum,
  umax,
  umin,
} from './scalar';
import { tnum, tnumAdd, tnumAnd, tnumMul, tnumOr, tnumSar, tnumShl, tnumShr, tnumSub, tnumXor } from './tnum';
import {
  add64,
  fromBig,
  fromNumber,
  out,
  sar64,
  shl64,
  shr64,
  signedBig,
  slt,
  sub64,
  ult,
  unsignedBig,
} from './word64';

/** Products and quotients of doubles below this are exact. */
const EXACT = 2 ** 50;
const TOP64 = (1n << 64n) - 1n;
const MAX_S64 = (1n << 63n) - 1n;
const MIN_S64 = -(1n << 63n);
/** Room for an untouched copy of the first operand's low half. */
const before = new Int32Array(16);

/**
 * Abstract arithmetic: the number at `to` becomes `to operation from`, as RFC 9669 section 4.1 defines it (division by zero gives 0,
 * modulo by zero leaves the dividend, shifts use the low bits of the amount). `wide` is ALU64; otherwise the low halves are used and the result
 * is zero-extended. `signed` selects signed division and modulo. `operation` is one of {@link Alu} but MOV, NEG and END.
 */
export function arithmetic(
  w: Int32Array,
  operation: number,
  wide: boolean,
  signed: boolean,
  to: number,
  from: number,
): void {
  if (isConstant(w, to) && isConstant(w, from)) {
    constants(w, operation, wide, signed, to, from);
    return;
  }
  if (!wide) {
    arithmetic32(w, operation, signed, to, w, from);
    zeroExtend(w, to);
    return;
  }
  for (let k = 0; k < 16; k++) before[k] = w[to + k]!;
  switch (operation) {
    case Alu.ADD:
      add(w, to, from);
      break;
    case Alu.SUB:
      subtract(w, to, from);
      break;
    case Alu.MUL:
      multiply(w, to, from);
      break;
    case Alu.DIV:
    case Alu.MOD:
      divide(w, operation, signed, to, from);
      sync(w, to);
      return;
    case Alu.AND:
      and(w, to, from);
      break;
    case Alu.OR:
      tnumOr(w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!, w[from]!, w[from + 1]!, w[from + 2]!, w[from + 3]!);
      or(w, to, from);
      break;
    case Alu.XOR:
      tnumXor(w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!, w[from]!, w[from + 1]!, w[from + 2]!, w[from + 3]!);
      takeTnum(w, to);
      setUnknownRanges(w, to);
      break;
    default:
      shift(w, operation, to, from);
      sync(w, to);
      return;
  }
  // The low half of a sum, difference, product or bitwise result depends on the low halves alone.
  arithmetic32(before, operation, false, 0, w, from);
  for (let k = 12; k < 16; k++) w[to + k] = before[k]!;
  sync(w, to);
}

/** `to` := the low half of `to`, zero-extended. */
export function zeroExtend(w: Int32Array, to: number): void {
  w[to + 1] = 0;
  w[to + 3] = 0;
  w[to + 4] = w[to + 8] = w[to + 12]!;
  w[to + 6] = w[to + 10] = w[to + 13]!;
  w[to + 5] = w[to + 7] = w[to + 9] = w[to + 11] = 0;
  sync(w, to);
}

/** `to` := its low `bytes` bytes, sign-extended to 64 bits. */
export function signExtend(w: Int32Array, to: number, bytes: number): void {
  if (bytes === 4) {
    const [min, max] = [w[to + 14]!, w[to + 15]!];
    tnumShl(w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!, 32);
    tnumSar(tnum[0]!, tnum[1]!, tnum[2]!, tnum[3]!, 32);
    takeTnum(w, to);
    const [vl, vh, ml, mh] = [w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!];
    setSigned(w, to, min, max);
    w[to] = vl;
    w[to + 1] = vh;
    w[to + 2] = ml;
    w[to + 3] = mh;
    sync(w, to);
    return;
  }
  const bits = 64 - bytes * 8;
  const limit = 2 ** (bytes * 8 - 1);
  if (smin(w, to) >= -limit && smax(w, to) < limit) return;
  tnumShl(w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!, bits);
  tnumSar(tnum[0]!, tnum[1]!, tnum[2]!, tnum[3]!, bits);
  takeTnum(w, to);
  setUnknownRanges(w, to);
  sync(w, to);
}

/** `to` := its low `bytes` bytes, zero-extended. */
export function truncate(w: Int32Array, to: number, bytes: number): void {
  if (bytes >= 8) return;
  if (bytes === 4) {
    zeroExtend(w, to);
    return;
  }
  const mask = (1 << (bytes * 8)) - 1;
  const fits = w[to + 7] === 0 && w[to + 6]! >>> 0 <= mask;
  if (fits) return;
  w[to] = w[to]! & mask;
  w[to + 1] = 0;
  w[to + 2] = w[to + 2]! & mask;
  w[to + 3] = 0;
  setUnknownRanges(w, to);
  sync(w, to);
}

function constants(w: Int32Array, operation: number, wide: boolean, signed: boolean, to: number, from: number): void {
  const al = w[to]!;
  const ah = w[to + 1]!;
  const bl = w[from]!;
  const bh = w[from + 1]!;
  const bits = bl & (wide ? 63 : 31);
  switch (operation) {
    case Alu.ADD:
      add64(al, ah, bl, bh);
      break;
    case Alu.SUB:
      sub64(al, ah, bl, bh);
      break;
    case Alu.OR:
      out[0] = al | bl;
      out[1] = ah | bh;
      break;
    case Alu.AND:
      out[0] = al & bl;
      out[1] = ah & bh;
      break;
    case Alu.XOR:
      out[0] = al ^ bl;
      out[1] = ah ^ bh;
      break;
    case Alu.LSH:
      shl64(al, ah, bits);
      break;
    case Alu.RSH:
      shr64(al, wide ? ah : 0, bits);
      break;
    case Alu.ARSH:
      sar64(al, wide ? ah : al >> 31, bits);
      break;
    case Alu.MUL:
      fromBig(unsignedBig(al, ah) * unsignedBig(bl, bh));
      break;
    default:
      fromBig(quotient(operation, signed, al, ah, bl, bh, wide));
  }
  setConstant(w, to, out[0]!, wide ? out[1]! : 0);
}

function quotient(
  operation: number,
  signed: boolean,
  al: number,
  ah: number,
  bl: number,
  bh: number,
  wide: boolean,
): bigint {
  // prettier-ignore
  const read = (low: number, high: number): bigint =>
    signed ? signedBig(low, wide ? high : low >> 31) : unsignedBig(low, wide ? high : 0);
  const a = read(al, ah);
  const b = read(bl, bh);
  if (operation === Alu.DIV) return b === 0n ? 0n : a / b;
  return b === 0n ? a : a % b;
}

function add(w: Int32Array, to: number, from: number): void {
  tnumAdd(w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!, w[from]!, w[from + 1]!, w[from + 2]!, w[from + 3]!);
  takeTnum(w, to);
  // Unsigned: fine when both ends carry or neither does.
  add64(w[to + 4]!, w[to + 5]!, w[from + 4]!, w[from + 5]!);
  const [minL, minH] = [out[0]!, out[1]!];
  const minCarry = ult(minL, minH, w[to + 4]!, w[to + 5]!);
  add64(w[to + 6]!, w[to + 7]!, w[from + 6]!, w[from + 7]!);
  unsignedBounds(w, to, minCarry === ult(out[0]!, out[1]!, w[to + 6]!, w[to + 7]!), minL, minH);
  // Signed: fine when neither end overflows.
  add64(w[to + 8]!, w[to + 9]!, w[from + 8]!, w[from + 9]!);
  const [lowL, lowH] = [out[0]!, out[1]!];
  const lowOver = overflows(w[to + 9]!, w[from + 9]!, lowH);
  add64(w[to + 10]!, w[to + 11]!, w[from + 10]!, w[from + 11]!);
  signedBounds(w, to, !lowOver && !overflows(w[to + 11]!, w[from + 11]!, out[1]!), lowL, lowH);
  forgetLow(w, to);
}

function subtract(w: Int32Array, to: number, from: number): void {
  tnumSub(w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!, w[from]!, w[from + 1]!, w[from + 2]!, w[from + 3]!);
  takeTnum(w, to);
  const minBorrow = ult(w[to + 4]!, w[to + 5]!, w[from + 6]!, w[from + 7]!);
  const maxBorrow = ult(w[to + 6]!, w[to + 7]!, w[from + 4]!, w[from + 5]!);
  sub64(w[to + 4]!, w[to + 5]!, w[from + 6]!, w[from + 7]!);
  const [minL, minH] = [out[0]!, out[1]!];
  sub64(w[to + 6]!, w[to + 7]!, w[from + 4]!, w[from + 5]!);
  unsignedBounds(w, to, minBorrow === maxBorrow, minL, minH);
  sub64(w[to + 8]!, w[to + 9]!, w[from + 10]!, w[from + 11]!);
  const [lowL, lowH] = [out[0]!, out[1]!];
  const lowOver = overflows(w[to + 9]!, ~w[from + 11]!, lowH);
  sub64(w[to + 10]!, w[to + 11]!, w[from + 8]!, w[from + 9]!);
  signedBounds(w, to, !lowOver && !overflows(w[to + 11]!, ~w[from + 9]!, out[1]!), lowL, lowH);
  forgetLow(w, to);
}

/** Operands of one sign and a result of the other. */
function overflows(a: number, b: number, result: number): boolean {
  return ((a ^ result) & (b ^ result)) < 0;
}

/** Takes [min, out] when `exact`, else everything. */
function unsignedBounds(w: Int32Array, to: number, exact: boolean, minL: number, minH: number): void {
  w[to + 4] = exact ? minL : 0;
  w[to + 5] = exact ? minH : 0;
  w[to + 6] = exact ? out[0]! : -1;
  w[to + 7] = exact ? out[1]! : -1;
}

function signedBounds(w: Int32Array, to: number, exact: boolean, minL: number, minH: number): void {
  w[to + 8] = exact ? minL : 0;
  w[to + 9] = exact ? minH : -0x8000_0000;
  w[to + 10] = exact ? out[0]! : -1;
  w[to + 11] = exact ? out[1]! : 0x7fff_ffff;
}

function multiply(w: Int32Array, to: number, from: number): void {
  const [amin, amax, bmin, bmax] = [umin(w, to), umax(w, to), umin(w, from), umax(w, from)];
  const signs = [smin(w, to), smax(w, to), smin(w, from), smax(w, from)];
  const [alow, ahigh, blow, bhigh] = signs as [number, number, number, number];
  const wideA = [unsignedBig(w[to + 6]!, w[to + 7]!), unsignedBig(w[to + 4]!, w[to + 5]!)];
  const wideB = [unsignedBig(w[from + 6]!, w[from + 7]!), unsignedBig(w[from + 4]!, w[from + 5]!)];
  tnumMul(w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!, w[from]!, w[from + 1]!, w[from + 2]!, w[from + 3]!);
  takeTnum(w, to);
  setUnknownRanges(w, to);
  if (amax * bmax < EXACT) {
    fromNumber(amin * bmin);
    const [minL, minH] = [out[0]!, out[1]!];
    fromNumber(amax * bmax);
    unsignedBounds(w, to, true, minL, minH);
  } else if (wideA[0]! * wideB[0]! <= TOP64) {
    fromBig(wideA[1]! * wideB[1]!);
    const [minL, minH] = [out[0]!, out[1]!];
    fromBig(wideA[0]! * wideB[0]!);
    unsignedBounds(w, to, true, minL, minH);
  }
  const products = [alow * blow, alow * bhigh, ahigh * blow, ahigh * bhigh];
  const least = Math.min(...products);
  const most = Math.max(...products);
  if (least > -EXACT && most < EXACT) {
    fromNumber(least);
    const [lowL, lowH] = [out[0]!, out[1]!];
    fromNumber(most);
    signedBounds(w, to, true, lowL, lowH);
  }
}

function divide(w: Int32Array, operation: number, signed: boolean, to: number, from: number): void {
  if (signed && (smin(w, to) < 0 || smin(w, from) < 0)) {
    signedDivide(w, operation, to, from);
    return;
  }
  const amin = unsignedBig(w[to + 4]!, w[to + 5]!);
  const amax = unsignedBig(w[to + 6]!, w[to + 7]!);
  const bmin = unsignedBig(w[from + 4]!, w[from + 5]!);
  const bmax = unsignedBig(w[from + 6]!, w[from + 7]!);
  if (bmax === 0n) {
    if (operation === Alu.DIV) setConstant(w, to, 0, 0);
    return;
  }
  if (operation === Alu.MOD) {
    if (amax < bmin) return;
    const limit = bmin === 0n || amax < bmax - 1n ? amax : bmax - 1n;
    unsignedRange(w, to, 0n, limit);
  } else {
    unsignedRange(w, to, bmin === 0n ? 0n : amin / bmax, amax / (bmin === 0n ? 1n : bmin));
  }
}

function signedDivide(w: Int32Array, operation: number, to: number, from: number): void {
  const dividend = [signedBig(w[to + 8]!, w[to + 9]!), signedBig(w[to + 10]!, w[to + 11]!)] as const;
  const divisor = [signedBig(w[from + 8]!, w[from + 9]!), signedBig(w[from + 10]!, w[from + 11]!)] as const;
  // The magnitude never grows; -2^63 / -1 wraps to itself.
  const largest = (range: readonly [bigint, bigint]): bigint => (-range[0] > range[1] ? -range[0] : range[1]);
  let magnitude = largest(dividend);
  if (operation === Alu.MOD && (divisor[0] > 0n || divisor[1] < 0n)) {
    const limit = largest(divisor) - 1n;
    if (limit < magnitude) magnitude = limit;
  }
  const keepsSign = operation === Alu.MOD;
  const min = keepsSign && dividend[0] >= 0n ? 0n : -magnitude;
  const max = keepsSign && dividend[1] <= 0n ? 0n : magnitude;
  setUnknownTnum(w, to);
  setUnknownRanges(w, to);
  if (min < MIN_S64 || max > MAX_S64) return;
  fromBig(min);
  const [lowL, lowH] = [out[0]!, out[1]!];
  fromBig(max);
  signedBounds(w, to, true, lowL, lowH);
}

function setUnknownTnum(w: Int32Array, at: number): void {
  w[at] = w[at + 1] = 0;
  w[at + 2] = w[at + 3] = -1;
}

function unsignedRange(w: Int32Array, to: number, min: bigint, max: bigint): void {
  setUnknownTnum(w, to);
  setUnknownRanges(w, to);
  fromBig(min);
  const [minL, minH] = [out[0]!, out[1]!];
  fromBig(max);
  unsignedBounds(w, to, true, minL, minH);
}

function and(w: Int32Array, to: number, from: number): void {
  const smallerFrom = ult(w[from + 6]!, w[from + 7]!, w[to + 6]!, w[to + 7]!);
  const maxL = smallerFrom ? w[from + 6]! : w[to + 6]!;
  const maxH = smallerFrom ? w[from + 7]! : w[to + 7]!;
  tnumAnd(w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!, w[from]!, w[from + 1]!, w[from + 2]!, w[from + 3]!);
  takeTnum(w, to);
  setUnknownRanges(w, to);
  w[to + 6] = maxL;
  w[to + 7] = maxH;
}

function or(w: Int32Array, to: number, from: number): void {
  const largerFrom = ult(w[to + 4]!, w[to + 5]!, w[from + 4]!, w[from + 5]!);
  const minL = largerFrom ? w[from + 4]! : w[to + 4]!;
  const minH = largerFrom ? w[from + 5]! : w[to + 5]!;
  takeTnum(w, to);
  setUnknownRanges(w, to);
  w[to + 4] = minL;
  w[to + 5] = minH;
}

/** Shifts. An amount that is not below 64 on all paths is reduced to its low bits: then anything from 0 to 63. */
function shift(w: Int32Array, operation: number, to: number, from: number): void {
  const constant = isConstant(w, from);
  const inRange = w[from + 7] === 0 && w[from + 6]! >>> 0 < 64;
  const least = constant ? w[from]! & 63 : inRange ? w[from + 4]! : 0;
  const most = constant ? w[from]! & 63 : inRange ? w[from + 6]! : 63;
  if (isZero(w, to)) return;
  const [vl, vh, ml, mh] = [w[to]!, w[to + 1]!, w[to + 2]!, w[to + 3]!];
  if (least === most) {
    if (operation === Alu.LSH) tnumShl(vl, vh, ml, mh, least);
    else if (operation === Alu.RSH) tnumShr(vl, vh, ml, mh, least);
    else tnumSar(vl, vh, ml, mh, least);
    takeTnum(w, to);
  } else setUnknownTnum(w, to);
  const unsigned = [w[to + 4]!, w[to + 5]!, w[to + 6]!, w[to + 7]!] as const;
  const signed = [w[to + 8]!, w[to + 9]!, w[to + 10]!, w[to + 11]!] as const;
  setUnknownRanges(w, to);
  switch (operation) {
    case Alu.LSH: {
      shl64(unsigned[2], unsigned[3], most);
      const [maxL, maxH] = [out[0]!, out[1]!];
      shr64(maxL, maxH, most);
      if (out[0] !== unsigned[2] || out[1] !== unsigned[3]) return;
      shl64(unsigned[0], unsigned[1], least);
      w[to + 4] = out[0];
      w[to + 5] = out[1];
      w[to + 6] = maxL;
      w[to + 7] = maxH;
      return;
    }
    case Alu.RSH:
      shr64(unsigned[0], unsigned[1], most);
      w[to + 4] = out[0]!;
      w[to + 5] = out[1]!;
      shr64(unsigned[2], unsigned[3], least);
      w[to + 6] = out[0]!;
      w[to + 7] = out[1]!;
      return;
    default:
      // Towards 0 for positive words, towards -1 for negative ones.
      sar64(signed[0], signed[1], signed[1] < 0 ? least : most);
      w[to + 8] = out[0]!;
      w[to + 9] = out[1]!;
      sar64(signed[2], signed[3], signed[3] < 0 ? most : least);
      w[to + 10] = out[0]!;
      w[to + 11] = out[1]!;
  }
}

/** Whether the number lies within ±2^50, so that sums of two such neither wrap nor lose digits as doubles. */
export function isSmall(w: Int32Array, at: number): boolean {
  return !slt(w[at + 8]!, w[at + 9]!, 0, -0x4_0000) && !slt(0, 0x4_0000, w[at + 10]!, w[at + 11]!);
}
