// The foreign programs that the examples and tests need, which of them are missing, and how to get those.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { canHostVsCode, findChromium, findClang, which } from './machine.mjs';

/**
 * To verify the examples, to show them in a VS Code without a desktop, or to run all tests.
 * @typedef {'check' | 'show' | 'test'} Purpose
 */
/** @typedef {'apt' | 'dnf' | 'pacman' | 'zypper' | 'brew' | 'winget'} PackageManager */

/**
 * @typedef {object} Need
 * @property {string} what
 * @property {string} why completes "is needed to …"
 * @property {readonly Purpose[]} purposes
 * @property {(machine: import('./machine.mjs').Machine) => boolean} applies
 * @property {(machine: import('./machine.mjs').Machine) => boolean} isThere
 * @property {Partial<Record<PackageManager, readonly string[]>>} packages
 */

const isLinux = (/** @type {import('./machine.mjs').Machine} */ machine) => machine.platform === 'linux';

/** @type {readonly Need[]} */
export const needs = [
  {
    what: 'clang with the BPF target',
    why: 'compile BPF programs written in C',
    purposes: ['check', 'show', 'test'],
    applies: () => true,
    isThere: (machine) => findClang(machine) !== undefined,
    packages: {
      apt: ['clang'],
      dnf: ['clang'],
      pacman: ['clang'],
      zypper: ['clang'],
      brew: ['llvm'],
      winget: ['LLVM.LLVM'],
    },
  },
  {
    what: "libbpf's headers",
    why: 'compile the Linux examples',
    purposes: ['check', 'show', 'test'],
    applies: isLinux,
    isThere: ({ includes }) => includes.some((folder) => existsSync(path.join(folder, 'bpf', 'bpf_helpers.h'))),
    packages: { apt: ['libbpf-dev'], dnf: ['libbpf-devel'], pacman: ['libbpf'], zypper: ['libbpf-devel'] },
  },
  {
    what: 'chromium',
    why: 'show VS Code without a desktop',
    purposes: ['show', 'test'],
    applies: canHostVsCode,
    isThere: (machine) => findChromium(machine) !== undefined,
    // A font comes along: without recommended packages a screenshot would be full of boxes.
    packages: { apt: ['chromium', 'fonts-dejavu-core'], dnf: ['chromium'], pacman: ['chromium'], zypper: ['chromium'] },
  },
  {
    what: 'bpftool',
    why: 'hold verdicts and results against the real kernel',
    purposes: ['test'],
    applies: isLinux,
    isThere: (machine) => which(machine, 'bpftool') !== undefined,
    packages: { apt: ['bpftool'], dnf: ['bpftool'], pacman: ['bpf'], zypper: ['bpftool'] },
  },
  {
    what: 'a C compiler',
    why: 'build native images',
    purposes: ['test'],
    applies: isLinux,
    isThere: (machine) => ['cc', 'gcc', 'clang'].some((name) => which(machine, name) !== undefined),
    packages: { apt: ['gcc', 'libc6-dev'], dnf: ['gcc'], pacman: ['gcc'], zypper: ['gcc'] },
  },
  {
    what: "LLVM 19's tools",
    why: 'hold the reading of debugging information against them',
    purposes: ['test'],
    applies: isLinux,
    isThere: (machine) => which(machine, 'llvm-dwarfdump-19') !== undefined,
    packages: { apt: ['llvm-19'] },
  },
];

/**
 * @param {import('./machine.mjs').Machine} machine
 * @param {Purpose} purpose
 * @returns {Need[]} what is not there
 */
export function missing(machine, purpose) {
  return needs.filter((need) => need.purposes.includes(purpose) && need.applies(machine) && !need.isThere(machine));
}

/**
 * @param {import('./machine.mjs').Machine} machine
 * @returns {PackageManager | undefined} who installs software here
 */
export function packageManager(machine) {
  if (machine.platform === 'darwin') return 'brew';
  if (machine.platform === 'win32') return 'winget';
  if (machine.platform !== 'linux') return undefined;
  const ids = [...machine.osRelease.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)/gm)].flatMap((match) =>
    (match[1] ?? '').split(' '),
  );
  const known = /** @type {const} */ ([
    ['apt', ['debian', 'ubuntu']],
    ['dnf', ['fedora', 'rhel', 'centos']],
    ['pacman', ['arch']],
    ['zypper', ['suse', 'opensuse']],
  ]);
  return known.find(([, names]) => names.some((name) => ids.includes(name)))?.[0];
}

/** Ubuntu's chromium package only brings the snap, which cannot be used from here; playwright-core brings a plain one. */
export const playwrightInstall = ['playwright-core', 'install', '--with-deps', 'chromium'];

/** @param {import('./machine.mjs').Machine} machine */
export function isUbuntu(machine) {
  return /^ID=["']?ubuntu\b/m.test(machine.osRelease);
}

/**
 * The packages that bring what is missing.
 * @param {import('./machine.mjs').Machine} machine
 * @param {readonly Need[]} lacking
 * @returns {string[]} names as the machine's package manager knows them
 */
export function packagesFor(machine, lacking) {
  const manager = packageManager(machine);
  if (manager === undefined) return [];
  const byPackage = lacking.filter(({ what }) => !(isUbuntu(machine) && what === 'chromium'));
  return [...new Set(byPackage.flatMap((need) => need.packages[manager] ?? []))];
}

/**
 * The command that installs what is missing, to be copied into a terminal.
 * @param {import('./machine.mjs').Machine} machine
 * @param {readonly Need[]} lacking
 * @returns {string | undefined} undefined when the package manager is unknown or has none of it
 */
export function installCommand(machine, lacking) {
  const prefixes = {
    apt: 'sudo apt-get install',
    dnf: 'sudo dnf install',
    pacman: 'sudo pacman -S',
    zypper: 'sudo zypper install',
    brew: 'brew install',
    winget: 'winget install',
  };
  const manager = packageManager(machine);
  const packages = packagesFor(machine, lacking);
  const commands = [];
  if (manager !== undefined && packages.length > 0) commands.push([prefixes[manager], ...packages].join(' '));
  if (isUbuntu(machine) && lacking.some(({ what }) => what === 'chromium'))
    commands.push(['npx', ...playwrightInstall].join(' '));
  return commands.length === 0 ? undefined : commands.join(' && ');
}

/**
 * What to tell somebody whose machine lacks something, one line each.
 * @param {import('./machine.mjs').Machine} machine
 * @param {readonly Need[]} lacking
 * @returns {string[]}
 */
export function advice(machine, lacking) {
  const lines = lacking.map(({ what, why }) => `${what} is missing; it is needed to ${why}.`);
  const command = installCommand(machine, lacking);
  if (command !== undefined) lines.push(`Install with:  ${command}`);
  else if (lacking.length > 0) lines.push('Install it with the package manager of this system and start again.');
  return lines;
}
