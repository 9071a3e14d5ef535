import type { BtfKind } from './kind';

/**
 * One BTF type, decoded. `name` is empty for anonymous types. Sizes are bytes, bit offsets count from the start of the structure.
 * Source: Documentation/bpf/btf.rst of the Linux kernel.
 */
export type BtfType =
  | { readonly kind: typeof BtfKind.VOID; readonly name: string }
  | {
      readonly kind: typeof BtfKind.INT;
      readonly name: string;
      readonly size: number;
      readonly bits: number;
      readonly bitOffset: number;
      readonly signed: boolean;
      readonly char: boolean;
      readonly bool: boolean;
    }
  | {
      readonly kind:
        | typeof BtfKind.PTR
        | typeof BtfKind.TYPEDEF
        | typeof BtfKind.VOLATILE
        | typeof BtfKind.CONST
        | typeof BtfKind.RESTRICT
        | typeof BtfKind.TYPE_TAG;
      readonly name: string;
      readonly type: number;
    }
  | {
      readonly kind: typeof BtfKind.ARRAY;
      readonly name: string;
      readonly type: number;
      readonly indexType: number;
      readonly count: number;
    }
  | {
      readonly kind: typeof BtfKind.STRUCT | typeof BtfKind.UNION;
      readonly name: string;
      readonly size: number;
      readonly members: readonly BtfMember[];
    }
  | {
      readonly kind: typeof BtfKind.ENUM | typeof BtfKind.ENUM64;
      readonly name: string;
      readonly size: number;
      readonly signed: boolean;
      readonly values: readonly BtfEnumerator[];
    }
  | { readonly kind: typeof BtfKind.FWD; readonly name: string; readonly union: boolean }
  | { readonly kind: typeof BtfKind.FUNC; readonly name: string; readonly type: number; readonly linkage: number }
  | {
      readonly kind: typeof BtfKind.FUNC_PROTO;
      readonly name: string;
      readonly returns: number;
      readonly parameters: readonly BtfParameter[];
    }
  | { readonly kind: typeof BtfKind.VAR; readonly name: string; readonly type: number; readonly linkage: number }
  | {
      readonly kind: typeof BtfKind.DATASEC;
      readonly name: string;
      readonly size: number;
      readonly variables: readonly BtfVariable[];
    }
  | { readonly kind: typeof BtfKind.FLOAT; readonly name: string; readonly size: number }
  | {
      readonly kind: typeof BtfKind.DECL_TAG;
      readonly name: string;
      readonly type: number;
      readonly component: number;
    };

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** Width of a bit-field, 0 for an ordinary member. */
  readonly bits: number;
}

export interface BtfEnumerator {
  readonly name: string;
  readonly value: bigint;
}

export interface BtfParameter {
  readonly name: string;
  /** 0 for the `...` of a variadic function. */
  readonly type: number;
}

/** A variable of a data section. */
export interface BtfVariable {
  /** Id of its VAR (or FUNC for `.ksyms`). */
  readonly type: number;
  /** Bytes from the start of the section. */
  readonly offset: number;
  readonly size: number;
}

/** The types of an object. Ids count from 1; id 0 is void. */
export interface Btf {
  readonly littleEndian: boolean;
  /** One more than the largest id. */
  readonly count: number;
  /** The first id that this file itself defines: 1, or for split BTF the count of its base. */
  readonly start: number;
  /** Length of the string section, with that of the base. */
  readonly stringBytes: number;
  /** The type with this id. O(1) after the first use. @throws InputError `btf-malformed` for an id out of range or a malformed entry */
  type(id: number): BtfType;
  /** Kind of the type with this id, without decoding it. O(1). @throws InputError `btf-malformed` for an id out of range */
  kind(id: number): BtfType['kind'];
  /** A string by its offset in the string section. @throws InputError `btf-malformed` when it lies outside */
  string(offset: number): string;
  /** Id of the first type with this kind and name, or 0. The first search indexes the names, O(types); then O(1) in the mean. */
  find(kind: BtfType['kind'], name: string): number;
  /** Ids, ascending, of all types whose name without flavour (`___x`) is that of `name`. O(1) in the mean, after the same index. */
  flavours(name: string): number[];
}
