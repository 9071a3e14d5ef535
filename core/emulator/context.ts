import { InputError } from '../input/error';
import type { ContextDescriptor, ContextField } from '../platform/platform';
import type { Memory } from './memory';
import type { Packet } from './packet';
import { Access, type Region } from './region';

/** What a program is called with. */
export interface ContextInput {
  /** Values by field name; numbers are stored in the machine's byte order, bytes as they are. */
  readonly fields?: Readonly<Record<string, bigint | Uint8Array>>;
  /** The whole context, as far as it goes; fields are stored over it. */
  readonly bytes?: Uint8Array;
}

/** Largest context that a description without a size of its own gets. */
const PLAIN_BYTES = 4096;

/**
 * The context as the program sees it. Fields that stand for pointers into the packet have no bytes: a load of one gives the packet's
 * address of that moment, 64 bits also where the field is 32 bits wide (Linux rewrites such loads: net/core/filter.c,
 * xdp_convert_ctx_access).
 */
export class Context {
  readonly region: Region;
  private readonly heap: number;

  constructor(
    private readonly memory: Memory,
    readonly descriptor: ContextDescriptor,
    readonly packet: Packet | undefined,
    input: ContextInput,
  ) {
    const plain = descriptor.fields.length === 0;
    const size = descriptor.size > 0 ? descriptor.size : PLAIN_BYTES;
    if (input.bytes !== undefined && input.bytes.length > size) {
      throw new InputError('context-size', `${input.bytes.length} bytes of context are more than its ${size}`);
    }
    this.heap = memory.allocate(size);
    const access = plain ? Access.READ | (descriptor.writable ? Access.WRITE : 0) : Access.NONE;
    this.region = memory.addRegion({ kind: 'context', name: 'ctx', size, heap: this.heap, access });
    this.setDefaults();
    if (input.bytes !== undefined) memory.bytes.set(input.bytes, this.heap);
    for (const [name, value] of Object.entries(input.fields ?? {})) this.setField(name, value, size);
  }

  /** What the kernel's test run fills in by itself (net/bpf/test_run.c): the packet's length and protocol, the loopback interface. */
  private setDefaults(): void {
    const { packet } = this;
    if (packet === undefined) return;
    const bytes = packet.contents();
    const set = (name: string, value: bigint): void => {
      if (this.descriptor.fields.some((field) => field.name === name && field.kind === 'scalar'))
        this.setField(name, value, 0);
    };
    switch (this.descriptor.structure) {
      case 'xdp_md':
        return set('ingress_ifindex', 1n);
      case '__sk_buff':
        set('len', BigInt(bytes.length));
        set('ifindex', 1n);
        // The ether type as it stands in the packet, so in network byte order.
        if (bytes.length >= 14) {
          const [first, second] = [bytes[12]!, bytes[13]!];
          set('protocol', BigInt(this.memory.littleEndian ? first | (second << 8) : (first << 8) | second));
        }
    }
  }

  private setField(name: string, value: bigint | Uint8Array, size: number): void {
    const field = this.descriptor.fields.find((candidate) => candidate.name === name);
    const offset = field?.offset ?? (/^\d{1,5}$/.test(name) ? Number(name) : -1);
    const width = field?.size ?? (typeof value === 'bigint' ? 8 : value.length);
    if (offset < 0 || (field === undefined && offset + width > size)) {
      const names = this.descriptor.fields.map((candidate) => candidate.name).join(', ');
      throw new InputError(
        'context-field',
        `the context has no field ${JSON.stringify(name)}` +
          (names === '' ? `; it is ${size} bytes of plain memory: give bytes, or byte offsets` : `; it has ${names}`),
      );
    }
    if (field !== undefined && field.kind !== 'scalar' && field.kind !== 'pointer')
      throw new InputError('context-field', `${name} follows from the packet and cannot be set`);
    if (typeof value !== 'bigint') {
      if (value.length > width)
        throw new InputError('context-field', `${value.length} bytes are more than field ${name} has (${width})`);
      this.memory.bytes.set(value, this.heap + offset);
      return;
    }
    const bits = BigInt(width * 8);
    if (value >= 1n << bits || value < -(1n << (bits - 1n)))
      throw new InputError('context-field', `${value} does not fit field ${name} of ${width} bytes`);
    for (let i = 0; i < width; i++) {
      const byte = Number(BigInt.asUintN(8, value >> BigInt(8 * i)));
      this.memory.bytes[this.heap + offset + (this.memory.littleEndian ? i : width - 1 - i)] = byte;
    }
  }

  /** Bytes that a field holds now, for looking; pointer fields have none. */
  fieldBytes(field: ContextField): Uint8Array {
    return this.memory.bytes.slice(this.heap + field.offset, this.heap + field.offset + field.size);
  }

  /** Low half of the packet address that a field stands for, or undefined for a field of plain bytes. */
  packetLow(field: ContextField): number | undefined {
    switch (field.kind) {
      case 'packet':
        return this.packet?.dataLow ?? 0;
      case 'packet_end':
        return this.packet?.endLow ?? 0;
      case 'packet_meta':
        return this.packet?.metaLow ?? 0;
      case 'scalar':
      case 'pointer':
        return undefined;
    }
  }

  /**
   * The field that an access of `width` bytes at `offset` may use, or why there is none. With `acrossFields` an access may also span
   * scalar bytes: then there is no field.
   */
  fieldFor(offset: number, width: number, write: boolean): { field?: ContextField; refused?: string } {
    const { descriptor } = this;
    const verb = write ? 'written' : 'read';
    let near: ContextField | undefined;
    for (const field of descriptor.fields) {
      if (offset + width <= field.offset || offset >= field.offset + field.size) continue;
      near ??= field;
      const whole = offset === field.offset && width === field.size;
      const part =
        field.narrow &&
        offset >= field.offset &&
        offset + width <= field.offset + field.size &&
        (offset - field.offset) % width === 0;
      if ((whole || part) && (write ? field.writable : field.readable)) return { field };
    }
    const pointers = descriptor.fields.some(
      (field) => field.kind !== 'scalar' && offset < field.offset + field.size && offset + width > field.offset,
    );
    if (descriptor.acrossFields && !pointers && offset + width <= descriptor.size) return {};
    if (near === undefined) return { refused: `no field of the context is there` };
    if (write ? !near.writable : !near.readable) return { refused: `field ${near.name} may not be ${verb}` };
    return {
      refused: `field ${near.name} has ${near.size} bytes at offset ${near.offset} and cannot be ${verb} like that`,
    };
  }
}
