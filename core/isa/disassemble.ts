import type { Code } from './code';
import { Alu, Atomic, CALL, CALLX, Class, EXIT, JA, JA32, Jump, LDDW, Lddw, Mode, Source, accessWidth } from './opcode';

/** Linux's bounded-loop jump (BPF_JCOND); not in RFC 9669, so it is shown but not valid. */
const MAY_GOTO = 0xe5;

/** What llvm-objdump prints for bytes that are no instruction. */
export const UNKNOWN = '<unknown>';

const ALU_SIGN: Readonly<Record<number, string>> = {
  [Alu.ADD]: '+=',
  [Alu.SUB]: '-=',
  [Alu.MUL]: '*=',
  [Alu.DIV]: '/=',
  [Alu.OR]: '|=',
  [Alu.AND]: '&=',
  [Alu.LSH]: '<<=',
  [Alu.RSH]: '>>=',
  [Alu.MOD]: '%=',
  [Alu.XOR]: '^=',
  [Alu.MOV]: '=',
  [Alu.ARSH]: 's>>=',
};

const JUMP_SIGN: Readonly<Record<number, string>> = {
  [Jump.JEQ]: '==',
  [Jump.JGT]: '>',
  [Jump.JGE]: '>=',
  [Jump.JSET]: '&',
  [Jump.JNE]: '!=',
  [Jump.JSGT]: 's>',
  [Jump.JSGE]: 's>=',
  [Jump.JLT]: '<',
  [Jump.JLE]: '<=',
  [Jump.JSLT]: 's<',
  [Jump.JSLE]: 's<=',
};

const ATOMIC_SIGN: Readonly<Record<number, string>> = {
  [Atomic.ADD]: '+=',
  [Atomic.OR]: '|=',
  [Atomic.AND]: '&=',
  [Atomic.XOR]: '^=',
};
const ATOMIC_NAME: Readonly<Record<number, string>> = {
  [Atomic.ADD]: 'add',
  [Atomic.OR]: 'or',
  [Atomic.AND]: 'and',
  [Atomic.XOR]: 'xor',
};

/**
 * The instruction at `slot` in the syntax of llvm-objdump 19, without symbols. Where llvm-objdump in its default mode knows no
 * 32-bit atomic, the form of its `--mcpu=v4` is used. O(1).
 */
export function disassembleAt(code: Code, slot: number): string {
  const text = instructionAt(code, slot);
  // llvm-objdump knows registers up to 11 and decodes nothing that uses another.
  return /[rw]1[2-5]/.test(text) ? UNKNOWN : text;
}

function instructionAt(code: Code, slot: number): string {
  const opcode = code.opcode[slot]!;
  switch (opcode & 7) {
    case Class.LD:
      return opcode === LDDW ? wideLoad(code, slot) : packetLoad(code, slot);
    case Class.LDX:
      return load(code, slot);
    case Class.ST:
    case Class.STX:
      return store(code, slot);
    case Class.ALU:
    case Class.ALU64:
      return arithmetic(code, slot);
    default:
      return jump(code, slot);
  }
}

/** `0x1f` or `-0x1f`. */
export function signedHex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function wideLoad(code: Code, slot: number): string {
  if (slot + 1 >= code.length || code.opcode[slot + 1] !== 0) return UNKNOWN;
  const low = code.imm[slot]!;
  const high = code.imm[slot + 1]!;
  let value: bigint;
  switch (code.src[slot]) {
    case Lddw.MAP_INDEX:
    case Lddw.VARIABLE:
      value = 0n; // the relocation says which; llvm-objdump prints the addend
      break;
    case Lddw.MAP_INDEX_VALUE:
      value = BigInt(high);
      break;
    case Lddw.IMM:
      value = (BigInt(high) << 32n) | BigInt(low >>> 0);
      break;
    case Lddw.CODE:
      value = BigInt(low);
      break;
    default:
      return `ld_pseudo\tr${code.dst[slot]}, ${signedHex(code.src[slot]!)}, ${signedHex(low)}`;
  }
  const digits = (value < 0n ? -value : value).toString(16);
  return `r${code.dst[slot]} = ${value < 0n ? '-' : ''}0x${digits} ll`;
}

function packetLoad(code: Code, slot: number): string {
  const opcode = code.opcode[slot]!;
  const mode = opcode & 0xe0;
  const width = accessWidth(opcode);
  if (width === 8 || (mode !== Mode.ABS && mode !== Mode.IND)) return UNKNOWN;
  const index = mode === Mode.ABS ? signedHex(code.imm[slot]!) : `r${code.src[slot]}`;
  return `r0 = *(u${width * 8} *)skb[${index}]`;
}

function address(code: Code, slot: number, register: number): string {
  const offset = code.offset[slot]!;
  return offset < 0 ? `(r${register} - 0x${(-offset).toString(16)})` : `(r${register} + 0x${offset.toString(16)})`;
}

function load(code: Code, slot: number): string {
  const opcode = code.opcode[slot]!;
  const mode = opcode & 0xe0;
  const bits = accessWidth(opcode) * 8;
  if (mode !== Mode.MEM && !(mode === Mode.MEMSX && bits < 64)) return UNKNOWN;
  return `r${code.dst[slot]} = *(${mode === Mode.MEM ? 'u' : 's'}${bits} *)${address(code, slot, code.src[slot]!)}`;
}

