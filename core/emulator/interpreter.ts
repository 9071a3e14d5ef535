import { callHelper, callRegister } from './control';
import { Field } from './decode';
import { Halt, type Outcome } from './fault';
import { Kind } from './kind';
import { below, less, multiply, negate, shiftLeft, shiftRight, shiftRightSigned, toBigint } from './long';
import type { Machine } from './machine';
import { slowLoad, slowStore } from './slow';
import { uncommon } from './uncommon';

/** Why {@link execute} came back: the run is over, a stop lies ahead, or the instructions are used up. */
export type Pause = 'over' | 'stop' | 'limit';

/** Whether {@link execute} heeds stops, and whether one before the very first instruction counts. */
export type Stops = 'none' | 'all' | 'after-first';

/**
 * Executes at most `limit` instructions, and comes back before one that has a stop when stops are heeded. State is whole between calls, so
 * a limit of 1 is stepping, and `after-first` goes on from a stop.
 */
export function execute(machine: Machine, limit: number, stops: Stops = 'none'): Pause {
  if (machine.outcome !== undefined) return 'over';
  if (limit <= 0) return 'limit';
  try {
    if (stops === 'after-first') {
      const pause = loop(machine, 1, false);
      return pause === 'limit' && limit > 1 ? loop(machine, limit - 1, true) : pause;
    }
    return loop(machine, limit, stops === 'all');
  } catch (error) {
    if (!(error instanceof Halt)) throw error;
    return over(machine, error.outcome);
  }
}

function over(machine: Machine, outcome: Outcome): Pause {
  machine.outcome = outcome;
  return 'over';
}

function undefinedRegister(machine: Machine, pc: number, missing: number): never {
  const register = 31 - Math.clz32(missing & -missing);
  const message = `r${register} is used but has no value here`;
  const program = machine.current.program.name;
  throw new Halt({ kind: 'fault', fault: { kind: 'uninitialised-register', register, pc, program, message } });
}

function load(machine: Machine, pc: number, d: number, s: number, offset: number, width: number): void {
  machine.pc = pc;
  slowLoad(machine, d, machine.file[s + 1]!, (machine.file[s]! + offset) | 0, width, false);
}

function store(machine: Machine, pc: number, d: number, s: number, offset: number, width: number): void {
  machine.pc = pc;
  slowStore(machine, s, machine.file[d + 1]!, (machine.file[d]! + offset) | 0, width);
}

/** Calls and returns: execution goes on at `machine.next`; false when the program has ended. */
function transfer(machine: Machine, kind: Kind, d: number, extra: number): boolean {
  switch (kind) {
    case Kind.CALL_HELPER:
      callHelper(machine, extra);
      return true;
    case Kind.CALL_LOCAL:
      machine.call(extra, machine.pc + 1);
      return true;
    case Kind.CALL_REGISTER:
      callRegister(machine, d);
      return true;
    default:
      if (machine.depth > 0) {
        machine.leave();
        return true;
      }
      if (machine.undefinedRegisters & 1) return undefinedRegister(machine, machine.pc, 1);
      machine.outcome = { kind: 'returned', value: toBigint(machine.file[1]!, machine.file[0]!) };
      return false;
  }
}

/**
 * The loop. Everything hot is in local variables and typed arrays; `machine` is brought up to date before anything is called that may look
 * at it, and read back after what may change it.
 */
