// What this machine has of the foreign programs that the examples and tests need, and how to get what is missing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * The machine as far as these questions go: a value, so that a test can make one up.
 * @typedef {object} Machine
 * @property {NodeJS.Platform} platform
 * @property {string} arch
 * @property {boolean} isRoot
 * @property {NodeJS.ProcessEnv} env
 * @property {string} osRelease text of /etc/os-release, '' where there is none
 * @property {readonly string[]} folders where programs are besides PATH
 * @property {readonly string[]} includes where system headers are
 */

/** @returns {Machine} */
export function thisMachine() {
  const { platform, arch, env } = process;
  return {
    platform,
    arch,
    isRoot: process.getuid?.() === 0,
    env,
    osRelease: platform === 'linux' ? textOf('/etc/os-release') : '',
    folders: programFolders(platform, env),
    includes: platform === 'linux' ? ['/usr/include', '/usr/local/include'] : [],
  };
}

/**
 * @param {NodeJS.Platform} platform
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]} folders that installers use but do not always put on PATH
 */
function programFolders(platform, env) {
  if (platform === 'linux') {
    const downloads = path.join(env.HOME ?? '/', '.cache', 'ms-playwright');
    return [
      '/usr/sbin',
      '/usr/local/sbin',
      ...newestFirst('/usr/lib', /^llvm-(\d+)$/).map((folder) => path.join(folder, 'bin')),
      ...newestFirst(downloads, /^chromium-(\d+)$/).flatMap((folder) => [
        path.join(folder, 'chrome-linux'),
        path.join(folder, 'chrome-linux64'),
      ]),
    ];
  }
  if (platform === 'darwin') {
    return [
      '/opt/homebrew/opt/llvm/bin',
      '/usr/local/opt/llvm/bin',
      '/Applications/Visual Studio Code.app/Contents/Resources/app/bin',
    ];
  }
  if (platform === 'win32') {
    const programs = env.ProgramFiles ?? 'C:\\Program Files';
    const local = env.LOCALAPPDATA;
    return [
      path.join(programs, 'LLVM', 'bin'),
      path.join(programs, 'Microsoft VS Code', 'bin'),
      ...(local === undefined ? [] : [path.join(local, 'Programs', 'Microsoft VS Code', 'bin')]),
    ];
  }
  return [];
}

/**
 * @param {string} parent
 * @param {RegExp} numbered matches the names of the versioned folders, the version in its first group
 * @returns {string[]} those folders, the newest first
 */
function newestFirst(parent, numbered) {
  try {
    const version = (/** @type {string} */ name) => Number(numbered.exec(name)?.[1] ?? NaN);
    return readdirSync(parent)
      .filter((name) => numbered.test(name))
      .sort((a, b) => version(b) - version(a))
      .map((name) => path.join(parent, name));
  } catch {
    return [];
  }
}

/**
 * Looks a program up on PATH and then in the installers' folders.
 * @param {Machine} machine
 * @param {string} name
 * @returns {string | undefined} the file's path
 */
export function which(machine, name) {
  return allOf(machine, (file) => file === name)[0];
}

/**
 * Every program whose name (without Windows' extension) passes, in PATH's order.
 * @param {Machine} machine
 * @param {(name: string) => boolean} accepts
 * @returns {string[]}
 */
function allOf(machine, accepts) {
  const windows = machine.platform === 'win32';
  const onPath = (machine.env.PATH ?? machine.env.Path ?? '')
    .split(windows ? ';' : ':')
    .filter((folder) => folder !== '');
  return [...onPath, ...machine.folders].flatMap((folder) => {
    let names;
    try {
      names = readdirSync(folder);
    } catch {
      return [];
    }
    return names
      .filter((name) => accepts(windows ? name.replace(/\.(exe|cmd|bat)$/i, '') : name))
      .map((name) => path.join(folder, name))
      .filter(isExecutable);
  });
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * A clang that can write BPF: `clang` if it can, else the highest `clang-NN` that can. Apple's clang cannot.
 * @param {Machine} machine
 * @returns {string | undefined}
 */
export function findClang(machine) {
  const rank = (/** @type {string} */ file) => Number(/-(\d+)(?:\.exe)?$/.exec(path.basename(file))?.[1] ?? Infinity);
  return allOf(machine, (name) => /^clang(-\d+)?$/.test(name))
    .sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)))
    .find((file) => /^\s*bpf\b/m.test(printed(file, ['--print-targets'])));
}

/**
 * A Chromium that starts. Ubuntu's chromium-browser is a script that only names the snap, hence the trial.
 * @param {Machine} machine
 * @returns {string | undefined}
 */
export function findChromium(machine) {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'chrome'];
  const told = machine.env.CHROMIUM;
  const candidates = told !== undefined && told !== '' ? [told] : names.flatMap((name) => which(machine, name) ?? []);
  return candidates.find((file) => /\d+\.\d+/.test(printed(file, ['--version'])));
}

/**
 * Desktop VS Code that can show a window here: on Linux that takes a display and a user other than root.
 * @param {Machine} machine
 * @returns {string | undefined} the program to start, never a batch file
 */
export function findDesktopCode(machine) {
  const { env, platform } = machine;
  if (platform === 'linux' && (machine.isRoot || !(env.DISPLAY || env.WAYLAND_DISPLAY))) return undefined;
  const code = which(machine, 'code');
  if (code === undefined || platform !== 'win32') return code;
  const program = path.join(path.dirname(code), '..', 'Code.exe');
  return existsSync(program) ? program : undefined;
}

/**
 * Whether the VS Code server out of npm can run here: its Node is a package for Linux on x64 with glibc.
 * @param {Machine} machine
 */
export function canHostVsCode(machine) {
  return machine.platform === 'linux' && machine.arch === 'x64' && !/^ID=["']?alpine/m.test(machine.osRelease);
}

/**
 * @param {string} file
 * @param {string[]} args
 * @returns {string} what the program printed, '' when it failed
 */
function printed(file, args) {
  const result = spawnSync(file, args, { encoding: 'utf8', timeout: 20_000, windowsHide: true });
  return result.status === 0 ? result.stdout : '';
}

/** @param {string} file */
function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
