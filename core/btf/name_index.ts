import { flavourStartsAt } from './name';

const UNDERSCORE = 0x5f;

/** Bytes of a name that its hash looks at: hostile names may be as long as the file, and each type may have one. */
const HASHED_BYTES = 64;

/**
 * Types by name, without decoding one of them. Names that differ in their flavour only (`x`, `x___y`) share a chain, so that one index
 * answers both an exact search and CO-RE's search for candidates.
 */
export class NameIndex {
  private readonly heads: Int32Array;
  private readonly next: Int32Array;

  /**
   * O(types).
   * @param names offset in `strings` of each type's name; 0 for none
   */
  constructor(
    private readonly names: Int32Array,
    private readonly strings: Uint8Array,
  ) {
    const count = names.length;
    let buckets = 16;
    while (buckets < count) buckets *= 2;
    this.heads = new Int32Array(buckets).fill(-1);
    this.next = new Int32Array(count);
    // From the last to the first, so that chains ascend.
    for (let index = count - 1; index >= 0; index--) {
      const at = names[index]!;
      if (at === 0) continue;
      const bucket = hash(strings, at) & (buckets - 1);
      this.next[index] = this.heads[bucket]!;
      this.heads[bucket] = index;
    }
  }

  /** Indices, ascending, of types that may have this name or a flavour of it; the caller compares. O(answers) in the mean. */
  *candidates(name: Uint8Array): Generator<number> {
    const bucket = hash(name, 0) & (this.heads.length - 1);
    for (let index = this.heads[bucket]!; index >= 0; index = this.next[index]!) {
      if (startsLike(this.strings, this.names[index]!, name)) yield index;
    }
  }
}

/** UTF-8 of an ASCII name with a terminating NUL; undefined when the name is not ASCII. */
export function asciiBytes(name: string): Uint8Array | undefined {
  const bytes = new Uint8Array(name.length + 1);
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code === 0 || code > 0x7f) return undefined;
    bytes[i] = code;
  }
  return bytes;
}

/** FNV-1a over the name up to its first possible flavour. */
function hash(bytes: Uint8Array, start: number): number {
  let value = 0x811c9dc5;
  for (let at = start; at < start + HASHED_BYTES; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte === 0) break;
    value = Math.imul(value ^ byte, 0x01000193);
    if (flavourStartsAt(bytes, at)) break;
  }
  return (value ^ (value >>> 15)) >>> 0;
}

/** Whether both names are the same up to the end of one of them or to a possible flavour. */
export function startsLike(strings: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = strings[start + i];
    if (byte !== name[i]) return byte === undefined ? false : i > 0 && (byte === UNDERSCORE || name[i] === UNDERSCORE);
    if (byte === 0) return true;
  }
  return true;
}
