import { isSmall } from './arithmetic';
import { meet, shiftRanges, copyScalar } from './scalar';
import {
  DEPTH,
  META_START,
  PACKET_SIZE,
  REFERENCES,
  REFERENCE_COUNT,
  REFERENCE_WORDS,
  USED_CELLS,
  cell,
  eachValue,
  hasValue,
  register,
  saved,
  scratch,
} from './state';
import type { Symbols } from './symbol';
import { addFact } from './fact';
import { CONSTANT, FLAGS, ID, Loss, NULLABLE, NUMBER, REGION, SYMBOL, TAG, Tag, setUninit } from './value';

/*
 * What is learned about one value holds for all values that are known to be the same: copies, spills, and values derived from it by
 * adding constants.
 */

/**
 * Bounds on the packet that programs may rely on. Linear socket buffers may exceed 64 KiB, but no allocator gives 4 MiB. Metadata
 * lies in the headroom; a driver without metadata gives data + 1, so that no comparison succeeds (xdp_data_meta_unsupported).
 */
export const MAX_PACKET = 0x3f_ffff;
export const MAX_META = 0x1000;

/** Makes new symbols for the packet's size and the start of its metadata, if there is a packet (its symbol is not 0). */
export function renewPacket(w: Int32Array, symbols: Symbols): void {
  // Programs without a packet have no use for facts about it.
  if (w[PACKET_SIZE] === 0) return;
  const size = symbols.fresh();
  const meta = symbols.fresh();
  w[PACKET_SIZE] = size;
  w[META_START] = meta;
  addFact(w, symbols, size, 0, MAX_PACKET);
  addFact(w, symbols, 0, size, 0);
  addFact(w, symbols, meta, 0, 1);
  addFact(w, symbols, 0, meta, MAX_META);
}

/** Gives everything with the same symbol as the value at `at` its new range. False when that is impossible. */
export function propagate(w: Int32Array, at: number): boolean {
  const symbol = w[at + SYMBOL]!;
  return symbol === 0 || spread(w, at, symbol);
}

function spread(w: Int32Array, at: number, symbol: number): boolean {
  for (let index = 0; index < 10; index++) if (!refine(w, register(index), at, symbol)) return false;
  for (let frame = 0; frame <= w[DEPTH]!; frame++) {
    if (frame > 0)
      for (let index = 1; index < 10; index++) if (!refine(w, saved(frame, index), at, symbol)) return false;
    const used = w[USED_CELLS + frame]!;
    for (let index = 0; index < used; index++) {
      const position = cell(frame, index);
      if (hasValue(w[position]!) && !refine(w, position + 1, at, symbol)) return false;
    }
  }
  return true;
}

function refine(w: Int32Array, target: number, source: number, symbol: number): boolean {
  if (w[target + SYMBOL] !== symbol || target === source) return true;
  const delta = w[target + CONSTANT]! - w[source + CONSTANT]!;
  if (delta === 0) return meet(w, target + NUMBER, source + NUMBER);
  // A widened range may be larger than what the term allows; shifting it could wrap.
  if (!isSmall(w, source + NUMBER)) return true;
  const room = scratch(7) + NUMBER;
  copyScalar(w, room, source + NUMBER);
  shiftRanges(w, room, delta);
  return meet(w, target + NUMBER, room);
}

/** All pointers of this instance are not null after all. */
export function markNonNull(w: Int32Array, id: number): void {
  eachValue(w, (at) => {
    if (w[at + ID] === id) w[at + FLAGS] = w[at + FLAGS]! & ~NULLABLE;
  });
}

/** The pointer that this instance stands for is null: what was derived from it is its offset as a number. */
export function markNull(w: Int32Array, id: number): void {
  eachValue(w, (at) => {
    if (w[at + ID] !== id) return;
    w[at + TAG] = Tag.SCALAR;
    w[at + REGION] = w[at + ID] = w[at + FLAGS] = 0;
  });
  dropReference(w, id);
}

/** All packet pointers become stale; `slot` is the call that moved the packet. */
export function invalidatePacket(w: Int32Array, symbols: Symbols, slot: number): void {
  eachValue(w, (at) => {
    if (w[at + TAG] !== Tag.PACKET) return;
    w[at + TAG] = Tag.STALE;
    w[at + REGION] = slot;
  });
  renewPacket(w, symbols);
}

/** The referenced object is gone; `slot` is the call that released it. */
export function release(w: Int32Array, id: number, slot: number): void {
  eachValue(w, (at) => {
    if (w[at + ID] !== id) return;
    w[at + TAG] = Tag.RELEASED;
    w[at + REGION] = slot;
    w[at + ID] = w[at + FLAGS] = 0;
  });
  dropReference(w, id);
}

/** Pointers into a frame that has returned mean nothing. */
export function forgetFrame(w: Int32Array, frame: number, slot: number): void {
  eachValue(w, (at) => {
    if (w[at + TAG] === Tag.STACK && w[at + REGION] === frame) setUninit(w, at, slot, Loss.CALLED);
  });
}

export function hasReference(w: Int32Array, id: number): boolean {
  const end = REFERENCES + w[REFERENCE_COUNT]! * REFERENCE_WORDS;
  for (let at = REFERENCES; at < end; at += REFERENCE_WORDS) if (w[at] === id) return true;
  return false;
}

function dropReference(w: Int32Array, id: number): void {
  const count = w[REFERENCE_COUNT]!;
  const end = REFERENCES + count * REFERENCE_WORDS;
  for (let at = REFERENCES; at < end; at += REFERENCE_WORDS) {
    if (w[at] !== id) continue;
    w.copyWithin(at, at + REFERENCE_WORDS, end);
    w[REFERENCE_COUNT] = count - 1;
    return;
  }
}
