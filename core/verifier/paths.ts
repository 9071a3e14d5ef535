import type { Budget } from './budget';
import type { Engine } from './engine';

/** States kept per node; older ones are forgotten, which only costs time. */
const MAX_KEPT = 48;

/** A state that was explored from, or still is. */
interface Visit {
  readonly state: Int32Array;
  readonly owner: Visit | undefined;
  /** Paths that start here and have not ended yet. */
  open: number;
}

interface Pending {
  readonly node: number;
  readonly state: Int32Array;
  readonly owner: Visit | undefined;
}

/**
 * Level 2: every path on its own, loops unrolled. A path ends early when a state that was explored to the end holds it. The
 * exploration ends only if all paths do, so that termination is shown as well. A state that comes back unchanged on its own path is
 * an endless loop: `onEndless` is told its node. Graphs with callbacks are not for this: their number of calls is not bounded by paths.
 * @throws Exhausted when the budget does not suffice: then nothing is shown
 */
export function explorePaths(
  engine: Engine,
  budget: Budget,
  entry: Int32Array,
  onEndless: (node: number) => void,
): void {
  const { order, inclusion } = engine;
  const isMeeting = meetingPoints(engine);
  const kept = new Map<number, Visit[]>();
  const stack: Pending[] = [{ node: 0, state: entry, owner: undefined }];
  while (stack.length > 0) {
    const { node, state, owner } = stack.pop()!;
    let visit = owner;
    if (isMeeting[node]) {
      let visits = kept.get(node);
      if (!visits) kept.set(node, (visits = []));
      if (isCovered(visits, state)) {
        finish(owner);
        continue;
      }
      if (order.isHead[node] && comesBack(visits, state)) {
        onEndless(node);
        finish(owner);
        continue;
      }
      visit = { state, owner, open: 1 };
      visits.push(visit);
      if (visits.length > MAX_KEPT) forgetOne(visits);
    }
    budget.check();
    const before = stack.length;
    engine.run(node, state, (to) => stack.push({ node: to, state: engine.arrive(to), owner: visit }));
    const born = stack.length - before;
    if (visit) visit.open += born;
    // The state itself is done: as a path of its own visit, or of the one that it continues.
    finish(visit);
  }

  function isCovered(visits: readonly Visit[], state: Int32Array): boolean {
    for (let index = visits.length - 1; index >= 0; index--) {
      const visit = visits[index]!;
      if (visit.open === 0 && inclusion.holds(visit.state, state)) return true;
    }
    return false;
  }

  function comesBack(visits: readonly Visit[], state: Int32Array): boolean {
    return visits.some(
      (visit) => visit.open > 0 && inclusion.holds(visit.state, state) && inclusion.holds(state, visit.state),
    );
  }
}

/** One path of a visit ended; a visit whose last path ended is one ended path of the visit before it. */
function finish(visit: Visit | undefined): void {
  for (let at = visit; at; at = at.owner) if (--at.open > 0) return;
}

/** Prefers finished states that have newer ones behind them. */
function forgetOne(visits: Visit[]): void {
  const finished = visits.findIndex((visit) => visit.open === 0);
  visits.splice(finished < 0 ? 0 : finished, 1);
}

/** Nodes where paths meet: the only ones where comparing states can pay. */
function meetingPoints(engine: Engine): Uint8Array {
  const incoming = new Int32Array(engine.graph.nodes.length);
  for (const node of engine.graph.nodes) for (const to of node.successors) incoming[to]!++;
  return Uint8Array.from(incoming, (count, node) => (count > 1 || engine.order.isHead[node] === 1 ? 1 : 0));
}
