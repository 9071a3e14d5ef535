import { Alu, Class, Source } from '../isa/opcode';
import { arithmetic, signExtend, truncate, zeroExtend } from './arithmetic';
import { describe } from './describe';
import type { Machine } from './machine';
import { isConstant, setConstant, setUnsignedWidth, smax, smin, umax, umin } from './scalar';
import { register, scratch } from './state';
import { Definition } from './symbol';
import { NO_SYMBOL, addSumFacts, setTerm, sumTerm, termConstant, termSymbol, type Sum } from './term';
import {
  CONSTANT,
  DEFINED,
  ID,
  NUMBER,
  REGION,
  SYMBOL,
  TAG,
  Tag,
  copyValue,
  hasConstant,
  isPointer,
  setScalarConstant,
  setScalarTag,
  setScalarUnknown,
} from './value';
import { requireInitialised } from './check_value';

/** Executes an ALU or ALU64 instruction. */
export function transferAlu(m: Machine): void {
  const { w, code, slot } = m;
  const opcode = code.opcode[slot]!;
  const wide = (opcode & 7) === Class.ALU64;
  const operation = opcode & 0xf0;
  const to = register(code.dst[slot]!);
  if (operation === Alu.MOV) {
    move(m, wide, to);
    return;
  }
  if (!requireInitialised(m, code.dst[slot]!)) return;
  if (operation === Alu.NEG || operation === Alu.END) {
    unary(m, operation, wide, to);
    return;
  }
  const from = scratch(0);
  if ((opcode & 8) === Source.X) {
    if (!requireInitialised(m, code.src[slot]!)) {
      setReported(m, to);
      return;
    }
    // A copy: the operands may be the same register.
    copyValue(w, from, register(code.src[slot]!));
  } else {
    // Linux refuses what a compiler only makes of undefined behaviour (check_alu_op in kernel/bpf/verifier.c).
    const divides = operation === Alu.DIV || operation === Alu.MOD;
    if (divides && code.imm[slot] === 0 && m.platform.id === 'linux') m.fail('division-by-zero', () => ({}));
    setScalarConstant(w, from, code.imm[slot]!, code.imm[slot]! >> 31, slot);
  }
  if (w[to + TAG] === Tag.REPORTED || w[from + TAG] === Tag.REPORTED) {
    setReported(m, to);
    return;
  }
  if (isPointer(w[to + TAG]!) || isPointer(w[from + TAG]!)) {
    pointerArithmetic(m, operation, wide, to, from);
    return;
  }
  scalarArithmetic(m, operation, wide, to, from);
}

function setReported(m: Machine, to: number): void {
  setScalarUnknown(m.w, to, m.symbols.fresh(), m.slot);
  m.w[to + TAG] = Tag.REPORTED;
}

function move(m: Machine, wide: boolean, to: number): void {
  const { w, code, slot } = m;
  if ((code.opcode[slot]! & 8) === Source.K) {
    const imm = code.imm[slot]!;
    setScalarConstant(w, to, imm, wide ? imm >> 31 : 0, slot);
    return;
  }
  const source = code.src[slot]!;
  if (!requireInitialised(m, source)) {
    setReported(m, to);
    return;
  }
  const from = register(source);
  const extend = code.offset[slot]! / 8;
  if (wide && extend === 0) {
    copyValue(w, to, from);
    return;
  }
  if (isPointer(w[from + TAG]!)) {
    if (!m.type.privileged)
      m.fail('partial-pointer', () => ({ value: describe(m, from), action: 'the upper half is lost' }), from);
    setScalarUnknown(w, to, m.symbols.fresh(), slot);
    if (!wide) setUnsignedWidth(w, to + NUMBER, 4);
    return;
  }
  const reported = w[from + TAG] === Tag.REPORTED;
  copyValue(w, to, from);
  const n = to + NUMBER;
  if (extend === 0) {
    if (umax(w, n) > 0xffff_ffff) {
      zeroExtend(w, n);
      const symbol = w[from + SYMBOL]!;
      const linked = symbol !== 0 && w[from + CONSTANT] === 0;
      setSymbol(m, to, linked ? m.symbols.unary(Definition.ZERO_EXTEND, symbol, 0) : m.symbols.fresh());
    }
  } else {
    const limit = 2 ** (extend * 8 - 1);
    const unchanged = smin(w, n) >= -limit && smax(w, n) < limit;
    if (!unchanged) signExtend(w, n, extend);
    const fits = wide || (unchanged && smin(w, n) >= 0);
    if (!wide) zeroExtend(w, n);
    if (!unchanged || !fits) setSymbol(m, to, m.symbols.fresh());
  }
  if (reported) w[to + TAG] = Tag.REPORTED;
}

