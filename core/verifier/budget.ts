import { Cancelled } from './cancel';
import type { Engine } from './engine';

/** The analysis used up its steps: what it found so far proves nothing. */
export class Exhausted extends Error {
  override readonly name = 'Exhausted';
}

/** How many instructions are executed between two looks at the cancel flag. */
const POLL = 1024;

/** Comparing two states costs about as much as this many instructions. */
const COMPARISON = 0.5;

/** Counts the work of one phase and looks now and then whether the whole analysis was cancelled. */
export class Budget {
  private polledAt: number;
  private readonly start: number;

  constructor(
    private readonly engine: Engine,
    private readonly steps: number,
    private readonly isCancelled: (() => boolean) | undefined,
  ) {
    this.start = this.polledAt = this.work;
  }

  private get work(): number {
    return this.engine.m.steps + this.engine.inclusion.comparisons * COMPARISON;
  }

  /** Call between blocks. @throws Exhausted, Cancelled */
  check(): void {
    const { work } = this;
    if (work - this.polledAt >= POLL) {
      this.polledAt = work;
      if (this.isCancelled?.()) throw new Cancelled();
    }
    if (work - this.start > this.steps || this.engine.m.symbols.isExhausted) throw new Exhausted();
  }
}
