import type { AddressRange } from './place';

/** A value for a range of bytes. */
export interface Interval<T> {
  readonly range: AddressRange;
  readonly value: T;
}

/**
 * Which value covers a byte of a section. Where ranges overlap, the one given later counts, so that inner scopes given after the outer
 * ones hide them. Building takes O(n log n) for n ranges, looking up O(log n).
 */
export class IntervalMap<T> {
  private readonly sections = new Map<number, { starts: number[]; values: (T | undefined)[] }>();

  constructor(intervals: readonly Interval<T>[]) {
    const bySection = new Map<number, { start: number; end: number; rank: number }[]>();
    intervals.forEach(({ range: { section, start, end } }, rank) => {
      if (!(start < end)) return;
      const list = bySection.get(section);
      if (list) list.push({ start, end, rank });
      else bySection.set(section, [{ start, end, rank }]);
    });
    for (const [section, list] of bySection) this.sections.set(section, flatten(list, intervals));
  }

  at(section: number, offset: number): T | undefined {
    const segments = this.sections.get(section);
    if (!segments) return undefined;
    const index = lastAtMost(segments.starts, offset);
    return index < 0 ? undefined : segments.values[index];
  }
}

/** Index of the last element <= value among those of `[from, to)`, which ascend; `from - 1` when there is none. O(log n). */
export function lastAtMost(elements: ArrayLike<number>, value: number, from = 0, to = elements.length): number {
  let low = from - 1;
  let high = to - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (elements[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Sweeps over the bounds with the ranges that are open in a heap by rank; those that have ended leave it when they reach its top. */
function flatten<T>(
  list: { start: number; end: number; rank: number }[],
  intervals: readonly Interval<T>[],
): { starts: number[]; values: (T | undefined)[] } {
  list.sort((a, b) => a.start - b.start);
  const bounds = [...new Set(list.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const starts: number[] = [];
  const values: (T | undefined)[] = [];
  const heap: { end: number; rank: number }[] = [];
  let next = 0;
  let current = -1;
  for (const bound of bounds) {
    while (next < list.length && list[next]!.start === bound) push(heap, list[next++]!);
    while (heap.length > 0 && heap[0]!.end <= bound) pop(heap);
    const rank = heap[0]?.rank ?? -1;
    if (rank === current) continue;
    starts.push(bound);
    values.push(rank < 0 ? undefined : intervals[rank]!.value);
    current = rank;
  }
  return { starts, values };
}

function push(heap: { end: number; rank: number }[], item: { end: number; rank: number }): void {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const up = (at - 1) >> 1;
    if (heap[up]!.rank >= item.rank) break;
    heap[at] = heap[up]!;
    at = up;
  }
  heap[at] = item;
}

function pop(heap: { end: number; rank: number }[]): void {
  const item = heap.pop();
  if (item === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let down = 2 * at + 1;
    if (down >= heap.length) break;
    if (down + 1 < heap.length && heap[down + 1]!.rank > heap[down]!.rank) down++;
    if (heap[down]!.rank <= item.rank) break;
    heap[at] = heap[down]!;
    at = down;
  }
  heap[at] = item;
}
