import type { Abbreviation, Format } from './abbreviation';
import { Attribute, UnitType } from './constants';
import { Cursor } from './cursor';
import type { DwarfUnit } from './dwarf';
import type { AddressRange, Place } from './place';
import { readCode } from './attributes';
import type { Budget } from './budget';
import { Entries } from './entries';
import { Entry, type EntryOwner } from './entry';
import type { FormValue } from './forms';
import { LocationLists, type LocationList } from './locations';
import { RangeLists } from './ranges';
import type { DebugSection, DebugSections } from './relocate';
import type { Strings } from './strings';

/** Sizes of the headers that the bases of DWARF 5 usually point behind: 32-bit and 64-bit DWARF. */
const STR_OFFSETS_HEADER = { narrow: 8, wide: 16 };

/** What a unit asks of the object's debugging information as a whole. */
export interface UnitSurroundings {
  readonly sections: DebugSections;
  abbreviations(offset: number, format: Format): Map<number, Abbreviation>;
  strings(section: '.debug_str' | '.debug_line_str'): Strings;
  budget(section: DebugSection): Budget;
  entry(id: number): Entry;
  baseOf(section: number, unit: Unit): number;
  typeBySignature(signature: bigint): number;
  path(unit: Unit, file: number): string;
}

/** A unit: its header, its entries, and what the bases in its first entry lead to. Everything but the header is read when needed. */
export class Unit implements DwarfUnit, EntryOwner {
  private readonly lists: {
    ranges?: RangeLists;
    locations?: LocationLists;
    abbreviations?: Map<number, Abbreviation>;
  } = {};
  private tree: Entries | undefined;
  private own: Entry | undefined;
  private readonly bases = new Map<number, number | undefined>();
  private code: readonly AddressRange[] | undefined;

  constructor(
    readonly information: UnitSurroundings,
    readonly section: DebugSection,
    /** What ids in this section count from. */
    readonly base: number,
    /** First byte of the header. */
    readonly start: number,
    /** First byte of the first entry. */
    readonly first: number,
    /** One past the last byte. */
    readonly end: number,
    readonly version: number,
    readonly addressSize: number,
    readonly wide: boolean,
    readonly type: number,
    private readonly abbreviationsAt: number,
    /** For type units: by what they are referred to, and where the type's entry is, from the header. */
    readonly signature: bigint,
    readonly typeOffset: number,
  ) {}

  get id(): number {
    return this.base + this.start;
  }

  get isType(): boolean {
    return this.type === UnitType.TYPE || this.type === UnitType.SPLIT_TYPE;
  }

  get abbreviations(): Map<number, Abbreviation> {
    return (this.lists.abbreviations ??= this.information.abbreviations(this.abbreviationsAt, this));
  }

  get entries(): Entries {
    return (this.tree ??= new Entries(this));
  }

  /** The unit's own entry. The others are not read for it. */
  get root(): Entry {
    if (!this.own) {
      const cursor = new Cursor(this.section, this.first, this.end);
      const abbreviation = readCode(cursor, this);
      if (!abbreviation) throw cursor.malformed('a unit begins with a null entry');
      this.own = new Entry(this, 0, this.first, abbreviation);
    }
    return this.own;
  }

  get name(): string {
    return this.root.text(Attribute.NAME);
  }

  get directory(): string {
    return this.root.text(Attribute.COMP_DIR);
  }

  get producer(): string {
    return this.root.text(Attribute.PRODUCER);
  }

  get language(): number {
    return this.root.number(Attribute.LANGUAGE);
  }

  get ranges(): readonly AddressRange[] {
    return (this.code ??= this.rangesOf(this.root));
  }

  /** What offsets in the unit's lists count from: its low pc. */
  get lowAddress(): Place | undefined {
    return this.root.address(Attribute.LOW_PC);
  }

  /** Offset of the unit's line table in .debug_line, or undefined. */
  get lineTable(): number | undefined {
    return this.sectionOffset(Attribute.STMT_LIST);
  }

  /** The path of a file by its number in the unit's line table; empty when unknown. */
  path(file: number): string {
    return this.information.path(this, file);
  }

  /** Where the code of an entry is: DW_AT_ranges, else DW_AT_low_pc and DW_AT_high_pc (section 2.17). Empty ranges are left out. */
  rangesOf(entry: Entry): readonly AddressRange[] {
    const list = entry.value(Attribute.RANGES);
    if (list !== undefined) {
      const lists = (this.lists.ranges ??= new RangeLists(this));
      if (list.kind === 'range-list-index') return lists.at(lists.indexed(list.index));
      const offset = this.offsetOf(list);
      return offset === undefined ? [] : lists.at(offset);
    }
    const low = entry.address(Attribute.LOW_PC);
    if (!low) return [];
    // The high pc is an address in DWARF 3, and usually a size since DWARF 4.
    const size = entry.integer(Attribute.HIGH_PC);
    const end = size === undefined ? entry.address(Attribute.HIGH_PC)?.offset : low.offset + Number(size);
    if (end === undefined || !(end > low.offset)) return [];
    return [{ section: low.section, start: low.offset, end }];
  }

