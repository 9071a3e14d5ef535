import { defineContext, defineField as field, definePlain, type Access } from '../define';
import type { ContextDescriptor, ContextField, FieldKind } from '../platform';

/**
 * Contexts of Linux programs other than `__sk_buff` (see sk_buff.ts). Layouts: include/uapi/linux/bpf.h; what may be read and written:
 * the is_valid_access functions of Linux 6.12 named at each context. Structures of x86-64.
 */

/** Consecutive `u32` fields; a name with `*` is skipped (padding, or written by hand). */
export function words(start: number, names: string, access: Access): ContextField[] {
  return names
    .split(/\s+/)
    .filter(Boolean)
    .map((name, i) => field(name, start + 4 * i, 4, '__u32', access))
    .filter(({ name }) => name !== '*');
}

/** `count` elements of a `__u32` array; each may be accessed on its own. */
export function array(start: number, name: string, count: number, access: Access): ContextField[] {
  return Array.from({ length: count }, (_, i) => field(`${name}[${i}]`, start + 4 * i, 4, '__u32', access));
}

/** Aligned pairs of elements, which may also be accessed as eight bytes (bpf_ctx_wide_access_ok). */
function halves(start: number, name: string, first: readonly number[], access: Access): ContextField[] {
  const narrowless: Access = access === '-' ? '-' : 'rw';
  return first.map((i) => field(`${name}[${i}..${i + 1}]`, start + 4 * i, 8, '__u64', narrowless));
}

/** Words of which a program may read the first byte or two, but no others by themselves: the kernel knows them by their first byte only. */
function heads(start: number, names: string): ContextField[] {
  return words(start, names, 'r').flatMap((word) => [word, ...[2, 1].map((size) => ({ ...word, size }))]);
}

export function pointer(name: string, offset: number, type: string, kind: FieldKind = 'pointer'): ContextField {
  return field(name, offset, 8, type, 'r', kind);
}

/** xdp_is_valid_access, net/core/filter.c: the 4-byte fields stand for packet pointers; only devmap programs see the egress device. */
export function xdp(attach: string): ContextDescriptor {
  return defineContext('xdp_md', 24, [
    field('data', 0, 4, '__u32', 'r', 'packet'),
    field('data_end', 4, 4, '__u32', 'r', 'packet_end'),
    field('data_meta', 8, 4, '__u32', 'r', 'packet_meta'),
    field('ingress_ifindex', 12, 4, '__u32', 'r'),
    field('rx_queue_index', 16, 4, '__u32', 'r'),
    field('egress_ifindex', 20, 4, '__u32', attach === 'BPF_XDP_DEVMAP' ? 'r' : '-'),
  ]);
}

const USER4 = new Set(
  'INET4_BIND INET4_CONNECT INET4_GETPEERNAME INET4_GETSOCKNAME UDP4_SENDMSG UDP4_RECVMSG'
    .split(' ')
    .map((name) => `BPF_CGROUP_${name}`),
);
const USER6 = new Set([...USER4].map((name) => name.replace('4', '6')));

/** sock_addr_is_valid_access, net/core/filter.c: addresses of the other family may not be touched. */
export function sockAddr(attach: string): ContextDescriptor {
  const when = (allowed: boolean): Access => (allowed ? 'rwn' : '-');
  return defineContext('bpf_sock_addr', 72, [
    field('user_family', 0, 4, '__u32', 'r'),
    field('user_ip4', 4, 4, '__u32', when(USER4.has(attach))),
    ...array(8, 'user_ip6', 4, when(USER6.has(attach))),
    ...halves(8, 'user_ip6', [0, 2], when(USER6.has(attach))),
    field('user_port', 24, 4, '__u32', 'rwn'),
    ...words(28, 'family type protocol', 'r'),
    field('msg_src_ip4', 40, 4, '__u32', when(attach === 'BPF_CGROUP_UDP4_SENDMSG')),
    ...array(44, 'msg_src_ip6', 4, when(attach === 'BPF_CGROUP_UDP6_SENDMSG')),
    ...halves(44, 'msg_src_ip6', [1], when(attach === 'BPF_CGROUP_UDP6_SENDMSG')),
    pointer('sk', 64, 'struct bpf_sock *'),
  ]);
}

