import assert from 'node:assert/strict';
import { DEFAULT_CONFIGURATION, type Configuration } from '../../../../core/emulator/configuration';
import type { ContextInput } from '../../../../core/emulator/context';
import type { Fault } from '../../../../core/emulator/fault';
import { findHelperFunction } from '../../../../core/emulator/helpers/find';
import { execute } from '../../../../core/emulator/interpreter';
import { Machine } from '../../../../core/emulator/machine';
import { CALL, Call, LDDW, Lddw } from '../../../../core/isa/opcode';
import { LineTable } from '../../../../core/object/line_table';
import type { LinkedFunction, MapDefinition, Program } from '../../../../core/object/object';
import type { ContextDescriptor } from '../../../../core/platform/platform';
import { linux } from './platforms';
import { assemble } from '../../conformance/assembler';

/** Programs from assembly on a machine of their own. `call N` calls the Nth name of `helpers`, `lddw %r1, map N` is the Nth map. */

export interface FixtureOptions {
  readonly maps?: readonly MapDefinition[];
  readonly helpers?: readonly string[];
  readonly packet?: Uint8Array;
  readonly descriptor?: ContextDescriptor;
  readonly context?: ContextInput;
  readonly configuration?: Partial<Configuration>;
  readonly littleEndian?: boolean;
}

export function programOf(assembly: string, name = 'entry'): Program {
  const lines = assembly
    .split('\n')
    .map((line) => line.replace(/;.*/, '').trim())
    .filter((line) => line !== '');
  const code = assemble(lines);
  const starts = new Set([0]);
  for (let slot = 0; slot < code.length; slot++) {
    const local = code.opcode[slot] === CALL && code.src[slot] === Call.LOCAL;
    const address = code.opcode[slot] === LDDW && code.src[slot] === Lddw.CODE;
    if (local || address) starts.add(slot + 1 + code.imm[slot]!);
  }
  const sorted = [...starts].sort((a, b) => a - b);
  const functions = sorted.map((start, index): LinkedFunction => {
    const length = (sorted[index + 1] ?? code.length) - start;
    const called = start === 0 ? name : `f${start}`;
    return { name: called, section: 'xdp', sectionSlot: start, start, length, btfId: 0, global: false };
  });
  return { name, section: 'xdp', code, functions, lines: new LineTable([], sorted) };
}

export function mapOf(type: number, more: Partial<MapDefinition> = {}): MapDefinition {
  return {
    name: 'map',
    type,
    keySize: 4,
    valueSize: 8,
    maxEntries: 4,
    flags: 0,
    pinning: 0,
    origin: 'btf',
    readOnly: false,
    initial: undefined,
    inner: -1,
    keyTypeId: 0,
    valueTypeId: 0,
    ...more,
  };
}

/** BPF_MAP_TYPE_ numbers of Linux, include/uapi/linux/bpf.h. */
export const MapTypes = {
  HASH: 1,
  ARRAY: 2,
  PROG_ARRAY: 3,
  PERF_EVENT_ARRAY: 4,
  PERCPU_HASH: 5,
  PERCPU_ARRAY: 6,
  LRU_HASH: 9,
  LPM_TRIE: 11,
  ARRAY_OF_MAPS: 12,
  HASH_OF_MAPS: 13,
  QUEUE: 22,
  STACK: 23,
  RINGBUF: 27,
} as const;

export function machineOf(assembly: string | Program, options: FixtureOptions = {}): Machine {
  const machine = new Machine({
    littleEndian: options.littleEndian ?? true,
    configuration: { ...DEFAULT_CONFIGURATION, ...options.configuration },
    maps: options.maps ?? [],
    mapType: (id) => linux.mapType(id)?.name ?? 'none',
    externs: [],
    helper: (id) => {
      const name = options.helpers?.[id];
      if (name === undefined) return undefined;
      return { name, prototype: `long ${name}()`, arguments: 0, run: findHelperFunction(name) };
    },
    type: linux.programType('xdp'),
  });
  const program = typeof assembly === 'string' ? programOf(assembly) : assembly;
  machine.start(program, options.descriptor, options.packet, options.context ?? {});
  return machine;
}

export const XDP = linux.programType('xdp')!.context;

/** Runs to the end and answers r0 as a signed number. */
export function resultOf(machine: Machine): bigint {
  execute(machine, 1_000_000);
  const { outcome } = machine;
  assert.equal(outcome?.kind, 'returned', outcome?.kind === 'fault' ? outcome.fault.message : String(outcome?.kind));
  return outcome?.kind === 'returned' ? BigInt.asIntN(64, outcome.value) : 0n;
}

export function run(assembly: string, options: FixtureOptions = {}): bigint {
  return resultOf(machineOf(assembly, options));
}

/** Runs to a fault, which must be of that kind. */
export function faultOf(assembly: string, kind: Fault['kind'], options: FixtureOptions = {}): Fault {
  const machine = machineOf(assembly, options);
  execute(machine, 1_000_000);
  const { outcome } = machine;
  assert.equal(outcome?.kind, 'fault', `it ended with ${outcome?.kind}`);
  const { fault } = outcome;
  assert.equal(fault.kind, kind, fault.message);
  return fault;
}
