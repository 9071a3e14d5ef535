import { Atomic } from '../isa/opcode';
import { ByteOrder } from './byte_order';
import type { Machine } from './machine';

/** Positions in the register file that no register uses: the operand's old value, and the new one. */
const OLD = 22;

/**
 * One atomic operation, RFC 9669 section 5.3. `operation` holds the code of `imm` and the width from bit 8 on.
 * 32-bit results of fetches are zero-extended.
 */
export function atomic(machine: Machine, d: number, s: number, offset: number, operation: number): void {
  const { file, memory } = machine;
  const width = operation >> 8;
  const code = operation & 0xff;
  const high = file[d + 1]!;
  const low = (file[d]! + offset) | 0;
  if (memory.readable(high, low, width) < 0) machine.haltAccess(high, low, width, 'read');
  const at = memory.writable(high, low, width);
  if (at < 0) machine.haltAccess(high, low, width, 'write');
  ByteOrder.load(machine, OLD, at, width, false);
  const oldLow = file[OLD]!;
  const oldHigh = file[OLD + 1]!;
  if (code === Atomic.CMPXCHG) {
    const equal = file[0] === oldLow && (width === 4 || file[1] === oldHigh);
    if (equal) ByteOrder.store(machine, s, at, width);
    file[0] = oldLow;
    file[1] = oldHigh;
    return;
  }
  const valueLow = file[s]!;
  const valueHigh = file[s + 1]!;
  let newLow = valueLow;
  let newHigh = valueHigh;
  switch (code & ~Atomic.FETCH) {
    case Atomic.ADD:
      newLow = (oldLow + valueLow) | 0;
      newHigh = (oldHigh + valueHigh + (newLow >>> 0 < oldLow >>> 0 ? 1 : 0)) | 0;
      break;
    case Atomic.OR:
      newLow = oldLow | valueLow;
      newHigh = oldHigh | valueHigh;
      break;
    case Atomic.AND:
      newLow = oldLow & valueLow;
      newHigh = oldHigh & valueHigh;
      break;
    case Atomic.XOR:
      newLow = oldLow ^ valueLow;
      newHigh = oldHigh ^ valueHigh;
      break;
  }
  file[OLD] = newLow;
  file[OLD + 1] = newHigh;
  ByteOrder.store(machine, OLD, at, width);
  if (code & Atomic.FETCH) {
    file[s] = oldLow;
    file[s + 1] = oldHigh;
  }
}
