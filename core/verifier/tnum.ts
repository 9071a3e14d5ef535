import { add64, bitLength, out, sar64, shl64, shr64, sub64 } from './word64';

/**
 * Tristate numbers: `value` holds the bits known to be one, `mask` the bits that are unknown; no bit is in both.
 * A concrete word x belongs to (value, mask) when (x & ~mask) == value. Operations take both parts as pairs of halves and leave the
 * result in {@link tnum}: [value low, value high, mask low, mask high].
 */
export const tnum = new Int32Array(4);

function put(vl: number, vh: number, ml: number, mh: number): void {
  tnum[0] = vl & ~ml;
  tnum[1] = vh & ~mh;
  tnum[2] = ml;
  tnum[3] = mh;
}

/**
 * Sum. A bit is unknown when it is in an operand, or when a carry into it may differ: the sums with all unknown bits zero and with
 * all unknown bits one differ in exactly those carries.
 */
export function tnumAdd(
  avl: number,
  avh: number,
  aml: number,
  amh: number,
  bvl: number,
  bvh: number,
  bml: number,
  bmh: number,
): void {
  // prettier-ignore
  add64(avl, avh, bvl, bvh);
  const lowestL = out[0]!;
  const lowestH = out[1]!;
  add64(aml, amh, bml, bmh);
  add64(out[0]!, out[1]!, lowestL, lowestH);
  put(lowestL, lowestH, (out[0]! ^ lowestL) | aml | bml, (out[1]! ^ lowestH) | amh | bmh);
}

/** Difference: borrows differ between (all of a's unknown bits one) and (all of b's unknown bits one). */
export function tnumSub(
  avl: number,
  avh: number,
  aml: number,
  amh: number,
  bvl: number,
  bvh: number,
  bml: number,
  bmh: number,
): void {
  // prettier-ignore
  sub64(avl, avh, bvl, bvh);
  const baseL = out[0]!;
  const baseH = out[1]!;
  add64(baseL, baseH, aml, amh);
  const highL = out[0]!;
  const highH = out[1]!;
  sub64(baseL, baseH, bml, bmh);
  put(baseL, baseH, (highL ^ out[0]!) | aml | bml, (highH ^ out[1]!) | amh | bmh);
}

export function tnumAnd(
  avl: number,
  avh: number,
  aml: number,
  amh: number,
  bvl: number,
  bvh: number,
  bml: number,
  bmh: number,
): void {
  // prettier-ignore
  const vl = avl & bvl;
  const vh = avh & bvh;
  put(vl, vh, (avl | aml) & (bvl | bml) & ~vl, (avh | amh) & (bvh | bmh) & ~vh);
}

export function tnumOr(
  avl: number,
  avh: number,
  aml: number,
  amh: number,
  bvl: number,
  bvh: number,
  bml: number,
  bmh: number,
): void {
  // prettier-ignore
  const vl = avl | bvl;
  const vh = avh | bvh;
  put(vl, vh, (aml | bml) & ~vl, (amh | bmh) & ~vh);
}

export function tnumXor(
  avl: number,
  avh: number,
  aml: number,
  amh: number,
  bvl: number,
  bvh: number,
  bml: number,
  bmh: number,
): void {
  // prettier-ignore
  put(avl ^ bvl, avh ^ bvh, aml | bml, amh | bmh);
}

/** Product with a constant: the sum of the shifted operand over the constant's one bits. At most 64 sums. */
export function tnumMulConstant(avl: number, avh: number, aml: number, amh: number, cl: number, ch: number): void {
  let rvl = 0;
  let rvh = 0;
  let rml = 0;
  let rmh = 0;
  for (let bit = 0; bit < 64; bit++) {
    const one = bit < 32 ? (cl >>> bit) & 1 : (ch >>> (bit - 32)) & 1;
    if (one === 0) continue;
    shl64(avl, avh, bit);
    const svl = out[0]!;
    const svh = out[1]!;
    shl64(aml, amh, bit);
    tnumAdd(rvl, rvh, rml, rmh, svl, svh, out[0]!, out[1]!);
    rvl = tnum[0]!;
    rvh = tnum[1]!;
    rml = tnum[2]!;
    rmh = tnum[3]!;
  }
  put(rvl, rvh, rml, rmh);
}

/** Product: the factors' known trailing zeros add up, the rest is unknown. */
export function tnumMul(
  avl: number,
  avh: number,
  aml: number,
  amh: number,
  bvl: number,
  bvh: number,
  bml: number,
  bmh: number,
): void {
  // prettier-ignore
  if ((bml | bmh) === 0) return tnumMulConstant(avl, avh, aml, amh, bvl, bvh);
  if ((aml | amh) === 0) return tnumMulConstant(bvl, bvh, bml, bmh, avl, avh);
  const zeros = trailingZeros(avl | aml, avh | amh) + trailingZeros(bvl | bml, bvh | bmh);
  if (zeros >= 64) return put(0, 0, 0, 0);
  shl64(-1, -1, zeros);
  put(0, 0, out[0]!, out[1]!);
}

function trailingZeros(low: number, high: number): number {
  if (low !== 0) return 31 - Math.clz32(low & -low);
  return high !== 0 ? 63 - Math.clz32(high & -high) : 64;
}

export function tnumShl(vl: number, vh: number, ml: number, mh: number, bits: number): void {
  shl64(vl, vh, bits);
  const rl = out[0]!;
  const rh = out[1]!;
  shl64(ml, mh, bits);
  put(rl, rh, out[0]!, out[1]!);
}

export function tnumShr(vl: number, vh: number, ml: number, mh: number, bits: number): void {
  shr64(vl, vh, bits);
  const rl = out[0]!;
  const rh = out[1]!;
  shr64(ml, mh, bits);
  put(rl, rh, out[0]!, out[1]!);
}

/** Arithmetic shift: an unknown sign bit fills with unknown bits. */
export function tnumSar(vl: number, vh: number, ml: number, mh: number, bits: number): void {
  sar64(vl, vh, bits);
  const rl = out[0]!;
  const rh = out[1]!;
  sar64(ml, mh, bits);
  put(rl, rh, out[0]!, out[1]!);
}

/** The smallest tnum that holds every word in the unsigned range [min, max]: the common leading bits. */
export function tnumRange(minl: number, minh: number, maxl: number, maxh: number): void {
  const bits = bitLength(minl ^ maxl, minh ^ maxh);
  if (bits >= 64) return put(0, 0, -1, -1);
  shl64(-1, -1, bits);
  put(minl, minh, ~out[0]!, ~out[1]!);
}

/** Words in both. False when there are none; the result is then meaningless. */
export function tnumMeet(
  avl: number,
  avh: number,
  aml: number,
  amh: number,
  bvl: number,
  bvh: number,
  bml: number,
  bmh: number,
): boolean {
  // prettier-ignore
  const clash = ((avl ^ bvl) & ~aml & ~bml) | ((avh ^ bvh) & ~amh & ~bmh);
  put(avl | bvl, avh | bvh, aml & bml, amh & bmh);
  return clash === 0;
}

/** A tnum that holds the words of both. */
export function tnumJoin(
  avl: number,
  avh: number,
  aml: number,
  amh: number,
  bvl: number,
  bvh: number,
  bml: number,
  bmh: number,
): void {
  // prettier-ignore
  put(avl, avh, aml | bml | (avl ^ bvl), amh | bmh | (avh ^ bvh));
}
