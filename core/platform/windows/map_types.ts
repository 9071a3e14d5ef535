import type { MapType } from '../platform';

/**
 * Map types of eBPF for Windows: numbers differ from Linux. Source: ebpf-for-windows 1.6.0, include/ebpf_structs.h and
 * libs/execution_context/ebpf_maps.c (which operations a type implements).
 */
const ELEMENTS = ['bpf_map_lookup_elem', 'bpf_map_update_elem', 'bpf_map_delete_elem'] as const;
/** Bytes that a program may also take out. */
const BYTES = [
  ...ELEMENTS,
  'bpf_map_lookup_and_delete_elem',
  'sample_ext_helper_map_lookup_element',
  'sample_ext_helper_map_get_value',
];
const CUSTOM = [...BYTES, 'bpf_redirect_map'];
const STACKED = ['bpf_map_push_elem', 'bpf_map_pop_elem', 'bpf_map_peek_elem'];

type Values = MapType['values'];

function row(
  id: number,
  name: string,
  perCpu: boolean,
  isArray: boolean,
  values: Values,
  helpers: readonly string[],
): MapType {
  return { id, name, perCpu, isArray, values, helpers };
}

// prettier-ignore
export const WINDOWS_MAP_TYPES: readonly MapType[] = [
  row(1, 'hash', false, false, 'bytes', BYTES),
  row(2, 'array', false, true, 'bytes', BYTES),
  row(3, 'prog_array', false, true, 'program', ['bpf_tail_call']),
  row(4, 'percpu_hash', true, false, 'bytes', BYTES),
  row(5, 'percpu_array', true, true, 'bytes', BYTES),
  row(6, 'hash_of_maps', false, false, 'map', ELEMENTS),
  row(7, 'array_of_maps', false, true, 'map', ELEMENTS),
  row(8, 'lru_hash', false, false, 'bytes', BYTES),
  row(9, 'lpm_trie', false, false, 'bytes', BYTES),
  row(10, 'queue', false, false, 'bytes', STACKED),
  row(11, 'lru_percpu_hash', true, false, 'bytes', BYTES),
  row(12, 'stack', false, false, 'bytes', STACKED),
  row(13, 'ringbuf', false, false, 'none', ['bpf_ringbuf_output']),
  row(14, 'perf_event_array', true, false, 'none', ['bpf_perf_event_output']),
  row(15, 'sample_hash_map', false, false, 'bytes', CUSTOM),
  row(16, 'xskmap', false, false, 'bytes', CUSTOM),
];
