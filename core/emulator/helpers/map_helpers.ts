import { Errno } from '../errno';
import type { Machine } from '../machine';
import { KeyedMap, type Bytes, type EmulatedMap } from '../maps/map';
import { OpaqueMap, PerfEventArray } from '../maps/opaque';
import { QueueMap } from '../maps/queue';
import { MapOfMaps } from '../maps/target';
import { Access, type Region } from '../region';
import { answer, answerPair, high, low, mapOf, readable, refuse, size, value, writable } from './arguments';
import type { HelperTable } from './helper_table';

/** Keys are copied here for callbacks; one region for each machine. */
const callbackKeys = new WeakMap<Machine, Region>();

function keyArgument(machine: Machine, name: string, map: EmulatedMap, argument: number): Bytes {
  const at = readable(machine, name, argument, map.definition.keySize);
  return { bytes: machine.memory.bytes, at };
}

function needModel(machine: Machine, name: string, map: EmulatedMap): void {
  if (map instanceof OpaqueMap) machine.haltUnmodelled(`${name} on a map of type ${map.type}`, '');
}

/** Sets r0 to the address of an element's value, or NULL. */
function answerValue(machine: Machine, map: KeyedMap, element: number, cpu: number): void {
  const number = element * map.cpus + (map.cpus > 1 ? cpu : 0);
  const region = element < 0 ? undefined : map.storage.chunk(number);
  if (region === undefined) return answer(machine, 0);
  const { memory } = machine;
  answerPair(machine, memory.high(region), (memory.base(region) + map.storage.offset(number)) | 0);
}

function lookup(machine: Machine, name: string, cpu: number): void {
  const map = mapOf(machine, name, 1);
  needModel(machine, name, map);
  if (map instanceof KeyedMap) {
    answerValue(machine, map, map.find(keyArgument(machine, name, map, 2)), cpu);
  } else if (map instanceof MapOfMaps) {
    const inner = machine.maps[map.find(keyArgument(machine, name, map, 2))];
    if (inner === undefined) answer(machine, 0);
    else machine.setRegion(0, inner.handle);
  } else answer(machine, 0);
}

function update(machine: Machine): void {
  const name = 'bpf_map_update_elem';
  const map = mapOf(machine, name, 1);
  needModel(machine, name, map);
  if (!(map instanceof KeyedMap)) return answer(machine, -Errno.EINVAL);
  const key = keyArgument(machine, name, map, 2);
  const at = readable(machine, name, 3, map.definition.valueSize);
  if (map.definition.readOnly) refuse(machine, name, 1, `is the read-only map ${map.name}`);
  const flags = high(machine, 4) === 0 ? low(machine, 4) : -1;
  answer(machine, map.update(key, { bytes: machine.memory.bytes, at }, flags, machine.configuration.cpu));
}

function remove(machine: Machine): void {
  const name = 'bpf_map_delete_elem';
  const map = mapOf(machine, name, 1);
  needModel(machine, name, map);
  if (!(map instanceof KeyedMap)) return answer(machine, -Errno.EINVAL);
  answer(machine, map.delete(keyArgument(machine, name, map, 2)));
}

/** Windows: the value as a lookup gives it, and the element is gone from the map; its bytes stay until they are used again. */
function lookupAndDelete(machine: Machine): void {
  const name = 'bpf_map_lookup_and_delete_elem';
  const map = mapOf(machine, name, 1);
  needModel(machine, name, map);
  if (!(map instanceof KeyedMap)) return answer(machine, 0);
  const key = keyArgument(machine, name, map, 2);
  const element = map.find(key);
  if (element >= 0 && map.delete(key) !== 0) return answer(machine, 0);
  answerValue(machine, map, element, machine.configuration.cpu);
}

function push(machine: Machine): void {
  const name = 'bpf_map_push_elem';
  const map = mapOf(machine, name, 1);
  needModel(machine, name, map);
  if (!(map instanceof QueueMap)) return answer(machine, -Errno.EINVAL);
  const at = readable(machine, name, 2, map.definition.valueSize);
  const flags = high(machine, 3) === 0 ? low(machine, 3) : -1;
  answer(machine, map.push({ bytes: machine.memory.bytes, at }, flags));
}

function pop(machine: Machine, name: string, removes: boolean): void {
  const map = mapOf(machine, name, 1);
  needModel(machine, name, map);
  if (!(map instanceof QueueMap)) return answer(machine, -Errno.EINVAL);
  answer(machine, map.peek(writable(machine, name, 2, map.definition.valueSize), removes));
}

