import { Cancelled } from './cancel';
import type { Machine } from './machine';

/** The analysis used up its steps: what it found so far proves nothing. */
export class Exhausted extends Error {
  override readonly name = 'Exhausted';
}

/** How many instructions are executed between two looks at the cancel flag. */
const POLL = 1024;

/** Counts abstract instructions of one phase and looks now and then whether the whole analysis was cancelled. */
export class Budget {
  private polledAt: number;
  private readonly start: number;

  constructor(
    private readonly m: Machine,
    private readonly steps: number,
    private readonly isCancelled: (() => boolean) | undefined,
  ) {
    this.polledAt = m.steps;
    this.start = m.steps;
  }

  /** Call between blocks. @throws Exhausted, Cancelled */
  check(): void {
    const { m } = this;
    if (m.steps - this.polledAt >= POLL) {
      this.polledAt = m.steps;
      if (this.isCancelled?.()) throw new Cancelled();
    }
    if (m.steps - this.start > this.steps || m.symbols.isExhausted) throw new Exhausted();
  }
}
