import type { BoundedList, OutputEvent } from '../output';
import { Access, FIRST_LOW, LAST_LOW, type Region } from '../region';
import { EmulatedMap, type MapOptions } from './map';

const HEADER = 8;
/** Released regions that rest before they are used again, so that stale pointers are caught. */
const RESTING = 64;

interface Record {
  readonly region: Region;
  /** Heap bytes that the region owns. */
  readonly capacity: number;
  size: number;
  /** Bytes of the ring that it takes. */
  room: number;
  state: 'reserved' | 'done';
}

/**
 * `ringbuf`: records are reserved, filled and submitted; a consumer takes them at once and in order, so the ring is full only when
 * records that were not submitted hold it up. kernel/bpf/ringbuf.c
 */
export class RingBuffer extends EmulatedMap {
  private readonly live = new Map<number, Record>();
  /** In the order of reservation. */
  private order: Record[] = [];
  private readonly resting: Record[] = [];
  private taken = 0;

  constructor(
    options: MapOptions,
    private readonly events: BoundedList<OutputEvent>,
    private readonly cpu: number,
  ) {
    super(options);
  }

  override get count(): number {
    return this.live.size;
  }

  /** Bytes between the consumer and the producer. */
  get pending(): number {
    return this.taken;
  }

  private room(size: number): number {
    const room = Math.ceil((size + HEADER) / 8) * 8;
    return room > this.definition.maxEntries || this.taken + room > this.definition.maxEntries ? -1 : room;
  }

  /** A zeroed record that the program may write until it is submitted, or undefined when there is no room. */
  reserve(size: number): Region | undefined {
    const room = this.room(size);
    if (room < 0) return undefined;
    const record = this.record(size);
    if (record === undefined) return undefined;
    record.size = size;
    record.room = room;
    record.state = 'reserved';
    this.taken += room;
    this.order.push(record);
    this.live.set(record.region.id, record);
    const { memory } = this;
    const heap = memory.heap(record.region);
    memory.bytes.fill(0, heap, heap + size);
    // Every use has addresses of its own: a pointer to the last one does not reach this.
    const past = (memory.base(record.region) >>> 0) + Math.ceil((record.capacity + 1) / 4096) * 4096;
    const base = past + record.capacity < LAST_LOW ? past : FIRST_LOW;
    memory.place(record.region, base | 0, size, heap, Access.READ | Access.WRITE);
    record.region.gone = undefined;
    return record.region;
  }

  private record(size: number): Record | undefined {
    if (this.resting.length > RESTING) {
      const index = this.resting.findIndex((record) => record.capacity >= size);
      if (index >= 0) return this.resting.splice(index, 1)[0];
    }
    let capacity = 16;
    while (capacity < size) capacity *= 2;
    const heap = this.memory.tryAllocate(capacity);
    if (heap < 0) return undefined;
    const region = this.memory.addRegion({
      kind: 'record',
      name: `record of ${this.name}`,
      size: 0,
      heap,
      access: Access.NONE,
      owner: this.index,
    });
    return { region, capacity, size, room: 0, state: 'done' };
  }

  /** Ends a record; false when the region is none that is reserved now. */
  release(region: Region, submit: boolean): boolean {
    const record = this.live.get(region.id);
    if (record === undefined) return false;
    const { memory } = this;
    const heap = memory.heap(region);
    if (submit) this.send(memory.bytes.slice(heap, heap + record.size));
    this.live.delete(region.id);
    record.state = 'done';
    region.gone = submit ? 'submitted' : 'discarded';
    memory.setAccess(region, Access.NONE);
    let consumed = 0;
    while (this.order[consumed]?.state === 'done') {
      this.taken -= this.order[consumed]!.room;
      this.resting.push(this.order[consumed]!);
      consumed++;
    }
    if (consumed > 0) this.order = this.order.slice(consumed);
    return true;
  }

  /** Reserve, fill and submit in one; false when there is no room. */
  output(bytes: Uint8Array): boolean {
    if (this.room(bytes.length) < 0) return false;
    this.send(bytes);
    return true;
  }

  private send(bytes: Uint8Array): void {
    this.events.push({ map: this.name, cpu: this.cpu, bytes }, bytes.length + 64);
  }
}
