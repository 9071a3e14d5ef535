import { InputError } from '../input/error';
import { Attribute, Encoding, Tag } from './constants';
import type { Entry } from './entry';
import { readExpression } from './expression';
import { OperationCode } from './operation';
import type { Information } from './information';
import type {
  Annotation,
  BaseEncoding,
  Dimension,
  DwarfType,
  Enclosing,
  Enumerator,
  Member,
  Variant,
  VariantPart,
} from './type';

const VOID: DwarfType = { kind: 'void', id: 0, name: 'void' };

const ENCODINGS: ReadonlyMap<number, BaseEncoding> = new Map<number, BaseEncoding>([
  [Encoding.ADDRESS, 'address'],
  [Encoding.BOOLEAN, 'boolean'],
  [Encoding.COMPLEX_FLOAT, 'complex'],
  [Encoding.FLOAT, 'float'],
  [Encoding.SIGNED, 'signed'],
  [Encoding.SIGNED_CHAR, 'signed-char'],
  [Encoding.UNSIGNED, 'unsigned'],
  [Encoding.UNSIGNED_CHAR, 'unsigned-char'],
  [Encoding.UTF, 'utf'],
]);

const MODIFIERS: ReadonlyMap<number, 'const' | 'volatile' | 'restrict' | 'atomic' | 'typedef'> = new Map<
  number,
  'const' | 'volatile' | 'restrict' | 'atomic' | 'typedef'
>([
  [Tag.CONST_TYPE, 'const'],
  [Tag.VOLATILE_TYPE, 'volatile'],
  [Tag.RESTRICT_TYPE, 'restrict'],
  [Tag.ATOMIC_TYPE, 'atomic'],
  [Tag.TYPEDEF, 'typedef'],
]);

const POINTERS: ReadonlyMap<number, 'pointer' | 'reference' | 'rvalue-reference' | 'member-pointer'> = new Map<
  number,
  'pointer' | 'reference' | 'rvalue-reference' | 'member-pointer'
>([
  [Tag.POINTER_TYPE, 'pointer'],
  [Tag.REFERENCE_TYPE, 'reference'],
  [Tag.RVALUE_REFERENCE_TYPE, 'rvalue-reference'],
  [Tag.PTR_TO_MEMBER_TYPE, 'member-pointer'],
]);

const AGGREGATES: ReadonlyMap<number, 'struct' | 'union' | 'class'> = new Map<number, 'struct' | 'union' | 'class'>([
  [Tag.STRUCTURE_TYPE, 'struct'],
  [Tag.UNION_TYPE, 'union'],
  [Tag.CLASS_TYPE, 'class'],
]);

/** Types by id, each decoded once. */
export class Types {
  private readonly known = new Map<number, DwarfType>([[0, VOID]]);

  constructor(private readonly information: Information) {}

  /** O(entries of the type) the first time, then O(1). @throws InputError `dwarf-malformed` when no type has this id */
  type(id: number): DwarfType {
    let type = this.known.get(id);
    if (!type) {
      type = readType(this.information.entry(id));
      this.known.set(id, type);
    }
    return type;
  }
}

