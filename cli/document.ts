import type { PlatformId } from '../core/platform/platform';
import type { ProgramReport } from '../core/verifier/report';

/** The types of the machine interface's document (docs/machine-interface.md). */

/** One program's report with the wall-clock time that its verification took. */
export interface TimedReport extends ProgramReport {
  readonly milliseconds: number;
}

/** One element of `files` in the machine interface. */
export interface CheckedFile {
  readonly path: string;
  readonly platform: PlatformId;
  /** Why there is nothing to verify; `programs` is then empty. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly programs: readonly TimedReport[];
}
