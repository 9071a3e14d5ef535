/** What a platform knows: one table per fact, read by the verifier, the generator, the emulator, hovers and docs. */

export type PlatformId = 'linux' | 'windows';

export interface Platform {
  readonly id: PlatformId;
  /** The program type of a section name, by the platform's own matching rule; undefined when nothing matches. */
  programType(section: string): ProgramType | undefined;
  /** The helper that `call id` means in a program of that type; undefined when there is none with this id. */
  helper(id: number, type: ProgramType): Helper | undefined;
  /** Whether a program of that type may call the helper. */
  allows(type: ProgramType, helper: Helper): boolean;
  mapType(id: number): MapType | undefined;
}

export interface ProgramType {
  /** The field's name: `xdp`, `tracepoint`, `bind`, `sock_ops`, ... */
  readonly name: string;
  /** BPF_PROG_TYPE_* number. */
  readonly id: number;
  readonly context: ContextDescriptor;
  /** Inclusive range that r0 must be in at exit of the entry function (signed 64-bit, fits a double); undefined when any number will do. */
  readonly returns: { readonly min: number; readonly max: number } | undefined;
  /** Names of return values for messages and quick fixes, e.g. { XDP_PASS: 2 }. */
  readonly returnNames: Readonly<Record<string, number>>;
  /** A name of `returnNames` that lets traffic pass or reports success: what a quick fix returns. */
  readonly defaultReturn: string | undefined;
  /** Tracing types may store pointers and compare them freely; unprivileged ones may not. PREVAIL's `is_privileged`. */
  readonly privileged: boolean;
  /** Source of the facts: header, kernel file, spec. */
  readonly source: string;
}

/** What kind of value a load of a context field gives. */
export type FieldKind = 'scalar' | 'packet' | 'packet_end' | 'packet_meta' | 'pointer';

export interface ContextField {
  readonly name: string;
  /** Bytes from the start of the context as the program sees it. */
  readonly offset: number;
  /** Bytes. A field that stands for a pointer may be 4 bytes wide on Linux. */
  readonly size: number;
  readonly kind: FieldKind;
  readonly readable: boolean;
  readonly writable: boolean;
  /** Loads narrower than the field, aligned inside it, are allowed. */
  readonly narrow: boolean;
  /** C type as users write it, for hovers and variables. */
  readonly type: string;
}

export interface ContextDescriptor {
  /** C name of the structure: `xdp_md`, `bind_md_t`; empty for types without one. */
  readonly structure: string;
  /** Bytes that may be accessed. */
  readonly size: number;
  /**
   * Sorted by offset; members of a union overlap, the widest first. Empty: the context is plain memory of `size` bytes, all readable scalars (raw tracepoint arguments, kprobe's pt_regs).
   */
  readonly fields: readonly ContextField[];
  /** With `fields` empty: programs may also write it. */
  readonly writable: boolean;
  /**
   * The context is ordinary memory (Windows): any access inside `size` that touches no pointer field is allowed,
   * also across scalar fields and padding, reading and writing.
   */
  readonly acrossFields?: true;
}

/** What a helper wants in an argument register; the union covers both platforms. Names follow the kernel's bpf_arg_type. */
export type ArgumentKind =
  | 'none'
  | 'anything' // any initialised value, a pointer only for privileged types
  | 'ctx'
  | 'ctx_or_null'
  | 'const_map'
  | 'map_key' // readable keySize bytes of r1's map
  | 'map_value' // readable valueSize bytes of r1's map
  | 'map_value_or_null'
  | 'uninit_map_value' // writable valueSize bytes
  | 'mem' // readable memory; its size is in the next `size` argument
  | 'mem_or_null'
  | 'uninit_mem' // writable memory; its size is in the next `size` argument
  | 'uninit_mem_or_null'
  | 'fixed_mem' // readable memory of fixedSize bytes
  | 'uninit_fixed_mem' // writable memory of fixedSize bytes (e.g. long *)
  | 'size' // bytes, > 0
  | 'size_or_zero' // bytes, >= 0
  | 'alloc_size' // known constant bytes of the record to reserve
  | 'alloc_mem' // a ring-buffer record from a reserve helper
  | 'const_string' // NUL-terminated string in read-only map memory
  | 'scalar_zero' // reserved: must be 0
  | 'stack'
  | 'stack_or_null'
  | 'function' // address of a callback subprogram
  | 'timer'
  | 'spin_lock'
  | 'socket'
  | 'btf_pointer'
  | 'btf_pointer_or_null'
  | 'dynptr'
  | 'kptr';

export type ReturnKind =
  | 'integer'
  | 'void'
  | 'map_value_or_null'
  | 'map_value'
  | 'socket_or_null'
  | 'alloc_mem_or_null'
  | 'mem_or_null'
  | 'btf_pointer'
  | 'btf_pointer_or_null'
  | 'mem_or_btf_pointer'
  | 'mem_or_btf_pointer_or_null'
  | 'dynptr_mem_or_null';

export interface Argument {
  readonly kind: ArgumentKind;
  /** Bytes, for `fixed_mem` and `uninit_fixed_mem`. */
  readonly fixedSize?: number;
  /**
   * With a kind that is read (`mem`, `fixed_mem`, `map_value` and their nullable forms): the helper also writes there,
   * so the memory must be initialised before and writable (not `.rodata`).
   */
  readonly writes?: true;
}

export interface Helper {
  readonly id: number;
  /** `bpf_map_lookup_elem` */
  readonly name: string;
  /** C prototype for messages and hovers. */
  readonly prototype: string;
  /** Up to five; trailing `none` left out. */
  readonly arguments: readonly Argument[];
  readonly returns: ReturnKind;
  /** All packet pointers become stale. */
  readonly changesPacket: boolean;
  readonly gplOnly: boolean;
  /** A successful call does not return (tail call); a failed one falls through. */
  readonly tailCall: boolean;
  /** Source of the facts. */
  readonly source: string;
}

/** What a lookup in a map of this type yields, and which helpers apply: the part that verifier and emulator share. */
export interface MapType {
  readonly id: number;
  /** `hash`, `percpu_array`, ... : BPF_MAP_TYPE_ in lower case. */
  readonly name: string;
  readonly perCpu: boolean;
  readonly isArray: boolean;
  /** `map`: values are inner maps; `program`: tail call targets; `none`: no key/value access (ring buffers, perf arrays). */
  readonly values: 'bytes' | 'map' | 'program' | 'none';
  /** Names of the helpers that accept it; undefined when the platform does not restrict. */
  readonly helpers: readonly string[] | undefined;
}
