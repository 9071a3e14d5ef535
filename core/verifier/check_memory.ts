import { STACK_BYTES_PER_FRAME } from '../isa/opcode';
import type { Detail, FindingCode } from './catalogue';
import { setReportedValue } from './check_value';
import { calledAt, describe, describeRange, isUnbounded, mapValueName } from './describe';
import { addFact, bound } from './fact';
import { hasReference, markNonNull, propagate } from './link';
import type { Machine } from './machine';
import { setSigned, smax, smin, meet } from './scalar';
import { fillBytes, firstUninit, holdsPointer } from './stack';
import { Byte, META_START, PACKET_SIZE, scratch } from './state';
import { NO_SYMBOL, termConstant, termMax, termMin, termSymbol } from './term';
import { FLAGS, ID, NULLABLE, NUMBER, REGION, TAG, Tag, hasConstant } from './value';

/** How memory is used; helpers that both read and write pass both bits. */
export const READ = 1;
export const WRITE = 2;
export const ATOMIC = 4;
/** By a helper: alignment does not matter. */
export const HELPER = 8;

/** BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG, include/uapi/linux/bpf.h. */
const READ_ONLY_FLAG = 1 << 7;
const WRITE_ONLY_FLAG = 1 << 8;

/** An access at a pointer's offset + `offset`, of `size` bytes at most. */
export interface Access {
  /** Position of the pointer. */
  readonly at: number;
  readonly offset: number;
  readonly size: number;
  /** Position of the value that holds the size when it varies, else -1: then facts about their sum may help. */
  readonly sizeAt: number;
  readonly mode: number;
}

function action(access: Access): string {
  const verb = (access.mode & ATOMIC) !== 0 ? 'update' : (access.mode & WRITE) !== 0 ? 'write' : 'read';
  const bytes =
    access.sizeAt >= 0 ? `up to ${access.size} bytes` : access.size === 1 ? '1 byte' : `${access.size} bytes`;
  return `${verb} ${bytes}`;
}

/**
 * Checks an access to anything but the context. Reports what fails, and goes on as if it held. False when the access makes no
 * sense at all: its result is then no known value.
 */
export function checkAccess(m: Machine, access: Access): boolean {
  const { w } = m;
  const { at } = access;
  const tag = w[at + TAG]!;
  if (tag === Tag.REPORTED) return false;
  if ((w[at + FLAGS]! & NULLABLE) !== 0) {
    m.fail('null-dereference', () => ({ value: describe(m, at) }), at);
    markNonNull(w, w[at + ID]!);
    w[at + FLAGS] = 0;
  }
  if ((access.mode & ATOMIC) !== 0 && isUnaligned(w, access)) {
    m.fail('unaligned-atomic', () => ({ action: action(access), value: describe(m, at) }), at);
  }
  switch (tag) {
    case Tag.STACK:
      return checkStack(m, access);
    case Tag.PACKET:
      return checkPacket(m, access);
    case Tag.MAP_VALUE:
      return checkMapValue(m, access);
    case Tag.MAP_KEY: {
      if ((access.mode & WRITE) !== 0)
        m.fail('read-only', () => ({ action: action(access), name: 'the key of a map element' }), at);
      return checkSized(m, access, m.map(w[at + REGION]!)?.keySize ?? 0, 'memory-bounds', 'the key');
    }
    case Tag.MEM:
      return checkSized(m, access, w[at + REGION]!, 'memory-bounds', describe(m, at));
    default:
      refuse(m, access, tag);
      return false;
  }
}

/** Whether the low bits of the offset are not known to be those of a multiple of the size. Regions begin aligned, packets do not. */
function isUnaligned(w: Int32Array, { at, offset, size }: Access): boolean {
  const n = at + NUMBER;
  return w[at + TAG] !== Tag.PACKET && (((w[n]! + offset) | w[n + 2]!) & (size - 1)) !== 0;
}

function refuse(m: Machine, access: Access, tag: number): void {
  const { at } = access;
  const what = (): Detail => ({ action: action(access), value: describe(m, at) });
  switch (tag) {
    case Tag.STALE:
      m.fail('stale-packet-pointer', () => ({ ...what(), name: calledAt(m, m.w[at + REGION]!) ?? 'a call' }), at);
      break;
    case Tag.RELEASED:
      m.fail('use-after-release', what, at);
      break;
    case Tag.SCALAR:
      m.fail('not-a-pointer', what, at);
      break;
    default:
      m.fail('opaque-pointer', what, at);
  }
  // What must be released can still be.
  if (!hasReference(m.w, m.w[at + ID]!)) setReportedValue(m, at);
}

