import type { Helper } from '../platform/platform';
import { checkArguments, type CallFacts } from './check_arguments';
import { requireInitialised, setReportedValue } from './check_value';
import { calledAt, describe, describeRange } from './describe';
import { invalidatePacket, release } from './link';
import type { Machine } from './machine';
import { S32MAX, S32MIN, setSigned, setUnknown, smax, smin } from './scalar';
import { ACQUIRES, GPL_COMPATIBLE, MAX_ERRNO, RETURNS_LENGTH } from './semantics';
import { fillBytes, weaken } from './stack';
import { Byte, MAX_REFERENCES, REFERENCES, REFERENCE_COUNT, REFERENCE_WORDS, register } from './state';
import {
  Loss,
  NULLABLE,
  NUMBER,
  REGION,
  TAG,
  Tag,
  hasConstant,
  setPointer,
  setScalarUnknown,
  setUninit,
} from './value';

/** Checks a call of a helper and what the program may call at all. Undefined: there is no such helper. */
export function checkHelper(m: Machine): Helper | undefined {
  const id = m.code.imm[m.slot]!;
  const helper = m.platform.helper(id, m.type);
  if (!helper) {
    m.fail('unknown-helper', () => ({ name: `number ${id}` }));
    return undefined;
  }
  if (!m.platform.allows(m.type, helper)) {
    m.fail('helper-not-allowed', () => ({ name: helper.name, known: m.type.name }));
  }
  const license = m.object.license ?? '';
  if (helper.gplOnly && m.platform.id === 'linux' && !GPL_COMPATIBLE.has(license)) {
    m.fail('gpl-only', () => ({ name: helper.name, known: license || 'none' }));
  }
  return helper;
}

/** Executes a call of a helper that takes no callback. */
export function transferHelper(m: Machine): void {
  const helper = checkHelper(m);
  if (!helper) {
    unknownResult(m);
    return;
  }
  const facts = checkArguments(m, helper);
  if (helper.tailCall) checkReferences(m, 'when another program takes over');
  finishHelper(m, helper, facts);
}

/** The effects of a checked call: what it writes, releases and moves, its result, and the registers that it clobbers. */
export function finishHelper(m: Machine, helper: Helper, facts: CallFacts): void {
  const { w, slot, symbols } = m;
  for (const { at, least, most } of facts.written) written(w, at, least, most);
  if (facts.released !== 0) release(w, facts.released, slot);
  const lengthMax = lengthLimit(m, helper);
  if (helper.changesPacket) invalidatePacket(w, symbols, slot);
  setResult(m, helper, facts);
  if (lengthMax >= 0) setSigned(w, register(0) + NUMBER, -MAX_ERRNO, lengthMax);
  for (let index = 1; index <= 5; index++) setUninit(w, register(index), slot, Loss.CALLED);
}

function unknownResult(m: Machine): void {
  setScalarUnknown(m.w, register(0), m.symbols.fresh(), m.slot);
  setReportedValue(m, register(0));
  for (let index = 1; index <= 5; index++) setUninit(m.w, register(index), m.slot, Loss.CALLED);
}

/** A call whose target is not modelled: a kernel function or an extern. */
export function transferUnmodelledCall(m: Machine, name: string): void {
  m.fail('not-modelled', () => ({ name }));
  unknownResult(m);
}

/** Stack bytes that a helper wrote: the first `least` surely, up to `most` perhaps. */
function written(w: Int32Array, at: number, least: number, most: number): void {
  if (w[at + TAG] !== Tag.STACK) return;
  const frame = w[at + REGION]!;
  const start = smin(w, at + NUMBER);
  if (!hasConstant(w, at)) {
    weaken(w, frame, start, Math.min(0, smax(w, at + NUMBER) + most));
    return;
  }
  fillBytes(w, frame, start, start + least, Byte.MISC);
  weaken(w, frame, start + least, Math.min(0, start + most));
}

function lengthLimit(m: Machine, helper: Helper): number {
  const position = RETURNS_LENGTH.get(helper.name);
  if (position === undefined) return -1;
  const at = register(position + 1);
  const most = m.w[at + TAG] === Tag.SCALAR ? smax(m.w, at + NUMBER) : -1;
  return most >= 0 && most <= 0x7fff_ffff ? most : -1;
}

