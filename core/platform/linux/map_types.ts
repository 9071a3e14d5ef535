import type { Helper, MapType } from '../platform';

/**
 * Map types of Linux and which helpers take them: both directions of check_map_func_compatibility in kernel/bpf/verifier.c, Linux 6.12.
 * Numbers: enum bpf_map_type, include/uapi/linux/bpf.h.
 */
interface Row {
  readonly id: number;
  readonly name: string;
  readonly shape: string;
  readonly values: MapType['values'];
  /** Helpers without `bpf_` that the map allows; undefined when it does not restrict them. */
  readonly only: readonly string[] | undefined;
}

function row(
  id: number,
  name: string,
  shape: '' | 'array' | 'percpu' | 'percpu array',
  values: MapType['values'],
  only?: string,
): Row {
  return { id, name, shape, values, only: only?.split(' ') };
}

const SOCKMAP =
  'sk_redirect_map sock_map_update msg_redirect_map sk_select_reuseport map_lookup_elem map_update_elem map_delete_elem';
const RINGBUF =
  'ringbuf_output ringbuf_reserve ringbuf_query ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr';
const STACKED = 'map_peek_elem map_pop_elem map_push_elem';
const storage = (name: string): string => `${name}_storage_get ${name}_storage_delete kptr_xchg`;

// prettier-ignore
const ROWS: readonly Row[] = [
  row(1, 'hash', '', 'bytes'),
  row(2, 'array', 'array', 'bytes'),
  row(3, 'prog_array', 'array', 'program', 'tail_call'),
  row(4, 'perf_event_array', 'array', 'none', 'perf_event_read perf_event_output skb_output perf_event_read_value xdp_output'),
  row(5, 'percpu_hash', 'percpu', 'bytes'),
  row(6, 'percpu_array', 'percpu array', 'bytes'),
  row(7, 'stack_trace', '', 'bytes', 'get_stackid'),
  row(8, 'cgroup_array', 'array', 'none', 'skb_under_cgroup current_task_under_cgroup'),
  row(9, 'lru_hash', '', 'bytes'),
  row(10, 'lru_percpu_hash', 'percpu', 'bytes'),
  row(11, 'lpm_trie', '', 'bytes'),
  row(12, 'array_of_maps', 'array', 'map', 'map_lookup_elem'),
  row(13, 'hash_of_maps', '', 'map', 'map_lookup_elem'),
  row(14, 'devmap', 'array', 'bytes', 'redirect_map map_lookup_elem'),
  // A lookup in a socket map gives a socket, which no return kind of a lookup says: refused.
  row(15, 'sockmap', 'array', 'none', SOCKMAP.replace(' map_lookup_elem', '')),
  row(16, 'cpumap', 'array', 'bytes', 'redirect_map'),
  // A lookup in an XSK map gives an XDP socket: refused likewise.
  row(17, 'xskmap', 'array', 'none', 'redirect_map'),
  row(18, 'sockhash', '', 'none', SOCKMAP.replace(' map_lookup_elem', '').replace(/(redirect|sock)_map/g, (word) => word.replace('map', 'hash'))),
  row(19, 'cgroup_storage', '', 'bytes', 'get_local_storage'),
  row(20, 'reuseport_sockarray', 'array', 'none', 'sk_select_reuseport'),
  row(21, 'percpu_cgroup_storage', 'percpu', 'bytes', 'get_local_storage'),
  row(22, 'queue', '', 'bytes', STACKED),
  row(23, 'stack', '', 'bytes', STACKED),
  row(24, 'sk_storage', '', 'bytes', storage('sk')),
  row(25, 'devmap_hash', '', 'bytes', 'redirect_map map_lookup_elem'),
  row(26, 'struct_ops', '', 'bytes'),
  row(27, 'ringbuf', '', 'none', RINGBUF),
  row(28, 'inode_storage', '', 'bytes', storage('inode')),
  row(29, 'task_storage', '', 'bytes', storage('task')),
  row(30, 'bloom_filter', '', 'bytes', 'map_peek_elem map_push_elem'),
  row(31, 'user_ringbuf', '', 'none', 'user_ringbuf_drain'),
  row(32, 'cgrp_storage', '', 'bytes', storage('cgrp')),
  row(33, 'arena', '', 'none', ''),
];

/** Helpers that take certain map types only; the others take any that does not restrict them. */
const WANTS: Readonly<Record<string, readonly string[]>> = {
  tail_call: ['prog_array'],
  get_stackid: ['stack_trace'],
  user_ringbuf_drain: ['user_ringbuf'],
  map_pop_elem: ['queue', 'stack'],
  map_push_elem: ['queue', 'stack', 'bloom_filter'],
  map_peek_elem: ['queue', 'stack', 'bloom_filter'],
  map_lookup_percpu_elem: ['percpu_array', 'percpu_hash', 'lru_percpu_hash'],
  redirect_map: ['devmap', 'devmap_hash', 'cpumap', 'xskmap'],
  sk_select_reuseport: ['reuseport_sockarray', 'sockmap', 'sockhash'],
  get_local_storage: ['cgroup_storage', 'percpu_cgroup_storage'],
  ...same('perf_event_array', 'perf_event_read perf_event_output perf_event_read_value skb_output xdp_output'),
  ...same('ringbuf', RINGBUF),
  ...same('cgroup_array', 'current_task_under_cgroup skb_under_cgroup'),
  ...same('sockmap', 'sk_redirect_map msg_redirect_map sock_map_update'),
  ...same('sockhash', 'sk_redirect_hash msg_redirect_hash sock_hash_update'),
  ...same('sk_storage', 'sk_storage_get sk_storage_delete'),
  ...same('inode_storage', 'inode_storage_get inode_storage_delete'),
  ...same('task_storage', 'task_storage_get task_storage_delete'),
  ...same('cgrp_storage', 'cgrp_storage_get cgrp_storage_delete'),
};

function same(map: string, helpers: string): Record<string, readonly string[]> {
  return Object.fromEntries(helpers.split(' ').map((helper) => [helper, [map]]));
}

/**
 * Map types by id. `helpers` lists every helper of the table with a map argument that map and helper both allow.
 */
export function linuxMapTypes(helpers: Iterable<Helper>): ReadonlyMap<number, MapType> {
  const takers = [...helpers]
    .filter((helper) => helper.arguments.some(({ kind }) => kind === 'const_map'))
    .map(({ name }) => name.slice('bpf_'.length));
  return new Map(
    ROWS.map(({ id, name, shape, values, only }) => {
      const allowed = takers.filter(
        (helper) => (only === undefined || only.includes(helper)) && (WANTS[helper]?.includes(name) ?? true),
      );
      return [
        id,
        {
          id,
          name,
          perCpu: shape.includes('percpu'),
          isArray: shape.includes('array'),
          values,
          helpers: allowed.map((helper) => `bpf_${helper}`),
        },
      ];
    }),
  );
}
