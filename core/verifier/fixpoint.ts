import type { Budget } from './budget';
import type { Engine } from './engine';
import { shapeDistance } from './shape';

/** States kept apart at one point. */
const DISJUNCTS = 4;
/** States kept apart because they cannot be joined. */
const MAX_DISJUNCTS = 24;
/** Joins at the head of a loop before they widen. */
const PATIENCE = 3;
/** Joins at one point before facts count as unstable and everything is widened at once. */
const IMPATIENCE = 60;

/** States at the start of a node; `pending` are those not executed yet. */
interface Point {
  states: Int32Array[];
  pending: Int32Array[];
  joins: number;
}

/** What a run of the fixpoint may do: stay in some positions, and hand over what leaves to one of them. */
interface Scope {
  readonly from: number;
  readonly to: number;
  /** Arrivals here are handed to `onSink` instead of being executed; -1 for none. */
  readonly sink: number;
  readonly onSink: (() => void) | undefined;
}

/** States that could not be one: different references on joining paths. */
export class Unjoinable extends Error {
  override readonly name = 'Unjoinable';
}

/**
 * Level 0: states are joined where paths meet, widened at the heads of loops, and iterated in weak topological order until nothing
 * changes. {@link verify} then checks the result in a single pass that does not depend on how it was found.
 */
export class Fixpoint {
  private points = new Map<number, Point>();
  private dirty: Uint8Array;
  private cursor = 0;

  constructor(
    private readonly engine: Engine,
    private readonly budget: Budget,
  ) {
    this.dirty = new Uint8Array(engine.graph.nodes.length);
  }

  /** Iterates from a state at a node until nothing changes. @throws Exhausted, Unjoinable, Cancelled */
  solve(start: number, state: Int32Array): void {
    this.iterate(start, state, { from: 0, to: this.engine.graph.nodes.length, sink: -1, onSink: undefined });
  }

  /**
   * Iterates inside the component of a head, starting with one state at the head, and calls `onSink` for each way back to it, with
   * the state worked on. In it, the symbols of the given state still mean what they meant at the head.
   */
  around(head: number, state: Int32Array, onSink: () => void): void {
    const { order } = this.engine;
    const scope: Scope = { from: order.position[head]! + 1, to: order.end[head]!, sink: head, onSink };
    const { inclusion, m } = this.engine;
    inclusion.rigid = m.symbols.count;
    try {
      this.budget.check();
      this.engine.run(head, state, (to) => this.enter(to, scope));
      this.drain(scope);
    } finally {
      inclusion.rigid = 0;
    }
  }

  private iterate(start: number, state: Int32Array, scope: Scope): void {
    this.points.set(start, { states: [state], pending: [state], joins: 0 });
    this.mark(start);
    this.drain(scope);
  }

  private drain(scope: Scope): void {
    const { order } = this.engine;
    this.cursor = scope.from;
    while (this.cursor < scope.to) {
      const node = order.nodes[this.cursor]!;
      if (node < 0 || this.dirty[this.cursor] === 0) {
        this.cursor++;
        continue;
      }
      const position = this.cursor;
      const point = this.points.get(node)!;
      const state = point.pending.pop();
      if (point.pending.length === 0) this.dirty[position] = 0;
      if (!state || !point.states.includes(state)) continue;
      this.budget.check();
      this.engine.run(node, state, (to) => this.enter(to, scope));
    }
  }

  private mark(node: number): void {
    const position = this.engine.order.position[node]!;
    this.dirty[position] = 1;
    if (position < this.cursor) this.cursor = position;
  }

  private enter(node: number, scope: Scope): void {
    if (node === scope.sink) {
      scope.onSink?.();
      return;
    }
    const position = this.engine.order.position[node]!;
    if (position < scope.from || position >= scope.to) return;
    const { inclusion, order } = this.engine;
    const state = this.engine.arrive(node);
    let point = this.points.get(node);
    if (!point) this.points.set(node, (point = { states: [], pending: [], joins: 0 }));
    for (const known of point.states) if (inclusion.holds(known, state)) return;
    const isHead = order.isHead[node] === 1;
    const added = this.add(point, state, isHead);
    point.pending.push(added);
    this.mark(node);
  }

