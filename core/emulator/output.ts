/** What a program produced, kept up to a limit: an endless program must not fill the host's memory. */
export class BoundedList<T> {
  private readonly kept: T[] = [];
  private size = 0;
  private left = 0;

  /**
   * @param maxItems entries that are kept
   * @param maxSize sum of their sizes that is kept
   */
  constructor(
    private readonly maxItems: number,
    private readonly maxSize: number,
  ) {}

  /** The first entries, in order. */
  get items(): readonly T[] {
    return this.kept;
  }

  /** How many entries came after the limit was reached. */
  get dropped(): number {
    return this.left;
  }

  push(item: T, size: number): void {
    if (this.kept.length >= this.maxItems || this.size + size > this.maxSize) {
      this.left++;
      return;
    }
    this.kept.push(item);
    this.size += size;
  }
}

/** A record that a program sent to user space through a ring buffer or a perf event array. */
export interface OutputEvent {
  readonly map: string;
  readonly cpu: number;
  readonly bytes: Uint8Array;
}
