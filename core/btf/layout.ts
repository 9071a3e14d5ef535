import { InputError } from '../input/error';
import type { Btf, BtfType } from './btf';
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
