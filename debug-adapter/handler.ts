import type { DebugProtocol } from '@vscode/debugprotocol';
import type { EbpfSession } from './session';

/**
 * One request: what it is called, what the adapter may announce because it is there, and what it does. The answer is the response's body.
 * Errors are thrown as {@link RequestError}.
 */
export interface Handler {
  readonly command: string;
  readonly features: DebugProtocol.Capabilities;
  readonly handle: (session: EbpfSession, args: never) => unknown;
}

/** Keeps the types of arguments and body together where a handler is written. */
export function handler<Args, Body>(
  command: string,
  features: DebugProtocol.Capabilities,
  handle: (session: EbpfSession, args: Args) => Body | Promise<Body>,
): Handler {
  return { command, features, handle };
}
