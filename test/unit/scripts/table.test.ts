import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

const tables = import('../../../scripts/table.mjs');

const good = { section: 'xdp', function: 'filter', type: 'xdp', verdict: 'proved', findings: [] };
const withoutSource = { code: 'null-dereference', class: 'NULL', message: 'r0 may be NULL', pc: 7 };
const source = { path: 'b.c', line: 42, column: 9, text: '    return *start;' };
const finding = { ...withoutSource, source };
const bad = { section: 'bind', function: 'track', type: 'bind', verdict: 'unproven', findings: [finding] };
const files = [
  { path: 'a.c', platform: 'linux', programs: [good] },
  { path: 'b.c', platform: 'windows', programs: [bad] },
];

describe('table of verdicts', () => {
  it('aligns its columns and puts findings under their program', async () => {
    const { table } = await tables;
    const text = table({ version: 1, files }, (file) => `examples/${file}`);
    assert.deepEqual(text.split('\n'), [
      'FILE          PROGRAM  SECTION  TYPE  VERDICT',
      'examples/a.c  filter   xdp      xdp   proved',
      'examples/b.c  track    bind     bind  unproven',
      '    examples/b.c:42: NULL: r0 may be NULL',
      '        return *start;',
      '',
      '2 programs in 2 files: 1 proved, 1 unproven',
    ]);
  });

  it('names the instruction where the source is not known', async () => {
    const { table } = await tables;
    const text = table(
      { version: 1, files: [{ ...files[1]!, programs: [{ ...bad, findings: [withoutSource] }] }] },
      String,
    );
    assert.match(text, /^ {4}instruction 7: NULL: r0 may be NULL$/m);
  });

  it('tells of files that could not be read', async () => {
    const { table } = await tables;
    const error = { code: 'not-elf', message: 'this is not an ELF file' };
    const text = table({ version: 1, files: [{ path: 'c.o', platform: 'linux', programs: [], error }] }, String);
    assert.match(text, /^c\.o: this is not an ELF file$/m);
    assert.match(text, /^0 programs in 1 file: 1 could not be read$/m);
  });

  it('colours only when asked, and without moving a column', async () => {
    const { table } = await tables;
    const plain = table({ version: 1, files }, String);
    const coloured = table({ version: 1, files }, String, { colour: true });
    assert.ok(!plain.includes('\u001b'));
    assert.ok(coloured.includes('\u001b[32mproved\u001b[0m'));
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    assert.equal(coloured.replace(escapes, ''), plain);
  });
});
