import { Errno } from '../errno';
import { KeyedMap, Update, type Bytes, type MapOptions } from './map';
import { ValueStorage } from './values';

/**
 * `lpm_trie`: keys are a 32-bit prefix length and then the bytes of the prefix, most significant bit first. kernel/bpf/lpm_trie.c.
 * One hash table of prefixes for each length that is in use; a lookup tries the lengths from long to short.
 */
export class LpmTrie extends KeyedMap {
  readonly storage: ValueStorage;
  private readonly maxPrefix: number;
  private readonly byLength = new Map<number, Map<string, number>>();
  /** Lengths in use, descending. */
  private lengths: number[] = [];
  private readonly keys = new Map<number, Uint8Array>();
  private readonly freed: number[] = [];
  private next = 0;

  constructor(options: MapOptions) {
    super(options);
    const { definition, memory, index } = options;
    this.maxPrefix = Math.max(0, definition.keySize - 4) * 8;
    this.storage = new ValueStorage(memory, index, definition.name, definition.valueSize, definition.maxEntries);
  }

  override get count(): number {
    return this.keys.size;
  }

  private prefixOf({ bytes, at }: Bytes): number {
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, this.memory.littleEndian);
  }

  /** The first `length` bits behind the prefix length, as a string that equals only for equal bits. */
  private bits({ bytes, at }: Bytes, length: number): string {
    let text = '';
    for (let i = 0; i < length >> 3; i++) text += String.fromCharCode(bytes[at + 4 + i]!);
    const rest = length & 7;
    if (rest > 0) text += String.fromCharCode(bytes[at + 4 + (length >> 3)]! & (0xff00 >> rest));
    return text;
  }

  find(key: Bytes): number {
    const wanted = this.prefixOf(key);
    if (wanted > this.maxPrefix) return -1;
    for (const length of this.lengths) {
      if (length > wanted) continue;
      const element = this.byLength.get(length)?.get(this.bits(key, length));
      if (element !== undefined) return element;
    }
    return -1;
  }

  update(key: Bytes, value: Bytes, flags: number): number {
    const length = this.prefixOf(key);
    if (flags > Update.EXIST || flags < 0 || length > this.maxPrefix) return -Errno.EINVAL;
    const bits = this.bits(key, length);
    let element = this.byLength.get(length)?.get(bits);
    if (element !== undefined && flags === Update.NOEXIST) return -Errno.EEXIST;
    if (element === undefined) {
      if (flags === Update.EXIST) return -Errno.ENOENT;
      if (this.keys.size >= this.definition.maxEntries) return -Errno.ENOSPC;
    }
    const fresh = element === undefined;
    element ??= this.freed.pop() ?? this.next++;
    const at = this.storage.at(element);
    if (at < 0) {
      if (fresh) this.freed.push(element);
      return -Errno.ENOMEM;
    }
    this.memory.bytes.set(value.bytes.subarray(value.at, value.at + this.definition.valueSize), at);
    if (!this.byLength.has(length)) {
      this.byLength.set(length, new Map());
      this.lengths = [...this.byLength.keys()].sort((a, b) => b - a);
    }
    this.byLength.get(length)!.set(bits, element);
    this.keys.set(element, key.bytes.slice(key.at, key.at + this.definition.keySize));
    return 0;
  }

  delete(key: Bytes): number {
    const length = this.prefixOf(key);
    if (length > this.maxPrefix) return -Errno.EINVAL;
    const bits = this.bits(key, length);
    const prefixes = this.byLength.get(length);
    const element = prefixes?.get(bits);
    if (prefixes === undefined || element === undefined) return -Errno.ENOENT;
    prefixes.delete(bits);
    if (prefixes.size === 0) {
      this.byLength.delete(length);
      this.lengths = this.lengths.filter((other) => other !== length);
    }
    this.keys.delete(element);
    this.freed.push(element);
    return 0;
  }

  elements(): Iterable<number> {
    return [...this.keys.keys()].sort((a, b) => a - b);
  }

  keyOf(element: number): Uint8Array {
    return this.keys.get(element)?.slice() ?? new Uint8Array(this.definition.keySize);
  }
}
