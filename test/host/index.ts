import { appendFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';

/** One line of the file that E2E_RESULT_FILE names: a test that ended, or at the very end how many failed. */
export type ResultLine =
  | {
      readonly kind: 'test';
      readonly file: string;
      readonly title: string;
      readonly state: 'passed' | 'failed' | 'skipped';
      readonly milliseconds: number;
      readonly error?: string;
    }
  | { readonly kind: 'end'; readonly failures: number };

/**
 * The extension host loads this file and calls `run`; the suites beside it run in Mocha, which VS Code's own test
 * protocol expects. Results go line by line to E2E_RESULT_FILE, because what a suite prints does not leave the
 * extension host in the same form everywhere. E2E_GREP picks tests by title.
 */
export async function run(): Promise<void> {
  const grep = process.env.E2E_GREP;
  const mocha = new Mocha({ ui: 'bdd', color: false, timeout: 60_000, ...(grep === undefined ? {} : { grep }) });
  const folder = path.join(__dirname, 'suite');
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.js'));
  for (const name of files.sort()) mocha.addFile(path.join(folder, name));
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on('pass', (test) => report(test, 'passed'));
    runner.on('pending', (test) => report(test, 'skipped'));
    runner.on('fail', (test, error: unknown) => report(test, 'failed', error));
  });
  write({ kind: 'end', failures });
  if (failures > 0) throw new Error(`${failures} of the in-host tests failed`);
}

function report(test: Mocha.Test, state: 'passed' | 'failed' | 'skipped', error?: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  write({
    kind: 'test',
    file: path.basename(test.file ?? ''),
    title: test.fullTitle(),
    state,
    milliseconds: test.duration ?? 0,
    ...(state === 'failed' ? { error: text } : {}),
  });
}

function write(line: ResultLine): void {
  const file = process.env.E2E_RESULT_FILE;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}
