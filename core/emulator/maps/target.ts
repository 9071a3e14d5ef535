import type { Program } from '../../object/object';
import type { Bytes, MapOptions } from './map';
import { EmulatedMap } from './map';
import { ArrayMap } from './array';
import { HashMap } from './hash';

/** `prog_array`: programs by index. User space fills it; programs only jump through it. */
export class ProgramArray extends EmulatedMap {
  private readonly targets = new Map<number, Program>();

  override get count(): number {
    return this.targets.size;
  }

  target(index: number): Program | undefined {
    return this.targets.get(index);
  }

  setTarget(index: number, program: Program): void {
    this.targets.set(index, program);
  }

  /** Slots in use with the names of their programs. */
  *names(): Generator<readonly [number, string]> {
    for (const [index, program] of this.targets) yield [index, program.name];
  }
}

/** `array_of_maps` and `hash_of_maps`: a value is the index of a map in the machine. User space fills them. */
export class MapOfMaps extends EmulatedMap {
  /** Keys to elements; values hold the index of the inner map plus one, 0 for none. */
  private readonly keys: ArrayMap | HashMap;
  private readonly inner = new Map<number, number>();

  constructor(options: MapOptions) {
    super(options);
    const definition = { ...options.definition, valueSize: 4, initial: undefined };
    const inside = { ...options, definition };
    this.keys = this.type.startsWith('array') ? new ArrayMap(inside) : new HashMap(inside);
  }

  override get count(): number {
    return this.inner.size;
  }

  /** Index of the inner map, -1 when there is none. */
  find(key: Bytes): number {
    const element = this.keys.find(key);
    return element < 0 ? -1 : (this.inner.get(element) ?? -1);
  }

  /** 0 or a negated error number. */
  setInner(key: Bytes, index: number): number {
    const code = this.keys.update(key, { bytes: new Uint8Array(4), at: 0 }, 0, 0);
    if (code === 0) this.inner.set(this.keys.find(key), index);
    return code;
  }

  /** Keys with the indices of their inner maps. */
  *links(): Generator<readonly [Uint8Array, number]> {
    for (const [element, index] of this.inner) yield [this.keys.keyOf(element), index];
  }
}
