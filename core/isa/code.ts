import { InputError, type InputPlace } from '../input/error';
import { BYTES_PER_SLOT, LDDW } from './opcode';

/**
 * Instructions as parallel arrays indexed by slot, so that hot loops touch plain numbers and allocate nothing.
 *
 *     byte 0    byte 1           bytes 2-3   bytes 4-7
 *     opcode    dst:4 src:4 *    offset      imm          * low nibble is dst when little-endian, src when big-endian
 *
 * An `lddw` takes two slots: the second has opcode, dst, src and offset 0 and holds the high half in `imm` (RFC 9669 section 3.2).
 */
export interface Code {
  /** Number of slots. */
  readonly length: number;
  readonly opcode: Uint8Array;
  readonly dst: Uint8Array;
  readonly src: Uint8Array;
  readonly offset: Int16Array;
  readonly imm: Int32Array;
}

/** Code with room for `slots` slots, all zero. */
export function emptyCode(slots: number): Code {
  return {
    length: slots,
    opcode: new Uint8Array(slots),
    dst: new Uint8Array(slots),
    src: new Uint8Array(slots),
    offset: new Int16Array(slots),
    imm: new Int32Array(slots),
  };
}

/**
 * Splits bytes into slots without judging them (see validity.ts). O(slots).
 * @throws InputError `code-size` when the byte length is not a multiple of 8.
 */
export function decode(bytes: Uint8Array, littleEndian = true, place: InputPlace = {}): Code {
  if (bytes.length % BYTES_PER_SLOT !== 0) {
    throw new InputError('code-size', `${bytes.length} bytes of code are not a multiple of ${BYTES_PER_SLOT}`, place);
  }
  const code = emptyCode(bytes.length / BYTES_PER_SLOT);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let slot = 0, at = 0; slot < code.length; slot++, at += BYTES_PER_SLOT) {
    const registers = view.getUint8(at + 1);
    code.opcode[slot] = view.getUint8(at);
    code.dst[slot] = littleEndian ? registers & 15 : registers >> 4;
    code.src[slot] = littleEndian ? registers >> 4 : registers & 15;
    code.offset[slot] = view.getInt16(at + 2, littleEndian);
    code.imm[slot] = view.getInt32(at + 4, littleEndian);
  }
  return code;
}

/** The inverse of {@link decode}: 8 bytes a slot. */
export function encode(code: Code, littleEndian = true): Uint8Array {
  const bytes = new Uint8Array(code.length * BYTES_PER_SLOT);
  const view = new DataView(bytes.buffer);
  for (let slot = 0, at = 0; slot < code.length; slot++, at += BYTES_PER_SLOT) {
    const dst = code.dst[slot]!;
    const src = code.src[slot]!;
    view.setUint8(at, code.opcode[slot]!);
    view.setUint8(at + 1, littleEndian ? (src << 4) | dst : (dst << 4) | src);
    view.setInt16(at + 2, code.offset[slot]!, littleEndian);
    view.setInt32(at + 4, code.imm[slot]!, littleEndian);
  }
  return bytes;
}

/** Slots `[start, start + length)` as code of their own (copies). */
export function sliceCode(code: Code, start: number, length: number): Code {
  return {
    length,
    opcode: code.opcode.slice(start, start + length),
    dst: code.dst.slice(start, start + length),
    src: code.src.slice(start, start + length),
    offset: code.offset.slice(start, start + length),
    imm: code.imm.slice(start, start + length),
  };
}

/** How many slots the instruction at `slot` takes: 2 for `lddw`, else 1. */
export function slotsAt(code: Code, slot: number): 1 | 2 {
  return code.opcode[slot] === LDDW ? 2 : 1;
}
