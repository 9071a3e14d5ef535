import { defineContext, defineField } from '../define';
import type { ContextField, FieldKind, ProgramType } from '../platform';

/**
 * Program types of eBPF for Windows, with what the native image needs to name them.
 * Sources: ebpf-for-windows 1.6.0 (commit 0be2d1c3), xdp-for-windows (eb7c50bd), ntosebpfext (2735b0f0).
 */
export interface WindowsProgramType extends ProgramType {
  readonly guid: string;
  readonly attachTypes: readonly WindowsAttachType[];
}

export interface WindowsAttachType {
  /** A section name that starts with this belongs here; the longest wins. */
  readonly section: string;
  readonly name: string;
  /** Number in enum bpf_attach_type of eBPF for Windows. */
  readonly id: number;
  readonly guid: string;
}

const attach = (section: string, name: string, id: number, guid: string): WindowsAttachType => ({
  section,
  name,
  id,
  guid,
});

/** Pointers are 8 bytes wide and may not be written; everything else is ordinary memory. */
const pointer = (name: string, offset: number, type: string, kind: FieldKind): ContextField =>
  defineField(name, offset, 8, type, 'r', kind);
const scalar = (name: string, offset: number, size: number, type: string): ContextField =>
  defineField(name, offset, size, type, 'rwn');

function define(
  name: string,
  id: number,
  guid: string,
  structure: string,
  size: number,
  fields: readonly ContextField[],
  attachTypes: readonly WindowsAttachType[],
  returnNames: Readonly<Record<string, number>>,
  defaultReturn: string | undefined,
  source: string,
): WindowsProgramType {
  return {
    name,
    id,
    guid,
    context: { ...defineContext(structure, size, fields), acrossFields: true },
    // The platform accepts any number; the hook decides what it means.
    returns: undefined,
    returnNames,
    defaultReturn,
    privileged: false,
    source,
    attachTypes,
  };
}

