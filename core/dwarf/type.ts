/** Members, bounds and enumerators of types. Ids are offsets of entries; id 0 is void. */

/** One type. Other types are named by id, so that structures may point to themselves. */
export type DwarfType =
  | { readonly kind: 'void'; readonly id: number; readonly name: string }
  | {
      readonly kind: 'base';
      readonly id: number;
      readonly name: string;
      /** Bytes. */
      readonly size: number;
      /** How many of its bits count, 8 × size unless the compiler says otherwise. */
      readonly bits: number;
      readonly encoding: BaseEncoding;
    }
  | {
      readonly kind: 'pointer' | 'reference' | 'rvalue-reference' | 'member-pointer';
      readonly id: number;
      readonly name: string;
      readonly size: number;
      readonly target: number;
      /** Names and values of `btf_type_tag` and the like. */
      readonly annotations: readonly Annotation[];
    }
  | {
      readonly kind: 'const' | 'volatile' | 'restrict' | 'atomic' | 'typedef';
      readonly id: number;
      readonly name: string;
      readonly target: number;
      readonly annotations: readonly Annotation[];
    }
  | {
      readonly kind: 'struct' | 'union' | 'class';
      readonly id: number;
      readonly name: string;
      /** Namespaces and types around it, outermost first. In C they have no part in its name. */
      readonly enclosing: readonly Enclosing[];
      readonly size: number;
      /** Only declared; it has no members here. */
      readonly declaration: boolean;
      readonly members: readonly Member[];
      /** The alternatives of a Rust enum. */
      readonly variantPart: VariantPart | undefined;
      readonly annotations: readonly Annotation[];
    }
  | {
      readonly kind: 'array';
      readonly id: number;
      readonly name: string;
      readonly element: number;
      /** Outermost first. */
      readonly dimensions: readonly Dimension[];
      /** A GNU vector type. */
      readonly vector: boolean;
    }
  | {
      readonly kind: 'enum';
      readonly id: number;
      readonly name: string;
      readonly enclosing: readonly Enclosing[];
      readonly size: number;
      readonly declaration: boolean;
      /** The integer type beneath; 0 when not recorded. */
      readonly underlying: number;
      readonly enumerators: readonly Enumerator[];
    }
  | {
      readonly kind: 'function';
      readonly id: number;
      readonly name: string;
      /** Type of the result; 0 for none. */
      readonly result: number;
      readonly parameters: readonly number[];
      readonly variadic: boolean;
      readonly prototyped: boolean;
    }
  | { readonly kind: 'unspecified'; readonly id: number; readonly name: string };

/** A namespace or type that something is declared in. `name` is empty for anonymous ones. */
export interface Enclosing {
  readonly kind: 'namespace' | 'struct' | 'union' | 'class' | 'enum';
  readonly name: string;
}

export type BaseEncoding =
  | 'address'
  | 'boolean'
  | 'complex'
  | 'float'
  | 'signed'
  | 'signed-char'
  | 'unsigned'
  | 'unsigned-char'
  | 'utf'
  | 'other';

export interface Member {
  /** Empty for anonymous structures and unions, and for base classes. */
  readonly name: string;
  readonly type: number;
  /**
   * First bit from the start of the structure, counted in the object's byte order: from the lowest bit of the first byte in
   * little-endian, from its highest bit in big-endian objects. Undefined when only running code can tell (virtual bases).
   */
  readonly bitOffset: number | undefined;
  /** Width of a bit-field, 0 for an ordinary member. */
  readonly bits: number;
  /** A base class (C++). */
  readonly base: boolean;
  readonly annotations: readonly Annotation[];
}

export interface VariantPart {
  /** The member that says which alternative it is; undefined when there is but one. */
  readonly discriminant: Member | undefined;
  readonly variants: readonly Variant[];
}

export interface Variant {
  /** The discriminant's value; undefined for the alternative that all other values mean. */
  readonly value: bigint | undefined;
  readonly members: readonly Member[];
}

export interface Dimension {
  readonly lower: bigint;
  /** Undefined for flexible and variable-length arrays. */
  readonly count: number | undefined;
}

export interface Enumerator {
  readonly name: string;
  readonly value: bigint;
}

export interface Annotation {
  /** `btf_decl_tag` or `btf_type_tag`. */
  readonly name: string;
  readonly value: string;
}
