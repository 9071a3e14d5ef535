import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { buildElf, relEntries, slots } from '../core/elf/builder';
import { compiled, root } from '../core/object/compiled';

const folder = mkdtempSync(path.join(os.tmpdir(), 'ebpf-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function ebpf(...args: string[]) {
  return spawnSync(process.execPath, [path.join(root, 'out/cli/main.js'), ...args], { encoding: 'utf8', cwd: folder });
}

function file(name: string, bytes: Uint8Array | string): string {
  writeFileSync(path.join(folder, name), bytes);
  return name;
}

/** The verdict must not depend on the code: one instruction and exit. */
const good = {
  sections: [{ name: 'xdp', type: 1, flags: 6, data: slots([0xb7, 0, 0, 0, 2], [0x95, 0, 0, 0, 0]) }],
  symbols: [{ name: 'pass', section: 1, size: 16 }],
};

describe('garbage in', () => {
  const elf = buildElf(good);
  const call = slots([0x85, 0, 1, 0, -1], [0x95, 0, 0, 0, 0]);
  const lost = buildElf({
    sections: [
      { name: 'xdp', type: 1, flags: 6, data: call },
      { name: '.relxdp', type: 9, data: relEntries([[0, 1, 10]]), link: 3, info: 1 },
      { name: '.other', type: 1, flags: 2, data: new Uint8Array(8) },
    ],
    symbols: [
      { name: 'nowhere', section: 3, type: 1 },
      { name: 'pass', section: 1, size: 16 },
    ],
  });
  const inputs: readonly (readonly [string, string, Uint8Array | string, string])[] = [
    ['an empty file', 'empty.o', new Uint8Array(0), 'not-elf'],
    ['a text file', 'text.o', 'int main(void) { return 0; }\n', 'not-elf'],
    ['an x86-64 object', 'x86.o', buildElf({ ...good, machine: 62 }), 'not-bpf'],
    ['a truncated object', 'cut.o', elf.subarray(0, elf.length - 100), 'elf-truncated'],
    ['a cut header', 'header.o', elf.subarray(0, 20), 'elf-truncated'],
    ['a relocation to nowhere', 'lost.o', lost, 'relocation-target'],
    ['an object without programs', 'none.o', buildElf({ sections: [], symbols: [] }), 'no-programs'],
  ];
  for (const [what, name, bytes, code] of inputs) {
    it(`${what} is one typed line and exit 2 in every command`, () => {
      file(name, bytes);
      for (const command of [['check'], ['disasm'], ['native'], ['run', '--program', 'pass']]) {
        const { status, stdout, stderr } = ebpf(...command, name);
        assert.equal(status, 2, `${command[0]}: ${stdout}${stderr}`);
        const said = stdout + stderr;
        assert.doesNotMatch(said, /\n\s+at |node:internal|Error:/, said);
        if (code !== 'no-programs') assert.match(said, new RegExp(`error ${code}: `), command[0]);
        assert.equal(stderr.trimEnd().split('\n').length, 1);
      }
      const document = JSON.parse(ebpf('check', '--format', 'json', name).stdout) as {
        files: { error?: { code: string } }[];
      };
      assert.equal(document.files[0]?.error?.code, code);
    });
  }

  it('a path that is not there, a folder without programs, and wrong usage are exit 2', () => {
    for (const args of [
      ['check', 'absent.o'],
      ['check'],
      ['check', '--format', 'xml', 'x.o'],
      ['check', '--jobs', '0', 'x.o'],
      ['frobnicate'],
      ['check', '--nonsense'],
      [],
    ]) {
      const { status, stderr } = ebpf(...args);
      assert.equal(status, 2, args.join(' '));
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });
});

describe('check', () => {
  it('proves a program that only returns, exit 0', () => {
    const { status, stdout } = ebpf('check', file('good.o', buildElf(good)));
    assert.match(stdout, /proved\s+pass/);
    assert.equal(status, 0);
  });

  it('refuses a read of an uninitialised register, exit 1, also with several jobs', () => {
    const bad = buildElf({
      ...good,
      sections: [{ ...good.sections[0]!, data: slots([0xbf, 0, 3, 0, 0], [0x95, 0, 0, 0, 0]) }],
    });
    file('good.o', buildElf(good));
    const { status, stdout } = ebpf('check', file('bad.o', bad), 'good.o', '--jobs', '2', '--format', 'json');
    const document = JSON.parse(stdout) as {
      files: { path: string; programs: { verdict: string; findings: unknown[] }[] }[];
    };
    assert.deepEqual(
      document.files.map((f) => [f.path, f.programs[0]!.verdict]),
      [
        ['bad.o', 'unproven'],
        ['good.o', 'proved'],
      ],
    );
    assert.ok(document.files[0]!.programs[0]!.findings.length > 0);
    assert.equal(status, 1);
  });

  it('says which programs there are when the named one is not', () => {
    const { status, stdout } = ebpf('check', file('good.o', buildElf(good)), '--program', 'other');
    assert.equal(status, 2);
    assert.match(stdout, /no-such-program: .*pass/);
  });
});

describe('disasm', () => {
  const both = buildElf({
    sections: [
      { name: 'xdp', type: 1, flags: 6, data: slots([0xb7, 0, 0, 0, 2], [0x95, 0, 0, 0, 0]) },
      { name: 'socket', type: 1, flags: 6, data: slots([0xb7, 0, 0, 0, 0], [0x95, 0, 0, 0, 0]) },
    ],
    symbols: [
      { name: 'pass', section: 1, size: 16 },
      { name: 'drop', section: 2, size: 16 },
    ],
  });

  it('prints every program, or the named one', () => {
    file('both.o', both);
    const all = ebpf('disasm', 'both.o');
    assert.equal(all.status, 0, all.stderr);
    assert.match(all.stdout, /Program pass in section xdp:[^]*r0 = 0x2\n[^]*Program drop in section socket:/);
    const one = ebpf('disasm', 'both.o', '--program', 'drop');
    assert.equal(one.status, 0, one.stderr);
    assert.match(one.stdout, /<drop>:/);
    assert.doesNotMatch(one.stdout, /<pass>:/);
  });

  it('leaves source lines out when told to', async (t) => {
    const bytes = await compiled('test/fixtures/objects/shapes.c');
    if (typeof bytes === 'string') return t.skip(bytes);
    file('shapes.o', bytes);
    assert.match(ebpf('disasm', 'shapes.o').stdout, /shapes\.c:\d+/);
    const { status, stdout } = ebpf('disasm', 'shapes.o', '--no-source');
    assert.equal(status, 0);
    assert.doesNotMatch(stdout, /shapes\.c/);
    assert.match(stdout, /call 0x1\t; bpf_map_lookup_elem/);
  });
});
