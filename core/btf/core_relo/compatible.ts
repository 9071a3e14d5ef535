import { InputError } from '../../input/error';
import type { Btf, BtfType } from '../btf';
import { BtfKind } from '../kind';
import { resolveAliases } from '../layout';
import { essentialName } from '../name';

/** libbpf's limits on nesting (tools/lib/bpf/relo_core.c): chains of pointers and arrays, and function types inside each other. */
const MAX_CHAIN = 32;
const MAX_LEVEL = 32;

/** Function types inside function types multiply, and so do members by members; no real pair of types needs so many comparisons. */
const MAX_STEPS = 1 << 23;

/** Both kinds are the same; the two kinds of enumerations count as one. */
export function kindsMatch(a: BtfType['kind'], b: BtfType['kind']): boolean {
  return a === b || (isEnum(a) && isEnum(b));
}

function isEnum(kind: BtfType['kind']): boolean {
  return kind === BtfKind.ENUM || kind === BtfKind.ENUM64;
}

function isComposite(kind: BtfType['kind']): boolean {
  return kind === BtfKind.STRUCT || kind === BtfKind.UNION;
}

/**
 * Whether a field of one type may stand for a field of another: structures and unions always; pointers always; integers unless they are
 * bit-fields of the old kind; enumerations and forward declarations of the same name; arrays when their elements may.
 */
export function fieldsCompatible(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  for (let chain = 0; chain <= MAX_CHAIN; chain++) {
    const a = local.type(resolveAliases(local, localId));
    const b = target.type(resolveAliases(target, targetId));
    if (isComposite(a.kind) && isComposite(b.kind)) return true;
    if (!kindsMatch(a.kind, b.kind)) return false;
    switch (a.kind) {
      case BtfKind.PTR:
      case BtfKind.FLOAT:
        return true;
      case BtfKind.FWD:
      case BtfKind.ENUM:
      case BtfKind.ENUM64: {
        const names = [essentialName(a.name), essentialName(b.name)];
        return names.includes('') || names[0] === names[1];
      }
      case BtfKind.INT:
        return b.kind === BtfKind.INT && a.bitOffset === 0 && b.bitOffset === 0;
      case BtfKind.ARRAY:
        if (b.kind !== BtfKind.ARRAY) return false;
        localId = a.type;
        targetId = b.type;
        break;
      default:
        return false;
    }
  }
  throw tooDeep(localId);
}

/**
 * Whether two types of the same name are of the same sort, for relocations about types: names below the root do not matter, nor do sizes.
 * @throws InputError `core-malformed` when types are nested beyond libbpf's limits
 */
export function typesCompatible(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  return new Comparison(local, target).compatible(localId, targetId, MAX_LEVEL);
}

/**
 * Whether every member of the local type is in the target type with a matching type ("type matches" relocations).
 * @throws InputError `core-malformed` when types are nested beyond libbpf's limits
 */
export function typesMatch(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  return new Comparison(local, target).matches(localId, targetId, false, MAX_LEVEL);
}

class Comparison {
  private steps = 0;

  constructor(
    private readonly local: Btf,
    private readonly target: Btf,
  ) {}

  compatible(localId: number, targetId: number, level: number): boolean {
    // The roots themselves must agree: a typedef with a typedef, before both are looked through.
    if (!kindsMatch(this.local.kind(localId), this.target.kind(targetId))) return false;
    for (let chain = 0; chain < MAX_CHAIN; chain++) {
      this.count(localId);
      const a = this.local.type(resolveAliases(this.local, localId));
      const b = this.target.type(resolveAliases(this.target, targetId));
      if (!kindsMatch(a.kind, b.kind)) return false;
      switch (a.kind) {
        case BtfKind.VOID:
        case BtfKind.STRUCT:
        case BtfKind.UNION:
        case BtfKind.ENUM:
        case BtfKind.ENUM64:
        case BtfKind.FWD:
          return true;
        case BtfKind.INT:
          return b.kind === BtfKind.INT && a.bitOffset === 0 && b.bitOffset === 0;
        case BtfKind.PTR:
        case BtfKind.ARRAY:
          if (b.kind !== BtfKind.PTR && b.kind !== BtfKind.ARRAY) return false;
          localId = a.type;
          targetId = b.type;
          break;
        case BtfKind.FUNC_PROTO:
          if (b.kind !== BtfKind.FUNC_PROTO || a.parameters.length !== b.parameters.length) return false;
          for (const [i, { type }] of a.parameters.entries()) {
            if (level <= 0) throw tooDeep(localId);
            const localType = resolveAliases(this.local, type);
            const targetType = resolveAliases(this.target, b.parameters[i]!.type);
            if (!this.compatible(localType, targetType, level - 1)) return false;
          }
          localId = a.returns;
          targetId = b.returns;
          break;
        default:
          return false;
      }
    }
    throw tooDeep(localId);
  }

