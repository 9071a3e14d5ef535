import { ByteView } from '../input/bytes';
import { InputError } from '../input/error';
import type { Btf, BtfType } from './btf';
import { BtfKind, LARGEST_KIND } from './kind';

const MAGIC = 0xeb9f;
const SECTION = '.BTF';

/**
 * Opens a `.BTF` section: checks the header and finds where each type begins; types are decoded when asked for,
 * so that a kernel's own BTF (5 MB) opens at once. O(types). Source: Documentation/bpf/btf.rst, section 2.
 * @throws InputError `btf-malformed`
 */
export function readBtf(bytes: Uint8Array): Btf {
  const view = openBtf(bytes, SECTION);
  const headerLength = view.u32(4, 'hdr_len');
  if (headerLength < 24) throw malformed(`hdr_len is ${headerLength}, less than 24`, 4);
  const typesStart = headerLength + view.u32(8, 'type_off');
  const typesLength = view.u32(12, 'type_len');
  const stringsStart = headerLength + view.u32(16, 'str_off');
  const stringsLength = view.u32(20, 'str_len');
  const little = view.littleEndian;
  const types = new ByteView(view.slice(typesStart, typesLength, 'the type section'), little, 'btf-malformed', {
    section: SECTION,
  });
  const strings = new ByteView(view.slice(stringsStart, stringsLength, 'the string section'), little, 'btf-malformed', {
    section: SECTION,
  });
  return new LazyBtf(types, strings);
}

/** A view with the byte order that the magic shows. */
export function openBtf(bytes: Uint8Array, section: string): ByteView {
  const little = new ByteView(bytes, true, 'btf-malformed', { section });
  const magic = little.u16(0, `the magic of ${section}`);
  if (magic !== MAGIC && magic !== 0x9feb) {
    throw new InputError('btf-malformed', `section ${section}: magic is ${magic.toString(16)}, not eb9f`, {
      section,
      offset: 0,
    });
  }
  return magic === MAGIC ? little : new ByteView(bytes, false, 'btf-malformed', { section });
}

class LazyBtf implements Btf {
  readonly count: number;
  private readonly starts: Uint32Array;
  private readonly decoded: (BtfType | undefined)[] = [];
  private names: Map<string, number> | undefined;

  constructor(
    private readonly types: ByteView,
    private readonly strings: ByteView,
  ) {
    const starts = [0];
    for (let at = 0; at < types.length;) {
      starts.push(at);
      at += 12 + trailingBytes(types, at);
    }
    this.starts = Uint32Array.from(starts);
    this.count = starts.length;
  }

  type(id: number): BtfType {
    if (id === 0) return VOID;
    const known = this.decoded[id];
    if (known) return known;
    if (!(id > 0 && id < this.count)) throw malformed(`type ${id} is not among the ${this.count - 1} types`);
    const type = decodeType(this.types, this.starts[id]!, (offset) => this.string(offset));
    this.decoded[id] = type;
    return type;
  }

  string(offset: number): string {
    return offset === 0 ? '' : this.strings.string(offset, 'a BTF string');
  }

  find(kind: BtfType['kind'], name: string): number {
    if (!this.names) {
      this.names = new Map();
      for (let id = this.count - 1; id > 0; id--) {
        const at = this.starts[id]!;
        const nameOffset = this.types.u32(at, 'name_off');
        if (nameOffset !== 0) this.names.set(`${kindOf(this.types, at)} ${this.string(nameOffset)}`, id);
      }
    }
    return this.names.get(`${kind} ${name}`) ?? 0;
  }
}

const VOID: BtfType = { kind: BtfKind.VOID, name: 'void' };

function kindOf(types: ByteView, at: number): number {
  return (types.u32(at + 4, 'info') >>> 24) & 31;
}

/** Bytes that follow the 12-byte common part of the entry at `at`. */
function trailingBytes(types: ByteView, at: number): number {
  const info = types.u32(at + 4, 'info');
  const vlen = info & 0xffff;
  const kind = (info >>> 24) & 31;
  types.u32(at + 8, 'size or type');
  switch (kind) {
    case BtfKind.INT:
    case BtfKind.VAR:
    case BtfKind.DECL_TAG:
      return 4;
    case BtfKind.ARRAY:
      return 12;
    case BtfKind.STRUCT:
    case BtfKind.UNION:
    case BtfKind.DATASEC:
    case BtfKind.ENUM64:
      return vlen * 12;
    case BtfKind.ENUM:
    case BtfKind.FUNC_PROTO:
      return vlen * 8;
    default:
      if (kind === BtfKind.VOID || kind > LARGEST_KIND) throw malformed(`unknown kind ${kind}`, at);
      return 0;
  }
}

