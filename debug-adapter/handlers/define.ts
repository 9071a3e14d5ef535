import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Handler } from '../handler';
import type { EbpfSession } from '../session';

/** Keeps the types of arguments and body together where a handler is written. */
export function handler<Args, Body>(
  command: string,
  features: DebugProtocol.Capabilities,
  handle: (session: EbpfSession, args: Args) => Body | Promise<Body>,
): Handler<EbpfSession> {
  return { command, features, handle };
}
