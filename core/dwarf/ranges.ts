import { Attribute } from './constants';
import { Cursor } from './cursor';
import type { AddressRange, Place } from './place';
import type { DebugSection } from './relocate';
import type { UnitView } from './unit_view';

/** Entry kinds of range lists, table 7.30. */
const Kind = {
  END: 0,
  BASE_INDEX: 1,
  START_INDEX_END_INDEX: 2,
  START_INDEX_LENGTH: 3,
  OFFSET_PAIR: 4,
  BASE: 5,
  START_END: 6,
  START_LENGTH: 7,
} as const;

/** Range lists of a unit: .debug_rnglists of DWARF 5 (section 7.25), .debug_ranges before. Each list is read once. */
export class RangeLists {
  private readonly known = new Map<number, readonly AddressRange[]>();
  private readonly section: DebugSection;

  constructor(private readonly unit: UnitView) {
    this.section = unit.information.sections.one(unit.version >= 5 ? '.debug_rnglists' : '.debug_ranges');
  }

  /** Offset of the list with this index. O(1). @throws InputError `dwarf-malformed` */
  indexed(index: number): number {
    return listOffset(this.unit, '.debug_rnglists', Attribute.RNGLISTS_BASE, index);
  }

  /** The list at an offset. O(list) the first time. Empty ranges are left out. @throws InputError `dwarf-malformed` */
  at(offset: number): readonly AddressRange[] {
    let list = this.known.get(offset);
    if (!list) {
      const read = this.unit.version >= 5 ? readRanges5 : readRanges4;
      list = read(this.unit, new Cursor(this.section, Math.min(offset, this.section.view.length)));
      this.known.set(offset, list);
    }
    // Whoever asks goes through the list, so that each reference costs what the list is long.
    this.unit.information.budget(this.section).spend(list.length);
    return list;
  }
}

/** Where the list with this index begins: its offset counts from the base, which is where the offsets stand (section 7.28). */
export function listOffset(unit: UnitView, name: string, attribute: number, index: number): number {
  const cursor = new Cursor(unit.information.sections.one(name));
  // Without a base, the lists of the first unit are meant: behind a header of 12 bytes, or 20 in 64-bit DWARF.
  const base = unit.baseOf(attribute) ?? (unit.wide ? 20 : 12);
  cursor.skip(base + index * (unit.wide ? 8 : 4), `list ${index} of the unit`);
  return base + cursor.offset(unit.wide, 'a list offset');
}

/** A range from a start and a length or an end, in the start's section, or the base's where the start was not relocated. */
export function rangeFrom(start: Place, end: number, base: Place | undefined): AddressRange {
  return { section: start.section || (base?.section ?? 0), start: start.offset, end };
}

function readRanges5(unit: UnitView, cursor: Cursor): AddressRange[] {
  const budget = unit.information.budget(cursor.section);
  const { addressSize } = unit;
  let base = unit.lowAddress;
  const ranges: AddressRange[] = [];
  const add = (range: AddressRange) => {
    if (range.start < range.end) ranges.push(range);
  };
  for (;;) {
    const at = cursor.at;
    const kind = cursor.u8('a range list entry');
    switch (kind) {
      case Kind.END:
        return ranges;
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
        const start = { section: 0, offset: (base?.offset ?? 0) + cursor.uleb('a range start') };
        add(rangeFrom(start, (base?.offset ?? 0) + cursor.uleb('a range end'), base));
        break;
      }
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
        throw cursor.malformed(`unknown range list entry ${kind}`);
    }
    budget.spend(cursor.at - at);
  }
}

/** .debug_ranges: pairs of addresses from the base, (0, 0) at the end, (largest, base) for a new base (DWARF 4 section 2.17.3). */
function readRanges4(unit: UnitView, cursor: Cursor): AddressRange[] {
  const budget = unit.information.budget(cursor.section);
  const { addressSize } = unit;
  let base = unit.lowAddress;
  const ranges: AddressRange[] = [];
  for (;;) {
    const pair = readPair(cursor, addressSize);
    budget.spend(2 * addressSize);
    if (pair.kind === 'end') return ranges;
    if (pair.kind === 'base') {
      base = pair.base;
      continue;
    }
    const start = { section: pair.start.section, offset: pair.start.offset + (base?.offset ?? 0) };
    const range = rangeFrom(start, pair.end + (base?.offset ?? 0), base);
    if (range.start < range.end) ranges.push(range);
  }
}

/** A pair of addresses as lists of DWARF 4 have them. A relocated pair of zeros is an empty range, not the end. */
export type Pair =
  | { readonly kind: 'end' }
  | { readonly kind: 'base'; readonly base: Place }
  | { readonly kind: 'range'; readonly start: Place; readonly end: number };

export function readPair(cursor: Cursor, addressSize: number): Pair {
  const largest = addressSize === 8 ? 2 ** 64 : 2 ** 32 - 1;
  const start = cursor.address(addressSize, 'a range start');
  const end = cursor.address(addressSize, 'a range end');
  if (start.offset === 0 && end.offset === 0 && start.section === 0 && end.section === 0) return { kind: 'end' };
  if (start.offset === largest) return { kind: 'base', base: end };
  return { kind: 'range', start: { section: start.section || end.section, offset: start.offset }, end: end.offset };
}
