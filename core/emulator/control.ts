import { Field } from './decode';
import type { Machine } from './machine';
import { FIRST_LOW } from './region';

/** Instructions that leave the straight way and are too rare for the interpreter's loop. */

/** Calls the helper of the instruction at `machine.pc`, whose table index is `index`; execution goes on at `machine.next`. */
export function callHelper(machine: Machine, index: number): void {
  const { pc } = machine;
  machine.next = pc + 1;
  // As in a call by the kernel: r0 is the result, r1 to r5 are lost.
  if (index < 0) {
    const code = machine.current.decoded.code;
    const extern = machine.externs[code[(pc << Field.SHIFT) + Field.EXTRA2]!];
    scripted(machine, extern?.name ?? 'an extern function', `extern ${extern?.name ?? ''}()`);
    machine.undefinedRegisters = (machine.undefinedRegisters & ~1) | 0x3e;
    return;
  }
  const entry = machine.helpers[index]!;
  machine.undefinedRegisters = (machine.undefinedRegisters & ~1) | 0x3e;
  const result = machine.configuration.results[entry.name];
  if (entry.run === undefined || result !== undefined) scripted(machine, entry.name, entry.prototype);
  else entry.run(machine);
}

/** Gives r0 the configured result of something that is not modelled, or ends the run with its name. */
function scripted(machine: Machine, name: string, prototype: string): void {
  const result = machine.configuration.results[name];
  if (result === undefined) machine.haltUnmodelled(name, prototype);
  machine.setRegister(0, Number(BigInt.asIntN(32, result >> 32n)), Number(BigInt.asIntN(32, result)));
}

/** `callx`: the register holds the address of a function of this program, or the number of a helper. */
export function callRegister(machine: Machine, d: number): void {
  const { file, memory, current, pc } = machine;
  const low = file[d]!;
  const high = file[d + 1]!;
  if (high === memory.high(current.region)) {
    const slot = ((low - FIRST_LOW) | 0) / 8;
    if (!current.program.functions.some((candidate) => candidate.start === slot))
      machine.halt('call-target', `callx leads to slot ${slot}, where no function begins`);
    return machine.call(slot, pc + 1);
  }
  if (high !== 0 || low < 0) machine.halt('call-target', 'callx needs the address of a function');
  const entry = machine.helpers[machine.helper(low)]!;
  if (entry.run === undefined && entry.prototype === '')
    machine.halt('call-target', `callx calls helper ${low}, which does not exist`);
  callHelper(machine, machine.helper(low));
}

/** Address of an extern variable: its configured value; a weak one without is 0. */
export function externAddress(machine: Machine, d: number, index: number): void {
  const extern = machine.externs[index];
  const value = machine.configuration.results[extern?.name ?? ''] ?? (extern?.weak ? 0n : undefined);
  if (value === undefined) machine.haltUnmodelled(extern?.name ?? 'an extern variable', `extern ${extern?.name ?? ''}`);
  machine.file[d] = Number(BigInt.asIntN(32, value));
  machine.file[d + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

/**
 * Legacy packet load (RFC 9669 section 5.5): r0 = bytes of the packet in network byte order; outside the packet the program ends with 0.
 * Answers false in that case.
 */
export function packetLoad(machine: Machine, s: number, offset: number, width: number): boolean {
  const { file, memory, packet, context } = machine;
  const isContext =
    context !== undefined && file[13] === memory.high(context.region) && file[12] === memory.base(context.region);
  if (packet === undefined || !isContext)
    machine.halt('invalid-instruction', 'a packet load needs the socket buffer in r6');
  const place = (offset + (s < 0 ? 0 : file[s]!)) | 0;
  const at = packet.at(place, width);
  if (at < 0) {
    file[0] = file[1] = 0;
    return false;
  }
  const { view } = memory;
  file[0] = width === 1 ? view.getUint8(at) : width === 2 ? view.getUint16(at) : view.getInt32(at);
  file[1] = 0;
  machine.undefinedRegisters |= 0x3e;
  return true;
}
