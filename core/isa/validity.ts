import { jumpTarget } from './disassemble';
import type { Code } from './code';
import { Alu, Atomic, CALL, CALLX, Call, Class, EXIT, JA, JA32, Jump, LDDW, Mode, Source, accessWidth } from './opcode';

/** One reason why code is not valid, at a slot. */
export interface Invalidity {
  readonly slot: number;
  readonly message: string;
}

/** Highest register number. */
const FRAME_POINTER = 10;

/** Which fields an instruction uses; all others must be zero (RFC 9669 section 3.1: reserved). */
interface Shape {
  readonly dst: 'none' | 'read' | 'write';
  readonly src: 'none' | 'read' | 'kind';
  readonly offset: boolean;
  readonly imm: boolean;
}

/**
 * Everything that makes `code[start, start + length)` invalid as one function: unknown opcodes, registers above r10, writes to r10,
 * reserved fields that are not zero, an incomplete `lddw`, jumps out of the function or into the middle of an `lddw`,
 * and a last instruction that falls through. Empty when it is valid. O(length).
 */
export function findInvalidities(code: Code, start = 0, length = code.length): Invalidity[] {
  const found: Invalidity[] = [];
  const end = start + length;
  const middles = new Uint8Array(length);
  for (let slot = start; slot < end; slot++) {
    const message = instructionError(code, slot, end);
    if (message) found.push({ slot, message });
    else if (code.opcode[slot] === LDDW) middles[++slot - start] = 1;
  }
  let last = -1;
  for (let slot = start; slot < end; slot++) {
    if (middles[slot - start]) continue;
    last = slot;
    const target = jumpTarget(code, slot);
    if (target === undefined) continue;
    if (target < start || target >= end)
      found.push({ slot, message: `jump to slot ${target - start}, outside the function` });
    else if (middles[target - start])
      found.push({ slot, message: `jump to slot ${target - start}, into the middle of an lddw` });
  }
  if (last < 0) found.push({ slot: start, message: 'the function has no instructions' });
  else if (code.opcode[last] !== EXIT && code.opcode[last] !== JA && code.opcode[last] !== JA32) {
    found.push({ slot: last, message: 'the last instruction falls through to what follows the function' });
  }
  return found;
}

/** Why the instruction at `slot` is not valid in itself, or undefined. `end` is the first slot after the function. O(1). */
export function instructionError(code: Code, slot: number, end = code.length): string | undefined {
  const opcode = code.opcode[slot]!;
  const shape = shapeOf(code, slot);
  if (typeof shape === 'string') return shape;
  const dst = code.dst[slot]!;
  const src = code.src[slot]!;
  if (dst > FRAME_POINTER || (shape.src !== 'kind' && src > FRAME_POINTER))
    return `register r${dst > FRAME_POINTER ? dst : src} does not exist`;
  if (shape.dst === 'write' && dst === FRAME_POINTER) return 'r10 is read-only';
  if (shape.dst === 'none' && dst !== 0) return 'the unused dst field is not zero';
  if (shape.src === 'none' && src !== 0) return 'the unused src field is not zero';
  if (!shape.offset && code.offset[slot] !== 0) return 'the unused offset field is not zero';
  if (!shape.imm && code.imm[slot] !== 0) return 'the unused imm field is not zero';
  return opcode === LDDW ? wideLoadError(code, slot, end) : undefined;
}

function wideLoadError(code: Code, slot: number, end: number): string | undefined {
  if (code.src[slot]! > 6) return `lddw of unknown kind ${code.src[slot]}`;
  if (slot + 1 >= end) return 'lddw without its second half';
  if (
    code.opcode[slot + 1] !== 0 ||
    code.dst[slot + 1] !== 0 ||
    code.src[slot + 1] !== 0 ||
    code.offset[slot + 1] !== 0
  ) {
    return 'the second half of the lddw has fields that are not zero';
  }
  return undefined;
}

