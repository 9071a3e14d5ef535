import { InputError } from '../input/error';
import type { Place } from './place';
import type { DebugSection } from './relocate';

/**
 * Reads a debugging section front to back. Every read is checked against `end` and throws InputError `dwarf-malformed` beyond it.
 * Offsets are bytes from the start of the section.
 */
export class Cursor {
  constructor(
    readonly section: DebugSection,
    public at = 0,
    readonly end: number = section.view.length,
  ) {
    if (!(at >= 0 && at <= end && end <= section.view.length))
      throw this.malformed(`bytes ${at} to ${end} are asked for`);
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  skip(size: number, what: string): void {
    this.take(size, what);
  }

  u8(what: string): number {
    return this.section.view.u8(this.take(1, what), what);
  }

  i8(what: string): number {
    return (this.u8(what) << 24) >> 24;
  }

  u16(what: string): number {
    return this.section.view.u16(this.take(2, what), what);
  }

  u24(what: string): number {
    const { view } = this.section;
    const at = this.take(3, what);
    const [a, b, c] = [view.u8(at, what), view.u8(at + 1, what), view.u8(at + 2, what)];
    return view.littleEndian ? a | (b << 8) | (c << 16) : (a << 16) | (b << 8) | c;
  }

  u32(what: string): number {
    return this.section.view.u32(this.take(4, what), what);
  }

  u64(what: string): bigint {
    return this.section.view.u64(this.take(8, what), what);
  }

  /** A section offset or length: 4 bytes in 32-bit DWARF, 8 in 64-bit DWARF. */
  offset(wide: boolean, what: string): number {
    return wide ? this.section.view.size(this.take(8, what), what) : this.u32(what);
  }

  /** An initial length, section 7.4: how many bytes follow, and whether this is 64-bit DWARF. */
  initialLength(what: string): { length: number; wide: boolean } {
    const short = this.u32(what);
    if (short < 0xfffffff0) return { length: short, wide: false };
    if (short !== 0xffffffff) throw this.malformed(`${what} is the reserved 0x${short.toString(16)}`);
    return { length: this.offset(true, what), wide: true };
  }

  /**
   * An address: `size` bytes, and the section that its relocation points into (0 when it has none). Values beyond 2^53, which linkers
   * write for dropped code, lose their low bits.
   */
  address(size: number, what: string): Place {
    const section = this.section.targets.get(this.at) ?? 0;
    switch (size) {
      case 8:
        return { section, offset: Number(this.u64(what)) };
      case 4:
        return { section, offset: this.u32(what) };
      default:
        throw this.malformed(`${what} has ${size} bytes`);
    }
  }

  /** An unsigned LEB128 (section 7.6) that must be usable as a JavaScript number. */
  uleb(what: string): number {
    const { bytes } = this.section.view;
    const first = this.at < this.end ? bytes[this.at]! : 0x80;
    if (first < 0x80) {
      this.at++;
      return first;
    }
    const value = this.bigUleb(what);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.malformed(`${what} is ${value}`);
    return Number(value);
  }

  /** An unsigned LEB128 of at most 64 bits; higher bits must be 0. */
  bigUleb(what: string): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8(what);
      const bits = BigInt(byte & 0x7f);
      if (shift < 64n) value |= bits << shift;
      else if (bits !== 0n) throw this.malformed(`${what} has more than 64 bits`);
      if (byte < 0x80) break;
      if (shift > 140n) throw this.malformed(`${what} has more than 20 bytes`);
    }
    if (value >> 64n !== 0n) throw this.malformed(`${what} has more than 64 bits`);
    return value;
  }

  /** A signed LEB128, cut to 64 bits. */
  sleb(what: string): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8(what);
      if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, shift < 63n ? BigInt.asIntN(Number(shift) + 7, value) : value);
      if (shift > 140n) throw this.malformed(`${what} has more than 20 bytes`);
    }
  }

  bytes(size: number, what: string): Uint8Array {
    const at = this.take(size, what);
    return this.section.view.slice(at, size, what);
  }

  /** A NUL-terminated string. */
  string(what: string): string {
    const text = this.section.view.string(this.at, what);
    this.skipString(what);
    return text;
  }

  skipString(what: string): void {
    const nul = this.section.view.bytes.indexOf(0, this.at);
    if (nul < 0 || nul >= this.end) throw this.malformed(`${what} has no terminating NUL`);
    this.at = nul + 1;
  }

  malformed(why: string): InputError {
    const { name } = this.section;
    return new InputError('dwarf-malformed', `section ${name}, byte ${this.at}: ${why}`, {
      section: name,
      offset: this.at,
    });
  }

  private take(size: number, what: string): number {
    const at = this.at;
    if (!(size >= 0 && at + size <= this.end))
      throw this.malformed(`${what} (${size} bytes) reaches beyond byte ${this.end}`);
    this.at = at + size;
    return at;
  }
}
