import { truncate } from './arithmetic';
import { setConstant, setUnsignedWidth, umax } from './scalar';
import {
  Byte,
  CELL_BYTES,
  UPPER_HALF,
  USED_CELLS,
  byteKind,
  cell,
  describeValue,
  hasValue,
  useCells,
  valueStart,
  valueWidth,
} from './state';
import type { Symbols } from './symbol';
import { tnum, tnumShr } from './tnum';
import {
  CONSTANT,
  NUMBER,
  SYMBOL,
  Tag,
  VALUE_WORDS,
  copyValue,
  hasConstant,
  isScalarZero,
  setScalarConstant,
  setScalarUnknown,
} from './value';
import { setUnknownRanges, sync } from './scalar';
import { out, shr64 } from './word64';

/*
 * The stack of a frame: bytes at offsets -512..-1 from its top, in cells of four. All offsets here are constants that lie inside the
 * frame; checks come before.
 */

const cellOf = (offset: number): number => (-offset - 1) >> 2;
const byteOf = (offset: number): number => offset & (CELL_BYTES - 1);

/** What a byte holds. */
export function kindAt(w: Int32Array, frame: number, offset: number): number {
  const index = cellOf(offset);
  return index < w[USED_CELLS + frame]! ? byteKind(w[cell(frame, index)]!, byteOf(offset)) : Byte.UNINIT;
}

/** First uninitialised byte of [from, to), or `to`. */
export function firstUninit(w: Int32Array, frame: number, from: number, to: number): number {
  for (let offset = from; offset < to; offset++) if (kindAt(w, frame, offset) === Byte.UNINIT) return offset;
  return to;
}

/** Position of the value that covers a byte, or 0. */
function valueAt(w: Int32Array, frame: number, offset: number): number {
  const index = cellOf(offset);
  if (index >= w[USED_CELLS + frame]!) return 0;
  const info = w[cell(frame, index)]!;
  if (byteKind(info, byteOf(offset)) !== Byte.VALUE) return 0;
  return cell(frame, (info & UPPER_HALF) !== 0 ? index + 1 : index) + 1;
}

/** Whether any byte of [from, to) belongs to something other than a number. */
export function holdsPointer(w: Int32Array, frame: number, from: number, to: number): boolean {
  for (let offset = from; offset < to; offset++) {
    const at = valueAt(w, frame, offset);
    if (at !== 0 && w[at] !== Tag.SCALAR) return true;
  }
  return false;
}

/** Forgets the value of a cell, if any: its bytes stay initialised. */
function dropValue(w: Int32Array, frame: number, index: number): void {
  const at = cell(frame, index);
  const info = w[at]!;
  if ((info & UPPER_HALF) !== 0) {
    dropValue(w, frame, index + 1);
    return;
  }
  if (!hasValue(info)) return;
  const kind = isScalarZero(w, at + 1) ? Byte.ZERO : Byte.MISC;
  if (valueWidth(info) === 8) w[cell(frame, index - 1)] = replaceValues(w[cell(frame, index - 1)]!, kind);
  w[at] = replaceValues(info, kind);
  w.fill(0, at + 1, at + 1 + VALUE_WORDS);
}

function replaceValues(info: number, kind: number): number {
  let kinds = info & 0xffff;
  for (let byte = 0; byte < 4; byte++) {
    if (byteKind(info, byte) === Byte.VALUE) kinds = (kinds & ~(15 << (byte * 4))) | (kind << (byte * 4));
  }
  return kinds;
}

/** Overwrites [from, to) with bytes of one kind. */
export function fillBytes(w: Int32Array, frame: number, from: number, to: number, kind: number): void {
  if (from >= to) return;
  useCells(w, frame, cellOf(from));
  for (let offset = from; offset < to; offset++) {
    const index = cellOf(offset);
    if (byteKind(w[cell(frame, index)]!, byteOf(offset)) === Byte.VALUE) dropValue(w, frame, index);
    const at = cell(frame, index);
    const shift = byteOf(offset) * 4;
    w[at] = (w[at]! & ~(15 << shift)) | (kind << shift);
  }
}

/** Something may have been written anywhere in [from, to): initialised bytes become unknown, others stay uninitialised. */
export function weaken(w: Int32Array, frame: number, from: number, to: number): void {
  for (let offset = from; offset < to; offset++) {
    const index = cellOf(offset);
    if (index >= w[USED_CELLS + frame]!) continue;
    const at = cell(frame, index);
    const kind = byteKind(w[at]!, byteOf(offset));
    if (kind === Byte.VALUE) dropValue(w, frame, index);
    const shift = byteOf(offset) * 4;
    if (kind !== Byte.UNINIT) w[at] = (w[at]! & ~(15 << shift)) | (Byte.MISC << shift);
  }
}

