import type { Btf } from '../btf/btf';
import type { CoreRelocation } from '../btf/ext';
import type { Code } from '../isa/code';
import type { LineTable } from './line_table';

/** One BPF ELF file, read and linked. Plain data apart from the lazy type table. */
export interface BpfObject {
  readonly littleEndian: boolean;
  /** Text of the `license` section, without its NUL. */
  readonly license: string | undefined;
  /** The word of the `version` section, which old kernels asked tracing programs for. */
  readonly version?: number | undefined;
  /** The marker section `.ebpf_for_windows` is present: the object was built with the Windows headers. */
  readonly builtForWindows: boolean;
  /** Entry programs in section order, then by offset. Each is linked with the subprograms that it reaches. */
  readonly programs: readonly Program[];
  /** Maps by index: `.maps`, then legacy `maps`, then global data sections, then `.kconfig`, then `.struct_ops*`. {@link Code} of programs refers to these indices. */
  readonly maps: readonly MapDefinition[];
  /** Functions and variables that the object expects from its host (kfuncs, ksyms), by index. */
  readonly externs: readonly Extern[];
  readonly btf: Btf | undefined;
  /** CO-RE relocation records by name of the section whose code they speak about, sorted by offset. Undefined: there is no `.BTF.ext`. */
  readonly coreRelocations?: ReadonlyMap<string, readonly CoreRelocation[]> | undefined;
}

/**
 * An entry function and the subprograms that it reaches, as one instruction array.
 * In `code`, loader-dependent fields are made position-free:
 * - a map reference is `lddw` with src MAP_INDEX (5) and imm = index into `BpfObject.maps`;
 * - a pointer into a map's single value (globals) is src MAP_INDEX_VALUE (6), imm = map index, second imm = byte offset;
 * - the address of a subprogram is src CODE (4), imm = its first linked slot minus the slot after the first half (pc-relative, as the kernel has it);
 * - an extern variable is src VARIABLE (3), imm = index into `BpfObject.externs`;
 * - a local call is src LOCAL (1), imm = target slot - (slot + 1);
 * - an extern function call is src BTF (2), imm = index into `BpfObject.externs`.
 */
export interface Program {
  /** Name of the entry function. */
  readonly name: string;
  /** ELF section, e.g. `xdp` or `tracepoint/sched/sched_switch`. */
  readonly section: string;
  readonly code: Code;
  /** `functions[0]` is the entry; the others follow depth first, in libbpf's order. They tile `code`. */
  readonly functions: readonly LinkedFunction[];
  /** Lines by linked slot. Empty when the object has no line info. */
  readonly lines: LineTable;
}

/** Where a function of a linked program lies, and where it came from. */
export interface LinkedFunction {
  readonly name: string;
  readonly section: string;
  /** First slot inside its ELF section: what llvm-objdump prints for the first instruction. */
  readonly sectionSlot: number;
  /** First slot in the linked code. */
  readonly start: number;
  /** Slots. */
  readonly length: number;
  /** BTF id of its FUNC, 0 if unknown. */
  readonly btfId: number;
  /** STB_GLOBAL: the kernel verifies such subprograms on their own. */
  readonly global: boolean;
}

export interface MapDefinition {
  readonly name: string;
  /** BPF_MAP_TYPE_* as in the object; the numbers mean what the platform says. */
  readonly type: number;
  /** Bytes. */
  readonly keySize: number;
  /** Bytes. */
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly pinning: number;
  /** `struct_ops`: a table of functions for the kernel, which programs cannot refer to. */
  readonly origin: 'btf' | 'legacy' | 'global' | 'struct_ops';
  /** A global data section that programs may not write (`.rodata*`, `.kconfig`). */
  readonly readOnly: boolean;
  /** Initial contents of a global data section, `valueSize` bytes. Undefined: zero (`.bss*`), or not known before loading (`.kconfig`). */
  readonly initial: Uint8Array | undefined;
  /** For maps of maps: index of the template in `BpfObject.maps`, or -1. */
  readonly inner: number;
  /** BTF ids of key and value types, 0 if unknown. For a global section the value type is its DATASEC. */
  readonly keyTypeId: number;
  readonly valueTypeId: number;
  /** What libbpf and the kernel call the map: at most 15 characters; for global data the object's name stands in front. */
  readonly kernelName?: string;
  /** `map_extra`: what it means depends on the type; 0 unless declared. */
  readonly extra?: bigint;
  /** NUMA node of the memory; undefined unless declared. */
  readonly numaNode?: number | undefined;
  /** What the object puts into the map before it runs: programs of a program array or `.struct_ops`, maps of a map of maps. By index. */
  readonly slots?: readonly MapSlot[];
}

/** An initial element: for `.struct_ops` the index is that of the structure's member, else it is the key. */
export type MapSlot =
  | { readonly index: number; readonly kind: 'map'; readonly map: number }
  | { readonly index: number; readonly kind: 'program'; readonly program: string };

export interface Extern {
  readonly name: string;
  readonly kind: 'function' | 'variable';
  readonly weak: boolean;
  /** BTF id of the FUNC or VAR, 0 if unknown. */
  readonly btfId: number;
  /** `.ksyms` when BTF says so. */
  readonly section: string | undefined;
}

/** The function that holds a linked slot. O(log functions). */
export function functionAt(program: Program, slot: number): LinkedFunction {
  let low = 0;
  let high = program.functions.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (program.functions[middle]!.start <= slot) low = middle;
    else high = middle - 1;
  }
  return program.functions[low]!;
}
