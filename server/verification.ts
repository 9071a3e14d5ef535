import { InputError } from '../core/input/error';
import { readObject } from '../core/object/read';
import type { PlatformId } from '../core/platform/platform';
import { platformOf } from '../core/platform/platforms';
import type { ProgramReport } from '../core/verifier/report';
import { Cancelled, verifyProgram } from '../core/verifier/verify';
import type { Settings } from './settings';

/** One object to verify. Crosses to the worker thread. */
export interface Job {
  readonly id: number;
  readonly object: Uint8Array;
  readonly platform: Settings['platform'];
  /** One Int32: not 0 means stop. Shared, because a busy worker reads no messages. */
  readonly cancel: SharedArrayBuffer;
}

/** What a verified object gave. Plain data. */
export interface Verification {
  readonly platform: PlatformId;
  readonly reports: readonly ProgramReport[];
  /** Names of programs without line info: their findings have no source. */
  readonly withoutLines: readonly string[];
  readonly milliseconds: number;
}

export type Reply =
  | { readonly kind: 'progress'; readonly id: number; readonly done: number; readonly programs: number }
  | { readonly kind: 'verified'; readonly id: number; readonly verification: Verification }
  /** The bytes are no object that we can read. */
  | { readonly kind: 'unreadable'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly kind: 'cancelled'; readonly id: number }
  /** A defect of ours. */
  | { readonly kind: 'crashed'; readonly id: number; readonly message: string };

/** Does a job, with a reply for each program done and one at the end. `now` gives milliseconds. Never throws. */
export function doJob(job: Job, reply: (reply: Reply) => void, now: () => number): void {
  const { id } = job;
  const flag = new Int32Array(job.cancel);
  const isCancelled = (): boolean => Atomics.load(flag, 0) !== 0;
  const start = now();
  try {
    const object = readObject(job.object);
    const platform = platformOf(object, job.platform);
    const reports: ProgramReport[] = [];
    const programs = object.programs.length;
    for (const program of object.programs) {
      reply({ kind: 'progress', id, done: reports.length, programs });
      if (isCancelled()) throw new Cancelled();
      reports.push(verifyProgram(object, program, platform, { isCancelled }));
    }
    const withoutLines = object.programs.filter((program) => program.lines.isEmpty).map((program) => program.name);
    const milliseconds = Math.round(now() - start);
    reply({ kind: 'verified', id, verification: { platform: platform.id, reports, withoutLines, milliseconds } });
  } catch (error) {
    if (error instanceof Cancelled) reply({ kind: 'cancelled', id });
    else if (error instanceof InputError) reply({ kind: 'unreadable', id, code: error.code, message: error.message });
    else
      reply({ kind: 'crashed', id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
