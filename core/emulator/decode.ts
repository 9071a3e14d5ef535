import type { Code } from '../isa/code';
import {
  Alu, CALL, CALLX, Call, Class, EXIT, JA, JA32, Jump, LDDW, Lddw, Mode, Size, Source, accessWidth,
} from '../isa/opcode'; // prettier-ignore
import { Kind } from './kind';

/**
 * A program as the interpreter runs it: eight 32-bit words a slot.
 *
 *     WORD    kind in the low 8 bits; above them the mask of registers that must be initialised
 *     D, S    positions in the register file (2 x register number); an immediate has a position behind the registers
 *     EXTRA   memory offset, jump target, index of a call target, or index of a reason why the slot is invalid
 *     KEEP    mask of registers whose "uninitialised" mark stays: all but the one that is written
 *     EXTRA2  access width, atomic operation, or which extern
 */
export const enum Field {
  WORD,
  D,
  S,
  EXTRA,
  KEEP,
  EXTRA2,
  SHIFT = 3,
}

/** Position of the first constant in the register file; registers r0 to r10 stand at 0 to 21. */
export const FIRST_CONSTANT = 24;

/** A 64-bit number as two halves. */
export interface Pair {
  readonly high: number;
  readonly low: number;
}

/** What decoding asks of the machine that it decodes for. */
export interface Resolver {
  /** Address that stands for map `index` (an opaque handle), or undefined when there is none. */
  map(index: number): Pair | undefined;
  /** Address of byte `offset` of the single value of map `index`. */
  mapValue(index: number, offset: number): Pair | undefined;
  /** Address of the function that begins at a linked slot. */
  code(slot: number): Pair;
  /** Index of a helper in the machine's table, by number. */
  helper(id: number): number;
  /** How many argument registers that helper reads. */
  helperArguments(index: number): number;
  /** Position in the register file of a constant. */
  constant(high: number, low: number): number;
}

export interface Decoded {
  readonly code: Int32Array;
  /** Slots; the word behind the last one is an invalid slot, so that falling off the end is a fault. */
  readonly length: number;
  /** Why slots are invalid, by EXTRA. */
  readonly reasons: readonly string[];
}

const ALL = 0x7ff;

// prettier-ignore
const ALU64_KINDS: Readonly<Record<number, Kind>> = {
  [Alu.ADD]: Kind.ADD64, [Alu.SUB]: Kind.SUB64, [Alu.MUL]: Kind.MUL64, [Alu.DIV]: Kind.DIV64, [Alu.OR]: Kind.OR64,
  [Alu.AND]: Kind.AND64, [Alu.LSH]: Kind.LSH64, [Alu.RSH]: Kind.RSH64, [Alu.NEG]: Kind.NEG64, [Alu.MOD]: Kind.MOD64,
  [Alu.XOR]: Kind.XOR64, [Alu.MOV]: Kind.MOV64, [Alu.ARSH]: Kind.ARSH64,
};
// prettier-ignore
const ALU32_KINDS: Readonly<Record<number, Kind>> = {
  [Alu.ADD]: Kind.ADD32, [Alu.SUB]: Kind.SUB32, [Alu.MUL]: Kind.MUL32, [Alu.DIV]: Kind.DIV32, [Alu.OR]: Kind.OR32,
  [Alu.AND]: Kind.AND32, [Alu.LSH]: Kind.LSH32, [Alu.RSH]: Kind.RSH32, [Alu.NEG]: Kind.NEG32, [Alu.MOD]: Kind.MOD32,
  [Alu.XOR]: Kind.XOR32, [Alu.MOV]: Kind.MOV32, [Alu.ARSH]: Kind.ARSH32,
};
// prettier-ignore
const JUMP64_KINDS: Readonly<Record<number, Kind>> = {
  [Jump.JEQ]: Kind.JEQ64, [Jump.JNE]: Kind.JNE64, [Jump.JGT]: Kind.JGT64, [Jump.JGE]: Kind.JGE64, [Jump.JLT]: Kind.JLT64,
  [Jump.JLE]: Kind.JLE64, [Jump.JSET]: Kind.JSET64, [Jump.JSGT]: Kind.JSGT64, [Jump.JSGE]: Kind.JSGE64,
  [Jump.JSLT]: Kind.JSLT64, [Jump.JSLE]: Kind.JSLE64,
};
// prettier-ignore
const JUMP32_KINDS: Readonly<Record<number, Kind>> = {
  [Jump.JEQ]: Kind.JEQ32, [Jump.JNE]: Kind.JNE32, [Jump.JGT]: Kind.JGT32, [Jump.JGE]: Kind.JGE32, [Jump.JLT]: Kind.JLT32,
  [Jump.JLE]: Kind.JLE32, [Jump.JSET]: Kind.JSET32, [Jump.JSGT]: Kind.JSGT32, [Jump.JSGE]: Kind.JSGE32,
  [Jump.JSLT]: Kind.JSLT32, [Jump.JSLE]: Kind.JSLE32,
};
/** `offset` of a MOV that extends a sign, to what it does. RFC 9669 table 5. */
const MOVSX64: Readonly<Record<number, Kind>> = { 8: Kind.MOVSX8_64, 16: Kind.MOVSX16_64, 32: Kind.MOVSX32_64 };
const MOVSX32: Readonly<Record<number, Kind>> = { 8: Kind.MOVSX8_32, 16: Kind.MOVSX16_32 };
const LOADS: Readonly<Record<number, Kind>> = { 1: Kind.LOAD8, 2: Kind.LOAD16, 4: Kind.LOAD32, 8: Kind.LOAD64 };
const LOADS_SX: Readonly<Record<number, Kind>> = { 1: Kind.LOADSX8, 2: Kind.LOADSX16, 4: Kind.LOADSX32 };
const STORES: Readonly<Record<number, Kind>> = { 1: Kind.STORE8, 2: Kind.STORE16, 4: Kind.STORE32, 8: Kind.STORE64 };

