import type { MemoryFault, MemoryFaultKind, NearbyRegion } from './fault';
import { toBigint } from './long';
import type { Surroundings } from './surroundings';
import { STACK_BYTES } from './memory';
import { Access, type Region } from './region';
import { describeAddress } from './describe';

const MAX_NEARBY = 8;
/** A stack address that far off belongs to another activation of the frame: activations are 4096 bytes apart. */
const ANOTHER_ACTIVATION = 2048;
/** A page of nothing at address 0 is what makes unchecked NULL pointers fault: no legal address is that small. */
const NULL_BYTES = 0x1_0000;

/** Why the machine's current instruction may not access `width` bytes at an address. Only for accesses that were refused. */
export function memoryFault(
  machine: Surroundings,
  high: number,
  low: number,
  width: number,
  access: 'read' | 'write',
  helper: string | undefined,
  reason?: string,
): MemoryFault {
  const [kind, why] = judge(machine, high, low, width, access, reason);
  const verb = access === 'read' ? 'reads' : 'writes';
  const who = helper === undefined ? 'the program' : helper;
  const bytes = `${width} byte${width === 1 ? '' : 's'}`;
  const place = kind === 'null' ? nullPlace(low) : describeAddress(machine, high, low);
  return {
    kind,
    address: toBigint(high, low),
    width,
    access,
    helper,
    nearby: nearby(machine, high, low),
    pc: machine.pc,
    program: machine.current.program.name,
    message: `${who} ${verb} ${bytes} at ${place}: ${why}`,
  };
}

function nullPlace(low: number): string {
  return low === 0 ? 'NULL' : `NULL+${low >>> 0}`;
}

function judge(
  machine: Surroundings,
  high: number,
  low: number,
  width: number,
  access: 'read' | 'write',
  reason: string | undefined,
): readonly [MemoryFaultKind, string] {
  const { memory } = machine;
  if (high === 0 && low >>> 0 < NULL_BYTES) return ['null', 'the pointer is NULL and was not checked'];
  const region = memory.regionOf(high);
  if (region === undefined) return ['unmapped', 'the address is a plain number, no memory is there'];
  if (reason !== undefined) return ['context-field', reason];
  if (region.kind === 'map') return ['not-memory', 'a map is reached only through helpers'];
  if (region.kind === 'code') return ['not-memory', 'the address of a function cannot be accessed'];
  if (region.gone !== undefined) return ['released', `it was ${region.gone}`];
  const offset = (low - memory.base(region)) | 0;
  const size = memory.size(region);
  if (region.kind === 'packet' && machine.packet?.isStale(low))
    return ['stale-packet', 'the pointer is from before a helper moved the packet; load data and data_end again'];
  if (region.kind === 'record' && offset < 0) return ['released', 'the record was submitted or discarded'];
  if (region.kind === 'stack' && (Math.abs(offset) > ANOTHER_ACTIVATION || memory.access(region) === Access.NONE))
    return ['released', 'the function whose stack it was has returned'];
  const stride = memory.stride(region);
  const element = memory.element(region);
  const inside = offset >= 0 && offset < size ? (stride === size ? offset : offset % stride) : -1;
  if (inside >= 0 && inside + width <= element) return allowed(machine, region, low, width, access);
  return ['out-of-bounds', outside(region, offset, inside, width, size, element)];
}

/** The bytes are there, so something about them forbids the access. */
function allowed(
  machine: Surroundings,
  region: Region,
  low: number,
  width: number,
  access: 'read' | 'write',
): readonly [MemoryFaultKind, string] {
  const { memory } = machine;
  if (access === 'write') return ['read-only', `${region.name} may not be written`];
  const at = memory.heap(region) + ((low - memory.base(region)) >>> 0);
  if (at < STACK_BYTES) {
    const missing: number[] = [];
    for (let i = 0; i < width; i++) if (memory.initialised[at + i] === 0) missing.push(i);
    const which = missing.length === width ? 'nothing was' : `byte ${missing[0]} of them was not`;
    return ['uninitialised', `${which} written there since the function began`];
  }
  return ['read-only', `${region.name} may not be read`];
}

function outside(region: Region, offset: number, inside: number, width: number, size: number, element: number): string {
  switch (region.kind) {
    case 'packet':
      return offset < 0
        ? `the packet begins ${-offset} bytes later`
        : `the packet ends ${offset >= size ? offset - size : offset + width - size} bytes before ${offset >= size ? 'that' : 'the end of the access'}`;
    case 'stack':
      return offset < 0 ? 'a stack frame has 512 bytes' : 'it lies above the stack frame';
    case 'map-value':
    case 'global':
      return inside < 0 ? `outside ${region.name}` : `a value of ${region.name} has ${element} bytes`;
    default:
      return `${region.name} has ${size} bytes`;
  }
}

/** Legal regions, nearest first. */
function nearby(machine: Surroundings, high: number, low: number): NearbyRegion[] {
  const { memory } = machine;
  const own = memory.regionOf(high);
  const live = memory.regions.filter(
    (region) =>
      region.gone === undefined && memory.size(region) > 0 && (region.kind !== 'stack' || isLive(machine, region)),
  );
  const rank = (region: Region): number => (region === own ? -1 : Math.abs(memory.high(region) - high));
  return live
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, MAX_NEARBY)
    .map((region) => nearbyRegion(machine, region, region === own ? low : undefined));
}

function isLive(machine: Surroundings, region: Region): boolean {
  return region.id <= machine.depth;
}

function nearbyRegion(machine: Surroundings, region: Region, low: number | undefined): NearbyRegion {
  const { memory } = machine;
  const map = machine.maps[region.owner];
  // A context of fields has no plain access, but fields that may be written.
  const writable =
    region.kind === 'context'
      ? machine.context?.descriptor.writable === true ||
        machine.context?.descriptor.fields.some((field) => field.writable) === true
      : (memory.access(region) & Access.WRITE) !== 0;
  if (map?.storage === undefined || low === undefined) {
    return { name: region.name, start: memory.address(region), size: memory.size(region), writable };
  }
  const offset = Math.min(Math.max(0, (low - memory.base(region)) | 0), memory.size(region) - 1);
  const stride = memory.stride(region);
  const start = stride === memory.size(region) ? 0 : offset - (offset % stride);
  const address = memory.address(region, start);
  const name = describeAddress(machine, memory.high(region), (memory.base(region) + start) | 0).replace(/\+0$/, '');
  return { name, start: address, size: memory.element(region), writable };
}
