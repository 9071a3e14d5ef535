import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { Machine } from '../../../scripts/machine.mjs' with { 'resolution-mode': 'import' };

const machines = import('../../../scripts/machine.mjs');
const needing = import('../../../scripts/needs.mjs');
const settingUp = import('../../../scripts/setup.mjs');

const parent = mkdtempSync(path.join(tmpdir(), 'ebpf-setup-'));
after(() => rmSync(parent, { recursive: true, force: true }));
let made = 0;

/** A folder of programs that each print one text and end well, or fail when the text is missing. */
function programs(texts: Record<string, string | undefined>): string {
  const folder = path.join(parent, String(made++));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(texts)) {
    const file = path.join(folder, name);
    writeFileSync(file, text === undefined ? '#!/bin/sh\nexit 1\n' : `#!/bin/sh\nprintf '%s\\n' '${text}'\n`);
    chmodSync(file, 0o755);
  }
  return folder;
}

function machine(folders: readonly string[], rest: Partial<Machine> = {}): Machine {
  const env = { PATH: folders.join(':') };
  return {
    platform: 'linux',
    arch: 'x64',
    isRoot: true,
    env,
    osRelease: 'ID=debian\n',
    folders: [],
    includes: [],
    ...rest,
  };
}

const withBpf = '  Registered Targets:\n    bpf        - BPF (host endian)\n    x86-64     - 64-bit X86';
const withoutBpf = '  Registered Targets:\n    x86-64     - 64-bit X86';
const skip = process.platform === 'win32' ? 'the made-up programs are shell scripts' : false;

describe('set-up: a clang', { skip }, () => {
  it('is plain clang when that can write BPF', async () => {
    const { findClang } = await machines;
    const folder = programs({ clang: withBpf, 'clang-19': withBpf });
    assert.equal(findClang(machine([folder])), path.join(folder, 'clang'));
  });

  it('is the highest version by number otherwise, in whichever folder', async () => {
    const { findClang } = await machines;
    const first = programs({ clang: withoutBpf, 'clang-9': withBpf });
    const second = programs({ 'clang-19': withBpf, 'clang-21': withoutBpf, 'clang-format-22': withBpf });
    assert.equal(findClang(machine([first, second])), path.join(second, 'clang-19'));
  });

  it('is found where installers put it besides PATH', async () => {
    const { findClang } = await machines;
    const folder = programs({ clang: withBpf });
    assert.equal(findClang(machine([], { folders: [folder] })), path.join(folder, 'clang'));
  });

  it('is none when none can write BPF, fails, or is not executable', async () => {
    const { findClang } = await machines;
    const folder = programs({ clang: undefined, 'clang-14': withoutBpf });
    writeFileSync(path.join(folder, 'clang-15'), '#!/bin/sh\n', { mode: 0o644 });
    assert.equal(findClang(machine([folder, path.join(folder, 'nowhere')])), undefined);
  });
});

describe('set-up: a browser', { skip }, () => {
  it('passes over a script that only names the snap', async () => {
    const { findChromium } = await machines;
    const folder = programs({ 'chromium-browser': undefined, 'google-chrome': 'Google Chrome 156.0.1' });
    assert.equal(findChromium(machine([folder])), path.join(folder, 'google-chrome'));
  });

  it('is the one that CHROMIUM names, and no other', async () => {
    const { findChromium } = await machines;
    const folder = programs({ chromium: 'Chromium 156.0.1', mine: undefined });
    const env = { PATH: folder, CHROMIUM: path.join(folder, 'mine') };
    assert.equal(findChromium(machine([], { env })), undefined);
  });
});

describe('set-up: desktop VS Code', { skip }, () => {
  it('needs a display and a user other than root on Linux', async () => {
    const { findDesktopCode } = await machines;
    const folder = programs({ code: '1.139.1' });
    const env = { PATH: folder, DISPLAY: ':0' };
    assert.equal(findDesktopCode(machine([folder], { isRoot: false })), undefined);
    assert.equal(findDesktopCode(machine([], { isRoot: true, env })), undefined);
    assert.equal(findDesktopCode(machine([], { isRoot: false, env })), path.join(folder, 'code'));
  });
});

