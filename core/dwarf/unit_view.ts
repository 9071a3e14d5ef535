import type { Abbreviation, Format } from './abbreviation';
import type { Budget } from './budget';
import type { Place } from './place';
import type { DebugSection, DebugSections } from './relocate';

/** What those who decode a part of a unit ask of it. */
export interface UnitView extends Format {
  readonly information: {
    readonly sections: DebugSections;
    budget(section: DebugSection): Budget;
  };
  readonly section: DebugSection;
  /** What ids in this section count from. */
  readonly base: number;
  readonly id: number;
  /** First byte of the first entry. */
  readonly first: number;
  /** One past the last byte. */
  readonly end: number;
  readonly abbreviations: ReadonlyMap<number, Abbreviation>;
  /** What offsets in the unit's lists count from. */
  readonly lowAddress: Place | undefined;
  /** A base of DWARF 5's indexed forms. */
  baseOf(attribute: number): number | undefined;
  /** The address with this index in .debug_addr. @throws InputError `dwarf-malformed` */
  address(index: number): Place;
}