function shapeOf(code: Code, slot: number): Shape | string {
  const opcode = code.opcode[slot]!;
  const unknown = `unknown opcode 0x${opcode.toString(16).padStart(2, '0')}`;
  const mode = opcode & 0xe0;
  switch (opcode & 7) {
    case Class.LD:
      if (opcode === LDDW) return { dst: 'write', src: 'kind', offset: false, imm: true };
      if (accessWidth(opcode) === 8) return unknown;
      if (mode === Mode.ABS) return { dst: 'none', src: 'none', offset: false, imm: true };
      if (mode === Mode.IND) return { dst: 'none', src: 'read', offset: false, imm: true };
      return unknown;
    case Class.LDX:
      if (mode !== Mode.MEM && !(mode === Mode.MEMSX && accessWidth(opcode) < 8)) return unknown;
      return { dst: 'write', src: 'read', offset: true, imm: false };
    case Class.ST:
      return mode === Mode.MEM ? { dst: 'read', src: 'none', offset: true, imm: true } : unknown;
    case Class.STX:
      if (mode === Mode.MEM) return { dst: 'read', src: 'read', offset: true, imm: false };
      return mode === Mode.ATOMIC ? atomicShape(code, slot) : unknown;
    case Class.ALU:
    case Class.ALU64:
      return arithmeticShape(code, slot, unknown);
    default:
      return jumpShape(code, slot, unknown);
  }
}

function atomicShape(code: Code, slot: number): Shape | string {
  if (accessWidth(code.opcode[slot]!) < 4) return 'atomic operations are 32 or 64 bits wide';
  const operation = code.imm[slot]!;
  switch (operation) {
    case Atomic.XCHG:
    case Atomic.CMPXCHG:
    case Atomic.ADD | Atomic.FETCH:
    case Atomic.OR | Atomic.FETCH:
    case Atomic.AND | Atomic.FETCH:
    case Atomic.XOR | Atomic.FETCH:
      // cmpxchg writes r0, the others write src.
      if (operation !== Atomic.CMPXCHG && code.src[slot] === FRAME_POINTER) return 'r10 is read-only';
      return { dst: 'read', src: 'read', offset: true, imm: true };
    case Atomic.ADD:
    case Atomic.OR:
    case Atomic.AND:
    case Atomic.XOR:
      return { dst: 'read', src: 'read', offset: true, imm: true };
    default:
      return `unknown atomic operation 0x${(operation >>> 0).toString(16)}`;
  }
}

function arithmeticShape(code: Code, slot: number, unknown: string): Shape | string {
  const opcode = code.opcode[slot]!;
  const operation = opcode & 0xf0;
  const wide = (opcode & 7) === Class.ALU64;
  const fromRegister = (opcode & 8) === Source.X;
  const offset = code.offset[slot]!;
  if (operation > Alu.END) return unknown;
  if (operation === Alu.END) {
    if (wide && fromRegister) return unknown;
    const bits = code.imm[slot]!;
    if (bits !== 16 && bits !== 32 && bits !== 64) return `byte swap of ${bits} bits`;
    return { dst: 'write', src: 'none', offset: false, imm: true };
  }
  if (operation === Alu.NEG) return fromRegister ? unknown : { dst: 'write', src: 'none', offset: false, imm: false };
  const shape: Shape = { dst: 'write', src: fromRegister ? 'read' : 'none', offset: false, imm: !fromRegister };
  if (offset === 0) return shape;
  if ((operation === Alu.DIV || operation === Alu.MOD) && offset === 1) return { ...shape, offset: true };
  const extends32 = offset === 8 || offset === 16 || (wide && offset === 32);
  if (operation === Alu.MOV && fromRegister && extends32) return { ...shape, offset: true };
  return `offset ${offset} has no meaning for this instruction`;
}

function jumpShape(code: Code, slot: number, unknown: string): Shape | string {
  const opcode = code.opcode[slot]!;
  const narrow = (opcode & 7) === Class.JMP32;
  switch (opcode) {
    case JA:
      return { dst: 'none', src: 'none', offset: true, imm: false };
    case JA32:
      return { dst: 'none', src: 'none', offset: false, imm: true };
    case EXIT:
      return { dst: 'none', src: 'none', offset: false, imm: false };
    case CALLX:
      return { dst: 'read', src: 'none', offset: false, imm: false };
    case CALL:
      return code.src[slot]! > Call.BTF
        ? `call of unknown kind ${code.src[slot]}`
        : { dst: 'none', src: 'kind', offset: code.src[slot] === Call.BTF, imm: true };
    default: {
      const operation = opcode & 0xf0;
      if (operation === Jump.JA || operation === Jump.CALL || operation === Jump.EXIT || operation > Jump.JSLE)
        return narrow ? `${unknown} (32-bit)` : unknown;
      const fromRegister = (opcode & 8) === Source.X;
      return { dst: 'read', src: fromRegister ? 'read' : 'none', offset: true, imm: !fromRegister };
    }
  }
}
