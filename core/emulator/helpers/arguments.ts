import { Halt } from '../fault';
import { toBigint } from '../long';
import type { Machine } from '../machine';
import type { EmulatedMap } from '../maps/map';

/** Largest size that a helper takes as an argument: BPF_MAX_VAR_SIZ of the kernel's verifier. */
const MAX_SIZE = 1 << 29;

/** What helpers read from r1 to r5, checked, and how they answer. `name` is the helper's, for faults. */

export function low(machine: Machine, argument: number): number {
  return machine.file[argument * 2]!;
}

export function high(machine: Machine, argument: number): number {
  return machine.file[argument * 2 + 1]!;
}

/** The argument as an unsigned 64-bit number. */
export function value(machine: Machine, argument: number): bigint {
  return toBigint(high(machine, argument), low(machine, argument));
}

export function isNull(machine: Machine, argument: number): boolean {
  return (low(machine, argument) | high(machine, argument)) === 0;
}

/** Ends the run: the helper cannot take that argument. */
export function refuse(machine: Machine, name: string, argument: number, why: string): never {
  throw new Halt({
    kind: 'fault',
    fault: {
      kind: 'helper-argument',
      helper: name,
      argument,
      pc: machine.pc,
      program: machine.current.program.name,
      message: `argument ${argument} of ${name} ${why}`,
    },
  });
}

/** A size in bytes. */
export function size(machine: Machine, name: string, argument: number): number {
  const bytes = low(machine, argument);
  if (high(machine, argument) !== 0 || bytes < 0 || bytes > MAX_SIZE)
    refuse(machine, name, argument, `is a size of ${BigInt.asIntN(64, value(machine, argument))} bytes`);
  return bytes;
}

/** Heap position of memory that the program may read; any position for no bytes. */
export function readable(machine: Machine, name: string, argument: number, bytes: number): number {
  if (bytes === 0) return 0;
  const at = machine.memory.readable(high(machine, argument), low(machine, argument), bytes);
  if (at < 0) machine.haltAccess(high(machine, argument), low(machine, argument), bytes, 'read', name);
  return at;
}

/** Heap position of memory that the program may write. */
export function writable(machine: Machine, name: string, argument: number, bytes: number): number {
  if (bytes === 0) return 0;
  const at = machine.memory.writable(high(machine, argument), low(machine, argument), bytes);
  if (at < 0) machine.haltAccess(high(machine, argument), low(machine, argument), bytes, 'write', name);
  return at;
}

/** The map whose handle the argument is. */
export function mapOf(machine: Machine, name: string, argument: number): EmulatedMap {
  const region = machine.memory.regionOf(high(machine, argument));
  const map = region?.kind === 'map' ? machine.maps[region.owner] : undefined;
  if (map === undefined || low(machine, argument) !== machine.memory.base(region!))
    refuse(machine, name, argument, 'is not a map');
  return map;
}

/** Checks that the argument is the program's context. */
export function needContext(machine: Machine, name: string, argument: number): void {
  const { context, memory } = machine;
  const good =
    context !== undefined &&
    high(machine, argument) === memory.high(context.region) &&
    low(machine, argument) === memory.base(context.region);
  if (!good) refuse(machine, name, argument, 'is not the context');
}

/** Sets r0 to a signed 32-bit number, sign-extended: counts and negated error numbers. */
export function answer(machine: Machine, result: number): void {
  machine.setRegister(0, result < 0 ? -1 : 0, result);
}

export function answerPair(machine: Machine, resultHigh: number, resultLow: number): void {
  machine.setRegister(0, resultHigh, resultLow);
}

export function answerBigint(machine: Machine, result: bigint): void {
  machine.setRegister(0, Number(BigInt.asIntN(32, result >> 32n)), Number(BigInt.asIntN(32, result)));
}
