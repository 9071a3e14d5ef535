import type { Btf } from '../btf/btf';
import { BtfKind } from '../btf/kind';
import type { BpfObject, Program } from '../object/object';
import type { Platform, ProgramType } from '../platform/platform';
import { DEFAULT_CONFIGURATION, type Configuration } from './configuration';
import type { ContextInput } from './context';
import type { Outcome } from './fault';
import { findHelperFunction } from './helpers/find';
import { execute, type Pause, type Stops } from './interpreter';
import { Machine, type HelperEntry, type LoadedProgram } from './machine';

/** Instructions that a run may execute unless told otherwise. */
export const DEFAULT_LIMIT = 100_000_000;
/** Instructions between two looks at `isCancelled`: a few milliseconds. */
const SLICE = 100_000;

/** What a program is run on. */
export interface RunInput {
  readonly packet?: Uint8Array;
  readonly context?: ContextInput;
  readonly configuration?: Partial<Configuration>;
}

/** How {@link Emulator.run} ended: the program did, a stop lies ahead, the limit was reached, or it was cancelled. */
export type RunEnd = Pause | 'cancelled';

/**
 * One run of one program: the face of the emulator. `step` and the machine's state are all that a debugger needs.
 * Deterministic: equal objects, inputs and configurations give equal runs.
 */
export class Emulator {
  readonly machine: Machine;
  readonly type: ProgramType | undefined;
  readonly entry: LoadedProgram;

  /**
   * @throws InputError for a packet, a context or maps that cannot be
   */
  constructor(
    readonly object: BpfObject,
    readonly program: Program,
    readonly platform: Platform,
    input: RunInput = {},
  ) {
    this.type = platform.programType(program.section);
    this.machine = new Machine({
      littleEndian: object.littleEndian,
      configuration: { ...DEFAULT_CONFIGURATION, ...input.configuration },
      maps: object.maps,
      mapType: (id) => platform.mapType(id)?.name ?? `type ${id}`,
      hasLock: (definition) => hasSpinLock(object.btf, definition.valueTypeId),
      externs: object.externs,
      helper: (id) => helperEntry(platform, this.type, id),
      type: this.type,
    });
    const descriptor = this.type?.context ?? { structure: '', size: 0, fields: [], writable: false };
    const takesPacket =
      descriptor.fields.some((field) => field.kind === 'packet') || descriptor.structure === '__sk_buff';
    this.machine.start(
      program,
      descriptor,
      takesPacket || input.packet !== undefined ? (input.packet ?? new Uint8Array(0)) : undefined,
      input.context ?? {},
    );
    this.entry = this.machine.current;
  }

  get outcome(): Outcome | undefined {
    return this.machine.outcome;
  }

  /** Executes one instruction; false when the run is over. */
  step(): boolean {
    execute(this.machine, 1);
    return this.machine.outcome === undefined;
  }

  /**
   * Runs until the program ends, at most `limit` instructions more, and until before an instruction that has a stop (see
   * {@link Machine.setStops}), other than the one at hand. `isCancelled` is asked every {@link SLICE} instructions.
   */
  run(limit = DEFAULT_LIMIT, isCancelled?: () => boolean): RunEnd {
    const { machine } = this;
    const end = machine.steps + limit;
    for (let stops: Stops = 'after-first'; ; stops = 'all') {
      const pause = execute(machine, Math.min(SLICE, end - machine.steps), stops);
      if (pause !== 'limit') return pause;
      if (machine.steps >= end) return 'limit';
      if (isCancelled?.()) return 'cancelled';
    }
  }
}

/** Whether a map's value type is a structure with a member of type `struct bpf_spin_lock`. */
function hasSpinLock(btf: Btf | undefined, valueType: number): boolean {
  const value = btf && valueType > 0 ? btf.type(valueType) : undefined;
  if (btf === undefined || value?.kind !== BtfKind.STRUCT) return false;
  return value.members.some((member) => btf.type(member.type).name === 'bpf_spin_lock');
}

function helperEntry(platform: Platform, type: ProgramType | undefined, id: number): HelperEntry | undefined {
  const helper = type && platform.helper(id, type);
  if (helper === undefined) return undefined;
  return {
    name: helper.name,
    prototype: helper.prototype,
    arguments: helper.arguments.length,
    run: findHelperFunction(helper.name),
  };
}

/**
 * A returned value with its name where the program type has one: `2 (XDP_PASS)`, `-1 (TC_ACT_UNSPEC)`; of several names for one value the
 * type's usual one. Programs return a C int: a value whose
 * high half is zero and whose low half has the sign bit is shown negative when that has a name.
 */
export function returnText(value: bigint, type: ProgramType | undefined): string {
  const names = Object.entries(type?.returnNames ?? {});
  for (const candidate of [BigInt.asIntN(64, value), BigInt.asIntN(32, value)]) {
    const matching = names.filter(([, number]) => BigInt(number) === candidate).map(([name]) => name);
    const name = matching.find((each) => each === type?.defaultReturn) ?? matching[0];
    if (name !== undefined) return `${candidate} (${name})`;
  }
  return String(BigInt.asIntN(64, value));
}
