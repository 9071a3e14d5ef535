import type { Place } from './place';

/** Operations of DWARF expressions (section 7.7.1, table 7.9) and those of GNU and LLVM that stand in object files. */

/** How an operand is encoded. `type` is a base type's entry, `entry` any entry, `expression` an expression in itself. */
export type OperandKind =
  | 'address'
  | 'u1'
  | 's1'
  | 'u2'
  | 's2'
  | 'u4'
  | 's4'
  | 'u8'
  | 's8'
  | 'uleb'
  | 'sleb'
  | 'register'
  | 'address-index'
  | 'type'
  | 'entry2'
  | 'entry4'
  | 'entry'
  | 'block'
  | 'block1'
  | 'expression';

export interface OperationShape {
  readonly name: string;
  readonly operands: readonly OperandKind[];
}

export const OperationCode = {
  ADDR: 0x03,
  DEREF: 0x06,
  CONST1U: 0x08,
  CONSTU: 0x10,
  CONSTS: 0x11,
  PLUS_UCONST: 0x23,
  LIT0: 0x30,
  LIT31: 0x4f,
  REG0: 0x50,
  REG31: 0x6f,
  BREG0: 0x70,
  BREG31: 0x8f,
  REGX: 0x90,
  FBREG: 0x91,
  BREGX: 0x92,
  PIECE: 0x93,
  BIT_PIECE: 0x9d,
  IMPLICIT_VALUE: 0x9e,
  STACK_VALUE: 0x9f,
  ADDRX: 0xa1,
  CONSTX: 0xa2,
  ENTRY_VALUE: 0xa3,
  GNU_ENTRY_VALUE: 0xf3,
  GNU_ADDR_INDEX: 0xfb,
} as const;

const NAMED: readonly (readonly [number, string, ...OperandKind[]])[] = [
  [0x03, 'addr', 'address'],
  [0x06, 'deref'],
  [0x08, 'const1u', 'u1'],
  [0x09, 'const1s', 's1'],
  [0x0a, 'const2u', 'u2'],
  [0x0b, 'const2s', 's2'],
  [0x0c, 'const4u', 'u4'],
  [0x0d, 'const4s', 's4'],
  [0x0e, 'const8u', 'u8'],
  [0x0f, 'const8s', 's8'],
  [0x10, 'constu', 'uleb'],
  [0x11, 'consts', 'sleb'],
  [0x12, 'dup'],
  [0x13, 'drop'],
  [0x14, 'over'],
  [0x15, 'pick', 'u1'],
  [0x16, 'swap'],
  [0x17, 'rot'],
  [0x18, 'xderef'],
  [0x19, 'abs'],
  [0x1a, 'and'],
  [0x1b, 'div'],
  [0x1c, 'minus'],
  [0x1d, 'mod'],
  [0x1e, 'mul'],
  [0x1f, 'neg'],
  [0x20, 'not'],
  [0x21, 'or'],
  [0x22, 'plus'],
  [0x23, 'plus_uconst', 'uleb'],
  [0x24, 'shl'],
  [0x25, 'shr'],
  [0x26, 'shra'],
  [0x27, 'xor'],
  [0x28, 'bra', 's2'],
  [0x29, 'eq'],
  [0x2a, 'ge'],
  [0x2b, 'gt'],
  [0x2c, 'le'],
  [0x2d, 'lt'],
  [0x2e, 'ne'],
  [0x2f, 'skip', 's2'],
  [0x90, 'regx', 'register'],
  [0x91, 'fbreg', 'sleb'],
  [0x92, 'bregx', 'register', 'sleb'],
  [0x93, 'piece', 'uleb'],
  [0x94, 'deref_size', 'u1'],
  [0x95, 'xderef_size', 'u1'],
  [0x96, 'nop'],
  [0x97, 'push_object_address'],
  [0x98, 'call2', 'entry2'],
  [0x99, 'call4', 'entry4'],
  [0x9a, 'call_ref', 'entry'],
  [0x9b, 'form_tls_address'],
  [0x9c, 'call_frame_cfa'],
  [0x9d, 'bit_piece', 'uleb', 'uleb'],
  [0x9e, 'implicit_value', 'block'],
  [0x9f, 'stack_value'],
  [0xa0, 'implicit_pointer', 'entry', 'sleb'],
  [0xa1, 'addrx', 'address-index'],
  [0xa2, 'constx', 'address-index'],
  [0xa3, 'entry_value', 'expression'],
  [0xa4, 'const_type', 'type', 'block1'],
  [0xa5, 'regval_type', 'register', 'type'],
  [0xa6, 'deref_type', 'u1', 'type'],
  [0xa7, 'xderef_type', 'u1', 'type'],
  [0xa8, 'convert', 'type'],
  [0xa9, 'reinterpret', 'type'],
  [0xe0, 'GNU_push_tls_address'],
  [0xf0, 'GNU_uninit'],
  [0xf2, 'GNU_implicit_pointer', 'entry', 'sleb'],
  [0xf3, 'GNU_entry_value', 'expression'],
  [0xf4, 'GNU_const_type', 'type', 'block1'],
  [0xf5, 'GNU_regval_type', 'register', 'type'],
  [0xf6, 'GNU_deref_type', 'u1', 'type'],
  [0xf7, 'GNU_convert', 'type'],
  [0xf9, 'GNU_reinterpret', 'type'],
  [0xfa, 'GNU_parameter_ref', 'entry4'],
  [0xfb, 'GNU_addr_index', 'address-index'],
  [0xfc, 'GNU_const_index', 'address-index'],
];

/** The shape of an operation by its code, undefined for unknown ones. */
export const operationShapes: readonly (OperationShape | undefined)[] = buildShapes();

function buildShapes(): (OperationShape | undefined)[] {
  const shapes = new Array<OperationShape | undefined>(256).fill(undefined);
  for (const [code, name, ...operands] of NAMED) shapes[code] = { name: `DW_OP_${name}`, operands };
  for (let i = 0; i < 32; i++) {
    shapes[OperationCode.LIT0 + i] = { name: `DW_OP_lit${i}`, operands: [] };
    shapes[OperationCode.REG0 + i] = { name: `DW_OP_reg${i}`, operands: [] };
    shapes[OperationCode.BREG0 + i] = { name: `DW_OP_breg${i}`, operands: ['sleb'] };
  }
  return shapes;
}

/** An operand, decoded. */
export type Operand =
  | { readonly kind: 'unsigned' | 'signed' | 'register'; readonly value: bigint }
  | { readonly kind: 'address'; readonly place: Place }
  /** An entry of .debug_addr, and what stands there. */
  | { readonly kind: 'address-index'; readonly index: number; readonly place: Place }
  /** Id of a type or another entry; 0 is the generic type. */
  | { readonly kind: 'type' | 'entry'; readonly id: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'expression'; readonly operations: readonly Operation[] };

/** One operation of an expression. */
export interface Operation {
  /** Bytes from the start of the expression, which DW_OP_bra and DW_OP_skip count in. */
  readonly offset: number;
  readonly code: number;
  /** `DW_OP_plus` and so on. */
  readonly name: string;
  readonly operands: readonly Operand[];
}
