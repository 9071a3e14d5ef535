import { atomic } from './atomic';
import { ByteOrder } from './byte_order';
import { externAddress, packetLoad } from './control';
import { Kind } from './kind';
import { divide, divideSigned, swap32 } from './long';
import type { Machine } from './machine';
import { slowLoad } from './slow';

/**
 * Instructions that are too rare to stand in the interpreter's loop. `machine.pc` is the instruction's slot.
 * Answers false when the program ends with it.
 */
export function uncommon(machine: Machine, kind: Kind, d: number, s: number, extra: number, extra2: number): boolean {
  const { file } = machine;
  switch (kind) {
    case Kind.NOP:
      return true;
    case Kind.DIV64:
      divide(file, d, s, false);
      return true;
    case Kind.MOD64:
      divide(file, d, s, true);
      return true;
    case Kind.SDIV64:
      divideSigned(file, d, s, false);
      return true;
    case Kind.SMOD64:
      divideSigned(file, d, s, true);
      return true;
    // By zero: quotient 0, remainder the dividend; the most negative number by -1 wraps to itself (RFC 9669 section 4.1).
    case Kind.DIV32:
      return word(file, d, file[s] === 0 ? 0 : (file[d]! >>> 0) / (file[s]! >>> 0));
    case Kind.MOD32:
      return word(file, d, file[s] === 0 ? file[d]! : (file[d]! >>> 0) % (file[s]! >>> 0));
    case Kind.SDIV32:
      return word(file, d, file[s] === 0 ? 0 : file[d]! / file[s]!);
    case Kind.SMOD32:
      return word(file, d, file[s] === 0 ? file[d]! : file[d]! % file[s]!);
    case Kind.MOVSX8_64:
      return extend(file, d, (file[s]! << 24) >> 24);
    case Kind.MOVSX16_64:
      return extend(file, d, (file[s]! << 16) >> 16);
    case Kind.MOVSX32_64:
      return extend(file, d, file[s]!);
    case Kind.MOVSX8_32:
      return word(file, d, (file[s]! << 24) >> 24);
    case Kind.MOVSX16_32:
      return word(file, d, (file[s]! << 16) >> 16);
    case Kind.SWAP16:
      return word(file, d, ((file[d]! & 0xff) << 8) | ((file[d]! >>> 8) & 0xff));
    case Kind.SWAP32:
      return word(file, d, swap32(file[d]!));
    case Kind.SWAP64: {
      const low = swap32(file[d + 1]!);
      file[d + 1] = swap32(file[d]!);
      file[d] = low;
      return true;
    }
    case Kind.TRUNCATE16:
      return word(file, d, file[d]! & 0xffff);
    case Kind.TRUNCATE32:
      return word(file, d, file[d]!);
    case Kind.LOADSX8:
    case Kind.LOADSX16:
    case Kind.LOADSX32: {
      const high = file[s + 1]!;
      const low = (file[s]! + extra) | 0;
      const at = machine.memory.readable(high, low, extra2);
      if (at >= 0) ByteOrder.load(machine, d, at, extra2, true);
      else slowLoad(machine, d, high, low, extra2, true);
      return true;
    }
    case Kind.ATOMIC:
      atomic(machine, d, s, extra, extra2);
      return true;
    case Kind.ADDRESS:
      externAddress(machine, d, extra2);
      return true;
    case Kind.PACKET_LOAD:
      if (packetLoad(machine, s, extra, extra2)) return true;
      if (machine.depth > 0) machine.halt('invalid-instruction', 'a packet load outside the packet in a subprogram');
      machine.outcome = { kind: 'returned', value: 0n };
      return false;
    default:
      return machine.halt('invalid-instruction', machine.current.decoded.reasons[extra] ?? 'no such instruction');
  }
}

/** Sets a register to a number truncated to 32 bits, the rest zero. */
function word(file: Int32Array, d: number, value: number): true {
  file[d] = value;
  file[d + 1] = 0;
  return true;
}

/** Sets a register to a 32-bit number, sign-extended. */
function extend(file: Int32Array, d: number, value: number): true {
  file[d] = value;
  file[d + 1] = value >> 31;
  return true;
}
