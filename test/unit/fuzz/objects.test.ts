import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzzObjects } from '../../fuzz/object_fuzz';
import { randomFrom } from '../../fuzz/random';
import { compiled } from '../core/object/compiled';

const SOURCES = [
  'test/fixtures/objects/shapes.c',
  'examples/linux/xdp_filter.bpf.c',
  'examples/windows/conn_tracker.c',
];
const COUNT = 5000;

describe('damaged objects', () => {
  it(`${COUNT} of them are read or refused with a typed error of one line, none slowly`, async (t) => {
    const corpus: Uint8Array[] = [];
    for (const source of SOURCES) {
      const bytes = await compiled(source);
      if (typeof bytes === 'string') return t.skip(bytes);
      corpus.push(bytes);
    }
    const { accepted, refused } = fuzzObjects(corpus, COUNT, randomFrom(5));
    // Neither all damage nor none may go unnoticed: else nothing was tested.
    assert.ok(accepted > COUNT / 20 && refused.size >= 5, `${accepted} read; ${[...refused.keys()].join(', ')}`);
  });
});
