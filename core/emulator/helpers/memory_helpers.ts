import { Errno } from '../errno';
import type { Machine } from '../machine';
import { answer, high, low, readable, size, writable } from './arguments';
import type { HelperTable } from './helper_table';

/** Errors of the C library's checked functions, include/corecrt: EINVAL, and ERANGE that leaves the destination empty. */

function bytesOf(machine: Machine): Uint8Array {
  return machine.memory.bytes;
}

/** bpf_probe_read and its kin, kernel/trace/bpf_trace.c: what cannot be read answers -EFAULT and leaves zeros. */
function probe(machine: Machine, name: string): void {
  const bytes = size(machine, name, 2);
  const at = writable(machine, name, 1, bytes);
  const legal = machine.memory.legalFrom(high(machine, 3), low(machine, 3));
  const good = bytes === 0 || (legal !== undefined && legal.length >= bytes);
  const memory = bytesOf(machine);
  if (good) memory.copyWithin(at, legal?.at ?? at, (legal?.at ?? at) + bytes);
  else memory.fill(0, at, at + bytes);
  answer(machine, good ? 0 : -Errno.EFAULT);
}

/** A string of at most `bytes` with its NUL, which is always there; r0 is its length with the NUL. */
function probeString(machine: Machine, name: string): void {
  const bytes = size(machine, name, 2);
  if (bytes === 0) return answer(machine, 0);
  const at = writable(machine, name, 1, bytes);
  const memory = bytesOf(machine);
  const legal = machine.memory.legalFrom(high(machine, 3), low(machine, 3));
  const room = Math.min(bytes, legal?.length ?? 0);
  const nul = legal === undefined ? -1 : memory.subarray(legal.at, legal.at + room).indexOf(0);
  if (legal === undefined || (nul < 0 && room < bytes)) {
    memory.fill(0, at, at + bytes);
    return answer(machine, -Errno.EFAULT);
  }
  const length = nul < 0 ? bytes - 1 : nul;
  memory.copyWithin(at, legal.at, legal.at + length);
  memory[at + length] = 0;
  answer(machine, length + 1);
}

/** bpf_strncmp(s1, s1 size, s2), kernel/bpf/helpers.c */
function compareStrings(machine: Machine): void {
  const name = 'bpf_strncmp';
  const bytes = size(machine, name, 2);
  const first = readable(machine, name, 1, bytes);
  const memory = bytesOf(machine);
  const legal = machine.memory.legalFrom(high(machine, 3), low(machine, 3));
  for (let i = 0; i < bytes; i++) {
    if (legal === undefined || i >= legal.length)
      machine.haltAccess(high(machine, 3), (low(machine, 3) + i) | 0, 1, 'read', name);
    const difference = memory[first + i]! - memory[legal.at + i]!;
    if (difference !== 0) return answer(machine, difference < 0 ? -1 : 1);
    if (memory[first + i] === 0) break;
  }
  answer(machine, 0);
}

/** memcpy_s and memmove_s: too small a destination is zeroed and answers ERANGE. */
function copy(machine: Machine, name: string): void {
  const room = size(machine, name, 2);
  const bytes = size(machine, name, 4);
  const to = writable(machine, name, 1, room);
  const from = readable(machine, name, 3, bytes);
  if (bytes > room) {
    bytesOf(machine).fill(0, to, to + room);
    return answer(machine, -Errno.ERANGE);
  }
  bytesOf(machine).copyWithin(to, from, from + bytes);
  answer(machine, 0);
}

/** Compares as many bytes as both have, then the lengths. */
function compare(machine: Machine): void {
  const name = 'bpf_memcmp_s';
  const firstSize = size(machine, name, 2);
  const secondSize = size(machine, name, 4);
  const first = readable(machine, name, 1, firstSize);
  const second = readable(machine, name, 3, secondSize);
  const memory = bytesOf(machine);
  for (let i = 0; i < Math.min(firstSize, secondSize); i++) {
    const difference = memory[first + i]! - memory[second + i]!;
    if (difference !== 0) return answer(machine, difference);
  }
  answer(machine, Math.sign(firstSize - secondSize));
}

function fill(machine: Machine): void {
  const name = 'bpf_memset';
  const bytes = size(machine, name, 2);
  const at = writable(machine, name, 1, bytes);
  bytesOf(machine).fill(low(machine, 3) & 0xff, at, at + bytes);
  answer(machine, 0);
}

/** Bytes before the first NUL among `bytes` at `at`; `bytes` when there is none. */
function lengthAt(machine: Machine, at: number, bytes: number): number {
  const nul = bytesOf(machine)
    .subarray(at, at + bytes)
    .indexOf(0);
  return nul < 0 ? bytes : nul;
}

/** strncpy_s and strncat_s: the result always has a NUL; when it does not fit, the destination becomes empty and ERANGE is answered. */
function copyString(machine: Machine, name: string, append: boolean): void {
  const room = size(machine, name, 2);
  const count = size(machine, name, 4);
  if (room === 0) return answer(machine, -Errno.EINVAL);
  const to = append ? readable(machine, name, 1, room) : writable(machine, name, 1, room);
  writable(machine, name, 1, room);
  const from = readable(machine, name, 3, count);
  const before = append ? lengthAt(machine, to, room) : 0;
  const length = lengthAt(machine, from, count);
  const memory = bytesOf(machine);
  if (before + length >= room) {
    memory[to] = 0;
    return answer(machine, -Errno.ERANGE);
  }
  memory.copyWithin(to + before, from, from + length);
  memory[to + before + length] = 0;
  answer(machine, 0);
}

function stringLength(machine: Machine): void {
  const name = 'bpf_strnlen_s';
  const bytes = size(machine, name, 2);
  answer(machine, lengthAt(machine, readable(machine, name, 1, bytes), bytes));
}

function probes(names: readonly string[], run: (machine: Machine, name: string) => void): HelperTable {
  return Object.fromEntries(names.map((name) => [name, (machine: Machine): void => run(machine, name)]));
}

/** Reading memory that may not be there, and Windows' checked memory and string functions. */
export const MEMORY_HELPERS: HelperTable = {
  ...probes(['bpf_probe_read', 'bpf_probe_read_kernel', 'bpf_probe_read_user', 'bpf_copy_from_user'], probe),
  ...probes(['bpf_probe_read_str', 'bpf_probe_read_kernel_str', 'bpf_probe_read_user_str'], probeString),
  bpf_strncmp: compareStrings,
  bpf_memcpy_s: (machine) => copy(machine, 'bpf_memcpy_s'),
  bpf_memmove_s: (machine) => copy(machine, 'bpf_memmove_s'),
  bpf_memcmp_s: compare,
  bpf_memset: fill,
  bpf_strncpy_s: (machine) => copyString(machine, 'bpf_strncpy_s', false),
  bpf_strncat_s: (machine) => copyString(machine, 'bpf_strncat_s', true),
  bpf_strnlen_s: stringLength,
};
