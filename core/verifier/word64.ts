/**
 * 64-bit words as pairs of signed 32-bit halves, low half first. JavaScript's bitwise operators work on exactly such halves, so
 * nothing is allocated. Functions that yield a word leave it in {@link out}.
 */

/** The latest result: [low, high]. */
export const out = new Int32Array(2);

const TWO32 = 0x1_0000_0000;

/** Unsigned a < b. */
export function ult(al: number, ah: number, bl: number, bh: number): boolean {
  return ah === bh ? al >>> 0 < bl >>> 0 : ah >>> 0 < bh >>> 0;
}

/** Signed a < b. */
export function slt(al: number, ah: number, bl: number, bh: number): boolean {
  return ah === bh ? al >>> 0 < bl >>> 0 : ah < bh;
}

export function add64(al: number, ah: number, bl: number, bh: number): void {
  const low = (al >>> 0) + (bl >>> 0);
  out[0] = low | 0;
  out[1] = (ah + bh + (low >= TWO32 ? 1 : 0)) | 0;
}

export function sub64(al: number, ah: number, bl: number, bh: number): void {
  out[0] = (al - bl) | 0;
  out[1] = (ah - bh - (al >>> 0 < bl >>> 0 ? 1 : 0)) | 0;
}

/** a << bits, 0 <= bits <= 63. */
export function shl64(al: number, ah: number, bits: number): void {
  if (bits === 0) {
    out[0] = al;
    out[1] = ah;
  } else if (bits < 32) {
    out[0] = al << bits;
    out[1] = (ah << bits) | (al >>> (32 - bits));
  } else {
    out[0] = 0;
    out[1] = al << (bits - 32);
  }
}

/** a >>> bits, 0 <= bits <= 63. */
export function shr64(al: number, ah: number, bits: number): void {
  if (bits === 0) {
    out[0] = al;
    out[1] = ah;
  } else if (bits < 32) {
    out[0] = (al >>> bits) | (ah << (32 - bits));
    out[1] = ah >>> bits;
  } else {
    out[0] = ah >>> (bits - 32);
    out[1] = 0;
  }
}

/** a >> bits, keeping the sign, 0 <= bits <= 63. */
export function sar64(al: number, ah: number, bits: number): void {
  if (bits === 0) {
    out[0] = al;
    out[1] = ah;
  } else if (bits < 32) {
    out[0] = (al >>> bits) | (ah << (32 - bits));
    out[1] = ah >> bits;
  } else {
    out[0] = ah >> (bits - 32);
    out[1] = ah >> 31;
  }
}

/** The value as an unsigned double: exact up to 2^53. */
export function unsignedNumber(low: number, high: number): number {
  return (high >>> 0) * TWO32 + (low >>> 0);
}

/** The value as a signed double: exact within ±2^53. */
export function signedNumber(low: number, high: number): number {
  return high * TWO32 + (low >>> 0);
}

/** Splits an integer within ±2^53. */
export function fromNumber(value: number): void {
  out[0] = value | 0;
  out[1] = Math.floor(value / TWO32) | 0;
}

export function unsignedBig(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

export function signedBig(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** The low 64 bits of a bigint. */
export function fromBig(value: bigint): void {
  out[0] = Number(value & 0xffff_ffffn) | 0;
  out[1] = Number((value >> 32n) & 0xffff_ffffn) | 0;
}

/** Number of bits up to and including the highest one: 0 for 0, 64 for a negative word. */
export function bitLength(low: number, high: number): number {
  return high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(low);
}
