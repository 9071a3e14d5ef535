import { defineHelper, inOut, type ArgumentRow, type HelperFlag } from '../define';
import type { Argument, Helper, ReturnKind } from '../platform';

/**
 * Helpers of eBPF for Windows.
 * Source: ebpf-for-windows 1.6.0 (commit 0be2d1c3), include/ebpf_structs.h and libs/shared/ebpf_general_helpers.c; the extensions'
 * helpers from the files named at each program type in program_types.ts.
 */
const GENERAL_SOURCE = 'ebpf-for-windows 1.6.0, general helpers';

function row(
  id: number,
  name: string,
  prototype: string,
  args: readonly ArgumentRow[],
  returns: ReturnKind,
  flags: readonly HelperFlag[] = [],
): Helper {
  return defineHelper(id, name, prototype, args, returns, flags, id <= 35 ? GENERAL_SOURCE : 'extension');
}

/** Registered as a map value that must be initialised; the helper writes the element there. */
const popped: Argument = { kind: 'map_value', writes: true };

/** Ids 1 to 35 mean the same in every program type. */
// prettier-ignore
export const GENERAL_HELPERS: readonly Helper[] = [
  row(1, 'bpf_map_lookup_elem', 'void *@(void *map, const void *key)', ['const_map', 'map_key'], 'map_value_or_null'),
  row(2, 'bpf_map_update_elem', 'int64_t @(void *map, const void *key, const void *value, uint64_t flags)', ['const_map', 'map_key', 'map_value', 'anything'], 'integer'),
  row(3, 'bpf_map_delete_elem', 'int64_t @(void *map, const void *key)', ['const_map', 'map_key'], 'integer'),
  row(4, 'bpf_map_lookup_and_delete_elem', 'void *@(void *map, const void *key)', ['const_map', 'map_key'], 'map_value_or_null'),
  row(5, 'bpf_tail_call', 'int64_t @(const void *ctx, const void *prog_array_map, uint32_t index)', ['ctx', 'const_map', 'anything'], 'integer', ['tail_call']),
  row(6, 'bpf_get_prandom_u32', 'uint32_t @(void)', [], 'integer'),
  row(7, 'bpf_ktime_get_boot_ns', 'uint64_t @(void)', [], 'integer'),
  row(8, 'bpf_get_smp_processor_id', 'uint64_t @(void)', [], 'integer'),
  row(9, 'bpf_ktime_get_ns', 'uint64_t @(void)', [], 'integer'),
  row(10, 'bpf_csum_diff', 'int @(const void *from, int from_size, const void *to, int to_size, int seed)', ['mem_or_null', 'size_or_zero', 'mem_or_null', 'size_or_zero', 'anything'], 'integer'),
  row(11, 'bpf_ringbuf_output', 'int @(void *ring_buffer, const void *data, uint64_t size, uint64_t flags)', ['const_map', 'mem', 'size', 'anything'], 'integer'),
  row(12, 'bpf_trace_printk2', 'long @(const char *fmt, uint32_t fmt_size)', ['mem', 'size'], 'integer'),
  row(13, 'bpf_trace_printk3', 'long @(const char *fmt, uint32_t fmt_size, uint64_t arg3)', ['mem', 'size', 'anything'], 'integer'),
  row(14, 'bpf_trace_printk4', 'long @(const char *fmt, uint32_t fmt_size, uint64_t arg3, uint64_t arg4)', ['mem', 'size', 'anything', 'anything'], 'integer'),
  row(15, 'bpf_trace_printk5', 'long @(const char *fmt, uint32_t fmt_size, uint64_t arg3, uint64_t arg4, uint64_t arg5)', ['mem', 'size', 'anything', 'anything', 'anything'], 'integer'),
  row(16, 'bpf_map_push_elem', 'int64_t @(void *map, const void *value, uint64_t flags)', ['const_map', 'map_value', 'anything'], 'integer'),
  row(17, 'bpf_map_pop_elem', 'int64_t @(void *map, void *value)', ['const_map', popped], 'integer'),
  row(18, 'bpf_map_peek_elem', 'int64_t @(void *map, void *value)', ['const_map', popped], 'integer'),
  row(19, 'bpf_get_current_pid_tgid', 'uint64_t @(void)', [], 'integer'),
  row(20, 'bpf_get_current_logon_id', 'uint64_t @(const void *ctx)', ['ctx'], 'integer'),
  row(21, 'bpf_is_current_admin', 'int32_t @(const void *ctx)', ['ctx'], 'integer'),
  row(22, 'bpf_memcpy_s', 'long @(void *destination, size_t destination_size, const void *source, size_t source_size)', ['uninit_mem', 'size_or_zero', 'mem', 'size_or_zero'], 'integer'),
  row(23, 'bpf_memcmp_s', 'int @(const void *memory1, size_t memory1_size, const void *memory2, size_t memory2_size)', ['mem', 'size_or_zero', 'mem', 'size_or_zero'], 'integer'),
  row(24, 'bpf_memset', 'long @(void *memory, size_t size, int value)', ['uninit_mem', 'size_or_zero', 'anything'], 'integer'),
  row(25, 'bpf_memmove_s', 'long @(void *destination, size_t destination_size, const void *source, size_t source_size)', ['uninit_mem', 'size_or_zero', 'mem', 'size_or_zero'], 'integer'),
  row(26, 'bpf_get_socket_cookie', 'int64_t @(const void *ctx)', ['ctx'], 'integer'),
  row(27, 'bpf_strncpy_s', 'int @(char *dest, size_t dest_size, const char *src, size_t count)', ['uninit_mem', 'size_or_zero', 'mem', 'size_or_zero'], 'integer'),
  row(28, 'bpf_strncat_s', 'int @(char *dest, size_t dest_size, const char *src, size_t count)', [inOut, 'size_or_zero', 'mem', 'size_or_zero'], 'integer'),
  row(29, 'bpf_strnlen_s', 'size_t @(const char *str, size_t str_size)', ['mem', 'size_or_zero'], 'integer'),
  row(30, 'bpf_ktime_get_boot_ms', 'uint64_t @(void)', [], 'integer'),
  row(31, 'bpf_ktime_get_ms', 'uint64_t @(void)', [], 'integer'),
  row(32, 'bpf_perf_event_output', 'int @(const void *ctx, void *perf_event_array, uint64_t flags, const void *data, uint64_t size)', ['ctx', 'const_map', 'anything', 'mem', 'size'], 'integer'),
  row(33, 'bpf_get_current_process_start_key', 'uint64_t @(void)', [], 'integer'),
  row(34, 'bpf_get_current_thread_create_time', 'int64_t @(void)', [], 'integer'),
  row(35, 'bpf_redirect_map', 'intptr_t @(void *map, uint64_t key, uint64_t flags)', ['const_map', 'anything', 'anything'], 'integer'),
];

