// Counts what passed, failed and was skipped, and prints what a person should see as it happens.

export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;

  /** @param {(line: string) => void} [print] */
  constructor(print = (line) => console.log(line)) {
    this.print = print;
  }

  pass() {
    this.passed++;
  }

  /**
   * @param {string} name
   * @param {string} detail what went wrong, any number of lines
   */
  fail(name, detail) {
    this.failed++;
    this.print(`FAILED ${name}`);
    this.note(detail);
  }

  /**
   * @param {string} name
   * @param {string} why
   */
  skip(name, why) {
    this.skipped++;
    this.print(`skipped ${name}: ${why}`);
  }

  /**
   * Prints without counting.
   * @param {string} text
   */
  note(text) {
    if (text.trim() !== '') this.print(text.trimEnd().replace(/^/gm, '    '));
  }

  /** @param {Tally} other */
  add({ passed, failed, skipped }) {
    this.passed += passed;
    this.failed += failed;
    this.skipped += skipped;
  }

  /** @returns {string} such as "812 passed, 0 failed, 2 skipped" */
  toString() {
    return `${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`;
  }

  /** @returns {boolean} whether something ran and nothing failed */
  get isGood() {
    return this.failed === 0 && this.passed > 0;
  }
}
