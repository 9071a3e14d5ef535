import type { LinuxProgramType } from './program_types';

/**
 * Which helpers a program type may call: the kernel's get_func_proto functions, one group each, with the groups that they fall back to.
 * Source: Linux 6.12, the functions and files named at each group. Rights are taken as granted (CAP_BPF, CAP_PERFMON), as for root.
 */
interface Group {
  readonly then: readonly string[];
  /** Helper names without `bpf_`. */
  readonly own: readonly string[];
}

const group = (then: readonly string[], own: string): Group => ({ then, own: own.split(/\s+/).filter(Boolean) });

// prettier-ignore
const GROUPS: Readonly<Record<string, Group>> = {
  // bpf_base_func_proto, kernel/bpf/helpers.c
  base: group([], `
    map_lookup_elem map_update_elem map_delete_elem map_push_elem map_pop_elem map_peek_elem
    map_lookup_percpu_elem get_prandom_u32 get_smp_processor_id get_numa_node_id tail_call ktime_get_ns
    ktime_get_boot_ns ktime_get_tai_ns ringbuf_output ringbuf_reserve ringbuf_submit ringbuf_discard
    ringbuf_query strncmp strtol strtoul get_current_pid_tgid get_ns_current_pid_tgid spin_lock spin_unlock
    jiffies64 per_cpu_ptr this_cpu_ptr timer_init timer_set_callback timer_start timer_cancel kptr_xchg
    for_each_map_elem loop user_ringbuf_drain ringbuf_reserve_dynptr ringbuf_submit_dynptr
    ringbuf_discard_dynptr dynptr_from_mem dynptr_read dynptr_write dynptr_data cgrp_storage_get
    cgrp_storage_delete get_current_cgroup_id get_current_ancestor_cgroup_id trace_printk get_current_task
    get_current_task_btf probe_read_user probe_read_kernel probe_read_user_str probe_read_kernel_str
    snprintf_btf snprintf task_pt_regs trace_vprintk`),
  // bpf_sk_base_func_proto, net/core/filter.c
  sk_base: group(['base'], `
    skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock skc_to_tcp_request_sock skc_to_udp6_sock
    skc_to_unix_sock skc_to_mptcp_sock ktime_get_coarse_ns`),
  // cgroup_common_func_proto, kernel/bpf/cgroup.c
  cgroup_common: group([], `
    get_local_storage get_retval set_retval`),
  // cgroup_current_func_proto, kernel/bpf/cgroup.c
  cgroup_current: group([], `
    get_current_uid_gid get_current_comm get_cgroup_classid current_task_under_cgroup`),
  // sock_filter_func_proto, net/core/filter.c
  cgroup_sock: group(['cgroup_common', 'cgroup_current', 'base'], `
    get_socket_cookie get_netns_cookie perf_event_output sk_storage_get ktime_get_coarse_ns`),
  // sock_addr_func_proto, net/core/filter.c
  cgroup_sock_addr: group(['cgroup_common', 'cgroup_current', 'sk_base'], `
    bind get_socket_cookie get_netns_cookie perf_event_output sk_lookup_tcp sk_lookup_udp sk_release
    skc_lookup_tcp sk_storage_get sk_storage_delete setsockopt getsockopt`),
  // sk_filter_func_proto, net/core/filter.c
  socket_filter: group(['sk_base'], `
    skb_load_bytes skb_load_bytes_relative get_socket_cookie get_socket_uid perf_event_output`),
  // cg_skb_func_proto, net/core/filter.c
  cgroup_skb: group(['cgroup_common', 'socket_filter'], `
    sk_fullsock sk_storage_get sk_storage_delete perf_event_output skb_cgroup_id skb_ancestor_cgroup_id
    sk_cgroup_id sk_ancestor_cgroup_id sk_lookup_tcp sk_lookup_udp sk_release skc_lookup_tcp tcp_sock
    get_listener_sock skb_ecn_set_ce`),
  // tc_cls_act_func_proto, net/core/filter.c
  sched_cls: group(['sk_base'], `
    skb_store_bytes skb_load_bytes skb_load_bytes_relative skb_pull_data csum_diff csum_update csum_level
    l3_csum_replace l4_csum_replace clone_redirect get_cgroup_classid skb_vlan_push skb_vlan_pop
    skb_change_proto skb_change_type skb_adjust_room skb_change_tail skb_change_head skb_get_tunnel_key
    skb_set_tunnel_key skb_get_tunnel_opt skb_set_tunnel_opt redirect redirect_neigh redirect_peer
    get_route_realm get_hash_recalc set_hash_invalid set_hash perf_event_output get_smp_processor_id
    skb_under_cgroup get_socket_cookie get_socket_uid fib_lookup check_mtu sk_fullsock sk_storage_get
    sk_storage_delete skb_get_xfrm_state skb_cgroup_classid skb_cgroup_id skb_ancestor_cgroup_id
    sk_lookup_tcp sk_lookup_udp sk_release tcp_sock get_listener_sock skc_lookup_tcp tcp_check_syncookie
    skb_ecn_set_ce tcp_gen_syncookie sk_assign skb_set_tstamp tcp_raw_gen_syncookie_ipv4
    tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4 tcp_raw_check_syncookie_ipv6`),
  // xdp_func_proto, net/core/filter.c
  xdp: group(['sk_base'], `
    perf_event_output get_smp_processor_id csum_diff xdp_adjust_head xdp_adjust_meta redirect redirect_map
    xdp_adjust_tail xdp_get_buff_len xdp_load_bytes xdp_store_bytes fib_lookup check_mtu sk_lookup_udp
    sk_lookup_tcp sk_release skc_lookup_tcp tcp_check_syncookie tcp_gen_syncookie tcp_raw_gen_syncookie_ipv4
    tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4 tcp_raw_check_syncookie_ipv6`),
  // sock_ops_func_proto, net/core/filter.c
  sock_ops: group(['cgroup_common', 'sk_base'], `
    setsockopt getsockopt sock_ops_cb_flags_set sock_map_update sock_hash_update get_socket_cookie
    perf_event_output sk_storage_get sk_storage_delete get_netns_cookie load_hdr_opt store_hdr_opt
    reserve_hdr_opt tcp_sock`),
  // sk_msg_func_proto, net/core/filter.c
  sk_msg: group(['sk_base'], `
    msg_redirect_map msg_redirect_hash msg_apply_bytes msg_cork_bytes msg_pull_data msg_push_data
    msg_pop_data perf_event_output get_current_uid_gid sk_storage_get sk_storage_delete get_netns_cookie
    get_cgroup_classid`),
  // sk_skb_func_proto, net/core/filter.c
  sk_skb: group(['sk_base'], `
    skb_store_bytes skb_load_bytes skb_pull_data skb_change_tail skb_change_head skb_adjust_room
    get_socket_cookie get_socket_uid sk_redirect_map sk_redirect_hash perf_event_output sk_lookup_tcp
    sk_lookup_udp sk_release skc_lookup_tcp`),
  // flow_dissector_func_proto, net/core/filter.c
  flow_dissector: group(['sk_base'], `
    skb_load_bytes`),
  // lwt_out_func_proto, net/core/filter.c
  lwt_out: group(['sk_base'], `
    skb_load_bytes skb_pull_data csum_diff get_cgroup_classid get_route_realm get_hash_recalc
    perf_event_output get_smp_processor_id skb_under_cgroup`),
  // lwt_in_func_proto, net/core/filter.c
  lwt_in: group(['lwt_out'], `
    lwt_push_encap`),
  // lwt_xmit_func_proto, net/core/filter.c
  lwt_xmit: group(['lwt_out'], `
    skb_get_tunnel_key skb_set_tunnel_key skb_get_tunnel_opt skb_set_tunnel_opt redirect clone_redirect
    skb_change_tail skb_change_head skb_store_bytes csum_update csum_level l3_csum_replace l4_csum_replace
    set_hash_invalid lwt_push_encap`),
  // lwt_seg6local_func_proto, net/core/filter.c
  lwt_seg6local: group(['lwt_out'], `
    lwt_seg6_store_bytes lwt_seg6_action lwt_seg6_adjust_srh`),
  // sk_reuseport_func_proto, net/core/filter.c
  sk_reuseport: group(['base'], `
    sk_select_reuseport skb_load_bytes skb_load_bytes_relative get_socket_cookie ktime_get_coarse_ns`),
  // sk_lookup_func_proto, net/core/filter.c
  sk_lookup: group(['sk_base'], `
    perf_event_output sk_assign sk_release`),
  // bpf_tracing_func_proto, kernel/trace/bpf_trace.c
  tracing_base: group(['base'], `
    map_lookup_elem map_update_elem map_delete_elem map_push_elem map_pop_elem map_peek_elem
    map_lookup_percpu_elem ktime_get_ns ktime_get_boot_ns tail_call get_current_task get_current_task_btf
    task_pt_regs get_current_uid_gid get_current_comm trace_printk get_smp_processor_id get_numa_node_id
    perf_event_read get_prandom_u32 probe_write_user probe_read_user probe_read_kernel probe_read_user_str
    probe_read_kernel_str probe_read probe_read_str cgrp_storage_get cgrp_storage_delete
    current_task_under_cgroup send_signal send_signal_thread perf_event_read_value ringbuf_output
    ringbuf_reserve ringbuf_submit ringbuf_discard ringbuf_query jiffies64 get_task_stack copy_from_user
    copy_from_user_task snprintf_btf per_cpu_ptr this_cpu_ptr task_storage_get task_storage_delete
    for_each_map_elem snprintf get_func_ip get_branch_snapshot find_vma trace_vprintk`),
  // kprobe_prog_func_proto, kernel/trace/bpf_trace.c
  kprobe: group(['tracing_base'], `
    perf_event_output get_stackid get_stack override_return get_func_ip get_attach_cookie`),
  // tp_prog_func_proto, kernel/trace/bpf_trace.c
  tracepoint: group(['tracing_base'], `
    perf_event_output get_stackid get_stack get_attach_cookie`),
  // pe_prog_func_proto, kernel/trace/bpf_trace.c
  perf_event: group(['tracing_base'], `
    perf_event_output get_stackid get_stack perf_prog_read_value read_branch_records get_attach_cookie`),
  // raw_tp_prog_func_proto, kernel/trace/bpf_trace.c
  raw_tracepoint: group(['tracing_base'], `
    perf_event_output get_stackid get_stack get_attach_cookie`),
  // tracing_prog_func_proto, kernel/trace/bpf_trace.c
  tracing: group(['raw_tracepoint'], `
    skb_output xdp_output skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock skc_to_tcp_request_sock
    skc_to_udp6_sock skc_to_unix_sock skc_to_mptcp_sock sk_storage_get sk_storage_delete sock_from_file
    get_socket_cookie xdp_get_buff_len seq_printf seq_write seq_printf_btf d_path get_func_arg get_func_ret
    get_func_arg_cnt get_attach_cookie`),
  // bpf_lsm_func_proto, kernel/bpf/bpf_lsm.c
  lsm: group(['cgroup_common', 'tracing'], `
    inode_storage_get inode_storage_delete sk_storage_get sk_storage_delete spin_lock spin_unlock
    bprm_opts_set ima_inode_hash ima_file_hash get_attach_cookie setsockopt getsockopt`),
  // syscall_prog_func_proto, kernel/bpf/syscall.c
  syscall: group(['tracing'], `
    sys_bpf btf_find_by_name_kind sys_close kallsyms_lookup_name`),
  // cgroup_dev_func_proto, kernel/bpf/cgroup.c
  cgroup_device: group(['cgroup_common', 'cgroup_current', 'base'], `
    perf_event_output`),
  // sysctl_func_proto, kernel/bpf/cgroup.c
  cgroup_sysctl: group(['cgroup_common', 'cgroup_current', 'base'], `
    sysctl_get_name sysctl_get_current_value sysctl_get_new_value sysctl_set_new_value ktime_get_coarse_ns
    perf_event_output`),
  // cg_sockopt_func_proto, kernel/bpf/cgroup.c
  cgroup_sockopt: group(['cgroup_common', 'cgroup_current', 'base'], `
    get_netns_cookie sk_storage_get sk_storage_delete setsockopt getsockopt tcp_sock perf_event_output`),
  // lirc_mode2_func_proto, drivers/media/rc/bpf-lirc.c
  lirc_mode2: group([], `
    rc_repeat rc_keydown rc_pointer_rel map_lookup_elem map_update_elem map_delete_elem map_push_elem
    map_pop_elem map_peek_elem ktime_get_ns ktime_get_boot_ns tail_call get_prandom_u32 trace_printk`),
  // bpf_nf_func_proto, net/netfilter/nf_bpf_link.c
  netfilter: group(['base'], `
    `),
  // bpf_tcp_ca_get_func_proto, net/ipv4/bpf_tcp_ca.c
  struct_ops: group(['base'], `
    tcp_send_ack sk_storage_get sk_storage_delete setsockopt getsockopt ktime_get_coarse_ns`),
  // sched_act shares sched_cls's table; freplace programs take that of the program they replace, so only the common part is sure.
  sched_act: group(['sched_cls'], ''),
  raw_tracepoint_writable: group(['raw_tracepoint'], ''),
  ext: group(['base'], ''),
};