function decodeType(types: ByteView, at: number, string: (offset: number) => string): BtfType {
  const name = string(types.u32(at, 'name_off'));
  const info = types.u32(at + 4, 'info');
  const vlen = info & 0xffff;
  const flag = info >>> 31 === 1;
  const sizeOrType = types.u32(at + 8, 'size or type');
  const kind = (info >>> 24) & 31;
  const u32 = (offset: number): number => types.u32(at + 12 + offset, 'a type entry');
  const list = <T>(stride: number, make: (offset: number) => T): T[] =>
    Array.from({ length: vlen }, (_, i) => make(i * stride));
  switch (kind) {
    case BtfKind.INT: {
      const data = u32(0);
      const encoding = (data >>> 24) & 15;
      return {
        kind,
        name,
        size: sizeOrType,
        bits: data & 0xff,
        bitOffset: (data >>> 16) & 0xff,
        signed: (encoding & 1) !== 0,
        char: (encoding & 2) !== 0,
        bool: (encoding & 4) !== 0,
      };
    }
    case BtfKind.PTR:
    case BtfKind.TYPEDEF:
    case BtfKind.VOLATILE:
    case BtfKind.CONST:
    case BtfKind.RESTRICT:
    case BtfKind.TYPE_TAG:
      return { kind, name, type: sizeOrType };
    case BtfKind.ARRAY:
      return { kind, name, type: u32(0), indexType: u32(4), count: u32(8) };
    case BtfKind.STRUCT:
    case BtfKind.UNION:
      return {
        kind,
        name,
        size: sizeOrType,
        members: list(12, (offset) => {
          const position = u32(offset + 8);
          return {
            name: string(u32(offset)),
            type: u32(offset + 4),
            // With the kind flag the upper byte holds the width of a bit-field.
            bitOffset: flag ? position & 0xffffff : position,
            bits: flag ? position >>> 24 : 0,
          };
        }),
      };
    case BtfKind.ENUM:
      return {
        kind,
        name,
        size: sizeOrType,
        signed: flag,
        values: list(8, (offset) => ({
          name: string(u32(offset)),
          value: BigInt(flag ? u32(offset + 4) | 0 : u32(offset + 4)),
        })),
      };
    case BtfKind.ENUM64:
      return {
        kind,
        name,
        size: sizeOrType,
        signed: flag,
        values: list(12, (offset) => {
          const value = (BigInt(u32(offset + 8)) << 32n) | BigInt(u32(offset + 4));
          return { name: string(u32(offset)), value: flag ? BigInt.asIntN(64, value) : value };
        }),
      };
    case BtfKind.FWD:
      return { kind, name, union: flag };
    case BtfKind.FUNC:
      return { kind, name, type: sizeOrType, linkage: vlen };
    case BtfKind.FUNC_PROTO:
      return {
        kind,
        name,
        returns: sizeOrType,
        parameters: list(8, (offset) => ({ name: string(u32(offset)), type: u32(offset + 4) })),
      };
    case BtfKind.VAR:
      return { kind, name, type: sizeOrType, linkage: u32(0) };
    case BtfKind.DATASEC:
      return {
        kind,
        name,
        size: sizeOrType,
        variables: list(12, (offset) => ({ type: u32(offset), offset: u32(offset + 4), size: u32(offset + 8) })),
      };
    case BtfKind.FLOAT:
      return { kind, name, size: sizeOrType };
    case BtfKind.DECL_TAG:
      return { kind, name, type: sizeOrType, component: u32(0) | 0 };
    default:
      throw malformed(`unknown kind ${kind}`, at);
  }
}

function malformed(what: string, offset?: number): InputError {
  return new InputError(
    'btf-malformed',
    `section ${SECTION}: ${what}`,
    offset === undefined ? { section: SECTION } : { section: SECTION, offset },
  );
}