  matches(localId: number, targetId: number, behindPointer: boolean, level: number): boolean {
    if (level <= 0) throw tooDeep(localId);
    for (let chain = 0; chain < MAX_CHAIN; chain++) {
      this.count(localId);
      const a = this.local.type(resolveAliases(this.local, localId));
      const b = this.target.type(resolveAliases(this.target, targetId));
      if (!namesMatch(nameOf(a), nameOf(b))) return false;
      switch (a.kind) {
        case BtfKind.VOID:
          return b.kind === BtfKind.VOID;
        case BtfKind.FWD:
          if (b.kind === BtfKind.FWD) return a.union === b.union;
          return behindPointer && b.kind === (a.union ? BtfKind.UNION : BtfKind.STRUCT);
        case BtfKind.ENUM:
        case BtfKind.ENUM64: {
          if (b.kind !== BtfKind.ENUM && b.kind !== BtfKind.ENUM64) return false;
          if (a.size !== b.size || a.values.length > b.values.length) return false;
          const names = new Set(b.values.map((value) => essentialName(value.name)));
          return a.values.every((value) => names.has(essentialName(value.name)));
        }
        case BtfKind.STRUCT:
        case BtfKind.UNION:
          if (b.kind === BtfKind.FWD) return behindPointer && b.union === (a.kind === BtfKind.UNION);
          if (a.kind !== b.kind) return false;
          return behindPointer || this.membersMatch(a, b, level);
        case BtfKind.INT:
          return b.kind === BtfKind.INT && a.size === b.size && a.signed === b.signed;
        case BtfKind.PTR:
          if (b.kind !== BtfKind.PTR) return false;
          behindPointer = true;
          localId = a.type;
          targetId = b.type;
          break;
        case BtfKind.ARRAY:
          if (b.kind !== BtfKind.ARRAY || a.count !== b.count) return false;
          localId = a.type;
          targetId = b.type;
          break;
        case BtfKind.FUNC_PROTO:
          if (b.kind !== BtfKind.FUNC_PROTO || a.parameters.length !== b.parameters.length) return false;
          for (const [i, { type }] of a.parameters.entries())
            if (!this.matches(type, b.parameters[i]!.type, behindPointer, level - 1)) return false;
          localId = a.returns;
          targetId = b.returns;
          break;
        default:
          return false;
      }
    }
    throw tooDeep(localId);
  }

  private membersMatch(a: Composite, b: Composite, level: number): boolean {
    if (a.members.length > b.members.length) return false;
    return a.members.every((member) =>
      b.members.some((candidate) => {
        this.count(member.type);
        return namesMatch(member.name, candidate.name) && this.matches(member.type, candidate.type, false, level - 1);
      }),
    );
  }

  private count(id: number): void {
    if (++this.steps > MAX_STEPS) throw tooDeep(id);
  }
}

type Composite = Extract<BtfType, { kind: typeof BtfKind.STRUCT | typeof BtfKind.UNION }>;

/** `void` has no name in BTF. */
function nameOf(type: BtfType): string {
  return type.kind === BtfKind.VOID ? '' : type.name;
}

function namesMatch(a: string, b: string): boolean {
  return essentialName(a) === essentialName(b);
}

function tooDeep(id: number): InputError {
  return new InputError('core-malformed', `CO-RE: type ${id} is nested too deeply to be compared`);
}