/** Stores the low `width` bytes of the value at `from`. A narrowed scalar becomes what a load will give: zero-extended. */
export function storeValue(
  w: Int32Array,
  symbols: Symbols,
  frame: number,
  offset: number,
  width: number,
  from: number,
): void {
  const isScalar = w[from] === Tag.SCALAR;
  const inCell = width < 8 && byteOf(offset) + width <= CELL_BYTES;
  if (isScalarZero(w, from)) {
    fillBytes(w, frame, offset, offset + width, Byte.ZERO);
    return;
  }
  if (!(width === 8 ? byteOf(offset) === 0 : inCell && isScalar)) {
    fillBytes(w, frame, offset, offset + width, Byte.MISC);
    return;
  }
  fillBytes(w, frame, offset, offset + width, Byte.MISC);
  const index = cellOf(offset);
  dropValue(w, frame, index);
  const at = cell(frame, index);
  copyValue(w, at + 1, from);
  if (width === 8) {
    w[at] = 0x3333 | describeValue(0, 8);
    w[cell(frame, index - 1)] = 0x3333 | UPPER_HALF;
    return;
  }
  let info = (w[at]! & 0xffff) | describeValue(byteOf(offset), width);
  for (let byte = byteOf(offset); byte < byteOf(offset) + width; byte++) info |= Byte.VALUE << (byte * 4);
  w[at] = info;
  cut(w, symbols, at + 1, width);
}

/** Truncates a scalar; it keeps its symbol only when nothing is cut off. */
function cut(w: Int32Array, symbols: Symbols, at: number, width: number): void {
  if (umax(w, at + NUMBER) < 2 ** (width * 8)) return;
  truncate(w, at + NUMBER, width);
  w[at + SYMBOL] = hasConstant(w, at) ? 0 : symbols.fresh();
  w[at + CONSTANT] = 0;
}

/**
 * Loads `width` initialised bytes at a constant offset into the value at `to`, zero-extended. Parts of pointers load as unknown
 * numbers. `littleEndian` decides which part of a wider value a narrow load sees.
 */
export function loadValue(
  w: Int32Array,
  symbols: Symbols,
  frame: number,
  offset: number,
  width: number,
  to: number,
  slot: number,
  littleEndian: boolean,
): void {
  const at = valueAt(w, frame, offset);
  if (at !== 0 && valueAt(w, frame, offset + width - 1) === at) {
    const info = w[at - 1]!;
    const base = startOf(w, frame, offset) + valueStart(info);
    const skip = offset - base;
    if (skip === 0 && width === valueWidth(info)) {
      copyValue(w, to, at);
      return;
    }
    if (w[at] === Tag.SCALAR && littleEndian) {
      copyValue(w, to, at);
      extract(w, symbols, to, skip, width);
      return;
    }
  }
  let zero = true;
  for (let byte = offset; byte < offset + width && zero; byte++) zero = kindAt(w, frame, byte) === Byte.ZERO;
  if (zero) {
    setScalarConstant(w, to, 0, 0, slot);
    return;
  }
  setScalarUnknown(w, to, symbols.fresh(), slot);
  setUnsignedWidth(w, to + NUMBER, width);
}

/** Offset of the first byte of the cell that holds the value covering `offset`. */
function startOf(w: Int32Array, frame: number, offset: number): number {
  const index = cellOf(offset);
  const upper = (w[cell(frame, index)]! & UPPER_HALF) !== 0;
  return -(index + (upper ? 2 : 1)) * CELL_BYTES;
}

/** The number at `at` becomes its `width` bytes from byte `skip` on. */
function extract(w: Int32Array, symbols: Symbols, at: number, skip: number, width: number): void {
  const n = at + NUMBER;
  if (hasConstant(w, at)) {
    shr64(w[n]!, w[n + 1]!, skip * 8);
    setConstant(w, n, out[0]!, out[1]!);
    truncate(w, n, width);
    return;
  }
  if (skip > 0) {
    tnumShr(w[n]!, w[n + 1]!, w[n + 2]!, w[n + 3]!, skip * 8);
    w.set(tnum, n);
    setUnknownRanges(w, n);
    sync(w, n);
    w[at + SYMBOL] = hasConstant(w, at) ? 0 : symbols.fresh();
    w[at + CONSTANT] = 0;
  }
  cut(w, symbols, at, width);
}
