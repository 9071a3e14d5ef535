import type { DebugProtocol } from '@vscode/debugprotocol';

/**
 * One request: what it is called, what the adapter may announce because it is there, and what it does in a session. The answer is the
 * response's body. Errors are thrown as RequestError.
 */
export interface Handler<Session> {
  readonly command: string;
  readonly features: DebugProtocol.Capabilities;
  readonly handle: (session: Session, args: never) => unknown;
}

/** What an adapter with these handlers announces: the union of what they bring, so nothing without code behind it. */
export function capabilitiesOf(handlers: Iterable<Handler<never>>): DebugProtocol.Capabilities {
  return Object.assign({}, ...[...handlers].map(({ features }) => features)) as DebugProtocol.Capabilities;
}