/**
 * General helpers without an implementation in the core: only program types whose extension supplies one may call them.
 */
export const SUPPLIED_BY_EXTENSION: Readonly<Record<string, readonly string[]>> = {
  bpf_get_socket_cookie: ['sock_addr'],
  bpf_redirect_map: ['sample'],
};

/**
 * Names under which a helper is registered where they differ from the header's: these enter the program information hash of
 * native images.
 */
export const REGISTERED_NAMES: Readonly<Record<string, string>> = {
  bpf_memcpy_s: 'bpf_memcpy',
  bpf_memcmp_s: 'bpf_memcmp',
  bpf_memmove_s: 'bpf_memmove',
};

/** Helpers of one program type. The ids start at 65536 for each of them: an id means nothing without the type. */
// prettier-ignore
export const TYPE_HELPERS: Readonly<Record<string, readonly Helper[]>> = {
  sock_addr: [
    row(65537, 'bpf_sock_addr_set_redirect_context', 'int @(bpf_sock_addr_t *ctx, void *data, uint32_t data_size)', ['ctx', 'mem', 'size'], 'integer'),
    row(65538, 'bpf_sock_addr_get_network_context', 'int @(bpf_sock_addr_t *ctx, void *context_ptr, uint32_t context_size)', ['ctx', 'uninit_mem', 'size'], 'integer'),
  ],
  sockops: [
    row(65536, 'bpf_sock_ops_get_flow_id', 'uint64_t @(bpf_sock_ops_t *ctx)', ['ctx'], 'integer'),
  ],
  sample: [
    row(65536, 'sample_ebpf_extension_helper_function1', 'int64_t @(sample_program_context_t *context)', ['ctx'], 'integer'),
    row(65537, 'sample_ebpf_extension_find', 'int64_t @(void *buffer, size_t size, void *find, size_t arg_size)', ['mem', 'size', 'mem', 'size'], 'integer'),
    row(65538, 'sample_ebpf_extension_replace', 'int64_t @(void *buffer, size_t size, int64_t position, void *replace, size_t arg_size)', [inOut, 'size', 'anything', 'mem', 'size'], 'integer'),
    row(65539, 'sample_ebpf_extension_helper_implicit_1', 'int64_t @(void)', [], 'integer'),
    row(65540, 'sample_ebpf_extension_helper_implicit_2', 'int64_t @(uint32_t arg)', [], 'integer'),
    row(65541, 'sample_ext_helper_map_lookup_element', 'void *@(void *map, const void *key)', ['const_map', 'map_key'], 'map_value_or_null'),
    row(65542, 'sample_ext_helper_map_get_value', 'int64_t @(void *map, const void *key, uint8_t *value, size_t value_size)', ['const_map', 'map_key', 'uninit_mem', 'size'], 'integer'),
  ],
  xdp: [
    // The provider registers no reallocation flag, but the head moves: old packet pointers would be stale.
    row(65536, 'bpf_xdp_adjust_head', 'int @(xdp_md_t *ctx, int delta)', ['ctx', 'anything'], 'integer', ['changes_packet']),
  ],
  netevent_monitor: [
    row(65536, 'bpf_netevent_push_event', 'int @(netevent_event_md_t *ctx)', ['ctx'], 'integer'),
  ],
  process: [
    row(65536, 'bpf_process_get_image_path', 'int @(process_md_t *ctx, uint8_t *path, uint32_t path_length)', ['ctx', 'uninit_mem', 'size'], 'integer'),
    row(65537, 'bpf_process_get_account_name', 'int @(process_md_t *ctx, uint8_t *name, uint32_t name_length)', ['ctx', 'uninit_mem', 'size'], 'integer'),
    row(65538, 'bpf_process_get_account_domain', 'int @(process_md_t *ctx, uint8_t *domain, uint32_t domain_length)', ['ctx', 'uninit_mem', 'size'], 'integer'),
  ],
};
