// SPDX-License-Identifier: MIT
//
// Functions and loops. `__noinline` functions stay functions in the object: the debugger steps into them and shows them on the call stack,
// each with 512 bytes of stack of its own. The program checks the header checksum of IPv4 packets and drops the bad ones.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// An IPv4 header is at most 15 words of 32 bits.
#define MAX_HALFWORDS 30

// A global function: the verifier checks it once, on its own, for every number that it could be called with.
__noinline int fold(__u32 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return sum & 0xffff;
}

// A static function: the verifier checks it at each call, with what is known there. Only so can it take pointers into the packet.
static __noinline int header_checksum(void *header, __u32 halfwords, void *data_end)
{
    __u16 *word = header;
    __u32 sum = 0;

    // The loop ends at a constant, whatever the packet says; each step tests the packet's end before it reads.
    for (__u32 i = 0; i < MAX_HALFWORDS; i++) {
        if (i >= halfwords)
            break;
        if ((void *)(word + 1) > data_end)
            return -1;
        sum += *word++;
    }
    return fold(sum);
}

SEC("tc")
int drop_bad_checksums(struct __sk_buff *skb)
{
    void *data = (void *)(long)skb->data;
    void *data_end = (void *)(long)skb->data_end;

    struct ethhdr *eth = data;
    struct iphdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > data_end)
        return TC_ACT_OK;
    if (eth->h_proto != bpf_htons(ETH_P_IP))
        return TC_ACT_OK;

    // Summed with its own checksum, a good header gives all ones.
    if (header_checksum(ip, ip->ihl * 2, data_end) != 0xffff)
        return TC_ACT_SHOT;
    return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
