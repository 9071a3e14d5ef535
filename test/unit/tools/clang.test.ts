import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { compileBpf, findClang, parseDependencies, parseIncludeFolders } from '../../../tools/clang';

const noClang = async (): Promise<string | false> =>
  (await findClang()).kind === 'missing' && 'no clang with a BPF target on this machine';

describe('findClang', () => {
  const unix = process.platform === 'win32' ? 'the stand-ins are shell scripts' : false;
  let root = '';
  before(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'ebpf-test-'));
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  /** A program that answers `--print-targets` and `--version`. */
  const standIn = (folder: string, name: string, targets: string): string => {
    const program = path.join(root, folder, name);
    mkdirSync(path.dirname(program), { recursive: true });
    writeFileSync(program, `#!/bin/sh\ncase "$1" in --print-targets) echo "${targets}";; *) echo "${name}";; esac\n`);
    chmodSync(program, 0o755);
    return program;
  };
  const withPath = async <T>(folders: string, run: () => Promise<T>): Promise<T> => {
    const before = process.env['PATH'];
    process.env['PATH'] = folders;
    try {
      return await run();
    } finally {
      process.env['PATH'] = before;
    }
  };

  it('takes numbered names newest first, and only programs with a BPF target', { skip: unix }, async () => {
    standIn('a', 'clang', '  x86-64 - 64-bit X86');
    standIn('a', 'clang-9', '  bpf - BPF (host endian)');
    const newest = standIn('b', 'clang-21', '  bpf - BPF (host endian)');
    standIn('b', 'clang-100x', '  bpf - BPF');
    const search = await withPath(`${path.join(root, 'a')}:${path.join(root, 'b')}`, () => findClang());
    assert.ok(search.kind === 'found');
    assert.deepEqual(search.clang, { path: newest, version: 'clang-21' });
  });

  it('does not look into relative PATH entries', { skip: unix }, async () => {
    standIn('planted', 'clang-99', '  bpf - BPF');
    const here = process.cwd();
    process.chdir(path.join(root, 'planted'));
    try {
      const search = await withPath('.:/bin', () => findClang('clang-99'));
      assert.equal(search.kind, 'missing');
    } finally {
      process.chdir(here);
    }
  });

  it('takes the chosen one alone, and says why not', { skip: unix }, async () => {
    const plain = standIn('c', 'my-clang', '  x86-64 - 64-bit X86');
    const search = await findClang(plain);
    assert.ok(search.kind === 'missing');
    assert.deepEqual(search.rejected, [{ path: plain, reason: 'has no BPF target' }]);
    assert.ok(search.remedy.includes('ebpf.clang.path'));
    const absent = await findClang('/nowhere/clang');
    assert.ok(absent.kind === 'missing');
    assert.deepEqual(absent.rejected, [{ path: '/nowhere/clang', reason: 'is not there' }]);
  });
});

describe('compileBpf', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ebpf test ü-'));
    writeFileSync(path.join(folder, 'a b.h'), '#define ANSWER 42\n');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const source = (text: string): string => {
    const file = path.join(folder, 'program.c');
    writeFileSync(file, text);
    return file;
  };
  /** Private folders that a compilation made; `mkdtemp` adds six characters. */
  const leftovers = (): number => readdirSync(os.tmpdir()).filter((name) => /^ebpf-\w{6}$/.test(name)).length;

  it('gives the object, the headers, and leaves nothing behind', async (t) => {
    const skip = await noClang();
    if (skip) return t.skip(skip);
    const before = leftovers();
    const file = source('#include "a b.h"\nint f(void) { return ANSWER; }\n');
    const result = await compileBpf({ source: file });
    assert.equal(result.outcome, 'compiled');
    assert.deepEqual([...result.object!.subarray(0, 4)], [0x7f, 0x45, 0x4c, 0x46]);
    // EM_BPF, at e_machine.
    assert.equal(result.object![18], 247);
    assert.deepEqual(result.headers, [path.join(folder, 'a b.h')]);
    assert.equal(leftovers(), before);
  });

  it('gives errors with UTF-16 columns', async (t) => {
    const skip = await noClang();
    if (skip) return t.skip(skip);
    const line = 'int f(void) { return /* ü😀 */ nope; }';
    const result = await compileBpf({ source: source(`${line}\n`) });
    assert.equal(result.outcome, 'failed');
    assert.equal(result.object, undefined);
    const [error] = result.diagnostics;
    assert.equal(error?.severity, 'error');
    assert.equal(error?.path, path.join(folder, 'program.c'));
    assert.equal(error?.column, line.indexOf('nope') + 1);
  });

  it('finds host headers for a BPF target', async (t) => {
    const skip = await noClang();
    if (skip) return t.skip(skip);
    const result = await compileBpf({ source: source('#include <stddef.h>\n#include <stdint.h>\nuint32_t x = 1;\n') });
    assert.deepEqual(result.diagnostics, []);
    assert.equal(result.outcome, 'compiled');
  });

  it('says what the driver said', async (t) => {
    const skip = await noClang();
    if (skip) return t.skip(skip);
    const result = await compileBpf({ source: source('int x;\n'), flags: ['-no-such-flag'] });
    assert.equal(result.outcome, 'failed');
    assert.match(result.diagnostics[0]?.message ?? '', /no-such-flag/);
  });

  it('stops when told', async (t) => {
    const skip = await noClang();
    if (skip) return t.skip(skip);
    const before = leftovers();
    const result = await compileBpf({ source: source('int x;\n'), signal: AbortSignal.abort() });
    assert.equal(result.outcome, 'cancelled');
    assert.equal(leftovers(), before);
  });
});

describe('parseIncludeFolders', () => {
  it('reads the angle-bracket list', () => {
    const text = [
      'ignoring nonexistent directory "/include"',
      '#include "..." search starts here:',
      ' /quoted',
      '#include <...> search starts here:',
      ' /usr/lib/clang/19/include',
      ' /System/Frameworks (framework directory)',
      ' C:\\Program Files\\x',
      'End of search list.',
      ' /after',
    ].join('\r\n');
    assert.deepEqual(parseIncludeFolders(text), ['/usr/lib/clang/19/include', 'C:\\Program Files\\x']);
    assert.deepEqual(parseIncludeFolders('nothing'), []);
  });
});

describe('parseDependencies', () => {
  it('reads escapes and joined lines', () => {
    assert.deepEqual(parseDependencies('/tmp/x.o: /s/a\\ b.c \\\n  c$$.h d\\#e.h \\\r\n C:\\x\\y.h\n'), [
      ...['/s/a b.c', 'c$.h', 'd#e.h', 'C:\\x\\y.h'],
    ]);
    assert.deepEqual(parseDependencies(''), []);
  });
});
