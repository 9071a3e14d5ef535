import { InputError } from '../input/error';
import type { Btf, BtfMember, BtfType } from './btf';
import { BtfKind } from './kind';

/** More links than any real chain of typedefs and qualifiers; a longer one is a cycle. */
const MAX_CHAIN = 64;

/** The id behind typedefs, qualifiers and type tags. O(chain). @throws InputError `btf-malformed` for a cycle */
export function resolveAliases(btf: Btf, id: number): number {
  for (let step = 0; step < MAX_CHAIN; step++) {
    const type = btf.type(id);
    switch (type.kind) {
      case BtfKind.TYPEDEF:
      case BtfKind.VOLATILE:
      case BtfKind.CONST:
      case BtfKind.RESTRICT:
      case BtfKind.TYPE_TAG:
        id = type.type;
        break;
      default:
        return id;
    }
  }
  throw new InputError(
    'btf-malformed',
    `type ${id}: more than ${MAX_CHAIN} typedefs and qualifiers in a row, a cycle`,
    { section: '.BTF' },
  );
}

/** The type behind typedefs, qualifiers and type tags. */
export function resolved(btf: Btf, id: number): BtfType {
  return btf.type(resolveAliases(btf, id));
}

/**
 * Size of a type in bytes; pointers are 8. 0 for void, functions and forward declarations. O(depth).
 * @throws InputError `btf-malformed` for cycles or sizes beyond 2^32
 */
export function sizeOf(btf: Btf, id: number, depth = 0): number {
  if (depth > MAX_CHAIN)
    throw new InputError('btf-malformed', `type ${id}: arrays nested more than ${MAX_CHAIN} deep, a cycle`, {
      section: '.BTF',
    });
  const type = resolved(btf, id);
  switch (type.kind) {
    case BtfKind.INT:
    case BtfKind.STRUCT:
    case BtfKind.UNION:
    case BtfKind.ENUM:
    case BtfKind.ENUM64:
    case BtfKind.FLOAT:
    case BtfKind.DATASEC:
      return type.size;
    case BtfKind.PTR:
      return 8;
    case BtfKind.ARRAY: {
      const size = type.count * sizeOf(btf, type.type, depth + 1);
      if (size > 0xffffffff)
        throw new InputError('btf-malformed', `type ${id}: an array of ${size} bytes`, { section: '.BTF' });
      return size;
    }
    case BtfKind.VAR:
      return sizeOf(btf, type.type, depth + 1);
    default:
      return 0;
  }
}

/**
 * Alignment in bytes that C gives a type, as far as BTF tells it: BTF does not record `aligned(n)`. 1 for packed structures and for what has
 * no size. O(members, each type once).
 */
export function alignOf(btf: Btf, id: number): number {
  return layouts(btf).align(id, 0);
}

/** One member of a structure or union and where it lies. Bits count from the start of the structure. */
export interface PlacedMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** Bits that the member takes: the width of a bit-field, else its size. */
  readonly bitSize: number;
  readonly bitField: boolean;
  /** Unused bits between the end of what stands before and this member. Always 0 in unions. */
  readonly hole: number;
}

/** How a structure or union lies in memory. */
export interface RecordLayout {
  readonly size: number;
  readonly align: number;
  /** C gives these places only with `__attribute__((packed))`. */
  readonly packed: boolean;
  readonly members: readonly PlacedMember[];
  /** Unused bits behind the last member. */
  readonly padding: number;
}

/**
 * Where the members of a structure or union lie, with holes and padding. O(members).
 * @throws InputError `btf-malformed` when the type is neither
 */