function readType(entry: Entry): DwarfType {
  const { id, tag } = entry;
  const name = entry.text(Attribute.NAME);
  const modifier = MODIFIERS.get(tag);
  if (modifier) {
    return { kind: modifier, id, name, target: entry.referenceId(Attribute.TYPE), annotations: annotationsOf(entry) };
  }
  const pointer = POINTERS.get(tag);
  if (pointer) {
    const size = entry.has(Attribute.BYTE_SIZE) ? entry.number(Attribute.BYTE_SIZE) : entry.unit.addressSize;
    const target = entry.referenceId(Attribute.TYPE);
    return { kind: pointer, id, name, size, target, annotations: annotationsOf(entry) };
  }
  const aggregate = AGGREGATES.get(tag);
  if (aggregate) return readAggregate(entry, aggregate, name);
  switch (tag) {
    case Tag.BASE_TYPE: {
      const size = entry.number(Attribute.BYTE_SIZE);
      const bits = entry.has(Attribute.BIT_SIZE) ? entry.number(Attribute.BIT_SIZE) : size * 8;
      const encoding = ENCODINGS.get(entry.number(Attribute.ENCODING)) ?? 'other';
      return { kind: 'base', id, name, size, bits, encoding };
    }
    case Tag.ARRAY_TYPE:
      return {
        kind: 'array',
        id,
        name,
        element: entry.referenceId(Attribute.TYPE),
        dimensions: inside(entry, Tag.SUBRANGE_TYPE).map(readDimension),
        vector: entry.flag(Attribute.GNU_VECTOR),
      };
    case Tag.ENUMERATION_TYPE:
      return readEnumeration(entry, name);
    case Tag.SUBPROGRAM:
    case Tag.SUBROUTINE_TYPE:
      return {
        kind: 'function',
        id,
        name,
        result: entry.referenceId(Attribute.TYPE),
        parameters: inside(entry, Tag.FORMAL_PARAMETER).map((parameter) => parameter.referenceId(Attribute.TYPE)),
        variadic: inside(entry, Tag.UNSPECIFIED_PARAMETERS).length > 0,
        prototyped: entry.flag(Attribute.PROTOTYPED),
      };
    case Tag.UNSPECIFIED_TYPE:
      return { kind: 'unspecified', id, name };
    case Tag.SUBRANGE_TYPE: {
      // As a type of its own (Ada, Pascal) a subrange is its base type within bounds.
      return { kind: 'typedef', id, name, target: entry.referenceId(Attribute.TYPE), annotations: [] };
    }
    default:
      throw new InputError('dwarf-malformed', `the entry at byte ${id} (tag 0x${tag.toString(16)}) is no type`, {
        section: entry.unit.section.name,
        offset: entry.offset,
      });
  }
}

function readAggregate(entry: Entry, kind: 'struct' | 'union' | 'class', name: string): DwarfType {
  // With type units the entry here is a declaration that only names the signature of the whole.
  const whole = entry.value(Attribute.SIGNATURE);
  const elsewhere = whole === undefined ? undefined : entry.unit.referenced(whole);
  const body = elsewhere ?? entry;
  return {
    kind,
    id: entry.id,
    name: name || body.text(Attribute.NAME),
    enclosing: enclosing(body),
    size: body.number(Attribute.BYTE_SIZE),
    declaration: body.flag(Attribute.DECLARATION),
    members: readMembers(body),
    variantPart: inside(body, Tag.VARIANT_PART).map(readVariantPart)[0],
    annotations: annotationsOf(body),
  };
}

function readMembers(entry: Entry): Member[] {
  const members: Member[] = [];
  for (const child of childrenOf(entry)) {
    if (child.tag === Tag.INHERITANCE) members.push(readMember(child, true));
    // Static members are variables: declared here, without a place in the structure.
    else if (child.tag === Tag.MEMBER && !child.flag(Attribute.EXTERNAL)) members.push(readMember(child, false));
  }
  return members;
}

function readMember(entry: Entry, base: boolean): Member {
  return {
    name: base ? '' : entry.text(Attribute.NAME),
    type: entry.referenceId(Attribute.TYPE),
    bitOffset: memberBitOffset(entry),
    bits: entry.number(Attribute.BIT_SIZE),
    base,
    annotations: annotationsOf(entry),
  };
}

/** Section 5.7.6, and 5.5.6 of DWARF 3 for bit-fields as they were described before. */
function memberBitOffset(entry: Entry): number | undefined {
  if (entry.has(Attribute.DATA_BIT_OFFSET)) return entry.number(Attribute.DATA_BIT_OFFSET);
  const bytes = memberByteOffset(entry);
  if (bytes === undefined || !entry.has(Attribute.BIT_OFFSET)) return bytes === undefined ? undefined : bytes * 8;
  // DW_AT_bit_offset counts from the highest bit of a storage unit, in either byte order.
  const fromTop = Number(BigInt.asIntN(64, signExtended(entry, Attribute.BIT_OFFSET)));
  if (!entry.unit.section.view.littleEndian) return bytes * 8 + fromTop;
  const storage = entry.has(Attribute.BYTE_SIZE) ? entry.number(Attribute.BYTE_SIZE) : storageSize(entry);
  return bytes * 8 + storage * 8 - fromTop - entry.number(Attribute.BIT_SIZE);
}

/** Bytes of a bit-field's type, through typedefs and qualifiers. */
function storageSize(entry: Entry): number {
  let type = entry.reference(Attribute.TYPE);
  for (let hops = 0; type && hops < 16; hops++) {
    if (type.has(Attribute.BYTE_SIZE)) return type.number(Attribute.BYTE_SIZE);
    type = type.reference(Attribute.TYPE);
  }
  return 0;
}