function setSymbol(m: Machine, at: number, symbol: number): void {
  m.w[at + SYMBOL] = hasConstant(m.w, at) ? 0 : symbol;
  m.w[at + CONSTANT] = 0;
}

function unary(m: Machine, operation: number, wide: boolean, to: number): void {
  const { w, code, slot } = m;
  if (w[to + TAG] === Tag.REPORTED) return;
  if (isPointer(w[to + TAG]!)) {
    m.fail('pointer-arithmetic', () => ({ value: describe(m, to), action: 'it is not a number' }), to);
    setReported(m, to);
    return;
  }
  const n = to + NUMBER;
  if (operation === Alu.NEG) {
    const zero = scratch(0);
    copyValue(w, scratch(1), to);
    setScalarConstant(w, zero, 0, 0, slot);
    const term = sumTerm(w, m.symbols, zero, to, true, wide);
    copyValue(w, to, zero);
    arithmetic(w, Alu.SUB, wide, false, n, scratch(1) + NUMBER);
    w[to + DEFINED] = slot;
    setTerm(w, m.symbols, to, term);
    return;
  }
  const bytes = code.imm[slot]! / 8;
  const swaps = wide || ((code.opcode[slot]! & 8) === Source.X) === m.object.littleEndian;
  if (!swaps) {
    if (umax(w, n) < 2 ** (bytes * 8)) return;
    truncate(w, n, bytes);
  } else if (isConstant(w, n)) {
    swapConstant(w, n, bytes);
  } else setUnsignedWidth(w, n, bytes);
  setScalarTag(w, to, hasConstant(w, to) ? 0 : m.symbols.fresh(), slot);
}

function swapConstant(w: Int32Array, n: number, bytes: number): void {
  const swap32 = (x: number): number => (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);
  const [low, high] = [w[n]!, w[n + 1]!];
  if (bytes === 8) setConstant(w, n, swap32(high), swap32(low));
  else setConstant(w, n, bytes === 4 ? swap32(low) : swap32(low) >>> 16, 0);
}

function scalarArithmetic(m: Machine, operation: number, wide: boolean, to: number, from: number): void {
  const { w, symbols, slot } = m;
  const signed = (operation === Alu.DIV || operation === Alu.MOD) && m.code.offset[slot] === 1;
  if (operation === Alu.ADD || operation === Alu.SUB) {
    const minus = operation === Alu.SUB;
    const term = sumTerm(w, symbols, to, from, minus, wide || isExact32(w, to, from, minus));
    if (term.symbol === 0) setConstantNumber(m, to, term.constant);
    else arithmetic(w, operation, wide, false, to + NUMBER, from + NUMBER);
    setScalarTag(w, to, 0, slot);
    setTerm(w, symbols, to, term);
    return;
  }
  const symbol = derivedSymbol(m, operation, wide, to, from);
  arithmetic(w, operation, wide, signed, to + NUMBER, from + NUMBER);
  setScalarTag(w, to, hasConstant(w, to) ? 0 : symbol, slot);
}

/** x - x, and other sums whose symbols cancel. */
function setConstantNumber(m: Machine, to: number, value: number): void {
  setConstant(m.w, to + NUMBER, value | 0, Math.floor(value / 0x1_0000_0000) | 0);
}

/** Whether a 32-bit sum or difference of zero-extended operands equals the exact one. */
function isExact32(w: Int32Array, a: number, b: number, minus: boolean): boolean {
  const [amin, amax, bmin, bmax] = [umin(w, a + NUMBER), umax(w, a + NUMBER), smin(w, b + NUMBER), smax(w, b + NUMBER)];
  const least = minus ? amin - bmax : amin + bmin;
  const most = minus ? amax - bmin : amax + bmax;
  return amax <= 0xffff_ffff && least >= 0 && most <= 0xffff_ffff;
}

/** The symbol of any other result: found again when the same operation is applied to the same symbol and constant. */
function derivedSymbol(m: Machine, operation: number, wide: boolean, to: number, from: number): number {
  const { w, symbols } = m;
  const symbol = w[to + SYMBOL]!;
  if (symbol === 0 || w[to + CONSTANT] !== 0 || !hasConstant(w, from)) return symbols.fresh();
  const constant = w[from + NUMBER]!;
  if (w[from + NUMBER + 1] !== constant >> 31) return symbols.fresh();
  if (operation === Alu.AND && constant > 0 && (constant & (constant + 1)) === 0 && umax(w, to + NUMBER) <= constant)
    return symbol;
  if (wide && constant === 32) {
    if (operation === Alu.LSH && umax(w, to + NUMBER) <= 0xffff_ffff)
      return symbols.unary(Definition.SHIFT_32, symbol, 0);
    const undoes = operation === Alu.RSH || (operation === Alu.ARSH && smin(w, to + NUMBER) >= 0);
    if (undoes && symbols.definitionOf(symbol) === Definition.SHIFT_32) return symbols.firstOf(symbol);
    // The usual zero extension by two shifts.
    if (operation === Alu.RSH && symbols.definitionOf(symbol) === (Alu.LSH | Class.ALU64)) {
      if (symbols.secondOf(symbol) === 32) return symbols.unary(Definition.ZERO_EXTEND, symbols.firstOf(symbol), 0);
    }
  }
  const signed = m.code.offset[m.slot] === 1;
  if (signed) return symbols.fresh();
  return symbols.unary(operation | (wide ? Class.ALU64 : Class.ALU), symbol, constant);
}

