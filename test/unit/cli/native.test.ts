import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { UsageError } from '../../../cli/io';
import { native } from '../../../cli/native';
import { lineMapOf } from '../../../core/native/line_map';
import { findClang } from '../../../tools/clang';
import { findCompiler } from '../../../tools/compiler';

const GOOD = `__attribute__((section("xdp"), used)) int pass(void *ctx) {
  return 2;
}
`;

/** Dereferences what a lookup may not have found, on line 8. */
const REFUSED = `typedef unsigned int u32;
struct { int (*type)[1]; u32 *key; u32 *value; int (*max_entries)[8]; } seen __attribute__((section(".maps"), used));
static void *(*lookup)(void *, const void *) = (void *)1;

__attribute__((section("xdp"), used)) int count(void *ctx) {
  u32 key = 1;
  u32 *value = lookup(&seen, &key);
  *value += 1;
  return 2;
}
`;

/** Runs the command and keeps what it printed. */
async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await native(argv, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

describe('ebpf native', () => {
  let folder: string;
  let clang: string | undefined;
  let cc: string | undefined;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ebpf-cli-native-'));
    const search = await findClang();
    if (search.kind === 'missing') clang = search.remedy;
    const compiler = await findCompiler('so');
    if (compiler.kind === 'missing') cc = compiler.remedy;
    await writeFile(path.join(folder, 'good.c'), GOOD);
    await writeFile(path.join(folder, 'refused.c'), REFUSED);
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const at = (...names: string[]): string => path.join(folder, ...names);

  it('refuses wrong words', async () => {
    for (const argv of [
      [],
      ['a.o', 'b.o'],
      ['a.o', '--image', 'sys'],
      ['a.o', '--image', 'exe'],
      ['a.o', '--wrapper', 'sys'],
      ['a.o', '--wrapper', 'x'],
      ['a.o', '--image', 'so', '--wrapper', 'dll'],
      ['a.o', '--sign', 'cert'],
      ['a.o', '--platform', 'beos'],
      ['a.o', '-o', ''],
      ['a.c', '-o', './a.c'],
      ['a.o', '--nonsense'],
    ]) {
      await assert.rejects(run(...argv), UsageError, argv.join(' '));
    }
    await assert.rejects(run('a.o', '--sign', 'x'), /not available in this version/);
    await assert.rejects(run('a.o', '--image', 'sys'), /not available in this version/);
  });

  it('says in one line why an input is no object', async () => {
    const inputs: readonly (readonly [string, string | Buffer])[] = [
      ['empty.o', ''],
      ['text.o', 'not an object\n'],
      ['short.o', Buffer.from('7f454c4602010100', 'hex')],
    ];
    for (const [name, bytes] of inputs) {
      await writeFile(at(name), bytes);
      const result = await run(at(name), '--image', 'so', '-o', at('x.so'));
      assert.equal(result.code, 2, name);
      assert.match(result.err, /^[^\n]+: error [a-z0-9-]+: [^\n]+\n$/);
      assert.equal(result.out, '');
    }
    assert.equal((await run(at('nothing.o'))).code, 2);
    await assert.rejects(readFile(at('x.so')));
  });

  it('writes the header for hosts', async () => {
    assert.match((await run('--header')).out, /^#ifndef EBPF_NATIVE_H/);
    assert.equal((await run('--header', '-o', at('include', 'ebpf_native.h'))).code, 0);
    assert.match(await readFile(at('include', 'ebpf_native.h'), 'utf8'), /program_entry_t/);
  });

  it('writes C for a program that is proved, to standard output or to a file', async (t) => {
    if (clang !== undefined) return t.skip(clang);
    const { code, out, err } = await run(at('good.c'));
    assert.equal(code, 0, err);
    assert.deepEqual(
      lineMapOf(out).functions[0]?.instructions.map(({ position }) => position?.line),
      [2, 2],
    );
    assert.equal((await run(at('good.c'), '-o', at('out', 'good.c'))).code, 0);
    assert.match(await readFile(at('out', 'good.c'), 'utf8'), /^EBPF_EXPORT metadata_table_t good_metadata_table/m);
    assert.deepEqual(await readdir(at('out')), ['good.c']);
  });

  it('builds an image, alone or beside its C', async (t) => {
    const missing = clang ?? cc;
    if (missing !== undefined) return t.skip(missing);
    const one = await run(at('good.c'), '--image', 'so', '-o', at('image', 'good.so'));
    assert.equal(one.code, 0, one.err);
    assert.match(one.out, /good\.so: built with /);
    assert.deepEqual(await readdir(at('image')), ['good.so']);
    assert.equal((await readFile(at('image', 'good.so'))).subarray(0, 4).toString('latin1'), '\x7fELF');
    assert.equal((await run(at('good.c'), '--image', 'so', '--debug', '-o', at('both', 'good.c'))).code, 0);
    assert.deepEqual((await readdir(at('both'))).sort(), ['good.c', 'good.so']);
    await rm(at('good.so'), { force: true });
    assert.equal((await run(at('good.c'), '--image', 'so')).code, 0);
    assert.equal((await readFile(at('good.so'))).subarray(1, 4).toString('latin1'), 'ELF');
  });

  it('writes nothing when a program is refused, and prints where as MSBuild does', async (t) => {
    if (clang !== undefined) return t.skip(clang);
    await mkdir(at('nothing'));
    for (const extra of [[], ['--image', 'so']]) {
      const { code, out, err } = await run(at('refused.c'), '-o', at('nothing', 'refused.c'), ...extra);
      assert.equal(code, 1);
      assert.equal(out, '');
      const first = err.split('\n')[0]!;
      const match = /^(.+)\((\d+),(\d+)\): error ([a-z0-9-]+): \S.*$/.exec(first);
      assert.ok(match, first);
      assert.equal(match[1], at('refused.c'));
      assert.equal(match[2], '8');
    }
    assert.deepEqual(await readdir(at('nothing')), []);
  });

  it('says what is missing when there is no compiler, and leaves an old image alone', async (t) => {
    if (clang !== undefined) return t.skip(clang);
    await writeFile(at('old.so'), 'old');
    const { code, err } = await run(at('good.c'), '--image', 'so', '-o', at('old.so'), '--compiler', at('no-such-cc'));
    assert.equal(code, 2);
    assert.match(err, /error no-compiler: .*no-such-cc is no C compiler\. \S/);
    assert.equal(await readFile(at('old.so'), 'utf8'), 'old');
  });

  it('stops with its compiler when it is interrupted, and writes nothing', async (t) => {
    if (clang !== undefined) return t.skip(clang);
    if (process.platform === 'win32') return t.skip('a shell script stands in for the compiler');
    const began = at('began');
    const script = `#!/bin/sh\n[ "$1" = --version ] && echo slow && exit 0\necho x > '${began}'\nexec sleep 30\n`;
    await writeFile(at('slow-cc'), script, { mode: 0o755 });
    const controller = new AbortController();
    let err = '';
    const running = native(
      [at('good.c'), '--image', 'so', '-o', at('interrupted', 'good.c'), '--compiler', at('slow-cc')],
      { out: () => undefined, err: (text) => (err += text) },
      controller.signal,
    );
    while ((await readFile(began, 'utf8').catch(() => '')) === '')
      await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    assert.equal(await running, 130);
    assert.match(err, /interrupted; nothing was written/);
    await assert.rejects(readdir(at('interrupted')));
  });
});
