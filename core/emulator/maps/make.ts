import { InputError } from '../../input/error';
import type { BoundedList, OutputEvent } from '../output';
import { ArrayMap } from './array';
import { HashMap } from './hash';
import { LpmTrie } from './lpm_trie';
import type { EmulatedMap, MapOptions } from './map';
import { OpaqueMap, PerfEventArray } from './opaque';
import { QueueMap } from './queue';
import { RingBuffer } from './ring_buffer';
import { MapOfMaps, ProgramArray } from './target';

/** Largest key and value that a map may have; beyond, the kernel refuses to make it (KMALLOC_MAX_SIZE). */
const MAX_BYTES = 1 << 22;

/**
 * Makes the map that a definition asks for. Types are told apart by the platform's names.
 * @throws InputError `map-definition` for sizes that no kernel would take
 */
export function makeMap(options: MapOptions, events: BoundedList<OutputEvent>, cpu: number): EmulatedMap {
  const { definition, type } = options;
  if (definition.keySize > MAX_BYTES || definition.valueSize > MAX_BYTES) {
    throw new InputError('map-definition', `map ${definition.name} has keys or values of more than ${MAX_BYTES} bytes`);
  }
  switch (type) {
    case 'array':
    case 'percpu_array':
      if (definition.keySize !== 4)
        throw new InputError('map-definition', `map ${definition.name} is an array and needs keys of 4 bytes`);
      return new ArrayMap(options);
    case 'hash':
    case 'percpu_hash':
    case 'lru_hash':
    case 'lru_percpu_hash':
    case 'sample_hash_map':
    case 'devmap':
    case 'devmap_hash':
    case 'cpumap':
    case 'xskmap':
    case 'sockmap':
    case 'sockhash':
      // For targets of redirects all that matters is whether an entry is there.
      return new HashMap(options);
    case 'lpm_trie':
      if (definition.keySize < 5)
        throw new InputError('map-definition', `map ${definition.name} is a prefix trie and needs keys of 5 bytes`);
      return new LpmTrie(options);
    case 'queue':
    case 'stack':
      return new QueueMap(options);
    case 'ringbuf':
      return new RingBuffer(options, events, cpu);
    case 'prog_array':
      return new ProgramArray(options);
    case 'array_of_maps':
    case 'hash_of_maps':
      return new MapOfMaps(options);
    case 'perf_event_array':
      return new PerfEventArray(options);
    default:
      return new OpaqueMap(options);
  }
}
