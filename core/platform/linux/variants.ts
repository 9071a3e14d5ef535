import { linuxHelper as row } from './helper_row';
import type { Helper } from '../platform';

/**
 * Helpers whose arguments or licence differ between program types: what a type's own table in the kernel says instead of the common row.
 * The keys are the groups of allowed.ts. Source: the get_func_proto functions named there, Linux 6.12.
 */
const getsockoptOfSocket = row(
  57,
  'getsockopt',
  'long @(void *bpf_socket, int level, int optname, void *optval, int optlen)',
  ['socket', 'anything', 'anything', 'uninit_mem', 'size'],
  'integer',
);
const setsockoptOfSocket = row(
  49,
  'setsockopt',
  'long @(void *bpf_socket, int level, int optname, void *optval, int optlen)',
  ['socket', 'anything', 'anything', 'mem', 'size'],
  'integer',
);
const cookieOfPointer = row(46, 'get_socket_cookie', 'u64 @(struct sock *sk)', ['btf_pointer_or_null'], 'integer');
const classidOfCurrent = row(17, 'get_cgroup_classid', 'u32 @(struct sk_buff *skb)', [], 'integer');

export const LINUX_HELPER_VARIANTS: Readonly<Record<string, readonly Helper[]>> = {
  cgroup_current: [classidOfCurrent],
  sk_msg: [classidOfCurrent],
  sk_reuseport: [cookieOfPointer],
  sk_lookup: [
    row(
      124,
      'sk_assign',
      'long @(struct bpf_sk_lookup *ctx, struct bpf_sock *sk, u64 flags)',
      ['ctx', 'btf_pointer_or_null', 'anything'],
      'integer',
    ),
  ],
  cgroup_sock: [
    row(
      107,
      'sk_storage_get',
      'void *@(struct bpf_map *map, void *sk, void *value, u64 flags)',
      ['const_map', 'ctx', 'map_value_or_null', 'anything'],
      'map_value_or_null',
    ),
  ],
  cgroup_sockopt: [getsockoptOfSocket, setsockoptOfSocket],
  lsm: [getsockoptOfSocket, setsockoptOfSocket],
  struct_ops: [getsockoptOfSocket, setsockoptOfSocket],
  perf_event: [
    row(
      27,
      'get_stackid',
      'long @(void *ctx, struct bpf_map *map, u64 flags)',
      ['ctx', 'const_map', 'anything'],
      'integer',
    ),
  ],
  tracing: [
    cookieOfPointer,
    row(
      107,
      'sk_storage_get',
      'void *@(struct bpf_map *map, void *sk, void *value, u64 flags)',
      ['const_map', 'btf_pointer_or_null', 'map_value_or_null', 'anything'],
      'map_value_or_null',
    ),
    row(
      108,
      'sk_storage_delete',
      'long @(struct bpf_map *map, void *sk)',
      ['const_map', 'btf_pointer_or_null'],
      'integer',
    ),
    row(188, 'xdp_get_buff_len', 'u64 @(struct xdp_buff *xdp_md)', ['btf_pointer'], 'integer'),
  ],
};
