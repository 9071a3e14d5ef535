// SPDX-License-Identifier: MIT
//
// Refused: this classifier reads the destination port of TCP packets, but forgets to test that the packet reaches so far.
// The squiggle is on the load of `tcp->dest`. Uncomment the test above it and save: the squiggle goes.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int drop_telnet(struct __sk_buff *skb)
{
    void *data = (void *)(long)skb->data;
    void *data_end = (void *)(long)skb->data_end;

    struct ethhdr *eth = data;
    struct iphdr *ip = (void *)(eth + 1);
    struct tcphdr *tcp = (void *)(ip + 1);

    if ((void *)(ip + 1) > data_end)
        return TC_ACT_OK;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_TCP || ip->ihl != 5)
        return TC_ACT_OK;

    // if ((void *)(tcp + 1) > data_end)
    //     return TC_ACT_OK;
    if (tcp->dest == bpf_htons(23))
        return TC_ACT_SHOT;
    return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