/**
 * Decodes a whole program. Never throws: a slot that is no valid instruction becomes one that faults when it is reached. O(slots).
 * Sources: RFC 9669 sections 4 and 5; encodings of src in 64-bit immediates: core/object/object.ts.
 */
export function decodeProgram(code: Code, resolver: Resolver, littleEndian: boolean): Decoded {
  return new Decoder(code, resolver, littleEndian).decode();
}

class Decoder {
  private readonly out: Int32Array;
  private readonly reasons: string[] = [];
  private slot = 0;

  constructor(
    private readonly source: Code,
    private readonly resolver: Resolver,
    private readonly littleEndian: boolean,
  ) {
    this.out = new Int32Array((source.length + 1) << Field.SHIFT);
  }

  decode(): Decoded {
    const { source } = this;
    for (this.slot = 0; this.slot < source.length; this.slot++) {
      const wide = source.opcode[this.slot] === LDDW;
      this.instruction();
      if (wide) {
        this.slot++;
        this.invalid('the second half of a 64-bit immediate load is no instruction');
      }
    }
    this.slot = source.length;
    this.invalid('execution ran past the last instruction');
    return { code: this.out, length: source.length, reasons: this.reasons };
  }

  private put(kind: Kind, need: number, d: number, s: number, extra = 0, keep = ALL, extra2 = 0): void {
    const at = this.slot << Field.SHIFT;
    this.out[at + Field.WORD] = kind | (need << 8);
    this.out[at + Field.D] = d;
    this.out[at + Field.S] = s;
    this.out[at + Field.EXTRA] = extra;
    this.out[at + Field.KEEP] = keep;
    this.out[at + Field.EXTRA2] = extra2;
  }

  private invalid(reason: string): void {
    if (this.slot > this.source.length) return;
    this.reasons.push(reason);
    this.put(Kind.INVALID, 0, 0, 0, this.reasons.length - 1);
  }

  private instruction(): void {
    const { source, slot } = this;
    if (source.dst[slot]! > 10) return this.invalid(`r${source.dst[slot]} does not exist`);
    switch (source.opcode[slot]! & 7) {
      case Class.LD:
        return this.loadImmediate();
      case Class.LDX:
        return this.load();
      case Class.ST:
      case Class.STX:
        return this.store();
      case Class.ALU:
      case Class.ALU64:
        return this.arithmetic();
      default:
        return this.jump();
    }
  }

  private immediate(value: number): number {
    return this.resolver.constant(value >> 31, value);
  }

