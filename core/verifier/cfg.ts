import { slotsAt, type Code } from '../isa/code';
import { instructionError, findInvalidities } from '../isa/validity';
import { jumpTarget } from '../isa/disassemble';
import { CALL, CALLX, Call, Class, EXIT, JA, JA32, LDDW, Lddw, MAX_CALL_FRAMES } from '../isa/opcode';
import { functionAt, type Program } from '../object/object';

/** How a block ends. */
export type BlockEnd = 'fall' | 'goto' | 'branch' | 'call' | 'callback' | 'exit';

/** Instructions that always run one after the other. Slots are linked ones. */
export interface Block {
  readonly index: number;
  /** Index of the function in the program. */
  readonly fn: number;
  readonly start: number;
  /** First slot after the block. */
  readonly end: number;
  /** Slot of the last instruction. */
  readonly last: number;
  readonly kind: BlockEnd;
  /** Block that follows (for a call: after it returns), -1 if none. */
  readonly next: number;
  /** Block that a jump goes to, -1 if none. */
  readonly taken: number;
  /** Function called, -1 if none. */
  readonly callee: number;
}

/** A program that is no program at all. */
export interface StructuralProblem {
  readonly code: 'invalid-instruction' | 'control-flow' | 'recursion' | 'call-depth';
  readonly slot: number;
  readonly name: string;
}

export interface Cfg {
  readonly blocks: readonly Block[];
  /** Entry block of each function. */
  readonly entries: readonly number[];
  /** Functions whose address is taken inside each function. */
  readonly addressTaken: readonly (readonly number[])[];
}

/** Everything structurally wrong with a linked program; empty when it can be analysed. O(slots). */
export function findStructuralProblems(program: Program): StructuralProblem[] {
  const problems: StructuralProblem[] = [];
  const { code } = program;
  for (const fn of program.functions) {
    for (const { slot, message } of findInvalidities(code, fn.start, fn.length)) {
      const bad = slot < code.length && instructionError(code, slot, fn.start + fn.length) !== undefined;
      problems.push({ code: bad ? 'invalid-instruction' : 'control-flow', slot, name: message });
    }
  }
  if (problems.length > 0) return problems;
  for (let slot = 0; slot < code.length; slot += slotsAt(code, slot)) {
    const opcode = code.opcode[slot]!;
    if (opcode === CALLX)
      problems.push({ code: 'invalid-instruction', slot, name: 'calls through a register are not supported' });
    const target = calleeSlot(code, slot);
    if (target !== undefined && !isFunctionStart(program, target))
      problems.push({ code: 'control-flow', slot, name: `call of slot ${target}, where no function starts` });
  }
  return problems.length > 0 ? problems : checkCallGraph(program);
}

/** Linked slot that a local call, or the address of a function, means; undefined for anything else. */
export function calleeSlot(code: Code, slot: number): number | undefined {
  const opcode = code.opcode[slot];
  if (opcode === CALL && code.src[slot] === Call.LOCAL) return slot + 1 + code.imm[slot]!;
  if (opcode === LDDW && code.src[slot] === Lddw.CODE) return slot + 1 + code.imm[slot]!;
  return undefined;
}

function isFunctionStart(program: Program, slot: number): boolean {
  return slot >= 0 && slot < program.code.length && functionAt(program, slot).start === slot;
}

export function functionIndex(program: Program, slot: number): number {
  return program.functions.indexOf(functionAt(program, slot));
}

/** Recursion and call depth, by local calls and by callbacks alike. */
function checkCallGraph(program: Program): StructuralProblem[] {
  const { code, functions } = program;
  const calls: { slot: number; callee: number }[][] = functions.map(() => []);
  functions.forEach((fn, index) => {
    for (let slot = fn.start; slot < fn.start + fn.length; slot += slotsAt(code, slot)) {
      const target = calleeSlot(code, slot);
      if (target !== undefined) calls[index]!.push({ slot, callee: functionIndex(program, target) });
    }
  });
  const order = topological(calls.map((list) => list.map((call) => call.callee)));
  if (typeof order === 'number') {
    const fn = functions[order]!;
    return [{ code: 'recursion', slot: fn.start, name: fn.name }];
  }
  const depth: number[] = functions.map(() => 1);
  for (const caller of order) {
    for (const { slot, callee } of calls[caller]!) {
      depth[callee] = Math.max(depth[callee]!, depth[caller]! + 1);
      if (depth[callee] > MAX_CALL_FRAMES) return [{ code: 'call-depth', slot, name: String(MAX_CALL_FRAMES) }];
    }
  }
  return [];
}

