import { STACK_BYTES_PER_FRAME } from '../isa/opcode';
import type { BpfObject, Program } from '../object/object';
import type { Platform, ProgramType } from '../platform/platform';
import { Budget, Exhausted } from './budget';
import { Cancelled } from './cancel';
import { buildCfg, findStructuralProblems } from './cfg';
import { Engine } from './engine';
import { explainAll } from './explain';
import { Fixpoint, Sweep, Unjoinable } from './fixpoint';
import { expand } from './graph';
import { renewPacket } from './link';
import { liveRegisters } from './liveness';
import { Machine, type Failure } from './machine';
import { explorePaths } from './paths';
import type { ProgramReport, Verdict } from './report';
import { deepestChain } from './stack_size';
import { PACKET_SIZE, holdsTag, pack, setEntry } from './state';
import { findUnboundedLoops } from './termination';
import { Tag } from './value';
import { thresholds } from './widen';
import { weakTopologicalOrder } from './wto';

export { Cancelled };

export interface VerifyOptions {
  /** Polled between analysis steps; when it answers true the analysis throws {@link Cancelled}. */
  readonly isCancelled?: () => boolean;
  /** Analysis steps (abstract instructions) before the answer is *unproven: budget*. Steps, never clocks. */
  readonly maxSteps?: number;
}

/** Enough for the largest real programs; some seconds at worst. */
const DEFAULT_STEPS = 800_000;

/** Verifies one linked program. Never throws for what the program contains, only {@link Cancelled}. */
export function verifyProgram(
  object: BpfObject,
  program: Program,
  platform: Platform,
  options: VerifyOptions = {},
): ProgramReport {
  const type = platform.programType(program.section);
  const m = new Machine(object, program, platform, type ?? UNKNOWN_TYPE);
  const problems = findStructuralProblems(program);
  if (problems.length > 0) {
    for (const { code, slot, name } of problems)
      m.failAt(code, slot, () => (code === 'call-depth' ? { known: name } : { name }));
    return report(m, 'invalid', 'L0', 0);
  }
  if (!type) {
    m.failAt('unknown-program-type', 0, () => ({ name: program.section }));
    return report(m, 'invalid', 'L0', 0);
  }
  const level = analyse(m, options);
  checkStackLimit(m);
  const stackBytes = deepestChain(program, m.stackBytes, 8, 0);
  return report(m, m.failures.size === 0 ? 'proved' : 'unproven', level, stackBytes);
}

const UNKNOWN_TYPE: ProgramType = {
  name: 'unknown',
  id: 0,
  context: { structure: '', size: 0, fields: [], writable: false },
  returns: undefined,
  returnNames: {},
  defaultReturn: undefined,
  privileged: false,
  source: 'none',
};

/** Linux counts all frames of a chain together, each rounded up (check_max_stack_depth in kernel/bpf/verifier.c). */
function checkStackLimit(m: Machine): void {
  const sizes = m.stackBytes;
  const combined = m.platform.id === 'linux' ? deepestChain(m.program, sizes, 16, 1) : Math.max(...sizes);
  if (combined <= STACK_BYTES_PER_FRAME) return;
  m.failAt('stack-limit', 0, () => ({ known: `${combined}`, needed: `${STACK_BYTES_PER_FRAME}` }));
}

function report(m: Machine, verdict: Verdict, level: ProgramReport['level'], stackBytes: number): ProgramReport {
  return {
    section: m.program.section,
    function: m.program.name,
    type: m.type.name,
    verdict,
    instructions: m.program.code.length,
    stackBytes,
    level,
    findings: explainAll(m, m.failures.values()),
  };
}

