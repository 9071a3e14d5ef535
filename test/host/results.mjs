// Reads what the suites in the extension host report, while they run.
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';

/** @typedef {import('./index.js').ResultLine} ResultLine */
/** @typedef {Extract<ResultLine, { kind: 'test' }>} TestResult */

/**
 * Follows a results file from its (made) empty beginning.
 * @param {string} file
 * @param {(test: TestResult) => void} onTest
 */
export function follow(file, onTest) {
  writeFileSync(file, '');
  const handle = openSync(file, 'r');
  const chunk = Buffer.alloc(1 << 16);
  let pending = Buffer.alloc(0);
  /** @type {number | undefined} */
  let failures;
  const read = () => {
    for (let size = readSync(handle, chunk); size > 0; size = readSync(handle, chunk)) {
      pending = Buffer.concat([pending, chunk.subarray(0, size)]);
    }
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const line = /** @type {ResultLine} */ (JSON.parse(pending.subarray(0, end).toString('utf8')));
      pending = pending.subarray(end + 1);
      if (line.kind === 'test') onTest(line);
      else failures = line.failures;
    }
  };
  const timer = setInterval(read, 250);
  return {
    /** @returns {number | undefined} how many failed, undefined when the suites did not come to their end */
    finish() {
      clearInterval(timer);
      read();
      closeSync(handle);
      return failures;
    },
  };
}
