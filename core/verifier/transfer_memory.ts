import { Atomic, Class, Mode, accessWidth } from '../isa/opcode';
import { signExtend, truncate } from './arithmetic';
import { ATOMIC, READ, WRITE, checkAccess } from './check_memory';
import { requireInitialised, setReportedValue } from './check_value';
import { loadContext, storeContext } from './context';
import { describe, mapValueName } from './describe';
import type { Machine } from './machine';
import { setSignedWidth, setUnsignedWidth, smax, smin } from './scalar';
import { fillBytes, firstUninit, holdsPointer, loadValue, storeValue, weaken } from './stack';
import { Byte, register, scratch } from './state';
import {
  CONSTANT,
  DEFINED,
  LOSS,
  Loss,
  NUMBER,
  REGION,
  SYMBOL,
  TAG,
  Tag,
  copyValue,
  hasConstant,
  isPointer,
  setScalarConstant,
  setScalarUnknown,
} from './value';

/** Executes a load, store or atomic instruction. */
export function transferMemory(m: Machine): void {
  const opcode = m.code.opcode[m.slot]!;
  const mode = opcode & 0xe0;
  if ((opcode & 7) === Class.LDX) load(m, mode === Mode.MEMSX);
  else if (mode === Mode.ATOMIC) atomic(m);
  else store(m);
}

function load(m: Machine, signed: boolean): void {
  const { w, code, slot } = m;
  const width = accessWidth(code.opcode[slot]!);
  const to = register(code.dst[slot]!);
  if (!requireInitialised(m, code.src[slot]!)) {
    setReportedValue(m, to);
    return;
  }
  // A copy, since the pointer's register is often the one that is loaded.
  const at = register(code.src[slot]!);
  const offset = code.offset[slot]!;
  checkMixture(m, at);
  if (w[at + TAG] === Tag.CTX) {
    const pointer = scratch(0);
    copyValue(w, pointer, at);
    loadContext(m, pointer, offset, width, signed, to);
    return;
  }
  const access = { at, offset, size: width, sizeAt: -1, mode: READ };
  if (!checkAccess(m, access)) {
    setUnknownLoad(m, to, width, signed);
    return;
  }
  if (w[at + TAG] === Tag.STACK) loadStack(m, at, offset, width, to, signed);
  else setUnknownLoad(m, to, width, signed);
}

/**
 * Linux rewrites accesses to the context, instruction by instruction: one that reaches the context on one path and other memory on
 * another has no translation.
 */
function checkMixture(m: Machine, at: number): void {
  if (m.platform.id !== 'linux' || !m.recording || !isPointer(m.w[at + TAG]!)) return;
  const isContext = m.w[at + TAG] === Tag.CTX;
  const before = m.contextAccess.get(m.slot);
  if (before === undefined) m.contextAccess.set(m.slot, isContext);
  else if (before !== isContext)
    m.fail('mixed-access', () => ({ action: 'access memory', value: 'the context', name: 'other memory' }), at);
}

function setUnknownLoad(m: Machine, to: number, width: number, signed: boolean): void {
  const { w } = m;
  setScalarUnknown(w, to, m.symbols.fresh(), m.slot);
  if (signed) setSignedWidth(w, to + NUMBER, width);
  else setUnsignedWidth(w, to + NUMBER, width);
}

function loadStack(m: Machine, at: number, offset: number, width: number, to: number, signed: boolean): void {
  const { w } = m;
  const frame = w[at + REGION]!;
  const from = smin(w, at + NUMBER) + offset;
  if (!hasConstant(w, at)) {
    const end = Math.min(0, smax(w, at + NUMBER) + offset + width);
    if (holdsPointer(w, frame, from, end)) leakPart(m, at);
    setUnknownLoad(m, to, width, signed);
    return;
  }
  if (width < 8 && holdsPointer(w, frame, from, from + width)) leakPart(m, at);
  loadValue(w, m.symbols, frame, from, width, to, m.slot, m.object.littleEndian);
  if (w[to + TAG] === Tag.UNINIT) w[to + LOSS] = w[to + LOSS]! || Loss.STACK;
  if (!signed || w[to + TAG] !== Tag.SCALAR) return;
  signExtend(w, to + NUMBER, width);
  w[to + SYMBOL] = hasConstant(w, to) ? 0 : m.symbols.fresh();
  w[to + CONSTANT] = 0;
}

function leakPart(m: Machine, at: number): void {
  if (m.type.privileged) return;
  m.fail('partial-pointer', () => ({ value: 'a pointer on the stack', action: 'it is read as a number' }), at);
}

