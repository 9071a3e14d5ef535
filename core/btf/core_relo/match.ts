import { InputError } from '../../input/error';
import type { Btf } from '../btf';
import { BtfKind } from '../kind';
import { resolveAliases } from '../layout';
import { essentialName } from '../name';
import { fieldsCompatible, typesCompatible, typesMatch } from './compatible';
import { coreKind, CoreKind } from './kind';
import { completeSize, isFlexible, MAX_SPEC, type CoreAccessor, type CoreSpec } from './spec';

/** Anonymous structures inside each other; also a guard against cycles. */
const MAX_ANONYMOUS = 64;

/**
 * The place in the candidate type `root` that corresponds to `local`, or undefined when the candidate has none.
 * O(members of the candidate for each step).
 * @throws InputError `core-malformed` for candidates that are nested beyond reason
 */
export function matchSpec(local: CoreSpec, target: Btf, root: number): CoreSpec | undefined {
  const spec: CoreSpec = { btf: target, root, kind: local.kind, accessors: [], raw: [], bitOffset: 0 };
  switch (coreKind(local.kind).subject) {
    case 'type': {
      const fits = local.kind === CoreKind.TYPE_MATCHES ? typesMatch : typesCompatible;
      return fits(local.btf, local.root, target, root) ? spec : undefined;
    }
    case 'enumerator':
      return matchEnumerator(local, spec);
    case 'field':
      return matchField(local, spec);
    case 'unknown':
      return undefined;
  }
}

function matchEnumerator(local: CoreSpec, spec: CoreSpec): CoreSpec | undefined {
  const id = resolveAliases(spec.btf, spec.root);
  const type = spec.btf.type(id);
  if (type.kind !== BtfKind.ENUM && type.kind !== BtfKind.ENUM64) return undefined;
  const wanted = essentialName(local.accessors[0]?.name ?? '');
  const index = type.values.findIndex((value) => essentialName(value.name) === wanted);
  if (index < 0) return undefined;
  return { ...spec, accessors: [{ type: id, index, name: type.values[index]!.name }], raw: [index] };
}

function matchField(local: CoreSpec, spec: CoreSpec): CoreSpec | undefined {
  const target = spec.btf;
  const accessors: CoreAccessor[] = [];
  const raw: number[] = [];
  let bitOffset = 0;
  let id = spec.root;
  for (const [i, accessor] of local.accessors.entries()) {
    id = resolveAliases(target, id);
    if (accessor.name !== undefined) {
      const found = findMember(local.btf, accessor, target, id, MAX_SPEC - raw.length, 0);
      if (!found) return undefined;
      accessors.push(found.accessor);
      raw.push(...found.raw);
      bitOffset += found.bitOffset;
      id = found.type;
    } else {
      // The first step is an index from a pointer to the root; later ones go into an array.
      if (i > 0) {
        const array = target.type(id);
        if (array.kind !== BtfKind.ARRAY) return undefined;
        if (accessor.index >= array.count && !isFlexible(target, accessors.at(-1)!, array)) return undefined;
        id = resolveAliases(target, array.type);
      }
      if (raw.length >= MAX_SPEC) throw tooDeep(id);
      accessors.push({ type: id, index: accessor.index, name: undefined });
      raw.push(accessor.index);
      bitOffset += accessor.index * completeSize(target, id) * 8;
    }
  }
  return { ...spec, accessors, raw, bitOffset };
}

interface Found {
  readonly accessor: CoreAccessor;
  readonly raw: readonly number[];
  readonly bitOffset: number;
  readonly type: number;
}

/** The member of the same name, looked for also in anonymous structures; the first of that name decides. */
function findMember(
  local: Btf,
  accessor: CoreAccessor,
  target: Btf,
  targetId: number,
  room: number,
  depth: number,
): Found | undefined {
  const id = resolveAliases(target, targetId);
  const type = target.type(id);
  if (type.kind !== BtfKind.STRUCT && type.kind !== BtfKind.UNION) return undefined;
  if (room <= 0 || depth > MAX_ANONYMOUS) throw tooDeep(id);
  const localType = local.type(accessor.type);
  const localMember =
    localType.kind === BtfKind.STRUCT || localType.kind === BtfKind.UNION
      ? localType.members[accessor.index]
      : undefined;
  if (!localMember) return undefined;
  for (const [index, member] of type.members.entries()) {
    if (member.name === '') {
      const inside = findMember(local, accessor, target, member.type, room - 1, depth + 1);
      if (!inside) continue;
      return { ...inside, raw: [index, ...inside.raw], bitOffset: inside.bitOffset + member.bitOffset };
    }
    if (member.name !== localMember.name) continue;
    if (!fieldsCompatible(local, localMember.type, target, member.type)) return undefined;
    return {
      accessor: { type: id, index, name: member.name },
      raw: [index],
      bitOffset: member.bitOffset,
      type: member.type,
    };
  }
  return undefined;
}

function tooDeep(id: number): InputError {
  return new InputError('core-malformed', `CO-RE: type ${id} is nested more than ${MAX_SPEC} deep`);
}