/** Pointer ± number, number + pointer, pointer - pointer; anything else is refused. */
function pointerArithmetic(m: Machine, operation: number, wide: boolean, to: number, from: number): void {
  const { w, symbols } = m;
  const both = isPointer(w[to + TAG]!) && isPointer(w[from + TAG]!);
  const minus = operation === Alu.SUB;
  if (both && minus && (wide || m.type.privileged || sameRegion(w, to, from))) {
    subtractPointers(m, wide, to, from);
    return;
  }
  const pointer = isPointer(w[to + TAG]!) ? to : from;
  const number = pointer === to ? from : to;
  const sum = operation === Alu.ADD || (minus && pointer === to);
  if (!wide || both || !sum || !allowsOffset(w[pointer + TAG]!)) {
    m.fail(
      'pointer-arithmetic',
      () => ({
        value: describe(m, pointer),
        action: both ? 'two pointers cannot be combined' : wide ? 'this operation needs a number' : 'only in 64 bits',
      }),
      pointer,
    );
    setReported(m, to);
    return;
  }
  const isPacket = w[pointer + TAG] === Tag.PACKET;
  const before = termSymbol(w, pointer);
  const shift = termConstant(w, pointer);
  const least = smin(w, number + NUMBER);
  const most = smax(w, number + NUMBER);
  const term: Sum = sumTerm(w, symbols, pointer, number, minus, true);
  if (pointer === from) {
    copyValue(w, scratch(1), to);
    copyValue(w, to, from);
    arithmetic(w, Alu.ADD, true, false, to + NUMBER, scratch(1) + NUMBER);
  } else arithmetic(w, operation, true, false, to + NUMBER, from + NUMBER);
  setTerm(w, symbols, to, term);
  // How far the pointer moved, for walks whose step is not constant.
  const moved = term.symbol > 0 && term.symbol !== before && before > 0;
  if (isPacket && moved && !minus && before !== NO_SYMBOL) {
    const delta = shift - term.constant;
    addSumFacts(w, symbols, term.symbol, before, least + delta, most + delta);
  }
}

function allowsOffset(tag: number): boolean {
  switch (tag) {
    case Tag.CTX:
    case Tag.STACK:
    case Tag.PACKET:
    case Tag.MAP_VALUE:
    case Tag.MEM:
    case Tag.MAP_KEY:
    case Tag.KERNEL:
    case Tag.STALE:
    case Tag.RELEASED:
      return true;
    default:
      return false;
  }
}

/** Whether two pointers have the same base: their offsets can be compared and subtracted. */
export function sameRegion(w: Int32Array, a: number, b: number): boolean {
  const tag = w[a + TAG]!;
  if (tag !== w[b + TAG]) return false;
  switch (tag) {
    case Tag.CTX:
    case Tag.PACKET:
      return true;
    case Tag.STACK:
      return w[a + REGION] === w[b + REGION];
    case Tag.MAP_VALUE:
    case Tag.MEM:
      return w[a + ID] !== 0 && w[a + ID] === w[b + ID];
    default:
      return false;
  }
}

function subtractPointers(m: Machine, wide: boolean, to: number, from: number): void {
  const { w, symbols, slot } = m;
  if (!sameRegion(w, to, from)) {
    if (!m.type.privileged) m.fail('pointer-subtract', () => ({ value: describe(m, to), name: describe(m, from) }), to);
    setScalarUnknown(w, to, symbols.fresh(), slot);
    if (!wide) setUnsignedWidth(w, to + NUMBER, 4);
    return;
  }
  const term = sumTerm(w, symbols, to, from, true, true);
  if (term.symbol === 0) setConstantNumber(m, to, term.constant);
  else arithmetic(w, Alu.SUB, true, false, to + NUMBER, from + NUMBER);
  setScalarTag(w, to, 0, slot);
  setTerm(w, symbols, to, term);
  if (wide || (smin(w, to + NUMBER) >= 0 && smax(w, to + NUMBER) <= 0xffff_ffff)) return;
  zeroExtend(w, to + NUMBER);
  setSymbol(m, to, symbols.fresh());
}
