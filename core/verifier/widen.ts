import { slotsAt, type Code } from '../isa/code';
import { Class } from '../isa/opcode';
import { UMIN, setUnknownRanges, sync } from './scalar';
import { bitLength, fromNumber, out, slt } from './word64';

/**
 * Numbers that loops are likely to stop at, ascending: the program's own constants and their neighbours, and the sizes of the
 * number formats. Widening jumps from one to the next.
 */
export function thresholds(code: Code, sizes: readonly number[]): Float64Array {
  const found = new Set<number>([
    -1, 0, 1, 0xff, 0x100, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000,
  ]);
  for (let bits = 1; bits <= 20; bits++) found.add(2 ** bits);
  for (let slot = 0; slot < code.length; slot += slotsAt(code, slot)) {
    const cls = code.opcode[slot]! & 7;
    if (cls === Class.LDX || cls === Class.STX) continue;
    const imm = code.imm[slot]!;
    for (const value of [imm - 1, imm, imm + 1]) found.add(value);
    if (imm < 0) found.add(imm >>> 0);
  }
  for (const size of sizes) for (const value of [size - 1, size, size + 1]) found.add(value);
  return Float64Array.from(found).sort();
}

const before = new Int32Array(16);

/**
 * `j` at `at` is a join of the number `o` at `from` with another; where it grew beyond `o` it jumps to the next threshold, so that
 * a number can only grow a bounded number of times.
 */
export function widenNumber(j: Int32Array, at: number, o: Int32Array, from: number, limits: Float64Array): void {
  for (let k = 0; k < 16; k++) before[k] = j[at + k]!;
  const grewLow = slt(j[at + 8]!, j[at + 9]!, o[from + 8]!, o[from + 9]!);
  const grewHigh = slt(o[from + 10]!, o[from + 11]!, j[at + 10]!, j[at + 11]!);
  let unchanged = !grewLow && !grewHigh;
  for (let k = UMIN; k < 16 && unchanged; k++) unchanged = k >= 8 && k < 12 ? true : j[at + k] === o[from + k];
  widenBits(j, at, o, from);
  if (unchanged) return;
  setUnknownRanges(j, at);
  for (let k = 8; k < 12; k++) j[at + k] = before[k]!;
  if (grewLow) lower(j, at + 8, limits);
  if (grewHigh) raise(j, at + 10, limits);
  // Unsigned ranges that did not grow stay.
  for (const k of [4, 6, 12, 13, 14, 15]) {
    const same = before[k] === o[from + k] && (k >= 8 || before[k + 1] === o[from + k + 1]);
    if (!same) continue;
    j[at + k] = before[k]!;
    if (k < 8) j[at + k + 1] = before[k + 1]!;
  }
  sync(j, at);
}

/** Bits above the lowest one that became unknown are unknown too: the stride of a counter survives, its value does not. */
function widenBits(j: Int32Array, at: number, o: Int32Array, from: number): void {
  const low = j[at + 2]! & ~o[from + 2]!;
  const high = j[at + 3]! & ~o[from + 3]!;
  if ((low | high) === 0) return;
  const lowest = low !== 0 ? bitLength(low & -low, 0) - 1 : 31 + bitLength(high & -high, 0);
  if (lowest < 32) j[at + 2] = j[at + 2]! | (-1 << lowest);
  j[at + 3] = lowest < 32 ? -1 : j[at + 3]! | (-1 << (lowest - 32));
  j[at] = j[at]! & ~j[at + 2]!;
  j[at + 1] = j[at + 1]! & ~j[at + 3]!;
}

function raise(j: Int32Array, at: number, limits: Float64Array): void {
  for (const limit of limits) {
    fromNumber(limit);
    if (slt(out[0]!, out[1]!, j[at]!, j[at + 1]!)) continue;
    j[at] = out[0]!;
    j[at + 1] = out[1]!;
    return;
  }
  j[at] = -1;
  j[at + 1] = 0x7fff_ffff;
}

function lower(j: Int32Array, at: number, limits: Float64Array): void {
  for (let k = limits.length - 1; k >= 0; k--) {
    fromNumber(limits[k]!);
    if (slt(j[at]!, j[at + 1]!, out[0]!, out[1]!)) continue;
    j[at] = out[0]!;
    j[at + 1] = out[1]!;
    return;
  }
  j[at] = 0;
  j[at + 1] = -0x8000_0000;
}
