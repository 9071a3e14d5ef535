import {
  BreakpointEvent,
  DebugSession,
  ExitedEvent,
  Handles,
  OutputEvent,
  Response,
  StoppedEvent,
  TerminatedEvent,
} from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { returnText } from '../core/emulator/emulator';
import type { Frame } from '../core/emulator/machine';
import { Debuggee, type Motion, type StopReason } from './debuggee';
import { internal, isRunning, noSuchFrame, notLaunched, RequestError, unknownRequest } from './errors';
import { capabilitiesOf, type Handler } from './handler';
import type { Launched } from './launch';
import type { LaunchArguments } from './protocol';
import type { Child, Expandable } from './values';

/** The only thread: a BPF program runs on one CPU. */
export const THREAD = 1;

interface SetBreakpoint {
  readonly id: number;
  readonly line: number;
}

/** One debug session: what handlers share. Requests are looked up in the handlers' table; nothing of the protocol is decided here. */
export class EbpfSession extends DebugSession {
  debuggee: Debuggee | undefined;
  private launched: LaunchArguments | undefined;
  private readonly table: ReadonlyMap<string, Handler<EbpfSession>>;
  private readonly ending = new AbortController();
  private readonly references = new Handles<Expandable>();
  /** By the client's path, lines counted from 1. */
  private readonly breakpoints = new Map<string, readonly SetBreakpoint[]>();
  private nextBreakpoint = 1;
  private printed = 0;
  private firstLine = 1;
  private firstColumn = 1;

  constructor(handlers: readonly Handler<EbpfSession>[]) {
    super();
    this.table = new Map(handlers.map((each) => [each.command, each]));
  }

  /** What the client may ask of this session. */
  get capabilities(): DebugProtocol.Capabilities {
    return capabilitiesOf(this.table.values());
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    if (request.command === 'initialize') {
      const { linesStartAt1, columnsStartAt1 } = request.arguments as DebugProtocol.InitializeRequestArguments;
      this.firstLine = linesStartAt1 === false ? 0 : 1;
      this.firstColumn = columnsStartAt1 === false ? 0 : 1;
    }
    void this.answer(request);
  }

  private async answer(request: DebugProtocol.Request): Promise<void> {
    const response: DebugProtocol.Response = new Response(request);
    try {
      const found = this.table.get(request.command);
      if (!found) throw unknownRequest(request.command);
      response.body = await found.handle(this, (request.arguments ?? {}) as never);
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const known = error instanceof RequestError ? error : internal(reason);
      response.success = false;
      response.message = known.message;
      response.body = { error: { id: known.id, format: withoutBraces(known.message), showUser: known.showUser } };
    }
    this.sendResponse(response);
  }

  /** Runs something once the response of the request at hand is sent: that happens before the event loop turns. */
  afterResponse(run: () => void): void {
    setImmediate(run);
  }

  // Lines, columns and paths as the client counts and writes them.

  toClient(line: number): number {
    return line - 1 + this.firstLine;
  }

  fromClient(line: number): number {
    return line + 1 - this.firstLine;
  }

  columnToClient(column: number): number {
    return column - 1 + this.firstColumn;
  }

  // The life of the program.

  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** @throws RequestError before a launch */
  get launchArguments(): LaunchArguments {
    if (!this.launched) throw notLaunched();
    return this.launched;
  }

  /** Takes a program that was loaded; breakpoints that are known come to stand in it. */
  load({ emulator, sources }: Launched, args: LaunchArguments): void {
    this.launched = args;
    this.debuggee = new Debuggee(emulator, sources);
    this.printed = 0;
    for (const [file, set] of this.breakpoints) {
      for (const breakpoint of this.placed(file, set)) this.sendEvent(new BreakpointEvent('changed', breakpoint));
    }
    this.place();
    if (sources.isEmpty) {
      this.print(
        'The object has no line information (build it with -g): steps are single instructions.\n',
        'important',
      );
    } else if (sources.problem !== undefined) {
      this.print(`Lines are those of the object, not of generated C: ${sources.problem}\n`, 'console');
    }
  }

  /** Ends the program without another word about it. */
  abandon(): void {
    this.debuggee?.abandon();
  }

  /** Starts the program that was loaded: stops in front of its first line, or runs. */
  begin(): void {
    const { debuggee } = this;
    if (!debuggee) return;
    debuggee.skipPrologue();
    if (debuggee.emulator.outcome !== undefined) this.stopped('over');
    else if (this.launched?.stopOnEntry !== false) this.sendEvent(new StoppedEvent('entry', THREAD));
    else if (debuggee.isAtBreakpoint()) this.stopped('breakpoint');
    else this.go('continue', false);
  }

  /** The program, in whatever state. @throws RequestError before a launch */
  need(): Debuggee {
    if (!this.debuggee) throw notLaunched();
    return this.debuggee;
  }

  /** The program, standing still. @throws RequestError */
  needStopped(): Debuggee {
    const debuggee = this.need();
    if (debuggee.isRunning) throw isRunning();
    return debuggee;
  }

