import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathMatcher } from '../../../debug-adapter/paths';

describe('paths of breakpoints and paths of compilers', () => {
  for (const [wanted, written, expected] of [
    ['/w/a.c', ['/w/a.c', '/v/a.c'], ['/w/a.c']],
    ['/w/src/../a.c', ['/w/a.c', '/v/a.c'], ['/w/a.c']],
    ['/w/a.c', ['/w/./a.c', 'a.c'], ['/w/./a.c']],
    ['/w/src/a.c', ['src/a.c', 'other/a.c'], ['src/a.c']],
    ['/w/src/a.c', ['../src/a.c'], ['../src/a.c']],
    ['/w/src/a.c', ['./a.c'], ['./a.c']],
    ['/home/me/w/a.c', ['/build/w/a.c', '/build/v/a.c'], ['/build/w/a.c']],
    ['/home/me/w/a.c', ['/build/w/a.c', '/other/w/a.c'], []],
    ['/home/me/w/a.c', ['/build/v/a.c'], []],
    ['/w/a.c', ['/w/ba.c', 'b.c'], []],
    ['C:\\w\\a.c', ['c:/w/A.c'], ['c:/w/A.c']],
    ['', ['/w/a.c'], []],
  ] as const) {
    it(`${wanted} among ${written.join(', ')}`, () => {
      assert.deepEqual(written.filter(pathMatcher(wanted, written)), expected);
    });
  }
});
