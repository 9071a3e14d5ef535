/**
 * Debugging information as a debugger needs it: which variables there are at an instruction, where their values are, what their types
 * look like, and which source line it is. Source: DWARF 5, https://dwarfstd.org/doc/DWARF5.pdf; DWARF 4 where it differs.
 *
 * An object that is not yet loaded has no addresses, so every place is a section and a byte offset into it. Byte offsets of instructions
 * are 8 times the slot.
 */
import type { Operation } from './operation';
import type { AddressRange, Place } from './place';
import type { DwarfType, Enclosing } from './type';

/** A source position. Lines and columns count from 1; 0 means unknown. `path` is as the compiler recorded it, absolute where it says so. */
export interface Position {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** Where a variable's value is. Registers are DWARF numbers, which for BPF are those of the instruction set (r10 = 10). */
export type Location =
  /** Nowhere: optimised out. */
  | { readonly kind: 'empty' }
  /** The register holds the value itself. */
  | { readonly kind: 'register'; readonly register: number }
  /** In memory at register + offset. */
  | { readonly kind: 'register-offset'; readonly register: number; readonly offset: bigint }
  /** In memory at the function's frame base ({@link Scope.frameBase}) + offset. */
  | { readonly kind: 'frame-offset'; readonly offset: bigint }
  /** In memory at a place in the object, such as a byte of `.data`. */
  | { readonly kind: 'address'; readonly place: Place }
  /** Not stored: the value is this number (to be cut to the type's size). */
  | { readonly kind: 'constant'; readonly value: bigint }
  /** Not stored: the value has these bytes, in the object's byte order. */
  | { readonly kind: 'implicit-value'; readonly bytes: Uint8Array }
  /** Not stored: the value is what this expression computes. */
  | { readonly kind: 'value'; readonly operations: readonly Operation[] }
  /** The value that `location` had when the function was entered. */
  | { readonly kind: 'entry-value'; readonly location: Location }
  /** In memory, at the address that this expression computes. */
  | { readonly kind: 'computed-address'; readonly operations: readonly Operation[] }
  /** Put together from parts, in memory order. */
  | { readonly kind: 'pieces'; readonly pieces: readonly Piece[] };

export interface Piece {
  /** How many bits of the variable this piece holds. */
  readonly bits: number;
  /** First bit inside the piece's own location. */
  readonly bitOffset: number;
  readonly location: Location;
}

/** A location and where it holds. */
export interface LocatedRange {
  /** Undefined when it holds wherever the scope does, or where no other range does (DW_LLE_default_location). */
  readonly range: AddressRange | undefined;
  readonly location: Location;
  /** The expression that the location was decoded from; empty for DW_AT_const_value. */
  readonly operations: readonly Operation[];
}

/** A local variable, a parameter or a global variable. Everything is decoded when it is first asked for. */
export interface Variable {
  /** Its entry's offset in the debugging information. */
  readonly id: number;
  readonly name: string;
  /** As the linker sees it, where that differs from `name` (C++, Rust); else empty. */
  readonly linkageName: string;
  readonly parameter: boolean;
  /** The compiler made it up, such as `this`. */
  readonly artificial: boolean;
  /** Visible outside its unit. */
  readonly external: boolean;
  /** Only declared here. */
  readonly declaration: boolean;
  /** {@link Dwarf.type} of this id. */
  readonly type: number;
  readonly declared: Position;
  /** Undefined for globals. */
  readonly scope: Scope | undefined;
  /** In the compiler's order; empty when the variable was optimised out everywhere. */
  readonly locations: readonly LocatedRange[];
  /** Where it is at a place. O(log ranges) after the first use. */
  locationAt(section: number, offset: number): Location;
}

/** A function, a call that was inlined, or a block in braces. */
export interface Scope {
  readonly id: number;
  readonly kind: 'function' | 'inlined' | 'block';
  /** Name of the function, also for an inlined call; empty for blocks. */
  readonly name: string;
  readonly linkageName: string;
  /** Namespaces and types around the function, outermost first (C++, Rust). */
  readonly enclosing: readonly Enclosing[];
  /** Undefined for functions. */
  readonly parent: Scope | undefined;
  /** Where its code is. Empty for functions without code of their own: declared, or inlined everywhere. */
  readonly ranges: readonly AddressRange[];
  /** For an inlined call: where the call stands. */
  readonly call: Position | undefined;
  /** Where the function is declared. */
  readonly declared: Position;
  /** Type of the result; 0 for none. */
  readonly type: number;
  readonly external: boolean;
  /** For functions: what {@link Location} `frame-offset` counts from. */
  readonly frameBase: Location | undefined;
  /** Parameters and variables of this scope itself, in source order. */
  readonly variables: readonly Variable[];
  /** Scopes directly inside. */
  readonly children: readonly Scope[];
}

/** A row of a line table: the instructions from `offset` to the next row's stem from this position. */
export interface LineRow extends Position {
  readonly section: number;
  readonly offset: number;
  /** The compiler suggests a breakpoint here. */
  readonly isStatement: boolean;
  readonly basicBlock: boolean;
  readonly prologueEnd: boolean;
  readonly epilogueBegin: boolean;
  /** One past the last instruction of a sequence; stands for no code. */
  readonly endSequence: boolean;
  readonly discriminator: number;
  readonly isa: number;
  /** Number of the file in its table. */
  readonly file: number;
}

/** A compilation unit. */
export interface DwarfUnit {
  /** Offset of its header in the debugging information. */
  readonly id: number;
  readonly version: number;
  /** Bytes of an address: 8, or 4. */
  readonly addressSize: number;
  /** 64-bit DWARF: offsets have 8 bytes. */
  readonly wide: boolean;
  /** The main source file as given to the compiler. */
  readonly name: string;
  /** The directory that the compiler ran in; empty when not recorded. */
  readonly directory: string;
  readonly producer: string;
  /** DW_LANG_*, e.g. 0x1d for C11, 0x1c for Rust; 0 when not recorded. */
  readonly language: number;
  readonly ranges: readonly AddressRange[];
}

export interface VariableAt {
  readonly variable: Variable;
  readonly location: Location;
}

/**
 * The debugging information of an object. Nothing is read before it is needed: the first query about code reads all compilation units'
 * first entries and the whole unit that it falls into, the first line query all line tables. Every member may throw InputError
 * `dwarf-malformed` when what it reads is malformed.
 */
export interface Dwarf {
  /** All compilation units. O(bytes of their headers) the first time. */
  readonly units: readonly DwarfUnit[];
  /** Every function with code, declared or inlined, in file order. O(debugging information) the first time. */
  readonly functions: readonly Scope[];
  /** Every variable outside functions. Variables with static storage inside functions are in their scopes. As `functions`. */
  readonly globals: readonly Variable[];
  /** The type with this id; id 0 is void. O(entries of the type) the first time, then O(1). */
  type(id: number): DwarfType;
  /**
   * The scopes around an instruction: innermost first, through inlined calls, the function last; empty outside all functions.
   * O(log scopes + depth) after the first use in a unit.
   */
  scopesAt(section: number, offset: number): Scope[];
  /**
   * The variables that are in scope at an instruction, innermost scope first; inner ones may hide outer ones of the same name. Those of the
   * callers of an inlined call are included, each with its scope. O(log scopes + variables × log ranges) after the first use in a unit.
   */
  variablesAt(section: number, offset: number): VariableAt[];
  /** The row that an instruction belongs to. O(log rows) after the first use. */
  lineAt(section: number, offset: number): LineRow | undefined;
  /** The rows of one section, ascending, or of all line tables in file order. O(rows returned). */
  rows(section?: number): Iterable<LineRow>;
}