function memberByteOffset(entry: Entry): number | undefined {
  const value = entry.value(Attribute.DATA_MEMBER_LOCATION);
  if (value === undefined) return 0;
  if (value.kind === 'constant') return Number(value.value);
  if (value.kind !== 'block') return undefined;
  // Old compilers wrote an expression that adds to the structure's address.
  const [only, ...others] = readExpression(entry.unit, entry.unit.section, value.start, value.end);
  const operand = only?.operands[0];
  const adds = only?.code === OperationCode.PLUS_UCONST || only?.code === OperationCode.CONSTU;
  return adds && others.length === 0 && operand?.kind === 'unsigned' ? Number(operand.value) : undefined;
}

function readVariantPart(entry: Entry): VariantPart {
  const discriminant = entry.reference(Attribute.DISCR);
  return {
    discriminant: discriminant && readMember(discriminant, false),
    variants: inside(entry, Tag.VARIANT).map((variant): Variant => ({
      value: variant.integer(Attribute.DISCR_VALUE),
      members: readMembers(variant),
    })),
  };
}

function readDimension(entry: Entry): Dimension {
  const lower = entry.has(Attribute.LOWER_BOUND) ? signExtended(entry, Attribute.LOWER_BOUND) : 0n;
  const count = entry.integer(Attribute.COUNT);
  if (count !== undefined) return { lower, count: usable(count) };
  const upper = entry.integer(Attribute.UPPER_BOUND);
  // Old compilers wrote an upper bound of -1 for arrays without a size.
  return { lower, count: upper === undefined ? undefined : usable(BigInt.asIntN(64, upper) - lower + 1n) };
}

function usable(count: bigint): number | undefined {
  return count >= 0n && count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : undefined;
}

function readEnumeration(entry: Entry, name: string): DwarfType {
  const underlying = entry.referenceId(Attribute.TYPE);
  const size = entry.number(Attribute.BYTE_SIZE);
  const encoding = underlying === 0 ? 0 : entry.reference(Attribute.TYPE)?.number(Attribute.ENCODING);
  const unsigned =
    encoding === Encoding.UNSIGNED || encoding === Encoding.UNSIGNED_CHAR || encoding === Encoding.BOOLEAN;
  const enumerators = inside(entry, Tag.ENUMERATOR).map((child): Enumerator => {
    const value = unsigned ? child.integer(Attribute.CONST_VALUE) : signExtended(child, Attribute.CONST_VALUE);
    return { name: child.text(Attribute.NAME), value: value ?? 0n };
  });
  return {
    kind: 'enum',
    id: entry.id,
    name,
    enclosing: enclosing(entry),
    size,
    declaration: entry.flag(Attribute.DECLARATION),
    underlying,
    enumerators,
  };
}

/** A number that may be negative: data forms do not say, and hold it in their own width. */
function signExtended(entry: Entry, attribute: number): bigint {
  const value = entry.value(attribute);
  if (value?.kind !== 'constant') return 0n;
  return value.bits === undefined ? value.value : BigInt.asIntN(value.bits, value.value);
}

function annotationsOf(entry: Entry): Annotation[] {
  return inside(entry, Tag.LLVM_ANNOTATION).map((child) => ({
    name: child.text(Attribute.NAME),
    value: child.text(Attribute.CONST_VALUE),
  }));
}

function childrenOf(entry: Entry): Entry[] {
  const { entries } = entry.unit;
  return entries.children(entry.index).map((index) => entries.entry(index));
}

function inside(entry: Entry, tag: number): Entry[] {
  const { entries } = entry.unit;
  return entries
    .children(entry.index)
    .filter((index) => entries.tag(index) === tag)
    .map((index) => entries.entry(index));
}

/** The namespaces and types around an entry, outermost first. */
export function enclosing(entry: Entry): Enclosing[] {
  const found: Enclosing[] = [];
  const { entries } = entry.unit;
  for (let at = entries.parent(entry.index); at > 0 && found.length < 64; at = entries.parent(at)) {
    const tag = entries.tag(at);
    const kind = tag === Tag.NAMESPACE ? 'namespace' : tag === Tag.ENUMERATION_TYPE ? 'enum' : AGGREGATES.get(tag);
    if (kind === undefined) break;
    found.push({ kind, name: entries.entry(at).text(Attribute.NAME) });
  }
  return found.reverse();
}
