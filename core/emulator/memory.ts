import { InputError } from '../input/error';
import { STACK_BYTES_PER_FRAME, MAX_CALL_FRAMES } from '../isa/opcode';
import { toBigint } from './long';
import { Access, FIRST_LOW, MAX_REGIONS, TAG, type Region, type RegionKind } from './region';

/** All stack frames lie at the start of the heap, so that "is it stack" is one comparison. */
export const STACK_BYTES = STACK_BYTES_PER_FRAME * MAX_CALL_FRAMES;

/** Words of the region table. Elements are what a map's value region is cut into; other regions are one element. */
const enum Column {
  BASE, // low half of the first legal address
  SIZE, // bytes
  HEAP, // position of the first byte in the heap
  ACCESS,
  MASK, // offset & MASK is the offset inside an element
  ELEMENT, // legal bytes of an element
  SHIFT = 3,
}

const FIRST_HEAP = 1 << 16;

/** Where the bytes of a new region come from and what may be done to them. */
export interface RegionOptions {
  readonly kind: RegionKind;
  readonly name: string;
  readonly size: number;
  /** Position in the heap. */
  readonly heap: number;
  readonly access: number;
  readonly owner?: number;
  readonly firstElement?: number;
  /** Distance of elements, a power of two, and their legal bytes. */
  readonly stride?: number;
  readonly element?: number;
}

/**
 * One heap and the regions of addresses that lie over it. A pointer's high half tells its region, its low half the place in it, so that
 * finding and checking the bytes of an access are a few loads from one table, and no pointer can stray into another region.
 */
export class Memory {
  bytes: Uint8Array;
  view: DataView;
  /** 1 for each stack byte that was written since its frame was entered. */
  readonly initialised = new Uint8Array(STACK_BYTES);
  readonly regions: Region[] = [];
  private table = new Int32Array(64 << Column.SHIFT);
  private used = STACK_BYTES;

  /**
   * @param littleEndian byte order of the machine that is emulated
   * @param limit bytes that the heap may grow to
   */
  constructor(
    readonly littleEndian: boolean,
    private readonly limit: number,
  ) {
    this.bytes = new Uint8Array(FIRST_HEAP);
    this.view = new DataView(this.bytes.buffer);
  }

