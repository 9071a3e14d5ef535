import { InputError } from '../input/error';
import { Class, EXIT, JA, JA32, LDDW, STACK_BYTES_PER_FRAME } from '../isa/opcode';
import { arithmetic } from './arithmetic';
import { commentJson } from './c_text';
import { control, jumpTarget, wideLoad, type References } from './control';
import type { Emitter } from './emitter';
import { instructionAt, opcodeName, refuse, type Instruction } from './instruction';
import { FUNCTION_MARK, type FunctionOrigin, type SourceLine } from './line_map';
import { memory } from './memory';
import type { FunctionPlan } from './plan';

const SUBPROGRAM_PARAMETERS =
  'uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, uint64_t r10, void* context, const program_runtime_context_t* runtime_context';
const CALLBACK_PARAMETERS =
  'uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, void* context, const program_runtime_context_t* runtime_context';

/** Declarations that let subprograms call each other in any order. */
export function declareFunctions(emitter: Emitter, subprograms: readonly FunctionPlan[]): void {
  for (const plan of subprograms) {
    emitter.own(`static uint64_t\n${plan.identifier}(${SUBPROGRAM_PARAMETERS});`);
    if (plan.callback !== '') emitter.own(`static uint64_t\n${plan.callback}(${CALLBACK_PARAMETERS});`);
  }
}

/**
 * One C function. Every line of it stands under the pragma of its own source line; what the object gives no line for before the first
 * record belongs to the first one, so that a debugger never stops in the generated file (native.md 6).
 * @throws InputError `native-instruction`, `native-fallthrough`
 */
export function emitFunction(emitter: Emitter, plan: FunctionPlan, references: References, peSection: string): void {
  const translated = translate(plan, references);
  const used = registersIn(translated);
  const { linked } = plan;
  const origin: FunctionOrigin = {
    name: linked.name,
    section: linked.section,
    sectionSlot: linked.sectionSlot,
    entry: plan.entry,
  };
  emitter.own(`\n${FUNCTION_MARK}${commentJson(origin)}`);
  let position = firstPosition(plan);
  emitter.at(position);
  emitter.code(`EBPF_CODE_SECTION("${peSection}") static uint64_t`);
  const parameters = plan.entry
    ? 'void* context, const program_runtime_context_t* runtime_context'
    : SUBPROGRAM_PARAMETERS;
  emitter.code(`${plan.identifier}(${parameters})`);
  emitter.code('{');
  emitter.comment('    // Prologue');
  for (const line of plan.entry ? entryPrologue(plan.frames, used) : subprogramPrologue(used)) emitter.code(line);
  for (const { instruction, label, statements } of translated) {
    position = positionAt(plan, instruction.slot) ?? position;
    emitter.at(position);
    if (label !== '') emitter.comment(`${label}:`);
    emitter.comment(`    // ${comment(instruction)}`);
    for (const statement of statements) emitter.code(`    ${statement}`);
  }
  // The brace belongs to the last statement: a return, or a jump that never gets here.
  emitter.code('}');
  emitter.at(undefined);
  if (plan.callback !== '') emitCallback(emitter, plan);
}

interface Translated {
  readonly instruction: Instruction;
  readonly label: string;
  readonly statements: readonly string[];
}

function translate(plan: FunctionPlan, references: References): Translated[] {
  const { linked, program } = plan;
  const targets = new Set<number>();
  const instructions: Instruction[] = [];
  const starts = new Uint8Array(linked.length);
  for (let slot = linked.start; slot < linked.start + linked.length; slot++) {
    const instruction = instructionAt(program.code, slot, linked);
    instructions.push(instruction);
    starts[instruction.pc] = 1;
    const target = jumpTarget(instruction);
    if (target !== undefined) targets.add(target);
    if (instruction.opcode === LDDW) slot++;
  }
  const last = instructions.at(-1)?.opcode;
  if (last !== EXIT && last !== JA && last !== JA32) {
    throw new InputError(
      'native-fallthrough',
      `${linked.section}: ${linked.name}: its last instruction is neither an exit nor a jump`,
      { section: linked.section, symbol: linked.name },
    );
  }
  const labels = new Map([...targets].sort((a, b) => a - b).map((pc, index) => [pc, `label_${index + 1}`]));
  const withLabels: References = {
    ...references,
    label: (instruction, pc) => {
      if (starts[pc] !== 1) refuse(instruction, `it jumps to slot ${pc}, where no instruction of its function begins`);
      return labels.get(pc)!;
    },
  };
  return instructions.map((instruction) => ({
    instruction,
    label: labels.get(instruction.pc) ?? '',
    statements: statementsOf(instruction, withLabels),
  }));
}

