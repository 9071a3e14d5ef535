/**
 * What some helpers do beyond their prototypes, by name. Source: kernel/bpf/verifier.c of Linux 6.12 (is_acquire_function,
 * is_release_function, do_refine_retval_range, set_loop_callback_state, set_map_elem_callback_state).
 */

/** Their result must be released. */
export const ACQUIRES: ReadonlySet<string> = new Set([
  'bpf_sk_lookup_tcp',
  'bpf_sk_lookup_udp',
  'bpf_skc_lookup_tcp',
  'bpf_ringbuf_reserve',
  'ebpf_ringbuf_reserve',
]);

/** They release their first argument. */
export const RELEASES: ReadonlySet<string> = new Set(['bpf_sk_release', 'bpf_ringbuf_submit', 'bpf_ringbuf_discard']);

/** They return a length of at most the size argument (its 0-based position), or a negative error. */
export const RETURNS_LENGTH: ReadonlyMap<string, number> = new Map([
  ['bpf_probe_read_str', 1],
  ['bpf_probe_read_kernel_str', 1],
  ['bpf_probe_read_user_str', 1],
  ['bpf_get_stack', 2],
  ['bpf_get_task_stack', 2],
]);

/** Largest error number: helpers return -MAX_ERRNO at least. */
export const MAX_ERRNO = 4095;

/** Helpers whose callback bodies are verified, and what the callback gets. */
export const CALLBACKS: ReadonlyMap<string, 'loop' | 'map_element'> = new Map([
  ['bpf_loop', 'loop'],
  ['bpf_for_each_map_elem', 'map_element'],
]);

/** Licenses that Linux counts as GPL-compatible: include/linux/license.h. */
export const GPL_COMPATIBLE: ReadonlySet<string> = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
]);
