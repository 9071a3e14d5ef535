import { InputError } from '../input/error';

/**
 * Bounds work that hostile offsets could repeat: many references to one long list, or to overlapping lists. Honest files read each byte of
 * such a section about once, so a small multiple of its size is enough for them and ends the others.
 */
export class Budget {
  private left: number;

  /** @param bytes size of what honest input would read once */
  constructor(
    bytes: number,
    private readonly section: string,
  ) {
    this.left = bytes * 8 + 0x10000;
  }

  /** @throws InputError `dwarf-malformed` when the budget is spent */
  spend(amount: number): void {
    this.left -= amount;
    if (this.left < 0) {
      throw new InputError(
        'dwarf-malformed',
        `section ${this.section}: its parts are referred to so often, or overlap so much, that no compiler wrote it`,
        { section: this.section },
      );
    }
  }
}
