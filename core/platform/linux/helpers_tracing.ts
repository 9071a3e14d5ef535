import { fixedOut, inOut, inOutOrNull, linuxHelper as row } from './helper_row';
import type { Helper } from '../platform';

/**
 * Helpers of tracing, LSM and syscall programs.
 * Numbers and prototypes: include/uapi/linux/bpf.h of Linux 6.12; argument kinds, return kinds and licence: the `bpf_func_proto` of each
 * helper in kernel/trace/bpf_trace.c, kernel/bpf/{stackmap,bpf_lsm,bpf_inode_storage,task_iter,syscall}.c.
 */
// prettier-ignore
export const LINUX_TRACING_HELPERS: readonly Helper[] = [
  row(4, 'probe_read', 'long @(void *dst, u32 size, const void *unsafe_ptr)', ['uninit_mem', 'size_or_zero', 'anything'], 'integer', ['gpl']),
  row(6, 'trace_printk', 'long @(const char *fmt, u32 fmt_size, ...)', ['mem', 'size'], 'integer', ['gpl']),
  row(22, 'perf_event_read', 'u64 @(struct bpf_map *map, u64 flags)', ['const_map', 'anything'], 'integer', ['gpl']),
  row(27, 'get_stackid', 'long @(void *ctx, struct bpf_map *map, u64 flags)', ['ctx', 'const_map', 'anything'], 'integer', ['gpl']),
  row(35, 'get_current_task', 'u64 @(void)', [], 'integer', ['gpl']),
  row(36, 'probe_write_user', 'long @(void *dst, const void *src, u32 len)', ['anything', 'mem', 'size'], 'integer', ['gpl']),
  row(45, 'probe_read_str', 'long @(void *dst, u32 size, const void *unsafe_ptr)', ['uninit_mem', 'size_or_zero', 'anything'], 'integer', ['gpl']),
  row(55, 'perf_event_read_value', 'long @(struct bpf_map *map, u64 flags, struct bpf_perf_event_value *buf, u32 buf_size)', ['const_map', 'anything', 'uninit_mem', 'size'], 'integer', ['gpl']),
  row(56, 'perf_prog_read_value', 'long @(struct bpf_perf_event_data *ctx, struct bpf_perf_event_value *buf, u32 buf_size)', ['ctx', 'uninit_mem', 'size'], 'integer', ['gpl']),
  row(58, 'override_return', 'long @(struct pt_regs *regs, u64 rc)', ['ctx', 'anything'], 'integer', ['gpl']),
  row(67, 'get_stack', 'long @(void *ctx, void *buf, u32 size, u64 flags)', ['ctx', 'uninit_mem', 'size_or_zero', 'anything'], 'integer', ['gpl']),
  row(109, 'send_signal', 'long @(u32 sig)', ['anything'], 'integer'),
  row(112, 'probe_read_user', 'long @(void *dst, u32 size, const void *unsafe_ptr)', ['uninit_mem', 'size_or_zero', 'anything'], 'integer', ['gpl']),
  row(113, 'probe_read_kernel', 'long @(void *dst, u32 size, const void *unsafe_ptr)', ['uninit_mem', 'size_or_zero', 'anything'], 'integer', ['gpl']),
  row(114, 'probe_read_user_str', 'long @(void *dst, u32 size, const void *unsafe_ptr)', ['uninit_mem', 'size_or_zero', 'anything'], 'integer', ['gpl']),
  row(115, 'probe_read_kernel_str', 'long @(void *dst, u32 size, const void *unsafe_ptr)', ['uninit_mem', 'size_or_zero', 'anything'], 'integer', ['gpl']),
  row(117, 'send_signal_thread', 'long @(u32 sig)', ['anything'], 'integer'),
  row(119, 'read_branch_records', 'long @(struct bpf_perf_event_data *ctx, void *buf, u32 size, u64 flags)', ['ctx', inOutOrNull, 'size_or_zero', 'anything'], 'integer', ['gpl']),
  row(126, 'seq_printf', 'long @(struct seq_file *m, const char *fmt, u32 fmt_size, const void *data, u32 data_len)', ['btf_pointer', 'mem', 'size', 'mem_or_null', 'size_or_zero'], 'integer', ['gpl']),
  row(127, 'seq_write', 'long @(struct seq_file *m, const void *data, u32 len)', ['btf_pointer', 'mem', 'size_or_zero'], 'integer', ['gpl']),
  row(141, 'get_task_stack', 'long @(struct task_struct *task, void *buf, u32 size, u64 flags)', ['btf_pointer', 'uninit_mem', 'size_or_zero', 'anything'], 'integer'),
  row(145, 'inode_storage_get', 'void *@(struct bpf_map *map, void *inode, void *value, u64 flags)', ['const_map', 'btf_pointer_or_null', 'map_value_or_null', 'anything'], 'map_value_or_null'),
  row(146, 'inode_storage_delete', 'int @(struct bpf_map *map, void *inode)', ['const_map', 'btf_pointer_or_null'], 'integer'),
  row(147, 'd_path', 'long @(struct path *path, char *buf, u32 sz)', ['btf_pointer', inOut, 'size_or_zero'], 'integer'),
  row(149, 'snprintf_btf', 'long @(char *str, u32 str_size, struct btf_ptr *ptr, u32 btf_ptr_size, u64 flags)', [inOut, 'size', 'mem', 'size', 'anything'], 'integer'),
  row(150, 'seq_printf_btf', 'long @(struct seq_file *m, struct btf_ptr *ptr, u32 ptr_size, u64 flags)', ['btf_pointer', 'mem', 'size_or_zero', 'anything'], 'integer', ['gpl']),
  row(158, 'get_current_task_btf', 'struct task_struct *@(void)', [], 'btf_pointer', ['gpl']),
  row(159, 'bprm_opts_set', 'long @(struct linux_binprm *bprm, u64 flags)', ['btf_pointer', 'anything'], 'integer'),
  row(161, 'ima_inode_hash', 'long @(struct inode *inode, void *dst, u32 size)', ['btf_pointer', 'uninit_mem', 'size'], 'integer'),
  row(166, 'sys_bpf', 'long @(u32 cmd, void *attr, u32 attr_size)', ['anything', 'mem', 'size'], 'integer'),
  row(168, 'sys_close', 'long @(u32 fd)', ['anything'], 'integer'),
  row(173, 'get_func_ip', 'u64 @(void *ctx)', ['ctx'], 'integer', ['gpl']),
  row(174, 'get_attach_cookie', 'u64 @(void *ctx)', ['ctx'], 'integer'),
  row(175, 'task_pt_regs', 'long @(struct task_struct *task)', ['btf_pointer'], 'btf_pointer', ['gpl']),
  row(176, 'get_branch_snapshot', 'long @(void *entries, u32 size, u64 flags)', ['uninit_mem', 'size_or_zero'], 'integer', ['gpl']),
  row(177, 'trace_vprintk', 'long @(const char *fmt, u32 fmt_size, const void *data, u32 data_len)', ['mem', 'size', 'mem_or_null', 'size_or_zero'], 'integer', ['gpl']),
  row(179, 'kallsyms_lookup_name', 'long @(const char *name, int name_sz, int flags, u64 *res)', ['mem', 'size_or_zero', 'anything', fixedOut(8)], 'integer'),
  row(180, 'find_vma', 'long @(struct task_struct *task, u64 addr, void *callback_fn, void *callback_ctx, u64 flags)', ['btf_pointer', 'anything', 'function', 'stack_or_null', 'anything'], 'integer'),
  row(183, 'get_func_arg', 'long @(void *ctx, u32 n, u64 *value)', ['ctx', 'anything', fixedOut(8)], 'integer'),
  row(184, 'get_func_ret', 'long @(void *ctx, u64 *value)', ['ctx', fixedOut(8)], 'integer'),
  row(185, 'get_func_arg_cnt', 'long @(void *ctx)', ['ctx'], 'integer'),
  row(193, 'ima_file_hash', 'long @(struct file *file, void *dst, u32 size)', ['btf_pointer', 'uninit_mem', 'size'], 'integer'),
];
