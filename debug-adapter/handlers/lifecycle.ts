import { InitializedEvent, TerminatedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { handler } from './define';
import { checkArguments, launch } from '../launch';
import type { EbpfSession } from '../session';

const initialize = handler<DebugProtocol.InitializeRequestArguments, DebugProtocol.Capabilities>(
  'initialize',
  {},
  (session) => session.capabilities,
);

/** Loads the program and asks for breakpoints; it starts when they are set. */
const launchRequest = handler<unknown, void>('launch', {}, async (session, args) => {
  const checked = checkArguments(args);
  session.load(await launch(checked, session.signal), checked);
  session.afterResponse(() => session.sendEvent(new InitializedEvent()));
});

const configurationDone = handler<unknown, void>(
  'configurationDone',
  { supportsConfigurationDoneRequest: true },
  (session) => {
    session.afterResponse(() => session.begin());
  },
);

/** Compiles and loads again, with the arguments that the client sends or the old ones, and starts over. */
const restart = handler<{ arguments?: unknown } | undefined, void>(
  'restart',
  { supportsRestartRequest: true },
  async (session, args) => {
    const checked = args?.arguments === undefined ? session.launchArguments : checkArguments(args.arguments);
    session.abandon();
    try {
      session.load(await launch(checked, session.signal), checked);
    } catch (error) {
      // The old program is gone, so without a new one the session is over.
      session.afterResponse(() => session.sendEvent(new TerminatedEvent()));
      throw error;
    }
    session.afterResponse(() => session.begin());
  },
);

function end(session: EbpfSession): void {
  session.abandon();
  session.afterResponse(() => session.sendEvent(new TerminatedEvent()));
}

const terminate = handler<unknown, void>('terminate', { supportsTerminateRequest: true }, end);

const disconnect = handler<unknown, void>('disconnect', {}, (session) => {
  session.abandon();
  session.afterResponse(() => session.shutdown());
});

export const LIFECYCLE = [initialize, launchRequest, configurationDone, restart, terminate, disconnect];
