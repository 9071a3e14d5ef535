import type { DebugProtocol } from '@vscode/debugprotocol';
import { describeValue, isAddress } from '../core/emulator/describe';
import type { Machine } from '../core/emulator/machine';
import type { ContextField } from '../core/platform/platform';
import { toBigint } from '../core/emulator/long';

/** How numbers are written: the client asks for hexadecimal. */
export interface Format {
  readonly hex: boolean;
}

/** Something in the variables view that can be opened. */
export interface Expandable {
  /** How many children there are when they are numbered, so that the client asks for pages. */
  readonly indexed: number | undefined;
  children(start: number, count: number, format: Format): Child[];
}

/** One row of the variables view. */
export interface Child {
  readonly name: string;
  readonly value: string;
  readonly type?: string;
  /** What to evaluate to get it again. */
  readonly evaluateName?: string;
  readonly inside?: Expandable;
  readonly hint?: DebugProtocol.VariablePresentationHint;
}

const BYTES_PER_ROW = 16;
/** Numbers that fit are shown in decimal and hexadecimal. */
const SMALL = 9n;

/** A register's value: where it points, else a number, negative ones as signed. */
export function valueText(machine: Machine, value: bigint, format: Format): string {
  if (isAddress(machine, value)) return describeValue(machine, value);
  return numberText(value, 64, format);
}

export function numberText(value: bigint, bits: number, format: Format): string {
  const hex = `0x${value.toString(16)}`;
  if (format.hex) return hex;
  const signed = BigInt.asIntN(bits, value);
  return value <= SMALL ? String(value) : `${signed} (${hex})`;
}

/** Bytes as one number when they are few, else in hexadecimal. */
export function bytesText(bytes: Uint8Array, littleEndian: boolean, format: Format): string {
  if (bytes.length > 0 && bytes.length <= 8) {
    let value = 0n;
    for (let i = 0; i < bytes.length; i++)
      value = (value << 8n) | BigInt(bytes[littleEndian ? bytes.length - 1 - i : i]!);
    return numberText(value, bytes.length * 8, format);
  }
  return rowText(bytes.subarray(0, 64)) + (bytes.length > 64 ? ' ...' : '');
}

function rowText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** Bytes in rows of 16 with their text: packets, and contexts without fields. */
export function byteRows(bytes: () => Uint8Array): Expandable {
  const length = bytes().length;
  return {
    indexed: Math.ceil(length / BYTES_PER_ROW),
    children(start, count) {
      const all = bytes();
      const rows: Child[] = [];
      for (let row = start; row < start + count && row * BYTES_PER_ROW < all.length; row++) {
        const part = all.subarray(row * BYTES_PER_ROW, (row + 1) * BYTES_PER_ROW);
        const text = Array.from(part, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(
          '',
        );
        const name = `0x${(row * BYTES_PER_ROW).toString(16).padStart(4, '0')}`;
        rows.push({ name, value: `${rowText(part).padEnd(BYTES_PER_ROW * 3 - 1)}  ${text}`, hint: { kind: 'data' } });
      }
      return rows;
    },
  };
}

/** r0 to r10 and the program counter of a frame. */
export function registers(machine: Machine, depth: number, pc: number): Expandable {
  return {
    indexed: undefined,
    children(_start, _count, format) {
      const rows: Child[] = [];
      for (let register = 0; register <= 10; register++) {
        const value = machine.registerAt(depth, register);
        const name = `r${register}`;
        rows.push({
          name,
          value: value === undefined ? '<no value>' : valueText(machine, value, format),
          evaluateName: name,
          hint: { kind: 'data' },
        });
      }
      rows.push({ name: 'pc', value: String(pc), evaluateName: 'pc', hint: { kind: 'data' } });
      return rows;
    },
  };
}

/** The value of a context field as it stands now. */
export function fieldText(machine: Machine, field: ContextField, format: Format): string {
  const context = machine.context!;
  const low = context.packetLow(field);
  if (low === undefined) return bytesText(context.fieldBytes(field), machine.memory.littleEndian, format);
  if (context.packet === undefined) return 'NULL';
  return describeValue(machine, toBigint(machine.memory.high(context.packet.region), low));
}

/** The context: its fields, or its bytes when it has none. */
export function contextFields(machine: Machine): Expandable | undefined {
  const { context, memory } = machine;
  if (context === undefined) return undefined;
  const { fields } = context.descriptor;
  if (fields.length === 0) {
    const at = memory.heap(context.region);
    return byteRows(() => memory.bytes.slice(at, at + memory.size(context.region)));
  }
  return {
    indexed: undefined,
    children: (_start, _count, format) =>
      fields.map((field) => ({
        name: field.name,
        value: fieldText(machine, field, format),
        type: field.type,
        evaluateName: `ctx->${field.name}`,
        hint: { kind: 'property', ...(field.writable ? {} : { attributes: ['readOnly'] }) },
      })),
  };
}

/** The written 64-bit words of a frame's stack, from r10 downwards. */
export function stackWords(machine: Machine, depth: number): Expandable {
  const { memory } = machine;
  return {
    indexed: undefined,
    children(_start, _count, format) {
      const rows: Child[] = [];
      for (let offset = 8; offset <= 512; offset += 8) {
        const at = (depth + 1) * 512 - offset;
        const written = memory.initialised.subarray(at, at + 8);
        if (!written.includes(1)) continue;
        const whole = !written.includes(0);
        const value = whole
          ? valueText(machine, memory.view.getBigUint64(at, memory.littleEndian), format)
          : Array.from(written, (one, i) => (one ? memory.bytes[at + i]!.toString(16).padStart(2, '0') : '--')).join(
              ' ',
            );
        rows.push({ name: `r10-${offset}`, value, hint: { kind: 'data' } });
      }
      return rows;
    },
  };
}
