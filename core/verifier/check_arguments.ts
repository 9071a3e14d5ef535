import type { Argument, Helper } from '../platform/platform';
import { HELPER, READ, WRITE, checkAccess } from './check_memory';
import { requireInitialised, setReportedValue } from './check_value';
import { describe, describeRange, mapName } from './describe';
import { hasReference, markNonNull } from './link';
import type { Machine } from './machine';
import { isConstant, isZero, smax, smin, umax } from './scalar';
import { register } from './state';
import {
  FLAGS,
  ID,
  NUMBER,
  REGION,
  TAG,
  Tag,
  constantOf,
  hasConstant,
  isNullable,
  isPointer,
  isScalarZero,
} from './value';

/** What the arguments of a call say about its effects and result. */
export interface CallFacts {
  /** Index of the map argument, -1 without one. */
  map: number;
  /** Bytes to reserve, -1 if none or not known. */
  allocate: number;
  /** Instance that the call releases, 0 if none. */
  released: number;
  /** Function index of the callback, -1 if none. */
  callback: number;
  /** Memory that the helper writes: register, least and most bytes. */
  readonly written: { at: number; least: number; most: number }[];
}

/** Largest size that may be passed to a helper: BPF_MAX_VAR_SIZ, include/linux/bpf_verifier.h. */
const MAX_SIZE = 1 << 29;

/** Checks all arguments of a helper call. */
export function checkArguments(m: Machine, helper: Helper): CallFacts {
  const facts: CallFacts = { map: -1, allocate: -1, released: 0, callback: -1, written: [] };
  helper.arguments.forEach((argument, index) => {
    if (argument.kind === 'none') return;
    if (!requireInitialised(m, index + 1)) return;
    if (m.w[register(index + 1) + TAG] === Tag.REPORTED) return;
    checkArgument(m, helper, argument, index, facts);
  });
  return facts;
}

const nameOf = (helper: Helper, index: number): string => `argument ${index + 1} of ${helper.name}`;

function checkArgument(m: Machine, helper: Helper, argument: Argument, index: number, facts: CallFacts): void {
  const { w } = m;
  const at = register(index + 1);
  switch (argument.kind) {
    case 'none':
      return;
    case 'anything':
      if (isPointer(w[at + TAG]!) && !m.type.privileged)
        m.fail(
          'pointer-leak',
          () => ({ value: describe(m, at), action: `it is passed as ${nameOf(helper, index)}` }),
          at,
        );
      return;
    case 'ctx_or_null':
      if (isScalarZero(w, at)) return;
      checkContext(m, helper, index, at);
      return;
    case 'ctx':
      checkContext(m, helper, index, at);
      return;
    case 'const_map':
      checkMap(m, helper, index, at, facts);
      return;
    case 'map_key':
    case 'map_value':
    case 'map_value_or_null':
    case 'uninit_map_value':
      checkMapMemory(m, helper, argument, index, at, facts);
      return;
    case 'mem':
    case 'mem_or_null':
    case 'uninit_mem':
    case 'uninit_mem_or_null':
      checkSizedMemory(m, helper, argument, index, at, facts);
      return;
    case 'fixed_mem':
      memory(m, helper, index, at, argument.fixedSize ?? 0, READ | (argument.writes ? WRITE : 0), facts);
      return;
    case 'uninit_fixed_mem':
      memory(m, helper, index, at, argument.fixedSize ?? 0, WRITE, facts);
      return;
    case 'size':
    case 'size_or_zero':
      checkSize(m, helper, index, at, argument.kind === 'size_or_zero');
      return;
    case 'alloc_size':
      checkAllocation(m, helper, index, at, facts);
      return;
    case 'alloc_mem':
      if (kind(m, helper, index, at, Tag.MEM, 'a record that was reserved'))
        releaseArgument(m, helper, index, at, facts);
      return;
    case 'const_string':
      checkString(m, helper, index, at);
      return;
    case 'scalar_zero':
      if (!isScalarZero(w, at))
        m.fail(
          'argument-size',
          () => ({ name: nameOf(helper, index), needed: 'it must be 0', known: describeRange(w, at) }),
          at,
        );
      return;
    case 'stack_or_null':
      if (isScalarZero(w, at)) return;
      kind(m, helper, index, at, Tag.STACK, 'a pointer to the stack, or NULL');
      return;
    case 'stack':
      kind(m, helper, index, at, Tag.STACK, 'a pointer to the stack');
      return;
    case 'function':
      if (kind(m, helper, index, at, Tag.FUNCTION, 'a function')) facts.callback = w[at + REGION]!;
      return;
    case 'socket':
      if (kind(m, helper, index, at, Tag.SOCKET, 'a socket')) releaseArgument(m, helper, index, at, facts);
      return;
    case 'btf_pointer_or_null':
      if (isScalarZero(w, at)) return;
      unmodelled(m, helper, 'kernel objects as arguments');
      return;
    case 'btf_pointer':
      unmodelled(m, helper, 'kernel objects as arguments');
      return;
    case 'timer':
      unmodelled(m, helper, 'timers');
      return;
    case 'spin_lock':
      unmodelled(m, helper, 'spin locks');
      return;
    case 'dynptr':
      unmodelled(m, helper, 'dynamic pointers');
      return;
    case 'kptr':
      unmodelled(m, helper, 'kernel pointers in maps');
      return;
    default: {
      const never: never = argument.kind;
      return never;
    }
  }
}

