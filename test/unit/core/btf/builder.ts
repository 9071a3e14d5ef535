import { BtfKind } from '../../../../core/btf/kind';

type Member = readonly [name: string, type: number, bitOffset: number, bits?: number];

/** Builds BTF by hand, so that tests can make any type, also ones that no compiler writes. Methods answer the new type's id. */
export class BtfBuilder {
  private readonly words: number[] = [];
  private readonly text: number[];
  private next: number;

  /** @param base id and string offset at which split BTF goes on */
  constructor(
    private readonly little = true,
    private readonly base = { id: 1, strings: 0 },
  ) {
    this.next = base.id;
    this.text = base.strings === 0 ? [0] : [];
  }

  string(text: string): number {
    if (text === '') return 0;
    const at = this.base.strings + this.text.length;
    this.text.push(...Buffer.from(text, 'utf8'), 0);
    return at;
  }

  /** One entry: kind, name, `vlen`, the kind flag, size or type, and the words behind. */
  entry(kind: number, name: string, vlen: number, flag: boolean, size: number, ...words: readonly number[]): number {
    this.words.push(this.string(name), (flag ? 0x80000000 : 0) | (kind << 24) | vlen, size, ...words);
    return this.next++;
  }

  int(name: string, size: number, encoding = 0, bits = size * 8, offset = 0): number {
    return this.entry(BtfKind.INT, name, 0, false, size, (encoding << 24) | (offset << 16) | bits);
  }

  /** PTR, TYPEDEF, VOLATILE, CONST, RESTRICT or TYPE_TAG. */
  link(kind: number, type: number, name = ''): number {
    return this.entry(kind, name, 0, false, type);
  }

  pointer(type: number): number {
    return this.link(BtfKind.PTR, type);
  }

  array(type: number, count: number, indexType = 1): number {
    return this.entry(BtfKind.ARRAY, '', 0, false, 0, type, indexType, count);
  }

  record(kind: number, name: string, size: number, members: readonly Member[]): number {
    const bitFields = members.some(([, , , bits]) => bits !== undefined);
    const words = members.flatMap(([text, type, offset, bits = 0]) => [this.string(text), type, (bits << 24) | offset]);
    return this.entry(kind, name, members.length, bitFields, size, ...words);
  }

  struct(name: string, size: number, members: readonly Member[]): number {
    return this.record(BtfKind.STRUCT, name, size, members);
  }

  union(name: string, size: number, members: readonly Member[]): number {
    return this.record(BtfKind.UNION, name, size, members);
  }

  enumeration(name: string, values: readonly (readonly [string, number])[], size = 4, signed = false): number {
    const words = values.flatMap(([text, value]) => [this.string(text), value]);
    return this.entry(BtfKind.ENUM, name, values.length, signed, size, ...words);
  }

  enumeration64(name: string, values: readonly (readonly [string, bigint])[], signed = false): number {
    const words = values.flatMap(([text, value]) => [
      this.string(text),
      Number(BigInt.asUintN(32, value)),
      Number(BigInt.asUintN(32, value >> 32n)),
    ]);
    return this.entry(BtfKind.ENUM64, name, values.length, signed, 8, ...words);
  }

  prototype(returns: number, parameters: readonly (readonly [string, number])[]): number {
    const words = parameters.flatMap(([text, type]) => [this.string(text), type]);
    return this.entry(BtfKind.FUNC_PROTO, '', parameters.length, false, returns, ...words);
  }

  get stringBytes(): number {
    return this.base.strings + this.text.length;
  }

  bytes(): Uint8Array {
    const types = this.words.length * 4;
    const bytes = new Uint8Array(24 + types + this.text.length);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0xeb9f, this.little);
    view.setUint8(2, 1);
    [24, 0, types, types, this.text.length].forEach((word, i) => view.setUint32(4 + i * 4, word, this.little));
    this.words.forEach((word, i) => view.setUint32(24 + i * 4, word >>> 0, this.little));
    bytes.set(this.text, 24 + types);
    return bytes;
  }
}
