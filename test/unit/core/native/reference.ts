import type { Slot } from './native_image';

/** A second opinion on what straight-line code does, written with BigInt from RFC 9669 alone: registers and the stack, nothing else. */
export interface Machine {
  readonly registers: bigint[];
  /** 512 bytes; r10 points behind the last one. */
  readonly stack: Uint8Array;
}

const mask = (bits: number): bigint => (1n << BigInt(bits)) - 1n;
const signed = (bits: number, value: bigint): bigint => BigInt.asIntN(bits, value);

export function arithmeticResult(operation: number, bits: 32 | 64, d: bigint, s: bigint, offset: number): bigint {
  const a = d & mask(bits);
  const b = s & mask(bits);
  const amount = b & BigInt(bits - 1);
  const minimum = -(1n << BigInt(bits - 1));
  const overflow = signed(bits, a) === minimum && signed(bits, b) === -1n;
  switch (operation) {
    case 0x00: return (a + b) & mask(bits);
    case 0x10: return (a - b) & mask(bits);
    case 0x20: return (a * b) & mask(bits);
    case 0x30:
      if (b === 0n) return 0n;
      if (offset === 0) return a / b;
      return overflow ? a : (signed(bits, a) / signed(bits, b)) & mask(bits);
    case 0x40: return a | b;
    case 0x50: return a & b;
    case 0x60: return (a << amount) & mask(bits);
    case 0x70: return a >> amount;
    case 0x80: return -a & mask(bits);
    case 0x90:
      if (b === 0n) return a;
      if (offset === 0) return a % b;
      return (signed(bits, a) % signed(bits, b)) & mask(bits);
    case 0xa0: return a ^ b;
    case 0xb0: return offset === 0 ? b : signed(offset, b) & mask(bits);
    case 0xc0: return (signed(bits, a) >> amount) & mask(bits);
    default: throw new Error(`no operation ${operation}`);
  }
} // prettier-ignore

export function swap(bits: number, value: bigint): bigint {
  let result = 0n;
  for (let i = 0; i < bits; i += 8) result = (result << 8n) | ((value >> BigInt(i)) & 0xffn);
  return result;
}

export function taken(operation: number, bits: 32 | 64, d: bigint, s: bigint): boolean {
  const a = d & mask(bits);
  const b = s & mask(bits);
  const x = signed(bits, a);
  const y = signed(bits, b);
  switch (operation) {
    case 0x00: return true;
    case 0x10: return a === b;
    case 0x20: return a > b;
    case 0x30: return a >= b;
    case 0x40: return (a & b) !== 0n;
    case 0x50: return a !== b;
    case 0x60: return x > y;
    case 0x70: return x >= y;
    case 0xa0: return a < b;
    case 0xb0: return a <= b;
    case 0xc0: return x < y;
    case 0xd0: return x <= y;
    default: throw new Error(`no jump ${operation}`);
  }
} // prettier-ignore

/** Runs slots whose jumps go forward; memory accesses go through r10 alone. */
export function runReference(slots: readonly Slot[], machine: Machine): void {
  const { registers, stack } = machine;
  const view = new DataView(stack.buffer);
  for (let pc = 0; pc < slots.length; pc++) {
    const [opcode, dst, src, offset, imm] = slots[pc]!;
    const immediate = BigInt.asUintN(64, BigInt(imm));
    const operand = opcode & 8 ? registers[src]! : immediate;
    const operation = opcode & 0xf0;
    switch (opcode & 7) {
      case 4:
      case 7: {
        const bits = (opcode & 7) === 7 ? 64 : 32;
        const d = registers[dst]!;
        if (operation !== 0xd0) registers[dst] = arithmeticResult(operation, bits, d, operand, offset);
        else if (bits === 64 || opcode & 8) registers[dst] = swap(imm, d);
        else registers[dst] = d & mask(imm);
        break;
      }
      case 5:
      case 6:
        if (taken(operation, (opcode & 7) === 5 ? 64 : 32, registers[dst]!, operand)) pc += offset;
        break;
      case 1: {
        const bytes = [4, 2, 1, 8][(opcode >> 3) & 3]!;
        const value = load(view, 512 + offset, bytes);
        registers[dst] = (opcode & 0xe0) === 0x80 ? BigInt.asUintN(64, signed(bytes * 8, value)) : value;
        break;
      }
      case 2:
        store(view, 512 + offset, [4, 2, 1, 8][(opcode >> 3) & 3]!, immediate);
        break;
      case 3: {
        const bytes = [4, 2, 1, 8][(opcode >> 3) & 3]!;
        if ((opcode & 0xe0) !== 0xc0) {
          store(view, 512 + offset, bytes, registers[src]!);
          break;
        }
        const before = load(view, 512 + offset, bytes);
        const value = registers[src]! & mask(bytes * 8);
        if (imm === 0xf1) {
          if (before === (registers[0]! & mask(bytes * 8))) store(view, 512 + offset, bytes, value);
          registers[0] = before;
          break;
        }
        const code = imm === 0xe1 ? 0xb0 : imm & 0xf0;
        store(view, 512 + offset, bytes, arithmeticResult(code, 64, before, value, 0));
        if (imm & 1) registers[src] = before;
        break;
      }
      default:
        throw new Error(`no opcode ${opcode}`);
    }
  }
}

function load(view: DataView, at: number, bytes: number): bigint {
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(at + i));
  return value;
}

function store(view: DataView, at: number, bytes: number, value: bigint): void {
  for (let i = 0; i < bytes; i++) view.setUint8(at + i, Number((value >> BigInt(8 * i)) & 0xffn));
}
