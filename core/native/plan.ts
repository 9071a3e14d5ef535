import { InputError } from '../input/error';
import { CALL, Call, LDDW, Lddw, MAX_CALL_FRAMES } from '../isa/opcode';
import type { BpfObject, LinkedFunction, Program } from '../object/object';
import { instructionAt, refuse, type Instruction } from './instruction';
import { Names } from './names';

/** A C function to be: an entry program, or a subprogram that one or more programs share. */
export interface FunctionPlan {
  readonly identifier: string;
  readonly entry: boolean;
  /** A program that holds the code. Shared subprograms are the same in each program after linking. */
  readonly program: Program;
  readonly linked: LinkedFunction;
  /** Functions that it calls or takes the address of. */
  readonly calls: readonly FunctionPlan[];
  readonly callbacks: readonly FunctionPlan[];
  /** Ids in the order of the first call. */
  readonly helpers: readonly number[];
  /** Indices into `BpfObject.externs`, in the order of the first call. */
  readonly externs: readonly number[];
  /** Indices into `BpfObject.maps`, global data sections included. */
  readonly maps: readonly number[];
  /** Frames of 512 bytes that a call of it needs, itself included. */
  readonly frames: number;
  /** C identifier of the wrapper through which helpers call it; empty when nobody takes its address. */
  readonly callback: string;
}

type Draft = { -readonly [K in keyof FunctionPlan]: FunctionPlan[K] };

/** Everything that a module holds, in the order in which it is written. */
export interface ModulePlan {
  readonly object: BpfObject;
  /** Entry programs by name. */
  readonly entries: readonly FunctionPlan[];
  readonly subprograms: readonly FunctionPlan[];
  readonly names: Names;
}

/**
 * Finds out which C functions an object becomes, names them, and sizes their stacks. O(linked slots).
 * @throws InputError `native-no-programs`, `native-instruction`, `native-call-depth`
 */
export function planModule(object: BpfObject): ModulePlan {
  if (object.programs.length === 0) throw new InputError('native-no-programs', 'the object holds no program');
  const planner = new Planner();
  const programs = [...object.programs].sort((a, b) => compare(a.name, b.name) || compare(a.section, b.section));
  // Entries take their names first: they are what people look for in a debugger.
  const entries = programs.map((program) => planner.draft(program, program.functions[0]!, true));
  entries.forEach((entry) => planner.fill(entry));
  const subprograms = [...planner.subprograms.values()];
  for (const entry of entries) measure(entry);
  for (const subprogram of subprograms) measure(subprogram);
  return { object, entries, subprograms, names: planner.names };
}

/** The functions that a call of `plan` can reach, itself included, each once. */
export function reachedFrom(plan: FunctionPlan): FunctionPlan[] {
  const reached = new Set<FunctionPlan>([plan]);
  for (const one of reached) {
    for (const next of [...one.calls, ...one.callbacks]) reached.add(next);
  }
  return [...reached];
}

/** Drafts of every function that is met, entries aside by (section, slot). */
class Planner {
  readonly names = new Names();
  readonly subprograms = new Map<string, Draft>();
  private readonly starts = new Map<Program, ReadonlyMap<number, LinkedFunction>>();

  draft(program: Program, linked: LinkedFunction, entry: boolean): Draft {
    return {
      identifier: this.names.take(linked.name),
      entry,
      program,
      linked,
      calls: [],
      callbacks: [],
      helpers: [],
      externs: [],
      maps: [],
      frames: 0,
      callback: '',
    };
  }

  /** Collects what `first` and every subprogram that it reaches refer to. */
  fill(first: Draft): void {
    const waiting = [first];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const draft = next;
      const calls = new Set<FunctionPlan>();
      const callbacks = new Set<FunctionPlan>();
      const helpers = new Set<number>();
      const externs = new Set<number>();
      const maps = new Set<number>();
      const { code } = draft.program;
      const end = draft.linked.start + draft.linked.length;
      for (let slot = draft.linked.start; slot < end; slot++) {
        const opcode = code.opcode[slot];
        if (opcode !== CALL && opcode !== LDDW) continue;
        const instruction = instructionAt(code, slot, draft.linked);
        const { src, imm } = instruction;
        if (opcode === CALL && src === Call.HELPER) helpers.add(imm);
        else if (opcode === CALL && src === Call.BTF) externs.add(imm);
        else if (opcode === CALL && src === Call.LOCAL) calls.add(this.subprogram(draft, instruction, waiting));
        else if (opcode === LDDW && src === Lddw.CODE) {
          const target = this.subprogram(draft, instruction, waiting);
          if (target.callback === '') target.callback = this.names.take(`${target.identifier}_callback`);
          callbacks.add(target);
        } else if (opcode === LDDW && (src === Lddw.MAP_INDEX || src === Lddw.MAP_INDEX_VALUE)) maps.add(imm);
        if (opcode === LDDW) slot++;
      }
      draft.calls = [...calls];
      draft.callbacks = [...callbacks];
      draft.helpers = [...helpers];
      draft.externs = [...externs];
      draft.maps = [...maps];
    }
  }

  private subprogram(from: Draft, instruction: Instruction, waiting: Draft[]): Draft {
    const target = functionStartingAt(this.starts, from.program, instruction.slot + 1 + instruction.imm);
    if (!target) refuse(instruction, 'no function begins where it points');
    const key = `${target.sectionSlot}:${target.section}`;
    let known = this.subprograms.get(key);
    if (!known) {
      known = this.draft(from.program, target, false);
      this.subprograms.set(key, known);
      waiting.push(known);
    }
    return known;
  }
}

function functionStartingAt(
  cache: Map<Program, ReadonlyMap<number, LinkedFunction>>,
  program: Program,
  slot: number,
): LinkedFunction | undefined {
  let starts = cache.get(program);
  if (!starts) cache.set(program, (starts = new Map(program.functions.map((linked) => [linked.start, linked]))));
  return starts.get(slot);
}

/**
 * Sets `frames`. Callbacks run on a stack of their own, so only calls count.
 * The recursion is at most {@link MAX_CALL_FRAMES} deep: a longer chain, or a circle, is refused.
 */
function measure(plan: FunctionPlan, depth = 1): number {
  const draft = plan as Draft;
  if (draft.frames === 0) {
    let deepest = 0;
    if (depth > MAX_CALL_FRAMES) tooDeep(draft);
    for (const callee of draft.calls) deepest = Math.max(deepest, measure(callee, depth + 1));
    draft.frames = deepest + 1;
  }
  if (draft.frames > MAX_CALL_FRAMES) tooDeep(draft);
  return draft.frames;
}

function tooDeep(plan: FunctionPlan): never {
  throw new InputError(
    'native-call-depth',
    `${plan.linked.section}: ${plan.linked.name}: calls nest deeper than ${MAX_CALL_FRAMES} frames, or in a circle`,
    { section: plan.linked.section, symbol: plan.linked.name },
  );
}

/** By UTF-16 units: the order of bytes for every name that a compiler makes. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
