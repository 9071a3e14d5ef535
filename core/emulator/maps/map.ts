import type { MapDefinition } from '../../object/object';
import { Errno } from '../errno';
import type { Memory } from '../memory';
import { Access, type Region } from '../region';
import type { ValueStorage } from './values';

/** `flags` of an update, include/uapi/linux/bpf.h. */
export const Update = { ANY: 0, NOEXIST: 1, EXIST: 2, LOCK: 4 } as const;

/** One element for the outside: copies. */
export interface MapEntry {
  readonly key: Uint8Array;
  /** One value, or one for each CPU. */
  readonly values: readonly Uint8Array[];
}

/** Where a map finds keys and values that it is given. */
export interface Bytes {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** What a map is made from. */
export interface MapOptions {
  readonly definition: MapDefinition;
  /** The platform's name of the type, `percpu_hash`. */
  readonly type: string;
  readonly index: number;
  readonly memory: Memory;
  readonly cpus: number;
  /** The value has a `struct bpf_spin_lock`: only then may an update ask for BPF_F_LOCK. */
  readonly hasLock: boolean;
}

/**
 * A map. Programs hold its {@link handle}; elements are numbers that the kinds of maps give out. Operations answer 0 or a negated error
 * number as the kernel's do (kernel/bpf/hashtab.c, arraymap.c, lpm_trie.c, queue_stack_maps.c).
 */
export abstract class EmulatedMap {
  readonly definition: MapDefinition;
  readonly type: string;
  readonly index: number;
  readonly cpus: number;
  readonly hasLock: boolean;
  readonly handle: Region;
  /** Values that programs may point to; undefined for maps without any. */
  readonly storage: ValueStorage | undefined = undefined;
  protected readonly memory: Memory;

  constructor(options: MapOptions) {
    this.definition = options.definition;
    this.type = options.type;
    this.index = options.index;
    this.memory = options.memory;
    this.hasLock = options.hasLock;
    this.cpus = options.type.includes('percpu') ? options.cpus : 1;
    this.handle = this.memory.addRegion({
      kind: 'map',
      name: options.definition.name,
      size: 0,
      heap: 0,
      access: Access.NONE,
      owner: options.index,
    });
  }

  get name(): string {
    return this.definition.name;
  }

  /** Elements in use. */
  get count(): number {
    return 0;
  }

  /** All elements for the outside, copied one by one; none for maps that only pass things on. */
  entries(): Iterable<MapEntry> {
    return [];
  }
}

/** A map whose elements have keys, and values that are bytes: element n has the values n x cpus to n x cpus + cpus - 1 of the storage. */
export abstract class KeyedMap extends EmulatedMap {
  abstract override readonly storage: ValueStorage;

  /** Number of the element with that key, -1 when there is none. */
  abstract find(key: Bytes): number;

  /** @param cpu whose value is written; the others of a new element become zero */
  abstract update(key: Bytes, value: Bytes, flags: number, cpu: number): number;

  abstract delete(key: Bytes): number;

  /** Elements in use, ascending. */
  abstract elements(): Iterable<number>;

  /** The key of an element in use, copied. */
  abstract keyOf(element: number): Uint8Array;

  /** An element for the outside, copied. */
  entry(element: number): MapEntry {
    const values: Uint8Array[] = [];
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const value = element * this.cpus + cpu;
      const at = this.storage.isTouched(value) ? this.storage.at(value) : -1;
      const size = this.definition.valueSize;
      values.push(at < 0 ? new Uint8Array(size) : this.memory.bytes.slice(at, at + size));
    }
    return { key: this.keyOf(element), values };
  }

  override *entries(): Generator<MapEntry> {
    for (const element of this.elements()) yield this.entry(element);
  }
}

/** Judges `flags` of an update on an array or hash: 0 or -EINVAL. */
export function checkFlags(flags: number, hasLock: boolean): number {
  if ((flags & ~Update.LOCK) > Update.EXIST || flags < 0) return -Errno.EINVAL;
  return flags & Update.LOCK && !hasLock ? -Errno.EINVAL : 0;
}