/** Analyses a structurally valid program; what fails is in `m.failures` afterwards. */
function analyse(m: Machine, options: VerifyOptions): ProgramReport['level'] {
  const { program, platform, type } = m;
  const helper = (id: number): ReturnType<Platform['helper']> => platform.helper(id, type);
  const cfg = buildCfg(
    program,
    (id) => helper(id)?.arguments.some((argument) => argument.kind === 'function') ?? false,
  );
  const graph = expand(cfg);
  if (!graph) {
    m.failAt('program-size', 0, () => ({ known: 'too many blocks when all calls are inlined' }));
    return 'L0';
  }
  const order = weakTopologicalOrder(graph.nodes.map((node) => node.successors));
  const live = liveRegisters(program.code, cfg, (id) => helper(id)?.arguments.length ?? 5);
  const sizes = m.object.maps.map((map) => map.valueSize);
  const engine = new Engine(m, graph, order, live, thresholds(program.code, sizes));
  const entry = entryState(m);
  const steps = options.maxSteps ?? DEFAULT_STEPS;
  const common = new Map(m.failures);

  const joined = tryJoined(engine, entry, new Budget(engine, steps / 2, options.isCancelled));
  const atJoined = new Map(m.failures);
  if (joined && atJoined.size === common.size) return 'L0';
  const hasCallbacks = graph.contexts.some((context) => context.kind === 'callback');
  if (!hasCallbacks) {
    restore(m.failures, common);
    m.contextAccess.clear();
    if (tryPaths(engine, entry, new Budget(engine, steps / 2, options.isCancelled))) return 'L2';
  }
  // Neither ended: what the joined analysis found, or what the paths met before their budget ended.
  if (joined) restore(m.failures, atJoined);
  else m.failAt('budget-exhausted', 0, () => ({ known: `${Math.round(steps)} steps` }));
  return joined ? 'L0' : 'L2';
}

function restore(into: Map<string, Failure>, from: ReadonlyMap<string, Failure>): void {
  into.clear();
  for (const [key, failure] of from) into.set(key, failure);
}

function entryState(m: Machine): Int32Array {
  const hasPacket = m.type.context.fields.some((field) => field.kind !== 'scalar' && field.kind !== 'pointer');
  setEntry(m.w, 0, 0);
  if (hasPacket) {
    m.w[PACKET_SIZE] = 1;
    renewPacket(m.w, m.symbols);
  }
  return pack(m.w);
}

/** Level 0. False when it did not end: then its failures mean nothing. */
function tryJoined(engine: Engine, entry: Int32Array, budget: Budget): boolean {
  const { m } = engine;
  try {
    m.recording = false;
    const fixpoint = new Fixpoint(engine, budget);
    fixpoint.solve(0, entry);
    let invariants = fixpoint.heads();
    const narrowed = new Sweep(engine, budget, invariants, fixpoint).run(0, entry);
    m.recording = true;
    const before = new Map(m.failures);
    if (narrowed) {
      if (new Sweep(engine, budget, narrowed, fixpoint).run(0, entry)) {
        invariants = narrowed;
      } else {
        restore(m.failures, before);
        if (!new Sweep(engine, budget, invariants, fixpoint).run(0, entry)) return false;
      }
    } else return false;
    // Values that count as reported make checks pass: what made them must be reported, too.
    if ([...invariants.values()].some((states) => states.some((state) => holdsTag(state, Tag.REPORTED))))
      for (const [key, failure] of m.unrecorded) if (!m.failures.has(key)) m.failures.set(key, failure);
    for (const head of findUnboundedLoops(engine, budget, invariants)) failLoop(engine, head);
    return true;
  } catch (error) {
    if (error instanceof Exhausted || error instanceof Unjoinable) return false;
    throw error;
  } finally {
    m.recording = true;
  }
}

/** Level 2. False when it did not end. */
function tryPaths(engine: Engine, entry: Int32Array, budget: Budget): boolean {
  try {
    explorePaths(engine, budget, entry, (node) => failLoop(engine, node));
    return true;
  } catch (error) {
    if (error instanceof Exhausted) return false;
    throw error;
  }
}

function failLoop(engine: Engine, node: number): void {
  const { block } = engine.node(node);
  engine.m.failAt('unbounded-loop', block.start, () => ({
    needed: 'a counter that every iteration moves towards a constant limit',
    known: 'none of the values that the loop changes is such a counter',
  }));
}
