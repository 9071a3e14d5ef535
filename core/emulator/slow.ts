import { ByteOrder } from './byte_order';
import type { Machine } from './machine';
import { TAG } from './region';

/**
 * Accesses that the fast way does not allow: to fields of the context, and those that fault.
 */

/** Loads `width` bytes at an address into register file position `d`. */
export function slowLoad(machine: Machine, d: number, high: number, low: number, width: number, signed: boolean): void {
  const { context, memory, file } = machine;
  if (context === undefined || high !== TAG + context.region.id || memory.access(context.region) !== 0)
    machine.haltAccess(high, low, width, 'read');
  const offset = (low - memory.base(context.region)) | 0;
  const { field, refused } = context.fieldFor(offset, width, false);
  if (refused !== undefined) machine.haltAccess(high, low, width, 'read', undefined, refused);
  const packetLow = field && context.packetLow(field);
  if (packetLow !== undefined) {
    file[d] = packetLow;
    file[d + 1] = context.packet === undefined ? 0 : memory.high(context.packet.region);
    return;
  }
  ByteOrder.load(machine, d, memory.heap(context.region) + offset, width, signed);
}

/** Stores the low `width` bytes of register file position `s` at an address. */
export function slowStore(machine: Machine, s: number, high: number, low: number, width: number): void {
  const { context, memory } = machine;
  if (context === undefined || high !== TAG + context.region.id || memory.access(context.region) !== 0)
    machine.haltAccess(high, low, width, 'write');
  const offset = (low - memory.base(context.region)) | 0;
  const { refused } = context.fieldFor(offset, width, true);
  if (refused !== undefined) machine.haltAccess(high, low, width, 'write', undefined, refused);
  ByteOrder.store(machine, s, memory.heap(context.region) + offset, width);
}
