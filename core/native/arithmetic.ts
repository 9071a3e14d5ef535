import { Alu, Class, Source } from '../isa/opcode';
import { refuse, unused, type Instruction } from './instruction';

const INFIX: Readonly<Record<number, string>> = {
  [Alu.ADD]: '+', [Alu.SUB]: '-', [Alu.MUL]: '*', [Alu.OR]: '|', [Alu.AND]: '&', [Alu.XOR]: '^',
}; // prettier-ignore

/** The result of a 32-bit operation is extended with zeros (RFC 9669 section 4.1). */
const narrow = (register: string): string => `${register} &= UINT32_MAX;`;

/** C statements, one a line, for an instruction of class ALU or ALU64 (RFC 9669 section 4). No C behaviour is left undefined. */
export function arithmetic(instruction: Instruction): string[] {
  const { opcode, offset, imm } = instruction;
  const wide = (opcode & 7) === Class.ALU64;
  const operation = opcode & 0xf0;
  const register = (opcode & Source.X) !== 0;
  const d = `r${instruction.dst}`;
  if (instruction.dst === 10) refuse(instruction, 'it writes the frame pointer');
  if (operation === Alu.END) return byteOrder(instruction, d, wide);
  if (operation === Alu.NEG) {
    if (register) refuse(instruction, 'negation takes no source');
    unused(instruction, 'src', 'offset', 'imm');
    return wide ? [`${d} = 0 - ${d};`] : [`${d} = 0 - ${d};`, narrow(d)];
  }
  if (register) unused(instruction, 'imm');
  else unused(instruction, 'src');
  const s = register ? `r${instruction.src}` : `IMMEDIATE(${imm})`;
  const infix = INFIX[operation];
  if (infix !== undefined) {
    unused(instruction, 'offset');
    return wide ? [`${d} ${infix}= ${s};`] : [`${d} ${infix}= ${s};`, narrow(d)];
  }
  switch (operation) {
    case Alu.DIV:
    case Alu.MOD:
      if (offset !== 0 && offset !== 1) refuse(instruction, 'its offset must be 0 or 1');
      return divide(d, s, wide, offset === 1, operation === Alu.MOD);
    case Alu.LSH:
    case Alu.RSH:
    case Alu.ARSH:
      unused(instruction, 'offset');
      return shift(operation, d, s, wide);
    case Alu.MOV:
      return move(instruction, d, s, wide, register);
    default:
      return refuse(instruction, 'there is no such arithmetic operation');
  }
}

/** Division by zero gives 0, remainder of it the dividend; INT_MIN / -1 is INT_MIN, INT_MIN % -1 is 0 (RFC 9669 section 4.1). */
function divide(d: string, s: string, wide: boolean, signed: boolean, modulo: boolean): string[] {
  const bits = wide ? '64' : '32';
  const type = signed ? `int${bits}_t` : `uint${bits}_t`;
  const dividend = wide && !signed ? d : `(${type})${d}`;
  const divisor = wide && !signed ? s : `(${type})${s}`;
  const quotient = `(uint64_t)(${dividend} ${modulo ? '%' : '/'} ${divisor})`;
  const safe = `${divisor} ? ${quotient} : ${modulo ? d : '0'}`;
  const overflow = `(${dividend} == INT${bits}_MIN && ${divisor} == -1) ? ${modulo ? '0' : d} : `;
  const statement = signed ? `${d} = ${overflow}(${safe});` : `${d} = ${safe};`;
  return wide ? [statement] : [statement, narrow(d)];
}

/** The amount is taken modulo the width (RFC 9669 section 4.1). */
function shift(operation: number, d: string, s: string, wide: boolean): string[] {
  const amount = `(${s} & ${wide ? 63 : 31})`;
  if (operation === Alu.LSH) return wide ? [`${d} <<= ${amount};`] : [`${d} <<= ${amount};`, narrow(d)];
  if (operation === Alu.RSH) return [wide ? `${d} >>= ${amount};` : `${d} = (uint32_t)${d} >> ${amount};`];
  return wide
    ? [`${d} = (uint64_t)((int64_t)${d} >> ${amount});`]
    : [`${d} = (uint64_t)((int32_t)${d} >> ${amount});`, narrow(d)];
}

function move(instruction: Instruction, d: string, s: string, wide: boolean, register: boolean): string[] {
  const { offset } = instruction;
  if (offset === 0) return wide ? [`${d} = ${s};`] : [`${d} = (uint32_t)${s};`];
  const fits = offset === 8 || offset === 16 || (offset === 32 && wide);
  if (!register || !fits) refuse(instruction, 'its offset is no width to extend from');
  return [
    wide
      ? `${d} = (uint64_t)(int64_t)(int${offset}_t)${s};`
      : `${d} = (uint64_t)(uint32_t)(int32_t)(int${offset}_t)${s};`,
  ];
}

/** Byte order of the host is the object's own: the generated C checks that when it is compiled. */
function byteOrder(instruction: Instruction, d: string, wide: boolean): string[] {
  const { opcode, imm } = instruction;
  unused(instruction, 'src', 'offset');
  if (imm !== 16 && imm !== 32 && imm !== 64) refuse(instruction, 'its width must be 16, 32 or 64');
  if (wide && opcode & Source.X) refuse(instruction, 'a byte swap takes no source');
  const macro = wide ? 'SWAP' : opcode & Source.X ? 'TO_BE' : 'TO_LE';
  return [`${d} = ${macro}_${imm}(${d});`];
}