  /** The location list that an attribute names; undefined when it is none. O(list), once. */
  locationList(value: FormValue): LocationList | undefined {
    const lists = (this.lists.locations ??= new LocationLists(this));
    if (value.kind === 'location-list-index') return lists.at(lists.indexed(value.index));
    const offset = this.offsetOf(value);
    return offset === undefined ? undefined : lists.at(offset);
  }

  /** A string value. @throws InputError `dwarf-malformed` */
  text(value: FormValue): string {
    if (value.kind === 'text') return value.text;
    if (value.kind === 'text-offset') return this.information.strings(value.section).at(value.offset);
    if (value.kind !== 'text-index') return '';
    const bytes = this.wide ? 8 : 4;
    const base = this.baseOf(Attribute.STR_OFFSETS_BASE) ?? STR_OFFSETS_HEADER[this.wide ? 'wide' : 'narrow'];
    const offsets = this.information.sections.one('.debug_str_offsets');
    const cursor = new Cursor(offsets);
    cursor.skip(base + value.index * bytes, `string ${value.index} of the unit`);
    return this.information.strings('.debug_str').at(cursor.offset(this.wide, 'a string offset'));
  }

  /** The address with this index in .debug_addr. O(1). @throws InputError `dwarf-malformed` */
  address(index: number): Place {
    const cursor = new Cursor(this.information.sections.one('.debug_addr'));
    const base = this.baseOf(Attribute.ADDR_BASE) ?? 8;
    cursor.skip(base + index * this.addressSize, `address ${index} of the unit`);
    return cursor.address(this.addressSize, 'an address');
  }

  /** The entry that a reference leads to. O(log entries). @throws InputError `dwarf-malformed` when there is none */
  referenced(value: FormValue): Entry | undefined {
    const id = this.referencedId(value);
    return id === 0 ? undefined : this.information.entry(id);
  }

  /** The id of the entry that a reference leads to; 0 for what is no reference, or leads out of this file. */
  referencedId(value: FormValue): number {
    switch (value.kind) {
      case 'unit-reference':
        return this.id + value.offset;
      case 'reference':
        return this.information.baseOf(value.section, this) + value.offset;
      case 'signature':
        return this.information.typeBySignature(value.signature);
      default:
        return 0;
    }
  }

  /** A base of DWARF 5's indexed forms, from the first entry. */
  baseOf(attribute: number): number | undefined {
    if (!this.bases.has(attribute)) this.bases.set(attribute, this.sectionOffset(attribute));
    return this.bases.get(attribute);
  }

  private sectionOffset(attribute: number): number | undefined {
    const value = this.root.value(attribute);
    return value === undefined ? undefined : this.offsetOf(value);
  }

  /** An offset into another section. Before DWARF 4 those were plain data. */
  private offsetOf(value: FormValue): number | undefined {
    if (value.kind === 'section-offset') return value.offset;
    const old = this.version < 4 && value.kind === 'constant' && (value.bits === 32 || value.bits === 64);
    return old ? Number(value.value) : undefined;
  }
}

/**
 * Reads the unit header at `start` (section 7.5.1).
 * @param types whether this is .debug_types of DWARF 4
 * @throws InputError `dwarf-malformed`
 */
export function readUnit(
  information: UnitSurroundings,
  section: DebugSection,
  base: number,
  start: number,
  types: boolean,
): Unit {
  const cursor = new Cursor(section, start);
  const { length, wide } = cursor.initialLength('a unit length');
  const end = cursor.at + length;
  if (end > section.view.length) throw cursor.malformed(`a unit of ${length} bytes reaches beyond the section`);
  const version = cursor.u16('a unit version');
  if (version < 2 || version > 5) throw cursor.malformed(`DWARF version ${version}`);
  let type: number = types ? UnitType.TYPE : UnitType.COMPILE;
  let addressSize: number;
  let abbreviationsAt: number;
  if (version >= 5) {
    type = cursor.u8('a unit type');
    addressSize = cursor.u8('an address size');
    abbreviationsAt = cursor.offset(wide, 'an abbreviation offset');
  } else {
    abbreviationsAt = cursor.offset(wide, 'an abbreviation offset');
    addressSize = cursor.u8('an address size');
  }
  if (addressSize !== 4 && addressSize !== 8) throw cursor.malformed(`addresses of ${addressSize} bytes`);
  let signature = 0n;
  let typeOffset = 0;
  if (type === UnitType.TYPE || type === UnitType.SPLIT_TYPE) {
    signature = cursor.u64('a type signature');
    typeOffset = cursor.offset(wide, 'a type offset');
  } else if (version >= 5 && (type === UnitType.SKELETON || type === UnitType.SPLIT_COMPILE)) {
    cursor.skip(8, 'a unit id');
  }
  if (cursor.at >= end) throw cursor.malformed('a unit has no entries');
  return new Unit(
    information,
    section,
    base,
    start,
    cursor.at,
    end,
    version,
    addressSize,
    wide,
    type,
    abbreviationsAt,
    signature,
    typeOffset,
  );
}