/** Callers before callees, or a node on a cycle. */
function topological(edges: readonly (readonly number[])[]): number[] | number {
  const incoming = edges.map(() => 0);
  for (const list of edges) for (const to of list) incoming[to]!++;
  const order: number[] = [];
  const ready = incoming.flatMap((count, node) => (count === 0 ? [node] : []));
  while (ready.length > 0) {
    const node = ready.pop()!;
    order.push(node);
    for (const to of edges[node]!) if (--incoming[to]! === 0) ready.push(to);
  }
  return order.length === edges.length ? order : incoming.findIndex((count) => count > 0);
}

/** Cuts a structurally valid program into blocks. `takesCallback` tells which helper calls run a callback. O(slots). */
export function buildCfg(program: Program, takesCallback: (helper: number) => boolean): Cfg {
  const { code, functions } = program;
  const leaders = new Uint8Array(code.length + 1);
  for (const fn of functions) leaders[fn.start] = 1;
  const isCallback = (slot: number): boolean =>
    code.opcode[slot] === CALL && code.src[slot] === Call.HELPER && takesCallback(code.imm[slot]!);
  for (let slot = 0; slot < code.length; slot += slotsAt(code, slot)) {
    if (isCallback(slot)) leaders[slot] = 1;
    const target = jumpTarget(code, slot);
    if (target !== undefined) leaders[target] = 1;
    if (target !== undefined || endsBlock(code, slot) || isCallback(slot)) leaders[slot + slotsAt(code, slot)] = 1;
  }
  const blockAt = new Int32Array(code.length + 1).fill(-1);
  const starts: number[] = [];
  for (let slot = 0; slot < code.length; slot++) {
    if (!leaders[slot]) continue;
    blockAt[slot] = starts.length;
    starts.push(slot);
  }
  const blocks = starts.map((start, index): Block => {
    const end = starts[index + 1] ?? code.length;
    let last = start;
    for (let slot = start; slot < end; slot += slotsAt(code, slot)) last = slot;
    const kind = endOf(code, last, isCallback(last));
    const target = jumpTarget(code, last);
    const callee = kind === 'call' ? functionIndex(program, calleeSlot(code, last)!) : -1;
    const falls = kind !== 'exit' && kind !== 'goto';
    return {
      index,
      fn: functionIndex(program, start),
      start,
      end,
      last,
      kind,
      next: falls ? blockAt[end]! : -1,
      taken: target === undefined ? -1 : blockAt[target]!,
      callee,
    };
  });
  const addressTaken = functions.map((fn) => {
    const found = new Set<number>();
    for (let slot = fn.start; slot < fn.start + fn.length; slot += slotsAt(code, slot)) {
      const target = code.opcode[slot] === CALL ? undefined : calleeSlot(code, slot);
      if (target !== undefined) found.add(functionIndex(program, target));
    }
    return [...found];
  });
  return { blocks, entries: functions.map((fn) => blockAt[fn.start]!), addressTaken };
}

function endsBlock(code: Code, slot: number): boolean {
  const opcode = code.opcode[slot]!;
  return opcode === EXIT || (opcode === CALL && code.src[slot] === Call.LOCAL);
}

function endOf(code: Code, last: number, isCallback: boolean): BlockEnd {
  const opcode = code.opcode[last]!;
  if (opcode === EXIT) return 'exit';
  if (opcode === JA || opcode === JA32) return 'goto';
  if (opcode === CALL) return isCallback ? 'callback' : code.src[last] === Call.LOCAL ? 'call' : 'fall';
  const jumps = (opcode & 7) === Class.JMP || (opcode & 7) === Class.JMP32;
  return jumps ? 'branch' : 'fall';
}
