/**
 * `ebpf_native.h`: what generated C stands on where there is no eBPF for Windows SDK, for gcc and clang on 64-bit ELF targets and MinGW.
 * One text for both ways of use: written into the generated C, or as a file of its own for programs that host native images.
 * The structures have the layout of the SDK's bpf2c.h 1.6.0 on 64-bit targets (native.md 3.1); assertions hold the sizes.
 * Everything that the generated code names is a macro or a type, never a function: stepping must stay in the BPF source.
 * Names are reserved for {@link identifierIsFree} by their form: macros are all capitals, types end in `_t`, the rest begins with `_`.
 */
export const NATIVE_HEADER = String.raw`#ifndef EBPF_NATIVE_H
#define EBPF_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__GNUC__)
#error "this C needs gcc or clang"
#endif
#if UINTPTR_MAX != UINT64_MAX
#error "eBPF registers hold pointers: compile for a 64-bit target"
#endif

#ifdef __cplusplus
#define EBPF_EXTERN_C_BEGIN extern "C" {
#define EBPF_EXTERN_C_END }
#define EBPF_ASSERT_SIZE(type, size) static_assert(sizeof(type) == (size), "layout of " #type)
#else
#define EBPF_EXTERN_C_BEGIN
#define EBPF_EXTERN_C_END
#define EBPF_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), "layout of " #type)
#endif

#if defined(_WIN32)
#define EBPF_EXPORT __declspec(dllexport)
/* The loader finds code and tables by PE section. */
#define EBPF_CODE_SECTION(name) __attribute__((section(name)))
#define EBPF_DATA_SECTION(name) __attribute__((section(name)))
#else
#define EBPF_EXPORT __attribute__((visibility("default")))
#define EBPF_CODE_SECTION(name)
#define EBPF_DATA_SECTION(name)
#endif

/* Operands. Immediates and offsets are signed and extend to 64 bits. */
#define IMMEDIATE(value) ((uint64_t)(int64_t)(int32_t)(value))
#define OFFSET(value) ((uint64_t)(int64_t)(int16_t)(value))
#define POINTER(value) ((uint64_t)(uintptr_t)(value))

/* Memory of the program: any alignment, any type on the other side, each access made once. */
typedef struct __attribute__((packed, may_alias)) { uint8_t value; } _ebpf_8_t;
typedef struct __attribute__((packed, may_alias)) { uint16_t value; } _ebpf_16_t;
typedef struct __attribute__((packed, may_alias)) { uint32_t value; } _ebpf_32_t;
typedef struct __attribute__((packed, may_alias)) { uint64_t value; } _ebpf_64_t;
#define EBPF_AT(bits, base, offset) (((volatile _ebpf_##bits##_t*)(uintptr_t)((base) + (offset)))->value)
#define READ_ONCE_8(destination, base, offset) (destination) = EBPF_AT(8, base, offset)
#define READ_ONCE_16(destination, base, offset) (destination) = EBPF_AT(16, base, offset)
#define READ_ONCE_32(destination, base, offset) (destination) = EBPF_AT(32, base, offset)
#define READ_ONCE_64(destination, base, offset) (destination) = EBPF_AT(64, base, offset)
#define READ_ONCE_S8(destination, base, offset) (destination) = (uint64_t)(int64_t)(int8_t)EBPF_AT(8, base, offset)
#define READ_ONCE_S16(destination, base, offset) (destination) = (uint64_t)(int64_t)(int16_t)EBPF_AT(16, base, offset)
#define READ_ONCE_S32(destination, base, offset) (destination) = (uint64_t)(int64_t)(int32_t)EBPF_AT(32, base, offset)
#define WRITE_ONCE_8(base, data, offset) EBPF_AT(8, base, offset) = (uint8_t)(data)
#define WRITE_ONCE_16(base, data, offset) EBPF_AT(16, base, offset) = (uint16_t)(data)
#define WRITE_ONCE_32(base, data, offset) EBPF_AT(32, base, offset) = (uint32_t)(data)
#define WRITE_ONCE_64(base, data, offset) EBPF_AT(64, base, offset) = (uint64_t)(data)

/* Atomics give the value before; full barriers, as RFC 9669 and the kernel have them. Addresses must be aligned. */
typedef uint32_t __attribute__((may_alias)) _ebpf_atomic_32_t;
typedef uint64_t __attribute__((may_alias)) _ebpf_atomic_64_t;
#define EBPF_ATOMIC(bits, base, offset) ((volatile _ebpf_atomic_##bits##_t*)(uintptr_t)((base) + (offset)))
#define ATOMIC_ADD(bits, base, data, offset) __atomic_fetch_add(EBPF_ATOMIC(bits, base, offset), data, __ATOMIC_SEQ_CST)
#define ATOMIC_OR(bits, base, data, offset) __atomic_fetch_or(EBPF_ATOMIC(bits, base, offset), data, __ATOMIC_SEQ_CST)
#define ATOMIC_AND(bits, base, data, offset) __atomic_fetch_and(EBPF_ATOMIC(bits, base, offset), data, __ATOMIC_SEQ_CST)
#define ATOMIC_XOR(bits, base, data, offset) __atomic_fetch_xor(EBPF_ATOMIC(bits, base, offset), data, __ATOMIC_SEQ_CST)
/* gcc (seen with 12.2 on x86-64) loses the operand when __atomic_fetch_or and its like write their result to the operand's variable. */
#define EBPF_FETCH(bits, base, operation, data, offset) \
    __extension__({ \
        volatile _ebpf_atomic_##bits##_t* const _at = EBPF_ATOMIC(bits, base, offset); \
        const uint##bits##_t _operand = (data); \
        _ebpf_atomic_##bits##_t _before = __atomic_load_n(_at, __ATOMIC_RELAXED); \
        while (!__atomic_compare_exchange_n( \
            _at, &_before, _before operation _operand, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) { \
        } \
        _before; \
    })
#define ATOMIC_FETCH_ADD(bits, base, data, offset) ATOMIC_ADD(bits, base, data, offset)
#define ATOMIC_FETCH_OR(bits, base, data, offset) EBPF_FETCH(bits, base, |, data, offset)
#define ATOMIC_FETCH_AND(bits, base, data, offset) EBPF_FETCH(bits, base, &, data, offset)
#define ATOMIC_FETCH_XOR(bits, base, data, offset) EBPF_FETCH(bits, base, ^, data, offset)
#define ATOMIC_EXCHANGE(bits, base, data, offset) \
    __atomic_exchange_n(EBPF_ATOMIC(bits, base, offset), data, __ATOMIC_SEQ_CST)
#define ATOMIC_COMPARE_EXCHANGE(bits, base, expected, data, offset) \
    __sync_val_compare_and_swap(EBPF_ATOMIC(bits, base, offset), expected, data)

/* Byte order. */
#define SWAP_16(value) __builtin_bswap16((uint16_t)(value))
#define SWAP_32(value) __builtin_bswap32((uint32_t)(value))
#define SWAP_64(value) __builtin_bswap64((uint64_t)(value))
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define EBPF_HOST_LITTLE_ENDIAN 1
#define TO_BE_16(value) SWAP_16(value)
#define TO_BE_32(value) SWAP_32(value)
#define TO_BE_64(value) SWAP_64(value)
#define TO_LE_16(value) ((uint16_t)(value))
#define TO_LE_32(value) ((uint32_t)(value))
#define TO_LE_64(value) ((uint64_t)(value))
#else
#define EBPF_HOST_LITTLE_ENDIAN 0
#define TO_BE_16(value) ((uint16_t)(value))
#define TO_BE_32(value) ((uint32_t)(value))
#define TO_BE_64(value) ((uint64_t)(value))
#define TO_LE_16(value) SWAP_16(value)
#define TO_LE_32(value) SWAP_32(value)
#define TO_LE_64(value) SWAP_64(value)
#endif

/* What the host gives to a program when it runs. Elements may grow: step by header.total_size of the first one. */
typedef struct { uint16_t version; size_t size; size_t total_size; } ebpf_native_header_t;
typedef struct { uint32_t data1; uint16_t data2; uint16_t data3; uint8_t data4[8]; } ebpf_native_guid_t;

typedef uint64_t (*helper_function_t)(
    uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, void* context);

typedef struct { ebpf_native_header_t header; helper_function_t address; bool tail_call; } helper_function_data_t;
typedef struct { ebpf_native_header_t header; uintptr_t address; uintptr_t array_data; } map_data_t;
typedef struct { ebpf_native_header_t header; uint8_t* address_of_map_value; } global_variable_section_data_t;
typedef struct { ebpf_native_header_t header; helper_function_t address; } btf_resolved_function_data_t;

typedef struct _program_runtime_context
{
    ebpf_native_header_t header;
    helper_function_data_t* helper_data;
    map_data_t* map_data;
    global_variable_section_data_t* global_variable_section_data;
    btf_resolved_function_data_t* btf_resolved_function_data;
} program_runtime_context_t;

/* What a program hands to a helper as the address of a callback. The helper calls it with the context and runtime context of the program. */
typedef uint64_t (*ebpf_native_callback_t)(
    uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, void* context,
    const program_runtime_context_t* runtime_context);

/* What the image tells about itself. */
typedef struct
{
    uint32_t type, key_size, value_size, max_entries, inner_map_index, pinning, id, inner_id;
} map_definition_in_file_t;

typedef struct { uint64_t zero[2]; ebpf_native_header_t header; map_definition_in_file_t definition; const char* name; } map_entry_t;
typedef struct { ebpf_native_header_t header; uint32_t helper_id; const char* name; } helper_function_entry_t;
typedef struct { ebpf_native_header_t header; const char* name; ebpf_native_guid_t module; } btf_resolved_function_entry_t;
typedef struct { ebpf_native_header_t header; const char* name; size_t size; const uint8_t* initial_data; } global_variable_section_info_t;
typedef struct { ebpf_native_header_t header; const char* name; size_t count; const char** values; } map_initial_values_t;

typedef struct
{
    uint64_t zero;
    ebpf_native_header_t header;
    uint64_t (*function)(void* context, const program_runtime_context_t* runtime_context);
    const char* pe_section_name;
    const char* section_name;
    const char* program_name;
    const uint16_t* referenced_map_indices;
    uint16_t referenced_map_count;
    helper_function_entry_t* helpers;
    uint16_t helper_count;
    size_t instruction_count;
    const ebpf_native_guid_t* program_type;
    const ebpf_native_guid_t* expected_attach_type;
    const uint8_t* program_info_hash;
    size_t program_info_hash_length;
    const char* program_info_hash_type;
    btf_resolved_function_entry_t* btf_resolved_functions;
    uint16_t btf_resolved_function_count;
} program_entry_t;

typedef struct { uint32_t major, minor, revision; } bpf2c_version_t;

typedef struct
{
    size_t size;
    void (*programs)(program_entry_t** programs, size_t* count);
    void (*maps)(map_entry_t** maps, size_t* count);
    void (*hash)(const uint8_t** hash, size_t* size);
    void (*version)(bpf2c_version_t* version);
    void (*map_initial_values)(map_initial_values_t** values, size_t* count);
    void (*global_variable_sections)(global_variable_section_info_t** sections, size_t* count);
} metadata_table_t;

EBPF_ASSERT_SIZE(map_entry_t, 80);
EBPF_ASSERT_SIZE(helper_function_entry_t, 40);
EBPF_ASSERT_SIZE(btf_resolved_function_entry_t, 48);
EBPF_ASSERT_SIZE(global_variable_section_info_t, 48);
EBPF_ASSERT_SIZE(map_initial_values_t, 48);
EBPF_ASSERT_SIZE(program_entry_t, 160);

/* A shared object answers under one name; weak, so that several modules may be linked into one program. */
#if !defined(_WIN32)
#define EBPF_ACCESSOR(table) \
    EBPF_EXTERN_C_BEGIN \
    EBPF_EXPORT __attribute__((weak)) metadata_table_t* get_metadata_table(void) { return &table; } \
    EBPF_EXTERN_C_END
#else
#define EBPF_ACCESSOR(table)
#endif

#endif
`;
