import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { byteToUtf16Column, parseDiagnostics } from '../../../tools/diagnostic';

describe('parseDiagnostics', () => {
  it('reads clang: place, severity, option, notes', () => {
    const text = [
      "/src/a.c:4:5: error: conflicting types for 'f'",
      '/src/a.c:3:5: note: previous definition is here',
      "/src/a.c:9:2: warning: unused variable 'x' [-Wunused-variable]",
      '1 warning and 1 error generated.',
    ].join('\n');
    assert.deepEqual(parseDiagnostics(text), [
      {
        path: '/src/a.c',
        line: 4,
        column: 5,
        severity: 'error',
        message: "conflicting types for 'f'",
        notes: [{ path: '/src/a.c', line: 3, column: 5, message: 'previous definition is here' }],
      },
      {
        path: '/src/a.c',
        line: 9,
        column: 2,
        severity: 'warning',
        message: "unused variable 'x'",
        option: '-Wunused-variable',
        notes: [],
      },
    ]);
  });

  it('takes the range that covers the caret, and none that does not', () => {
    const [covered] = parseDiagnostics('a.c:4:47:{4:47-4:52}{4:60-4:61}: error: no');
    assert.equal(covered?.endColumn, 52);
    const [elsewhere] = parseDiagnostics('a.c:4:31:{4:35-4:36}: error: no');
    assert.equal(elsewhere?.endColumn, undefined);
    assert.equal(elsewhere?.column, 31);
  });

  it("gives clang's include chain innermost first", () => {
    const text = "In file included from /a.c:1:\nIn file included from /b.h:2:\n/c.h:1:19: error: expected ';'";
    const [one] = parseDiagnostics(text);
    assert.deepEqual(
      one?.notes.map((note) => note.path),
      ['/b.h', '/a.c'],
    );
  });

  it("gives gcc's include chain innermost first", () => {
    const text = "In file included from b.h:2,\n                 from a.c:1:\nc.h:1:19: error: expected ';'\n";
    const [one] = parseDiagnostics(text);
    assert.deepEqual(
      one?.notes.map((note) => `${note.path}:${note.line}`),
      ['b.h:2', 'a.c:1'],
    );
  });

  it('reads messages without a place, with Windows paths, with carriage returns', () => {
    const text =
      "clang-19: error: unknown argument: '-nosuch'\r\nC:\\x\\a.c:3:4: fatal error: 'q.h' file not found\r\n";
    assert.deepEqual(
      parseDiagnostics(text).map(({ path, line, message }) => [path, line, message]),
      [
        ['', 0, "unknown argument: '-nosuch'"],
        ['C:\\x\\a.c', 3, "'q.h' file not found"],
      ],
    );
  });

  it('knows no place for `<unknown>`', () => {
    const [one] = parseDiagnostics('<unknown>:0:0: error: in function f: too many arguments');
    assert.equal(one?.path, '');
    assert.equal(one?.line, 0);
  });

  it('turns byte columns into UTF-16 columns where it knows the line', () => {
    const sourceLine = (): string => 'int é😀 = nope;';
    const [one] = parseDiagnostics('a.c:1:14: error: use', { sourceLine });
    assert.equal(one?.column, 'int é😀 = '.length + 1);
  });

  it('keeps no more than the limit', () => {
    const text = 'a.c:1:1: error: x\n'.repeat(50);
    assert.equal(parseDiagnostics(text, { limit: 7 }).length, 7);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.ok(Array.isArray(parseDiagnostics(text)));
      }),
    );
    assert.deepEqual(parseDiagnostics(`${'a'.repeat(1 << 20)}:1:1: error: x`), []);
  });
});

describe('byteToUtf16Column', () => {
  it('agrees with counting the encoded prefix', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, at) => {
        const units = Math.min(at, text.length);
        const inside = /[\ud800-\udbff]$/.test(text.slice(0, units));
        fc.pre(!inside);
        const bytes = Buffer.byteLength(text.slice(0, units));
        assert.equal(byteToUtf16Column(text, bytes + 1), units + 1);
      }),
    );
  });

  it('moves along past the end', () => {
    assert.equal(byteToUtf16Column('é', 5), 4);
  });
});
