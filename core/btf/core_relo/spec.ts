import { InputError } from '../../input/error';
import type { Btf, BtfType } from '../btf';
import type { CoreRelocation } from '../ext';
import { BtfKind } from '../kind';
import { resolveAliases, resolved, sizeOf } from '../layout';
import { KIND_NAME } from '../raw_dump';
import { coreKind } from './kind';

/** libbpf's BPF_CORE_SPEC_MAX_LEN: deeper accesses are refused. */
export const MAX_SPEC = 64;

/** One meaningful step of an access: a named field or enumerator, or an element of an array (no name). */
export interface CoreAccessor {
  /** The structure, enumeration or element type, typedefs and qualifiers removed. */
  readonly type: number;
  readonly index: number;
  readonly name: string | undefined;
}

/** A place in a type, as an access string names it. */
export interface CoreSpec {
  readonly btf: Btf;
  readonly root: number;
  readonly kind: number;
  /** Named fields and array elements; steps through anonymous structures are left out. Empty for relocations about types. */
  readonly accessors: readonly CoreAccessor[];
  /** Every step: the numbers of the access string. */
  readonly raw: readonly number[];
  readonly bitOffset: number;
}

/**
 * Understands the access string of a relocation record. O(steps).
 * @throws InputError `core-malformed` when it does not fit the type
 */
export function parseSpec(btf: Btf, relocation: CoreRelocation): CoreSpec {
  const { access, type: root, kind } = relocation;
  const { subject } = coreKind(kind);
  const spec = { btf, root, kind, accessors: [] as CoreAccessor[], raw: [] as number[], bitOffset: 0 };
  if (subject === 'type') {
    if (access !== '0') throw unfit(relocation, 'a relocation about a type has the access string "0"');
    return spec;
  }
  if (!/^\d{1,9}(:\d{1,9})*$/.test(access)) throw unfit(relocation, 'numbers with colons between them are expected');
  spec.raw = access.split(':').map(Number);
  if (spec.raw.length > MAX_SPEC) throw unfit(relocation, `more than ${MAX_SPEC} steps`);
  let id = resolveAliases(btf, root);
  const first = spec.raw[0]!;
  if (subject === 'enumerator') {
    const type = btf.type(id);
    const values = type.kind === BtfKind.ENUM || type.kind === BtfKind.ENUM64 ? type.values : [];
    if (spec.raw.length > 1 || !values[first]) throw unfit(relocation, 'there is no such enumerator');
    spec.accessors.push({ type: id, index: first, name: values[first].name });
    return spec;
  }
  if (subject === 'unknown') throw unfit(relocation, `relocation kind ${kind} is unknown`);
  spec.accessors.push({ type: id, index: first, name: undefined });
  spec.bitOffset = first * completeSize(btf, id) * 8;
  for (const index of spec.raw.slice(1)) {
    id = resolveAliases(btf, id);
    const type = btf.type(id);
    if (type.kind === BtfKind.STRUCT || type.kind === BtfKind.UNION) {
      const member = type.members[index];
      if (!member) throw unfit(relocation, `type ${id} has no member ${index}`);
      spec.bitOffset += member.bitOffset;
      if (member.name !== '') spec.accessors.push({ type: id, index, name: member.name });
      id = member.type;
    } else if (type.kind === BtfKind.ARRAY) {
      if (index >= type.count && !isFlexible(btf, spec.accessors.at(-1)!, type))
        throw unfit(relocation, `type ${id} has no element ${index}`);
      id = resolveAliases(btf, type.type);
      spec.accessors.push({ type: id, index, name: undefined });
      spec.bitOffset += index * completeSize(btf, id) * 8;
    } else {
      throw unfit(relocation, `type ${id} is a ${KIND_NAME[type.kind]}, which has no parts`);
    }
  }
  return spec;
}

/** Whether an array without elements is the last member of its structure: then any index is inside. */
export function isFlexible(btf: Btf, accessor: CoreAccessor, array: { readonly count: number }): boolean {
  if (accessor.name === undefined || array.count > 0) return false;
  const type = btf.type(accessor.type);
  return (type.kind === BtfKind.STRUCT || type.kind === BtfKind.UNION) && accessor.index === type.members.length - 1;
}

/** Size of a type that has one. @throws InputError `core-malformed` for functions, void and forward declarations */
export function completeSize(btf: Btf, id: number): number {
  const type = resolved(btf, id);
  if (
    type.kind === BtfKind.VOID ||
    type.kind === BtfKind.FWD ||
    type.kind === BtfKind.FUNC_PROTO ||
    type.kind === BtfKind.FUNC
  )
    throw new InputError('core-malformed', `CO-RE: type ${id} (${KIND_NAME[type.kind]}) has no size`);
  return sizeOf(btf, id);
}

/** `<byte_off> [8] struct task_struct.pid (0:3 @ offset 12)`, as libbpf writes it. */
export function formatSpec(spec: CoreSpec): string {
  const type = spec.btf.type(spec.root);
  const { name, subject } = coreKind(spec.kind);
  const head = `<${name}> [${spec.root}] ${KIND_WORD[type.kind] ?? 'unknown'} ${spec.root === 0 || type.name === '' ? '<anon>' : type.name}`;
  if (subject === 'type') return head;
  if (subject === 'enumerator') {
    const target = resolved(spec.btf, spec.root);
    const value =
      target.kind === BtfKind.ENUM || target.kind === BtfKind.ENUM64 ? target.values[spec.raw[0] ?? 0] : undefined;
    return value ? `${head}::${value.name} = ${value.value}` : head;
  }
  const path = spec.accessors.map(({ name: field, index }, i) =>
    field !== undefined ? `.${field}` : i > 0 || index > 0 ? `[${index}]` : '',
  );
  const bits = spec.bitOffset % 8;
  const place = `${Math.floor(spec.bitOffset / 8)}${bits ? `.${bits}` : ''}`;
  return `${head}${path.join('')} (${spec.raw.join(':')} @ offset ${place})`;
}

/** Kinds as libbpf writes them in messages. */
const KIND_WORD: Readonly<Partial<Record<BtfType['kind'], string>>> = {
  [BtfKind.VOID]: 'void',
  [BtfKind.INT]: 'int',
  [BtfKind.PTR]: 'ptr',
  [BtfKind.ARRAY]: 'array',
  [BtfKind.STRUCT]: 'struct',
  [BtfKind.UNION]: 'union',
  [BtfKind.ENUM]: 'enum',
  [BtfKind.FWD]: 'fwd',
  [BtfKind.TYPEDEF]: 'typedef',
  [BtfKind.VOLATILE]: 'volatile',
  [BtfKind.CONST]: 'const',
  [BtfKind.RESTRICT]: 'restrict',
  [BtfKind.FUNC]: 'func',
  [BtfKind.FUNC_PROTO]: 'func_proto',
  [BtfKind.VAR]: 'var',
  [BtfKind.DATASEC]: 'datasec',
  [BtfKind.FLOAT]: 'float',
  [BtfKind.DECL_TAG]: 'decl_tag',
  [BtfKind.TYPE_TAG]: 'type_tag',
  [BtfKind.ENUM64]: 'enum64',
};

function unfit(relocation: CoreRelocation, why: string): InputError {
  return new InputError(
    'core-malformed',
    `CO-RE: the access "${relocation.access}" to type ${relocation.type} makes no sense: ${why}`,
    { section: '.BTF.ext', offset: relocation.offset },
  );
}
