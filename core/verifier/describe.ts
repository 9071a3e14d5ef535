import { functionAt } from '../object/object';
import { Call, CALL } from '../isa/opcode';
import type { Machine } from './machine';
import { isConstant, smax, smin } from './scalar';
import { signedBig } from './word64';
import { DEFINED, NUMBER, REGION, TAG, Tag, constantOf, hasConstant } from './value';

/** The value at `at`, in words of a C programmer. */
export function describe(m: Machine, at: number): string {
  const { w } = m;
  const origin = calledAt(m, w[at + DEFINED]!);
  switch (w[at + TAG]) {
    case Tag.UNINIT:
      return 'an uninitialised value';
    case Tag.SCALAR:
      if (hasConstant(w, at)) return `the constant ${constantOf(w, at)}`;
      return origin ? `the result of ${origin}` : 'the value';
    case Tag.CTX:
      return 'the context pointer';
    case Tag.STACK:
      return 'a pointer to the stack';
    case Tag.PACKET:
      return 'a packet pointer';
    case Tag.STALE:
      return 'a packet pointer';
    case Tag.MAP_VALUE:
      return origin ? `the value returned by ${origin}` : `a pointer to ${mapValueName(m, w[at + REGION]!)}`;
    case Tag.MAP:
      return origin ? `the map returned by ${origin}` : `map ${mapName(m, w[at + REGION]!)}`;
    case Tag.MEM:
      return origin ? `the memory returned by ${origin}` : 'a pointer to memory';
    case Tag.RELEASED:
      return origin ? `what ${origin} returned` : 'the pointer';
    case Tag.FUNCTION:
      return 'the address of a function';
    case Tag.SOCKET:
      return origin ? `the socket returned by ${origin}` : 'a socket';
    case Tag.KERNEL:
      return origin ? `the kernel pointer returned by ${origin}` : 'a kernel pointer';
    case Tag.MAP_KEY:
      return 'the key of a map element';
    default:
      return 'a value';
  }
}

/** Name of the helper or function called at `slot`; undefined when there is no call there. */
export function calledAt(m: Machine, slot: number): string | undefined {
  const { code, program } = m;
  if (slot < 0 || code.opcode[slot] !== CALL) return undefined;
  if (code.src[slot] === Call.HELPER) return m.platform.helper(code.imm[slot]!, m.type)?.name;
  if (code.src[slot] === Call.LOCAL) return functionAt(program, slot + 1 + code.imm[slot]!).name;
  return m.object.externs[code.imm[slot]!]?.name;
}

export function mapName(m: Machine, index: number): string {
  const map = m.map(index);
  return map ? `"${map.name}"` : `number ${index}`;
}

export function mapValueName(m: Machine, index: number): string {
  const map = m.map(index);
  return map?.origin === 'global' ? `section ${map.name}` : `a value of map ${mapName(m, index)}`;
}

/** The range of a number, as "5", "0 to 255" or "any number". */
export function describeRange(w: Int32Array, at: number): string {
  const n = at + NUMBER;
  if (isConstant(w, n)) return signedBig(w[n]!, w[n + 1]!).toString();
  const low = signedBig(w[n + 8]!, w[n + 9]!);
  const high = signedBig(w[n + 10]!, w[n + 11]!);
  const open = -(1n << 63n);
  if (low === open && high === -open - 1n) return 'any number';
  if (low === open) return `at most ${high}`;
  if (high === -open - 1n) return `at least ${low}`;
  return `${low} to ${high}`;
}

/** Whether the range is wide enough that arithmetic on it is pointless to print. */
export const isUnbounded = (w: Int32Array, at: number): boolean =>
  smax(w, at + NUMBER) > 2 ** 33 || smin(w, at + NUMBER) < -(2 ** 33);
