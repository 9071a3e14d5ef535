// SPDX-License-Identifier: MIT
//
// The connection tracker of conn_tracker.c, with the test that it forgets: connections without a start time are passed over.

#include "include/ebpf_nethooks.h"

// What a connection is known by. No padding: every byte of a key counts.
struct connection {
    uint32_t local_ip[4];
    uint32_t remote_ip[4];
    uint32_t local_port;
    uint32_t remote_port;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, struct connection);
    __type(value, uint64_t);
} start_times SEC(".maps");

// What a program beside this one reads.
struct ended {
    struct connection connection;
    uint64_t nanoseconds;
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} ended_connections SEC(".maps");

static __noinline void connection_of(bpf_sock_ops_t *ctx, struct connection *connection)
{
    if (ctx->family == AF_INET) {
        connection->local_ip[0] = ctx->local_ip4;
        connection->remote_ip[0] = ctx->remote_ip4;
    } else {
        __builtin_memcpy(connection->local_ip, ctx->local_ip6, sizeof(connection->local_ip));
        __builtin_memcpy(connection->remote_ip, ctx->remote_ip6, sizeof(connection->remote_ip));
    }
    connection->local_port = ctx->local_port;
    connection->remote_port = ctx->remote_port;
}

SEC("sockops")
int conn_tracker(bpf_sock_ops_t *ctx)
{
    uint64_t now = bpf_ktime_get_ns();
    struct connection connection = {};
    connection_of(ctx, &connection);

    switch (ctx->op) {
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        bpf_map_update_elem(&start_times, &connection, &now, BPF_ANY);
        break;
    case BPF_SOCK_OPS_CONNECTION_DELETED_CB: {
        struct ended ended = {.connection = connection};
        uint64_t *start_time = bpf_map_lookup_elem(&start_times, &connection);
        if (start_time == NULL)
            break;
        ended.nanoseconds = now - *start_time;
        bpf_ringbuf_output(&ended_connections, &ended, sizeof(ended), 0);
        bpf_map_delete_elem(&start_times, &connection);
        break;
    }
    }
    return 0;
}

char LICENSE[] SEC("license") = "MIT";
