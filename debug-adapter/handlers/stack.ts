import path from 'node:path';
import { Scope, Source, StackFrame, Thread } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { handler } from './define';
import { MapView } from '../maps';
import { THREAD } from '../session';
import { byteRows, contextFields, registers, stackWords } from '../values';

const threads = handler<unknown, DebugProtocol.ThreadsResponse['body']>('threads', {}, (session) => ({
  threads: [new Thread(THREAD, session.debuggee?.emulator.program.name ?? 'program')],
}));

/** Active functions, innermost first; a frame's id is its depth plus one. */
const stackTrace = handler<DebugProtocol.StackTraceArguments, DebugProtocol.StackTraceResponse['body']>(
  'stackTrace',
  {},
  (session, args) => {
    const { emulator, sources } = session.needStopped();
    const frames = emulator.machine.frames();
    const start = args.startFrame ?? 0;
    const end = args.levels === undefined || args.levels === 0 ? frames.length : start + args.levels;
    const stackFrames = frames.slice(start, end).map((frame) => {
      // A caller's pc is behind its call: the call's own line is the one to show.
      const isInnermost = frame.depth === emulator.machine.depth;
      const line = sources.at(frame.program, isInnermost ? frame.pc : frame.pc - 1);
      const file = line && sources.absolute(line.path);
      const shown: DebugProtocol.StackFrame = new StackFrame(frame.depth + 1, frame.function.name);
      if (line && file !== undefined) {
        shown.source = new Source(path.basename(file), file);
        shown.line = session.toClient(line.line);
        shown.column = session.columnToClient(1);
      }
      shown.instructionPointerReference = `${frame.pc}`;
      return shown;
    });
    return { stackFrames, totalFrames: frames.length };
  },
);

const scopes = handler<DebugProtocol.ScopesArguments, DebugProtocol.ScopesResponse['body']>(
  'scopes',
  {},
  (session, args) => {
    const { emulator } = session.needStopped();
    const { machine } = emulator;
    const frame = session.frame(args.frameId);
    const rows: DebugProtocol.Scope[] = [];
    const add = (name: string, hint: string | undefined, reference: number, indexed?: number): void => {
      const scope: DebugProtocol.Scope = new Scope(name, reference, false);
      if (hint !== undefined) scope.presentationHint = hint;
      if (indexed !== undefined) scope.indexedVariables = indexed;
      rows.push(scope);
    };
    add('Registers', 'registers', session.reference(registers(machine, frame.depth, frame.pc)));
    const context = contextFields(machine);
    if (context) add('Context', undefined, session.reference(context), context.indexed);
    const { packet } = machine;
    if (packet) {
      const bytes = byteRows(() => packet.contents());
      add(`Packet (${packet.length} bytes)`, undefined, session.reference(bytes), bytes.indexed);
    }
    add('Stack', undefined, session.reference(stackWords(machine, frame.depth)));
    if (machine.maps.length > 0) add('Maps', undefined, session.reference(new MapView(emulator).list()));
    return { scopes: rows };
  },
);

export const STACK = [threads, stackTrace, scopes];
