/** Placeholder types are completed in this folder; see read.ts. */
export interface Btf {
  readonly bytes: Uint8Array;
}
