import type { Btf } from '../btf/btf';
import { BtfKind } from '../btf/kind';
import { InputError } from '../input/error';
import type { BpfObject } from '../object/object';

/** Bytes of a map value that ordinary loads and stores must not touch, because the kernel keeps its own data there. */
export interface SpecialField {
  readonly offset: number;
  readonly size: number;
  /** `struct bpf_timer` */
  readonly name: string;
}

/** Structures with kernel state and pointers with kernel meaning: btf_parse_fields in kernel/bpf/btf.c (Linux 6.12). */
const SPECIAL = new Set([
  'bpf_spin_lock',
  'bpf_res_spin_lock',
  'bpf_timer',
  'bpf_wq',
  'bpf_list_head',
  'bpf_list_node',
  'bpf_rb_root',
  'bpf_rb_node',
  'bpf_refcount',
]);
const POINTER_TAGS = new Set(['kptr', 'kptr_untrusted', 'percpu_kptr', 'uptr']);
const MAX_FIELDS = 256;
const MAX_DEPTH = 32;

/** Special fields by map, found once each. */
export class Layouts {
  private readonly found = new Map<number, readonly SpecialField[]>();

  constructor(private readonly object: BpfObject) {}

  /** Special fields of the values of a map; empty when the object has no types for it. */
  fields(map: number): readonly SpecialField[] {
    let fields = this.found.get(map);
    if (fields === undefined) {
      fields = this.find(map);
      this.found.set(map, fields);
    }
    return fields;
  }

  private find(map: number): readonly SpecialField[] {
    const definition = this.object.maps[map];
    const btf = this.object.btf;
    if (!definition || !btf || definition.valueTypeId === 0) return [];
    const into: SpecialField[] = [];
    try {
      walk(btf, definition.valueTypeId, 0, 0, into);
    } catch (error) {
      // A malformed type table describes nothing; the object was readable without it.
      if (error instanceof InputError) return [];
      throw error;
    }
    return into;
  }
}

function walk(btf: Btf, id: number, offset: number, depth: number, into: SpecialField[]): void {
  if (id === 0 || depth > MAX_DEPTH || into.length >= MAX_FIELDS) return;
  const type = btf.type(id);
  switch (type.kind) {
    case BtfKind.STRUCT:
    case BtfKind.UNION:
      if (SPECIAL.has(type.name)) {
        into.push({ offset, size: type.size, name: `struct ${type.name}` });
        return;
      }
      for (const member of type.members) walk(btf, member.type, offset + (member.bitOffset >> 3), depth + 1, into);
      return;
    case BtfKind.ARRAY: {
      const element: SpecialField[] = [];
      walk(btf, type.type, 0, depth + 1, element);
      if (element.length === 0) return;
      const size = sizeOf(btf, type.type, 0);
      for (let index = 0; index < type.count && into.length < MAX_FIELDS; index++) {
        for (const field of element) into.push({ ...field, offset: offset + index * size + field.offset });
      }
      return;
    }
    case BtfKind.PTR:
      if (isTagged(btf, type.type)) into.push({ offset, size: 8, name: 'a kernel pointer' });
      return;
    case BtfKind.TYPEDEF:
    case BtfKind.VOLATILE:
    case BtfKind.CONST:
    case BtfKind.TYPE_TAG:
    case BtfKind.VAR:
      walk(btf, type.type, offset, depth + 1, into);
      return;
    case BtfKind.DATASEC:
      for (const variable of type.variables) walk(btf, variable.type, offset + variable.offset, depth + 1, into);
      return;
    default:
      return;
  }
}

/** Whether a pointer's target carries one of the tags that make it a kernel pointer. */
function isTagged(btf: Btf, target: number): boolean {
  for (let id = target, depth = 0; id !== 0 && depth < MAX_DEPTH; depth++) {
    const type = btf.type(id);
    if (type.kind !== BtfKind.TYPE_TAG && type.kind !== BtfKind.CONST && type.kind !== BtfKind.VOLATILE) return false;
    if (POINTER_TAGS.has(type.name)) return true;
    id = type.type;
  }
  return false;
}

function sizeOf(btf: Btf, id: number, depth: number): number {
  if (id === 0 || depth > MAX_DEPTH) return 0;
  const type = btf.type(id);
  switch (type.kind) {
    case BtfKind.STRUCT:
    case BtfKind.UNION:
    case BtfKind.INT:
    case BtfKind.ENUM:
    case BtfKind.ENUM64:
    case BtfKind.FLOAT:
      return type.size;
    case BtfKind.PTR:
      return 8;
    case BtfKind.ARRAY:
      return type.count * sizeOf(btf, type.type, depth + 1);
    case BtfKind.TYPEDEF:
    case BtfKind.VOLATILE:
    case BtfKind.CONST:
    case BtfKind.TYPE_TAG:
      return sizeOf(btf, type.type, depth + 1);
    default:
      return 0;
  }
}
