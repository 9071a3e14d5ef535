// A script that is both imported and run: what it does when it is run.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Wrong words on the command line: exit code 2. */
export class UsageError extends Error {}

/**
 * Runs the work when the module is the program that was started. An error becomes its message and a nonzero exit code;
 * EBPF_DEBUG=1 adds the stack.
 * @param {string} url the module's import.meta.url
 * @param {(args: string[]) => Promise<number | void>} work gives the exit code, 0 when it gives none
 */
export async function asCommand(url, work) {
  const started = process.argv[1];
  if (started === undefined || realpathSync(started) !== fileURLToPath(url)) return;
  try {
    process.exitCode = (await work(process.argv.slice(2))) ?? 0;
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    console.error(process.env.EBPF_DEBUG === '1' ? stack : message);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