function unmodelled(m: Machine, helper: Helper, feature: string): void {
  m.fail('not-modelled', () => ({ name: `${helper.name} (${feature})` }));
}

/** Checks for one kind of value, not null and not moved. */
function kind(m: Machine, helper: Helper, index: number, at: number, tag: number, what: string): boolean {
  const { w } = m;
  if (w[at + TAG] !== tag) {
    m.fail(
      'helper-argument',
      () => ({ value: describe(m, at), name: nameOf(helper, index), needed: `${what} is needed` }),
      at,
    );
    setReportedValue(m, at);
    return false;
  }
  notNull(m, helper, index, at);
  if (tag !== Tag.STACK && !isZero(w, at + NUMBER)) {
    m.fail(
      'helper-argument',
      () => ({ value: describe(m, at), name: nameOf(helper, index), needed: 'the pointer must not have been moved' }),
      at,
    );
    return false;
  }
  return true;
}

function notNull(m: Machine, helper: Helper, index: number, at: number): void {
  const { w } = m;
  if (!isNullable(w, at)) return;
  m.fail('null-argument', () => ({ value: describe(m, at), name: nameOf(helper, index) }), at);
  markNonNull(w, w[at + ID]!);
  w[at + FLAGS] = 0;
}

function checkContext(m: Machine, helper: Helper, index: number, at: number): void {
  const { w } = m;
  if (w[at + TAG] === Tag.CTX && !isZero(w, at + NUMBER)) {
    m.fail('context-offset', () => ({ action: `passed as ${nameOf(helper, index)}` }), at);
    return;
  }
  kind(m, helper, index, at, Tag.CTX, 'the context');
}

function checkMap(m: Machine, helper: Helper, index: number, at: number, facts: CallFacts): void {
  const { w } = m;
  if (!kind(m, helper, index, at, Tag.MAP, 'a map')) return;
  const number = w[at + REGION]!;
  const map = m.map(number);
  if (!map) return;
  const type = m.platform.mapType(map.type);
  if (!type) {
    m.fail('not-modelled', () => ({ name: `map type ${map.type} of ${mapName(m, number)}` }), at);
    return;
  }
  if (type.helpers && !type.helpers.includes(helper.name)) {
    // What the other arguments and the result would be is then unknown, and not worth another finding.
    m.fail('map-not-allowed', () => ({ name: helper.name, value: `map ${mapName(m, number)} (${type.name})` }), at);
    return;
  }
  facts.map = number;
}

function memory(
  m: Machine,
  helper: Helper,
  index: number,
  at: number,
  size: number,
  mode: number,
  facts: CallFacts,
  sizeAt = -1,
  least = size,
): void {
  const { w } = m;
  const tag = w[at + TAG]!;
  if (tag === Tag.REPORTED) return;
  if (
    tag === Tag.SCALAR ||
    tag === Tag.CTX ||
    tag === Tag.MAP ||
    tag === Tag.FUNCTION ||
    tag === Tag.SOCKET ||
    tag === Tag.KERNEL
  ) {
    m.fail(
      'helper-argument',
      () => ({ value: describe(m, at), name: nameOf(helper, index), needed: 'a pointer to readable memory is needed' }),
      at,
    );
    return;
  }
  if (isNullable(w, at) && (tag === Tag.MAP_VALUE || tag === Tag.MEM)) notNull(m, helper, index, at);
  const sound = checkAccess(m, { at, offset: 0, size, sizeAt, mode: mode | HELPER });
  if (sound && (mode & WRITE) !== 0) facts.written.push({ at, least, most: size });
}

