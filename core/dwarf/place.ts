/** A byte in the object. `section` is 0 when no relocation says which (undefined symbols, files without relocations). */
export interface Place {
  readonly section: number;
  readonly offset: number;
}

/** Bytes `[start, end)` of a section. */
export interface AddressRange {
  readonly section: number;
  readonly start: number;
  readonly end: number;
}
