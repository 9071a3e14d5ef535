import type { Btf, BtfMember, BtfType } from '../core/btf/btf';
import { BtfKind } from '../core/btf/kind';
import { InputError } from '../core/input/error';
import { bytesText, numberText, type Child, type Expandable, type Format } from './values';

/** Typedefs and qualifiers that may lie around a type, and structures inside each other; more is no real program. */
const MAX_DEPTH = 32;
/** Elements of an array that are shown in its one-line text. */
const SHOWN_ELEMENTS = 4;
/** Longest one-line text of a structure. */
const LONGEST_TEXT = 200;
/** Values that one row may be made of: types from a file could lie inside each other without end. */
const MAX_VALUES = 5000;

/** Shows bytes by their BTF type: structures and arrays open, enumerators have their names, bit-fields are cut out. */
export class TypedValues {
  private left = 0;

  constructor(
    private readonly btf: Btf,
    private readonly littleEndian: boolean,
    /** What a 64-bit number is called that may be an address. */
    private readonly pointer: (value: bigint, format: Format) => string,
  ) {}

  /** A row for `bytes`, which hold a value of that type; undefined when the type is unknown or does not fit. */
  row(name: string, typeId: number, bytes: Uint8Array, format: Format): Child | undefined {
    this.left = MAX_VALUES;
    try {
      return this.show(name, typeId, bytes, format, 0);
    } catch (error) {
      // Malformed types are no reason to show nothing: the caller has the bytes.
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  /** The variables of a data section, by name. */
  section(typeId: number, bytes: Uint8Array, format: Format): Child[] | undefined {
    this.left = MAX_VALUES;
    try {
      const type = this.btf.type(typeId);
      if (type.kind !== BtfKind.DATASEC) return undefined;
      return type.variables.flatMap(({ type: id, offset, size }) => {
        const variable = this.btf.type(id);
        if (variable.kind !== BtfKind.VAR) return [];
        const row = this.show(variable.name, variable.type, bytes.subarray(offset, offset + size), format, 0);
        return row ? [{ ...row, evaluateName: variable.name }] : [];
      });
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  /** Opening something later counts anew. */
  private fresh(rows: () => Child[]): Child[] {
    this.left = MAX_VALUES;
    return rows();
  }

  private peel(id: number): BtfType {
    let type = this.btf.type(id);
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      switch (type.kind) {
        case BtfKind.TYPEDEF:
        case BtfKind.VOLATILE:
        case BtfKind.CONST:
        case BtfKind.RESTRICT:
        case BtfKind.TYPE_TAG:
          type = this.btf.type(type.type);
          break;
        default:
          return type;
      }
    }
    return type;
  }

  /** Bytes of a type, -1 when it has no size. */
  private sizeOf(id: number, depth = 0): number {
    const type = this.peel(id);
    switch (type.kind) {
      case BtfKind.INT:
      case BtfKind.STRUCT:
      case BtfKind.UNION:
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
      case BtfKind.FLOAT:
        return type.size;
      case BtfKind.PTR:
        return 8;
      case BtfKind.ARRAY: {
        const element = depth < MAX_DEPTH ? this.sizeOf(type.type, depth + 1) : -1;
        return element < 0 ? -1 : element * type.count;
      }
      default:
        return -1;
    }
  }

  private number(bytes: Uint8Array): bigint {
    let value = 0n;
    for (let i = 0; i < bytes.length; i++)
      value = (value << 8n) | BigInt(bytes[this.littleEndian ? bytes.length - 1 - i : i]!);
    return value;
  }

  private show(name: string, id: number, bytes: Uint8Array, format: Format, depth: number): Child | undefined {
    const type = this.peel(id);
    const size = this.sizeOf(id);
    if (size < 0 || size > bytes.length || depth > MAX_DEPTH || this.left-- <= 0) return undefined;
    const own = bytes.subarray(0, size);
    const typeName = this.nameOf(id);
    const row = (value: string, inside?: Expandable): Child => ({
      name,
      value,
      ...(typeName === '' ? {} : { type: typeName }),
      ...(inside ? { inside } : {}),
    });
    switch (type.kind) {
      case BtfKind.STRUCT:
      case BtfKind.UNION: {
        const members = (written: Format): Child[] =>
          type.members.map((member) => this.member(member, own, written, depth));
        const text = members(format).map((member) => `${member.name} = ${member.value}`);
        return row(shortened(`{${text.join(', ')}}`), {
          indexed: undefined,
          children: (_start, _count, written) => this.fresh(() => members(written)),
        });
      }
      case BtfKind.ARRAY:
        return this.array(row, type.type, type.count, own, format, depth);
      case BtfKind.PTR:
        return row(this.pointer(this.number(own), format));
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
      case BtfKind.INT:
        return row(this.scalar(type, this.number(own), size * 8, format));
      default:
        return row(bytesText(own, this.littleEndian, format));
    }
  }

  private scalar(type: BtfType, value: bigint, bits: number, format: Format): string {
    if (type.kind === BtfKind.ENUM || type.kind === BtfKind.ENUM64) {
      const wanted = type.signed ? BigInt.asIntN(bits, value) : value;
      const name = type.values.find((candidate) => candidate.value === wanted)?.name;
      return name === undefined ? String(wanted) : `${name} (${wanted})`;
    }
    if (type.kind !== BtfKind.INT) return numberText(value, bits, format);
    if (type.bool) return value === 0n ? 'false' : 'true';
    const hex = `0x${value.toString(16)}`;
    if (format.hex) return hex;
    const number = type.signed ? BigInt.asIntN(bits, value) : value;
    const letter = type.char && value >= 0x20n && value < 0x7fn ? ` '${String.fromCharCode(Number(value))}'` : '';
    return `${number}${letter}`;
  }

  private array(
    row: (value: string, inside?: Expandable) => Child,
    element: number,
    count: number,
    bytes: Uint8Array,
    format: Format,
    depth: number,
  ): Child {
    const size = this.sizeOf(element);
    const type = this.peel(element);
    const at = (index: number, written: Format): Child[] => {
      const child = this.show(
        `[${index}]`,
        element,
        bytes.subarray(index * size, (index + 1) * size),
        written,
        depth + 1,
      );
      return child ? [child] : [];
    };
    const inside: Expandable = {
      indexed: count,
      children: (start, wanted, written) =>
        this.fresh(() =>
          Array.from({ length: Math.max(0, Math.min(wanted, count - start)) }, (_, i) => at(start + i, written)).flat(),
        ),
    };
    if (type.kind === BtfKind.INT && size === 1 && isText(bytes)) return row(JSON.stringify(textOf(bytes)), inside);
    const shown = Array.from({ length: Math.min(count, SHOWN_ELEMENTS) }, (_, i) => at(i, format)[0]?.value ?? '?');
    return row(`{${shown.join(', ')}${count > SHOWN_ELEMENTS ? ', ...' : ''}}`, inside);
  }

  private member({ name, type, bitOffset, bits }: BtfMember, bytes: Uint8Array, format: Format, depth: number): Child {
    const label = name === '' ? '<anonymous>' : name;
    if (bits === 0) {
      const inner = this.show(label, type, bytes.subarray(bitOffset >> 3), format, depth + 1);
      return inner ?? { name: label, value: '?' };
    }
    // Bit-fields count from the low bit of a little-endian number, from the high bit of a big-endian one.
    const first = bitOffset >> 3;
    const last = (bitOffset + bits - 1) >> 3;
    const covered = bytes.subarray(first, last + 1);
    const shift = this.littleEndian ? bitOffset & 7 : covered.length * 8 - (bitOffset & 7) - bits;
    const value = (this.number(covered) >> BigInt(shift)) & ((1n << BigInt(bits)) - 1n);
    return {
      name: label,
      value: this.scalar(this.peel(type), value, bits, format),
      type: `${this.nameOf(type)} : ${bits}`,
    };
  }

  /** The type as C spells it, as far as a name goes. */
  private nameOf(id: number, depth = 0): string {
    if (depth > MAX_DEPTH) return '';
    const type = this.btf.type(id);
    switch (type.kind) {
      case BtfKind.VOID:
        return 'void';
      case BtfKind.STRUCT:
        return type.name === '' ? 'struct' : `struct ${type.name}`;
      case BtfKind.UNION:
        return type.name === '' ? 'union' : `union ${type.name}`;
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
        return type.name === '' ? 'enum' : `enum ${type.name}`;
      case BtfKind.PTR:
        return `${this.nameOf(type.type, depth + 1)} *`;
      case BtfKind.ARRAY:
        return `${this.nameOf(type.type, depth + 1)}[${type.count}]`;
      case BtfKind.VOLATILE:
      case BtfKind.CONST:
      case BtfKind.RESTRICT:
      case BtfKind.TYPE_TAG:
        return this.nameOf(type.type, depth + 1);
      default:
        return type.name;
    }
  }
}

function shortened(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text;
}

/** Printable up to a NUL, after which all is NUL; not empty. */
function isText(bytes: Uint8Array): boolean {
  const text = textOf(bytes);
  return text.length > 0 && /^[\x20-\x7e\n\t]*$/.test(text) && bytes.subarray(text.length).every((byte) => byte === 0);
}

function textOf(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  return Buffer.from(nul < 0 ? bytes : bytes.subarray(0, nul)).toString('latin1');
}
