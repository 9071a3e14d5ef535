import { Tag, VALUE_WORDS, setPointer, setUninit } from './value';

/**
 * The state of an execution: registers, stack frames, facts, references. The one that is worked on has room for everything; kept
 * states are packed: only the stack cells that were ever touched.
 *
 *     0 depth   1 symbol of the packet's size   2 symbol of the metadata's start   3 facts   4 references
 *     8..15  cells in use, per frame
 *     16..39 references to release: id, slot that acquired it, kind
 *     40..   facts: a, b, c for v(a) - v(b) <= c
 *     then r0..r10, then the frames: r1..r9 of the caller (not in frame 0), then cells downwards from the top of the frame
 */
export const DEPTH = 0;
export const PACKET_SIZE = 1;
export const META_START = 2;
export const FACT_COUNT = 3;
export const REFERENCE_COUNT = 4;
export const USED_CELLS = 8;
export const REFERENCES = 16;
export const REFERENCE_WORDS = 3;
export const MAX_REFERENCES = 8;
export const FACTS = 40;
export const FACT_WORDS = 3;
export const MAX_FACTS = 40;
export const REGISTERS = FACTS + MAX_FACTS * FACT_WORDS;
export const FRAMES = REGISTERS + 11 * VALUE_WORDS;

export const MAX_FRAMES = 8;
/** A cell is four bytes of stack: a word of byte kinds, and room for a value. */
export const CELL_WORDS = 1 + VALUE_WORDS;
export const CELL_BYTES = 4;
export const CELLS_PER_FRAME = 128;
export const SAVED_WORDS = 9 * VALUE_WORDS;
export const FRAME_WORDS = SAVED_WORDS + CELLS_PER_FRAME * CELL_WORDS;

/** Temporary values after the frames. */
export const SCRATCH = FRAMES + MAX_FRAMES * FRAME_WORDS;
const SCRATCH_VALUES = 8;
export const WORK_WORDS = SCRATCH + SCRATCH_VALUES * VALUE_WORDS;

export const scratch = (index: number): number => SCRATCH + index * VALUE_WORDS;
export const register = (index: number): number => REGISTERS + index * VALUE_WORDS;

/** Where r1..r9 of the caller of `frame` are kept while it runs, in a state that is worked on. */
export const saved = (frame: number, index: number): number => FRAMES + frame * FRAME_WORDS + (index - 1) * VALUE_WORDS;

/** First word of a cell in a state that is worked on. Cell 0 holds the bytes at offsets -4..-1 from the frame's top. */
export const cell = (frame: number, index: number): number =>
  FRAMES + frame * FRAME_WORDS + SAVED_WORDS + index * CELL_WORDS;

/** Positions of frames in a packed state. */
export function packedFrames(packed: Int32Array, into: Int32Array): void {
  let at = FRAMES;
  for (let frame = 0; frame <= packed[DEPTH]!; frame++) {
    into[frame] = at;
    at += (frame === 0 ? 0 : SAVED_WORDS) + packed[USED_CELLS + frame]! * CELL_WORDS;
  }
}

/** First word of the saved registers of a frame that begins at `start` of a packed state. */
export const packedSaved = (start: number, index: number): number => start + (index - 1) * VALUE_WORDS;

export const packedCell = (start: number, frame: number, index: number): number =>
  start + (frame === 0 ? 0 : SAVED_WORDS) + index * CELL_WORDS;

/** A packed copy of the state worked on. */
export function pack(w: Int32Array): Int32Array {
  let size = FRAMES;
  const depth = w[DEPTH]!;
  for (let frame = 0; frame <= depth; frame++) {
    size += (frame === 0 ? 0 : SAVED_WORDS) + w[USED_CELLS + frame]! * CELL_WORDS;
  }
  const packed = new Int32Array(size);
  packed.set(w.subarray(0, FRAMES));
  let at = FRAMES;
  for (let frame = 0; frame <= depth; frame++) {
    const start = FRAMES + frame * FRAME_WORDS;
    if (frame > 0) {
      packed.set(w.subarray(start, start + SAVED_WORDS), at);
      at += SAVED_WORDS;
    }
    const words = w[USED_CELLS + frame]! * CELL_WORDS;
    packed.set(w.subarray(start + SAVED_WORDS, start + SAVED_WORDS + words), at);
    at += words;
  }
  return packed;
}

