import { decodeUtf8 } from '../../input/bytes';
import { Errno } from '../errno';
import { highOf, lowOf } from '../long';
import type { Machine } from '../machine';
import { answer, readable, size, value, writable } from './arguments';
import { formatText, type FormatSource } from './format';
import type { HelperTable } from './helper_table';

/** Longest text of one call: BPF_TRACE_PRINTK_SIZE. */
const MAX_TEXT = 1024;
/** Longest string that a specifier prints: MAX_BPRINTF_STR_LEN of the kernel's temporary buffer. */
const MAX_STRING = 512;

function sourceOf(machine: Machine): FormatSource {
  const { memory } = machine;
  return {
    bytes(address, length) {
      const legal = memory.legalFrom(highOf(address), lowOf(address));
      return legal && legal.length >= length ? memory.bytes.slice(legal.at, legal.at + length) : undefined;
    },
    string(address) {
      const legal = memory.legalFrom(highOf(address), lowOf(address));
      if (legal === undefined) return undefined;
      const end = legal.at + Math.min(legal.length, MAX_STRING);
      const nul = memory.bytes.subarray(legal.at, end).indexOf(0);
      return decodeUtf8(memory.bytes, legal.at, nul < 0 ? end : legal.at + nul);
    },
  };
}

/** The format that r`argument` points to, up to its NUL; undefined when none is in `bytes`. */
function formatAt(machine: Machine, name: string, argument: number, bytes: number): string | undefined {
  const at = readable(machine, name, argument, bytes);
  const nul = machine.memory.bytes.subarray(at, at + bytes).indexOf(0);
  if (nul < 0) return undefined;
  let format = '';
  for (let i = at; i < at + nul; i++) format += String.fromCharCode(machine.memory.bytes[i]!);
  return format;
}

/** The 64-bit numbers of an array in memory. */
function numbers(machine: Machine, name: string, argument: number, bytes: number): bigint[] {
  const at = readable(machine, name, argument, bytes);
  const { view, littleEndian } = machine.memory;
  return Array.from({ length: bytes / 8 }, (_, i) => view.getBigUint64(at + 8 * i, littleEndian));
}

function print(machine: Machine, name: string, args: readonly bigint[], needsAll: boolean): void {
  const format = formatAt(machine, name, 1, size(machine, name, 2));
  const text = format === undefined ? -Errno.EINVAL : formatText(format, args, sourceOf(machine));
  if (typeof text === 'number') return answer(machine, text);
  // Windows wants as many specifiers as arguments.
  if (needsAll && formatText(format!, args.slice(0, -1), sourceOf(machine)) !== -Errno.EINVAL)
    return answer(machine, -Errno.EINVAL);
  const cut = text.slice(0, MAX_TEXT - 1);
  machine.printed.push(cut.replace(/\n$/, ''), cut.length + 16);
  answer(machine, cut.length);
}

function printArray(machine: Machine): void {
  const name = 'bpf_trace_vprintk';
  const bytes = size(machine, name, 4);
  if (bytes % 8 !== 0 || bytes > 96) return answer(machine, -Errno.EINVAL);
  print(machine, name, numbers(machine, name, 3, bytes), false);
}

/** bpf_snprintf(text, text size, format, data, data size): r0 is the length with the NUL that the whole text would have. */
function printInto(machine: Machine): void {
  const name = 'bpf_snprintf';
  const room = size(machine, name, 2);
  const bytes = size(machine, name, 5);
  if (bytes % 8 !== 0 || bytes > 96) return answer(machine, -Errno.EINVAL);
  const at = writable(machine, name, 1, room);
  const legal = machine.memory.legalFrom(machine.file[7]!, machine.file[6]!);
  const format = formatAt(machine, name, 3, Math.min(legal?.length ?? 1, MAX_TEXT));
  const text =
    format === undefined ? -Errno.EINVAL : formatText(format, numbers(machine, name, 4, bytes), sourceOf(machine));
  if (typeof text === 'number') return answer(machine, text);
  for (let i = 0; i < room; i++) {
    machine.memory.bytes[at + i] = i < Math.min(text.length, room - 1) ? text.charCodeAt(i) : 0;
  }
  answer(machine, text.length + 1);
}

/** bpf_trace_printk has up to three numbers behind format and size; Windows names it by how many arguments there are. */
export const PRINT_HELPERS: HelperTable = {
  bpf_trace_printk: (machine) => {
    const args: bigint[] = [];
    for (let argument = 3; argument <= 5; argument++) args.push(value(machine, argument));
    print(machine, 'bpf_trace_printk', args, false);
  },
  bpf_trace_printk2: (machine) => print(machine, 'bpf_trace_printk2', [], false),
  bpf_trace_printk3: (machine) => print(machine, 'bpf_trace_printk3', [value(machine, 3)], true),
  bpf_trace_printk4: (machine) => print(machine, 'bpf_trace_printk4', [value(machine, 3), value(machine, 4)], true),
  bpf_trace_printk5: (machine) =>
    print(machine, 'bpf_trace_printk5', [value(machine, 3), value(machine, 4), value(machine, 5)], true),
  bpf_trace_vprintk: printArray,
  bpf_snprintf: printInto,
};