/** Whether offset + `offset` + size stays at or below v(limit) + `room`. */
function endsBelow(w: Int32Array, m: Machine, access: Access, limit: number, room: number, limitMin: number): boolean {
  const { at, offset, size, sizeAt } = access;
  const symbol = termSymbol(w, at);
  const from = symbol === NO_SYMBOL ? 0 : symbol;
  const constant = symbol === NO_SYMBOL ? 0 : termConstant(w, at);
  const most = symbol === NO_SYMBOL ? smax(w, at + NUMBER) : termMax(w, at);
  const need = room - offset - size - constant;
  const known = from === 0 ? bound(w, 0, limit, 0, limitMin) + most : bound(w, from, limit, most, limitMin);
  if (known <= need) return true;
  return sizeAt >= 0 && sumEndsBelow(w, m, access, limit, room, limitMin);
}

/** The same for offset + size when the two are linked by a sum that was compared. */
function sumEndsBelow(
  w: Int32Array,
  m: Machine,
  access: Access,
  limit: number,
  room: number,
  limitMin: number,
): boolean {
  const offsetSymbol = termSymbol(w, access.at);
  const sizeSymbol = termSymbol(w, access.sizeAt);
  if (offsetSymbol === NO_SYMBOL || sizeSymbol === NO_SYMBOL) return false;
  const constant = termConstant(w, access.at) + termConstant(w, access.sizeAt) + access.offset;
  const symbol =
    offsetSymbol === 0 ? sizeSymbol : sizeSymbol === 0 ? offsetSymbol : m.symbols.knownSum(offsetSymbol, sizeSymbol);
  if (symbol === 0) return false;
  const most = smax(w, access.at + NUMBER) + smax(w, access.sizeAt + NUMBER) - constant + access.offset;
  return bound(w, symbol, limit, most, limitMin) <= room - constant;
}

/** Whether offset + `offset` is at least v(limit). */
function startsAbove(w: Int32Array, access: Access, limit: number): boolean {
  const { at, offset } = access;
  const symbol = termSymbol(w, at);
  if (symbol === NO_SYMBOL) return limit === 0 && smin(w, at + NUMBER) + offset >= 0;
  const constant = termConstant(w, at) + offset;
  if (symbol === 0) return bound(w, limit, 0, Infinity, 0) <= constant;
  return bound(w, limit, symbol, limit === 0 ? 0 : Infinity, termMin(w, at)) <= constant;
}

function checkPacket(m: Machine, access: Access): boolean {
  const { w } = m;
  const { at, offset, size } = access;
  const limit = w[PACKET_SIZE]!;
  if (size === 0) return true;
  const low = startsAbove(w, access, 0) || startsAbove(w, access, w[META_START]!);
  const high = endsBelow(w, m, access, limit, 0, 0);
  if (low && high) return true;
  m.fail(
    'packet-bounds',
    () => {
      const least = -bound(w, 0, limit, 0, 0);
      const where = hasConstant(w, at) ? `${smin(w, at + NUMBER) + offset}` : 'offset';
      return {
        action: `${action(access)} of the packet at ${placeOf(w, at, offset)}`,
        needed: high ? 'offset >= 0' : `${where} + ${size} <= data_end - data`,
        known:
          (hasConstant(w, at) ? '' : `offset is ${describeRange(w, at)}; `) +
          `data_end - data >= ${Number.isFinite(least) ? Math.max(0, least) : 0}`,
        ...(high ? { class: 'BOUNDS_LOW' as const } : {}),
      };
    },
    at,
  );
  const symbol = termSymbol(w, at);
  if (symbol === NO_SYMBOL) setReportedValue(m, at);
  else {
    addFact(w, m.symbols, symbol, limit, -(termConstant(w, at) + offset + size));
    if (!low) addFact(w, m.symbols, 0, symbol, termConstant(w, at) + offset);
  }
  return true;
}

function placeOf(w: Int32Array, at: number, offset: number): string {
  if (hasConstant(w, at)) return `offset ${smin(w, at + NUMBER) + offset}`;
  return isUnbounded(w, at) ? 'an offset that is not bounded' : 'a variable offset';
}

function checkMapValue(m: Machine, access: Access): boolean {
  const { w } = m;
  const { at, mode } = access;
  const index = w[at + REGION]!;
  const map = m.map(index);
  const flags = m.platform.id === 'linux' ? (map?.flags ?? 0) : 0;
  if ((mode & WRITE) !== 0 && (map?.readOnly || (flags & READ_ONLY_FLAG) !== 0)) {
    m.fail('read-only', () => ({ action: action(access), name: mapValueName(m, index) }), at);
  }
  if ((mode & READ) !== 0 && (flags & WRITE_ONLY_FLAG) !== 0) {
    m.fail('write-only', () => ({ action: action(access), name: mapValueName(m, index) }), at);
  }
  if (!checkSized(m, access, map?.valueSize ?? 0, 'map-value-bounds', mapValueName(m, index))) return false;
  const from = smin(w, at + NUMBER) + access.offset;
  const to = smax(w, at + NUMBER) + access.offset + access.size;
  for (const field of m.layouts.fields(index)) {
    if (from >= field.offset + field.size || to <= field.offset) continue;
    m.fail('special-field', () => ({ action: action(access), name: field.name }), at);
    break;
  }
  return true;
}