function setResult(m: Machine, helper: Helper, facts: CallFacts): void {
  const { w, slot, symbols } = m;
  const to = register(0);
  const id = symbols.fresh();
  switch (helper.returns) {
    case 'integer':
      setScalarUnknown(w, to, id, slot);
      break;
    case 'void':
      setUninit(w, to, slot, Loss.CALLED);
      break;
    case 'map_value_or_null':
    case 'map_value':
      setMapResult(m, facts, id, helper.returns === 'map_value' ? 0 : NULLABLE);
      break;
    case 'socket_or_null': {
      // A socket found through another one lives only as long as that one, which is not tracked.
      const derived = helper.arguments.some((argument) => argument.kind === 'socket');
      setPointer(w, to, derived ? Tag.KERNEL : Tag.SOCKET, 0, id, NULLABLE, 0, slot);
      break;
    }
    case 'alloc_mem_or_null':
      if (facts.allocate < 0) setReported(m);
      else setPointer(w, to, Tag.MEM, facts.allocate, id, NULLABLE, 0, slot);
      break;
    case 'mem_or_null':
    case 'btf_pointer_or_null':
    case 'mem_or_btf_pointer_or_null':
    case 'dynptr_mem_or_null':
      setPointer(w, to, Tag.KERNEL, 0, id, NULLABLE, 0, slot);
      break;
    case 'btf_pointer':
    case 'mem_or_btf_pointer':
      setPointer(w, to, Tag.KERNEL, 0, id, 0, 0, slot);
      break;
    default: {
      const never: never = helper.returns;
      return never;
    }
  }
  if (ACQUIRES.has(helper.name) && w[to + TAG] !== Tag.REPORTED) acquire(m, helper, id);
}

function setReported(m: Machine): void {
  setScalarUnknown(m.w, register(0), m.symbols.fresh(), m.slot);
  setUnknown(m.w, register(0) + NUMBER);
  setReportedValue(m, register(0));
}

function setMapResult(m: Machine, facts: CallFacts, id: number, flags: number): void {
  const { w, slot } = m;
  const to = register(0);
  const map = m.map(facts.map);
  if (!map) {
    // Which map it is was reported with the argument.
    setReported(m);
    return;
  }
  const values = m.platform.mapType(map.type)?.values ?? 'none';
  if (values === 'bytes') {
    setPointer(w, to, Tag.MAP_VALUE, facts.map, id, flags, 0, slot);
  } else if (values === 'map' && m.map(map.inner)) {
    setPointer(w, to, Tag.MAP, map.inner, id, flags, 0, slot);
  } else {
    m.fail('not-modelled', () => ({ name: `a lookup in map "${map.name}", whose values are not known` }));
    setReported(m);
  }
}

function acquire(m: Machine, helper: Helper, id: number): void {
  const { w, slot } = m;
  const count = w[REFERENCE_COUNT]!;
  if (count === MAX_REFERENCES) {
    m.fail('not-modelled', () => ({
      name: `more than ${MAX_REFERENCES} unreleased results of helpers like ${helper.name}`,
    }));
    setReported(m);
    return;
  }
  const at = REFERENCES + count * REFERENCE_WORDS;
  w[at] = id;
  w[at + 1] = slot;
  w[at + 2] = 0;
  w[REFERENCE_COUNT] = count + 1;
}

/** Nothing that must be released may be left. */
export function checkReferences(m: Machine, when: string): void {
  const { w } = m;
  const count = w[REFERENCE_COUNT]!;
  for (let index = 0; index < count; index++) {
    const acquiredAt = w[REFERENCES + index * REFERENCE_WORDS + 1]!;
    m.failAt('reference-leak', acquiredAt, () => ({
      value: `what ${calledAt(m, acquiredAt) ?? 'a call'} returned`,
      known: when,
    }));
  }
}

/** Checks what an entry function leaves behind. */
export function checkExit(m: Machine): void {
  const { w } = m;
  checkReferences(m, 'when the program ends');
  if (!requireInitialised(m, 0)) return;
  const at = register(0);
  if (w[at + TAG] === Tag.REPORTED) return;
  const range = m.type.returns;
  if (w[at + TAG] !== Tag.SCALAR) {
    if (range || !m.type.privileged)
      m.fail('pointer-leak', () => ({ value: describe(m, at), action: 'it is returned' }), at);
    return;
  }
  if (range && !isBetween(m, at, range.min, range.max)) {
    m.fail(
      'return-value',
      () => ({
        name: m.type.name,
        needed: range.min === range.max ? `${range.min}` : `${range.min} to ${range.max}`,
        known: `it is ${describeRange(w, at)}`,
      }),
      at,
    );
  }
}

/** Hooks of security modules return an int: only the low half counts (return_32bit in check_return_code of kernel/bpf/verifier.c). */
function isBetween(m: Machine, at: number, min: number, max: number): boolean {
  const { w } = m;
  const n = at + NUMBER;
  if (m.type.name === 'lsm') return w[n + S32MIN]! >= min && w[n + S32MAX]! <= max;
  return smin(w, n) >= min && smax(w, n) <= max;
}