/** sock_filter_is_valid_access and bpf_sock_is_valid_access, net/core/filter.c. */
export function sock(attach: string): ContextDescriptor {
  const creating = attach === 'BPF_CGROUP_INET_SOCK_CREATE' || attach === 'BPF_CGROUP_INET_SOCK_RELEASE';
  const bound4 = attach === 'BPF_CGROUP_INET4_POST_BIND';
  const bound6 = attach === 'BPF_CGROUP_INET6_POST_BIND';
  const setting: Access = creating ? 'rw' : '-';
  return defineContext('bpf_sock', 80, [
    field('bound_dev_if', 0, 4, '__u32', setting),
    ...heads(4, 'family type protocol'),
    field('mark', 16, 4, '__u32', setting),
    field('priority', 20, 4, '__u32', setting),
    field('src_ip4', 24, 4, '__u32', bound4 ? 'rn' : '-'),
    ...array(28, 'src_ip6', 4, bound6 ? 'rn' : '-'),
    ...(bound4 || bound6 ? heads(44, 'src_port') : [field('src_port', 44, 4, '__u32', '-')]),
    field('dst_port', 48, 2, '__be16', 'rn'),
    // Four bytes too, from the time when it was a word.
    field('dst_port', 48, 4, '__u32', 'r'),
    field('dst_ip4', 52, 4, '__u32', 'rn'),
    ...array(56, 'dst_ip6', 4, 'rn'),
    ...heads(72, 'state rx_queue_mapping'),
  ]);
}

/** sock_ops_is_valid_access, net/core/filter.c. `reply` is the word that args[0] is in, and the only one that may be written. */
export const SOCK_OPS = defineContext('bpf_sock_ops', 224, [
  field('op', 0, 4, '__u32', 'r'),
  field('reply', 4, 4, '__u32', 'rw'),
  ...array(4, 'args', 4, 'r').slice(1),
  ...words(20, 'family remote_ip4 local_ip4', 'r'),
  ...array(32, 'remote_ip6', 4, 'r'),
  ...array(48, 'local_ip6', 4, 'r'),
  ...words(
    64,
    `remote_port local_port is_fullsock snd_cwnd srtt_us bpf_sock_ops_cb_flags state rtt_min snd_ssthresh rcv_nxt snd_nxt
     snd_una mss_cache ecn_flags rate_delivered rate_interval_us packets_out retrans_out total_retrans segs_in
     data_segs_in segs_out data_segs_out lost_out sacked_out`,
    'r',
  ),
  field('sk_txhash', 164, 4, '__u32', 'rw'),
  field('bytes_received', 168, 8, '__u64', 'r'),
  field('bytes_acked', 176, 8, '__u64', 'r'),
  pointer('sk', 184, 'struct bpf_sock *'),
  pointer('skb_data', 192, 'void *', 'packet'),
  pointer('skb_data_end', 200, 'void *', 'packet_end'),
  field('skb_len', 208, 4, '__u32', 'r'),
  ...heads(212, 'skb_tcp_flags'),
  field('skb_hwtstamp', 216, 8, '__u64', 'r'),
]);

/** sk_msg_is_valid_access, net/core/filter.c. */
export const SK_MSG = defineContext('sk_msg_md', 80, [
  pointer('data', 0, 'void *', 'packet'),
  pointer('data_end', 8, 'void *', 'packet_end'),
  ...words(16, 'family remote_ip4 local_ip4', 'r'),
  ...array(28, 'remote_ip6', 4, 'r'),
  ...array(44, 'local_ip6', 4, 'r'),
  ...words(60, 'remote_port local_port size', 'r'),
  pointer('sk', 72, 'struct bpf_sock *'),
]);

/** sk_reuseport_is_valid_access, net/core/filter.c. */
export const SK_REUSEPORT = defineContext('sk_reuseport_md', 56, [
  pointer('data', 0, 'void *', 'packet'),
  pointer('data_end', 8, 'void *', 'packet_end'),
  ...words(16, 'len * ip_protocol bind_inany', 'rn'),
  field('eth_protocol', 20, 4, '__u32', 'r'),
  field('eth_protocol', 20, 2, '__be16', 'r'),
  field('eth_protocol', 22, 2, '__be16', 'r'),
  field('hash', 32, 4, '__u32', 'r'),
  pointer('sk', 40, 'struct bpf_sock *'),
  pointer('migrating_sk', 48, 'struct bpf_sock *'),
]);

