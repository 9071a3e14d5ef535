import type { Block, Cfg } from './cfg';

/**
 * The program with every call inlined: a node is a block in a calling context. Callbacks are inlined too: the call of the helper
 * goes to the callback and to what follows, and the callback goes back to the call, since the helper may call it again.
 */
export interface Node {
  readonly index: number;
  readonly block: Block;
  readonly context: Context;
  /** Nodes that may follow, in the order next, taken, callees. */
  readonly successors: readonly number[];
}

/** Where a function was called from. */
export interface Context {
  readonly index: number;
  readonly fn: number;
  readonly kind: 'entry' | 'call' | 'callback';
  /** Node of the call, -1 for the entry. */
  readonly caller: number;
  /** 0 for the entry function. */
  readonly depth: number;
}

export interface Graph {
  readonly nodes: readonly Node[];
  /** Node of a block in a context, -1 when it cannot be reached. */
  node(context: number, block: number): number;
  /** Context that the call at a node enters for a function, -1 if none. */
  callee(node: number, fn: number): number;
  /** Entry block of a function. */
  entryOf(fn: number): number;
  readonly contexts: readonly Context[];
}

/** More nodes than this are not analysed. */
const MAX_NODES = 60_000;
const MAX_DEPTH = 8;

/** Inlines all calls; undefined when the result is too large. The call graph must not have cycles. */
export function expand(cfg: Cfg): Graph | undefined {
  const contexts: Context[] = [{ index: 0, fn: 0, kind: 'entry', caller: -1, depth: 0 }];
  const byBlock: Map<number, number>[] = [new Map<number, number>()];
  const callees = new Map<number, Map<number, number>>();
  const nodes: { index: number; block: Block; context: Context; successors: number[] }[] = [];
  const pending: number[] = [];

  const nodeOf = (context: Context, block: number): number => {
    const known = byBlock[context.index]!.get(block);
    if (known !== undefined) return known;
    const index = nodes.length;
    nodes.push({ index, block: cfg.blocks[block]!, context, successors: [] });
    byBlock[context.index]!.set(block, index);
    pending.push(index);
    return index;
  };
  const enter = (caller: number, fn: number, kind: 'call' | 'callback', depth: number): number => {
    const context: Context = { index: contexts.length, fn, kind, caller, depth };
    contexts.push(context);
    byBlock.push(new Map<number, number>());
    let entered = callees.get(caller);
    if (!entered) callees.set(caller, (entered = new Map<number, number>()));
    entered.set(fn, context.index);
    return nodeOf(context, cfg.entries[fn]!);
  };

  nodeOf(contexts[0]!, cfg.entries[0]!);
  while (pending.length > 0) {
    if (nodes.length > MAX_NODES) return undefined;
    const node = nodes[pending.pop()!]!;
    const { block, context, successors } = node;
    switch (block.kind) {
      case 'exit':
        if (context.kind === 'callback') successors.push(context.caller);
        else if (context.kind === 'call') {
          const caller = nodes[context.caller]!;
          successors.push(nodeOf(caller.context, caller.block.next));
        }
        break;
      case 'call':
        successors.push(enter(node.index, block.callee, 'call', context.depth + 1));
        break;
      case 'callback':
        successors.push(nodeOf(context, block.next));
        if (context.depth + 1 < MAX_DEPTH)
          for (const fn of cfg.addressTaken[block.fn]!)
            successors.push(enter(node.index, fn, 'callback', context.depth + 1));
        break;
      default:
        if (block.next >= 0) successors.push(nodeOf(context, block.next));
        if (block.taken >= 0) successors.push(nodeOf(context, block.taken));
    }
  }
  return {
    nodes,
    contexts,
    node: (context, block) => byBlock[context]?.get(block) ?? -1,
    entryOf: (fn) => cfg.entries[fn] ?? -1,
    callee: (node, fn) => callees.get(node)?.get(fn) ?? -1,
  };
}
