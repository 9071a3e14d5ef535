import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LINUX_PROGRAM_TYPE_NAMES, linuxProgramType } from '../../../../../core/platform/linux/program_types';
import { LINUX_SECTIONS, linuxSection } from '../../../../../core/platform/linux/sections';

describe('Linux section names', () => {
  const known: readonly (readonly [section: string, type: string, attach: string])[] = [
    ['xdp', 'xdp', 'BPF_XDP'],
    ['xdp.frags/cpumap', 'xdp', 'BPF_XDP_CPUMAP'],
    ['?xdp', 'xdp', 'BPF_XDP'],
    ['tc', 'sched_cls', ''],
    ['tcx/ingress', 'sched_cls', 'BPF_TCX_INGRESS'],
    ['classifier', 'sched_cls', ''],
    ['action', 'sched_act', ''],
    ['tracepoint/sched/sched_switch', 'tracepoint', ''],
    ['tp/syscalls/sys_enter_openat', 'tracepoint', ''],
    ['raw_tp/sched_switch', 'raw_tracepoint', ''],
    ['raw_tp.w/x', 'raw_tracepoint_writable', ''],
    ['tp_btf/sched_switch', 'tracing', 'BPF_TRACE_RAW_TP'],
    ['kprobe/do_unlinkat', 'kprobe', ''],
    ['kprobe', 'kprobe', ''],
    ['kprobe.multi/vfs_*', 'kprobe', 'BPF_TRACE_KPROBE_MULTI'],
    ['uretprobe.s//bin/bash:readline', 'kprobe', ''],
    ['ksyscall/openat', 'kprobe', ''],
    ['usdt', 'kprobe', ''],
    ['fentry/tcp_v4_connect', 'tracing', 'BPF_TRACE_FENTRY'],
    ['fexit.s/x', 'tracing', 'BPF_TRACE_FEXIT'],
    ['fmod_ret/x', 'tracing', 'BPF_MODIFY_RETURN'],
    ['freplace/main', 'ext', ''],
    ['lsm/file_open', 'lsm', 'BPF_LSM_MAC'],
    ['lsm_cgroup/socket_post_create', 'lsm', 'BPF_LSM_CGROUP'],
    ['iter/task', 'tracing', 'BPF_TRACE_ITER'],
    ['cgroup_skb/egress', 'cgroup_skb', 'BPF_CGROUP_INET_EGRESS'],
    ['cgroup/connect4', 'cgroup_sock_addr', 'BPF_CGROUP_INET4_CONNECT'],
    ['cgroup/dev', 'cgroup_device', 'BPF_CGROUP_DEVICE'],
    ['cgroup/sysctl', 'cgroup_sysctl', 'BPF_CGROUP_SYSCTL'],
    ['cgroup/getsockopt', 'cgroup_sockopt', 'BPF_CGROUP_GETSOCKOPT'],
    ['sockops', 'sock_ops', 'BPF_CGROUP_SOCK_OPS'],
    ['sk_msg', 'sk_msg', 'BPF_SK_MSG_VERDICT'],
    ['sk_skb/stream_verdict', 'sk_skb', 'BPF_SK_SKB_STREAM_VERDICT'],
    ['sk_lookup', 'sk_lookup', 'BPF_SK_LOOKUP'],
    ['sk_reuseport/migrate', 'sk_reuseport', 'BPF_SK_REUSEPORT_SELECT_OR_MIGRATE'],
    ['flow_dissector', 'flow_dissector', 'BPF_FLOW_DISSECTOR'],
    ['lirc_mode2', 'lirc_mode2', 'BPF_LIRC_MODE2'],
    ['lwt_xmit', 'lwt_xmit', ''],
    ['perf_event', 'perf_event', ''],
    ['socket', 'socket_filter', ''],
    ['struct_ops/init', 'struct_ops', ''],
    ['syscall', 'syscall', ''],
    ['netfilter', 'netfilter', 'BPF_NETFILTER'],
  ];

  for (const [section, type, attach] of known) {
    it(`${section} is ${type}${attach && ` attached to ${attach}`}`, () => {
      const found = linuxSection(section);
      assert.equal(found?.name, type);
      assert.equal(found?.attach, attach);
    });
  }

  it('takes prefixes as libbpf did before 1.0, when nothing else matches', () => {
    const type = (section: string) => linuxSection(section)?.name;
    assert.equal(type('xdp_prog'), 'xdp');
    assert.equal(type('lirc_mode2/nec'), 'lirc_mode2');
    assert.equal(type('classifier/ingress'), 'sched_cls');
    assert.equal(type('socket1'), 'socket_filter');
    assert.equal(linuxSection('cgroup/connect4_mine')?.attach, 'BPF_CGROUP_INET4_CONNECT');
    assert.equal(linuxSection('cgroup/sock_create')?.attach, 'BPF_CGROUP_INET_SOCK_CREATE');
  });

  it('knows no others', () => {
    for (const section of [
      'kprobe_x',
      'kprobes',
      'tcx',
      'tc_x',
      '',
      '?',
      'unknown',
      '??xdp',
      'license',
      '.text',
      'maps',
      'prog',
    ]) {
      assert.equal(linuxSection(section), undefined, section);
    }
  });

  it('knows which programs may sleep', () => {
    assert.equal(linuxSection('fentry.s/x')?.sleepable, true);
    assert.equal(linuxSection('fentry/x')?.sleepable, false);
    assert.equal(linuxSection('syscall')?.sleepable, true);
  });

  it('numbers program types 1 to 32 without gaps', () => {
    const ids = LINUX_PROGRAM_TYPE_NAMES.map((name) => linuxProgramType(name, '', false)?.id).sort((a, b) => a! - b!);
    assert.deepEqual(
      ids,
      Array.from({ length: 32 }, (_, i) => i + 1),
    );
  });

  it('reaches every program type by a section', () => {
    const reached = new Set(LINUX_SECTIONS.map(({ type }) => type.name));
    assert.deepEqual(
      LINUX_PROGRAM_TYPE_NAMES.filter((name) => !reached.has(name)),
      [],
    );
  });
});

describe('Linux return ranges', () => {
  const ranges: readonly (readonly [section: string, min: number | undefined, max: number | undefined])[] = [
    ['xdp', undefined, undefined],
    ['tc', undefined, undefined],
    ['kprobe/x', undefined, undefined],
    ['kprobe.session/x', 0, 1],
    ['fentry/x', 0, 0],
    ['tp_btf/x', undefined, undefined],
    ['iter/task', 0, 1],
    ['cgroup_skb/ingress', 0, 1],
    ['cgroup_skb/egress', 0, 3],
    ['cgroup/bind6', 0, 3],
    ['cgroup/recvmsg4', 1, 1],
    ['cgroup/connect4', 0, 1],
    ['lsm/file_open', -4095, 0],
    ['netfilter', 0, 1],
  ];
  for (const [section, min, max] of ranges) {
    it(`${section} returns ${min === undefined ? 'anything' : `${min} to ${max}`}`, () => {
      const returns = linuxSection(section)!.returns;
      assert.equal(returns?.min, min);
      assert.equal(returns?.max, max);
    });
  }

  it('gives default returns that are in the range', () => {
    for (const { name, type } of LINUX_SECTIONS) {
      if (type.defaultReturn === undefined) continue;
      const value = type.returnNames[type.defaultReturn];
      assert.equal(typeof value, 'number', name);
      assert.ok(type.returns === undefined || (value! >= type.returns.min && value! <= type.returns.max), name);
    }
  });
});
