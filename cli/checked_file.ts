import { InputError } from '../core/input/error';
import type { BpfObject, Program } from '../core/object/object';
import type { Platform, PlatformId } from '../core/platform/platform';
import { platformOf } from '../core/platform/platforms';
import { verifyProgram } from '../core/verifier/verify';
import type { CheckedFile, TimedReport } from './document';
import { loadBytes } from './inputs';
import { kernelReports } from './kernel_backend';
import { readObject } from '../core/object/read';

/** Who verifies. */
export type Backend = 'embedded' | 'kernel';

export interface CheckOptions {
  readonly backend: Backend;
  readonly platform: 'auto' | PlatformId;
  /** Only the program with this function name. */
  readonly program?: string;
}

/** Reads (or compiles) a file and verifies its programs. What is wrong with the file becomes its `error`; nothing is thrown for it. */
export async function checkFile(path: string, options: CheckOptions): Promise<CheckedFile> {
  const wanted = options.platform === 'auto' ? 'linux' : options.platform;
  try {
    const bytes = await loadBytes(path);
    return await checkObject(path, bytes, options);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { path, platform: wanted, error: { code: error.code, message: error.message }, programs: [] };
  }
}

/** @throws InputError `no-programs`, `no-such-program`, `backend-platform`, `backend-unavailable`, `kernel-load` */
async function checkObject(path: string, bytes: Uint8Array, options: CheckOptions): Promise<CheckedFile> {
  const object = readObject(bytes);
  const platform = platformOf(object, options.platform);
  if (object.programs.length === 0)
    throw new InputError('no-programs', 'the object holds no programs: no function stands in a section of its own');
  const chosen = object.programs.filter((program) => options.program === undefined || program.name === options.program);
  if (chosen.length === 0) {
    const names = object.programs.map((program) => program.name).join(', ');
    throw new InputError('no-such-program', `there is no program ${options.program}; the object has ${names}`);
  }
  if (options.backend === 'kernel') {
    if (platform.id !== 'linux')
      throw new InputError('backend-platform', 'the object is built for Windows; the Linux kernel cannot verify it');
    const programs = await kernelReports(bytes, object);
    return {
      path,
      platform: 'linux',
      programs: programs.filter((report) => chosen.some((program) => program.name === report.function)),
    };
  }
  const programs = chosen.map((program) => embeddedReport(object, program, platform));
  return { path, platform: platform.id, programs };
}

function embeddedReport(object: BpfObject, program: Program, platform: Platform): TimedReport {
  const start = performance.now();
  const report = verifyProgram(object, program, platform);
  return { ...report, milliseconds: Math.round((performance.now() - start) * 1000) / 1000 };
}
