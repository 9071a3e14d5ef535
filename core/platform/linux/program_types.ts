import type { ContextDescriptor, ProgramType } from '../platform';
import * as contexts from './contexts';
import { FLOW_DISSECTOR, skBuff } from './sk_buff';

/** A Linux program type together with what its section says about how it attaches, since contexts and return values depend on both. */
export interface LinuxProgramType extends ProgramType {
  /** BPF_* attach type; empty when the section fixes none. */
  readonly attach: string;
  /** May call helpers that sleep. */
  readonly sleepable: boolean;
}

type Range = NonNullable<ProgramType['returns']>;

interface Row {
  readonly id: number;
  readonly context: (attach: string) => ContextDescriptor;
  readonly returns?: Range | ((attach: string) => Range | undefined);
  readonly names?: Readonly<Record<string, number>>;
  readonly pass?: string;
  readonly tracing?: true;
  readonly source: string;
}

const FILTER = 'Linux 6.12, net/core/filter.c';
const CGROUP = 'Linux 6.12, kernel/bpf/cgroup.c';
const TRACE = 'Linux 6.12, kernel/trace/bpf_trace.c';

const bit: Range = { min: 0, max: 1 };
const zero: Range = { min: 0, max: 0 };
const XDP = { XDP_ABORTED: 0, XDP_DROP: 1, XDP_PASS: 2, XDP_TX: 3, XDP_REDIRECT: 4 };
const TC = {
  TC_ACT_UNSPEC: -1,
  TC_ACT_OK: 0,
  TC_ACT_RECLASSIFY: 1,
  TC_ACT_SHOT: 2,
  TC_ACT_PIPE: 3,
  TC_ACT_STOLEN: 4,
  TC_ACT_QUEUED: 5,
  TC_ACT_REPEAT: 6,
  TC_ACT_REDIRECT: 7,
  TC_ACT_TRAP: 8,
};
const SK = { SK_DROP: 0, SK_PASS: 1 };
const LWT = { BPF_OK: 0, BPF_DROP: 2, BPF_REDIRECT: 7, BPF_LWT_REROUTE: 128 };

/** What check_return_code in kernel/bpf/verifier.c demands of an address hook. */
function sockAddrRange(attach: string): Range {
  if (/RECVMSG$|GETPEERNAME$|GETSOCKNAME$/.test(attach)) return { min: 1, max: 1 };
  return /INET[46]_BIND$/.test(attach) ? { min: 0, max: 3 } : bit;
}

function tracingRange(attach: string): Range | undefined {
  switch (attach) {
    case 'BPF_TRACE_FENTRY':
    case 'BPF_TRACE_FEXIT':
      return zero;
    case 'BPF_TRACE_ITER':
      return bit;
    default:
      return undefined;
  }
}

const always =
  (context: ContextDescriptor): ((attach: string) => ContextDescriptor) =>
  () =>
    context;
const lwt = always(skBuff('lwt'));

/**
 * By the lower-case name of BPF_PROG_TYPE_*. Numbers: include/uapi/linux/bpf.h; return ranges: check_return_code in
 * kernel/bpf/verifier.c; contexts: see contexts.ts and sk_buff.ts.
 */
