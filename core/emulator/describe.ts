import { toBigint, highOf, lowOf } from './long';
import type { Surroundings } from './surroundings';
import { KeyedMap } from './maps/map';
import type { Region } from './region';

/** What a value is called in messages and variables: a place when it is an address (`packet+14`), else a number in hexadecimal. */
export function describeValue(machine: Surroundings, value: bigint): string {
  return describeAddress(machine, highOf(value), lowOf(value));
}

/** Whether a value lies in the address range of some region. */
export function isAddress(machine: Surroundings, value: bigint): boolean {
  return machine.memory.regionOf(highOf(value)) !== undefined;
}

/**
 * A readable name for an address: `ctx+4`, `packet+14`, `stack-16`, `stack of frame 0-8`, `counters[3]+0`, `map counters`,
 * `function parse`, `record of events+8`; hexadecimal when no region has it.
 */
export function describeAddress(machine: Surroundings, high: number, low: number): string {
  const { memory } = machine;
  const region = memory.regionOf(high);
  if (region === undefined) return `0x${toBigint(high, low).toString(16)}`;
  const offset = (low - memory.base(region)) | 0;
  switch (region.kind) {
    case 'packet': {
      const packet = machine.packet;
      if (packet === undefined || packet.isStale(low)) return 'an old place of the packet';
      return plus('packet', packet.offsetOf(low));
    }
    case 'stack': {
      if (Math.abs(offset) > 2048) return 'the stack of a function that returned';
      const name = region.id === machine.depth ? 'stack' : `stack of frame ${region.id}`;
      return plus(name, offset - memory.size(region));
    }
    case 'map-value':
    case 'global':
      return place(machine, region, offset);
    case 'map':
      return offset === 0 ? `map ${region.name}` : plus(`map ${region.name}`, offset);
    case 'code':
      return functionName(machine, region, offset);
    case 'record':
      return offset < 0 ? `an earlier ${region.name}` : plus(region.name, offset);
    case 'context':
    case 'memory':
      return plus(region.name, offset);
  }
}

function plus(name: string, offset: number): string {
  return offset < 0 ? `${name}${offset}` : `${name}+${offset}`;
}

function place(machine: Surroundings, region: Region, offset: number): string {
  const map = machine.maps[region.owner];
  if (!(map instanceof KeyedMap) || offset < 0) return plus(region.name, offset);
  if (region.kind === 'global') return plus(region.name, offset);
  const { element, inside } = map.storage.elementAt(region, offset);
  const own = Math.floor(element / map.cpus);
  const cpu = map.cpus > 1 ? ` of CPU ${element % map.cpus}` : '';
  return plus(`map value ${map.name}[${keyText(map.keyOf(own), machine.memory.littleEndian)}]${cpu}`, inside);
}

/** Short keys as a number, longer ones as bytes. */
export function keyText(key: Uint8Array, littleEndian: boolean): string {
  if (key.length <= 4) {
    let value = 0;
    for (let i = 0; i < key.length; i++) value = value * 256 + key[littleEndian ? key.length - 1 - i : i]!;
    return String(value);
  }
  const shown = Array.from(key.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return key.length > 16 ? `${shown} ...` : shown;
}

function functionName(machine: Surroundings, region: Region, offset: number): string {
  const loaded = machine.programs.find((candidate) => candidate.region === region);
  const start = loaded?.program.functions.find((candidate) => candidate.start * 8 === offset);
  return start ? `function ${start.name}` : plus(`code of ${region.name}`, offset);
}
