import { Errno } from '../errno';
import { KeyedMap, Update, checkFlags, type Bytes, type MapOptions } from './map';
import { ValueStorage } from './values';

const NONE = -1;

/**
 * `hash`, `percpu_hash`, `lru_hash`, `lru_percpu_hash`: open addressing with linear probing over element numbers. Deleted elements keep
 * their bytes until they are given out again, last deleted first, so that pointers to them stay readable as in the kernel.
 *
 * LRU is exact here: when full, the element that was looked up or updated longest ago goes. (The kernel approximates it in batches:
 * kernel/bpf/bpf_lru_list.c.) Elements are walked in the order of their numbers; the kernel's order is that of its buckets.
 */
export class HashMap extends KeyedMap {
  readonly storage: ValueStorage;
  private readonly evicts: boolean;
  /** Element + 1 by bucket, 0 when free. A power of two long, at most half full. */
  private table = new Int32Array(16);
  private keys = new Uint8Array(0);
  private inUse = new Uint8Array(16);
  private readonly freed: number[] = [];
  private next = 0;
  private used = 0;
  /** For LRU: neighbours towards newer and older. */
  private newer = new Int32Array(0);
  private older = new Int32Array(0);
  private newest = NONE;
  private oldest = NONE;

  constructor(options: MapOptions) {
    super(options);
    const { definition, memory, index } = options;
    this.evicts = this.type.startsWith('lru');
    this.storage = new ValueStorage(
      memory,
      index,
      definition.name,
      definition.valueSize,
      definition.maxEntries * this.cpus,
    );
  }

  override get count(): number {
    return this.used;
  }

  find(key: Bytes): number {
    const element = this.table[this.bucket(key)]! - 1;
    if (element >= 0 && this.evicts) this.touch(element);
    return element;
  }

  /** The bucket that holds the key, or the free one where it would go. */
  private bucket({ bytes, at }: Bytes): number {
    const { keySize } = this.definition;
    const mask = this.table.length - 1;
    let bucket = hash(bytes, at, keySize) & mask;
    for (;;) {
      const element = this.table[bucket]! - 1;
      if (element < 0 || this.hasKey(element, bytes, at)) return bucket;
      bucket = (bucket + 1) & mask;
    }
  }

  private hasKey(element: number, bytes: Uint8Array, at: number): boolean {
    const { keySize } = this.definition;
    const own = element * keySize;
    for (let i = 0; i < keySize; i++) if (this.keys[own + i] !== bytes[at + i]) return false;
    return true;
  }

  update(key: Bytes, value: Bytes, flags: number, cpu: number): number {
    if (checkFlags(flags, this.hasLock) !== 0) return -Errno.EINVAL;
    let element = this.table[this.bucket(key)]! - 1;
    if (element >= 0 && flags & Update.NOEXIST) return -Errno.EEXIST;
    if (element < 0 && flags & Update.EXIST) return -Errno.ENOENT;
    const fresh = element < 0;
    if (fresh) {
      element = this.take();
      if (element < 0) return element;
      this.insert(element, key);
    } else if (this.evicts) this.touch(element);
    return this.store(element, value, cpu, fresh);
  }

  private store(element: number, value: Bytes, cpu: number, fresh: boolean): number {
    const { valueSize } = this.definition;
    for (let each = 0; each < this.cpus; each++) {
      const written = this.cpus === 1 || each === cpu;
      if (!written && !fresh) continue;
      const at = this.storage.at(element * this.cpus + each);
      if (at < 0) return this.giveUp(element, fresh);
      if (written) this.memory.bytes.set(value.bytes.subarray(value.at, value.at + valueSize), at);
      else this.memory.bytes.fill(0, at, at + valueSize);
    }
    return 0;
  }

  private giveUp(element: number, fresh: boolean): number {
    if (fresh) this.remove(this.bucket({ bytes: this.keys, at: element * this.definition.keySize }));
    return -Errno.ENOMEM;
  }

