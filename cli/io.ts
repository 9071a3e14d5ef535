/** Where a command writes. Commands return their exit code and never end the process themselves. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
}

/** Exit codes of the machine interface: 0 all proved, 1 something refused, 2 bad input or usage. */
export const Exit = { OK: 0, REFUSED: 1, BAD: 2 } as const;

/** Wrong words on the command line: exit 2 with the message and a hint at `--help`. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
