import { Errno } from '../errno';
import { Access } from '../region';
import { KeyedMap, Update, checkFlags, type Bytes, type MapOptions } from './map';
import { ValueStorage } from './values';

/** `array`, `percpu_array`, and global data sections, which are arrays of one element. kernel/bpf/arraymap.c */
export class ArrayMap extends KeyedMap {
  readonly storage: ValueStorage;

  constructor(options: MapOptions) {
    super(options);
    const { definition, memory, index } = options;
    const global = definition.origin === 'global';
    this.storage = new ValueStorage(
      memory,
      index,
      definition.name,
      definition.valueSize,
      definition.maxEntries * this.cpus,
      global ? 'global' : 'map-value',
      definition.readOnly ? Access.READ : Access.READ | Access.WRITE,
    );
    if (definition.initial !== undefined && definition.maxEntries > 0) {
      const at = this.storage.at(0);
      if (at >= 0) memory.bytes.set(definition.initial.subarray(0, definition.valueSize), at);
    }
  }

  find(key: Bytes): number {
    const element = this.indexOf(key);
    return element < this.definition.maxEntries ? element : -1;
  }

  private indexOf({ bytes, at }: Bytes): number {
    const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
    const little = this.memory.littleEndian;
    return (little ? a | (b << 8) | (c << 16) | (d << 24) : (a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }

  update(key: Bytes, value: Bytes, flags: number, cpu: number): number {
    if (checkFlags(flags, this.hasLock) !== 0) return -Errno.EINVAL;
    const element = this.indexOf(key);
    if (element >= this.definition.maxEntries) return -Errno.E2BIG;
    if (flags & Update.NOEXIST) return -Errno.EEXIST;
    const at = this.storage.at(element * this.cpus + (this.cpus > 1 ? cpu : 0));
    if (at < 0) return -Errno.ENOMEM;
    this.memory.bytes.set(value.bytes.subarray(value.at, value.at + this.definition.valueSize), at);
    return 0;
  }

  /** Elements of an array are always there. */
  delete(): number {
    return -Errno.EINVAL;
  }

  *elements(): Generator<number> {
    for (let element = 0; element < this.definition.maxEntries; element++) yield element;
  }

  override get count(): number {
    return this.definition.maxEntries;
  }

  keyOf(element: number): Uint8Array {
    const key = new Uint8Array(4);
    new DataView(key.buffer).setUint32(0, element, this.memory.littleEndian);
    return key;
  }
}