  private arithmetic(): void {
    const { source, slot } = this;
    const opcode = source.opcode[slot]!;
    const wide = (opcode & 7) === Class.ALU64;
    const operation = opcode & 0xf0;
    const register = (opcode & Source.X) !== 0;
    const dst = source.dst[slot]!;
    const src = source.src[slot]!;
    const offset = source.offset[slot]!;
    if (dst === 10) return this.invalid('r10 is read-only');
    const keep = ALL & ~(1 << dst);
    if (operation === Alu.END) return this.byteOrder(wide, register, dst, keep);
    if (operation === Alu.NEG) return this.put(wide ? Kind.NEG64 : Kind.NEG32, 1 << dst, dst * 2, 0, 0, keep);
    let kind = (wide ? ALU64_KINDS : ALU32_KINDS)[operation];
    if (kind === undefined) return this.invalid(`opcode 0x${opcode.toString(16)} is no arithmetic operation`);
    if (register && src > 10) return this.invalid(`r${src} does not exist`);
    if (offset !== 0) {
      if (operation === Alu.DIV && offset === 1) kind = wide ? Kind.SDIV64 : Kind.SDIV32;
      else if (operation === Alu.MOD && offset === 1) kind = wide ? Kind.SMOD64 : Kind.SMOD32;
      else if (operation === Alu.MOV && register) kind = (wide ? MOVSX64 : MOVSX32)[offset];
      else kind = undefined;
      if (kind === undefined) return this.invalid(`offset ${offset} means nothing for opcode 0x${opcode.toString(16)}`);
    }
    const need = (operation === Alu.MOV ? 0 : 1 << dst) | (register ? 1 << src : 0);
    this.put(kind, need, dst * 2, register ? src * 2 : this.immediate(source.imm[slot]!), 0, keep);
  }

  /** ALU: to little (source bit 0) or big endian; ALU64: unconditional swap. RFC 9669 section 4.2. */
  private byteOrder(wide: boolean, toBig: boolean, dst: number, keep: number): void {
    const width = this.source.imm[this.slot]!;
    if ((width !== 16 && width !== 32 && width !== 64) || (wide && toBig))
      return this.invalid(`a byte swap of ${width} bits does not exist`);
    const swaps = wide || toBig === this.littleEndian;
    const kind = swaps
      ? { 16: Kind.SWAP16, 32: Kind.SWAP32, 64: Kind.SWAP64 }[width]
      : { 16: Kind.TRUNCATE16, 32: Kind.TRUNCATE32, 64: Kind.NOP }[width];
    this.put(kind, 1 << dst, dst * 2, 0, 0, keep);
  }

  private load(): void {
    const { source, slot } = this;
    const opcode = source.opcode[slot]!;
    const width = accessWidth(opcode);
    const mode = opcode & 0xe0;
    const kind = mode === Mode.MEM ? LOADS[width] : mode === Mode.MEMSX ? LOADS_SX[width] : undefined;
    const dst = source.dst[slot]!;
    const src = source.src[slot]!;
    if (kind === undefined) return this.invalid(`opcode 0x${opcode.toString(16)} is no load`);
    if (src > 10) return this.invalid(`r${src} does not exist`);
    if (dst === 10) return this.invalid('r10 is read-only');
    this.put(kind, 1 << src, dst * 2, src * 2, source.offset[slot], ALL & ~(1 << dst), width);
  }

  private store(): void {
    const { source, slot } = this;
    const opcode = source.opcode[slot]!;
    const width = accessWidth(opcode);
    const mode = opcode & 0xe0;
    const dst = source.dst[slot]!;
    const src = source.src[slot]!;
    const register = (opcode & 7) === Class.STX;
    if (register && src > 10) return this.invalid(`r${src} does not exist`);
    if (mode === Mode.MEM) {
      const need = (1 << dst) | (register ? 1 << src : 0);
      const value = register ? src * 2 : this.immediate(source.imm[slot]!);
      return this.put(STORES[width]!, need, dst * 2, value, source.offset[slot], ALL, width);
    }
    if (mode === Mode.ATOMIC && register && width >= 4) return this.atomic(dst, src, width);
    this.invalid(`opcode 0x${opcode.toString(16)} is no store`);
  }

  private atomic(dst: number, src: number, width: number): void {
    const operation = this.source.imm[this.slot]!;
    // add, or, and, xor, each with or without fetch; exchange; compare and exchange: RFC 9669 tables 10 and 11.
    const known = [0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1].includes(operation);
    if (!known) return this.invalid(`0x${(operation >>> 0).toString(16)} is no atomic operation`);
    const compares = operation === 0xf1;
    const written = compares ? 0 : operation & 1 ? src : -1;
    if (written === 10) return this.invalid('r10 is read-only');
    const need = (1 << dst) | (1 << src) | (compares ? 1 : 0);
    const keep = written < 0 ? ALL : ALL & ~(1 << written);
    this.put(Kind.ATOMIC, need, dst * 2, src * 2, this.source.offset[this.slot], keep, operation | (width << 8));
  }