// prettier-ignore
export const WINDOWS_PROGRAM_TYPES: readonly WindowsProgramType[] = [
  define('bind', 2, '608c517c-6c52-4a26-b677-bb1c34425adf', 'bind_md_t', 56, [
    pointer('app_id_start', 0, 'uint8_t *', 'packet'),
    pointer('app_id_end', 8, 'uint8_t *', 'packet_end'),
    scalar('process_id', 16, 8, 'uint64_t'),
    scalar('socket_address', 24, 16, 'uint8_t[16]'),
    scalar('socket_address_length', 40, 1, 'uint8_t'),
    scalar('operation', 44, 4, 'bind_operation_t'),
    scalar('protocol', 48, 1, 'uint8_t'),
  ], [
    attach('bind', 'BPF_ATTACH_TYPE_BIND', 2, 'b9707e04-8127-4c72-833e-05b1fb439496'),
  ], { BIND_PERMIT_SOFT: 0, BIND_DENY: 1, BIND_REDIRECT: 2, BIND_PERMIT_HARD: 3, BIND_PERMIT: 0 }, 'BIND_PERMIT', 'ebpf-for-windows: include/ebpf_nethooks.h'),
  define('sock_addr', 3, '92ec8e39-aeec-11ec-9a30-18602489beee', 'bpf_sock_addr_t', 64, [
    scalar('family', 0, 4, 'uint32_t'),
    scalar('msg_src_ip4', 4, 4, 'uint32_t'),
    scalar('msg_src_ip6', 4, 16, 'uint32_t[4]'),
    scalar('msg_src_port', 20, 2, 'uint16_t'),
    scalar('user_ip4', 24, 4, 'uint32_t'),
    scalar('user_ip6', 24, 16, 'uint32_t[4]'),
    scalar('user_port', 40, 2, 'uint16_t'),
    scalar('protocol', 44, 4, 'uint32_t'),
    scalar('compartment_id', 48, 4, 'uint32_t'),
    scalar('interface_luid', 56, 8, 'uint64_t'),
  ], [
    attach('cgroup/connect4', 'BPF_CGROUP_INET4_CONNECT', 3, 'a82e37b1-aee7-11ec-9a30-18602489beee'),
    attach('cgroup/connect6', 'BPF_CGROUP_INET6_CONNECT', 4, 'a82e37b2-aee7-11ec-9a30-18602489beee'),
    attach('cgroup/recv_accept4', 'BPF_CGROUP_INET4_RECV_ACCEPT', 5, 'a82e37b3-aee7-11ec-9a30-18602489beee'),
    attach('cgroup/recv_accept6', 'BPF_CGROUP_INET6_RECV_ACCEPT', 6, 'a82e37b4-aee7-11ec-9a30-18602489beee'),
    attach('cgroup/connect_authorization4', 'BPF_CGROUP_INET4_CONNECT_AUTHORIZATION', 12, '6076c13a-f04f-4ff8-8380-908553f22276'),
    attach('cgroup/connect_authorization6', 'BPF_CGROUP_INET6_CONNECT_AUTHORIZATION', 13, '54b0b6ed-432a-4674-8b27-8d9f5b40c675'),
    attach('cgroup/bind4', 'BPF_CGROUP_INET4_BIND', 14, '0d7ce21a-7773-405c-93b6-d5bfb92e74bc'),
    attach('cgroup/bind6', 'BPF_CGROUP_INET6_BIND', 15, '81de64c0-2973-468d-8382-6769f033d759'),
    attach('cgroup/listen4', 'BPF_CGROUP_INET4_LISTEN', 16, 'e1b0cb3d-d70c-4ee2-b23a-0742bedb06d6'),
    attach('cgroup/listen6', 'BPF_CGROUP_INET6_LISTEN', 17, '4e72f92e-5ed0-4fe5-b851-b124fe14074d'),
  ], { BPF_SOCK_ADDR_VERDICT_REJECT: 0, BPF_SOCK_ADDR_VERDICT_PROCEED_SOFT: 1, BPF_SOCK_ADDR_VERDICT_PROCEED_HARD: 2 }, 'BPF_SOCK_ADDR_VERDICT_PROCEED_SOFT', 'ebpf-for-windows: include/ebpf_nethooks.h'),
  define('sockops', 4, '43fb224d-68f8-46d6-aa3f-c856518cbb32', 'bpf_sock_ops_t', 64, [
    scalar('op', 0, 4, 'bpf_sock_op_type_t'),
    scalar('family', 4, 4, 'uint32_t'),
    scalar('local_ip4', 8, 4, 'uint32_t'),
    scalar('local_ip6', 8, 16, 'uint32_t[4]'),
    scalar('local_port', 24, 4, 'uint32_t'),
    scalar('remote_ip4', 28, 4, 'uint32_t'),
    scalar('remote_ip6', 28, 16, 'uint32_t[4]'),
    scalar('remote_port', 44, 4, 'uint32_t'),
    scalar('protocol', 48, 1, 'uint8_t'),
    scalar('compartment_id', 52, 4, 'uint32_t'),
    scalar('interface_luid', 56, 8, 'uint64_t'),
  ], [
    attach('sockops', 'BPF_CGROUP_SOCK_OPS', 7, '837d02cd-3251-4632-8d94-60d3b45769f2'),
  ], { success: 0 }, undefined, 'ebpf-for-windows: include/ebpf_nethooks.h'),
  define('sample', 999, 'f788ef4a-207d-4dc3-85cf-0f2ea107213c', 'sample_program_context_t', 32, [
    pointer('data_start', 0, 'uint8_t *', 'packet'),
    pointer('data_end', 8, 'uint8_t *', 'packet_end'),
    scalar('uint32_data', 16, 4, 'uint32_t'),
    scalar('uint16_data', 20, 2, 'uint16_t'),
    scalar('helper_data_1', 24, 4, 'uint32_t'),
    scalar('helper_data_2', 28, 4, 'uint32_t'),
  ], [
    attach('sample_ext', 'BPF_ATTACH_TYPE_SAMPLE', 8, 'f788ef4b-207d-4dc3-85cf-0f2ea107213c'),
  ], {  }, undefined, 'ebpf-for-windows: undocked/tests/sample/ext/inc'),
  define('xdp', 1, 'f1832a85-85d5-45b0-98a0-7069d63013b0', 'xdp_md_t', 32, [
    pointer('data', 0, 'void *', 'packet'),
    pointer('data_end', 8, 'void *', 'packet_end'),
    pointer('data_meta', 16, 'uint64_t', 'packet_meta'),
    scalar('ingress_ifindex', 24, 4, 'uint32_t'),
  ], [
    attach('xdp', 'BPF_XDP', 1, '85e0d8ef-579e-4931-b072-8ee226bb2e9d'),
  ], { XDP_PASS: 1, XDP_DROP: 2, XDP_TX: 3 }, 'XDP_PASS', 'xdp-for-windows: published/external/xdp/ebpfhook.h'),
  define('netevent_monitor', 5, 'fc4adc85-49c3-4f0a-8393-facce89cde91', 'netevent_event_md_t', 24, [
    pointer('data_meta', 0, 'uint8_t *', 'packet_meta'),
    pointer('data', 8, 'uint8_t *', 'packet'),
    pointer('data_end', 16, 'uint8_t *', 'packet_end'),
  ], [
    attach('netevent_monitor', 'BPF_ATTACH_TYPE_NETEVENT', 10, '68011b08-ab6b-4b46-85e4-67bae1afe741'),
  ], { STATUS_SUCCESS: 0 }, undefined, 'ntosebpfext: include/ebpf_netevent_hooks.h'),
  define('process', 6, '22ea7b37-1043-4d0d-b60d-cafa1c7b638e', 'process_md_t', 144, [
    pointer('command_start', 0, 'uint8_t *', 'packet'),
    pointer('command_end', 8, 'uint8_t *', 'packet_end'),
    scalar('process_id', 16, 8, 'uint64_t'),
    scalar('parent_process_id', 24, 8, 'uint64_t'),
    scalar('creating_process_id', 32, 8, 'uint64_t'),
    scalar('creating_thread_id', 40, 8, 'uint64_t'),
    scalar('creation_time', 48, 8, 'uint64_t'),
    scalar('exit_time', 56, 8, 'uint64_t'),
    scalar('process_exit_code', 64, 4, 'uint32_t'),
    scalar('operation', 68, 1, 'process_operation_t'),
    scalar('token_sid_size', 72, 4, 'uint32_t'),
    scalar('token_sid', 76, 68, 'uint8_t[68]'),
  ], [
    attach('process', 'BPF_ATTACH_TYPE_PROCESS', 11, '66e20687-9805-4458-a0db-38e220d31685'),
  ], { STATUS_SUCCESS: 0 }, undefined, 'ntosebpfext: include/ebpf_ntos_hooks.h'),
];
