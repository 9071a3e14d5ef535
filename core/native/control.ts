import { CALL, Call, Class, EXIT, JA, JA32, Jump, Lddw, Source } from '../isa/opcode';
import { refuse, unused, type Instruction } from './instruction';

/** How the names and indices that an instruction refers to are spelled in the module. Each throws InputError when there is none. */
export interface References {
  /** Index into the program's helper table. */
  helper(id: number): number;
  isTailCall(id: number): boolean;
  /** C identifier of the function that begins at a linked slot. */
  callee(instruction: Instruction, slot: number): string;
  /** C identifier of the wrapper through which helpers call the function at a linked slot. */
  callback(instruction: Instruction, slot: number): string;
  /** Index into the program's table of functions that the host resolves by name. */
  externFunction(instruction: Instruction, index: number): number;
  /** Index into the module's map table. */
  map(instruction: Instruction, index: number): number;
  /** Index into the module's table of global data sections. */
  globals(instruction: Instruction, index: number): number;
  label(instruction: Instruction, pc: number): string;
}

const ARGUMENTS = 'r1, r2, r3, r4, r5';

const CONDITIONS: Readonly<Record<number, { operator: string; signed: boolean }>> = {
  [Jump.JEQ]: { operator: '==', signed: false },
  [Jump.JNE]: { operator: '!=', signed: false },
  [Jump.JGT]: { operator: '>', signed: false },
  [Jump.JGE]: { operator: '>=', signed: false },
  [Jump.JLT]: { operator: '<', signed: false },
  [Jump.JLE]: { operator: '<=', signed: false },
  [Jump.JSGT]: { operator: '>', signed: true },
  [Jump.JSGE]: { operator: '>=', signed: true },
  [Jump.JSLT]: { operator: '<', signed: true },
  [Jump.JSLE]: { operator: '<=', signed: true },
};

/** Where a jump goes, as a slot inside its function; undefined when the instruction does not jump. */
export function jumpTarget(instruction: Pick<Instruction, 'opcode' | 'offset' | 'imm' | 'pc'>): number | undefined {
  const { opcode, pc } = instruction;
  const operation = opcode & 0xf0;
  const jumps = (opcode & 7) === Class.JMP || (opcode & 7) === Class.JMP32;
  if (!jumps || operation === Jump.CALL || operation === Jump.EXIT) return undefined;
  return pc + 1 + (opcode === JA32 ? instruction.imm : instruction.offset);
}

/** C statements for an instruction of class JMP or JMP32 (RFC 9669 section 4.3). */
export function control(instruction: Instruction, references: References): string[] {
  const { opcode } = instruction;
  if (opcode === EXIT) {
    unused(instruction, 'dst', 'src', 'offset', 'imm');
    return ['return r0;'];
  }
  if (opcode === CALL) return call(instruction, references);
  const target = jumpTarget(instruction);
  if (target === undefined) refuse(instruction, 'there is no such call');
  if (opcode === JA || opcode === JA32) {
    unused(instruction, 'dst', 'src', opcode === JA ? 'imm' : 'offset');
    return [`goto ${references.label(instruction, target)};`];
  }
  return [`if (${condition(instruction)}) goto ${references.label(instruction, target)};`];
}

function condition(instruction: Instruction): string {
  const { opcode } = instruction;
  const wide = (opcode & 7) === Class.JMP;
  const operation = opcode & 0xf0;
  const register = (opcode & Source.X) !== 0;
  unused(instruction, register ? 'imm' : 'src');
  const d = `r${instruction.dst}`;
  const s = register ? `r${instruction.src}` : `IMMEDIATE(${instruction.imm})`;
  if (operation === Jump.JSET) return wide ? `(${d} & ${s}) != 0` : `(uint32_t)(${d} & ${s}) != 0`;
  const known = CONDITIONS[operation];
  if (!known) refuse(instruction, 'there is no such jump');
  const cast = known.signed ? (wide ? '(int64_t)' : '(int32_t)') : wide ? '' : '(uint32_t)';
  return `${cast}${d} ${known.operator} ${cast}${s}`;
}

function call(instruction: Instruction, references: References): string[] {
  const { imm, src } = instruction;
  unused(instruction, 'dst', 'offset');
  switch (src) {
    case Call.HELPER: {
      const data = `runtime_context->helper_data[${references.helper(imm)}]`;
      const statements = [`r0 = ${data}.address(${ARGUMENTS}, context);`];
      // The runtime makes the switch once the caller has returned (native.md 5).
      if (references.isTailCall(imm)) statements.push(`if (${data}.tail_call && r0 == 0) return 0;`);
      return statements;
    }
    case Call.LOCAL: {
      const callee = references.callee(instruction, instruction.slot + 1 + imm);
      // The callee's frame lies under the caller's.
      return [`r0 = ${callee}(${ARGUMENTS}, r10 - 512, context, runtime_context);`];
    }
    case Call.BTF: {
      const index = references.externFunction(instruction, imm);
      return [`r0 = runtime_context->btf_resolved_function_data[${index}].address(${ARGUMENTS}, context);`];
    }
    default:
      return refuse(instruction, 'there is no such call');
  }
}

/** C statements for `lddw`: a number, or the address of something that the host or the module holds. */
export function wideLoad(instruction: Instruction, references: References): string[] {
  const { src, imm, high } = instruction;
  if (instruction.dst === 10) refuse(instruction, 'it writes the frame pointer');
  unused(instruction, 'offset');
  const d = `r${instruction.dst}`;
  switch (src) {
    case Lddw.IMM:
      return [`${d} = (uint64_t)${BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt(imm >>> 0))}ull;`];
    case Lddw.MAP_INDEX:
      return [`${d} = POINTER(runtime_context->map_data[${references.map(instruction, imm)}].address);`];
    case Lddw.MAP_INDEX_VALUE: {
      const data = `runtime_context->global_variable_section_data[${references.globals(instruction, imm)}]`;
      return [`${d} = POINTER(${data}.address_of_map_value + ${high >>> 0}u);`];
    }
    case Lddw.CODE:
      return [`${d} = POINTER(${references.callback(instruction, instruction.slot + 1 + imm)});`];
    case Lddw.VARIABLE:
      return refuse(instruction, 'native images cannot have variables that the kernel provides (__ksym, __kconfig)');
    default:
      return refuse(instruction, 'it holds a file descriptor or another address that only a loader knows');
  }
}
