import { linuxProgramType, type LinuxProgramType } from './program_types';

/** How libbpf reads section names. Source: section_defs and sec_def_matches in tools/lib/bpf/libbpf.c, Linux 6.12; uprobe.session of 6.13. */
interface Section {
  /** Name without the trailing `+`. */
  readonly name: string;
  /** `name` alone or `name/anything`; otherwise the name alone. */
  readonly open: boolean;
  readonly type: LinuxProgramType;
}

function row(pattern: string, type: string, attach = '', sleepable = false): Section {
  const open = pattern.endsWith('+');
  const found = linuxProgramType(type, attach, sleepable);
  if (found === undefined) throw new Error(`section table: no program type ${type}`);
  return { name: open ? pattern.slice(0, -1) : pattern, open, type: found };
}

// prettier-ignore
const SECTIONS: readonly Section[] = [
  row('socket', 'socket_filter'),
  row('sk_reuseport/migrate', 'sk_reuseport', 'BPF_SK_REUSEPORT_SELECT_OR_MIGRATE'),
  row('sk_reuseport', 'sk_reuseport', 'BPF_SK_REUSEPORT_SELECT'),
  row('kprobe+', 'kprobe'),
  row('uprobe+', 'kprobe'),
  row('uprobe.s+', 'kprobe', '', true),
  row('kretprobe+', 'kprobe'),
  row('uretprobe+', 'kprobe'),
  row('uretprobe.s+', 'kprobe', '', true),
  row('kprobe.multi+', 'kprobe', 'BPF_TRACE_KPROBE_MULTI'),
  row('kretprobe.multi+', 'kprobe', 'BPF_TRACE_KPROBE_MULTI'),
  row('kprobe.session+', 'kprobe', 'BPF_TRACE_KPROBE_SESSION'),
  row('uprobe.multi+', 'kprobe', 'BPF_TRACE_UPROBE_MULTI'),
  row('uretprobe.multi+', 'kprobe', 'BPF_TRACE_UPROBE_MULTI'),
  row('uprobe.multi.s+', 'kprobe', 'BPF_TRACE_UPROBE_MULTI', true),
  row('uretprobe.multi.s+', 'kprobe', 'BPF_TRACE_UPROBE_MULTI', true),
  row('uprobe.session+', 'kprobe', 'BPF_TRACE_UPROBE_SESSION'),
  row('uprobe.session.s+', 'kprobe', 'BPF_TRACE_UPROBE_SESSION', true),
  row('ksyscall+', 'kprobe'),
  row('kretsyscall+', 'kprobe'),
  row('usdt+', 'kprobe'),
  row('usdt.s+', 'kprobe', '', true),
  row('tc/ingress', 'sched_cls', 'BPF_TCX_INGRESS'),
  row('tc/egress', 'sched_cls', 'BPF_TCX_EGRESS'),
  row('tcx/ingress', 'sched_cls', 'BPF_TCX_INGRESS'),
  row('tcx/egress', 'sched_cls', 'BPF_TCX_EGRESS'),
  row('tc', 'sched_cls'),
  row('classifier', 'sched_cls'),
  row('action', 'sched_act'),
  row('netkit/primary', 'sched_cls', 'BPF_NETKIT_PRIMARY'),
  row('netkit/peer', 'sched_cls', 'BPF_NETKIT_PEER'),
  row('tracepoint+', 'tracepoint'),
  row('tp+', 'tracepoint'),
  row('raw_tracepoint+', 'raw_tracepoint'),
  row('raw_tp+', 'raw_tracepoint'),
  row('raw_tracepoint.w+', 'raw_tracepoint_writable'),
  row('raw_tp.w+', 'raw_tracepoint_writable'),
  row('tp_btf+', 'tracing', 'BPF_TRACE_RAW_TP'),
  row('fentry+', 'tracing', 'BPF_TRACE_FENTRY'),
  row('fmod_ret+', 'tracing', 'BPF_MODIFY_RETURN'),
  row('fexit+', 'tracing', 'BPF_TRACE_FEXIT'),
  row('fentry.s+', 'tracing', 'BPF_TRACE_FENTRY', true),
  row('fmod_ret.s+', 'tracing', 'BPF_MODIFY_RETURN', true),
  row('fexit.s+', 'tracing', 'BPF_TRACE_FEXIT', true),
  row('freplace+', 'ext'),
  row('lsm+', 'lsm', 'BPF_LSM_MAC'),
  row('lsm.s+', 'lsm', 'BPF_LSM_MAC', true),
  row('lsm_cgroup+', 'lsm', 'BPF_LSM_CGROUP'),
  row('iter+', 'tracing', 'BPF_TRACE_ITER'),
  row('iter.s+', 'tracing', 'BPF_TRACE_ITER', true),
  row('syscall', 'syscall', '', true),
  row('xdp.frags/devmap', 'xdp', 'BPF_XDP_DEVMAP'),
  row('xdp/devmap', 'xdp', 'BPF_XDP_DEVMAP'),
  row('xdp.frags/cpumap', 'xdp', 'BPF_XDP_CPUMAP'),
  row('xdp/cpumap', 'xdp', 'BPF_XDP_CPUMAP'),
  row('xdp.frags', 'xdp', 'BPF_XDP'),
  row('xdp', 'xdp', 'BPF_XDP'),
  row('perf_event', 'perf_event'),
  row('lwt_in', 'lwt_in'),
  row('lwt_out', 'lwt_out'),
  row('lwt_xmit', 'lwt_xmit'),
  row('lwt_seg6local', 'lwt_seg6local'),
  row('sockops', 'sock_ops', 'BPF_CGROUP_SOCK_OPS'),
  row('sk_skb/stream_parser', 'sk_skb', 'BPF_SK_SKB_STREAM_PARSER'),
  row('sk_skb/stream_verdict', 'sk_skb', 'BPF_SK_SKB_STREAM_VERDICT'),
  row('sk_skb/verdict', 'sk_skb', 'BPF_SK_SKB_VERDICT'),
  row('sk_skb', 'sk_skb'),
  row('sk_msg', 'sk_msg', 'BPF_SK_MSG_VERDICT'),
  row('lirc_mode2', 'lirc_mode2', 'BPF_LIRC_MODE2'),
  row('flow_dissector', 'flow_dissector', 'BPF_FLOW_DISSECTOR'),
  row('cgroup_skb/ingress', 'cgroup_skb', 'BPF_CGROUP_INET_INGRESS'),
  row('cgroup_skb/egress', 'cgroup_skb', 'BPF_CGROUP_INET_EGRESS'),
  row('cgroup/skb', 'cgroup_skb'),
  row('cgroup/sock_create', 'cgroup_sock', 'BPF_CGROUP_INET_SOCK_CREATE'),
  row('cgroup/sock_release', 'cgroup_sock', 'BPF_CGROUP_INET_SOCK_RELEASE'),
  row('cgroup/sock', 'cgroup_sock', 'BPF_CGROUP_INET_SOCK_CREATE'),
  row('cgroup/post_bind4', 'cgroup_sock', 'BPF_CGROUP_INET4_POST_BIND'),
  row('cgroup/post_bind6', 'cgroup_sock', 'BPF_CGROUP_INET6_POST_BIND'),
  row('cgroup/bind4', 'cgroup_sock_addr', 'BPF_CGROUP_INET4_BIND'),
  row('cgroup/bind6', 'cgroup_sock_addr', 'BPF_CGROUP_INET6_BIND'),
  row('cgroup/connect4', 'cgroup_sock_addr', 'BPF_CGROUP_INET4_CONNECT'),
  row('cgroup/connect6', 'cgroup_sock_addr', 'BPF_CGROUP_INET6_CONNECT'),
  row('cgroup/connect_unix', 'cgroup_sock_addr', 'BPF_CGROUP_UNIX_CONNECT'),
  row('cgroup/sendmsg4', 'cgroup_sock_addr', 'BPF_CGROUP_UDP4_SENDMSG'),
  row('cgroup/sendmsg6', 'cgroup_sock_addr', 'BPF_CGROUP_UDP6_SENDMSG'),
  row('cgroup/sendmsg_unix', 'cgroup_sock_addr', 'BPF_CGROUP_UNIX_SENDMSG'),
  row('cgroup/recvmsg4', 'cgroup_sock_addr', 'BPF_CGROUP_UDP4_RECVMSG'),
  row('cgroup/recvmsg6', 'cgroup_sock_addr', 'BPF_CGROUP_UDP6_RECVMSG'),
  row('cgroup/recvmsg_unix', 'cgroup_sock_addr', 'BPF_CGROUP_UNIX_RECVMSG'),
  row('cgroup/getpeername4', 'cgroup_sock_addr', 'BPF_CGROUP_INET4_GETPEERNAME'),
  row('cgroup/getpeername6', 'cgroup_sock_addr', 'BPF_CGROUP_INET6_GETPEERNAME'),
  row('cgroup/getpeername_unix', 'cgroup_sock_addr', 'BPF_CGROUP_UNIX_GETPEERNAME'),
  row('cgroup/getsockname4', 'cgroup_sock_addr', 'BPF_CGROUP_INET4_GETSOCKNAME'),
  row('cgroup/getsockname6', 'cgroup_sock_addr', 'BPF_CGROUP_INET6_GETSOCKNAME'),
  row('cgroup/getsockname_unix', 'cgroup_sock_addr', 'BPF_CGROUP_UNIX_GETSOCKNAME'),
  row('cgroup/sysctl', 'cgroup_sysctl', 'BPF_CGROUP_SYSCTL'),
  row('cgroup/getsockopt', 'cgroup_sockopt', 'BPF_CGROUP_GETSOCKOPT'),
  row('cgroup/setsockopt', 'cgroup_sockopt', 'BPF_CGROUP_SETSOCKOPT'),
  row('cgroup/dev', 'cgroup_device', 'BPF_CGROUP_DEVICE'),
  row('struct_ops+', 'struct_ops'),
  row('struct_ops.s+', 'struct_ops', '', true),
  row('sk_lookup', 'sk_lookup', 'BPF_SK_LOOKUP'),
  row('netfilter', 'netfilter', 'BPF_NETFILTER'),
];

