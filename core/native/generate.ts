import type { BpfObject } from '../object/object';

/** What generated C is wrapped in: nothing, a user-mode library, or a kernel driver (native.md 7). */
export type Wrapper = 'none' | 'dll' | 'sys';

export interface GenerateOptions {
  /** Names the metadata symbol, `NAME_metadata_table`; usually the object's file name up to the first dot. */
  readonly name: string;
  /** Where the object was read from, for the comment at the top. */
  readonly objectPath: string;
  /** What the generated file is called in the pragmas that lead back to it. */
  readonly outputPath: string;
  readonly wrapper?: Wrapper;
}

export interface GeneratedC {
  readonly text: string;
  /** C identifier of the metadata table, the only external symbol. */
  readonly metadataSymbol: string;
}

export declare function generateC(object: BpfObject, options: GenerateOptions): GeneratedC;
