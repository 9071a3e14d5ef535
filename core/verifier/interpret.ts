import { slotsAt } from '../isa/code';
import { CALL, Call, Class, LDDW, Lddw, Mode } from '../isa/opcode';
import { checkArguments } from './check_arguments';
import { requireInitialised, setReportedValue } from './check_value';
import { calleeSlot, functionIndex } from './cfg';
import type { Graph, Node } from './graph';
import type { Machine } from './machine';
import { isZero, setUnsignedWidth } from './scalar';
import { CALLBACKS } from './semantics';
import { CELL_BYTES, DEPTH, USED_CELLS, pack, register, unpack } from './state';
import { transferAlu } from './transfer_alu';
import { checkExit, checkHelper, finishHelper, transferHelper, transferUnmodelledCall } from './transfer_call';
import { enterCallback, enterFunction, leaveCallback, leaveFunction } from './transfer_function';
import { checkJump, transferJump } from './transfer_jump';
import { transferMemory } from './transfer_memory';
import { Loss, NUMBER, TAG, Tag, setPointer, setScalarConstant, setScalarUnknown, setUninit } from './value';

/** Receives the state worked on for a node that may follow. It may change the state. */
export type Emit = (node: number) => void;

/**
 * Executes a node's block on the state worked on and emits what follows. After it, the state worked on is undefined.
 * `live` are the registers live at the start of each block.
 */
export function interpret(m: Machine, graph: Graph, live: Int32Array, node: Node, emit: Emit): void {
  const { block } = node;
  const { code } = m;
  const plainEnd = block.kind === 'fall' ? block.end : block.last;
  for (let slot = block.start; slot < plainEnd; slot += slotsAt(code, slot)) {
    m.slot = slot;
    m.steps++;
    step(m);
  }
  m.slot = block.last;
  m.steps++;
  noteStack(m, graph, node);
  switch (block.kind) {
    case 'fall':
    case 'goto':
      emit(graph.node(node.context.index, block.kind === 'fall' ? block.next : block.taken));
      return;
    case 'branch':
      branch(m, graph, node, emit);
      return;
    case 'call':
      enterFunction(m, live[block.next]!);
      emit(node.successors[0]!);
      return;
    case 'callback':
      callback(m, graph, node, emit);
      return;
    case 'exit':
      leave(m, graph, node, emit);
      return;
    default: {
      const never: never = block.kind;
      return never;
    }
  }
}

/** Cells in use, of the running function and of its callers, whose frames it may have written. */
function noteStack(m: Machine, graph: Graph, node: Node): void {
  let context = node.context;
  for (let frame = m.w[DEPTH]!; frame >= 0; frame--) {
    const bytes = m.w[USED_CELLS + frame]! * CELL_BYTES;
    if (bytes > m.stackBytes[context.fn]!) m.stackBytes[context.fn] = bytes;
    if (frame > 0) context = graph.nodes[context.caller]!.context;
  }
}

function step(m: Machine): void {
  const opcode = m.code.opcode[m.slot]!;
  switch (opcode & 7) {
    case Class.ALU:
    case Class.ALU64:
      transferAlu(m);
      return;
    case Class.LDX:
    case Class.ST:
    case Class.STX:
      transferMemory(m);
      return;
    case Class.LD:
      if (opcode === LDDW) wideLoad(m);
      else packetLoad(m);
      return;
    default:
      if (opcode === CALL) call(m);
  }
}

function call(m: Machine): void {
  const { code, slot } = m;
  if (code.src[slot] === Call.HELPER) {
    transferHelper(m);
    return;
  }
  const name = m.object.externs[code.imm[slot]!]?.name ?? `number ${code.imm[slot]}`;
  transferUnmodelledCall(m, `the kernel function ${name}`);
}

function wideLoad(m: Machine): void {
  const { w, code, slot, program } = m;
  const to = register(code.dst[slot]!);
  const low = code.imm[slot]!;
  const high = code.imm[slot + 1]!;
  switch (code.src[slot]) {
    case Lddw.IMM:
      setScalarConstant(w, to, low, high, slot);
      return;
    case Lddw.MAP_INDEX:
      if (m.map(low)) setPointer(w, to, Tag.MAP, low, 0, 0, 0, slot);
      else unmodelledValue(m, to, `map number ${low}`);
      return;
    case Lddw.MAP_INDEX_VALUE:
      if (m.map(low)) setPointer(w, to, Tag.MAP_VALUE, low, m.globalInstance(low), 0, high, slot);
      else unmodelledValue(m, to, `map number ${low}`);
      return;
    case Lddw.CODE:
      setPointer(w, to, Tag.FUNCTION, functionIndex(program, calleeSlot(code, slot)!), 0, 0, 0, slot);
      return;
    case Lddw.VARIABLE:
      unmodelledValue(m, to, `the kernel variable ${m.object.externs[low]?.name ?? low}`);
      return;
    default:
      unmodelledValue(m, to, 'a file descriptor in the code');
  }
}

