import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Handler } from '../handler';
import type { EbpfSession } from '../session';
import { handler } from './define';
import type { Motion } from '../debuggee';

const continueRequest = handler<unknown, DebugProtocol.ContinueResponse['body']>('continue', {}, (session) => {
  session.move('continue', false);
  return { allThreadsContinued: true };
});

function step(command: Motion, features: DebugProtocol.Capabilities): Handler<EbpfSession> {
  return handler<{ granularity?: DebugProtocol.SteppingGranularity }, void>(command, features, (session, args) =>
    session.move(command, args.granularity === 'instruction'),
  );
}

const pause = handler<unknown, void>('pause', {}, (session) => session.need().pause());

export const EXECUTION = [
  continueRequest,
  step('next', { supportsSteppingGranularity: true }),
  step('stepIn', {}),
  step('stepOut', {}),
  pause,
];
