import { Alu } from '../isa/opcode';
import { tnum, tnumAdd, tnumAnd, tnumMul, tnumOr, tnumShl, tnumShr, tnumSub, tnumXor } from './tnum';

const TWO32 = 0x1_0000_0000;
const MIN32 = -0x8000_0000;
const MAX32 = 0x7fff_ffff;

/**
 * Abstract arithmetic on low halves: known bits and 32-bit ranges at `a[to]` become those of `a[to] operation b[from]`.
 * The high half and the 64-bit ranges are left to the caller. Doubles hold every intermediate result exactly.
 */
export function arithmetic32(
  a: Int32Array,
  operation: number,
  signed: boolean,
  to: number,
  b: Int32Array,
  from: number,
): void {
  const av = a[to]!;
  const am = a[to + 2]!;
  const bv = b[from]!;
  const bm = b[from + 2]!;
  const aMin = a[to + 12]! >>> 0;
  const aMax = a[to + 13]! >>> 0;
  const bMin = b[from + 12]! >>> 0;
  const bMax = b[from + 13]! >>> 0;
  const aLow = a[to + 14]!;
  const aHigh = a[to + 15]!;
  const bLow = b[from + 14]!;
  const bHigh = b[from + 15]!;
  switch (operation) {
    case Alu.ADD:
      tnumAdd(av, 0, am, 0, bv, 0, bm, 0);
      unsigned(a, to, aMin + bMin, aMax + bMax);
      signedRange(a, to, aLow + bLow, aHigh + bHigh);
      break;
    case Alu.SUB:
      tnumSub(av, 0, am, 0, bv, 0, bm, 0);
      unsigned(a, to, aMin - bMax, aMax - bMin);
      signedRange(a, to, aLow - bHigh, aHigh - bLow);
      break;
    case Alu.MUL: {
      tnumMul(av, 0, am, 0, bv, 0, bm, 0);
      unsigned(a, to, aMin * bMin, aMax * bMax < TWO32 ? aMax * bMax : Infinity);
      const products = [aLow * bLow, aLow * bHigh, aHigh * bLow, aHigh * bHigh];
      signedRange(a, to, Math.min(...products), Math.max(...products));
      break;
    }
    case Alu.AND:
      tnumAnd(av, 0, am, 0, bv, 0, bm, 0);
      unsigned(a, to, 0, Math.min(aMax, bMax));
      signedRange(a, to, -Infinity, Infinity);
      break;
    case Alu.OR:
      tnumOr(av, 0, am, 0, bv, 0, bm, 0);
      unsigned(a, to, Math.max(aMin, bMin), TWO32 - 1);
      signedRange(a, to, -Infinity, Infinity);
      break;
    case Alu.XOR:
      tnumXor(av, 0, am, 0, bv, 0, bm, 0);
      unsigned(a, to, 0, TWO32 - 1);
      signedRange(a, to, -Infinity, Infinity);
      break;
    case Alu.DIV:
    case Alu.MOD:
      divide32(
        a,
        operation,
        signed && (aLow < 0 || bLow < 0),
        to,
        [aMin, aMax, bMin, bMax],
        [aLow, aHigh, bLow, bHigh],
      );
      return;
    default:
      shift32(a, operation, to, bm === 0, bv & 31, bMin, bMax);
      return;
  }
  a[to] = tnum[0]!;
  a[to + 2] = tnum[2]!;
}

/** Takes an exact integer range when reducing it modulo 2^32 keeps its order, else everything. */
function unsigned(a: Int32Array, to: number, min: number, max: number): void {
  const window = Math.floor(min / TWO32);
  const fits = max !== Infinity && Math.floor(max / TWO32) === window;
  a[to + 12] = fits ? (min - window * TWO32) | 0 : 0;
  a[to + 13] = fits ? (max - window * TWO32) | 0 : -1;
}

function signedRange(a: Int32Array, to: number, min: number, max: number): void {
  const fits = min >= MIN32 && max <= MAX32;
  a[to + 14] = fits ? min : MIN32;
  a[to + 15] = fits ? max : MAX32;
}

type Four = readonly [number, number, number, number];

function divide32(a: Int32Array, operation: number, signed: boolean, to: number, u: Four, s: Four): void {
  const keep = operation === Alu.MOD && (signed ? s[2] === 0 && s[3] === 0 : u[3] === 0);
  if (keep) return;
  if (!signed && operation === Alu.MOD && u[1] < u[2]) return;
  a[to] = 0;
  a[to + 2] = -1;
  if (signed) {
    const magnitude = Math.max(-s[0], s[1]);
    let limit = magnitude;
    if (operation === Alu.MOD && (s[2] > 0 || s[3] < 0)) limit = Math.min(limit, Math.max(-s[2], s[3]) - 1);
    const mod = operation === Alu.MOD;
    unsigned(a, to, 0, TWO32 - 1);
    signedRange(a, to, mod && s[0] >= 0 ? 0 : -limit, mod && s[1] <= 0 ? 0 : limit);
    return;
  }
  const [min, max, least, most] = u;
  if (operation === Alu.MOD) unsigned(a, to, 0, least === 0 ? max : Math.min(max, most - 1));
  else if (most === 0) unsigned(a, to, 0, 0);
  else unsigned(a, to, least === 0 ? 0 : Math.floor(min / most), Math.floor(max / Math.max(1, least)));
  signedRange(a, to, -Infinity, Infinity);
}

function shift32(
  a: Int32Array,
  operation: number,
  to: number,
  constant: boolean,
  amount: number,
  min: number,
  max: number,
): void {
  const inRange = max < 32;
  const least = constant ? amount : inRange ? min : 0;
  const most = constant ? amount : inRange ? max : 31;
  const value = a[to]!;
  const mask = a[to + 2]!;
  const [aMin, aMax, aLow, aHigh] = [a[to + 12]! >>> 0, a[to + 13]! >>> 0, a[to + 14]!, a[to + 15]!];
  if (least !== most) {
    a[to] = 0;
    a[to + 2] = -1;
  } else if (operation === Alu.ARSH) {
    a[to] = (value >> least) & ~(mask >> least);
    a[to + 2] = mask >> least;
  } else {
    if (operation === Alu.LSH) tnumShl(value, 0, mask, 0, least);
    else tnumShr(value, 0, mask, 0, least);
    a[to] = tnum[0]!;
    a[to + 2] = tnum[2]!;
  }
  unsigned(a, to, 0, TWO32 - 1);
  signedRange(a, to, -Infinity, Infinity);
  if (operation === Alu.LSH) {
    if (aMax * 2 ** most < TWO32) unsigned(a, to, aMin * 2 ** least, aMax * 2 ** most);
  } else if (operation === Alu.RSH) {
    unsigned(a, to, aMin >>> most, aMax >>> least);
  } else {
    signedRange(a, to, aLow >> (aLow < 0 ? least : most), aHigh >> (aHigh < 0 ? most : least));
  }
}
