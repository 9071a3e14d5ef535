import { collectFacts } from './fact';
import type { Graph, Node } from './graph';
import { Inclusion } from './inclusion';
import { interpret, type Emit } from './interpret';
import { Joiner } from './join';
import type { Machine } from './machine';
import { pack, register, unpack } from './state';
import { TAG, setUninit } from './value';
import type { Order } from './wto';

/** What all ways of exploring the graph share. */
export class Engine {
  readonly inclusion: Inclusion;
  readonly joiner: Joiner;

  constructor(
    readonly m: Machine,
    readonly graph: Graph,
    readonly order: Order,
    /** Registers live at the start of each block, as bits. */
    readonly live: Int32Array,
    limits: Float64Array,
  ) {
    this.inclusion = new Inclusion(m.symbols);
    this.joiner = new Joiner(m.symbols, limits);
  }

  node(index: number): Node {
    return this.graph.nodes[index]!;
  }

  /** The state worked on, as it is kept for the start of a node: without what nothing will read. */
  arrive(node: number): Int32Array {
    const { m } = this;
    const { w } = m;
    const live = this.live[this.node(node).block.index]!;
    for (let index = 0; index < 10; index++)
      if ((live & (1 << index)) === 0 && w[register(index) + TAG] !== 0) setUninit(w, register(index), -1, 0);
    collectFacts(w, m.symbols);
    return pack(w);
  }

  /** Executes a node from a packed state. */
  run(node: number, state: Int32Array, emit: Emit): void {
    unpack(state, this.m.w);
    interpret(this.m, this.graph, this.live, this.node(node), emit);
  }
}
