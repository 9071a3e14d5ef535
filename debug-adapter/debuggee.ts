import type { Emulator } from '../core/emulator/emulator';
import { execute } from '../core/emulator/interpreter';
import type { SourceLine } from '../core/native/line_map';
import type { SourceMap } from './source_map';

/** How the program is set going. */
export type Motion = 'continue' | 'next' | 'stepIn' | 'stepOut';

/** Why it stands still again; `over` when it returned, faulted or cannot go on. */
export type StopReason = 'breakpoint' | 'step' | 'pause' | 'over';

/** Milliseconds that the program runs before requests are looked at again. */
const SLICE = 10;
/** Instructions between two looks at the clock. */
const CONTINUE_CHUNK = 200_000;
const STEP_CHUNK = 20_000;

/**
 * The program that is debugged: knows the emulator and source lines, and nothing of the protocol. It runs in slices, so that requests are
 * answered while it runs; one motion at a time.
 */
export class Debuggee {
  private breakpoints: ReadonlySet<number> = new Set();
  private motion: Motion | undefined;
  private pausing = false;
  private gone = false;

  constructor(
    readonly emulator: Emulator,
    readonly sources: SourceMap,
  ) {}

  get isRunning(): boolean {
    return this.motion !== undefined;
  }

  /** Linked slots of the entry program to stop before; replaces earlier ones. */
  setBreakpoints(slots: readonly number[]): void {
    this.breakpoints = new Set(slots);
    this.emulator.machine.setStops(this.emulator.entry, slots);
  }

  /** Asks for a stop as soon as may be. */
  pause(): void {
    this.pausing = true;
  }

  /** Ends it for good: no further stop is told. */
  abandon(): void {
    this.gone = true;
  }

  /** The source line at the machine's place. */
  line(): SourceLine | undefined {
    const { machine } = this.emulator;
    return this.sources.at(machine.current.program, machine.pc);
  }

  /** Moves to the first slot that has a source line, so that the first stop is in the user's source. */
  skipPrologue(): void {
    const { machine } = this.emulator;
    if (this.sources.lines(machine.current.program).isEmpty) return;
    const { length } = machine.current.program.functions[0]!;
    while (machine.depth === 0 && machine.pc < length && this.line() === undefined && this.emulator.step()) continue;
  }

  /**
   * Sets the program going.
   * @param byInstruction step single instructions instead of lines
   * @param onSlice is called after every slice, before the stop is told
   */
  go(motion: Motion, byInstruction: boolean, onSlice: () => void, onStop: (reason: StopReason) => void): void {
    this.motion = motion;
    this.pausing = false;
    const slices = this.slices(motion, byInstruction);
    const turn = (): void => {
      if (this.gone) return;
      const { value } = slices.next();
      onSlice();
      if (value === undefined) {
        setImmediate(turn);
        return;
      }
      this.motion = undefined;
      onStop(value);
    };
    turn();
  }

  private *slices(motion: Motion, byInstruction: boolean): Generator<undefined, StopReason, undefined> {
    const chunks = motion === 'continue' ? this.continuing() : this.stepping(motion, byInstruction);
    for (;;) {
      const end = performance.now() + SLICE;
      do {
        const { value } = chunks.next();
        if (value !== undefined) return value;
      } while (performance.now() < end);
      if (this.pausing) return 'pause';
      yield undefined;
    }
  }

  private *continuing(): Generator<undefined, StopReason, undefined> {
    const { machine } = this.emulator;
    for (let first = true; ; first = false) {
      const pause = execute(machine, CONTINUE_CHUNK, first ? 'after-first' : 'all');
      if (pause === 'over') return 'over';
      if (pause === 'stop') return 'breakpoint';
      yield undefined;
    }
  }

  /** Steps until another line begins, at the same depth or above it; `stepIn` also below, `stepOut` only above. */
  private *stepping(motion: Motion, byInstruction: boolean): Generator<undefined, StopReason, undefined> {
    const { machine } = this.emulator;
    const depth = machine.depth;
    const start = this.line();
    const program = machine.current;
    for (let count = 1; ; count++) {
      if (!this.emulator.step()) return 'over';
      if (this.isAtBreakpoint()) return 'breakpoint';
      const here = machine.depth;
      if (here < depth) {
        if (byInstruction || this.line() !== undefined) return 'step';
      } else if (motion !== 'stepOut' && (here === depth || motion === 'stepIn')) {
        if (byInstruction || start === undefined) return 'step';
        const line = this.line();
        const another = here !== depth || machine.current !== program || !isSame(line, start);
        if (line !== undefined && another) return 'step';
      }
      if (count % STEP_CHUNK === 0) yield undefined;
    }
  }

  /** Whether the machine stands before an instruction with a breakpoint. */
  isAtBreakpoint(): boolean {
    const { machine, entry } = this.emulator;
    return machine.current === entry && this.breakpoints.has(machine.pc);
  }
}

function isSame(a: SourceLine | undefined, b: SourceLine | undefined): boolean {
  return a?.line === b?.line && a?.path === b?.path;
}