  /** Adds a state, alone or joined with the one most like it. Returns what is new. */
  private add(point: Point, state: Int32Array, isHead: boolean): Int32Array {
    const { joiner, inclusion } = this.engine;
    let best = -1;
    let least = Infinity;
    point.states.forEach((known, index) => {
      const distance = shapeDistance(known, state);
      if (distance < least) [best, least] = [index, distance];
    });
    if (best < 0 || (least > 0 && point.states.length < DISJUNCTS)) {
      if (point.states.length >= MAX_DISJUNCTS) throw new Unjoinable();
      point.states.push(state);
      return state;
    }
    point.joins++;
    const widening = (isHead && point.joins > PATIENCE) || point.joins > IMPATIENCE;
    const joined = joiner.join(point.states[best]!, state, widening);
    if (!joined) throw new Unjoinable();
    point.states[best] = joined;
    point.states = point.states.filter((known, index) => index === best || !inclusion.holds(joined, known));
    return joined;
  }

  /** States at the start of a node, as found by {@link solve}. */
  statesAt(node: number): readonly Int32Array[] {
    return this.points.get(node)?.states ?? [];
  }

  /** Invariants at the heads of loops, as found by {@link solve}. */
  heads(): Map<number, Int32Array[]> {
    const found = new Map<number, Int32Array[]>();
    for (const [node, point] of this.points) if (this.engine.order.isHead[node] === 1) found.set(node, point.states);
    return found;
  }
}

/**
 * One pass over the graph with given invariants at the heads of loops. What arrives at a head must be included in its invariant;
 * then the checks that the pass made hold for every execution, whatever produced the invariants. Returns what arrived at the heads,
 * joined, or undefined when something was not included.
 */
export class Sweep {
  private readonly arrivals = new Map<number, Int32Array[]>();
  private isInductive = true;

  constructor(
    private readonly engine: Engine,
    private readonly budget: Budget,
    private readonly invariants: ReadonlyMap<number, readonly Int32Array[]>,
    private readonly fixpoint: Fixpoint,
  ) {}

  run(start: number, state: Int32Array): Map<number, Int32Array[]> | undefined {
    const { order, graph } = this.engine;
    const points = new Map<number, Int32Array[]>();
    const enter = (node: number, packed: Int32Array): void => {
      const isHead = order.isHead[node] === 1;
      const target = isHead ? this.arrivals : points;
      let states = target.get(node);
      if (!states) target.set(node, (states = []));
      if (isHead) {
        const invariant = this.invariants.get(node) ?? [];
        if (!invariant.some((known) => this.engine.inclusion.holds(known, packed))) this.isInductive = false;
      }
      this.merge(states, packed, node);
    };
    enter(start, state);
    for (let position = 0; position < graph.nodes.length; position++) {
      const node = order.nodes[position]!;
      if (node < 0) break;
      const isHead = order.isHead[node] === 1;
      // A head that nothing reaches has no executions.
      const states = isHead ? (this.arrivals.has(node) ? this.invariants.get(node) : undefined) : points.get(node);
      points.delete(node);
      for (const packed of states ?? []) {
        this.budget.check();
        this.engine.run(node, packed, (to) => enter(to, this.engine.arrive(to)));
      }
    }
    return this.isInductive ? this.arrivals : undefined;
  }

  /** States of one node are joined as in the fixpoint, but never further: where a join would go beyond it, its own state stands. */
  private merge(states: Int32Array[], packed: Int32Array, node: number): void {
    const { inclusion, joiner } = this.engine;
    for (const known of states) if (inclusion.holds(known, packed)) return;
    let best = -1;
    let least = Infinity;
    states.forEach((known, index) => {
      const distance = shapeDistance(known, packed);
      if (distance < least) [best, least] = [index, distance];
    });
    if (best < 0 || (least > 0 && states.length < DISJUNCTS)) {
      if (states.length >= MAX_DISJUNCTS) throw new Unjoinable();
      states.push(packed);
      return;
    }
    const joined = joiner.join(states[best]!, packed, false);
    if (!joined) throw new Unjoinable();
    const found = this.fixpoint.statesAt(node);
    const wider = found.some((known) => inclusion.holds(known, joined))
      ? undefined
      : found.find((known) => inclusion.holds(known, packed));
    states[best] = wider ? states[best]! : joined;
    if (!wider) return;
    const kept = states.filter((known) => !inclusion.holds(wider, known));
    states.splice(0, states.length, ...kept, wider);
  }
}