/** Makes a packed state the one worked on. */
export function unpack(packed: Int32Array, w: Int32Array): void {
  w.set(packed.subarray(0, FRAMES));
  let at = FRAMES;
  for (let frame = 0; frame <= packed[DEPTH]!; frame++) {
    const start = FRAMES + frame * FRAME_WORDS;
    if (frame > 0) {
      w.set(packed.subarray(at, at + SAVED_WORDS), start);
      at += SAVED_WORDS;
    }
    const words = packed[USED_CELLS + frame]! * CELL_WORDS;
    w.set(packed.subarray(at, at + words), start + SAVED_WORDS);
    at += words;
  }
}

/** Makes sure that cells up to `index` exist; new ones are uninitialised. */
export function useCells(w: Int32Array, frame: number, index: number): void {
  const used = w[USED_CELLS + frame]!;
  if (index < used) return;
  w.fill(0, cell(frame, used), cell(frame, index + 1));
  w[USED_CELLS + frame] = index + 1;
}

/** The state before the first instruction: r1 is the context, r10 the frame. */
export function setEntry(w: Int32Array, packetSize: number, metaStart: number): void {
  w.fill(0, 0, FRAMES);
  w[PACKET_SIZE] = packetSize;
  w[META_START] = metaStart;
  for (let index = 0; index < 10; index++) setUninit(w, register(index), -1, 0);
  setPointer(w, register(1), Tag.CTX, 0, 0, 0, 0, -1);
  setPointer(w, register(10), Tag.STACK, 0, 0, 0, 0, -1);
}

/** Calls `visit` with the position of every register and every spilled value of the state worked on, saved registers included. */
export function eachValue(w: Int32Array, visit: (at: number) => void): void {
  for (let index = 0; index < 10; index++) visit(register(index));
  for (let frame = 0; frame <= w[DEPTH]!; frame++) {
    if (frame > 0) for (let index = 1; index < 10; index++) visit(saved(frame, index));
    const used = w[USED_CELLS + frame]!;
    for (let index = 0; index < used; index++) {
      const at = cell(frame, index);
      if (hasValue(w[at]!)) visit(at + 1);
    }
  }
}

/** Whether a packed state holds a value with this tag. */
export function holdsTag(packed: Int32Array, tag: number): boolean {
  for (let index = 0; index < 10; index++) if (packed[register(index)] === tag) return true;
  let at = FRAMES;
  for (let frame = 0; frame <= packed[DEPTH]!; frame++) {
    if (frame > 0) {
      for (let index = 1; index < 10; index++) if (packed[packedSaved(at, index)] === tag) return true;
      at += SAVED_WORDS;
    }
    for (let index = 0; index < packed[USED_CELLS + frame]!; index++, at += CELL_WORDS)
      if (hasValue(packed[at]!) && packed[at + 1] === tag) return true;
  }
  return false;
}

/** Kinds of stack bytes, four bits each in the low half of a cell's first word. */
export const Byte = { UNINIT: 0, MISC: 1, ZERO: 2, VALUE: 3 } as const;

/*
 * The upper half of the first word describes the value that the cell holds: bits 16-17 its first byte inside the cell, bits 18-21
 * its width, bit 22: the cell is the upper half of an 8-byte value held by the next cell below.
 */
export const hasValue = (info: number): boolean => (info & 0x3c_0000) !== 0;
export const valueStart = (info: number): number => (info >>> 16) & 3;
export const valueWidth = (info: number): number => (info >>> 18) & 15;
export const UPPER_HALF = 0x40_0000;
export const describeValue = (start: number, width: number): number => (start << 16) | (width << 18);
export const byteKind = (info: number, byte: number): number => (info >>> (byte * 4)) & 15;
