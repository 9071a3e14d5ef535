import { Attribute } from './constants';
import { Cursor } from './cursor';
import type { AddressRange, Location, LocatedRange, Place } from './dwarf';
import type { Entry } from './entry';
import { locationOf, readExpression, type Operation } from './expression';
import { listOffset, rangeFrom, readPair } from './ranges';
import type { Unit } from './unit';

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

/** An entry of a location list. `range` is undefined for the default location. */
export interface ListedLocation {
  readonly range: AddressRange | undefined;
  readonly operations: readonly Operation[];
}

/** Location lists of a unit: .debug_loclists of DWARF 5 (section 7.29), .debug_loc before. Each list is read once. */
export class LocationLists {
  private readonly known = new Map<number, readonly ListedLocation[]>();

  constructor(private readonly unit: Unit) {}

  /** Offset of the list with this index. O(1). @throws InputError `dwarf-malformed` */
  indexed(index: number): number {
    return listOffset(this.unit, '.debug_loclists', Attribute.LOCLISTS_BASE, index);
  }

  /** The list at an offset. O(its bytes) the first time. @throws InputError `dwarf-malformed` */
  at(offset: number): readonly ListedLocation[] {
    let list = this.known.get(offset);
    if (!list) {
      list = this.unit.version >= 5 ? readLocations5(this.unit, offset) : readLocations4(this.unit, offset);
      this.known.set(offset, list);
    }
    return list;
  }
}

/** Where a variable is, from DW_AT_location or DW_AT_const_value of its entry. O(bytes). @throws InputError `dwarf-malformed` */
export function locationsOf(entry: Entry): LocatedRange[] {
  const { unit } = entry;
  const value = entry.value(Attribute.LOCATION);
  if (value?.kind === 'block') {
    const operations = readExpression(unit, unit.section, value.start, value.end);
    return [{ range: undefined, operations, location: locationOf(operations) }];
  }
  if (value !== undefined) {
    const list = unit.locationList(value) ?? [];
    return list.map(({ range, operations }) => ({ range, operations, location: locationOf(operations) }));
  }
  const constant = constantLocation(entry);
  return constant ? [{ range: undefined, operations: [], location: constant }] : [];
}

/** A value that the entry itself gives. */
function constantLocation(entry: Entry): Location | undefined {
  const value = entry.value(Attribute.CONST_VALUE);
  if (value?.kind === 'constant') return { kind: 'constant', value: value.value };
  if (value?.kind === 'block') {
    const bytes = entry.unit.section.view.slice(value.start, value.end - value.start, 'a constant value');
    return { kind: 'implicit-value', bytes };
  }
  if (value?.kind === 'address' || value?.kind === 'address-index') {
    return { kind: 'constant', value: BigInt(entry.address(Attribute.CONST_VALUE)?.offset ?? 0) };
  }
  return undefined;
}

/** Where a function's variables on the stack count from: DW_AT_frame_base, when it is a single expression. */
export function frameBaseOf(entry: Entry): Location | undefined {
  const value = entry.value(Attribute.FRAME_BASE);
  if (value?.kind !== 'block') return undefined;
  return locationOf(readExpression(entry.unit, entry.unit.section, value.start, value.end));
}

function readLocations5(unit: Unit, offset: number): ListedLocation[] {
  const section = unit.information.sections.one('.debug_loclists');
  const budget = unit.information.budget(section);
  const cursor = new Cursor(section, Math.min(offset, section.view.length));
  const { addressSize } = unit;
  let base = unit.lowAddress;
  const list: ListedLocation[] = [];
  const add = (range: AddressRange | undefined) => {
    const size = cursor.uleb('an expression length');
    const operations = expressionAt(unit, cursor, size);
    // Empty ranges hold nowhere, but they are entries that were written down; only readers of a place leave them out.
    list.push({ range, operations });
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
function readLocations4(unit: Unit, offset: number): ListedLocation[] {
  const section = unit.information.sections.one('.debug_loc');
  const budget = unit.information.budget(section);
  const cursor = new Cursor(section, Math.min(offset, section.view.length));
  let base = unit.lowAddress;
  const list: ListedLocation[] = [];
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
      list.push({ range, operations: expressionAt(unit, cursor, size) });
    }
    budget.spend(cursor.at - at);
  }
}

function expressionAt(unit: Unit, cursor: Cursor, size: number): Operation[] {
  const start = cursor.at;
  cursor.skip(size, 'an expression');
  return readExpression(unit, cursor.section, start, cursor.at);
}
