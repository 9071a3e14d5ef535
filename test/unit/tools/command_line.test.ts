import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { quoteForLog, splitPosix, splitWindows } from '../../../tools/command_line';

describe('splitPosix', () => {
  it('follows the quoting rules of POSIX shells', () => {
    assert.deepEqual(splitPosix(`clang -D'A="b c"' "-DX=\\"y\\"" a\\ b.c ''`), [
      'clang',
      '-DA="b c"',
      '-DX="y"',
      'a b.c',
      '',
    ]);
  });

  it('expands nothing', () => {
    assert.deepEqual(splitPosix('a $HOME `id` *.c; rm -rf / && b'), [
      ...['a', '$HOME', '`id`', '*.c;', 'rm', '-rf', '/', '&&', 'b'],
    ]);
  });

  it('undoes quoting', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        assert.deepEqual(splitPosix(quoteForLog(words)), words);
      }),
    );
  });
});

describe('splitWindows', () => {
  it("follows the rules of Microsoft's C run time", () => {
    // The examples of "Parsing C command-line arguments".
    assert.deepEqual(splitWindows('"a b c" d e'), ['a b c', 'd', 'e']);
    assert.deepEqual(splitWindows('"ab\\"c" "\\\\" d'), ['ab"c', '\\', 'd']);
    assert.deepEqual(splitWindows('a\\\\\\b d"e f"g h'), ['a\\\\\\b', 'de fg', 'h']);
    assert.deepEqual(splitWindows('a\\\\\\"b c d'), ['a\\"b', 'c', 'd']);
    assert.deepEqual(splitWindows('a\\\\\\\\"b c" d e'), ['a\\\\b c', 'd', 'e']);
    assert.deepEqual(splitWindows('"a""b" c'), ['a"b', 'c']);
  });

  it('keeps paths with backslashes', () => {
    assert.deepEqual(splitWindows('C:\\llvm\\clang.exe -IC:\\x\\y a.c'), ['C:\\llvm\\clang.exe', '-IC:\\x\\y', 'a.c']);
  });
});
