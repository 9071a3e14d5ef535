import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../../core/input/error';
import { targetsBpf } from '../../../tools/clang_flags';
import {
  buildsBpf,
  CompileCommands,
  findCommand,
  flagsOf,
  largestDatabase,
  parseCompileCommands,
  type CompileCommand,
} from '../../../tools/compile_commands';

const failsWith = (code: string) => (error: unknown) => error instanceof InputError && error.code === code;

function entry(words: readonly string[], file = '/src/a.bpf.c'): CompileCommand {
  const json = JSON.stringify([{ directory: '/src', file, arguments: words }]);
  const [one] = parseCompileCommands(json, '/src', false);
  assert.ok(one);
  return one;
}

describe('parseCompileCommands', () => {
  it('reads arguments, and command strings by the rules of the machine that wrote them', () => {
    const json = JSON.stringify([
      { directory: 'build', file: '../a.c', arguments: ['clang', '-c', '../a.c'] },
      { directory: '/x', file: 'b.c', command: "clang -D'A=1 2' -c b.c" },
    ]);
    assert.deepEqual(parseCompileCommands(json, '/src', false), [
      { directory: '/src/build', file: '/src/a.c', compiler: 'clang', arguments: ['-c', '../a.c'] },
      { directory: '/x', file: '/x/b.c', compiler: 'clang', arguments: ['-DA=1 2', '-c', 'b.c'] },
    ]);
    const windows = JSON.stringify([{ directory: '/x', file: 'b.c', command: 'C:\\clang.exe -IC:\\y b.c' }]);
    assert.deepEqual(parseCompileCommands(windows, '/x', true)[0]?.arguments, ['-IC:\\y', 'b.c']);
  });

  it('refuses what is no database, with a code', () => {
    assert.throws(() => parseCompileCommands('{', '/', false), failsWith('compile-commands-not-json'));
    assert.throws(() => parseCompileCommands('['.repeat(1 << 20), '/', false), failsWith('compile-commands-not-json'));
    assert.throws(() => parseCompileCommands('{"a":1}', '/', false), failsWith('compile-commands-not-array'));
  });

  it('skips entries of a wrong shape and keeps the others', () => {
    const json = JSON.stringify([
      ...[null, 7, 'x', [], {}, { file: 'a.c' }, { file: 3, command: 'cc a.c' }, { file: '', command: 'cc' }],
      ...[
        { file: 'a.c', arguments: [1] },
        { file: 'a.c', arguments: [] },
        { file: 'a\0.c', command: 'cc a.c' },
      ],
      { directory: 5, file: 'a.c', command: 'cc a.c' },
      { directory: '/x', file: 'good.c', command: 'cc good.c' },
    ]);
    assert.deepEqual(
      parseCompileCommands(json, '/', false).map((one) => one.file),
      ['/x/good.c'],
    );
  });

  it('gives entries or an InputError, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        try {
          assert.ok(Array.isArray(parseCompileCommands(json, '/', false)));
        } catch (error) {
          assert.ok(error instanceof InputError);
        }
      }),
    );
  });
});

describe('findCommand', () => {
  it('prefers the command that builds for BPF', () => {
    const json = JSON.stringify([
      { directory: '/s', file: 'a.c', arguments: ['gcc', '-c', 'a.c'] },
      { directory: '/s', file: 'a.c', arguments: ['clang', '--target=bpf', '-c', 'a.c'] },
    ]);
    const found = findCommand(parseCompileCommands(json, '/', false), '/s/a.c');
    assert.ok(found && buildsBpf(found));
  });
});

describe('targetsBpf', () => {
  it('reads the target of clang and the name of gcc', () => {
    assert.equal(targetsBpf('clang', ['-target', 'bpf']), true);
    assert.equal(targetsBpf('/usr/bin/clang-19', ['--target=bpfel', '-c']), true);
    assert.equal(targetsBpf('/opt/bin/bpf-unknown-none-gcc', ['-c']), true);
    assert.equal(targetsBpf('clang', ['-target', 'x86_64-linux-gnu']), false);
    assert.equal(targetsBpf('clang', ['-DBPF', '-c']), false);
    // The last one wins, as in clang.
    assert.equal(targetsBpf('clang', ['-target', 'bpf', '-target', 'arm']), false);
  });
});

