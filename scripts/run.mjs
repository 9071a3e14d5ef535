// Starting the programs that the scripts need: npm, apt-get, the compiler and linter of the repository.
import { spawn } from 'node:child_process';
import { root } from './files.mjs';

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] the repository's root unless told
 * @property {NodeJS.ProcessEnv} [env] added to this process's environment
 * @property {boolean} [capture] gather the output instead of passing it on to this process's own
 * @property {number} [timeout] milliseconds until the program and what it started are ended
 */

/** Output beyond this many characters is dropped: it is for people to read. */
const MAX_OUTPUT = 16 << 20;

/**
 * Runs a program to its end, without a shell.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>} `code` is null when a signal or the time limit ended it
 * @throws {Error} when the program cannot be started at all
 */
export function run(command, args, { cwd = root, env = {}, capture = false, timeout = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
      windowsHide: true,
    });
    const output = { stdout: '', stderr: '' };
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      child[name]?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        if (output[name].length < MAX_OUTPUT) output[name] += text;
      });
    }
    const timer = timeout > 0 ? setTimeout(() => child.kill('SIGKILL'), timeout) : undefined;
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${command} cannot be started: ${error.message}`, { cause: error }));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...output });
    });
  });
}

/**
 * Like `run`, but a program that does not end with 0 is an error that carries what it printed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export async function must(command, args, options) {
  const result = await run(command, args, options);
  if (result.code !== 0) {
    const printed = `${result.stdout}${result.stderr}`.trim();
    const ending = result.code === null ? 'was ended' : `ended with exit code ${result.code}`;
    throw new Error(`${[command, ...args].join(' ')} ${ending}${printed === '' ? '' : `\n${printed}`}`);
  }
  return result;
}

/**
 * Runs npm: the one that runs this script when there is one, because on Windows `npm` is a batch file.
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export function npm(args, options) {
  const script = process.env.npm_execpath;
  if (script !== undefined && /npm-cli\.c?js$/.test(script)) return must(process.execPath, [script, ...args], options);
  if (process.platform === 'win32') return must('cmd.exe', ['/d', '/s', '/c', 'npm', ...args], options);
  return must('npm', args, options);
}

/**
 * Runs a development tool out of node_modules.
 * @param {string} script path under node_modules
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export function nodeModule(script, args, options) {
  return run(process.execPath, [`${root}/node_modules/${script}`, ...args], options);
}