  /** Sets the program going once the response is sent; one that is over ends. */
  move(motion: Motion, byInstruction: boolean): void {
    const { emulator } = this.needStopped();
    this.references.reset();
    this.afterResponse(() => {
      if (emulator.outcome !== undefined) this.finish();
      else this.go(motion, byInstruction);
    });
  }

  private go(motion: Motion, byInstruction: boolean): void {
    this.references.reset();
    this.need().go(
      motion,
      byInstruction,
      () => this.flush(),
      (reason) => this.stopped(reason),
    );
  }

  private stopped(reason: StopReason): void {
    this.flush();
    const { outcome } = this.need().emulator;
    if (reason === 'over' && outcome?.kind === 'returned') return this.finish();
    if (reason !== 'over') return this.sendEvent(new StoppedEvent(reason, THREAD));
    const why = this.whyOver();
    this.print(`${why}\n`, 'stderr');
    const event: DebugProtocol.StoppedEvent = new StoppedEvent('exception', THREAD, why);
    event.body.description = outcome?.kind === 'fault' ? 'Fault' : 'Not modelled';
    this.sendEvent(event);
  }

  /** Why a program that did not return is over. */
  whyOver(): string {
    const { outcome } = this.need().emulator;
    switch (outcome?.kind) {
      case 'fault':
        return outcome.fault.message;
      case 'unmodelled':
        return `${outcome.name} is not modelled by the emulator${outcome.prototype ? `: ${outcome.prototype}` : ''}`;
      case 'returned':
      case undefined:
        return 'the program did not fail';
    }
  }

  /** Tells the end: what was returned, and exit code 1 for a program that could not return. */
  private finish(): void {
    const { emulator } = this.need();
    const { outcome } = emulator;
    const value = outcome?.kind === 'returned' ? outcome.value : undefined;
    if (value !== undefined) this.print(`returned ${returnText(value, emulator.type)}\n`, 'console');
    this.sendEvent(new ExitedEvent(value === undefined ? 1 : Number(BigInt.asIntN(32, value))));
    this.sendEvent(new TerminatedEvent());
  }

  /** Sends what the program printed since the last time. */
  private flush(): void {
    const { printed } = this.need().emulator.machine;
    const lines = printed.items.slice(this.printed);
    this.printed += lines.length;
    if (lines.length > 0) this.print(lines.map((line) => `${line}\n`).join(''), 'stdout');
  }

  private print(text: string, category: string): void {
    this.sendEvent(new OutputEvent(text, category));
  }

  // Breakpoints.

  /** Replaces the breakpoints of a file; answers where they came to stand. Lines are the client's. */
  setBreakpoints(file: string, wanted: readonly DebugProtocol.SourceBreakpoint[]): DebugProtocol.Breakpoint[] {
    const set = wanted.map(({ line }) => ({ id: this.nextBreakpoint++, line: this.fromClient(line) }));
    this.breakpoints.set(file, set);
    this.place();
    return this.placed(file, set);
  }

  private placed(file: string, set: readonly SetBreakpoint[]): DebugProtocol.Breakpoint[] {
    const { debuggee } = this;
    return set.map(({ id, line }) => {
      const shown = this.toClient(line);
      if (!debuggee) return { id, verified: false, line: shown, message: 'The program is not loaded yet.' };
      const { program } = debuggee.emulator;
      const place = debuggee.sources.resolve(program, file, line);
      if (!place) return { id, verified: false, line: shown, message: 'There is no code at or after this line.' };
      if (place.slots.length === 0)
        return {
          id,
          verified: false,
          line: shown,
          message: `This line is in ${place.owner}; ${program.name} is debugged.`,
        };
      return { id, verified: true, line: this.toClient(place.line) };
    });
  }

  private place(): void {
    const { debuggee } = this;
    if (!debuggee) return;
    const slots = [...this.breakpoints].flatMap(([file, set]) =>
      set.flatMap(({ line }) => debuggee.sources.resolve(debuggee.emulator.program, file, line)?.slots ?? []),
    );
    debuggee.setBreakpoints(slots);
  }

  // Frames and variables.

  /** The frame of an id that a stack trace gave. @throws RequestError */
  frame(id: number): Frame {
    const found = this.needStopped()
      .emulator.machine.frames()
      .find((frame) => frame.depth === id - 1);
    if (!found) throw noSuchFrame();
    return found;
  }

  /** A number by which the client opens something, until the program moves. */
  reference(inside: Expandable): number {
    return this.references.create(inside);
  }

  opened(reference: number): Expandable | undefined {
    return this.references.get(reference);
  }

  /** A row as the protocol wants it. */
  variable({ inside, hint, ...row }: Child): DebugProtocol.Variable {
    return {
      ...row,
      variablesReference: inside ? this.reference(inside) : 0,
      ...(inside?.indexed === undefined ? {} : { indexedVariables: inside.indexed }),
      ...(hint ? { presentationHint: hint } : {}),
    };
  }
}

/** The protocol's messages have variables in braces; ours have none. */
function withoutBraces(text: string): string {
  return text.replaceAll('{', '(').replaceAll('}', ')');
}
