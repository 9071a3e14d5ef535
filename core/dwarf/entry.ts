import type { Abbreviation } from './abbreviation';
import { Attribute } from './constants';
import { Cursor } from './cursor';
import type { Position } from './dwarf';
import type { Place } from './place';
import { skipAttributes } from './attributes';
import { readForm, type FormValue } from './forms';
import type { LocationList } from './locations';
import type { AddressRange } from './place';
import type { UnitView } from './unit_view';

/** Declarations, definitions and inlined copies refer to each other in short chains; longer ones are loops. */
const MOST_HOPS = 16;

/** The tree of a unit's entries by their numbers in file order; the subtree of entry i is `[i, next(i))`. */
export interface EntryTree {
  readonly count: number;
  entry(index: number): Entry;
  tag(index: number): number;
  /** -1 for the first. */
  parent(index: number): number;
  next(index: number): number;
  children(index: number): number[];
}

/** What an entry asks of the unit that it stands in. */
export interface EntryOwner extends UnitView {
  readonly entries: EntryTree;
  text(value: FormValue): string;
  /** The path of a file by its number in the unit's line table; empty when unknown. */
  path(file: number): string;
  referenced(value: FormValue): Entry | undefined;
  referencedId(value: FormValue): number;
  rangesOf(entry: Entry): readonly AddressRange[];
  locationList(value: FormValue): LocationList | undefined;
}

/** A debugging information entry. Attributes are decoded when asked for: O(bytes of the entry). */
export class Entry {
  constructor(
    readonly unit: EntryOwner,
    /** Number among the entries of its unit. */
    readonly index: number,
    /** First byte, from the start of the unit's section. */
    readonly offset: number,
    readonly abbreviation: Abbreviation,
  ) {}

  /** Unique among all units. */
  get id(): number {
    return this.unit.base + this.offset;
  }

  get tag(): number {
    return this.abbreviation.tag;
  }

  has(attribute: number): boolean {
    return this.abbreviation.attributes.has(attribute);
  }

  /** The attribute's value as it stands here. @throws InputError `dwarf-malformed` */
  value(attribute: number): FormValue | undefined {
    const { abbreviation, unit } = this;
    const spec = abbreviation.attributes.get(attribute);
    if (!spec) return undefined;
    const cursor = new Cursor(unit.section, this.offset, unit.end);
    cursor.uleb('an abbreviation code');
    skipAttributes(cursor, abbreviation, spec.step, spec.bytes, unit);
    return readForm(cursor, spec.form, unit, spec.implicit);
  }

  /** A string attribute; empty when it is not there. */
  text(attribute: number): string {
    const value = this.value(attribute);
    return value === undefined ? '' : this.unit.text(value);
  }

  flag(attribute: number): boolean {
    const value = this.value(attribute);
    return value?.kind === 'flag' && value.value;
  }

  /** A number; undefined when it is not there or is computed by an expression. */
  integer(attribute: number): bigint | undefined {
    const value = this.value(attribute);
    return value?.kind === 'constant' ? value.value : undefined;
  }

  /** A number that is no address, such as a size or a line; 0 when it is not there or is larger than 2^53. */
  number(attribute: number): number {
    const value = this.integer(attribute) ?? 0n;
    return value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : 0;
  }

  address(attribute: number): Place | undefined {
    const value = this.value(attribute);
    if (value?.kind === 'address') return value.place;
    return value?.kind === 'address-index' ? this.unit.address(value.index) : undefined;
  }

  /** The entry that an attribute refers to. @throws InputError `dwarf-malformed` when it refers to no entry */
  reference(attribute: number): Entry | undefined {
    const value = this.value(attribute);
    return value === undefined ? undefined : this.unit.referenced(value);
  }

  /** {@link id} of the entry that an attribute refers to, 0 for none. The entry itself is not looked up. */
  referenceId(attribute: number): number {
    const value = this.value(attribute);
    return value === undefined ? 0 : this.unit.referencedId(value);
  }

  /** This entry and those that it is a copy or the definition of, nearest first. */
  origins(): Entry[] {
    const chain: Entry[] = [this];
    while (chain.length < MOST_HOPS) {
      const last = chain[chain.length - 1]!;
      const next = last.reference(Attribute.ABSTRACT_ORIGIN) ?? last.reference(Attribute.SPECIFICATION);
      if (!next) break;
      chain.push(next);
    }
    return chain;
  }

  /** Where an entry of these origins is declared: each of the attributes from the nearest that has it. */
  static declared(origins: readonly Entry[]): Position {
    const file = origins.find((entry) => entry.has(Attribute.DECL_FILE));
    const line = origins.find((entry) => entry.has(Attribute.DECL_LINE));
    const column = origins.find((entry) => entry.has(Attribute.DECL_COLUMN));
    return {
      path: file ? file.unit.path(file.number(Attribute.DECL_FILE)) : '',
      line: line?.number(Attribute.DECL_LINE) ?? 0,
      column: column?.number(Attribute.DECL_COLUMN) ?? 0,
    };
  }
}