// prettier-ignore
const ROWS: Readonly<Record<string, Row>> = {
  socket_filter: { id: 1, context: always(skBuff('socket_filter')), source: FILTER },
  kprobe: { id: 2, context: always(contexts.KPROBE), tracing: true, source: TRACE,
    returns: (attach) => (/_SESSION$/.test(attach) ? bit : undefined) },
  sched_cls: { id: 3, context: always(skBuff('sched_cls')), names: TC, pass: 'TC_ACT_OK', source: FILTER },
  sched_act: { id: 4, context: always(skBuff('sched_cls')), names: TC, pass: 'TC_ACT_OK', source: FILTER },
  tracepoint: { id: 5, context: always(contexts.TRACEPOINT), tracing: true, source: TRACE },
  xdp: { id: 6, context: contexts.xdp, names: XDP, pass: 'XDP_PASS', source: FILTER },
  perf_event: { id: 7, context: always(contexts.PERF_EVENT), tracing: true, source: TRACE },
  cgroup_skb: { id: 8, context: always(skBuff('cgroup_skb')), source: FILTER,
    returns: (attach) => (attach === 'BPF_CGROUP_INET_EGRESS' ? { min: 0, max: 3 } : bit) },
  cgroup_sock: { id: 9, context: contexts.sock, returns: bit, source: FILTER },
  lwt_in: { id: 10, context: lwt, names: LWT, pass: 'BPF_OK', source: FILTER },
  lwt_out: { id: 11, context: lwt, names: LWT, pass: 'BPF_OK', source: FILTER },
  lwt_xmit: { id: 12, context: lwt, names: LWT, pass: 'BPF_OK', source: FILTER },
  sock_ops: { id: 13, context: always(contexts.SOCK_OPS), returns: bit, source: FILTER },
  sk_skb: { id: 14, context: always(skBuff('sk_skb')), names: SK, pass: 'SK_PASS', source: FILTER },
  cgroup_device: { id: 15, context: always(contexts.CGROUP_DEVICE), returns: bit, source: CGROUP },
  sk_msg: { id: 16, context: always(contexts.SK_MSG), names: SK, pass: 'SK_PASS', source: FILTER },
  raw_tracepoint: { id: 17, context: always(contexts.ARGUMENTS), tracing: true, source: TRACE },
  cgroup_sock_addr: { id: 18, context: contexts.sockAddr, returns: sockAddrRange, source: FILTER },
  lwt_seg6local: { id: 19, context: lwt, names: LWT, pass: 'BPF_OK', source: FILTER },
  lirc_mode2: { id: 20, context: always(contexts.LIRC_MODE2), source: 'Linux 6.12, drivers/media/rc/bpf-lirc.c' },
  sk_reuseport: { id: 21, context: always(contexts.SK_REUSEPORT), names: SK, pass: 'SK_PASS', source: FILTER },
  flow_dissector: { id: 22, context: always(FLOW_DISSECTOR), source: FILTER,
    names: { BPF_OK: 0, BPF_DROP: 2, BPF_FLOW_DISSECTOR_CONTINUE: 129 }, pass: 'BPF_OK' },
  cgroup_sysctl: { id: 23, context: always(contexts.SYSCTL), returns: bit, source: CGROUP },
  raw_tracepoint_writable: { id: 24, context: always(contexts.ARGUMENTS), tracing: true, source: TRACE },
  cgroup_sockopt: { id: 25, context: contexts.sockopt, returns: bit, source: CGROUP },
  tracing: { id: 26, context: always(contexts.ARGUMENTS), returns: tracingRange, tracing: true, source: TRACE },
  struct_ops: { id: 27, context: always(contexts.ARGUMENTS), tracing: true, source: 'Linux 6.12, kernel/bpf/bpf_struct_ops.c' },
  ext: { id: 28, context: always(contexts.UNKNOWN), tracing: true, source: 'Linux 6.12, kernel/bpf/verifier.c' },
  // Hooks without a result or with 0 or 1 demand less; which hook it is stands in the kernel's types.
  lsm: { id: 29, context: always(contexts.ARGUMENTS), tracing: true, source: 'Linux 6.12, kernel/bpf/bpf_lsm.c',
    returns: (attach) => (attach === 'BPF_LSM_CGROUP' ? bit : { min: -4095, max: 0 }) },
  sk_lookup: { id: 30, context: always(contexts.SK_LOOKUP), returns: bit, names: SK, pass: 'SK_PASS', source: FILTER },
  syscall: { id: 31, context: always(contexts.SYSCALL), tracing: true, source: 'Linux 6.12, kernel/bpf/syscall.c' },
  netfilter: { id: 32, context: always(contexts.NETFILTER), returns: bit, names: { NF_DROP: 0, NF_ACCEPT: 1 }, pass: 'NF_ACCEPT',
    source: 'Linux 6.12, net/netfilter/nf_bpf_link.c' },
};

/** Lower-case names of all program types. */
export const LINUX_PROGRAM_TYPE_NAMES: readonly string[] = Object.keys(ROWS);

/** The program type of that name as it attaches; undefined when there is none. */
export function linuxProgramType(name: string, attach: string, sleepable: boolean): LinuxProgramType | undefined {
  const row = ROWS[name];
  if (row === undefined) return undefined;
  return {
    name,
    id: row.id,
    attach,
    sleepable,
    context: row.context(attach),
    returns: typeof row.returns === 'function' ? row.returns(attach) : row.returns,
    returnNames: row.names ?? {},
    defaultReturn: row.pass,
    privileged: row.tracing === true,
    source: row.source,
  };
}
