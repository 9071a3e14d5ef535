import { InputError } from '../input/error';
import type { Code } from '../isa/code';
import { Alu, Class, Jump, LDDW, Mode, Size, Source, accessWidth } from '../isa/opcode';
import type { LinkedFunction } from '../object/object';

/** One instruction taken out of {@link Code}, with what messages about it need. */
export interface Instruction {
  readonly opcode: number;
  readonly dst: number;
  readonly src: number;
  readonly offset: number;
  readonly imm: number;
  /** Immediate of the second slot of an `lddw`, else 0. */
  readonly high: number;
  /** Slot inside `function`. */
  readonly pc: number;
  /** Linked slot. */
  readonly slot: number;
  readonly function: LinkedFunction;
}

/**
 * The instruction at a linked slot of `function`.
 * @throws InputError `native-instruction` when registers or the second half of an `lddw` are impossible
 */
export function instructionAt(code: Code, slot: number, linked: LinkedFunction): Instruction {
  const opcode = code.opcode[slot]!;
  const wide = opcode === LDDW;
  const instruction: Instruction = {
    opcode,
    dst: code.dst[slot]!,
    src: code.src[slot]!,
    offset: code.offset[slot]!,
    imm: code.imm[slot]!,
    high: wide ? (code.imm[slot + 1] ?? 0) : 0,
    pc: slot - linked.start,
    slot,
    function: linked,
  };
  if (instruction.dst > 10 || instruction.src > 10) refuse(instruction, 'invalid register');
  if (wide) {
    const second = slot + 1;
    const inside = second < linked.start + linked.length;
    if (!inside || code.opcode[second] || code.dst[second] || code.src[second] || code.offset[second]) {
      refuse(instruction, 'its second half is missing');
    }
  }
  return instruction;
}

/** @throws InputError `native-instruction`, always */
export function refuse(instruction: Instruction, why: string): never {
  const { function: linked, pc } = instruction;
  const opcode = `0x${instruction.opcode.toString(16).padStart(2, '0')}`;
  throw new InputError(
    'native-instruction',
    `${linked.section}: ${linked.name}: instruction ${pc} (opcode ${opcode}): ${why}`,
    { section: linked.section, symbol: linked.name, offset: (linked.sectionSlot + pc) * 8 },
  );
}

/** Refuses operands that an instruction does not use but sets (RFC 9669 section 3: reserved fields are zero). */
export function unused(instruction: Instruction, ...fields: readonly ('dst' | 'src' | 'offset' | 'imm')[]): void {
  for (const field of fields) {
    if (instruction[field] !== 0) refuse(instruction, `its ${field} must be 0`);
  }
}

const ALU_NAMES: Readonly<Record<number, string>> = {
  [Alu.ADD]: 'ADD', [Alu.SUB]: 'SUB', [Alu.MUL]: 'MUL', [Alu.DIV]: 'DIV', [Alu.OR]: 'OR', [Alu.AND]: 'AND', [Alu.LSH]: 'LSH',
  [Alu.RSH]: 'RSH', [Alu.MOD]: 'MOD', [Alu.XOR]: 'XOR', [Alu.MOV]: 'MOV', [Alu.ARSH]: 'ARSH',
}; // prettier-ignore

const JUMP_NAMES: Readonly<Record<number, string>> = {
  [Jump.JEQ]: 'JEQ', [Jump.JGT]: 'JGT', [Jump.JGE]: 'JGE', [Jump.JSET]: 'JSET', [Jump.JNE]: 'JNE', [Jump.JSGT]: 'JSGT',
  [Jump.JSGE]: 'JSGE', [Jump.JLT]: 'JLT', [Jump.JLE]: 'JLE', [Jump.JSLT]: 'JSLT', [Jump.JSLE]: 'JSLE',
}; // prettier-ignore

const WIDTH_LETTERS = { 1: 'B', 2: 'H', 4: 'W', 8: 'DW' } as const;

/** The name that bpf2c's debug builds give to an opcode in comments, e.g. `EBPF_OP_ADD64_REG`. */
export function opcodeName(opcode: number): string {
  return `EBPF_OP_${shortName(opcode)}`;
}

function shortName(opcode: number): string {
  const operation = opcode & 0xf0;
  const source = opcode & Source.X ? 'REG' : 'IMM';
  const width = WIDTH_LETTERS[accessWidth(opcode)];
  switch (opcode & 7) {
    case Class.LD:
      return opcode === (Class.LD | Mode.IMM | Size.DW) ? 'LDDW' : `LD${width}`;
    case Class.LDX:
      return (opcode & 0xe0) === Mode.MEMSX ? `LDX${width}SX` : `LDX${width}`;
    case Class.ST:
      return `ST${width}`;
    case Class.STX:
      return (opcode & 0xe0) === Mode.ATOMIC ? `ATOMIC${width === 'DW' ? '64' : ''}` : `STX${width}`;
    case Class.ALU:
    case Class.ALU64: {
      const wide = (opcode & 7) === Class.ALU64;
      if (operation === Alu.END) return wide ? 'BSWAP' : opcode & Source.X ? 'BE' : 'LE';
      if (operation === Alu.NEG) return wide ? 'NEG64' : 'NEG';
      return `${ALU_NAMES[operation] ?? 'ALU'}${wide ? '64' : ''}_${source}`;
    }
    default: {
      const short = (opcode & 7) === Class.JMP32;
      if (operation === Jump.JA) return short ? 'JA32' : 'JA';
      if (operation === Jump.CALL) return opcode & Source.X ? 'CALLX' : 'CALL';
      if (operation === Jump.EXIT) return 'EXIT';
      return `${JUMP_NAMES[operation] ?? 'JMP'}${short ? '32' : ''}_${source}`;
    }
  }
}
