import { Attribute } from './constants';
import { Cursor } from './cursor';
import type { Location, LocatedRange } from './dwarf';
import type { AddressRange, Place } from './place';
import { locationOf, readExpression } from './expression';
import { IntervalMap, type Interval } from './interval_map';
import { listOffset, rangeFrom, readPair } from './ranges';
import type { DebugSection } from './relocate';
import type { UnitView } from './unit_view';

/** Entry kinds of location lists, table 7.10. */
const Kind = {
  END: 0,
  BASE_INDEX: 1,
  START_INDEX_END_INDEX: 2,
  START_INDEX_LENGTH: 3,
  OFFSET_PAIR: 4,
  DEFAULT: 5,
  BASE: 6,
  START_END: 7,
  START_LENGTH: 8,
} as const;

const EMPTY: Location = { kind: 'empty' };

/** Where a variable is, wherever it is: ranges in the compiler's order. */
export class LocationList {
  private map: IntervalMap<Location> | undefined;
  private readonly everywhere: Location;

  constructor(readonly ranges: readonly LocatedRange[]) {
    this.everywhere = ranges.find(({ range }) => range === undefined)?.location ?? EMPTY;
  }

  /** Of several ranges that cover a byte the first counts; a location without range is for everywhere else. O(log ranges). */
  at(section: number, offset: number): Location {
    if (!this.map) {
      const intervals: Interval<Location>[] = [];
      for (const { range, location } of this.ranges) if (range) intervals.push({ range, value: location });
      this.map = new IntervalMap(intervals.reverse());
    }
    return this.map.at(section, offset) ?? this.everywhere;
  }
}

/** Location lists of a unit: .debug_loclists of DWARF 5 (section 7.29), .debug_loc before. Each list is read once. */
export class LocationLists {
  private readonly known = new Map<number, LocationList>();
  private readonly section: DebugSection;

  constructor(private readonly unit: UnitView) {
    this.section = unit.information.sections.one(unit.version >= 5 ? '.debug_loclists' : '.debug_loc');
  }

  /** Offset of the list with this index. O(1). @throws InputError `dwarf-malformed` */
  indexed(index: number): number {
    return listOffset(this.unit, '.debug_loclists', Attribute.LOCLISTS_BASE, index);
  }

  /** The list at an offset. O(its bytes) the first time. @throws InputError `dwarf-malformed` */
  at(offset: number): LocationList {
    let list = this.known.get(offset);
    if (!list) {
      const read = this.unit.version >= 5 ? readLocations5 : readLocations4;
      list = new LocationList(read(this.unit, new Cursor(this.section, Math.min(offset, this.section.view.length))));
      this.known.set(offset, list);
    }
    // Whoever asks goes through the list, so that each reference costs what the list is long.
    this.unit.information.budget(this.section).spend(list.ranges.length);
    return list;
  }
}

function readLocations5(unit: UnitView, cursor: Cursor): LocatedRange[] {
  const budget = unit.information.budget(cursor.section);
  const { addressSize } = unit;
  let base = unit.lowAddress;
  const list: LocatedRange[] = [];
  const add = (range: AddressRange | undefined) => {
    const size = cursor.uleb('an expression length');
    list.push(located(unit, cursor, range, size));
  };
  for (;;) {
    const at = cursor.at;
    const kind = cursor.u8('a location list entry');
    switch (kind) {
      case Kind.END:
        return list;
      case Kind.BASE_INDEX:
        base = unit.address(cursor.uleb('an address index'));
        break;
      case Kind.BASE:
        base = cursor.address(addressSize, 'a base address');
        break;
      case Kind.START_INDEX_END_INDEX: {
        const start = unit.address(cursor.uleb('an address index'));
        add(rangeFrom(start, unit.address(cursor.uleb('an address index')).offset, undefined));
        break;
      }
      case Kind.START_INDEX_LENGTH: {
        const start = unit.address(cursor.uleb('an address index'));
        add(rangeFrom(start, start.offset + cursor.uleb('a range length'), undefined));
        break;
      }
      case Kind.OFFSET_PAIR: {
        const start: Place = { section: 0, offset: (base?.offset ?? 0) + cursor.uleb('a range start') };
        add(rangeFrom(start, (base?.offset ?? 0) + cursor.uleb('a range end'), base));
        break;
      }
      case Kind.DEFAULT:
        add(undefined);
        break;
      case Kind.START_END: {
        const start = cursor.address(addressSize, 'a range start');
        add(rangeFrom(start, cursor.address(addressSize, 'a range end').offset, undefined));
        break;
      }
      case Kind.START_LENGTH: {
        const start = cursor.address(addressSize, 'a range start');
        add(rangeFrom(start, start.offset + cursor.uleb('a range length'), undefined));
        break;
      }
      default:
        throw cursor.malformed(`unknown location list entry ${kind}`);
    }
    budget.spend(cursor.at - at);
  }
}

/** .debug_loc: as .debug_ranges, each range followed by the expression and its length in two bytes (DWARF 4 section 2.6.2). */
function readLocations4(unit: UnitView, cursor: Cursor): LocatedRange[] {
  const budget = unit.information.budget(cursor.section);
  let base = unit.lowAddress;
  const list: LocatedRange[] = [];
  for (;;) {
    const at = cursor.at;
    const pair = readPair(cursor, unit.addressSize);
    if (pair.kind === 'end') return list;
    if (pair.kind === 'base') {
      base = pair.base;
    } else {
      const size = cursor.u16('an expression length');
      const start = { section: pair.start.section, offset: pair.start.offset + (base?.offset ?? 0) };
      const range = rangeFrom(start, pair.end + (base?.offset ?? 0), base);
      list.push(located(unit, cursor, range, size));
    }
    budget.spend(cursor.at - at);
  }
}

/** A range with the expression of `size` bytes that follows. Empty ranges are kept: they are what the compiler wrote. */
function located(unit: UnitView, cursor: Cursor, range: AddressRange | undefined, size: number): LocatedRange {
  const start = cursor.at;
  cursor.skip(size, 'an expression');
  const operations = readExpression(unit, cursor.section, start, cursor.at);
  return { range, operations, location: locationOf(operations) };
}
