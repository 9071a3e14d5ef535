// SPDX-License-Identifier: MIT
//
// A packet filter at the earliest place there is: XDP runs in the driver, before the kernel has built anything around the packet.
// It drops IPv4 packets of blocked senders and counts what it saw, per protocol.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// Which senders to drop, by IPv4 address in network byte order. A program beside this one fills it:
//   bpftool map update name blocked key 198 51 100 7 value 0 0 0 0 0 0 0 0
// The value counts what was dropped.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __be32);
    __type(value, __u64);
} blocked SEC(".maps");

enum { COUNT_TCP, COUNT_UDP, COUNT_OTHER, COUNT_DROPPED, COUNT_MALFORMED, COUNTS };

struct count {
    __u64 packets;
    __u64 bytes;
};

// One copy of each counter per CPU, so that counting needs no atomic instruction.
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, COUNTS);
    __type(key, __u32);
    __type(value, struct count);
} counts SEC(".maps");

// Blocked even when the map is empty: 192.0.2.1, from the range reserved for documentation. `const volatile` puts it into .rodata, where a
// loader may set another address before the program is loaded; the verifier then knows its value.
const volatile __u32 always_blocked = 0xc0000201;

static __always_inline void add(__u32 which, __u64 bytes)
{
    struct count *count = bpf_map_lookup_elem(&counts, &which);

    // A lookup can fail as far as the verifier knows, even in an array.
    if (count) {
        count->packets++;
        count->bytes += bytes;
    }
}

static __always_inline int malformed(__u64 bytes)
{
    add(COUNT_MALFORMED, bytes);
    return XDP_DROP;
}

SEC("xdp")
int xdp_filter(struct xdp_md *ctx)
{
    // The context has 32-bit fields, but these two load as pointers.
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    __u64 bytes = data_end - data;

    // Nothing may be read before it was compared with the end of the packet. Remove this test to see the verifier say so.
    struct ethhdr *eth = data;
    if ((void *)(eth + 1) > data_end)
        return malformed(bytes);
    if (eth->h_proto != bpf_htons(ETH_P_IP)) {
        add(COUNT_OTHER, bytes);
        return XDP_PASS;
    }

    struct iphdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > data_end)
        return malformed(bytes);

    __be32 source = ip->saddr;
    __u64 *hits = bpf_map_lookup_elem(&blocked, &source);
    if (hits)
        __sync_fetch_and_add(hits, 1);
    if (hits || source == bpf_htonl(always_blocked)) {
        add(COUNT_DROPPED, bytes);
        return XDP_DROP;
    }

    // The header's length is in the packet: 20 to 60 bytes. The address of the next header depends on it, so it is tested anew.
    __u32 length = ip->ihl * 4;
    if (length < sizeof(*ip))
        return malformed(bytes);
    void *transport = (void *)ip + length;

    switch (ip->protocol) {
    case IPPROTO_TCP:
        if (transport + sizeof(struct tcphdr) > data_end)
            return malformed(bytes);
        add(COUNT_TCP, bytes);
        return XDP_PASS;
    case IPPROTO_UDP: {
        struct udphdr *udp = transport;
        if ((void *)(udp + 1) > data_end)
            return malformed(bytes);
        // Nobody sends from port 0 and expects an answer.
        if (udp->source == 0)
            return malformed(bytes);
        add(COUNT_UDP, bytes);
        return XDP_PASS;
    }
    default:
        add(COUNT_OTHER, bytes);
        return XDP_PASS;
    }
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
