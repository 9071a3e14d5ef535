import { Class, Jump, Source } from '../isa/opcode';
import { isSmall } from './arithmetic';
import { requireInitialised } from './check_value';
import { assume, conditionOf } from './comparison';
import { describe } from './describe';
import { addFact, bound } from './fact';
import { markNonNull, markNull, propagate } from './link';
import type { Machine } from './machine';
import { isZero, smax, smin } from './scalar';
import { META_START, PACKET_SIZE, register, scratch } from './state';
import { Definition } from './symbol';
import { NO_SYMBOL, termConstant, termSymbol } from './term';
import { sameRegion } from './transfer_alu';
import { CONSTANT, ID, NUMBER, TAG, Tag, isNullable, isPointer, isScalarZero, setScalarConstant } from './value';

/** Offsets between these cannot make an address wrap or reach zero, wherever the region lies. */
const LEAST_OFFSET = -0x1_0000;
const MOST_OFFSET = 2 ** 33;

/** Checks the operands of a conditional jump, once for both ways. */
export function checkJump(m: Machine): void {
  const { w, code, slot } = m;
  const opcode = code.opcode[slot]!;
  const a = register(code.dst[slot]!);
  requireInitialised(m, code.dst[slot]!);
  if ((opcode & 8) === Source.X) requireInitialised(m, code.src[slot]!);
  const b = second(m);
  const pointerA = isPointer(w[a + TAG]!);
  const pointerB = isPointer(w[b + TAG]!);
  if ((!pointerA && !pointerB) || m.type.privileged) return;
  if (w[a + TAG] === Tag.REPORTED || w[b + TAG] === Tag.REPORTED) return;
  const wide = (opcode & 7) === Class.JMP;
  const operation = opcode & 0xf0;
  const equality = operation === Jump.JEQ || operation === Jump.JNE;
  if (pointerA ? isScalarZero(w, b) : isScalarZero(w, a)) return;
  if (wide && pointerA && pointerB) {
    if (sameRegion(w, a, b)) return;
    if (equality && w[a + TAG] === w[b + TAG]) return;
  }
  m.fail(
    'pointer-compare',
    () => ({ value: describe(m, pointerA ? a : b), name: describe(m, pointerA ? b : a) }),
    pointerA ? a : b,
  );
}

function second(m: Machine): number {
  const { code, slot } = m;
  if ((code.opcode[slot]! & 8) === Source.X) return register(code.src[slot]!);
  const b = scratch(0);
  setScalarConstant(m.w, b, code.imm[slot]!, code.imm[slot]! >> 31, slot);
  return b;
}

/** Restricts the state to executions that go this way. False when there are none. */
export function transferJump(m: Machine, taken: boolean): boolean {
  const { w, code, slot } = m;
  const opcode = code.opcode[slot]!;
  const wide = (opcode & 7) === Class.JMP;
  const condition = conditionOf(opcode & 0xf0, taken);
  const a = register(code.dst[slot]!);
  const b = second(m);
  const tagA = w[a + TAG]!;
  const tagB = w[b + TAG]!;
  if (tagA === Tag.SCALAR && tagB === Tag.SCALAR) return compareNumbers(m, condition, wide, a, b);
  if (!wide) return true;
  if (isPointer(tagA) && isPointer(tagB)) return comparePointers(m, condition, a, b);
  if (isPointer(tagA) && isScalarZero(w, b)) return compareNull(m, condition, a);
  if (isPointer(tagB) && isScalarZero(w, a)) return compareNull(m, condition, b);
  return true;
}

function compareNumbers(m: Machine, condition: number, wide: boolean, a: number, b: number): boolean {
  const { w } = m;
  if (a === b) return compareSame(condition, w, a);
  // Facts hold for the numbers as they are: read the terms before constants replace them.
  const linkable = isSmall(w, a + NUMBER) && isSmall(w, b + NUMBER) && agrees(w, condition, wide, a, b);
  const symbolA = termSymbol(w, a);
  const symbolB = termSymbol(w, b);
  if (!assume(w, condition, wide, a + NUMBER, b + NUMBER, scratch(6) + NUMBER)) return false;
  if (linkable && !relate(m, condition, a, b, symbolA, symbolB)) return false;
  if (!propagate(w, a)) return false;
  if (b >= scratch(0)) return true;
  return propagate(w, b);
}

/** A number compared with itself. */
function compareSame(condition: number, w: Int32Array, a: number): boolean {
  switch (condition) {
    case Jump.JNE:
    case Jump.JGT:
    case Jump.JLT:
    case Jump.JSGT:
    case Jump.JSLT:
      return false;
    case Jump.JSET:
      return !isZero(w, a + NUMBER);
    default:
      return true;
  }
}

/** Whether the comparison says the same about the numbers read as signed 64-bit integers. */
function agrees(w: Int32Array, condition: number, wide: boolean, a: number, b: number): boolean {
  const least = Math.min(smin(w, a + NUMBER), smin(w, b + NUMBER));
  const most = Math.max(smax(w, a + NUMBER), smax(w, b + NUMBER));
  if (condition === Jump.JEQ) return wide || (least >= 0 && most <= 0xffff_ffff);
  const signed = condition >= Jump.JSGT && condition !== Jump.JLT && condition !== Jump.JLE;
  if (signed) return wide || (least >= -0x8000_0000 && most <= 0x7fff_ffff);
  return least >= 0 && (wide || most <= 0xffff_ffff);
}