/** sk_lookup_is_valid_access, net/core/filter.c: `remote_port` with the zero padding after it reads as four bytes. */
export const SK_LOOKUP = defineContext('bpf_sk_lookup', 72, [
  pointer('sk', 0, 'struct bpf_sock *'),
  ...words(8, 'family protocol remote_ip4', 'rn'),
  ...array(20, 'remote_ip6', 4, 'rn'),
  field('remote_port', 36, 4, '__be16', 'rn'),
  field('local_ip4', 40, 4, '__u32', 'rn'),
  ...array(44, 'local_ip6', 4, 'rn'),
  ...words(60, 'local_port ingress_ifindex', 'rn'),
]);

/** sysctl_is_valid_access, kernel/bpf/cgroup.c. */
export const SYSCTL = defineContext('bpf_sysctl', 8, [
  field('write', 0, 4, '__u32', 'rn'),
  field('file_pos', 4, 4, '__u32', 'rwn'),
]);

/** cg_sockopt_is_valid_access, kernel/bpf/cgroup.c. */
export function sockopt(attach: string): ContextDescriptor {
  const getting = attach === 'BPF_CGROUP_GETSOCKOPT';
  const setting: Access = getting ? 'r' : 'rw';
  return defineContext('bpf_sockopt', 40, [
    pointer('sk', 0, 'struct bpf_sock *'),
    pointer('optval', 8, 'void *', 'packet'),
    pointer('optval_end', 16, 'void *', 'packet_end'),
    field('level', 24, 4, '__s32', setting),
    field('optname', 28, 4, '__s32', setting),
    field('optlen', 32, 4, '__s32', 'rw'),
    field('retval', 36, 4, '__s32', getting ? 'rw' : '-'),
  ]);
}

/** cgroup_dev_is_valid_access, kernel/bpf/cgroup.c. */
export const CGROUP_DEVICE = defineContext('bpf_cgroup_dev_ctx', 12, [
  field('access_type', 0, 4, '__u32', 'rn'),
  ...words(4, 'major minor', 'r'),
]);

/** nf_is_valid_access, net/netfilter/nf_bpf_link.c. */
export const NETFILTER = defineContext('bpf_nf_ctx', 16, [
  pointer('state', 0, 'const struct nf_hook_state *'),
  pointer('skb', 8, 'struct sk_buff *'),
]);

/** lirc_mode2_is_valid_access, drivers/media/rc/bpf-lirc.c: one pulse or space. */
export const LIRC_MODE2 = defineContext('', 4, [field('sample', 0, 4, 'unsigned int', 'r')]);

const PT_REGS = 'r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss'.split(' ');

/** pe_prog_is_valid_access, kernel/trace/bpf_trace.c: registers in full words only. */
export const PERF_EVENT = defineContext('bpf_perf_event_data', 184, [
  ...PT_REGS.map((name, i) => field(name, 8 * i, 8, 'unsigned long', 'r')),
  field('sample_period', 168, 8, '__u64', 'rn'),
  field('addr', 176, 8, '__u64', 'rn'),
]);

/** kprobe_prog_is_valid_access, kernel/trace/bpf_trace.c: any aligned read of the saved registers. */
export const KPROBE = definePlain('pt_regs', 8 * PT_REGS.length);

/**
 * tp_prog_is_valid_access, kernel/trace/bpf_trace.c: the first 8 bytes are the kernel's own. Which event a program attaches to is not
 * known here, so the bound is the kernel's bound at load time, PERF_MAX_TRACE_SIZE; attaching compares with the event's size.
 */
export const TRACEPOINT = defineContext('', 8192, [field('record', 8, 8184, 'unsigned char[8184]', 'rn')]);

/**
 * bpf_tracing_ctx_access, include/linux/bpf.h: up to 12 arguments (MAX_BPF_FUNC_ARGS) of 8 bytes. Which of them are kernel pointers stands in
 * the kernel's own type information, which is not part of an object: all of them load as numbers, to be read through bpf_probe_read_kernel.
 */
export const ARGUMENTS = definePlain('', 8 * 12);

/** syscall_prog_is_valid_access, kernel/bpf/syscall.c: memory that the caller supplies and that is checked against what is used. */
export const SYSCALL = definePlain('', 65535, true);

/** freplace takes the context of the program that it replaces, which an object does not tell. */
export const UNKNOWN = definePlain('', 0);
