import type { DebugProtocol } from '@vscode/debugprotocol';
import { handler } from './define';

/** All breakpoints of one file, each with the line where it comes to stand. */
const setBreakpoints = handler<DebugProtocol.SetBreakpointsArguments, DebugProtocol.SetBreakpointsResponse['body']>(
  'setBreakpoints',
  {},
  (session, args) => ({ breakpoints: session.setBreakpoints(args.source.path ?? '', args.breakpoints ?? []) }),
);

/** Lines on which a breakpoint can stand. */
const breakpointLocations = handler<
  DebugProtocol.BreakpointLocationsArguments,
  DebugProtocol.BreakpointLocationsResponse['body']
>('breakpointLocations', { supportsBreakpointLocationsRequest: true }, (session, args) => {
  const { debuggee } = session;
  const first = session.fromClient(args.line);
  const last = args.endLine === undefined ? first : session.fromClient(args.endLine);
  const lines = debuggee?.sources.breakpointLines(debuggee.emulator.program, args.source.path ?? '') ?? [];
  return {
    breakpoints: lines
      .filter((line) => line >= first && line <= last)
      .map((line) => ({ line: session.toClient(line) })),
  };
});

export const BREAKPOINTS = [setBreakpoints, breakpointLocations];
