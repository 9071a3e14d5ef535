/** What a range of addresses stands for. */
export type RegionKind =
  | 'stack'
  | 'context'
  | 'packet'
  | 'map-value'
  | 'global'
  | 'record'
  | 'memory'
  | 'map' // an opaque handle: no access
  | 'code'; // addresses of functions: no access

export const Access = { NONE: 0, READ: 1, WRITE: 2 } as const;

/** First address (low half) of a region, unless it moves to make old pointers tell-tale. */
export const FIRST_LOW = 0x1000_0000;
/** Upper bound of low halves, so that a 16-bit offset never carries into the high half. */
export const LAST_LOW = 0xf000_0000;

/**
 * High half of the addresses of region 0; region n has the high half TAG + n. Each region so has 4 GiB of address space of its own, and
 * pointer arithmetic that stays within 2 GiB never reaches another one. The tag makes pointers recognisable and negative, like a kernel's.
 */
export const TAG = 0xeb9f_0000 | 0;
export const MAX_REGIONS = 0x1_0000;

/** A range of addresses and the heap bytes behind it. Numbers that every access needs are kept in {@link Memory}'s table instead. */
export interface Region {
  readonly id: number;
  readonly kind: RegionKind;
  /** For messages: `packet`, `stack`, `counters`. */
  name: string;
  /** Map values: index of the map in the machine, and of the region's first element in it. Maps: index. */
  readonly owner: number;
  readonly firstElement: number;
  /** Set when its bytes are gone for good: what happened to them. */
  gone: string | undefined;
}