/** Learns a difference of the two numbers' symbols. False when it contradicts what is known. */
function relate(m: Machine, condition: number, a: number, b: number, symbolA: number, symbolB: number): boolean {
  if (symbolA === NO_SYMBOL || symbolB === NO_SYMBOL) return true;
  switch (condition) {
    case Jump.JEQ:
      return below(m, a, b, 0, symbolA, symbolB) && below(m, b, a, 0, symbolB, symbolA);
    case Jump.JLT:
    case Jump.JSLT:
      return below(m, a, b, 1, symbolA, symbolB);
    case Jump.JLE:
    case Jump.JSLE:
      return below(m, a, b, 0, symbolA, symbolB);
    case Jump.JGT:
    case Jump.JSGT:
      return below(m, b, a, 1, symbolB, symbolA);
    case Jump.JGE:
    case Jump.JSGE:
      return below(m, b, a, 0, symbolB, symbolA);
    default:
      return true;
  }
}

/** Learns a + gap <= b. */
function below(m: Machine, a: number, b: number, gap: number, symbolA: number, symbolB: number): boolean {
  const { w, symbols } = m;
  const c = offsetOf(w, b, symbolB) - offsetOf(w, a, symbolA) - gap;
  if (symbolA === symbolB) return c >= 0;
  const maxB = symbolB === 0 ? 0 : smax(w, b + NUMBER) - w[b + CONSTANT]!;
  const minA = symbolA === 0 ? 0 : smin(w, a + NUMBER) - w[a + CONSTANT]!;
  if (bound(w, symbolB, symbolA, maxB, minA) < -c) return false;
  if (symbolA !== 0 && symbolB !== 0) {
    addFact(w, symbols, symbolA, symbolB, c);
    return true;
  }
  // Against a constant the range says it all, except for numbers that stand for a sum or difference of others.
  const symbol = symbolA === 0 ? symbolB : symbolA;
  const definition = symbols.definitionOf(symbol);
  if (definition === Definition.DIFFERENCE) {
    const [first, other] = [symbols.firstOf(symbol), symbols.secondOf(symbol)];
    if (symbolB === 0) addFact(w, symbols, first, other, c);
    else addFact(w, symbols, other, first, c);
  }
  if (definition === Definition.SUM || symbol === w[PACKET_SIZE] || symbol === w[META_START])
    addFact(w, symbols, symbolA, symbolB, c);
  return true;
}

/** The constant of a term whose symbol was read before the number may have become a constant. */
function offsetOf(w: Int32Array, at: number, symbol: number): number {
  return symbol === 0 ? termConstant(w, at) : w[at + CONSTANT]!;
}

function comparePointers(m: Machine, condition: number, a: number, b: number): boolean {
  const { w } = m;
  if (a === b) return compareSame(condition, w, a);
  if (!sameRegion(w, a, b)) {
    return true;
  }
  // With the same null-ness the addresses are ordered like the offsets, as long as nothing wraps.
  const nullable = isNullable(w, a) || isNullable(w, b);
  const least = nullable ? 0 : LEAST_OFFSET;
  for (const at of [a, b]) {
    if (smin(w, at + NUMBER) < least || smax(w, at + NUMBER) > MOST_OFFSET) return true;
  }
  const symbolA = termSymbol(w, a);
  const symbolB = termSymbol(w, b);
  const signed = SIGNED[condition];
  if (signed === undefined) return true;
  if (!assume(w, signed, true, a + NUMBER, b + NUMBER, scratch(6) + NUMBER)) return false;
  if (!relate(m, signed, a, b, symbolA, symbolB)) return false;
  return propagate(w, a) && propagate(w, b);
}

/** Order of addresses as order of offsets, which may be negative. Signed comparisons of addresses say nothing. */
const SIGNED: Readonly<Record<number, number>> = {
  [Jump.JEQ]: Jump.JEQ,
  [Jump.JNE]: Jump.JNE,
  [Jump.JLT]: Jump.JSLT,
  [Jump.JLE]: Jump.JSLE,
  [Jump.JGT]: Jump.JSGT,
  [Jump.JGE]: Jump.JSGE,
};

/** A pointer compared with 0. Only a pointer that was not moved tells whether its base is null. */
function compareNull(m: Machine, condition: number, at: number): boolean {
  const { w } = m;
  if (condition !== Jump.JEQ && condition !== Jump.JNE) return true;
  const tag = w[at + TAG]!;
  const isNull = condition === Jump.JEQ;
  if (!isNullable(w, at)) {
    const sane = smin(w, at + NUMBER) >= LEAST_OFFSET && smax(w, at + NUMBER) <= MOST_OFFSET;
    const real = tag !== Tag.STALE && tag !== Tag.RELEASED && tag !== Tag.KERNEL && sane;
    return !(real && isNull);
  }
  if (!isZero(w, at + NUMBER)) return true;
  const id = w[at + ID]!;
  if (isNull) markNull(w, id);
  else markNonNull(w, id);
  return true;
}
