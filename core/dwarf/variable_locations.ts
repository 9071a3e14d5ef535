import { Attribute } from './constants';
import type { Location } from './dwarf';
import type { Entry } from './entry';
import { locationOf, readExpression } from './expression';
import { LocationList } from './locations';

/** Where a variable is, from DW_AT_location or DW_AT_const_value of its entry. O(bytes). @throws InputError `dwarf-malformed` */
export function locationsOf(entry: Entry): LocationList {
  const { unit } = entry;
  const value = entry.value(Attribute.LOCATION);
  if (value?.kind === 'block') {
    const operations = readExpression(unit, unit.section, value.start, value.end);
    return new LocationList([{ range: undefined, operations, location: locationOf(operations) }]);
  }
  if (value !== undefined) return unit.locationList(value) ?? new LocationList([]);
  const constant = constantLocation(entry);
  return new LocationList(constant ? [{ range: undefined, operations: [], location: constant }] : []);
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
