import { InputError, type InputPlace } from './error';

/**
 * A view of untrusted bytes in which every read is checked. Reads outside throw {@link InputError} with `code`.
 * All offsets are bytes from the start of the view.
 */
export class ByteView {
  private readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly littleEndian: boolean,
    private readonly code: string,
    private readonly place: InputPlace = {},
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Throws unless `size` bytes at `offset` lie inside; `what` names them in the message. */
  need(offset: number, size: number, what: string): void {
    if (!(offset >= 0 && size >= 0 && offset + size <= this.bytes.length)) {
      throw new InputError(
        this.code,
        `${what} at byte ${offset} (${size} bytes) lies outside ${this.bytes.length} bytes`,
        {
          ...this.place,
          offset,
        },
      );
    }
  }

  u8(offset: number, what: string): number {
    this.need(offset, 1, what);
    return this.view.getUint8(offset);
  }

  u16(offset: number, what: string): number {
    this.need(offset, 2, what);
    return this.view.getUint16(offset, this.littleEndian);
  }

  u32(offset: number, what: string): number {
    this.need(offset, 4, what);
    return this.view.getUint32(offset, this.littleEndian);
  }

  i32(offset: number, what: string): number {
    this.need(offset, 4, what);
    return this.view.getInt32(offset, this.littleEndian);
  }

  u64(offset: number, what: string): bigint {
    this.need(offset, 8, what);
    return this.view.getBigUint64(offset, this.littleEndian);
  }

  /** A u64 that must be usable as a JavaScript number (file offsets and sizes); larger ones are refused. */
  size(offset: number, what: string): number {
    const value = this.u64(offset, what);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new InputError(this.code, `${what} at byte ${offset} is ${value}, larger than any file`, {
        ...this.place,
        offset,
      });
    }
    return Number(value);
  }

  /** The bytes themselves, not a copy. */
  slice(offset: number, size: number, what: string): Uint8Array {
    this.need(offset, size, what);
    return this.bytes.subarray(offset, offset + size);
  }

  /** A NUL-terminated UTF-8 string; malformed sequences become U+FFFD. Refused when no NUL follows. */
  string(offset: number, what: string): string {
    this.need(offset, 1, what);
    const end = this.bytes.indexOf(0, offset);
    if (end < 0) {
      throw new InputError(this.code, `${what} at byte ${offset} has no terminating NUL`, { ...this.place, offset });
    }
    return decodeUtf8(this.bytes, offset, end);
  }
}

/** Decodes `bytes[start, end)` as UTF-8; each malformed byte becomes U+FFFD. The core has no TextDecoder: it is not ECMAScript. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  let i = start;
  while (i < end) {
    const lead = bytes[i]!;
    const extra =
      lead < 0x80
        ? 0
        : lead >= 0xc2 && lead < 0xe0
          ? 1
          : lead >= 0xe0 && lead < 0xf0
            ? 2
            : lead >= 0xf0 && lead < 0xf5
              ? 3
              : -1;
    let point = extra <= 0 ? lead : lead & (0x3f >> extra);
    let good = extra >= 0 && i + extra < end;
    for (let k = 1; good && k <= extra; k++) {
      const next = bytes[i + k]!;
      good = (next & 0xc0) === 0x80;
      point = (point << 6) | (next & 0x3f);
    }
    // Overlong forms and surrogates are malformed too (RFC 3629 section 3).
    if (
      good &&
      ((extra === 2 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) ||
        (extra === 3 && (point < 0x10000 || point > 0x10ffff)))
    )
      good = false;
    text += good ? String.fromCodePoint(point) : '\ufffd';
    i += good ? extra + 1 : 1;
  }
  return text;
}