const RECEIVING = /^BPF_CGROUP_(INET4|INET6|UNIX)_GET(PEER|SOCK)NAME$|^BPF_CGROUP_(UDP4|UDP6|UNIX)_RECVMSG$/;
const CONNECTING = /^BPF_CGROUP_INET[46]_CONNECT$/;
const TRAMPOLINE = /^BPF_(TRACE_FENTRY|TRACE_FEXIT|MODIFY_RETURN|LSM_MAC|LSM_CGROUP)$/;

/** May be called by sleepable programs only: `might_sleep` in their bpf_func_proto. */
const SLEEPING = new Set(
  'copy_from_user copy_from_user_task ima_inode_hash ima_file_hash sys_bpf btf_find_by_name_kind sys_close'.split(' '),
);

/** What a get_func_proto function refuses by the attach type although the helper stands in its table. */
function withheld(name: string, type: LinuxProgramType): boolean {
  const { attach } = type;
  if (SLEEPING.has(name)) return !type.sleepable;
  switch (name) {
    case 'get_retval':
    case 'set_retval':
      // Lsm programs have cgroup_common's helpers only when they attach to a cgroup.
      if (type.name === 'lsm') return attach !== 'BPF_LSM_CGROUP';
      return type.name === 'cgroup_skb' || type.name === 'sock_ops' || RECEIVING.test(attach);
    case 'get_local_storage':
      return type.name === 'lsm' && attach !== 'BPF_LSM_CGROUP';
    case 'bind':
      return !CONNECTING.test(attach);
    case 'setsockopt':
    case 'getsockopt':
      if (type.name === 'lsm') return attach !== 'BPF_LSM_CGROUP';
      if (type.name === 'cgroup_sockopt') return attach !== 'BPF_CGROUP_SETSOCKOPT';
      return attach === 'BPF_CGROUP_UNIX_GETPEERNAME' || attach === 'BPF_CGROUP_UNIX_GETSOCKNAME';
    case 'skb_pull_data':
      return type.name === 'lwt_seg6local';
    case 'seq_printf':
    case 'seq_write':
    case 'seq_printf_btf':
      return attach !== 'BPF_TRACE_ITER';
    case 'get_func_arg':
    case 'get_func_ret':
    case 'get_func_arg_cnt':
      return !TRAMPOLINE.test(attach);
    case 'get_attach_cookie':
      if (!/^(tracing|lsm|syscall)$/.test(type.name)) return false;
      return !TRAMPOLINE.test(attach) && attach !== 'BPF_TRACE_RAW_TP';
    default:
      return false;
  }
}

/**
 * The helpers of a program type: name with `bpf_` to the group that grants it. The first group along the fallbacks wins, as in the kernel.
 */
export function grantedHelpers(type: LinuxProgramType): ReadonlyMap<string, string> {
  const granted = new Map<string, string>();
  const visit = (name: string): void => {
    const found = GROUPS[name];
    if (found === undefined) return;
    for (const helper of found.own) {
      if (!granted.has(`bpf_${helper}`) && !withheld(helper, type)) granted.set(`bpf_${helper}`, name);
    }
    for (const next of found.then) visit(next);
  };
  visit(type.name);
  return granted;
}

/** Every name in the tables, for the test that each of them is a helper. */
export const GRANTED_NAMES: readonly string[] = Object.values(GROUPS).flatMap(({ own }) => own.map((n) => `bpf_${n}`));