export function recordLayout(btf: Btf, id: number): RecordLayout {
  const type = resolved(btf, id);
  if (type.kind !== BtfKind.STRUCT && type.kind !== BtfKind.UNION)
    throw new InputError('btf-malformed', `type ${id} is neither structure nor union`, { section: '.BTF' });
  const target = resolveAliases(btf, id);
  let end = 0;
  const members = type.members.map((member): PlacedMember => {
    const { bitOffset, bits } = bitsOf(btf, member);
    const bitSize = bits > 0 ? bits : sizeOf(btf, member.type) * 8;
    const hole = type.kind === BtfKind.UNION ? 0 : Math.max(0, bitOffset - end);
    end = Math.max(end, bitOffset + bitSize);
    return { name: member.name, type: member.type, bitOffset, bitSize, bitField: bits > 0, hole };
  });
  return {
    size: type.size,
    align: alignOf(btf, target),
    packed: layouts(btf).packed(target, 0),
    members,
    padding: Math.max(0, type.size * 8 - end),
  };
}

/** Place and width of a bit-field; 0 bits for an ordinary member. Old compilers keep both in the integer type. */
export function bitsOf(btf: Btf, member: BtfMember): { readonly bitOffset: number; readonly bits: number } {
  if (member.bits > 0) return { bitOffset: member.bitOffset, bits: member.bits };
  const type = resolved(btf, member.type);
  if (type.kind !== BtfKind.INT || (type.bits === type.size * 8 && type.bitOffset === 0))
    return { bitOffset: member.bitOffset, bits: 0 };
  return { bitOffset: member.bitOffset + type.bitOffset, bits: type.bits };
}

/** Alignments are found once for each type table. */
class Layouts {
  private readonly alignments = new Map<number, number>();
  private readonly packedTypes = new Map<number, boolean>();

  constructor(private readonly btf: Btf) {}

  align(id: number, depth: number): number {
    if (depth > MAX_DEPTH) throw nested(id);
    const target = resolveAliases(this.btf, id);
    const known = this.alignments.get(target);
    if (known !== undefined) return known;
    const found = this.findAlign(target, depth);
    this.alignments.set(target, found);
    return found;
  }

  private findAlign(id: number, depth: number): number {
    const type = this.btf.type(id);
    switch (type.kind) {
      case BtfKind.INT:
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
      case BtfKind.FLOAT:
        // 12-byte floats of 32-bit machines and other odd sizes: the power of two that divides them.
        return Math.min(16, type.size & -type.size) || 1;
      case BtfKind.PTR:
        return 8;
      case BtfKind.ARRAY:
      case BtfKind.VAR:
        return this.align(type.type, depth + 1);
      case BtfKind.STRUCT:
      case BtfKind.UNION:
        return this.packed(id, depth) ? 1 : this.natural(type.members, depth);
      default:
        return 1;
    }
  }

  private natural(members: readonly BtfMember[], depth: number): number {
    return members.reduce((most, member) => Math.max(most, this.align(member.type, depth + 1)), 1);
  }

  packed(id: number, depth: number): boolean {
    const known = this.packedTypes.get(id);
    if (known !== undefined) return known;
    const type = this.btf.type(id);
    const found =
      (type.kind === BtfKind.STRUCT || type.kind === BtfKind.UNION) &&
      (type.size % this.natural(type.members, depth) !== 0 ||
        type.members.some((member) => this.misplaced(member, depth)));
    this.packedTypes.set(id, found);
    return found;
  }

  /** Not where C puts a member of its type: off its alignment, or a bit-field across two of its units. */
  private misplaced(member: BtfMember, depth: number): boolean {
    const { bitOffset, bits } = bitsOf(this.btf, member);
    if (bits === 0) return bitOffset % (this.align(member.type, depth + 1) * 8) !== 0;
    const unit = sizeOf(this.btf, member.type) * 8;
    return unit > 0 && Math.floor(bitOffset / unit) !== Math.floor((bitOffset + bits - 1) / unit);
  }
}

/** Structures inside each other by value; C compilers allow 256 brackets. */
const MAX_DEPTH = 256;

const known = new WeakMap<Btf, Layouts>();

function layouts(btf: Btf): Layouts {
  let found = known.get(btf);
  if (!found) known.set(btf, (found = new Layouts(btf)));
  return found;
}

function nested(id: number): InputError {
  return new InputError('btf-malformed', `type ${id}: structures nested more than ${MAX_DEPTH} deep, a cycle`, {
    section: '.BTF',
  });
}
