import type { Program } from '../object/object';
import type { Context } from './context';
import type { EmulatedMap } from './maps/map';
import type { Memory } from './memory';
import type { Packet } from './packet';
import type { Region } from './region';

/** What is needed of a machine to say in words where an address points and why an access was refused. */
export interface Surroundings {
  readonly memory: Memory;
  readonly packet: Packet | undefined;
  readonly context: Context | undefined;
  readonly maps: readonly EmulatedMap[];
  readonly programs: readonly { readonly region: Region; readonly program: Program }[];
  readonly current: { readonly program: Program };
  /** Frames below the current one. */
  readonly depth: number;
  /** The slot at hand. */
  readonly pc: number;
}
