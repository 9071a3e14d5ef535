import { Errno } from '../errno';
import type { Machine } from '../machine';
import { RingBuffer } from '../maps/ring_buffer';
import { answer, answerBigint, high, low, mapOf, readable, refuse, size, value } from './arguments';
import type { HelperTable } from './helper_table';

function ring(machine: Machine, name: string): RingBuffer {
  const map = mapOf(machine, name, 1);
  if (!(map instanceof RingBuffer)) refuse(machine, name, 1, `is a ${map.type}, not a ring buffer`);
  return map;
}

function reserve(machine: Machine): void {
  const name = 'bpf_ringbuf_reserve';
  const buffer = ring(machine, name);
  const bytes = size(machine, name, 2);
  const region = (low(machine, 3) | high(machine, 3)) === 0 ? buffer.reserve(bytes) : undefined;
  if (region === undefined) answer(machine, 0);
  else machine.setRegion(0, region);
}

function release(machine: Machine, name: string, submit: boolean): void {
  const { memory } = machine;
  const region = memory.regionOf(high(machine, 1));
  const map = region?.kind === 'record' ? machine.maps[region.owner] : undefined;
  const start = region !== undefined && low(machine, 1) === memory.base(region);
  if (!(map instanceof RingBuffer) || !start || !map.release(region, submit))
    refuse(machine, name, 1, 'is not the start of a record that is reserved');
  answer(machine, 0);
}

function output(machine: Machine): void {
  const name = 'bpf_ringbuf_output';
  const buffer = ring(machine, name);
  const bytes = size(machine, name, 3);
  const at = readable(machine, name, 2, bytes);
  // BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP.
  if ((low(machine, 4) & ~3) !== 0 || high(machine, 4) !== 0) return answer(machine, -Errno.EINVAL);
  answer(machine, buffer.output(machine.memory.bytes.slice(at, at + bytes)) ? 0 : -Errno.EAGAIN);
}

/** BPF_RB_AVAIL_DATA, RING_SIZE, CONS_POS, PROD_POS: the consumer takes everything at once. */
function query(machine: Machine): void {
  const buffer = ring(machine, 'bpf_ringbuf_query');
  switch (value(machine, 2)) {
    case 0n:
      return answer(machine, buffer.pending);
    case 1n:
      return answerBigint(machine, BigInt(buffer.definition.maxEntries));
    default:
      answer(machine, 0);
  }
}

/** kernel/bpf/ringbuf.c */
export const RING_HELPERS: HelperTable = {
  bpf_ringbuf_reserve: reserve,
  bpf_ringbuf_submit: (machine) => release(machine, 'bpf_ringbuf_submit', true),
  bpf_ringbuf_discard: (machine) => release(machine, 'bpf_ringbuf_discard', false),
  bpf_ringbuf_output: output,
  bpf_ringbuf_query: query,
};
