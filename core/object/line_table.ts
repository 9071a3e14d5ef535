/** A source position that one or more slots belong to. Lines and columns count from 1; column 0 means unknown. */
export interface LineRecord {
  /** First linked slot that the record covers; it reaches to the next record of the same function. */
  readonly slot: number;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** The source line as the compiler saw it, untrimmed; empty when unknown. */
  readonly text: string;
}

/** Which source line a slot belongs to. Records are sorted by slot. */
export class LineTable {
  private readonly slots: Int32Array;

  /**
   * @param records sorted by slot, ascending, no two with the same slot
   * @param starts first slots of the functions: a record never reaches across one
   */
  constructor(
    readonly records: readonly LineRecord[],
    private readonly starts: readonly number[],
  ) {
    this.slots = Int32Array.from(records, (record) => record.slot);
  }

  get isEmpty(): boolean {
    return this.records.length === 0;
  }

  /** The record that covers `slot`, if any. O(log records). */
  at(slot: number): LineRecord | undefined {
    const index = lastAtMost(this.slots, slot);
    if (index < 0) return undefined;
    const record = this.records[index]!;
    const start = lastAtMost(this.starts, slot);
    return start >= 0 && record.slot < this.starts[start]! ? undefined : record;
  }

  /** Whether a statement starts at `slot`: a record begins exactly there. O(log records). */
  startsAt(slot: number): boolean {
    const index = lastAtMost(this.slots, slot);
    return index >= 0 && this.slots[index] === slot;
  }
}

/** Index of the last element <= value in an ascending array, or -1. */
function lastAtMost(ascending: ArrayLike<number>, value: number): number {
  let low = -1;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ascending[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
