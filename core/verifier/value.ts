import { SCALAR_WORDS, isConstant, isZero, setConstant, setNumber, setUnknown } from './scalar';
import { signedNumber } from './word64';

/**
 * An abstract value: 24 words at some position of a state.
 *
 *     0 tag   1 region   2 id   3 flags   4 symbol   5 constant   6..21 number (see scalar.ts)   22 where defined   23 what was lost
 *
 * A scalar is its number. A pointer is a region, an instance id, and the number as offset from the region's start.
 * `symbol` and `constant` are the linear term: the number, read as signed, is exactly v(symbol) + constant, where v(symbol) is one
 * integer wherever the symbol occurs in a state. Symbol 0 means no term (constants need none).
 */
export const TAG = 0;
export const REGION = 1;
export const ID = 2;
export const FLAGS = 3;
export const SYMBOL = 4;
export const CONSTANT = 5;
export const NUMBER = 6;
export const DEFINED = NUMBER + SCALAR_WORDS;
export const LOSS = DEFINED + 1;
export const VALUE_WORDS = LOSS + 1;

/** Kinds of values. `region` and `id` mean what stands behind each. */
export const Tag = {
  /** Nothing may be done with it. */
  UNINIT: 0,
  SCALAR: 1,
  CTX: 2,
  /** region: frame number. The number is the offset from the frame's top, so negative. */
  STACK: 3,
  /** The number is the offset from `data`. */
  PACKET: 4,
  /** region: map index; id: the lookup that gave it. */
  MAP_VALUE: 5,
  /** A map itself; region: map index; id: lookup of an inner map. */
  MAP: 6,
  /** Memory of known size; region: bytes; id: reference to release, if any. */
  MEM: 7,
  /** region: function index. */
  FUNCTION: 8,
  /** id: reference to release. */
  SOCKET: 9,
  /** A kernel address about which nothing is modelled. */
  KERNEL: 10,
  /** Key given to a callback; region: map index. */
  MAP_KEY: 11,
  /** Packet pointer from before the packet changed; region: slot of the call that changed it. */
  STALE: 12,
  /** What was released; region: slot of the call that released it. */
  RELEASED: 13,
  /** Already reported as wrong: any further use is accepted silently. */
  REPORTED: 14,
} as const;

/** Bit of `flags`: the pointer may be null. */
export const NULLABLE = 1;

/** Why knowledge about a value was lost. */
export const Loss = { NONE: 0, JOINED: 1, WIDENED: 2, MIXED: 3, CALLED: 4, STACK: 5, REPORTED: 6 } as const;

export const isPointer = (tag: number): boolean => tag >= Tag.CTX && tag <= Tag.RELEASED;

export function copyValue(w: Int32Array, to: number, from: number): void {
  w.copyWithin(to, from, from + VALUE_WORDS);
}

export function setUninit(w: Int32Array, at: number, defined: number, loss: number): void {
  w.fill(0, at, at + VALUE_WORDS);
  w[at + DEFINED] = defined;
  w[at + LOSS] = loss;
}

/** A scalar whose number the caller fills in or has filled in. */
export function setScalarTag(w: Int32Array, at: number, symbol: number, defined: number): void {
  w[at] = Tag.SCALAR;
  w[at + 1] = w[at + 2] = w[at + 3] = 0;
  w[at + 4] = symbol;
  w[at + 5] = 0;
  w[at + 22] = defined;
  w[at + 23] = 0;
}

export function setScalarConstant(w: Int32Array, at: number, low: number, high: number, defined: number): void {
  setScalarTag(w, at, 0, defined);
  setConstant(w, at + NUMBER, low, high);
}

export function setScalarUnknown(w: Int32Array, at: number, symbol: number, defined: number): void {
  setScalarTag(w, at, symbol, defined);
  setUnknown(w, at + NUMBER);
}

/** A pointer with a constant offset. */
export function setPointer(
  w: Int32Array,
  at: number,
  tag: number,
  region: number,
  id: number,
  flags: number,
  offset: number,
  defined: number,
): void {
  w[at] = tag;
  w[at + 1] = region;
  w[at + 2] = id;
  w[at + 3] = flags;
  w[at + 4] = w[at + 5] = 0;
  setNumber(w, at + NUMBER, offset);
  w[at + 22] = defined;
  w[at + 23] = 0;
}

export const isNullable = (w: Int32Array, at: number): boolean => (w[at + FLAGS]! & NULLABLE) !== 0;

export const isScalarZero = (w: Int32Array, at: number): boolean => w[at] === Tag.SCALAR && isZero(w, at + NUMBER);

export const hasConstant = (w: Int32Array, at: number): boolean => isConstant(w, at + NUMBER);

/** The constant as a signed double; call only when {@link hasConstant}. */
export const constantOf = (w: Int32Array, at: number): number => signedNumber(w[at + NUMBER]!, w[at + NUMBER + 1]!);
