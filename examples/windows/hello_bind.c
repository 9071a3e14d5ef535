// SPDX-License-Identifier: MIT
//
// Hello, world: says on every bind which process wants which port, and lets it have it.
// On Windows the text is seen with `netsh ebpf` or a trace; here, in the Debug Console.

#include "include/ebpf_nethooks.h"

SEC("bind")
bind_action_t hello_bind(bind_md_t *ctx)
{
    if (ctx->operation != BIND_OPERATION_BIND)
        return BIND_PERMIT;

    // Bytes 2 and 3 of a socket address are the port, high byte first.
    uint32_t port = ctx->socket_address[2] << 8 | ctx->socket_address[3];
    bpf_printk("Hello, process %llu binds port %u", ctx->process_id, port);
    return BIND_PERMIT;
}

char LICENSE[] SEC("license") = "MIT";
