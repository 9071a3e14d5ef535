// Runs files of node:test, each in a process group of its own, and counts what they report.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root, temporaryFolder, undoAtExit } from './files.mjs';

const reporter = pathToFileURL(path.join(path.dirname(fileURLToPath(import.meta.url)), 'test_reporter.mjs')).href;

/** How many characters of what a crashed file printed are worth showing: its end. */
const SHOWN = 4_000;

/**
 * @param {readonly string[]} files absolute paths
 * @param {import('./tally.mjs').Tally} tally
 * @param {{ concurrency: number, timeout: number }} limits how many files at once, and milliseconds for each
 */
export async function runNodeTests(files, tally, { concurrency, timeout }) {
  const scratch = temporaryFolder('results');
  const waiting = [...files.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, file] = next;
      const results = path.join(scratch.folder, `${index}.jsonl`);
      const ending = await runFile(file, results, timeout);
      count(path.relative(root, file), reported(results), ending, tally);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, work));
  } finally {
    scratch.remove();
  }
}

/**
 * How a file's process ended.
 * @typedef {{ code: number | null, isLate: boolean, seconds: number, printed: string }} Ending
 */

/**
 * @param {string} file
 * @param {string} results where the reporter writes
 * @param {number} timeout
 * @returns {Promise<Ending>}
 */
function runFile(file, results, timeout) {
  const args = [`--test-reporter=${reporter}`, `--test-reporter-destination=${results}`, file];
  const isWindows = process.platform === 'win32';
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what a test leaves behind is ended with it.
    detached: !isWindows,
    windowsHide: true,
  });
  const signal = (/** @type {NodeJS.Signals} */ name) => {
    try {
      if (isWindows) child.kill(name);
      else if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // Nothing of the group is left.
    }
  };
  // Politely, for a file that has its own way to end what it started.
  const end = undoAtExit(() => signal('SIGTERM'));
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      printed = (printed + text).slice(-SHOWN);
    });
  }
  const started = Date.now();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
    setTimeout(() => signal('SIGKILL'), 5_000).unref();
  }, timeout);
  return new Promise((resolve) => {
    const finish = (/** @type {number | null} */ code) => {
      clearTimeout(timer);
      resolve({ code, isLate, seconds: (Date.now() - started) / 1_000, printed });
    };
    child.on('error', (error) => {
      printed += error.message;
      finish(null);
    });
    child.on('close', finish);
    child.on('exit', (code) => {
      end();
      signal('SIGKILL');
      // A process that left the group may hold the pipes open for ever.
      setTimeout(() => finish(code), 1_000).unref();
    });
  });
}

/**
 * @param {string} results
 * @returns {import('./test_reporter.mjs').ReportedTest[]}
 */
function reported(results) {
  if (!existsSync(results)) return [];
  const lines = readFileSync(results, 'utf8').split('\n');
  // What comes after the last line break was cut off when the process was ended.
  return lines.slice(0, -1).map((line) => JSON.parse(line));
}

/**
 * @param {string} file as shown to people
 * @param {readonly import('./test_reporter.mjs').ReportedTest[]} tests
 * @param {Ending} ending
 * @param {import('./tally.mjs').Tally} tally
 */
function count(file, tests, ending, tally) {
  const ended = tests.filter(({ kind }) => kind !== 'start');
  let failures = 0;
  for (const [index, test] of ended.entries()) {
    const { kind, name, nesting, isSuite, skip, todo, failureType, error } = test;
    const full = `${[...suites(ended, index, nesting), name].join(' › ')} (${file})`;
    if (kind === 'fail') {
      failures++;
      // The suite or test around a failed one fails with it; only a failure of its own is news.
      if (failureType !== 'subtestsFailed') tally.fail(full, error ?? 'no reason given');
      else if (!isSuite) tally.failed++;
    } else if (!isSuite) {
      if (isSet(skip)) tally.skip(full, skip === true ? 'no reason given' : String(skip));
      else if (isSet(todo)) tally.skip(full, 'to do');
      else tally.pass();
    }
  }
  if (ending.isLate) {
    const last = tests.findLast(({ kind }) => kind === 'start')?.name;
    const where = last === undefined ? '' : `, last in "${last}"`;
    tally.fail(file, `took too long${where}, and was ended after ${ending.seconds.toFixed(0)} s\n${ending.printed}`);
  } else if (ended.length === 0) {
    tally.fail(file, ending.code === 0 ? 'the file has no tests' : ending.printed);
  } else if (ending.code !== 0 && failures === 0) {
    tally.fail(file, `ended with exit code ${ending.code} though no test failed\n${ending.printed}`);
  }
}

/**
 * Node reports a suite after what is in it, so the names around a test are found further on.
 * @param {readonly import('./test_reporter.mjs').ReportedTest[]} ended
 * @param {number} index
 * @param {number} nesting
 * @returns {string[]} outermost first
 */
function suites(ended, index, nesting) {
  const names = [];
  for (let i = index + 1, depth = nesting; depth > 0 && i < ended.length; i++) {
    const test = ended[i];
    if (test === undefined || test.nesting >= depth) continue;
    names.unshift(test.name);
    depth = test.nesting;
  }
  return names;
}

/** @param {string | boolean | undefined} mark */
function isSet(mark) {
  return mark !== undefined && mark !== false;
}
