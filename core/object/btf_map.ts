import type { Btf, BtfMember, BtfType } from '../btf/btf';
import { BtfKind } from '../btf/kind';
import { resolved, sizeOf } from '../btf/layout';
import { InputError } from '../input/error';
import type { MapDefinition } from './object';

/** BPF_MAP_TYPE_* with map values; the same numbers on both platforms. */
const ARRAY_OF_MAPS = 12;
const HASH_OF_MAPS = 13;

/** The numbers and types that the members of one map structure declare. */
interface Declared {
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  pinning: number;
  extra: bigint;
  numaNode: number | undefined;
  keyTypeId: number;
  valueTypeId: number;
  inner: Declared | undefined;
}

/**
 * Appends the map that the variable `name` of `.maps` declares, and its inner template if it has one, to `maps`.
 * Members are libbpf's: `__uint(x, n)` is a pointer to an array of n, `__type(x, t)` a pointer to t, `__array(values, t)` an array of pointers to t.
 * @throws InputError `map-malformed` naming the map
 */
export function addBtfMap(btf: Btf, name: string, variableType: number, maps: MapDefinition[]): void {
  append(maps, name, declared(btf, name, variableType, 0));
}

function append(maps: MapDefinition[], name: string, map: Declared): void {
  const inner = map.inner ? maps.length + 1 : -1;
  maps.push({
    name,
    type: map.type,
    keySize: map.keySize,
    valueSize: map.inner && map.valueSize === 0 ? 4 : map.valueSize,
    maxEntries: map.maxEntries,
    flags: map.flags,
    pinning: map.pinning,
    origin: 'btf',
    readOnly: false,
    initial: undefined,
    inner,
    keyTypeId: map.keyTypeId,
    valueTypeId: map.valueTypeId,
    extra: map.extra,
    numaNode: map.numaNode,
  });
  if (map.inner) append(maps, `${name}.inner`, map.inner);
}

function declared(btf: Btf, name: string, typeId: number, depth: number): Declared {
  const type = resolved(btf, typeId);
  if (type.kind !== BtfKind.STRUCT) throw malformed(name, 'its type is not a structure');
  const map: Declared = {
    type: 0,
    keySize: 0,
    valueSize: 0,
    maxEntries: 0,
    flags: 0,
    pinning: 0,
    extra: 0n,
    numaNode: undefined,
    keyTypeId: 0,
    valueTypeId: 0,
    inner: undefined,
  };
  for (const member of type.members) declareMember(btf, name, map, member, depth);
  if (map.type === 0) throw malformed(name, 'it has no `type`');
  return map;
}

function declareMember(btf: Btf, name: string, map: Declared, member: BtfMember, depth: number): void {
  switch (member.name) {
    case 'type':
      map.type = declaredNumber(btf, name, member);
      break;
    case 'key_size':
      map.keySize = sameSize(name, 'key', map.keySize, declaredNumber(btf, name, member));
      break;
    case 'value_size':
      map.valueSize = sameSize(name, 'value', map.valueSize, declaredNumber(btf, name, member));
      break;
    case 'map_extra':
      map.extra = declaredLong(btf, name, member);
      break;
    case 'numa_node':
      map.numaNode = declaredNumber(btf, name, member);
      break;
    case 'max_entries':
      map.maxEntries = declaredNumber(btf, name, member);
      break;
    case 'map_flags':
      map.flags = declaredNumber(btf, name, member);
      break;
    case 'pinning':
      map.pinning = declaredNumber(btf, name, member);
      break;
    case 'key':
      map.keyTypeId = pointee(btf, name, member);
      map.keySize = sameSize(name, 'key', map.keySize, sizeOf(btf, map.keyTypeId));
      break;
    case 'value':
      map.valueTypeId = pointee(btf, name, member);
      map.valueSize = sameSize(name, 'value', map.valueSize, sizeOf(btf, map.valueTypeId));
      break;
    case 'values': {
      const inner = innerType(btf, name, member);
      if (inner === undefined || (map.type !== 0 && map.type !== ARRAY_OF_MAPS && map.type !== HASH_OF_MAPS)) break;
      if (depth > 0) throw malformed(name, 'its inner map is itself a map of maps');
      map.inner = declared(btf, `${name}.inner`, inner, depth + 1);
      break;
    }
    default:
      // Members that only another platform reads (id, inner_id, ...).
      break;
  }
}

/** A size may be declared twice, as a number and by a type, when both say the same. */
function sameSize(name: string, what: string, known: number, size: number): number {
  if (known !== 0 && known !== size) throw malformed(name, `its ${what}s have ${known} and ${size} bytes at once`);
  return size;
}

/** `__ulong(member, n)` is an enumeration whose one enumerator is n; small numbers may be declared as others are. */
function declaredLong(btf: Btf, name: string, member: BtfMember): bigint {
  const type = resolved(btf, member.type);
  if (type.kind !== BtfKind.ENUM && type.kind !== BtfKind.ENUM64) return BigInt(declaredNumber(btf, name, member));
  const [value, ...more] = type.values;
  if (!value || more.length > 0) throw malformed(name, `\`${member.name}\` does not declare one number`);
  return BigInt.asUintN(64, value.value);
}

/** `int (*member)[n]` declares n. */
function declaredNumber(btf: Btf, name: string, member: BtfMember): number {
  const type = resolved(btf, pointee(btf, name, member));
  if (type.kind !== BtfKind.ARRAY) throw malformed(name, `\`${member.name}\` does not point to an array`);
  return type.count;
}

function pointee(btf: Btf, name: string, member: BtfMember): number {
  const type = resolved(btf, member.type);
  if (type.kind !== BtfKind.PTR) throw malformed(name, `\`${member.name}\` is not a pointer`);
  return type.type;
}

/** The structure behind `values`, an array of pointers; undefined for arrays of function pointers (prog arrays). */
function innerType(btf: Btf, name: string, member: BtfMember): number | undefined {
  const array = resolved(btf, member.type);
  if (array.kind !== BtfKind.ARRAY) throw malformed(name, '`values` is not an array');
  const pointer = resolved(btf, array.type);
  if (pointer.kind !== BtfKind.PTR) throw malformed(name, '`values` does not hold pointers');
  const target: BtfType = resolved(btf, pointer.type);
  return target.kind === BtfKind.STRUCT ? pointer.type : undefined;
}

function malformed(name: string, what: string): InputError {
  return new InputError('map-malformed', `map ${name} in section .maps: ${what}`, { section: '.maps', symbol: name });
}
