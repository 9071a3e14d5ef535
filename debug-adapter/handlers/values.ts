import type { DebugProtocol } from '@vscode/debugprotocol';
import { cannotEvaluate } from '../errors';
import { evaluate } from '../evaluate';
import { handler } from './define';

/** Rows that one answer holds at most when the client does not ask for pages. */
const MAX_ROWS = 1000;

const variables = handler<DebugProtocol.VariablesArguments, DebugProtocol.VariablesResponse['body']>(
  'variables',
  { supportsValueFormattingOptions: true },
  (session, args) => {
    session.needStopped();
    const opened = session.opened(args.variablesReference);
    const count = args.count === undefined || args.count === 0 ? MAX_ROWS : Math.min(args.count, MAX_ROWS);
    const rows = opened?.children(args.start ?? 0, count, { hex: args.format?.hex === true }) ?? [];
    return { variables: rows.map((row) => session.variable(row)) };
  },
);

const evaluateRequest = handler<DebugProtocol.EvaluateArguments, DebugProtocol.EvaluateResponse['body']>(
  'evaluate',
  { supportsEvaluateForHovers: true },
  (session, args) => {
    const { emulator } = session.needStopped();
    const frame = args.frameId === undefined ? emulator.machine.frames()[0]! : session.frame(args.frameId);
    const row = evaluate(emulator, args.expression, frame.depth, frame.pc, { hex: args.format?.hex === true });
    if (!row) throw cannotEvaluate(args.expression);
    const { value: result, ...rest } = session.variable(row);
    return { ...rest, result };
  },
);

/** Why the program stopped for good. */
const exceptionInfo = handler<unknown, DebugProtocol.ExceptionInfoResponse['body']>(
  'exceptionInfo',
  { supportsExceptionInfoRequest: true },
  (session) => {
    const { outcome } = session.needStopped().emulator;
    if (outcome?.kind === 'fault') {
      const { fault } = outcome;
      const nearby =
        'nearby' in fault
          ? fault.nearby.map(
              ({ name, start, size, writable }) =>
                `${name}: 0x${start.toString(16)}, ${size} bytes${writable ? '' : ', read-only'}`,
            )
          : [];
      const stackTrace = nearby.length > 0 ? `Legal memory near it:\n${nearby.join('\n')}` : '';
      return {
        exceptionId: fault.kind,
        description: fault.message,
        breakMode: 'always',
        details: { message: fault.message, typeName: fault.kind, ...(stackTrace ? { stackTrace } : {}) },
      };
    }
    const description = session.whyOver();
    return { exceptionId: outcome?.kind ?? 'none', description, breakMode: 'always' };
  },
);

export const VALUES = [variables, evaluateRequest, exceptionInfo];
