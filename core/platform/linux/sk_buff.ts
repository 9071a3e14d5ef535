import { defineContext, defineField as field, type Access } from '../define';
import type { ContextDescriptor, ContextField } from '../platform';
import { array, pointer, words } from './contexts';

/**
 * `struct __sk_buff` as each program type sees it. Layout: include/uapi/linux/bpf.h; access: bpf_skb_is_valid_access and the per-type
 * functions named below, net/core/filter.c of Linux 6.12.
 */
interface View {
  /** Fields that may not be touched. Arrays by their name without index. */
  readonly hidden: string;
  readonly writable: string;
}

const VIEWS: Readonly<Record<string, View>> = {
  // sk_filter_is_valid_access
  socket_filter: {
    hidden:
      'tc_classid data data_meta data_end family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port tstamp wire_len hwtstamp',
    writable: 'cb',
  },
  // tc_cls_act_is_valid_access
  sched_cls: {
    hidden: 'family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port',
    writable: 'mark tc_index priority tc_classid cb tstamp queue_mapping',
  },
  // cg_skb_is_valid_access
  cgroup_skb: { hidden: 'tc_classid data_meta wire_len', writable: 'mark priority cb tstamp' },
  // lwt_is_valid_access
  lwt: {
    hidden:
      'tc_classid family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port data_meta tstamp wire_len hwtstamp',
    writable: 'mark priority cb',
  },
  // sk_skb_is_valid_access
  sk_skb: { hidden: 'tc_classid data_meta tstamp wire_len hwtstamp mark', writable: 'tc_index priority' },
};

const LAYOUT: readonly ContextField[] = [
  ...words(
    0,
    `len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority ingress_ifindex ifindex tc_index`,
    'rn',
  ),
  // Any aligned part of it may be read and written.
  field('cb', 48, 20, '__u32[5]', 'rn'),
  ...words(68, 'hash tc_classid', 'rn'),
  field('data', 76, 4, '__u32', 'r', 'packet'),
  field('data_end', 80, 4, '__u32', 'r', 'packet_end'),
  ...words(84, 'napi_id family', 'rn'),
  ...words(92, 'remote_ip4 local_ip4', 'r'),
  ...array(100, 'remote_ip6', 4, 'r'),
  ...array(116, 'local_ip6', 4, 'r'),
  ...words(132, 'remote_port local_port', 'rn'),
  field('data_meta', 140, 4, '__u32', 'r', 'packet_meta'),
  // Only flow dissectors see it, and nothing else.
  field('flow_keys', 144, 8, 'struct bpf_flow_keys *', '-', 'pointer'),
  field('tstamp', 152, 8, '__u64', 'r'),
  ...words(160, 'wire_len gso_segs', 'rn'),
  pointer('sk', 168, 'struct bpf_sock *'),
  field('gso_size', 176, 4, '__u32', 'rn'),
  field('tstamp_type', 180, 1, '__u8', '-'),
  field('hwtstamp', 184, 8, '__u64', 'r'),
];

const SIZE = 192;
const base = (name: string): string => name.replace(/\[\d\]$/, '');

/** The context of a type of program: `view` is a key of the table above; flow dissectors have a function of their own. */
export function skBuff(view: 'socket_filter' | 'sched_cls' | 'cgroup_skb' | 'lwt' | 'sk_skb'): ContextDescriptor {
  const { hidden, writable } = VIEWS[view]!;
  const hiddenNames = new Set(hidden.split(' '));
  const writableNames = new Set(writable.split(' '));
  return defineContext(
    '__sk_buff',
    SIZE,
    LAYOUT.map((entry) => ({
      ...entry,
      // tc programs alone may read the clock that tstamp is in.
      readable:
        (entry.readable && !hiddenNames.has(base(entry.name))) ||
        (view === 'sched_cls' && entry.name === 'tstamp_type'),
      writable: writableNames.has(base(entry.name)),
    })),
  );
}

/** flow_dissector_is_valid_access, net/core/filter.c: the packet and the keys to fill in. */
export const FLOW_DISSECTOR: ContextDescriptor = defineContext(
  '__sk_buff',
  SIZE,
  LAYOUT.map((entry) => {
    const access: Access = ['data', 'data_end', 'flow_keys'].includes(entry.name) ? 'r' : '-';
    return field(entry.name, entry.offset, entry.size, entry.type, access, entry.kind);
  }),
);