describe('set-up: what is missing', { skip }, () => {
  it('is nothing on a machine that has everything', async () => {
    const { missing } = await needing;
    const folder = programs({
      clang: withBpf,
      chromium: 'Chromium 156.0.1',
      bpftool: 'v7',
      cc: '',
      'llvm-dwarfdump-19': '',
    });
    const include = path.join(parent, 'include');
    mkdirSync(path.join(include, 'bpf'), { recursive: true });
    writeFileSync(path.join(include, 'bpf', 'bpf_helpers.h'), '');
    assert.deepEqual(missing(machine([folder], { includes: [include] }), 'test'), []);
  });

  it('depends on the purpose', async () => {
    const { missing } = await needing;
    const names = (purpose: 'check' | 'show' | 'test'): string[] =>
      missing(machine([]), purpose).map(({ what }) => what);
    assert.deepEqual(names('check'), ['clang with the BPF target', "libbpf's headers"]);
    assert.deepEqual(names('show'), [...names('check'), 'chromium']);
    assert.deepEqual(names('test'), [...names('show'), 'bpftool', 'a C compiler', "LLVM 19's tools"]);
  });

  it('leaves out what has no use on other systems', async () => {
    const { missing } = await needing;
    const names = missing(machine([], { platform: 'darwin', osRelease: '' }), 'test').map(({ what }) => what);
    assert.deepEqual(names, ['clang with the BPF target']);
  });
});

