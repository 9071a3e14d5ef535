import type { BpfObject, Program } from '../object/object';
import type { Platform } from '../platform/platform';
import type { ProgramReport } from './report';

export interface VerifyOptions {
  /** Polled between analysis steps; when it answers true the analysis throws {@link Cancelled}. */
  readonly isCancelled?: () => boolean;
  /** Analysis steps (abstract instructions) before the answer is *unproven: budget*. Steps, never clocks. */
  readonly maxSteps?: number;
}

/** Thrown by {@link verifyProgram} after `isCancelled` answered true. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** Verifies one linked program. Never throws for what the program contains, only {@link Cancelled}. */
export declare function verifyProgram(
  object: BpfObject,
  program: Program,
  platform: Platform,
  options?: VerifyOptions,
): ProgramReport;
