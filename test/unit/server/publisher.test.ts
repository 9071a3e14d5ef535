import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Diagnostic } from 'vscode-languageserver';
import { Publisher } from '../../../server/publisher';

const at = (line: number, message: string): Diagnostic => ({
  range: { start: { line, character: 0 }, end: { line, character: 1 } },
  message,
});

describe('Publisher', () => {
  it('clears what a unit found before, and only that', () => {
    const shown = new Map<string, Diagnostic['message'][]>();
    const publisher = new Publisher((uri, diagnostics) =>
      shown.set(
        uri,
        diagnostics.map((one) => one.message),
      ),
    );
    publisher.replace(
      'a.c',
      new Map([
        ['a.c', [at(1, 'x')]],
        ['h.h', [at(2, 'h')]],
      ]),
    );
    publisher.replace('b.c', new Map([['h.h', [at(2, 'h'), at(3, 'b')]]]));
    // The same finding through two units is one diagnostic.
    assert.deepEqual(shown.get('h.h'), ['h', 'b']);

    publisher.replace('a.c', new Map());
    assert.deepEqual(shown.get('a.c'), []);
    assert.deepEqual(shown.get('h.h'), ['h', 'b']);

    publisher.remove('b.c');
    assert.deepEqual(shown.get('h.h'), []);
  });

  it('says nothing about units it never heard of', () => {
    const publisher = new Publisher(() => assert.fail('nothing to publish'));
    publisher.remove('a.c');
    assert.deepEqual(publisher.of('a.c'), []);
  });
});
