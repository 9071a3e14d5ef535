import type { Code } from '../isa/code';
import type { BpfObject, MapDefinition, Program } from '../object/object';
import type { Platform, ProgramType } from '../platform/platform';
import type { Detail, FindingCode } from './catalogue';
import { RELEASES } from './semantics';
import { Layouts } from './special';
import { WORK_WORDS } from './state';
import { Symbols } from './symbol';
import { DEFINED, LOSS, REGION, TAG, Tag } from './value';

/** A check that failed, before it is explained. */
export interface Failure {
  readonly code: FindingCode;
  readonly slot: number;
  readonly detail: Detail;
  /** Slot that defined the value concerned, -1 if it came from outside, undefined if no value is concerned. */
  readonly definedAt: number | undefined;
  readonly loss: number;
  /** Slot of a call that made the value unusable, -1 if none. */
  readonly endedAt: number;
}

/** Everything that transfer functions and checks share while one program is analysed. */
export class Machine {
  /** The state worked on, see state.ts. */
  readonly w = new Int32Array(WORK_WORDS);
  readonly symbols = new Symbols();
  readonly code: Code;
  readonly layouts: Layouts;
  /** Linked slot of the instruction at hand. */
  slot = 0;
  /** Whether failed checks are recorded; off while an invariant is still sought. */
  recording = true;
  /** Whether the state that is being emitted comes from a callback that ended. */
  fromCallback = false;
  /** Abstract instructions executed. */
  steps = 0;
  /** Bytes of stack that each function was seen to use, by function index. */
  readonly stackBytes: number[];
  /** Whether a load or store reached the context, by slot, as long as failures are recorded. */
  readonly contextAccess = new Map<number, boolean>();
  readonly failures = new Map<string, Failure>();
  /**
   * What failed while nothing was recorded. Much of it is spurious, but values that count as reported come from here: see
   * {@link Tag}.REPORTED.
   */
  readonly unrecorded = new Map<string, Failure>();
  private readonly globals = new Map<number, number>();

  constructor(
    readonly object: BpfObject,
    readonly program: Program,
    readonly platform: Platform,
    readonly type: ProgramType,
  ) {
    this.code = program.code;
    this.layouts = new Layouts(object);
    this.stackBytes = program.functions.map(() => 0);
  }

  /** Instance id of the single value of a global data section: the same each time its address is taken. */
  globalInstance(map: number): number {
    let id = this.globals.get(map);
    if (id === undefined) {
      id = this.symbols.fresh();
      this.globals.set(map, id);
    }
    return id;
  }

  map(index: number): MapDefinition | undefined {
    return this.object.maps[index];
  }

  /** Whether a helper releases its first argument. */
  releases(helper: string): boolean {
    return RELEASES.has(helper);
  }

  /** Records a failed check at the present slot, once per code. `at` is the position of the value concerned. */
  fail(code: FindingCode, detail: () => Detail, at = -1): void {
    this.failAt(code, this.slot, detail, at);
  }

  /** Records a failed check at another slot. */
  failAt(code: FindingCode, slot: number, detail: () => Detail, at = -1): void {
    const failures = this.recording ? this.failures : this.unrecorded;
    const key = `${slot}:${code}`;
    if (failures.has(key)) return;
    const w = this.w;
    const tag = at < 0 ? 0 : w[at + TAG]!;
    failures.set(key, {
      code,
      slot,
      detail: detail(),
      definedAt: at < 0 ? undefined : w[at + DEFINED]!,
      loss: at < 0 ? 0 : w[at + LOSS]!,
      endedAt: tag === Tag.STALE || tag === Tag.RELEASED ? w[at + REGION]! : -1,
    });
  }
}