function checkMapMemory(
  m: Machine,
  helper: Helper,
  argument: Argument,
  index: number,
  at: number,
  facts: CallFacts,
): void {
  if (argument.kind === 'map_value_or_null' && isScalarZero(m.w, at)) return;
  const map = m.map(facts.map);
  if (!map) return;
  const isKey = argument.kind === 'map_key';
  const size = isKey ? map.keySize : map.valueSize;
  const mode = argument.kind === 'uninit_map_value' ? WRITE : READ | (argument.writes ? WRITE : 0);
  if (size === 0) {
    // Maps without keys (queues, local storage) take no memory here; a map that should have one was refused with its helper.
    return;
  }
  memory(m, helper, index, at, size, mode, facts);
}

function checkSizedMemory(
  m: Machine,
  helper: Helper,
  argument: Argument,
  index: number,
  at: number,
  facts: CallFacts,
): void {
  const { w } = m;
  const next = helper.arguments[index + 1];
  const sizeAt = register(index + 2);
  if (next?.kind !== 'size' && next?.kind !== 'size_or_zero') {
    unmodelled(m, helper, 'memory without a size');
    return;
  }
  if (w[sizeAt + TAG] !== Tag.SCALAR) return;
  const n = sizeAt + NUMBER;
  const orNull = argument.kind === 'mem_or_null' || argument.kind === 'uninit_mem_or_null';
  if (umax(w, n) === 0 && next.kind === 'size_or_zero') return;
  if (orNull && isScalarZero(w, at)) {
    m.fail(
      'null-argument',
      () => ({ value: 'NULL', name: `${nameOf(helper, index)} with a size that may be more than 0` }),
      at,
    );
    return;
  }
  // The size is checked when it is its turn; an absurd one makes this check pointless.
  if (smin(w, n) < 0 || umax(w, n) > MAX_SIZE) return;
  const writes = argument.kind === 'uninit_mem' || argument.kind === 'uninit_mem_or_null';
  const mode = writes ? WRITE : READ | (argument.writes ? WRITE : 0);
  const varies = !isConstant(w, n);
  memory(m, helper, index, at, umax(w, n), mode, facts, varies ? sizeAt : -1, smin(w, n));
}

function checkSize(m: Machine, helper: Helper, index: number, at: number, zeroAllowed: boolean): void {
  const { w } = m;
  if (!isNumber(m, helper, index, at)) return;
  const n = at + NUMBER;
  const least = zeroAllowed ? 0 : 1;
  if (smin(w, n) >= least && umax(w, n) <= MAX_SIZE) return;
  m.fail(
    'argument-size',
    () => ({
      name: nameOf(helper, index),
      needed: `${least} <= size <= ${MAX_SIZE}`,
      known: `size is ${describeRange(w, at)}`,
    }),
    at,
  );
}

function isNumber(m: Machine, helper: Helper, index: number, at: number): boolean {
  if (m.w[at + TAG] === Tag.SCALAR) return true;
  m.fail(
    'helper-argument',
    () => ({ value: describe(m, at), name: nameOf(helper, index), needed: 'a number is needed' }),
    at,
  );
  return false;
}

function checkAllocation(m: Machine, helper: Helper, index: number, at: number, facts: CallFacts): void {
  const { w } = m;
  if (!isNumber(m, helper, index, at)) return;
  const size = hasConstant(w, at) ? constantOf(w, at) : -1;
  if (size > 0 && size <= MAX_SIZE) {
    facts.allocate = size;
    return;
  }
  m.fail(
    'argument-size',
    () => ({ name: nameOf(helper, index), needed: 'a constant above 0', known: `size is ${describeRange(w, at)}` }),
    at,
  );
}

function releaseArgument(m: Machine, helper: Helper, index: number, at: number, facts: CallFacts): void {
  if (!m.releases(helper.name) || index !== 0) return;
  const id = m.w[at + ID]!;
  if (hasReference(m.w, id)) {
    facts.released = id;
    return;
  }
  m.fail(
    'helper-argument',
    () => ({
      value: describe(m, at),
      name: nameOf(helper, index),
      needed: 'what the program itself acquired is needed',
    }),
    at,
  );
}

function checkString(m: Machine, helper: Helper, index: number, at: number): void {
  const { w } = m;
  const map = w[at + TAG] === Tag.MAP_VALUE ? m.map(w[at + REGION]!) : undefined;
  const offset = hasConstant(w, at) ? smin(w, at + NUMBER) : -1;
  const ends =
    map?.readOnly === true && offset >= 0 && offset <= smax(w, at + NUMBER) && map.initial?.indexOf(0, offset);
  if (typeof ends === 'number' && ends >= 0) return;
  m.fail(
    'helper-argument',
    () => ({ value: describe(m, at), name: nameOf(helper, index), needed: 'a constant string is needed' }),
    at,
  );
}