/** bpf_perf_event_output and its kin, kernel/trace/bpf_trace.c: data goes to the consumer of the CPU that the flags name. */
function perfOutput(machine: Machine): void {
  const name = 'bpf_perf_event_output';
  const map = mapOf(machine, name, 2);
  if (!(map instanceof PerfEventArray)) refuse(machine, name, 2, `is a ${map.type}, not a perf_event_array`);
  const bytes = size(machine, name, 5);
  const at = readable(machine, name, 4, bytes);
  const flags = value(machine, 3);
  const { configuration } = machine;
  const index = flags & 0xffff_ffffn;
  // On both platforms the low half is the CPU or BPF_F_CURRENT_CPU; 20 bits above it are bytes of the context to append.
  if (flags >> 52n !== 0n) return answer(machine, -Errno.EINVAL);
  const cpu = index === 0xffff_ffffn ? configuration.cpu : Number(index);
  if (cpu >= configuration.cpus) return answer(machine, -Errno.E2BIG);
  if (cpu !== configuration.cpu) return answer(machine, -Errno.EOPNOTSUPP);
  const captured = Number((flags >> 32n) & 0xfffffn);
  const packet = machine.packet?.contents().subarray(0, captured) ?? new Uint8Array(0);
  if (packet.length < captured) return answer(machine, -Errno.EFAULT);
  const data = new Uint8Array(bytes + captured);
  data.set(machine.memory.bytes.subarray(at, at + bytes));
  data.set(packet, bytes);
  machine.events.push({ map: map.name, cpu, bytes: data }, data.length + 64);
  answer(machine, 0);
}

/** Calls a function for each element until it answers 1; r0 is how many were visited. kernel/bpf/bpf_iter.c, bpf_for_each_map_elem */
function forEach(machine: Machine): void {
  const name = 'bpf_for_each_map_elem';
  const map = mapOf(machine, name, 1);
  needModel(machine, name, map);
  const callback = callbackSlot(machine, name, 2);
  if ((low(machine, 4) | high(machine, 4)) !== 0 || !(map instanceof KeyedMap)) return answer(machine, -Errno.EINVAL);
  const [contextHigh, contextLow] = [high(machine, 3), low(machine, 3)];
  const elements = map.elements()[Symbol.iterator]();
  const { memory } = machine;
  const keys = callbackKey(machine, map.definition.keySize);
  let visited = 0;
  const next = (): void => {
    const turn = elements.next();
    if (turn.done) return answer(machine, visited);
    visited++;
    memory.bytes.set(map.keyOf(turn.value), memory.heap(keys));
    machine.call(callback, machine.next, () => {
      if (low(machine, 0) !== 0 || high(machine, 0) !== 0) answer(machine, visited);
      else next();
    });
    machine.setRegion(1, map.handle);
    machine.setRegion(2, keys);
    answerValue(machine, map, turn.value, machine.configuration.cpu);
    machine.setRegister(3, high(machine, 0), low(machine, 0));
    machine.setRegister(4, contextHigh, contextLow);
    machine.undefinedRegisters |= 0x21;
  };
  next();
}

function callbackKey(machine: Machine, bytes: number): Region {
  const { memory } = machine;
  const known = callbackKeys.get(machine);
  if (known !== undefined && memory.size(known) >= bytes) return known;
  const heap = memory.allocate(Math.max(64, bytes));
  const region = memory.addRegion({
    kind: 'memory',
    name: 'key',
    size: Math.max(64, bytes),
    heap,
    access: Access.READ,
  });
  callbackKeys.set(machine, region);
  return region;
}

/** Linked slot of the function whose address the argument is. */
export function callbackSlot(machine: Machine, name: string, argument: number): number {
  const { memory, current } = machine;
  const slot = ((low(machine, argument) - memory.base(current.region)) | 0) / 8;
  const known =
    high(machine, argument) === memory.high(current.region) &&
    current.program.functions.some((candidate) => candidate.start === slot);
  if (!known) refuse(machine, name, argument, 'is not the address of a function');
  return slot;
}

/** bpf_map_*: kernel/bpf/helpers.c; Windows: libs/execution_context. */
export const MAP_HELPERS: HelperTable = {
  bpf_map_lookup_elem: (machine) => lookup(machine, 'bpf_map_lookup_elem', machine.configuration.cpu),
  bpf_map_lookup_percpu_elem: (machine) => {
    const cpu = low(machine, 3) >>> 0;
    if (cpu >= machine.configuration.cpus) answer(machine, 0);
    else lookup(machine, 'bpf_map_lookup_percpu_elem', cpu);
  },
  bpf_map_update_elem: update,
  bpf_map_delete_elem: remove,
  bpf_map_lookup_and_delete_elem: lookupAndDelete,
  bpf_map_push_elem: push,
  bpf_map_pop_elem: (machine) => pop(machine, 'bpf_map_pop_elem', true),
  bpf_map_peek_elem: (machine) => pop(machine, 'bpf_map_peek_elem', false),
  bpf_perf_event_output: perfOutput,
  bpf_for_each_map_elem: forEach,
};