  /**
   * Zeroed heap bytes at an 8-aligned position, or -1 when the heap may not grow that far. Positions stay valid; {@link bytes} and
   * {@link view} may be replaced.
   */
  tryAllocate(size: number): number {
    const at = this.used;
    const end = at + size;
    if (!(end <= this.limit)) return -1;
    if (end > this.bytes.length) {
      let capacity = this.bytes.length;
      while (capacity < end) capacity *= 2;
      const bytes = new Uint8Array(Math.min(capacity, Math.max(this.limit, end)));
      bytes.set(this.bytes);
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer);
    }
    this.used = Math.ceil(end / 8) * 8;
    return at;
  }

  /** @throws InputError `emulator-memory` when the heap is full */
  allocate(size: number): number {
    const at = this.tryAllocate(size);
    if (at < 0) {
      throw new InputError('emulator-memory', `the emulated memory is limited to ${this.limit} bytes`);
    }
    return at;
  }

  /** @throws InputError `emulator-memory` when all region numbers are taken */
  addRegion(options: RegionOptions): Region {
    const id = this.regions.length;
    if (id >= MAX_REGIONS) throw new InputError('emulator-memory', `more than ${MAX_REGIONS} memory regions`);
    if ((id + 1) << Column.SHIFT > this.table.length) {
      const table = new Int32Array(this.table.length * 2);
      table.set(this.table);
      this.table = table;
    }
    const { kind, name, owner = -1, firstElement = 0 } = options;
    const region: Region = { id, kind, name, owner, firstElement, gone: undefined };
    this.regions.push(region);
    const at = id << Column.SHIFT;
    this.table[at + Column.MASK] = options.stride === undefined ? -1 : options.stride - 1;
    this.place(region, FIRST_LOW, options.size, options.heap, options.access, options.element ?? options.size);
    return region;
  }

  /** Moves a region: from now on its first legal byte has the low half `base` and lies at `heap`. */
  place(region: Region, base: number, size: number, heap: number, access: number, element = size): void {
    const at = region.id << Column.SHIFT;
    const { table } = this;
    table[at + Column.BASE] = base;
    table[at + Column.SIZE] = size;
    table[at + Column.HEAP] = heap;
    table[at + Column.ACCESS] = access;
    table[at + Column.ELEMENT] = element;
  }

  setAccess(region: Region, access: number): void {
    this.table[(region.id << Column.SHIFT) + Column.ACCESS] = access;
  }

  high(region: Region): number {
    return TAG + region.id;
  }

  base(region: Region): number {
    return this.table[(region.id << Column.SHIFT) + Column.BASE]!;
  }

  size(region: Region): number {
    return this.table[(region.id << Column.SHIFT) + Column.SIZE]!;
  }

  heap(region: Region): number {
    return this.table[(region.id << Column.SHIFT) + Column.HEAP]!;
  }

  access(region: Region): number {
    return this.table[(region.id << Column.SHIFT) + Column.ACCESS]!;
  }

  /** Bytes between the starts of elements; the whole region when it has only one. */
  stride(region: Region): number {
    const mask = this.table[(region.id << Column.SHIFT) + Column.MASK]!;
    return mask === -1 ? this.size(region) : mask + 1;
  }

  element(region: Region): number {
    return this.table[(region.id << Column.SHIFT) + Column.ELEMENT]!;
  }

  address(region: Region, offset = 0): bigint {
    return toBigint(this.high(region), (this.base(region) + offset) | 0);
  }

  /** The region that an address belongs to by its high half, legal or not. */
  regionOf(high: number): Region | undefined {
    return this.regions[(high - TAG) >>> 0];
  }

  /** Heap position of `width` bytes if the program may access them in that way, else -1. Stack initialisation is not judged. */
  private locate(high: number, low: number, width: number, access: number): number {
    const id = (high - TAG) >>> 0;
    if (id >= this.regions.length) return -1;
    const { table } = this;
    const at = id << Column.SHIFT;
    const offset = (low - table[at + Column.BASE]!) >>> 0;
    if (offset >= table[at + Column.SIZE]! || (table[at + Column.ACCESS]! & access) === 0) return -1;
    if ((offset & table[at + Column.MASK]!) + width > table[at + Column.ELEMENT]!) return -1;
    return table[at + Column.HEAP]! + offset;
  }

  /** Heap position of `width` bytes that may be read, else -1: then {@link faults} tells why. */
  readable(high: number, low: number, width: number): number {
    const at = this.locate(high, low, width, Access.READ);
    if (at >= STACK_BYTES || at < 0) return at;
    const { initialised } = this;
    for (let i = at; i < at + width; i++) if (initialised[i] === 0) return -1;
    return at;
  }

  /** Heap position of `width` bytes that may be written, else -1. Stack bytes count as initialised from now on. */
  writable(high: number, low: number, width: number): number {
    const at = this.locate(high, low, width, Access.WRITE);
    if (at < STACK_BYTES && at >= 0) {
      const { initialised } = this;
      for (let i = at; i < at + width; i++) initialised[i] = 1;
    }
    return at;
  }

  /** Bytes from an address on that belong to the same region or element, whatever may be done to them: for looking, never for running. */
  legalFrom(high: number, low: number): { readonly at: number; readonly length: number } | undefined {
    const region = this.regionOf(high);
    if (region === undefined || region.gone !== undefined) return undefined;
    const offset = (low - this.base(region)) >>> 0;
    if (offset >= this.size(region)) return undefined;
    const inside = offset & this.table[(region.id << Column.SHIFT) + Column.MASK]!;
    const length = this.element(region) - inside;
    return length > 0 ? { at: this.heap(region) + offset, length } : undefined;
  }
}
