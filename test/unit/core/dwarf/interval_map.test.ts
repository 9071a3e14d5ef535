import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { IntervalMap } from '../../../../core/dwarf/interval_map';

describe('interval map', () => {
  it('answers with the last range that covers a byte', () => {
    const bound = fc.integer({ min: 0, max: 40 });
    const range = fc.record({ section: fc.integer({ min: 0, max: 1 }), start: bound, end: bound });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
        const map = new IntervalMap(ranges.map((range, value) => ({ range, value })));
        for (const section of [0, 1, 2]) {
          for (let offset = -1; offset <= 41; offset++) {
            const covers = (range: (typeof ranges)[number]) =>
              range.section === section && range.start <= offset && offset < range.end;
            const last = ranges.map(covers).lastIndexOf(true);
            assert.equal(map.at(section, offset), last < 0 ? undefined : last);
          }
        }
      }),
    );
  });
});
