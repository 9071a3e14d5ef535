import type { Abbreviation } from './abbreviation';
import type { Cursor } from './cursor';
import { skipForm } from './forms';
import type { UnitView } from './unit_view';

/** Reads an entry's abbreviation code; undefined for a null entry. @throws InputError `dwarf-malformed` for a code without abbreviation */
export function readCode(cursor: Cursor, unit: UnitView): Abbreviation | undefined {
  const code = cursor.uleb('an abbreviation code');
  if (code === 0) return undefined;
  const abbreviation = unit.abbreviations.get(code);
  if (!abbreviation) throw cursor.malformed(`there is no abbreviation ${code}`);
  return abbreviation;
}

/** Passes over `steps` steps of an entry's attributes and `bytes` bytes after them. O(bytes passed). */
export function skipAttributes(
  cursor: Cursor,
  abbreviation: Abbreviation,
  steps: number,
  bytes: number,
  unit: UnitView,
): void {
  for (let i = 0; i < steps; i++) {
    const step = abbreviation.steps[i]!;
    cursor.skip(step.bytes, 'an entry');
    skipForm(cursor, step.form, unit);
  }
  cursor.skip(bytes, 'an entry');
}