function store(code: Code, slot: number): string {
  const opcode = code.opcode[slot]!;
  const mode = opcode & 0xe0;
  const immediate = (opcode & 7) === Class.ST;
  if (mode === Mode.ATOMIC && !immediate) return atomic(code, slot);
  if (mode !== Mode.MEM) return UNKNOWN;
  const value = immediate ? signedHex(code.imm[slot]!) : `r${code.src[slot]}`;
  return `*(u${accessWidth(opcode) * 8} *)${address(code, slot, code.dst[slot]!)} = ${value}`;
}

function atomic(code: Code, slot: number): string {
  const bits = accessWidth(code.opcode[slot]!) * 8;
  if (bits < 32) return UNKNOWN;
  const operation = code.imm[slot]!;
  const at = address(code, slot, code.dst[slot]!);
  const inner = at.slice(1, -1);
  const letter = bits === 32 ? 'w' : 'r';
  const source = `${letter}${code.src[slot]}`;
  if (operation === Atomic.XCHG) return `${source} = ${bits === 32 ? 'xchg32_32' : 'xchg_64'}(${inner}, ${source})`;
  if (operation === Atomic.CMPXCHG) {
    return `${letter}0 = ${bits === 32 ? 'cmpxchg32_32' : 'cmpxchg_64'}(${inner}, ${letter}0, ${source})`;
  }
  if (operation & Atomic.FETCH) {
    const name = ATOMIC_NAME[operation & ~Atomic.FETCH];
    return name ? `${source} = atomic_fetch_${name}((u${bits} *)${at}, ${source})` : UNKNOWN;
  }
  const sign = ATOMIC_SIGN[operation];
  if (!sign) return UNKNOWN;
  // The 32-bit add is older than the 32-bit registers and is printed with the full one.
  return `lock *(u${bits} *)${at} ${sign} ${operation === Atomic.ADD ? `r${code.src[slot]}` : source}`;
}

function arithmetic(code: Code, slot: number): string {
  const opcode = code.opcode[slot]!;
  const operation = opcode & 0xf0;
  const wide = (opcode & 7) === Class.ALU64;
  const letter = wide ? 'r' : 'w';
  const dst = `${letter}${code.dst[slot]}`;
  const offset = code.offset[slot]!;
  const fromRegister = (opcode & 8) === Source.X;
  if (operation === Alu.END) return byteSwap(code, slot);
  if (operation === Alu.NEG) return fromRegister ? UNKNOWN : `${dst} = -${dst}`;
  const sign = ALU_SIGN[operation];
  if (!sign) return UNKNOWN;
  const operand = fromRegister ? `${letter}${code.src[slot]}` : signedHex(code.imm[slot]!);
  if (offset === 0) return `${dst} ${sign} ${operand}`;
  if (operation === Alu.DIV || operation === Alu.MOD) return offset === 1 ? `${dst} s${sign} ${operand}` : UNKNOWN;
  if (operation !== Alu.MOV || !fromRegister) return UNKNOWN;
  if (offset === 8 || offset === 16 || (wide && offset === 32)) return `${dst} = (s${offset})${operand}`;
  if (wide && offset === 1) {
    // The target space stands in the upper half of imm, the source space in the lower.
    const spaces = code.imm[slot]!;
    return `${dst} = addr_space_cast(${operand}, ${signedHex(spaces >>> 16)}, ${signedHex(spaces & 0xffff)})`;
  }
  return UNKNOWN;
}

function byteSwap(code: Code, slot: number): string {
  const opcode = code.opcode[slot]!;
  const bits = code.imm[slot]!;
  const dst = `r${code.dst[slot]}`;
  if (bits !== 16 && bits !== 32 && bits !== 64) return UNKNOWN;
  const toBig = (opcode & 8) === Source.X;
  if ((opcode & 7) === Class.ALU64) return toBig ? UNKNOWN : `${dst} = bswap${bits} ${dst}`;
  return `${dst} = ${toBig ? 'be' : 'le'}${bits} ${dst}`;
}

function jump(code: Code, slot: number): string {
  const opcode = code.opcode[slot]!;
  const offset = relative(code.offset[slot]!);
  switch (opcode) {
    case JA:
      return `goto ${offset}`;
    case JA32:
      return `gotol ${relative(code.imm[slot]!)}`;
    case CALL:
      return `call ${signedHex(code.imm[slot]!)}`;
    case CALLX:
      return `callx r${code.dst[slot]}`;
    case EXIT:
      return 'exit';
    case MAY_GOTO:
      return `may_goto ${offset}`;
    default: {
      const sign = JUMP_SIGN[opcode & 0xf0];
      if (!sign) return UNKNOWN;
      const letter = (opcode & 7) === Class.JMP ? 'r' : 'w';
      const operand = (opcode & 8) === Source.X ? `${letter}${code.src[slot]}` : signedHex(code.imm[slot]!);
      return `if ${letter}${code.dst[slot]} ${sign} ${operand} goto ${offset}`;
    }
  }
}

function relative(offset: number): string {
  return offset < 0 ? signedHex(offset) : `+${signedHex(offset)}`;
}

/** Slot that the jump at `slot` goes to, or undefined when it is no jump (calls and exits are none). O(1). */
export function jumpTarget(code: Code, slot: number): number | undefined {
  const opcode = code.opcode[slot]!;
  const cls = opcode & 7;
  if ((cls !== Class.JMP && cls !== Class.JMP32) || opcode === CALL || opcode === CALLX || opcode === EXIT)
    return undefined;
  return slot + 1 + (opcode === JA32 ? code.imm[slot]! : code.offset[slot]!);
}
