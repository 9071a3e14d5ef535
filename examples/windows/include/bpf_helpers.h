// SPDX-License-Identifier: MIT
//
// What a program for eBPF for Windows needs from its platform, in one small header: types, map types, helpers by number.
// Numbers are those of eBPF for Windows 1.6; most differ from Linux.
#pragma once

typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __SIZE_TYPE__ size_t;

#ifndef NULL
#define NULL ((void *)0)
#endif

#define SEC(name) __attribute__((section(name), used))
#define __noinline __attribute__((noinline))

// Tools tell an object for Windows from one for Linux by this section.
static const _Bool __ebpf_for_windows_tag SEC(".ebpf_for_windows") = 1;

// Maps are described by types: a number is the length of an array, a type is what a pointer points to.
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name

enum bpf_map_type {
    BPF_MAP_TYPE_HASH = 1,
    BPF_MAP_TYPE_ARRAY = 2,
    BPF_MAP_TYPE_PROG_ARRAY = 3,
    BPF_MAP_TYPE_PERCPU_HASH = 4,
    BPF_MAP_TYPE_PERCPU_ARRAY = 5,
    BPF_MAP_TYPE_HASH_OF_MAPS = 6,
    BPF_MAP_TYPE_ARRAY_OF_MAPS = 7,
    BPF_MAP_TYPE_LRU_HASH = 8,
    BPF_MAP_TYPE_LPM_TRIE = 9,
    BPF_MAP_TYPE_QUEUE = 10,
    BPF_MAP_TYPE_LRU_PERCPU_HASH = 11,
    BPF_MAP_TYPE_STACK = 12,
    BPF_MAP_TYPE_RINGBUF = 13,
    BPF_MAP_TYPE_PERF_EVENT_ARRAY = 14,
};

enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };

// A helper is a call to a fixed number: a pointer with that value says so to the compiler.
static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static int64_t (*const bpf_map_update_elem)(void *map, const void *key, const void *value, uint64_t flags) = (void *)2;
static int64_t (*const bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static void *(*const bpf_map_lookup_and_delete_elem)(void *map, const void *key) = (void *)4;
static int64_t (*const bpf_tail_call)(const void *ctx, const void *prog_array_map, uint32_t index) = (void *)5;
static uint32_t (*const bpf_get_prandom_u32)(void) = (void *)6;
static uint64_t (*const bpf_ktime_get_boot_ns)(void) = (void *)7;
static uint64_t (*const bpf_get_smp_processor_id)(void) = (void *)8;
static uint64_t (*const bpf_ktime_get_ns)(void) = (void *)9;
static int (*const bpf_ringbuf_output)(void *ring_buffer, const void *data, uint64_t size, uint64_t flags) = (void *)11;
static long (*const bpf_trace_printk2)(const char *fmt, uint32_t fmt_size) = (void *)12;
static long (*const bpf_trace_printk3)(const char *fmt, uint32_t fmt_size, uint64_t arg3) = (void *)13;
static long (*const bpf_trace_printk4)(const char *fmt, uint32_t fmt_size, uint64_t arg3, uint64_t arg4) = (void *)14;
static long (*const bpf_trace_printk5)(const char *fmt, uint32_t fmt_size, uint64_t arg3, uint64_t arg4,
                                       uint64_t arg5) = (void *)15;
static uint64_t (*const bpf_get_current_pid_tgid)(void) = (void *)19;

// bpf_printk(format, up to three numbers): %d %i %u %x, each also with l or ll. The helper depends on how many there are.
#define bpf_printk(...) __bpf_printk_pick(__VA_ARGS__, 5, 4, 3, 2)(__VA_ARGS__)
#define __bpf_printk_pick(fmt, a, b, c, count, ...) __bpf_printk_join(__bpf_printk_, count)
#define __bpf_printk_join(name, count) __bpf_printk_join2(name, count)
#define __bpf_printk_join2(name, count) name##count
#define __bpf_printk_format(fmt) static const char __format[] = fmt
#define __bpf_printk_2(fmt) ({ __bpf_printk_format(fmt); bpf_trace_printk2(__format, sizeof(__format)); })
#define __bpf_printk_3(fmt, a) ({ __bpf_printk_format(fmt); bpf_trace_printk3(__format, sizeof(__format), a); })
#define __bpf_printk_4(fmt, a, b) ({ __bpf_printk_format(fmt); bpf_trace_printk4(__format, sizeof(__format), a, b); })
#define __bpf_printk_5(fmt, a, b, c) ({ __bpf_printk_format(fmt); bpf_trace_printk5(__format, sizeof(__format), a, b, c); })
