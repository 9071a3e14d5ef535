import type { Abbreviation } from './abbreviation';
import { readCode, skipAttributes } from './attributes';
import { Cursor } from './cursor';
import { Entry, type EntryOwner, type EntryTree } from './entry';

/**
 * The tree of a unit's entries, in columns: entries are numbered in file order, so the subtree of entry i is `[i, next[i])`. Deep trees need
 * no deep stack.
 */
export class Entries implements EntryTree {
  private readonly offsets: number[] = [];
  private readonly abbreviations: Abbreviation[] = [];
  private readonly parents: number[] = [];
  private readonly nexts: number[] = [];

  /** O(bytes of the unit). @throws InputError `dwarf-malformed` */
  constructor(private readonly unit: EntryOwner) {
    const cursor = new Cursor(unit.section, unit.first, unit.end);
    let parent = -1;
    do {
      const at = cursor.at;
      const abbreviation = readCode(cursor, unit);
      if (!abbreviation) {
        // A null entry ends the children of `parent`.
        if (parent >= 0) this.nexts[parent] = this.count;
        parent = this.parents[parent] ?? -1;
        continue;
      }
      skipAttributes(cursor, abbreviation, abbreviation.steps.length, abbreviation.tail, unit);
      const index = this.count;
      this.offsets.push(at);
      this.abbreviations.push(abbreviation);
      this.parents.push(parent);
      this.nexts.push(index + 1);
      if (abbreviation.hasChildren) parent = index;
    } while (parent >= 0 && !cursor.done);
    for (; parent >= 0; parent = this.parents[parent]!) this.nexts[parent] = this.count;
  }

  get count(): number {
    return this.offsets.length;
  }

  /** Entry by number. O(1). */
  entry(index: number): Entry {
    return new Entry(this.unit, index, this.offsets[index]!, this.abbreviations[index]!);
  }

  tag(index: number): number {
    return this.abbreviations[index]!.tag;
  }

  /** Number of the entry around this one; -1 for the first. */
  parent(index: number): number {
    return this.parents[index]!;
  }

  /** Number of the first entry that is not inside this one. */
  next(index: number): number {
    return this.nexts[index]!;
  }

  /** Numbers of the entries directly inside. O(children). */
  children(index: number): number[] {
    const inside: number[] = [];
    const end = this.nexts[index]!;
    for (let i = index + 1; i < end; i = this.nexts[i]!) inside.push(i);
    return inside;
  }

  /** Number of the entry that begins at this byte of the section, or -1. O(log entries). */
  find(offset: number): number {
    let low = 0;
    let high = this.offsets.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = this.offsets[middle]!;
      if (at === offset) return middle;
      if (at < offset) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
