import type { FindingClass } from './report';

/** What a check site knows about one failure; the catalogue turns it into a sentence. */
export interface Detail {
  /** The value concerned, in words: "the value returned by bpf_map_lookup_elem". */
  readonly value?: string;
  /** What was being done: "read 4 bytes at offset 8". */
  readonly action?: string;
  /** Anything else that the sentence names. */
  readonly name?: string;
  readonly needed?: string;
  readonly known?: string;
  /** Replaces the catalogue's class: only bounds have two. */
  readonly class?: FindingClass;
}

export interface CatalogueEntry {
  readonly class: FindingClass;
  readonly message: (detail: Detail) => string;
  /** How to fix it, in general. */
  readonly remedy: string;
}

const entry = (of: FindingClass, message: (detail: Detail) => string, remedy: string): CatalogueEntry => ({
  class: of,
  message,
  remedy,
});

/** Everything that the verifier may find, by its stable code. */
// prettier-ignore
export const CATALOGUE = {
  'invalid-instruction': entry('DECODE', (d) => `not a valid instruction: ${d.name}`,
    'Compile for a BPF CPU version that the target knows (-mcpu=v3 or lower).'),
  'control-flow': entry('CFG', (d) => `invalid control flow: ${d.name}`,
    'Recompile: a compiler does not produce this.'),
  'recursion': entry('CFG', (d) => `${d.name} calls itself, directly or through other functions`,
    'Turn the recursion into a bounded loop.'),
  'call-depth': entry('CFG', (d) => `calls nest deeper than ${d.known} functions`,
    'Inline some of the functions.'),
  'program-size': entry('CFG', (d) => `the program is too large to analyse: ${d.known}`,
    'Split the program with tail calls.'),
  'stack-limit': entry('CFG', (d) => `the deepest chain of calls needs ${d.known} bytes of stack, more than the ${d.needed} that there are`,
    'Move large variables into a per-CPU array map.'),
  'unknown-program-type': entry('LOAD', (d) => `no program type is known for section "${d.name}"`,
    'Name the section after the hook, e.g. SEC("xdp").'),
  'uninitialised-register': entry('TYPE', (d) => `${d.value} is used but was never given a value${d.known ? ` (${d.known})` : ''}`,
    'Initialise the variable on every path; check the function signature: a program has one parameter, its context.'),
  'not-a-pointer': entry('TYPE', (d) => `cannot ${d.action}: ${d.value} is a number, not a pointer that may be followed`,
    'Keep the original pointer, or read kernel memory with bpf_probe_read_kernel or BPF_CORE_READ.'),
  'opaque-pointer': entry('TYPE', (d) => `cannot ${d.action}: what ${d.value} points to is not modelled`,
    'Read it with a helper such as bpf_probe_read_kernel.'),
  'pointer-arithmetic': entry('TYPE', (d) => `cannot compute with ${d.value}: ${d.action}`,
    'Only add or subtract numbers to pointers, in 64 bits.'),
  'partial-pointer': entry('TYPE', (d) => `only a part of ${d.value} is copied: ${d.action}`,
    'Keep pointers in 64-bit variables.'),
  'stale-packet-pointer': entry('TYPE', (d) => `cannot ${d.action}: ${d.value} was read before ${d.name} moved the packet`,
    'Reload data and data_end from the context after the call, and check bounds again.'),
  'use-after-release': entry('TYPE', (d) => `cannot ${d.action}: ${d.value} was already released`,
    'Do not use a record after submitting or discarding it, or a socket after releasing it.'),
  'null-dereference': entry('NULL', (d) => `${d.value} may be NULL here`,
    'Test the pointer against NULL before using it.'),
  'null-argument': entry('NULL', (d) => `${d.value} may be NULL but is passed as ${d.name}`,
    'Test the pointer against NULL before the call.'),
  'packet-bounds': entry('BOUNDS_HIGH', (d) => `cannot ${d.action}: not shown to be inside the packet`,
    'Compare the end of what you read with data_end first: if ((void *)(p + 1) > data_end) return ...;'),
  'map-value-bounds': entry('BOUNDS_HIGH', (d) => `cannot ${d.action}: not shown to be inside ${d.name}`,
    'Check the index against the number of elements right before use.'),
  'stack-bounds': entry('BOUNDS_HIGH', (d) => `cannot ${d.action}: not shown to be inside the stack frame`,
    'Check the index against the size of the array right before use.'),
  'memory-bounds': entry('BOUNDS_HIGH', (d) => `cannot ${d.action}: not shown to be inside ${d.name}`,
    'Check the offset against the size first.'),
  'stack-uninitialised': entry('STACK_INIT', (d) => `cannot ${d.action}: ${d.known}`,
    'Initialise the variable, including its padding: = {} or __builtin_memset.'),
  'stack-alignment': entry('STRICT', (d) => `cannot ${d.action}: the stack must be accessed at multiples of the width`,
    'Align the variable: __attribute__((aligned(8))).'),
  'read-only': entry('TYPE', (d) => `cannot ${d.action}: ${d.name} is read-only`,
    'Drop const and let the variable live in .data or .bss.'),
  'write-only': entry('TYPE', (d) => `cannot ${d.action}: ${d.name} is write-only for programs`,
    'Create the map without BPF_F_WRONLY_PROG.'),
  'special-field': entry('TYPE', (d) => `cannot ${d.action}: it touches ${d.name}, which only helpers may use`,
    'Access the other members by name.'),
  'context-access': entry('CTX', (d) => `cannot ${d.action} of the context: ${d.known}`,
    'Use the fields that this program type offers, with their own width.'),
  'context-offset': entry('CTX', (d) => `the context pointer was changed before it is ${d.action}`,
    'Pass and use the context pointer as it was given.'),
  'pointer-leak': entry('LEAK', (d) => `${d.value} would be visible outside the program: ${d.action}`,
    'Store numbers only.'),
  'pointer-compare': entry('COMPARE', (d) => `comparing ${d.value} with ${d.name} has no defined meaning`,
    'Compare pointers into the same object, or a pointer with NULL.'),
  'pointer-subtract': entry('COMPARE', (d) => `cannot subtract ${d.name} from ${d.value}: they point into different objects`,
    'Subtract pointers into the same object only.'),
  'atomic-target': entry('TYPE', (d) => `atomic operations are not possible on ${d.value}`,
    'Use atomics on map values.'),
  'unaligned-atomic': entry('STRICT', (d) => `cannot ${d.action}: ${d.value} is not shown to be aligned`,
    'Use atomics on aligned members only.'),
  'mixed-access': entry('TYPE', (d) => `cannot ${d.action}: this instruction reaches ${d.value} on one path and ${d.name} on another`,
    'Keep the accesses apart, e.g. with a compiler barrier or volatile.'),
  'division-by-zero': entry('DIV0', () => 'division by the constant 0',
    'Test the divisor first.'),
  'unknown-helper': entry('CALL', (d) => `there is no helper ${d.name}`,
    'Check the target platform and the helper number.'),
  'helper-not-allowed': entry('CALL', (d) => `${d.name} is not available to ${d.known} programs`,
    'Use a program type that offers the helper, or another helper.'),
  'gpl-only': entry('CALL', (d) => `${d.name} is only for programs under a GPL-compatible license, this one is "${d.known}"`,
    'Declare a GPL-compatible license: char LICENSE[] SEC("license") = "GPL";'),
  'helper-argument': entry('TYPE', (d) => `${d.value} cannot be ${d.name}: ${d.needed}`,
    'See the prototype of the helper.'),
  'argument-size': entry('CALL', (d) => `the size given as ${d.name} is not shown to be in range`,
    'Bound the size right before the call, with an unsigned type.'),
  'map-not-allowed': entry('CALL', (d) => `${d.name} does not work on ${d.value}`,
    'Use the helper that belongs to the map type.'),
  'not-modelled': entry('CALL', (d) => `${d.name} is not modelled by this verifier, so nothing can be proved about it`,
    'Verify with the kernel (--backend kernel), or avoid the feature.'),
  'reference-leak': entry('CALL', (d) => `${d.value} is not released on this path`,
    'Submit or discard the record, or release the socket, on every path.'),
  'return-value': entry('TYPE', (d) => `the return value is not in the range that ${d.name} programs must return`,
    'Return one of the values of the program type.'),
  'unbounded-loop': entry('TERMINATION', () => 'no bound was found for the number of times that this loop runs',
    'Count with a variable that is compared with a constant in every iteration.'),
  'budget-exhausted': entry('TERMINATION', (d) => `the analysis stopped after ${d.known} without a proof`,
    'Simplify the program, or split it with tail calls.'),
} satisfies Record<string, CatalogueEntry>;

export type FindingCode = keyof typeof CATALOGUE;
