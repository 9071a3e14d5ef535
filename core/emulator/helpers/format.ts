import { Errno } from '../errno';

/** What formatting asks of the machine. */
export interface FormatSource {
  /** Text of the NUL-terminated string at an address, `undefined` when it cannot be read. */
  string(address: bigint): string | undefined;
  /** Bytes at an address, `undefined` when they cannot be read. */
  bytes(address: bigint, length: number): Uint8Array | undefined;
}

/** `%`, flags, width, and what to print: bpf_bprintf_prepare in kernel/bpf/helpers.c. */
const SPECIFIER =
  /%(?:%|([-+ 0]*)(\d{0,3})(ll|l)?(pK|px|ps|pS|pB|pks|pus|pi4|pI4|pi6|pI6|p(?![0-9A-Za-z])|s|c|i|d|u|x|X))/y;

/**
 * Formats as bpf_trace_printk and bpf_snprintf do. Answers the text, or -EINVAL for a format that the kernel refuses: an unknown
 * specifier, more specifiers than arguments, or bytes that are no printable ASCII.
 */
export function formatText(format: string, args: readonly bigint[], source: FormatSource): string | number {
  let text = '';
  let used = 0;
  for (let at = 0; at < format.length;) {
    const code = format.charCodeAt(at);
    if (!isPrintable(code)) return -Errno.EINVAL;
    if (code !== 0x25) {
      text += format[at++];
      continue;
    }
    SPECIFIER.lastIndex = at;
    const match = SPECIFIER.exec(format);
    if (match === null) return -Errno.EINVAL;
    at = SPECIFIER.lastIndex;
    if (match[4] === undefined) {
      text += '%';
      continue;
    }
    const [, flags = '', width = '', long, what] = match;
    const argument = args[used++];
    if (argument === undefined || (long !== undefined && !'diuxX'.includes(what))) return -Errno.EINVAL;
    text += pad(one(what, argument, long !== undefined, flags, source), flags, Number(width), 'diuxX'.includes(what));
  }
  return text;
}

function isPrintable(code: number): boolean {
  return (code >= 0x20 && code < 0x7f) || (code >= 9 && code <= 13);
}

function one(what: string, argument: bigint, long: boolean, flags: string, source: FormatSource): string {
  switch (what) {
    case 'i':
    case 'd': {
      const number = BigInt.asIntN(long ? 64 : 32, argument);
      const sign = number < 0n ? '' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
      return sign + String(number);
    }
    case 'u':
      return String(BigInt.asUintN(long ? 64 : 32, argument));
    case 'x':
      return BigInt.asUintN(long ? 64 : 32, argument).toString(16);
    case 'X':
      return BigInt.asUintN(long ? 64 : 32, argument)
        .toString(16)
        .toUpperCase();
    case 'c':
      return String.fromCharCode(Number(argument & 0xffn));
    case 's':
    case 'pks':
    case 'pus':
      return source.string(argument) ?? '(fault)';
    case 'pi4':
    case 'pI4': {
      const bytes = source.bytes(argument, 4);
      const parts =
        bytes && Array.from(bytes, (byte) => (what === 'pi4' ? String(byte).padStart(3, '0') : String(byte)));
      return parts?.join('.') ?? '(fault)';
    }
    case 'pi6':
    case 'pI6': {
      const bytes = source.bytes(argument, 16);
      if (bytes === undefined) return '(fault)';
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      return what === 'pi6' ? hex : hex.replace(/(.{4})(?!$)/g, '$1:');
    }
    default:
      // Pointers; the kernel hashes those that it prints with %p.
      return argument.toString(16).padStart(16, '0');
  }
}

function pad(text: string, flags: string, width: number, isNumber: boolean): string {
  if (text.length >= width) return text;
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0') || !isNumber) return text.padStart(width);
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}
