/**
 * 64-bit arithmetic on pairs of 32-bit halves inside a register file: the value at index `i` has its low half in `file[i]` and its
 * high half in `file[i + 1]`. Nothing here allocates: these run once per instruction.
 */

const TWO_32 = 0x1_0000_0000;

/** Unsigned a < b. */
export function below(aHigh: number, aLow: number, bHigh: number, bLow: number): boolean {
  return aHigh === bHigh ? aLow >>> 0 < bLow >>> 0 : aHigh >>> 0 < bHigh >>> 0;
}

/** Signed a < b. */
export function less(aHigh: number, aLow: number, bHigh: number, bLow: number): boolean {
  return aHigh === bHigh ? aLow >>> 0 < bLow >>> 0 : aHigh < bHigh;
}

/** High 32 bits of the unsigned 64-bit product of two 32-bit numbers. */
function productHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const other = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + (middle >>> 16) + (other >>> 16)) | 0;
}

/** file[d] *= file[s], modulo 2^64. */
export function multiply(file: Int32Array, d: number, s: number): void {
  const aLow = file[d]!;
  const bLow = file[s]!;
  file[d + 1] = (productHigh(aLow, bLow) + Math.imul(aLow, file[s + 1]!) + Math.imul(file[d + 1]!, bLow)) | 0;
  file[d] = Math.imul(aLow, bLow);
}

/** The double nearest to an unsigned 64-bit pair; exact below 2^53. */
function toDouble(high: number, low: number): number {
  return (high >>> 0) * TWO_32 + (low >>> 0);
}

function setDouble(file: Int32Array, at: number, value: number): void {
  file[at] = value | 0;
  file[at + 1] = Math.floor(value / TWO_32) | 0;
}

/**
 * Unsigned division: puts a / b (or a % b when `remainder`) into file[d]. `b` must not be zero.
 * Three ways, each exact: doubles when both fit 53 bits; schoolbook with 16-bit digits for 32-bit divisors; otherwise the quotient has
 * fewer than 32 bits, so an estimate by doubles is off by at most one and is corrected upwards.
 */
function divideUnsigned(
  file: Int32Array,
  d: number,
  aHigh: number,
  aLow: number,
  bHigh: number,
  bLow: number,
  remainder: boolean,
): void {
  if (aHigh === 0 && bHigh === 0) {
    file[d] = remainder ? ((aLow >>> 0) % (bLow >>> 0)) | 0 : ((aLow >>> 0) / (bLow >>> 0)) | 0;
    file[d + 1] = 0;
    return;
  }
  const b = toDouble(bHigh, bLow);
  if (aHigh >>> 0 < 0x200000 && bHigh >>> 0 < 0x200000) {
    const a = toDouble(aHigh, aLow);
    let quotient = Math.floor(a / b);
    if (a - quotient * b < 0) quotient--;
    setDouble(file, d, remainder ? a - quotient * b : quotient);
    return;
  }
  if (bHigh === 0) {
    let rest = 0;
    let high = 0;
    let low = 0;
    for (let digit = 3; digit >= 0; digit--) {
      const half = digit >= 2 ? aHigh : aLow;
      const part = rest * 65536 + (digit & 1 ? half >>> 16 : half & 0xffff);
      const quotient = Math.floor(part / b);
      rest = part - quotient * b;
      if (digit >= 2) high = (high << 16) | quotient;
      else low = (low << 16) | quotient;
    }
    file[d] = remainder ? rest | 0 : low;
    file[d + 1] = remainder ? 0 : high;
    return;
  }
  let quotient = Math.max(0, Math.floor(toDouble(aHigh, aLow) / b) - 1);
  const productLow = Math.imul(quotient, bLow);
  const product = (productHigh(quotient, bLow) + Math.imul(quotient, bHigh)) | 0;
  let restLow = (aLow - productLow) | 0;
  let restHigh = (aHigh - product - (aLow >>> 0 < productLow >>> 0 ? 1 : 0)) | 0;
  while (!below(restHigh, restLow, bHigh, bLow)) {
    const borrow = restLow >>> 0 < bLow >>> 0 ? 1 : 0;
    restLow = (restLow - bLow) | 0;
    restHigh = (restHigh - bHigh - borrow) | 0;
    quotient++;
  }
  file[d] = remainder ? restLow : quotient | 0;
  file[d + 1] = remainder ? restHigh : 0;
}

/** file[at] = -file[at]. */
export function negate(file: Int32Array, at: number): void {
  const low = -file[at]! | 0;
  file[at + 1] = (~file[at + 1]! + (low === 0 ? 1 : 0)) | 0;
  file[at] = low;
}

/** Unsigned division and remainder; by zero gives 0, respectively leaves the dividend (RFC 9669 section 4.1). */
export function divide(file: Int32Array, d: number, s: number, remainder: boolean): void {
  const bLow = file[s]!;
  const bHigh = file[s + 1]!;
  if ((bLow | bHigh) === 0) {
    if (!remainder) file[d] = file[d + 1] = 0;
    return;
  }
  divideUnsigned(file, d, file[d + 1]!, file[d]!, bHigh, bLow, remainder);
}

/** Signed, truncating division and remainder with the same rules for zero; the most negative number by -1 gives itself, remainder 0. */
export function divideSigned(file: Int32Array, d: number, s: number, remainder: boolean): void {
  let bLow = file[s]!;
  let bHigh = file[s + 1]!;
  if ((bLow | bHigh) === 0) {
    if (!remainder) file[d] = file[d + 1] = 0;
    return;
  }
  const dividendNegative = file[d + 1]! < 0;
  const divisorNegative = bHigh < 0;
  if (divisorNegative) {
    bLow = -bLow | 0;
    bHigh = (~bHigh + (bLow === 0 ? 1 : 0)) | 0;
  }
  if (dividendNegative) negate(file, d);
  divideUnsigned(file, d, file[d + 1]!, file[d]!, bHigh, bLow, remainder);
  if (remainder ? dividendNegative : dividendNegative !== divisorNegative) negate(file, d);
}

/** file[d] <<= count, 0 <= count < 64. */
export function shiftLeft(file: Int32Array, d: number, count: number): void {
  const low = file[d]!;
  if (count >= 32) {
    file[d + 1] = low << (count - 32);
    file[d] = 0;
  } else if (count > 0) {
    file[d + 1] = (file[d + 1]! << count) | (low >>> (32 - count));
    file[d] = low << count;
  }
}

/** file[d] >>= count with zeros, 0 <= count < 64. */
export function shiftRight(file: Int32Array, d: number, count: number): void {
  const high = file[d + 1]!;
  if (count >= 32) {
    file[d] = high >>> (count - 32);
    file[d + 1] = 0;
  } else if (count > 0) {
    file[d] = (file[d]! >>> count) | (high << (32 - count));
    file[d + 1] = high >>> count;
  }
}

/** file[d] >>= count with copies of the sign, 0 <= count < 64. */
export function shiftRightSigned(file: Int32Array, d: number, count: number): void {
  const high = file[d + 1]!;
  if (count >= 32) {
    file[d] = high >> (count - 32);
    file[d + 1] = high >> 31;
  } else if (count > 0) {
    file[d] = (file[d]! >>> count) | (high << (32 - count));
    file[d + 1] = high >> count;
  }
}

/** Bytes of a 32-bit number reversed. */
export function swap32(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

/** The unsigned 64-bit number of two halves. */
export function toBigint(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

export function lowOf(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

export function highOf(value: bigint): number {
  return Number(BigInt.asIntN(32, value >> 32n));
}
