// Runs files of node:test, each in a process of its own, and counts what they report.
import path from 'node:path';
import { run } from 'node:test';
import { root } from './files.mjs';

/** How many lines of a crashed file's error output are worth showing. */
const SHOWN_LINES = 40;

/**
 * What Node tells about one test, suite or file, as far as it is read here.
 * @typedef {object} TestEvent
 * @property {string} name
 * @property {string} [file]
 * @property {number} nesting
 * @property {string | boolean} [skip]
 * @property {string | boolean} [todo]
 * @property {{ type?: string, error?: Error & { failureType?: string, cause?: unknown } }} details
 */

/**
 * @param {readonly string[]} files absolute paths
 * @param {import('./tally.mjs').Tally} tally
 * @param {{ concurrency: number, timeout: number }} limits how many files at once, and milliseconds for each
 */
export async function runNodeTests(files, tally, { concurrency, timeout }) {
  /** @type {Map<string, string[]>} names of the open suites of each file, by nesting */
  const open = new Map();
  /** @type {Map<string, string[]>} the last lines of each file's error output */
  const errors = new Map();
  for await (const { type, data } of run({ files: [...files], concurrency, timeout })) {
    const event = /** @type {TestEvent & { message?: string }} */ (/** @type {unknown} */ (data));
    const file = event.file ?? '';
    if (type === 'test:start') {
      open.set(file, [...(open.get(file) ?? []).slice(0, event.nesting), event.name]);
    } else if (type === 'test:stderr') {
      errors.set(file, [...(errors.get(file) ?? []), event.message?.trimEnd() ?? ''].slice(-SHOWN_LINES));
    } else if (type === 'test:pass' || type === 'test:fail') {
      const names = (open.get(file) ?? []).slice(0, event.nesting);
      count(event, names, errors.get(file) ?? [], type === 'test:pass', tally);
    }
  }
}

/**
 * @param {TestEvent} event
 * @param {readonly string[]} names of the suites around it
 * @param {readonly string[]} errors
 * @param {boolean} passed
 * @param {import('./tally.mjs').Tally} tally
 */
function count(event, names, errors, passed, tally) {
  const { name, file = '', skip, todo, details } = event;
  const shown = path.relative(root, file);
  const full = `${[...names, name].join(' › ')} (${shown})`;
  if (event.nesting === 0 && path.resolve(name) === file) {
    // The file itself: Node reports it when it crashed, took too long, or held no test.
    if (passed) tally.fail(shown, 'the file has no tests');
    else tally.fail(shown, [reason(details.error), ...errors].join('\n'));
  } else if (!passed) {
    const isEcho = details.error?.failureType === 'subtestsFailed';
    if (!isEcho) tally.fail(full, reason(details.error));
    else if (details.type !== 'suite') tally.failed++;
  } else if (details.type !== 'suite') {
    if (skip !== undefined && skip !== false) tally.skip(full, skip === true ? 'no reason given' : String(skip));
    else if (todo !== undefined && todo !== false) tally.skip(full, 'to do');
    else tally.pass();
  }
}

/**
 * @param {(Error & { failureType?: string, cause?: unknown }) | undefined} error
 * @returns {string} the test's own error where there is one, without the runner's lines
 */
function reason(error) {
  if (error === undefined) return 'no reason given';
  if (error.failureType === 'testTimeoutFailure') return 'took too long and was ended';
  const cause = error.cause ?? error;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const lines = text.split('\n').filter((line) => !/^\s+at .*\(?node:internal/.test(line));
  return lines.join('\n');
}