function statementsOf(instruction: Instruction, references: References): string[] {
  switch (instruction.opcode & 7) {
    case Class.ALU:
    case Class.ALU64:
      return arithmetic(instruction);
    case Class.JMP:
    case Class.JMP32:
      return control(instruction, references);
    case Class.LD:
      if (instruction.opcode !== LDDW) refuse(instruction, 'packet loads of classic BPF are not supported');
      return wideLoad(instruction, references);
    default:
      return memory(instruction);
  }
}

/** Registers that statements name. */
function registersIn(translated: readonly Translated[]): Set<number> {
  const used = new Set<number>();
  for (const { statements } of translated) {
    for (const statement of statements) {
      for (const match of statement.matchAll(/\br(\d+)\b/g)) used.add(Number(match[1]));
    }
  }
  return used;
}

function entryPrologue(frames: number, used: ReadonlySet<number>): string[] {
  const words = (frames * STACK_BYTES_PER_FRAME) / 8;
  const lines = [`    uint64_t stack[${words}];`];
  for (let register = 0; register <= 10; register++) {
    if (register === 0 || register === 1 || register === 10 || used.has(register)) {
      lines.push(`    uint64_t r${register} = 0;`);
    }
  }
  lines.push('    r1 = POINTER(context);', `    r10 = POINTER(stack + ${words});`);
  lines.push('    (void)r1;', '    (void)r10;', '    (void)runtime_context;');
  return lines;
}

function subprogramPrologue(used: ReadonlySet<number>): string[] {
  const lines: string[] = [];
  for (const register of [0, 6, 7, 8, 9]) {
    if (register === 0 || used.has(register)) lines.push(`    uint64_t r${register} = 0;`);
  }
  for (const parameter of ['r1', 'r2', 'r3', 'r4', 'r5', 'r10', 'context', 'runtime_context']) {
    lines.push(`    (void)${parameter};`);
  }
  return lines;
}

/** Helpers know nothing of r10: a callback brings a stack of its own. */
function emitCallback(emitter: Emitter, plan: FunctionPlan): void {
  const words = (plan.frames * STACK_BYTES_PER_FRAME) / 8;
  emitter.own(`
static uint64_t
${plan.callback}(${CALLBACK_PARAMETERS})
{
    uint64_t stack[${words}];
    return ${plan.identifier}(r1, r2, r3, r4, r5, POINTER(stack + ${words}), context, runtime_context);
}`);
}

/** The instruction as bpf2c's debug builds write it, so that slots can be found again in the text. */
function comment(instruction: Instruction): string {
  const { opcode, pc, dst, src, offset, imm } = instruction;
  return `${opcodeName(opcode)} pc=${pc} dst=r${dst} src=r${src} offset=${offset} imm=${imm}`;
}

/** The source line of the record that begins or covers a slot; records without file or line say nothing. */
function positionAt(plan: FunctionPlan, slot: number): SourceLine | undefined {
  const record = plan.program.lines.at(slot);
  return record && record.line > 0 && record.path !== '' ? { path: record.path, line: record.line } : undefined;
}

function firstPosition(plan: FunctionPlan): SourceLine | undefined {
  const { start, length } = plan.linked;
  for (let slot = start; slot < start + length; slot++) {
    const position = positionAt(plan, slot);
    if (position) return position;
  }
  return undefined;
}
