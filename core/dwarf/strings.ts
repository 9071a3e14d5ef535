import { Budget } from './budget';
import { Cursor } from './cursor';
import type { DebugSection } from './relocate';

/** A section of NUL-terminated strings. Each is decoded once. */
export class Strings {
  private readonly known = new Map<number, string>();
  private readonly budget: Budget;

  constructor(private readonly section: DebugSection) {
    this.budget = new Budget(section.view.length, section.name);
  }

  /** The string at a byte offset. O(its length) the first time, then O(1). @throws InputError `dwarf-malformed` */
  at(offset: number): string {
    let text = this.known.get(offset);
    if (text === undefined) {
      const cursor = new Cursor(this.section, Math.min(offset, this.section.view.length));
      if (offset > cursor.at) throw cursor.malformed(`a string at byte ${offset} is asked for`);
      cursor.skipString('a string');
      this.budget.spend(cursor.at - offset);
      text = this.section.view.string(offset, 'a string');
      this.known.set(offset, text);
    }
    return text;
  }
}
