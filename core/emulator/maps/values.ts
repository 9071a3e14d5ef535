import type { Memory } from '../memory';
import { Access, type Region } from '../region';

const CHUNK_BYTES = 1 << 18;

/**
 * The values of a map, `width` bytes each, in heap chunks that appear when they are first touched: a map for a million elements costs
 * only what is used. Between the values lie gaps, so that running out of one is a fault and not the next one's bytes.
 */
export class ValueStorage {
  /** Distance of values in a chunk. */
  private readonly stride: number;
  private readonly perChunk: number;
  private readonly chunks = new Map<number, Region>();

  constructor(
    private readonly memory: Memory,
    private readonly owner: number,
    private readonly name: string,
    private readonly width: number,
    private readonly count: number,
    private readonly kind: 'map-value' | 'global' = 'map-value',
    private readonly access: number = Access.READ | Access.WRITE,
  ) {
    let stride = 8;
    while (stride <= width) stride *= 2;
    this.stride = stride;
    this.perChunk = Math.max(1, Math.min(count, Math.floor(CHUNK_BYTES / stride)));
  }

  /** The region that holds a value, made when it is not there yet; undefined when the heap is full. */
  chunk(element: number): Region | undefined {
    const index = Math.floor(element / this.perChunk);
    const known = this.chunks.get(index);
    if (known !== undefined) return known;
    const firstElement = index * this.perChunk;
    const count = Math.min(this.perChunk, this.count - firstElement);
    // The last value needs no gap: the region ends with it.
    const size = (count - 1) * this.stride + this.width;
    const heap = this.memory.tryAllocate(size);
    if (heap < 0) return undefined;
    const { kind, name, owner, stride, width, access } = this;
    const region = this.memory.addRegion({
      kind,
      name,
      size,
      heap,
      access,
      owner,
      firstElement,
      stride,
      element: width,
    });
    this.chunks.set(index, region);
    return region;
  }

  /** Offset of a value inside its region. */
  offset(element: number): number {
    return (element % this.perChunk) * this.stride;
  }

  /** Heap position of a value, -1 when the heap is full. */
  at(element: number): number {
    const region = this.chunk(element);
    return region === undefined ? -1 : this.memory.heap(region) + this.offset(element);
  }

  /** Which value a place in one of the regions belongs to. */
  elementAt(region: Region, offset: number): { readonly element: number; readonly inside: number } {
    return { element: region.firstElement + Math.floor(offset / this.stride), inside: offset % this.stride };
  }

  /** Whether a value has been touched; those that were not are all zero. */
  isTouched(element: number): boolean {
    return this.chunks.has(Math.floor(element / this.perChunk));
  }
}
