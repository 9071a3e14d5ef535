import { emptyCode, encode, type Code } from '../../../core/isa/code';
import {
  Alu,
  Atomic,
  CALL,
  CALLX,
  Call,
  Class,
  EXIT,
  JA,
  Jump,
  LDDW,
  Lddw,
  Mode,
  Size,
  Source,
} from '../../../core/isa/opcode';

/**
 * An assembler for the assembly of bpf_conformance's `.data` files: `mov32 %r0, 5`, `ldxsw %r0, [%r10-4]`, `jne %r0, 1, label`,
 * `lock fetch add [%r10-8], %r1`, `call local NAME`. Only for tests: it trusts its input and throws plain errors.
 */

/** One `.data` file. */
export interface Vector {
  /** Bytes of instructions. */
  readonly program: Uint8Array;
  readonly memory: Uint8Array;
  readonly result: bigint;
}

/** Reads the sections of a `.data` file. */
export function parseVector(text: string): Vector {
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/#.*/, '').trim();
    const directive = /^--\s*(.+)$/.exec(line);
    if (directive) sections.set(directive[1]!, (current = []));
    else if (line !== '') current.push(line);
  }
  const assembly = sections.get('asm');
  const result = sections.get('result')?.join('');
  if (assembly === undefined || result === undefined) throw new Error('a vector needs assembly and a result');
  const memory = (sections.get('mem') ?? []).join(' ').match(/[0-9a-fA-F]{2}/g) ?? [];
  return {
    program: encode(assemble(assembly)),
    memory: Uint8Array.from(memory, (byte) => parseInt(byte, 16)),
    result: BigInt(result),
  };
}

interface Instruction {
  opcode: number;
  dst: number;
  src: number;
  offset: number;
  imm: number;
  /** Where the label's distance goes. */
  label?: { readonly name: string; readonly field: 'offset' | 'imm' };
}

// prettier-ignore
const ALU_NAMES: Readonly<Record<string, readonly [operation: number, offset: number]>> = {
  add: [Alu.ADD, 0], sub: [Alu.SUB, 0], mul: [Alu.MUL, 0], div: [Alu.DIV, 0], sdiv: [Alu.DIV, 1], or: [Alu.OR, 0],
  and: [Alu.AND, 0], lsh: [Alu.LSH, 0], rsh: [Alu.RSH, 0], neg: [Alu.NEG, 0], mod: [Alu.MOD, 0], smod: [Alu.MOD, 1],
  xor: [Alu.XOR, 0], mov: [Alu.MOV, 0], arsh: [Alu.ARSH, 0],
};
// prettier-ignore
const JUMP_NAMES: Readonly<Record<string, number>> = {
  jeq: Jump.JEQ, jgt: Jump.JGT, jge: Jump.JGE, jset: Jump.JSET, jne: Jump.JNE, jsgt: Jump.JSGT, jsge: Jump.JSGE,
  jlt: Jump.JLT, jle: Jump.JLE, jslt: Jump.JSLT, jsle: Jump.JSLE,
};
const SIZES: Readonly<Record<string, number>> = { b: Size.B, h: Size.H, w: Size.W, dw: Size.DW };
// prettier-ignore
const ATOMICS: Readonly<Record<string, number>> = {
  add: Atomic.ADD, or: Atomic.OR, and: Atomic.AND, xor: Atomic.XOR, xchg: Atomic.XCHG, cmpxchg: Atomic.CMPXCHG,
};

/** Assembles lines without comments. The label `exit`, when nobody defines it, is the last `exit`. */
export function assemble(lines: readonly string[]): Code {
  const out: Instruction[] = [];
  const labels = new Map<string, number>();
  for (const line of lines) {
    const label = /^([A-Za-z_]\w*):$/.exec(line);
    if (label) labels.set(label[1]!, out.length);
    else out.push(...instruction(line));
  }
  const lastExit = out.map((one) => one.opcode).lastIndexOf(EXIT);
  if (!labels.has('exit')) labels.set('exit', lastExit);
  const code = emptyCode(out.length);
  out.forEach((one, slot) => {
    if (one.label !== undefined) {
      const target = labels.get(one.label.name);
      if (target === undefined) throw new Error(`no label ${one.label.name}`);
      one[one.label.field] = target - slot - 1;
    }
    code.opcode[slot] = one.opcode;
    code.dst[slot] = one.dst;
    code.src[slot] = one.src;
    code.offset[slot] = one.offset;
    code.imm[slot] = one.imm;
  });
  return code;
}

function make(opcode: number, fields: Partial<Instruction> = {}): Instruction {
  return { opcode, dst: 0, src: 0, offset: 0, imm: 0, ...fields };
}

function register(text: string): number {
  const match = /^%r(\d+)$/.exec(text);
  if (!match) throw new Error(`no register: ${text}`);
  return Number(match[1]);
}

function number(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}

function int32(text: string): number {
  return Number(BigInt.asIntN(32, number(text)));
}

function memory(text: string): readonly [base: number, offset: number] {
  const match = /^\[(%r\d+)([+-]\w+)?\]$/.exec(text);
  if (!match) throw new Error(`no memory operand: ${text}`);
  return [register(match[1]!), match[2] === undefined ? 0 : Number(number(match[2].replace('+', '')))];
}