  /** A free element number, or a negated error number. */
  private take(): number {
    if (this.used >= this.definition.maxEntries) {
      if (!this.evicts || this.oldest === NONE) return -Errno.E2BIG;
      const at = this.oldest * this.definition.keySize;
      this.remove(this.bucket({ bytes: this.keys, at }));
    }
    return this.freed.pop() ?? this.next++;
  }

  private insert(element: number, { bytes, at }: Bytes): void {
    const { keySize } = this.definition;
    this.grow(element);
    this.keys.set(bytes.subarray(at, at + keySize), element * keySize);
    this.inUse[element] = 1;
    this.used++;
    if (this.used * 2 > this.table.length) this.rehash();
    this.table[this.bucket({ bytes: this.keys, at: element * keySize })] = element + 1;
    if (this.evicts) this.link(element);
  }

  private grow(element: number): void {
    const { keySize } = this.definition;
    if ((element + 1) * keySize > this.keys.length) {
      const keys = new Uint8Array(Math.max(64, keySize, this.keys.length) * 2);
      keys.set(this.keys);
      this.keys = keys;
    }
    if (element >= this.inUse.length) {
      const inUse = new Uint8Array(this.inUse.length * 2);
      inUse.set(this.inUse);
      this.inUse = inUse;
    }
    if (this.evicts && element >= this.newer.length) {
      this.newer = grown(this.newer);
      this.older = grown(this.older);
    }
  }

  private rehash(): void {
    this.table = new Int32Array(this.table.length * 2);
    const { keySize } = this.definition;
    const mask = this.table.length - 1;
    for (let element = 0; element < this.next; element++) {
      if (!this.inUse[element]) continue;
      let bucket = hash(this.keys, element * keySize, keySize) & mask;
      while (this.table[bucket] !== 0) bucket = (bucket + 1) & mask;
      this.table[bucket] = element + 1;
    }
  }

  delete(key: Bytes): number {
    const bucket = this.bucket(key);
    if (this.table[bucket] === 0) return -Errno.ENOENT;
    this.remove(bucket);
    return 0;
  }

  /** Empties a bucket and moves later ones of its run up, so that no search stops early. */
  private remove(bucket: number): void {
    const { keySize } = this.definition;
    const element = this.table[bucket]! - 1;
    const mask = this.table.length - 1;
    let hole = bucket;
    for (let probe = (hole + 1) & mask; this.table[probe] !== 0; probe = (probe + 1) & mask) {
      const home = hash(this.keys, (this.table[probe]! - 1) * keySize, keySize) & mask;
      if (((probe - home) & mask) < ((probe - hole) & mask)) continue;
      this.table[hole] = this.table[probe]!;
      hole = probe;
    }
    this.table[hole] = 0;
    this.inUse[element] = 0;
    this.used--;
    this.freed.push(element);
    if (this.evicts) this.unlink(element);
  }

  private link(element: number): void {
    this.newer[element] = NONE;
    this.older[element] = this.newest;
    if (this.newest !== NONE) this.newer[this.newest] = element;
    this.newest = element;
    if (this.oldest === NONE) this.oldest = element;
  }

  private unlink(element: number): void {
    const newer = this.newer[element]!;
    const older = this.older[element]!;
    if (newer === NONE) this.newest = older;
    else this.older[newer] = older;
    if (older === NONE) this.oldest = newer;
    else this.newer[older] = newer;
  }

  private touch(element: number): void {
    if (this.newest === element) return;
    this.unlink(element);
    this.link(element);
  }

  *elements(): Generator<number> {
    for (let element = 0; element < this.next; element++) if (this.inUse[element]) yield element;
  }

  keyOf(element: number): Uint8Array {
    const { keySize } = this.definition;
    return this.keys.slice(element * keySize, (element + 1) * keySize);
  }
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(Math.max(16, array.length * 2));
  longer.set(array);
  return longer;
}

/** FNV-1a with a final mix; only its spread matters. */
function hash(bytes: Uint8Array, at: number, length: number): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < length; i++) value = Math.imul(value ^ bytes[at + i]!, 0x01000193);
  value ^= value >>> 15;
  return Math.imul(value, 0x2c1b3c6d) >>> 1;
}