/** All section names of the table, for tests and completion. */
export const LINUX_SECTIONS: readonly {
  readonly name: string;
  readonly open: boolean;
  readonly type: LinuxProgramType;
}[] = SECTIONS;

/**
 * Sections that libbpf before 1.0 took as prefixes (SEC_SLOPPY_PFX in libbpf 0.8), longest first. Today's libbpf wants a type from the
 * caller for them, but objects with such names are about: `xdp_prog`, `lirc_mode2/nec`, `classifier/ingress`.
 */
const OLD_PREFIXES: readonly Section[] = SECTIONS.filter(
  ({ name, open }) =>
    !open &&
    /^(socket|classifier|action|xdp|perf_event|lwt_\w+|sockops|sk_skb|sk_msg|sk_reuseport|lirc_mode2|flow_dissector|cgroup_skb|cgroup)\b/.test(
      name,
    ) &&
    !name.startsWith('xdp.'),
).sort((a, b) => b.name.length - a.name.length);

/**
 * The program type of a section, undefined when libbpf knows none. A leading `?` (do not load by default) does not count.
 * `open` names also match with `/` and anything after it; names of before libbpf 1.0 match when nothing else does.
 */
export function linuxSection(section: string): LinuxProgramType | undefined {
  const name = section.startsWith('?') ? section.slice(1) : section;
  const found =
    SECTIONS.find((entry) => name === entry.name || (entry.open && name.startsWith(`${entry.name}/`))) ??
    OLD_PREFIXES.find((entry) => name.startsWith(entry.name));
  return found?.type;
}
