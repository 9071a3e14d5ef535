import { bound } from './fact';
import type { Machine } from './machine';
import { smax, smin } from './scalar';
import { CELL_WORDS, DEPTH, FRAMES, MAX_FRAMES, PACKET_SIZE, SAVED_WORDS, USED_CELLS, cell, hasValue, packedFrames, register, saved, packedCell, packedSaved } from './state'; // prettier-ignore
import { NO_SYMBOL, termConstant, termSymbol } from './term';
import { CONSTANT, NUMBER, REGION, SYMBOL, Tag } from './value';

/** A value at the head of a loop that may count its iterations. */
interface Counter {
  /** Position in the packed state at the head. */
  readonly head: number;
  /** Position in the state worked on. */
  readonly work: number;
  readonly direction: 1 | -1;
  /** Furthest value seen on a way back. */
  end: number;
}

/**
 * Bounds the iterations of a loop: some value grows (or shrinks) by at least one on every way around, and never passes a limit.
 * One instance per head; {@link open} for each state at the head, {@link close} for each way back that starts from it.
 */
export class Ranking {
  private counters: Counter[] | undefined;
  private readonly frames = new Int32Array(MAX_FRAMES);
  private head: Int32Array = new Int32Array(0);
  private waysBack = 0;
  private starts = new Map<number, [number, number]>();

  /** Begins with one of the states at the head. */
  open(head: Int32Array): void {
    this.head = head;
    const here = this.candidates(head);
    if (!this.counters) this.counters = here;
    else {
      // The same place in another state: only places that count in all of them remain.
      const byPlace = new Map(here.map((counter) => [`${counter.work}:${counter.direction}`, counter]));
      this.counters = this.counters.flatMap((counter) => {
        const match = byPlace.get(`${counter.work}:${counter.direction}`);
        return match ? [{ ...counter, head: match.head }] : [];
      });
    }
    for (const counter of this.counters) {
      const [low, high] = this.starts.get(counter.work) ?? [Infinity, -Infinity];
      const n = counter.head + NUMBER;
      this.starts.set(counter.work, [Math.min(low, smin(head, n)), Math.max(high, smax(head, n))]);
    }
  }

  /**
   * A way back to the head: the state worked on. Drops the counters that did not move. From a callback the head is reached as often
   * as the helper's contract says; that need not move a counter, but must not move it back.
   */
  close(m: Machine): void {
    const least = m.fromCallback ? 0 : 1;
    this.waysBack += least;
    this.counters = (this.counters ?? []).filter((counter) => this.moves(m.w, counter, least));
  }

  /** Largest possible number of iterations, Infinity when none was found. */
  get iterations(): number {
    if (this.waysBack === 0) return 0;
    let best = Infinity;
    for (const { work, direction, end } of this.counters ?? []) {
      const [low, high] = this.starts.get(work)!;
      const count = direction === 1 ? end - low : high - end;
      if (count >= 0 || Number.isFinite(count)) best = Math.min(best, Math.max(0, count) + 1);
    }
    return best;
  }

  private candidates(head: Int32Array): Counter[] {
    const found: Counter[] = [];
    const add = (at: number, work: number): void => {
      const tag = head[at];
      if (tag !== Tag.SCALAR && tag !== Tag.PACKET && tag !== Tag.MAP_VALUE && tag !== Tag.STACK && tag !== Tag.MEM)
        return;
      if (termSymbol(head, at) === NO_SYMBOL) return;
      for (const direction of [1, -1] as const)
        found.push({ head: at, work, direction, end: direction === 1 ? -Infinity : Infinity });
    };
    for (let index = 0; index < 10; index++) add(register(index), register(index));
    packedFrames(head, this.frames);
    for (let frame = 0; frame <= head[DEPTH]!; frame++) {
      const start = this.frames[frame]!;
      if (frame > 0) for (let index = 1; index < 10; index++) add(packedSaved(start, index), saved(frame, index));
      for (let index = 0; index < head[USED_CELLS + frame]!; index++) {
        const at = packedCell(start, frame, index);
        // Zero bytes are a counter that has not started yet; their value stands nowhere, so it has no position.
        if (hasValue(head[at]!)) add(at + 1, cell(frame, index) + 1);
      }
    }
    return found;
  }

  private moves(w: Int32Array, counter: Counter, step: 0 | 1): boolean {
    const { head } = this;
    const { work, direction } = counter;
    const at = counter.head;
    if (w[work] !== head[at] || (w[work] !== Tag.SCALAR && w[work + REGION] !== head[at + REGION])) return false;
    if (work >= FRAMES && !this.isLiveCell(w, work)) return false;
    const least = smin(w, work + NUMBER);
    const most = smax(w, work + NUMBER);
    if (head[at + SYMBOL] !== 0 && head[at + SYMBOL] === w[work + SYMBOL]) {
      const moved = w[work + CONSTANT]! - head[at + CONSTANT]!;
      if (moved * direction < step) return false;
      const symbol = w[work + SYMBOL]!;
      const up = upper(w, symbol, w[work + CONSTANT]!);
      const down = lower(w, symbol, w[work + CONSTANT]!);
      counter.end =
        direction === 1 ? Math.max(counter.end, Math.min(most, up)) : Math.min(counter.end, Math.max(least, down));
      return true;
    }
    const [before, after] = [termSymbol(head, at), termSymbol(w, work)];
    if (before === NO_SYMBOL || after === NO_SYMBOL) return false;
    const [c, d] = [termConstant(head, at), termConstant(w, work)];
    if (direction === 1) {
      // v(before) + c + step <= v(after) + d
      const max = before === 0 ? 0 : smax(head, at + NUMBER) - c;
      if (bound(w, before, after, max, least - d) > d - c - step) return false;
      counter.end = Math.max(counter.end, Math.min(most, upper(w, after, d)));
      return true;
    }
    const min = before === 0 ? 0 : smin(head, at + NUMBER) - c;
    if (bound(w, after, before, most - d, min) > c - d - step) return false;
    counter.end = Math.min(counter.end, Math.max(least, lower(w, after, d)));
    return true;
  }

  /** Whether a position among the frames still holds a value of its own. */
  private isLiveCell(w: Int32Array, work: number): boolean {
    for (let frame = 0; frame <= w[DEPTH]!; frame++) {
      const first = cell(frame, 0);
      const isCell = work > first && work < first + w[USED_CELLS + frame]! * CELL_WORDS;
      if (isCell) return (work - first - 1) % CELL_WORDS === 0 && hasValue(w[work - 1]!);
      if (frame > 0 && work >= first - SAVED_WORDS && work < first) return true;
    }
    return false;
  }
}

/** Upper bound of v(symbol) + constant from facts. */
function upper(w: Int32Array, symbol: number, constant: number): number {
  const direct = bound(w, symbol, 0, Infinity, 0);
  const viaPacket = w[PACKET_SIZE] === 0 ? Infinity : bound(w, symbol, w[PACKET_SIZE]!, Infinity, 0) + 0xffff;
  return Math.min(direct, viaPacket) + constant;
}

/** Lower bound of v(symbol) + constant from facts. */
function lower(w: Int32Array, symbol: number, constant: number): number {
  return constant - bound(w, 0, symbol, 0, -Infinity);
}
