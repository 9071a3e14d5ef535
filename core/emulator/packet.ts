import { Errno } from './errno';
import type { Memory } from './memory';
import { Access, FIRST_LOW, type Region } from './region';

/** Room before and behind the data, as the kernel's test run lays it out: XDP_PACKET_HEADROOM, and a page less the shared info. */
const HEADROOM = 256;
const FRAME_END = 4096 - 320;
/** What the kernel itself keeps at the start of the headroom: sizeof(struct xdp_frame). */
const FRAME_HEADER = 40;
const ETHERNET_HEADER = 14;
/** Distance in addresses between the packet's places: a pointer from before a move lands in an older place. */
const PLACE = 0x10_0000;
const PLACES = 0xc00;
/** Longest packet that can be given. */
export const MAX_PACKET_BYTES = 0xffff;

/** The packet: a buffer with room on both sides, of which [meta, end) may be accessed. Every move gives it new addresses. */
export class Packet {
  readonly region: Region;
  private readonly heap: number;
  private readonly capacity: number;
  private place = 0;
  /** Positions in the buffer. */
  private meta = HEADROOM;
  private start = HEADROOM;
  private finish: number;

  constructor(
    private readonly memory: Memory,
    bytes: Uint8Array,
  ) {
    this.capacity = Math.max(FRAME_END, HEADROOM + bytes.length);
    this.heap = memory.allocate(this.capacity);
    this.finish = HEADROOM + bytes.length;
    memory.bytes.set(bytes, this.heap + HEADROOM);
    this.region = memory.addRegion({
      kind: 'packet',
      name: 'packet',
      size: 0,
      heap: this.heap,
      access: Access.READ | Access.WRITE,
    });
    this.settle();
  }

  private settle(): void {
    const base = FIRST_LOW + this.place * PLACE + this.meta;
    this.memory.place(
      this.region,
      base | 0,
      this.finish - this.meta,
      this.heap + this.meta,
      Access.READ | Access.WRITE,
    );
  }

  /** All pointers into the packet become stale. */
  move(): void {
    this.place = (this.place + 1) % PLACES;
    this.settle();
  }

  /** Low halves of the addresses of the first data byte, the end, and the start of the metadata. */
  get dataLow(): number {
    return (FIRST_LOW + this.place * PLACE + this.start) | 0;
  }

  get endLow(): number {
    return (FIRST_LOW + this.place * PLACE + this.finish) | 0;
  }

  get metaLow(): number {
    return (FIRST_LOW + this.place * PLACE + this.meta) | 0;
  }

  /** Bytes of data, without metadata. */
  get length(): number {
    return this.finish - this.start;
  }

  /** The data as it stands now, copied. */
  contents(): Uint8Array {
    return this.memory.bytes.slice(this.heap + this.start, this.heap + this.finish);
  }

  /** The metadata before the data, copied. */
  metadata(): Uint8Array {
    return this.memory.bytes.slice(this.heap + this.meta, this.heap + this.start);
  }

  /** Whether an address that is not legal now lies where the packet was before a move. */
  isStale(low: number): boolean {
    const place = Math.floor(((low >>> 0) - FIRST_LOW) / PLACE);
    return place >= 0 && place !== this.place && place < PLACES;
  }

  /** Bytes from the first data byte to an address; negative in the metadata. */
  offsetOf(low: number): number {
    return (low - this.dataLow) | 0;
  }

  /** Heap position of `length` data bytes from `offset` on, or -1 when they are not all there. */
  at(offset: number, length: number): number {
    return offset >= 0 && length >= 0 && offset + length <= this.length ? this.heap + this.start + offset : -1;
  }

  /** bpf_xdp_adjust_head, net/core/filter.c: 0 or a negated error number. Metadata moves along. */
  adjustHead(delta: number): number {
    const metadata = this.start - this.meta;
    const start = this.start + delta;
    if (start < FRAME_HEADER + metadata || start > this.finish - ETHERNET_HEADER) return -Errno.EINVAL;
    const { bytes } = this.memory;
    bytes.copyWithin(this.heap + start - metadata, this.heap + this.meta, this.heap + this.start);
    this.start = start;
    this.meta = start - metadata;
    this.move();
    return 0;
  }

  /** bpf_xdp_adjust_tail, net/core/filter.c: bytes that are gained are zero. */
  adjustTail(delta: number): number {
    const finish = this.finish + delta;
    if (finish > this.capacity || finish < this.start + ETHERNET_HEADER) return -Errno.EINVAL;
    if (delta > 0) this.memory.bytes.fill(0, this.heap + this.finish, this.heap + finish);
    this.finish = finish;
    this.move();
    return 0;
  }

  /** bpf_xdp_adjust_meta, net/core/filter.c: the metadata is a multiple of 4 and at most 255 bytes. */
  adjustMeta(delta: number): number {
    const meta = this.meta + delta;
    if (meta < FRAME_HEADER || meta > this.start) return -Errno.EINVAL;
    const length = this.start - meta;
    if (length % 4 !== 0 || length > 255) return -Errno.EACCES;
    this.meta = meta;
    this.move();
    return 0;
  }
}
