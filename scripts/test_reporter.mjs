// A reporter for `node --test-reporter`: one line of JSON for each event that node_tests.mjs counts.

/**
 * @typedef {object} ReportedTest
 * @property {'start' | 'pass' | 'fail'} kind `start` when a test begins to run
 * @property {string} name
 * @property {number} nesting 0 for what stands at the top of its file
 * @property {boolean} isSuite
 * @property {string | boolean | undefined} skip
 * @property {string | boolean | undefined} todo
 * @property {string | undefined} failureType Node's word for how it failed
 * @property {string | undefined} error the test's own error, with its stack
 */

/** @type {Partial<Record<string, ReportedTest['kind']>>} */
const kinds = { 'test:dequeue': 'start', 'test:pass': 'pass', 'test:fail': 'fail' };

/**
 * @param {AsyncIterable<{ type: string, data: any }>} events
 * @returns {AsyncGenerator<string>}
 */
export default async function* report(events) {
  for await (const { type, data } of events) {
    const kind = kinds[type];
    if (kind === undefined) continue;
    const { name, nesting, skip, todo, details } = data;
    const error = details?.error;
    /** @type {ReportedTest} */
    const line = {
      kind,
      name,
      nesting,
      isSuite: details?.type === 'suite',
      skip,
      todo,
      failureType: error?.failureType,
      error: error === undefined ? undefined : text(error.cause ?? error),
    };
    yield `${JSON.stringify(line)}\n`;
  }
}

/**
 * @param {unknown} cause
 * @returns {string} without the lines of Node's own runner
 */
function text(cause) {
  const full = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return full
    .split('\n')
    .filter((line) => !/^\s+at .*\(?node:internal/.test(line))
    .join('\n');
}
