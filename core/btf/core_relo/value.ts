import { InputError } from '../../input/error';
import type { BtfType } from '../btf';
import { BtfKind } from '../kind';
import { resolveAliases } from '../layout';
import { CoreKind, coreKind } from './kind';
import { completeSize, formatSpec, type CoreSpec } from './spec';

/** What a relocation is worth in one type table. */
export interface CoreValue {
  /** As an unsigned 64-bit number; undefined when the place does not exist and the instruction must be poisoned. */
  readonly value: bigint | undefined;
  /** Whether the instruction must hold the local value; compilers and loaders may differ about bit-fields. */
  readonly certain: boolean;
  /** For byte offsets: bytes of the field, else 0, and its type. */
  readonly size: number;
  readonly type: number;
}

/**
 * The value of a relocation at a place; `spec` is undefined when the target has no such place. O(1).
 * @throws InputError `core-malformed`, `core-unsupported`
 */
export function valueOf(kind: number, spec: CoreSpec | undefined): CoreValue {
  switch (coreKind(kind).subject) {
    case 'type':
      return typeValue(kind, spec);
    case 'enumerator':
      if (kind === CoreKind.ENUMVAL_EXISTS) return plain(spec ? 1 : 0);
      return spec ? enumerator(spec) : NOWHERE;
    case 'field':
      if (kind === CoreKind.FIELD_EXISTS) return plain(spec ? 1 : 0);
      return spec ? fieldValue(kind, spec) : NOWHERE;
    case 'unknown':
      throw new InputError('core-unsupported', `CO-RE: relocation kind ${kind} is unknown`, { section: '.BTF.ext' });
  }
}

const NOWHERE: CoreValue = { value: undefined, certain: true, size: 0, type: 0 };

function plain(value: number, certain = true): CoreValue {
  return { value: BigInt(value), certain, size: 0, type: 0 };
}

function typeValue(kind: number, spec: CoreSpec | undefined): CoreValue {
  if (!spec) return plain(0);
  switch (kind) {
    case CoreKind.TYPE_ID_LOCAL:
    case CoreKind.TYPE_ID_TARGET:
      // Ids in instructions are the compiler's; linkers renumber types and leave them be.
      return plain(spec.root, false);
    case CoreKind.TYPE_SIZE:
      return plain(completeSize(spec.btf, spec.root));
    default:
      return plain(1);
  }
}

function enumerator(spec: CoreSpec): CoreValue {
  const { type: id, index } = spec.accessors[0]!;
  const type = spec.btf.type(id);
  if (type.kind !== BtfKind.ENUM && type.kind !== BtfKind.ENUM64) return NOWHERE;
  const value = type.values[index]!.value;
  // 32-bit enumerators are held as signed words, whatever the enumeration says.
  const wide = type.kind === BtfKind.ENUM ? BigInt.asIntN(32, value) : value;
  return { value: BigInt.asUintN(64, wide), certain: true, size: 0, type: 0 };
}

function fieldValue(kind: number, spec: CoreSpec): CoreValue {
  const accessor = spec.accessors.at(-1)!;
  if (accessor.name === undefined) {
    const size = completeSize(spec.btf, accessor.type);
    if (kind === CoreKind.FIELD_BYTE_OFFSET)
      return { value: BigInt(Math.floor(spec.bitOffset / 8)), certain: true, size, type: accessor.type };
    if (kind === CoreKind.FIELD_BYTE_SIZE) return plain(size);
    throw unsupported(spec, 'cannot be asked of an array element');
  }
  const structure = spec.btf.type(accessor.type);
  if (structure.kind !== BtfKind.STRUCT && structure.kind !== BtfKind.UNION)
    throw unsupported(spec, 'does not end at a member');
  const member = structure.members[accessor.index]!;
  const typeId = resolveAliases(spec.btf, member.type);
  const type = spec.btf.type(typeId);
  if (kind === CoreKind.FIELD_SIGNED) return plain(isSigned(type) ? 1 : 0);
  const load = member.bits > 0 ? loadOfBits(spec, member.bits, type) : undefined;
  const bytes = load?.bytes ?? completeSize(spec.btf, typeId);
  const byteOffset = load?.byteOffset ?? Math.floor(spec.bitOffset / 8);
  const bits = load ? member.bits : bytes * 8;
  const bitInLoad = spec.bitOffset - byteOffset * 8;
  const certain = load === undefined;
  switch (kind) {
    case CoreKind.FIELD_BYTE_OFFSET:
      return { value: BigInt(byteOffset), certain, size: load ? 0 : bytes, type: load ? 0 : typeId };
    case CoreKind.FIELD_BYTE_SIZE:
      return plain(bytes, certain);
    case CoreKind.FIELD_LSHIFT_U64: {
      const shift = spec.btf.littleEndian ? 64 - (bitInLoad + bits) : (8 - bytes) * 8 + bitInLoad;
      return { ...plain(0, certain), value: BigInt.asUintN(64, BigInt(shift)) };
    }
    default: // FIELD_RSHIFT_U64: never ambiguous
      return { ...plain(0), value: BigInt.asUintN(64, BigInt(64 - bits)) };
  }
}

/** The smallest aligned load, not smaller than the declared type, that holds a bit-field whole. */
function loadOfBits(spec: CoreSpec, bits: number, type: BtfType): { bytes: number; byteOffset: number } {
  let bytes = 'size' in type ? type.size : 0;
  if (bytes <= 0 || bytes > 16) throw unsupported(spec, 'is a bit-field of a type that cannot hold one');
  const at = spec.bitOffset;
  let byteOffset = Math.floor(at / 8 / bytes) * bytes;
  while (at + bits - byteOffset * 8 > bytes * 8) {
    if (bytes >= 8) throw unsupported(spec, 'is a bit-field that no 64-bit load holds');
    bytes *= 2;
    byteOffset = Math.floor(at / 8 / bytes) * bytes;
  }
  return { bytes, byteOffset };
}

function isSigned(type: BtfType): boolean {
  return (type.kind === BtfKind.INT || type.kind === BtfKind.ENUM || type.kind === BtfKind.ENUM64) && type.signed;
}

function unsupported(spec: CoreSpec, what: string): InputError {
  return new InputError('core-unsupported', `CO-RE: ${formatSpec(spec)} ${what}`, { section: '.BTF.ext' });
}
