import { InputError } from '../input/error';
import type { ContextInput } from './context';

/**
 * Bytes of hexadecimal digits; spaces, colons, commas and `0x` between them are allowed.
 * @throws InputError `hex` when something else is in it
 */
export function bytesFromHex(text: string, what: string): Uint8Array {
  const digits = text.replace(/0x|[\s:,_-]/gi, '');
  const wrong = /[^0-9a-fA-F]/.exec(digits);
  if (wrong) throw new InputError('hex', `${what} is not hexadecimal: it has ${JSON.stringify(wrong[0])}`);
  if (digits.length % 2 !== 0) throw new InputError('hex', `${what} has an odd number of hexadecimal digits`);
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** @throws InputError `hex` */
export function packetFromHex(text: string): Uint8Array {
  return bytesFromHex(text, 'the packet');
}

/**
 * A context as JSON: a string holds its bytes in hexadecimal; an object holds fields by name (or by byte offset), each a number, a string
 * with a number (`"0x1f"`, for more than 53 bits), or an array of bytes.
 * @throws InputError `context-json`, `hex`
 */
export function contextFromJson(json: unknown): ContextInput {
  if (typeof json === 'string') return { bytes: bytesFromHex(json, 'the context') };
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new InputError('context-json', 'a context is an object of fields, or a string of hexadecimal bytes');
  const fields = new Map<string, bigint | Uint8Array>();
  for (const [name, value] of Object.entries(json)) fields.set(name, fieldValue(name, value));
  return { fields: Object.fromEntries(fields) };
}

function fieldValue(name: string, value: unknown): bigint | Uint8Array {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'string') {
    const number = /^\s*(-?)(0x[0-9a-f]{1,32}|\d{1,40})\s*$/i.exec(value);
    if (number) return number[1] ? -BigInt(number[2]!) : BigInt(number[2]!);
  }
  const isByte = (byte: unknown): byte is number => Number.isInteger(byte) && Number(byte) >= 0 && Number(byte) < 256;
  if (Array.isArray(value) && value.every(isByte)) return Uint8Array.from(value);
  throw new InputError(
    'context-json',
    `field ${JSON.stringify(name)} of the context is neither a whole number nor an array of bytes`,
  );
}
