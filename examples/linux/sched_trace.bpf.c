// SPDX-License-Identifier: MIT
//
// How long does each task run before it has to yield the processor? A tracepoint in the scheduler tells: when a task is switched in its
// start is remembered, when it is switched out the time in between goes to user space through a ring buffer.

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// The record of sched_switch, as in /sys/kernel/tracing/events/sched/sched_switch/format. The first eight bytes belong to the kernel and
// may not be read.
struct sched_switch {
    __u64 reserved;
    char prev_comm[16];
    __s32 prev_pid;
    __s32 prev_prio;
    __s64 prev_state;
    char next_comm[16];
    __s32 next_pid;
    __s32 next_prio;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 10240);
    __type(key, __s32);
    __type(value, __u64);
} started SEC(".maps");

// What user space receives.
struct slice {
    __s32 pid;
    __u32 preempted;
    __u64 nanoseconds;
    char comm[16];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} slices SEC(".maps");

// Shorter slices are not reported; a loader may change it.
const volatile __u64 minimum = 1000 * 1000;

SEC("tp/sched/sched_switch")
int sched_trace(struct sched_switch *ctx)
{
    __u64 now = bpf_ktime_get_ns();
    __s32 previous = ctx->prev_pid;
    __s32 next = ctx->next_pid;

    // Pid 0 is the idle task: time that it runs is no time of anybody.
    if (next)
        bpf_map_update_elem(&started, &next, &now, BPF_ANY);
    if (!previous)
        return 0;

    __u64 *start = bpf_map_lookup_elem(&started, &previous);
    if (!start)
        return 0; // It ran already when this program was loaded.
    __u64 ran = now - *start;
    bpf_map_delete_elem(&started, &previous);
    if (ran < minimum)
        return 0;

    // Room in the ring buffer is either ours, then it must be submitted or discarded on every path, or there is none.
    struct slice *slice = bpf_ringbuf_reserve(&slices, sizeof(*slice), 0);
    if (!slice)
        return 0;
    slice->pid = previous;
    slice->preempted = ctx->prev_state == 0; // TASK_RUNNING: it would have gone on.
    slice->nanoseconds = ran;
    __builtin_memcpy(slice->comm, ctx->prev_comm, sizeof(slice->comm));
    bpf_ringbuf_submit(slice, 0);
    return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
