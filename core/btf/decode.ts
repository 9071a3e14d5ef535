import type { ByteView } from '../input/bytes';
import { InputError } from '../input/error';
import type { BtfType } from './btf';
import { BtfKind, LARGEST_KIND } from './kind';

/** Bytes of the common part of every entry: name_off, info, size or type. */
export const ENTRY_BYTES = 12;

/** Bytes that follow the common part of an entry with this `info` word; -1 for a kind that does not exist. */
export function trailingBytes(info: number): number {
  const vlen = info & 0xffff;
  const kind = (info >>> 24) & 31;
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
      return kind === BtfKind.VOID || kind > LARGEST_KIND ? -1 : 0;
  }
}

/**
 * One type entry, decoded. `string` gives names by offset. O(members).
 * Source: Documentation/bpf/btf.rst, section 2.2.
 * @throws InputError `btf-malformed`
 */
export function decodeType(types: ByteView, at: number, string: (offset: number) => string): BtfType {
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
      throw new InputError('btf-malformed', `section .BTF: unknown kind ${kind}`, { section: '.BTF', offset: at });
  }
}