function store(m: Machine): void {
  const { w, code, slot } = m;
  const opcode = code.opcode[slot]!;
  const width = accessWidth(opcode);
  const target = code.dst[slot]!;
  const at = register(target);
  const isImmediate = (opcode & 7) === Class.ST;
  let from = scratch(0);
  if (isImmediate) {
    const imm = code.imm[slot]!;
    setScalarConstant(w, from, imm, imm >> 31, slot);
    if (width < 8) truncate(w, from + NUMBER, width);
  } else {
    if (!requireInitialised(m, code.src[slot]!)) {
      requireInitialised(m, target);
    }
    from = register(code.src[slot]!);
  }
  if (!requireInitialised(m, target)) return;
  const offset = code.offset[slot]!;
  checkMixture(m, at);
  if (w[at + TAG] === Tag.CTX) {
    storeContext(m, at, offset, width, isImmediate ? -1 : from);
    return;
  }
  if (!checkAccess(m, { at, offset, size: width, sizeAt: -1, mode: WRITE })) return;
  if (w[at + TAG] === Tag.STACK) storeStack(m, at, offset, width, from);
  else checkLeak(m, at, from);
}

function storeStack(m: Machine, at: number, offset: number, width: number, from: number): void {
  const { w } = m;
  const frame = w[at + REGION]!;
  const least = smin(w, at + NUMBER) + offset;
  if (isPointer(w[from + TAG]!) && width < 8 && !m.type.privileged)
    m.fail('partial-pointer', () => ({ value: describe(m, from), action: 'only its low bytes are stored' }), from);
  if (hasConstant(w, at)) {
    storeValue(w, m.symbols, frame, least, width, from);
    return;
  }
  if (isPointer(w[from + TAG]!) && !m.type.privileged)
    m.fail('pointer-leak', () => ({ value: describe(m, from), action: 'it is stored at a variable offset' }), from);
  weaken(w, frame, least, Math.min(0, smax(w, at + NUMBER) + offset + width));
}

/** Memory that others can see takes numbers only, unless the program type is privileged. */
function checkLeak(m: Machine, at: number, from: number): void {
  const { w } = m;
  if (!isPointer(w[from + TAG]!) || m.type.privileged) return;
  m.fail('pointer-leak', () => ({ value: describe(m, from), action: `it is stored into ${placeName(m, at)}` }), from);
}

function placeName(m: Machine, at: number): string {
  const { w } = m;
  if (w[at + TAG] === Tag.PACKET) return 'the packet';
  return w[at + TAG] === Tag.MAP_VALUE ? mapValueName(m, w[at + REGION]!) : 'shared memory';
}

function atomic(m: Machine): void {
  const { w, code, slot } = m;
  const width = accessWidth(code.opcode[slot]!);
  const operation = code.imm[slot]!;
  const at = register(code.dst[slot]!);
  const source = register(code.src[slot]!);
  const fetches = (operation & Atomic.FETCH) !== 0;
  const compares = operation === Atomic.CMPXCHG;
  let sound = requireInitialised(m, code.src[slot]!);
  sound = requireInitialised(m, code.dst[slot]!) && sound;
  if (compares) sound = requireInitialised(m, 0) && sound;
  requireNumber(m, source);
  if (compares) requireNumber(m, register(0));
  const tag = w[at + TAG]!;
  const linuxOnly = tag === Tag.PACKET && m.platform.id === 'linux';
  if (tag === Tag.CTX || linuxOnly) {
    m.fail('atomic-target', () => ({ value: linuxOnly ? 'the packet' : 'the context' }), at);
    sound = false;
  }
  const access = { at, offset: code.offset[slot]!, size: width, sizeAt: -1, mode: READ | WRITE | ATOMIC };
  if (sound && checkAccess(m, access)) afterAtomic(m, at, code.offset[slot]!, width);
  if (!fetches) return;
  const result = compares ? register(0) : source;
  setScalarUnknown(w, result, m.symbols.fresh(), slot);
  setUnsignedWidth(w, result + NUMBER, width);
  w[result + DEFINED] = slot;
}

/** The bytes keep being initialised; what they hold is no longer known. */
function afterAtomic(m: Machine, at: number, offset: number, width: number): void {
  const { w } = m;
  const field = m.w[at + TAG];
  if (field !== Tag.STACK) return;
  const frame = w[at + REGION]!;
  const least = smin(w, at + NUMBER) + offset;
  const end = Math.min(0, smax(w, at + NUMBER) + offset + width);
  if (holdsPointer(w, frame, least, end)) m.fail('atomic-target', () => ({ value: 'a pointer on the stack' }), at);
  if (hasConstant(w, at) && firstUninit(w, frame, least, end) === end) fillBytes(w, frame, least, end, Byte.MISC);
  else weaken(w, frame, least, end);
}

function requireNumber(m: Machine, at: number): void {
  if (!isPointer(m.w[at + TAG]!)) return;
  m.fail(
    'helper-argument',
    () => ({ value: describe(m, at), name: 'the operand of an atomic operation', needed: 'it must be a number' }),
    at,
  );
}
