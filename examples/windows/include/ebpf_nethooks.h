// SPDX-License-Identifier: MIT
//
// The network hooks of eBPF for Windows 1.6: what a program is given and what it may answer.
#pragma once

#include "bpf_helpers.h"

// SEC("bind"): a process binds a socket, or gives it back.
typedef enum _bind_operation {
    BIND_OPERATION_BIND,
    BIND_OPERATION_POST_BIND,
    BIND_OPERATION_UNBIND,
} bind_operation_t;

typedef struct _bind_md {
    uint8_t *app_id_start; // The program's name, UTF-16, up to app_id_end.
    uint8_t *app_id_end;
    uint64_t process_id;
    uint8_t socket_address[16]; // A sockaddr: family, port in network order, address.
    uint8_t socket_address_length;
    bind_operation_t operation;
    uint8_t protocol;
} bind_md_t;

typedef enum _bind_action {
    BIND_PERMIT_SOFT = 0,
    BIND_PERMIT = 0,
    BIND_DENY = 1,
    BIND_REDIRECT = 2,
    BIND_PERMIT_HARD = 3,
} bind_action_t;

// SEC("sockops"): a connection was made or is gone.
typedef enum _bpf_sock_op_type {
    BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB,
    BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB,
    BPF_SOCK_OPS_CONNECTION_DELETED_CB,
} bpf_sock_op_type_t;

typedef struct _bpf_sock_ops {
    bpf_sock_op_type_t op;
    uint32_t family;
    union {
        uint32_t local_ip4;
        uint32_t local_ip6[4];
    };
    uint32_t local_port; // Network byte order.
    union {
        uint32_t remote_ip4;
        uint32_t remote_ip6[4];
    };
    uint32_t remote_port; // Network byte order.
    uint8_t protocol;
    uint32_t compartment_id;
    uint64_t interface_luid;
} bpf_sock_ops_t;

#define AF_INET 2
#define AF_INET6 23