function unmodelledValue(m: Machine, to: number, name: string): void {
  m.fail('not-modelled', () => ({ name }));
  setScalarUnknown(m.w, to, m.symbols.fresh(), m.slot);
  setReportedValue(m, to);
}

/** Program types whose context is a socket buffer may use the old packet loads: may_access_skb in kernel/bpf/verifier.c. */
const LEGACY_LOADS = new Set(['socket_filter', 'sched_cls', 'sched_act']);

/** LD_ABS and LD_IND: r6 is the context, r0 gets the bytes; outside the packet the program ends. */
function packetLoad(m: Machine): void {
  const { w, code, slot } = m;
  const opcode = code.opcode[slot]!;
  if (m.platform.id !== 'linux' || !LEGACY_LOADS.has(m.type.name)) {
    m.fail('not-modelled', () => ({ name: `the old packet load in ${m.type.name} programs` }));
  }
  const context = register(6);
  if (requireInitialised(m, 6) && w[context + TAG] !== Tag.REPORTED) {
    if (w[context + TAG] !== Tag.CTX || !isZero(w, context + NUMBER))
      m.fail('context-offset', () => ({ action: 'used by a packet load in r6' }), context);
  }
  if ((opcode & 0xe0) === Mode.IND && requireInitialised(m, code.src[slot]!)) {
    const index = register(code.src[slot]!);
    if (w[index + TAG] !== Tag.SCALAR && w[index + TAG] !== Tag.REPORTED)
      m.fail(
        'helper-argument',
        () => ({ value: 'a pointer', name: 'the offset of a packet load', needed: 'a number is needed' }),
        index,
      );
  }
  if (w[DEPTH] !== 0) m.fail('not-modelled', () => ({ name: 'an old packet load in a subprogram' }));
  const width = (opcode & 0x18) === 0 ? 4 : (opcode & 0x18) === 8 ? 2 : 1;
  setScalarUnknown(w, register(0), m.symbols.fresh(), slot);
  setUnsignedWidth(w, register(0) + NUMBER, width);
  for (let index = 1; index <= 5; index++) setUninit(w, register(index), slot, Loss.CALLED);
}

function branch(m: Machine, graph: Graph, node: Node, emit: Emit): void {
  const { block, context } = node;
  const slot = block.last;
  checkJump(m);
  const before = pack(m.w);
  if (transferJump(m, true)) emit(graph.node(context.index, block.taken));
  unpack(before, m.w);
  m.slot = slot;
  if (transferJump(m, false)) emit(graph.node(context.index, block.next));
}

function leave(m: Machine, graph: Graph, node: Node, emit: Emit): void {
  const { context } = node;
  if (context.kind === 'entry') {
    checkExit(m);
    return;
  }
  const caller = graph.nodes[context.caller]!;
  if (context.kind === 'callback') leaveCallback(m, caller.block.last);
  else leaveFunction(m, caller.block.last);
  m.fromCallback = context.kind === 'callback';
  emit(node.successors[0]!);
  m.fromCallback = false;
}

/** A helper that runs a callback any number of times: it ends here, or calls once more and comes back here. */
function callback(m: Machine, graph: Graph, node: Node, emit: Emit): void {
  const helper = checkHelper(m)!;
  const facts = checkArguments(m, helper);
  const contract = CALLBACKS.get(helper.name);
  const callee = facts.callback < 0 ? -1 : graph.callee(node.index, facts.callback);
  if (contract === undefined || callee < 0) {
    if (contract === undefined || facts.callback >= 0)
      m.fail('not-modelled', () => ({ name: `${helper.name} (callbacks)` }));
    finishHelper(m, helper, facts);
    emit(graph.node(node.context.index, node.block.next));
    return;
  }
  const before = pack(m.w);
  finishHelper(m, helper, facts);
  emit(graph.node(node.context.index, node.block.next));
  unpack(before, m.w);
  m.slot = node.block.last;
  enterCallback(m, contract);
  emit(graph.node(callee, graph.entryOf(facts.callback)));
}
