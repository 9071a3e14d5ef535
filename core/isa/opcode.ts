/**
 * The opcode byte, RFC 9669 section 3.
 *
 *     arithmetic and jump:   | code:4 | source:1 | class:3 |
 *     load and store:        | mode:3 | size:2   | class:3 |
 */

/** Instruction classes, RFC 9669 table 3. */
export const Class = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const;

/** Source bit: K uses `imm`, X uses `src`. RFC 9669 table 4. */
export const Source = { K: 0x00, X: 0x08 } as const;

/** Arithmetic codes (upper four bits), RFC 9669 table 5. */
export const Alu = {
  ADD: 0x00, SUB: 0x10, MUL: 0x20, DIV: 0x30, OR: 0x40, AND: 0x50, LSH: 0x60, RSH: 0x70,
  NEG: 0x80, MOD: 0x90, XOR: 0xa0, MOV: 0xb0, ARSH: 0xc0, END: 0xd0,
} as const; // prettier-ignore

/** Jump codes (upper four bits), RFC 9669 table 6. */
export const Jump = {
  JA: 0x00, JEQ: 0x10, JGT: 0x20, JGE: 0x30, JSET: 0x40, JNE: 0x50, JSGT: 0x60, JSGE: 0x70,
  CALL: 0x80, EXIT: 0x90, JLT: 0xa0, JLE: 0xb0, JSLT: 0xc0, JSLE: 0xd0,
} as const; // prettier-ignore

/** Load and store modes (upper three bits), RFC 9669 table 8. */
export const Mode = { IMM: 0x00, ABS: 0x20, IND: 0x40, MEM: 0x60, MEMSX: 0x80, ATOMIC: 0xc0 } as const;

/** Access sizes (bits 3 and 4), RFC 9669 table 9. */
export const Size = { W: 0x00, H: 0x08, B: 0x10, DW: 0x18 } as const;

/** Atomic operations in `imm`, RFC 9669 tables 10 and 11. */
export const Atomic = { ADD: 0x00, OR: 0x40, AND: 0x50, XOR: 0xa0, FETCH: 0x01, XCHG: 0xe1, CMPXCHG: 0xf1 } as const;

/** `src` of a 64-bit immediate load, RFC 9669 table 12. 1 and 2 hold file descriptors in objects that a loader patched. */
export const Lddw = {
  IMM: 0,
  MAP_FD: 1,
  MAP_FD_VALUE: 2,
  VARIABLE: 3,
  CODE: 4,
  MAP_INDEX: 5,
  MAP_INDEX_VALUE: 6,
} as const;

/** `src` of a call, RFC 9669 table 7. */
export const Call = { HELPER: 0, LOCAL: 1, BTF: 2 } as const;

export const LDDW = Class.LD | Mode.IMM | Size.DW; // 0x18
export const CALL = Class.JMP | Jump.CALL; // 0x85
export const CALLX = Class.JMP | Jump.CALL | Source.X; // 0x8d
export const EXIT = Class.JMP | Jump.EXIT; // 0x95
export const JA = Class.JMP | Jump.JA; // 0x05, target in `offset`
export const JA32 = Class.JMP32 | Jump.JA; // 0x06, target in `imm`

export const BYTES_PER_SLOT = 8;
export const STACK_BYTES_PER_FRAME = 512;
export const MAX_CALL_FRAMES = 8;

/** Access width in bytes of a load or store opcode. */
export function accessWidth(opcode: number): 1 | 2 | 4 | 8 {
  switch (opcode & 0x18) {
    case Size.B:
      return 1;
    case Size.H:
      return 2;
    case Size.W:
      return 4;
    default:
      return 8;
  }
}