/** A region that begins at offset 0 and has a constant size. */
function checkSized(m: Machine, access: Access, size: number, code: FindingCode, name: string): boolean {
  const { w } = m;
  const { at, offset } = access;
  if (access.size === 0) return true;
  const low = startsAbove(w, access, 0) || smin(w, at + NUMBER) + offset >= 0;
  const high = endsBelow(w, m, access, 0, size, 0);
  if (low && high) return true;
  m.fail(
    code,
    () => ({
      action: `${action(access)} at ${placeOf(w, at, offset)}`,
      name,
      needed: high ? `offset >= 0` : `offset + ${access.size} <= ${size}`,
      known: `offset is ${describeRange(w, at)}${offset === 0 ? '' : offset > 0 ? ` + ${offset}` : ` - ${-offset}`}`,
      ...(high ? { class: 'BOUNDS_LOW' as const } : {}),
    }),
    at,
  );
  return assumeBetween(m, at, -offset, size - offset - access.size);
}

/** Goes on with the offsets that would have been right; a pointer that has none counts as reported. */
function assumeBetween(m: Machine, at: number, least: number, most: number): boolean {
  const { w } = m;
  const room = scratch(6) + NUMBER;
  if (most >= least) {
    setSigned(w, room, least, most);
    const copy = scratch(5);
    w.copyWithin(copy, at, at + 24);
    if (meet(w, copy + NUMBER, room)) {
      w.copyWithin(at, copy, copy + 24);
      if (propagate(w, at)) return true;
    }
  }
  // What must be released can still be.
  if (!hasReference(w, w[at + ID]!)) setReportedValue(m, at);
  return false;
}

function checkStack(m: Machine, access: Access): boolean {
  const { w } = m;
  const { at, offset, size, mode } = access;
  if (size === 0) return true;
  const least = smin(w, at + NUMBER) + offset;
  const most = smax(w, at + NUMBER) + offset;
  const low = least >= -STACK_BYTES_PER_FRAME;
  const high = most + size <= 0 || endsBelow(w, m, access, 0, 0, 0);
  if (!low || !high) {
    m.fail(
      'stack-bounds',
      () => ({
        action: `${action(access)} at ${hasConstant(w, at) ? `offset ${least} from r10` : 'a variable offset'}`,
        needed: low ? `offset + ${size} <= 0` : `offset >= ${-STACK_BYTES_PER_FRAME}`,
        known: `offset from r10 is ${describeRange(w, at)}${offset === 0 ? '' : ` + ${offset}`}`,
        ...(low ? {} : { class: 'BOUNDS_LOW' as const }),
      }),
      at,
    );
    return assumeBetween(m, at, -STACK_BYTES_PER_FRAME - offset, -offset - size);
  }
  if ((mode & HELPER) === 0 && m.platform.id === 'linux' && size > 1 && hasConstant(w, at) && least % size !== 0) {
    m.fail('stack-alignment', () => ({ action: `${action(access)} at offset ${least} from r10` }), at);
  }
  if ((mode & READ) !== 0) requireBytes(m, access, least, Math.min(0, most + size));
  return true;
}

/** Stack bytes [from, to) must be initialised; those that are not are reported once and then count as unknown. */
function requireBytes(m: Machine, access: Access, from: number, to: number): void {
  const { w } = m;
  const frame = w[access.at + REGION]!;
  if ((access.mode & HELPER) !== 0 && !m.type.privileged && holdsPointer(w, frame, from, to)) {
    m.fail('pointer-leak', () => ({ value: 'a pointer on the stack', action: 'a helper reads it' }), access.at);
  }
  const bad = firstUninit(w, frame, from, to);
  if (bad === to) return;
  let last = bad + 1;
  while (last < to && firstUninit(w, frame, last, last + 1) === last) last++;
  m.fail(
    'stack-uninitialised',
    () => ({
      action: `${action(access)} of the stack at offset ${from} from r10`,
      needed: `bytes ${from} to ${to - 1} initialised`,
      known:
        last === bad + 1
          ? `the byte at offset ${bad} was never written`
          : `bytes at offsets ${bad} to ${last - 1} were never written`,
    }),
    access.at,
  );
  for (let offset = from; offset < to; offset++) {
    if (firstUninit(w, frame, offset, offset + 1) === offset) fillBytes(w, frame, offset, offset + 1, Byte.MISC);
  }
}