function loop(machine: Machine, limit: number, stops: boolean): Pause {
  const { memory } = machine;
  const little = memory.littleEndian;
  const lowAt = little ? 0 : 4;
  const highAt = 4 - lowAt;
  let file = machine.file;
  let view = memory.view;
  let code = stops ? machine.current.stopped : machine.current.decoded.code;
  let undef = machine.undefinedRegisters;
  let pc = machine.pc;
  let left = limit;
  const before = machine.steps;
  try {
    for (; left > 0; left--) {
      const at = pc << Field.SHIFT;
      const word = code[at]!;
      if (((word >>> 8) & undef) !== 0) return undefinedRegister(machine, pc, (word >>> 8) & undef);
      const d = code[at + Field.D]!;
      const s = code[at + Field.S]!;
      const extra = code[at + Field.EXTRA]!;
      switch ((word & 0xff) as Kind) {
        case Kind.ADD64: {
          const a = file[d]!;
          const low = (a + file[s]!) | 0;
          file[d + 1] = (file[d + 1]! + file[s + 1]! + (low >>> 0 < a >>> 0 ? 1 : 0)) | 0;
          file[d] = low;
          break;
        }
        case Kind.SUB64: {
          const a = file[d]!;
          const b = file[s]!;
          file[d + 1] = (file[d + 1]! - file[s + 1]! - (a >>> 0 < b >>> 0 ? 1 : 0)) | 0;
          file[d] = (a - b) | 0;
          break;
        }
        case Kind.MUL64:
          multiply(file, d, s);
          break;
        case Kind.OR64:
          file[d] = file[d]! | file[s]!;
          file[d + 1] = file[d + 1]! | file[s + 1]!;
          break;
        case Kind.AND64:
          file[d] = file[d]! & file[s]!;
          file[d + 1] = file[d + 1]! & file[s + 1]!;
          break;
        case Kind.XOR64:
          file[d] = file[d]! ^ file[s]!;
          file[d + 1] = file[d + 1]! ^ file[s + 1]!;
          break;
        case Kind.LSH64:
          shiftLeft(file, d, file[s]! & 63);
          break;
        case Kind.RSH64:
          shiftRight(file, d, file[s]! & 63);
          break;
        case Kind.ARSH64:
          shiftRightSigned(file, d, file[s]! & 63);
          break;
        case Kind.NEG64:
          negate(file, d);
          break;
        case Kind.MOV64:
          file[d] = file[s]!;
          file[d + 1] = file[s + 1]!;
          break;
        case Kind.LDDW:
          file[d] = file[s]!;
          file[d + 1] = file[s + 1]!;
          pc++;
          break;
        case Kind.ADD32:
          file[d] = file[d]! + file[s]!;
          file[d + 1] = 0;
          break;
        case Kind.SUB32:
          file[d] = file[d]! - file[s]!;
          file[d + 1] = 0;
          break;
        case Kind.OR32:
          file[d] = file[d]! | file[s]!;
          file[d + 1] = 0;
          break;
        case Kind.AND32:
          file[d] = file[d]! & file[s]!;
          file[d + 1] = 0;
          break;
        case Kind.XOR32:
          file[d] = file[d]! ^ file[s]!;
          file[d + 1] = 0;
          break;
        case Kind.LSH32:
          file[d] = file[d]! << file[s]!;
          file[d + 1] = 0;
          break;
        case Kind.RSH32:
          file[d] = file[d]! >>> file[s]!;
          file[d + 1] = 0;
          break;
        case Kind.ARSH32:
          file[d] = file[d]! >> file[s]!;
          file[d + 1] = 0;
          break;
        case Kind.NEG32:
          file[d] = -file[d]!;
          file[d + 1] = 0;
          break;
        case Kind.MOV32:
          file[d] = file[s]!;
          file[d + 1] = 0;
          break;
        case Kind.MUL32:
          file[d] = Math.imul(file[d]!, file[s]!);
          file[d + 1] = 0;
          break;
        case Kind.JA:
          pc = extra - 1;
          break;
        case Kind.JEQ64:
          if (file[d] === file[s] && file[d + 1] === file[s + 1]) pc = extra - 1;
          break;
        case Kind.JNE64:
          if (file[d] !== file[s] || file[d + 1] !== file[s + 1]) pc = extra - 1;
          break;
        case Kind.JGT64:
          if (below(file[s + 1]!, file[s]!, file[d + 1]!, file[d]!)) pc = extra - 1;
          break;
        case Kind.JGE64:
          if (!below(file[d + 1]!, file[d]!, file[s + 1]!, file[s]!)) pc = extra - 1;
          break;
        case Kind.JLT64:
          if (below(file[d + 1]!, file[d]!, file[s + 1]!, file[s]!)) pc = extra - 1;
          break;
        case Kind.JLE64:
          if (!below(file[s + 1]!, file[s]!, file[d + 1]!, file[d]!)) pc = extra - 1;
          break;
        case Kind.JSET64:
          if (((file[d]! & file[s]!) | (file[d + 1]! & file[s + 1]!)) !== 0) pc = extra - 1;
          break;
        case Kind.JSGT64:
          if (less(file[s + 1]!, file[s]!, file[d + 1]!, file[d]!)) pc = extra - 1;
          break;
        case Kind.JSGE64:
          if (!less(file[d + 1]!, file[d]!, file[s + 1]!, file[s]!)) pc = extra - 1;
          break;
        case Kind.JSLT64:
          if (less(file[d + 1]!, file[d]!, file[s + 1]!, file[s]!)) pc = extra - 1;
          break;
        case Kind.JSLE64:
          if (!less(file[s + 1]!, file[s]!, file[d + 1]!, file[d]!)) pc = extra - 1;
          break;
        case Kind.JEQ32:
          if (file[d] === file[s]) pc = extra - 1;
          break;
        case Kind.JNE32:
          if (file[d] !== file[s]) pc = extra - 1;
          break;
        case Kind.JSET32:
          if ((file[d]! & file[s]!) !== 0) pc = extra - 1;
          break;
        case Kind.JGT32:
          if (file[d]! >>> 0 > file[s]! >>> 0) pc = extra - 1;
          break;
        case Kind.JGE32:
          if (file[d]! >>> 0 >= file[s]! >>> 0) pc = extra - 1;
          break;
        case Kind.JLT32:
          if (file[d]! >>> 0 < file[s]! >>> 0) pc = extra - 1;
          break;
        case Kind.JLE32:
          if (file[d]! >>> 0 <= file[s]! >>> 0) pc = extra - 1;
          break;
        case Kind.JSGT32:
          if (file[d]! > file[s]!) pc = extra - 1;
          break;
        case Kind.JSGE32:
          if (file[d]! >= file[s]!) pc = extra - 1;
          break;
        case Kind.JSLT32:
          if (file[d]! < file[s]!) pc = extra - 1;
          break;
        case Kind.JSLE32:
          if (file[d]! <= file[s]!) pc = extra - 1;
          break;
        case Kind.LOAD8: {
          const place = memory.readable(file[s + 1]!, (file[s]! + extra) | 0, 1);
          if (place >= 0) {
            file[d] = view.getUint8(place);
            file[d + 1] = 0;
          } else load(machine, pc, d, s, extra, 1);
          break;
        }
        case Kind.LOAD16: {
          const place = memory.readable(file[s + 1]!, (file[s]! + extra) | 0, 2);
          if (place >= 0) {
            file[d] = view.getUint16(place, little);
            file[d + 1] = 0;
          } else load(machine, pc, d, s, extra, 2);
          break;
        }
        case Kind.LOAD32: {
          const place = memory.readable(file[s + 1]!, (file[s]! + extra) | 0, 4);
          if (place >= 0) {
            file[d] = view.getInt32(place, little);
            file[d + 1] = 0;
          } else load(machine, pc, d, s, extra, 4);
          break;
        }
        case Kind.LOAD64: {
          const place = memory.readable(file[s + 1]!, (file[s]! + extra) | 0, 8);
          if (place >= 0) {
            file[d] = view.getInt32(place + lowAt, little);
            file[d + 1] = view.getInt32(place + highAt, little);
          } else load(machine, pc, d, s, extra, 8);
          break;
        }
        case Kind.STORE8: {
          const place = memory.writable(file[d + 1]!, (file[d]! + extra) | 0, 1);
          if (place >= 0) {
            view.setInt8(place, file[s]!);
          } else store(machine, pc, d, s, extra, 1);
          break;
        }
        case Kind.STORE16: {
          const place = memory.writable(file[d + 1]!, (file[d]! + extra) | 0, 2);
          if (place >= 0) {
            view.setInt16(place, file[s]!, little);
          } else store(machine, pc, d, s, extra, 2);
          break;
        }
        case Kind.STORE32: {
          const place = memory.writable(file[d + 1]!, (file[d]! + extra) | 0, 4);
          if (place >= 0) {
            view.setInt32(place, file[s]!, little);
          } else store(machine, pc, d, s, extra, 4);
          break;
        }
        case Kind.STORE64: {
          const place = memory.writable(file[d + 1]!, (file[d]! + extra) | 0, 8);
          if (place >= 0) {
            view.setInt32(place + lowAt, file[s]!, little);
            view.setInt32(place + highAt, file[s + 1]!, little);
          } else store(machine, pc, d, s, extra, 8);
          break;
        }
        case Kind.CALL_HELPER:
        case Kind.CALL_LOCAL:
        case Kind.CALL_REGISTER:
        case Kind.EXIT:
          machine.pc = pc;
          machine.steps = before + (limit - left);
          machine.undefinedRegisters = undef & code[at + Field.KEEP]!;
          if (!transfer(machine, word & 0xff, d, extra)) {
            left--;
            return 'over';
          }
          pc = machine.next;
          undef = machine.undefinedRegisters;
          file = machine.file;
          view = memory.view;
          code = stops ? machine.current.stopped : machine.current.decoded.code;
          continue;
        case Kind.STOP:
          return 'stop';
        default:
          machine.pc = pc;
          machine.undefinedRegisters = undef;
          if (!uncommon(machine, word & 0xff, d, s, extra, code[at + Field.EXTRA2]!)) {
            left--;
            return 'over';
          }
          undef = machine.undefinedRegisters;
          // A 64-bit immediate has two slots.
          if ((word & 0xff) === (Kind.ADDRESS as number)) pc++;
      }
      undef &= code[at + Field.KEEP]!;
      pc++;
    }
    return 'limit';
  } finally {
    machine.pc = pc;
    machine.undefinedRegisters = undef;
    machine.steps = before + (limit - left);
  }
}
