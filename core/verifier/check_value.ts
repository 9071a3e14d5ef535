import { setUnknown } from './scalar';
import type { Machine } from './machine';
import { register } from './state';
import { CONSTANT, DEFINED, LOSS, Loss, NUMBER, SYMBOL, TAG, Tag } from './value';

/**
 * Checks that a register holds a value. One that does not is reported once and then counts as reported.
 * False when it failed.
 */
export function requireInitialised(m: Machine, index: number): boolean {
  const { w } = m;
  const at = register(index);
  if (w[at + TAG] !== Tag.UNINIT) return true;
  m.fail('uninitialised-register', () => registerDetail(m, index), at);
  setReportedValue(m, at);
  return false;
}

/**
 * From here on any use of the value is accepted silently: it was reported. Not so r10, which everything else depends on.
 * A state that holds such a value proves nothing by itself: the failure that made it must be among the findings.
 */
export function setReportedValue(m: Machine, at: number): void {
  const { w } = m;
  if (at === register(10)) return;
  w[at + TAG] = Tag.REPORTED;
  w[at + 1] = w[at + 2] = w[at + 3] = 0;
  w[at + SYMBOL] = m.symbols.fresh();
  w[at + CONSTANT] = 0;
  setUnknown(w, at + NUMBER);
  w[at + LOSS] = Loss.REPORTED;
}

function registerDetail(m: Machine, index: number): { value: string; known?: string } {
  const { w } = m;
  const at = register(index);
  const value = `r${index}`;
  switch (w[at + LOSS]) {
    case Loss.CALLED:
      return { value, known: 'calls clobber r1 to r5' };
    case Loss.MIXED:
      return { value, known: 'it has different kinds of values, or none, depending on the path taken' };
    case Loss.STACK:
      return { value, known: 'it was loaded from uninitialised stack' };
    default:
      return index <= 5 && w[at + DEFINED]! < 0 && index > 1
        ? { value, known: 'a program has one parameter, its context in r1' }
        : { value };
  }
}