describe('flagsOf', () => {
  it('takes what changes how the source is read, joined, and leaves out source, output and target', () => {
    const words = [
      ...['clang', '-g', '-O2', '-target', 'bpf', '-D', 'A=1', '-I', 'include', '-isystem', '/s', '-include', 'x.h'],
      ...[
        '-mcpu=v3',
        '-Wall',
        '-std=gnu11',
        '-fno-jump-tables',
        '-mllvm',
        '-bpf-stack-size=1024',
        '-c',
        'a.bpf.c',
        '-o',
        'a.o',
      ],
    ];
    const taken = flagsOf(entry(words));
    assert.deepEqual(taken.flags, [
      ...['-g', '-O2', '-DA=1', '-Iinclude', '-isystem/s', '-includex.h'],
      ...['-mcpu=v3', '-Wall', '-std=gnu11', '-fno-jump-tables', '-mllvm', '-bpf-stack-size=1024'],
    ]);
    assert.deepEqual(taken.dropped, []);
  });

  it('takes nothing that loads code, starts a program or writes a file', () => {
    const dangerous = [
      ...['-fplugin=/tmp/evil.so', '-fpass-plugin=/tmp/evil.so', '-fplugin-arg-x-y', '-B/tmp', '-B', '/tmp'],
      ...['-Xclang', '-load', '-Xclang', '/tmp/evil.so', '-load', '/tmp/evil.so', '-mllvm', '-load=/tmp/evil.so'],
      ...[
        '@/tmp/flags',
        '-D',
        '@/tmp/flags',
        '--config=/tmp/c',
        '--config',
        '/tmp/c',
        '-specs=/tmp/s',
        '-wrapper',
        'sh',
      ],
      ...[
        '-o',
        '/etc/passwd',
        '-o/etc/passwd',
        '-MD',
        '-MF',
        '/etc/x',
        '-MF/etc/x',
        '-MMD',
        '-save-temps=obj',
        '-S',
        '-E',
      ],
      ...['-Wp,-MD,/etc/x', '-Wa,-x', '-Wl,-x', '-fno-integrated-as', '-fuse-ld=/tmp/ld', '-emit-llvm', '-cc1', '-###'],
      ...[
        '-ftime-trace=/etc/x',
        '-fcrash-diagnostics-dir=/etc',
        '-include',
        '-pch',
        '-include-pch',
        '/tmp/x',
        '-x',
        'ir',
      ],
      ...[
        '-serialize-diagnostics',
        '/etc/x',
        '-ivfsoverlay',
        '/x',
        '-working-directory=/x',
        '-isystem',
        '',
        'other.c',
        '-',
      ],
    ];
    const taken = flagsOf(entry(['clang', '-target', 'bpf', ...dangerous]));
    const paths = taken.flags.filter((flag) => !/^-[ID]/.test(flag));
    assert.deepEqual(paths, []);
    assert.ok(!taken.flags.some((flag) => flag.startsWith('@')));
    // `-D @file` is no response file once it is joined.
    assert.deepEqual(taken.flags, ['-D@/tmp/flags']);
  });

  it('passes on no word that could be an option of another family', () => {
    const word = fc.oneof(
      fc.constantFrom(
        '-D',
        '-I',
        '-include',
        '-isystem',
        '-o',
        '-mllvm',
        '-Xclang',
        '-load',
        '-fplugin=x',
        '@x',
        '-B',
        '--',
      ),
      fc.string(),
    );
    const family =
      /^(?:-isystem|-iquote|-idirafter|-include|-imacros|-isysroot|-[IDU])[^-]|^-[OgWwsfm]|^-(?:std=|ansi|pedantic|undef|no)|^--sysroot=/;
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const taken = flagsOf(entry(['clang', '-target', 'bpf', ...words]));
        for (const flag of taken.flags) {
          assert.match(flag, family);
          assert.doesNotMatch(flag, /^-f(?:pass-)?plugin|^-W[alp],|^-fno-integrated-as|^-include-/);
        }
      }),
    );
  });

  it('takes macros and include paths alone from a command for another machine', () => {
    const taken = flagsOf(entry(['gcc', '-O0', '-march=native', '-DA', '-Ix', '-c', 'a.bpf.c']));
    assert.deepEqual(taken.flags, ['-DA', '-Ix']);
  });
});

describe('CompileCommands', () => {
  let root = '';
  before(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'ebpf-test-'));
    mkdirSync(path.join(root, 'project', 'src'), { recursive: true });
    mkdirSync(path.join(root, 'project', 'build'));
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const write = (file: string, macro: string): void => {
    const source = path.join(root, 'project', 'src', 'a.c');
    writeFileSync(file, JSON.stringify([{ directory: root, file: source, arguments: ['clang', `-D${macro}`] }]));
  };

  it('looks upwards and in build folders, never above the root, and notices changes', async () => {
    const project = path.join(root, 'project');
    const source = path.join(project, 'src', 'a.c');
    const commands = new CompileCommands();
    assert.equal(await commands.find(source, project), undefined);

    write(path.join(root, 'compile_commands.json'), 'ABOVE');
    assert.equal(await commands.find(source, project), undefined);

    const inBuild = path.join(project, 'build', 'compile_commands.json');
    write(inBuild, 'ONE');
    assert.deepEqual((await commands.find(source, project))?.arguments, ['-DONE']);

    write(inBuild, 'TWO');
    utimesSync(inBuild, new Date(), new Date(Date.now() + 5000));
    assert.deepEqual((await commands.find(source, project))?.arguments, ['-DTWO']);

    write(path.join(project, 'src', 'compile_commands.json'), 'NEAR');
    assert.deepEqual((await commands.find(source, project))?.arguments, ['-DNEAR']);
  });

  it('refuses one that is too large without reading it', async () => {
    const folder = path.join(root, 'large');
    mkdirSync(folder);
    const database = path.join(folder, 'compile_commands.json');
    writeFileSync(database, '');
    truncateSync(database, largestDatabase + 1);
    await assert.rejects(
      new CompileCommands().find(path.join(folder, 'a.c'), folder),
      failsWith('compile-commands-too-large'),
    );
  });
});