function instruction(line: string): Instruction[] {
  const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(line)!;
  const operands = rest.split(',').map((operand) => operand.trim());
  const [first = '', second = '', third = ''] = operands;
  if (word === 'lock') return [atomic(rest)];
  if (word === 'exit') return [make(EXIT)];
  if (word === 'call') return [call(rest)];
  if (word === 'ja') return [make(JA, jumpTo(first))];
  if (word === 'lddw') return wide(first, second);
  const access = /^(ldx|ldxs|st|stx)(b|h|w|dw)$/.exec(word);
  if (access) return [load(access[1]!, SIZES[access[2]!]!, first, second)];
  const swap = /^(le|be|swap|bswap)(16|32|64)$/.exec(word);
  if (swap) {
    const opcode =
      swap[1] === 'le'
        ? Class.ALU | Alu.END
        : swap[1] === 'be'
          ? Class.ALU | Alu.END | Source.X
          : Class.ALU64 | Alu.END;
    return [make(opcode, { dst: register(first), imm: Number(swap[2]) })];
  }
  const extend = /^movsx(8|16|32)(32|64)$/.exec(word);
  if (extend) {
    const size = extend[2] === '64' ? Class.ALU64 : Class.ALU;
    const opcode = size | Alu.MOV | Source.X;
    return [make(opcode, { dst: register(first), src: register(second), offset: Number(extend[1]) })];
  }
  const [, name = '', narrow] = /^([a-z]+)(32)?$/.exec(word) ?? [];
  const alu = ALU_NAMES[name];
  if (alu !== undefined) {
    const opcode = (narrow ? Class.ALU : Class.ALU64) | alu[0];
    return [operand(opcode, first, second, { offset: alu[1] })];
  }
  const jump = JUMP_NAMES[name];
  if (jump === undefined) throw new Error(`unknown instruction: ${line}`);
  return [operand((narrow ? Class.JMP32 : Class.JMP) | jump, first, second, jumpTo(third))];
}

function jumpTo(target: string): Partial<Instruction> {
  return /^[+-]?\d+$/.test(target) ? { offset: Number(target) } : { label: { name: target, field: 'offset' } };
}

function operand(opcode: number, first: string, second: string, more: Partial<Instruction>): Instruction {
  const dst = register(first);
  if (second === '') return make(opcode, { dst, ...more });
  if (second.startsWith('%')) return make(opcode | Source.X, { dst, src: register(second), ...more });
  return make(opcode, { dst, imm: int32(second), ...more });
}

function load(kind: string, size: number, first: string, second: string): Instruction {
  switch (kind) {
    case 'ldx':
    case 'ldxs': {
      const [src, offset] = memory(second);
      const mode = kind === 'ldx' ? Mode.MEM : Mode.MEMSX;
      return make(Class.LDX | mode | size, { dst: register(first), src, offset });
    }
    default: {
      const [dst, offset] = memory(first);
      if (kind === 'st') return make(Class.ST | Mode.MEM | size, { dst, offset, imm: int32(second) });
      return make(Class.STX | Mode.MEM | size, { dst, offset, src: register(second) });
    }
  }
}

function atomic(rest: string): Instruction {
  const match = /^(fetch )?([a-z]+)(32)?\s+(\[.*\]),\s*(%r\d+)$/.exec(rest);
  const operation = match ? ATOMICS[match[2]!] : undefined;
  if (match === null || operation === undefined) throw new Error(`unknown atomic instruction: ${rest}`);
  const [dst, offset] = memory(match[4]!);
  const size = match[3] ? Size.W : Size.DW;
  const imm = operation | (match[1] ? Atomic.FETCH : 0);
  return make(Class.STX | Mode.ATOMIC | size, { dst, src: register(match[5]!), offset, imm });
}

function call(rest: string): Instruction {
  const local = /^local (\w+)$/.exec(rest);
  if (local) return make(CALL, { src: Call.LOCAL, label: { name: local[1]!, field: 'imm' } });
  if (rest.startsWith('%')) return make(CALLX, { dst: register(rest) });
  return make(CALL, { imm: Number(rest) });
}

/** `lddw %r1, 5`, and for linked programs `lddw %r1, map 0`, `lddw %r1, value 0 8` and `lddw %r1, code LABEL`. */
function wide(first: string, second: string): Instruction[] {
  const dst = register(first);
  const [kind = '', what = '', more = '0'] = second.split(/\s+/);
  switch (kind) {
    case 'map':
      return [make(LDDW, { dst, src: Lddw.MAP_INDEX, imm: Number(what) }), make(0)];
    case 'value':
      return [make(LDDW, { dst, src: Lddw.MAP_INDEX_VALUE, imm: Number(what) }), make(0, { imm: Number(more) })];
    case 'code':
      return [make(LDDW, { dst, src: Lddw.CODE, label: { name: what, field: 'imm' } }), make(0)];
  }
  const value = BigInt.asUintN(64, number(second));
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return [make(LDDW, { dst, imm: low }), make(0, { imm: high })];
}
