import { Atomic, Class, Mode, Size, accessWidth } from '../isa/opcode';
import { refuse, unused, type Instruction } from './instruction';

/** C statements for loads, stores and atomic operations of classes LDX, ST and STX (RFC 9669 section 5). */
export function memory(instruction: Instruction): string[] {
  const { opcode, imm } = instruction;
  const mode = opcode & 0xe0;
  const bits = accessWidth(opcode) * 8;
  const d = `r${instruction.dst}`;
  const s = `r${instruction.src}`;
  const offset = `OFFSET(${instruction.offset})`;
  switch (opcode & 7) {
    case Class.LDX: {
      unused(instruction, 'imm');
      if (instruction.dst === 10) refuse(instruction, 'it writes the frame pointer');
      const signed = mode === Mode.MEMSX && bits !== 64;
      if (mode !== Mode.MEM && !signed) refuse(instruction, 'there is no such load');
      return [`READ_ONCE_${signed ? 'S' : ''}${bits}(${d}, ${s}, ${offset});`];
    }
    case Class.ST:
      unused(instruction, 'src');
      if (mode !== Mode.MEM) refuse(instruction, 'there is no such store');
      return [`WRITE_ONCE_${bits}(${d}, IMMEDIATE(${imm}), ${offset});`];
    default:
      if (mode === Mode.ATOMIC) return atomic(instruction, bits, offset);
      unused(instruction, 'imm');
      if (mode !== Mode.MEM) refuse(instruction, 'there is no such store');
      return [`WRITE_ONCE_${bits}(${d}, ${s}, ${offset});`];
  }
}

const FETCHING: Readonly<Record<number, string>> = {
  [Atomic.ADD]: 'ADD', [Atomic.OR]: 'OR', [Atomic.AND]: 'AND', [Atomic.XOR]: 'XOR',
}; // prettier-ignore

/** 32-bit results are extended with zeros: the old value is unsigned (RFC 9669 section 5.3). */
function atomic(instruction: Instruction, bits: number, offset: string): string[] {
  const { opcode, imm } = instruction;
  const size = opcode & 0x18;
  if (size !== Size.W && size !== Size.DW) refuse(instruction, 'atomic operations are 32 or 64 bits wide');
  const d = `r${instruction.dst}`;
  const s = `r${instruction.src}`;
  const value = bits === 64 ? s : `(uint32_t)${s}`;
  if ((imm === Atomic.XCHG || imm & Atomic.FETCH) && imm !== Atomic.CMPXCHG && instruction.src === 10) {
    refuse(instruction, 'it writes the frame pointer');
  }
  if (imm === Atomic.XCHG) return [`${s} = ATOMIC_EXCHANGE(${bits}, ${d}, ${value}, ${offset});`];
  if (imm === Atomic.CMPXCHG) {
    const expected = bits === 64 ? 'r0' : '(uint32_t)r0';
    return [`r0 = ATOMIC_COMPARE_EXCHANGE(${bits}, ${d}, ${expected}, ${value}, ${offset});`];
  }
  const name = FETCHING[imm & ~Atomic.FETCH];
  if (name === undefined) refuse(instruction, 'there is no such atomic operation');
  const operands = `(${bits}, ${d}, ${value}, ${offset});`;
  return [imm & Atomic.FETCH ? `${s} = ATOMIC_FETCH_${name}${operands}` : `(void)ATOMIC_${name}${operands}`];
}