describe('set-up: the command that installs what is missing', () => {
  const cases: [string, Partial<Machine>, string | undefined][] = [
    [
      'Debian',
      { osRelease: 'NAME="Debian"\nID=debian\n' },
      'sudo apt-get install clang libbpf-dev chromium fonts-dejavu-core',
    ],
    [
      'Ubuntu, whose chromium is a snap',
      { osRelease: 'ID=ubuntu\nID_LIKE=debian\n' },
      'sudo apt-get install clang libbpf-dev && npx playwright-core install --with-deps chromium',
    ],
    [
      'a relative of Debian',
      { osRelease: 'ID=linuxmint\nID_LIKE="ubuntu debian"\n' },
      'sudo apt-get install clang libbpf-dev chromium fonts-dejavu-core',
    ],
    ['Fedora', { osRelease: 'ID=fedora\n' }, 'sudo dnf install clang libbpf-devel chromium'],
    [
      'a relative of RHEL',
      { osRelease: 'ID="rocky"\nID_LIKE="rhel centos fedora"\n' },
      'sudo dnf install clang libbpf-devel chromium',
    ],
    ['Arch', { osRelease: 'ID=arch\n' }, 'sudo pacman -S clang libbpf chromium'],
    [
      'openSUSE',
      { osRelease: 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n' },
      'sudo zypper install clang libbpf-devel chromium',
    ],
    ['macOS', { platform: 'darwin', osRelease: '' }, 'brew install llvm'],
    ['Windows', { platform: 'win32', osRelease: '' }, 'winget install LLVM.LLVM'],
    ['a Linux that says nothing of itself', { osRelease: '' }, undefined],
    ['another system', { platform: 'freebsd', osRelease: '' }, undefined],
  ];
  for (const [name, rest, expected] of cases) {
    it(`on ${name}`, async () => {
      const { installCommand, missing } = await needing;
      const bare = machine([], rest);
      assert.equal(installCommand(bare, missing(bare, 'show')), expected);
    });
  }

  it('stands below one line for each thing', async () => {
    const { advice, missing } = await needing;
    const bare = machine([], { platform: 'darwin', osRelease: '' });
    assert.deepEqual(advice(bare, missing(bare, 'check')), [
      'clang with the BPF target is missing; it is needed to compile BPF programs written in C.',
      'Install with:  brew install llvm',
    ]);
    assert.deepEqual(advice(bare, []), []);
  });
});

describe('set-up: installing on Debian', { skip }, () => {
  const path0 = process.env.PATH;
  after(() => {
    process.env.PATH = path0;
  });

  /** A PATH with an apt-get that writes down how it was called, and brings chromium unless it is to refuse a package. */
  function withApt(refused = 'nothing'): { folder: string; calls: () => string[] } {
    const folder = programs({ clang: withBpf });
    const log = path.join(folder, 'calls');
    const body = [
      '#!/bin/sh',
      `echo "$@" >> '${log}'`,
      `case "$*" in *${refused}*) echo "no ${refused} here" >&2; exit 100;; esac`,
      `case "$*" in *chromium*) printf '#!/bin/sh\\necho Chromium 156.0\\n' > '${folder}/chromium'; chmod +x '${folder}/chromium';; esac`,
    ];
    writeFileSync(path.join(folder, 'apt-get'), body.join('\n'), { mode: 0o755 });
    process.env.PATH = `${folder}:/bin:/usr/bin`;
    const options = / -q -o DPkg::Lock::Timeout=300| -y --no-install-recommends/g;
    return { folder, calls: () => readFileSync(log, 'utf8').replace(options, '').trim().split('\n') };
  }

  const include = path.join(parent, 'headers');
  mkdirSync(path.join(include, 'bpf'), { recursive: true });
  writeFileSync(path.join(include, 'bpf', 'bpf_helpers.h'), '');

  it('asks apt-get for what is missing, and only for that', async () => {
    const { installMissing } = await settingUp;
    const { folder, calls } = withApt();
    const lines: string[] = [];
    const bare = machine([folder], { includes: [include] });
    assert.deepEqual(await installMissing(bare, 'show', (line) => lines.push(line)), []);
    assert.deepEqual(calls(), ['update', 'install chromium fonts-dejavu-core']);
    assert.deepEqual(lines, ['installing chromium fonts-dejavu-core (apt-get)']);
    assert.deepEqual(await installMissing(bare, 'show', (line) => lines.push(line)), []);
    assert.equal(lines.length, 1);
  });

  it('installs one by one when a package is unknown, and says what is still missing', async () => {
    const { installMissing } = await settingUp;
    const { folder, calls } = withApt('libbpf-dev');
    const lines: string[] = [];
    const lacking = await installMissing(machine([folder]), 'show', (line) => lines.push(line));
    assert.deepEqual(
      lacking.map(({ what }) => what),
      ["libbpf's headers"],
    );
    assert.deepEqual(calls(), [
      'update',
      'install libbpf-dev chromium fonts-dejavu-core',
      'install libbpf-dev',
      'install chromium',
      'install fonts-dejavu-core',
    ]);
    assert.ok(lines.includes('apt-get install libbpf-dev failed: no libbpf-dev here'));
    assert.equal(lines.at(-1), 'Install with:  sudo apt-get install libbpf-dev');
  });

  it('only says what to do to people who are not root', async () => {
    const { installMissing } = await settingUp;
    const { folder, calls } = withApt();
    const lines: string[] = [];
    const lacking = await installMissing(machine([folder], { isRoot: false, includes: [include] }), 'show', (line) =>
      lines.push(line),
    );
    assert.equal(lacking.length, 1);
    assert.equal(lines.at(-1), 'Install with:  sudo apt-get install chromium fonts-dejavu-core');
    assert.throws(calls, { code: 'ENOENT' });
  });
});

describe('set-up: Node', () => {
  it('may be 20.9 or newer', async () => {
    const { nodeTooOld } = await settingUp;
    for (const version of ['20.9.0', '20.20.2', '22.0.0', '24.21.0']) assert.equal(nodeTooOld(version), undefined);
    for (const version of ['20.8.1', '18.20.0'])
      assert.match(nodeTooOld(version) ?? '', /20\.9 or newer is needed, this is /);
  });
});
