import type { Budget } from './budget';
import type { Engine } from './engine';
import { Fixpoint } from './fixpoint';
import { Ranking } from './ranking';

/** Iterations of all loops around an instruction together: more count as unbounded, like in the kernel's budget of a million instructions. */
const MAX_ITERATIONS = 1_000_000;

/**
 * Shows that every loop ends, given invariants at the heads. Returns the heads of loops for which no bound was found. Helpers call
 * their callbacks a bounded number of times: see {@link Ranking.close}.
 */
export function findUnboundedLoops(
  engine: Engine,
  budget: Budget,
  invariants: ReadonlyMap<number, readonly Int32Array[]>,
): number[] {
  const { order, m } = engine;
  const unbounded: number[] = [];
  const iterations = new Map<number, number>();
  const wasRecording = m.recording;
  m.recording = false;
  for (const [head, states] of [...invariants].sort((a, b) => order.position[a[0]]! - order.position[b[0]]!)) {
    const ranking = new Ranking();
    for (const state of states) {
      ranking.open(state);
      new Fixpoint(engine, budget).around(head, state, () => ranking.close(m));
    }
    const around = order.parent[head]! < 0 ? 1 : (iterations.get(order.parent[head]!) ?? 1);
    const total = around * ranking.iterations;
    iterations.set(head, Math.max(1, Math.min(total, MAX_ITERATIONS)));
    if (!(total <= MAX_ITERATIONS)) unbounded.push(head);
  }
  m.recording = wasRecording;
  return unbounded;
}