  private loadImmediate(): void {
    const { source, slot } = this;
    const opcode = source.opcode[slot]!;
    const mode = opcode & 0xe0;
    const dst = source.dst[slot]!;
    const src = source.src[slot]!;
    const imm = source.imm[slot]!;
    if (opcode !== LDDW) {
      const width = accessWidth(opcode);
      if ((mode !== Mode.ABS && mode !== Mode.IND) || (opcode & 0x18) === Size.DW)
        return this.invalid(`opcode 0x${opcode.toString(16)} is no instruction`);
      if (src > 10) return this.invalid(`r${src} does not exist`);
      const indirect = mode === Mode.IND;
      // Reads r6, writes r0, and like a call leaves r1 to r5 without a value (RFC 9669 section 5.5).
      const need = (1 << 6) | (indirect ? 1 << src : 0);
      return this.put(Kind.PACKET_LOAD, need, 0, indirect ? src * 2 : -1, imm, ALL & ~1, width);
    }
    if (dst === 10) return this.invalid('r10 is read-only');
    if (slot + 1 >= source.length) return this.invalid('the second half of a 64-bit immediate load is missing');
    const next = source.imm[slot + 1]!;
    const keep = ALL & ~(1 << dst);
    let pair: Pair | undefined;
    switch (src) {
      case Lddw.IMM:
        pair = { high: next, low: imm };
        break;
      case Lddw.MAP_INDEX:
        pair = this.resolver.map(imm);
        break;
      case Lddw.MAP_INDEX_VALUE:
        pair = this.resolver.mapValue(imm, next);
        break;
      case Lddw.CODE:
        pair = this.resolver.code(slot + 1 + imm);
        break;
      case Lddw.VARIABLE:
        return this.put(Kind.ADDRESS, 0, dst * 2, 0, 0, keep, imm);
      default:
        return this.invalid(`a 64-bit immediate load with src ${src} has no meaning in a linked program`);
    }
    if (pair === undefined) return this.invalid(`map ${imm} is not there`);
    this.put(Kind.LDDW, 0, dst * 2, this.resolver.constant(pair.high, pair.low), 0, keep);
  }

  private jump(): void {
    const { source, slot } = this;
    const opcode = source.opcode[slot]!;
    const dst = source.dst[slot]!;
    const src = source.src[slot]!;
    const offset = source.offset[slot]!;
    const imm = source.imm[slot]!;
    switch (opcode) {
      case JA:
        return this.branch(Kind.JA, 0, 0, 0, slot + 1 + offset);
      case JA32:
        return this.branch(Kind.JA, 0, 0, 0, slot + 1 + imm);
      case EXIT:
        return this.put(Kind.EXIT, 0, 0, 0);
      case CALLX:
        return this.put(Kind.CALL_REGISTER, 1 << dst, dst * 2, 0);
      case CALL:
        return this.call(src, imm);
    }
    const wide = (opcode & 7) === Class.JMP;
    const kind = (wide ? JUMP64_KINDS : JUMP32_KINDS)[opcode & 0xf0];
    const register = (opcode & Source.X) !== 0;
    if (kind === undefined) return this.invalid(`opcode 0x${opcode.toString(16)} is no jump`);
    if (register && src > 10) return this.invalid(`r${src} does not exist`);
    const need = (1 << dst) | (register ? 1 << src : 0);
    this.branch(kind, need, dst * 2, register ? src * 2 : this.immediate(imm), slot + 1 + offset);
  }

  private branch(kind: Kind, need: number, d: number, s: number, target: number): void {
    const { source } = this;
    if (target < 0 || target >= source.length || (target > 0 && this.isSecondHalf(target)))
      return this.invalid(`the jump leads to slot ${target}, where no instruction begins`);
    this.put(kind, need, d, s, target);
  }

  /** Whether a slot is the second half of a 64-bit immediate load: an even number of halves cannot precede it. */
  private isSecondHalf(slot: number): boolean {
    if (this.source.opcode[slot] !== 0) return false;
    let first = slot - 1;
    while (first >= 0 && this.source.opcode[first] === LDDW) first--;
    return (slot - 1 - first) % 2 === 1;
  }

  private call(src: number, imm: number): void {
    if (src === Call.LOCAL) {
      const target = this.slot + 1 + imm;
      if (target < 0 || target >= this.source.length || this.isSecondHalf(target))
        return this.invalid(`the call leads to slot ${target}, where no instruction begins`);
      return this.put(Kind.CALL_LOCAL, 0, 0, 0, target);
    }
    if (src === Call.HELPER) {
      const index = this.resolver.helper(imm);
      const need = ((1 << this.resolver.helperArguments(index)) - 1) << 1;
      return this.put(Kind.CALL_HELPER, need, 0, 0, index, ALL & ~1);
    }
    // An extern function; EXTRA -1 tells the interpreter so.
    if (src === Call.BTF) return this.put(Kind.CALL_HELPER, 0, 0, 0, -1, ALL & ~1, imm);
    this.invalid(`a call with src ${src} has no meaning`);
  }
}
