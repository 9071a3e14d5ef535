import { printable } from './printable';

/** Where in a hostile input something was wrong. Offsets are bytes from the start of the file, or of `section` when that is given. */
export interface InputPlace {
  readonly section?: string;
  readonly symbol?: string;
  readonly offset?: number;
}

/**
 * The one error that reading untrusted bytes may throw: objects, packets, logs, settings.
 * `code` is stable and goes into the machine interface; `message` is one line for a person.
 */
export class InputError extends Error {
  override readonly name = 'InputError';

  constructor(
    readonly code: string,
    message: string,
    readonly place: InputPlace = {},
  ) {
    // Names in the message come from the input.
    super(printable(message));
  }
}
