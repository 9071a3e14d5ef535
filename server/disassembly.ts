import { InputError } from '../core/input/error';
import { objectListing } from '../core/listing/listing';
import { readObject } from '../core/object/read';
import { platformOf } from '../core/platform/platforms';
import type { Disassembly, FileStatus } from './protocol';
import type { Settings } from './settings';

/** The programs of an object as text, or why there is none. Never throws for what the bytes hold. */
export function disassemble(bytes: Uint8Array, platform: Settings['platform']): Disassembly {
  try {
    const object = readObject(bytes);
    const text = objectListing(object, platformOf(object, platform), fileName);
    return text === '' ? { message: 'The object holds no programs.' } : { text };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { message: `The object cannot be disassembled: ${error.message}.` };
  }
}

export const untrusted: Disassembly = {
  message: 'The workspace is not trusted, so nothing is compiled in it.',
};

/** Why a file whose last run ended in `status` has no object. */
export function withoutObject(status: FileStatus): Disassembly {
  switch (status.state) {
    case 'untrusted':
      return untrusted;
    case 'no-clang':
      return { message: `No clang with a BPF target was found. ${status.remedy}` };
    case 'compile-error':
      return { message: 'The file does not compile; its diagnostics say why.' };
    case 'failed':
      return { message: status.message };
    default:
      return { message: 'There is no object of this file.' };
  }
}

/** Beside its source, a whole path would only push the text out of sight. Paths are those of whichever system compiled. */
function fileName(path: string): string {
  return path.replace(/^.*[\\/]/s, '');
}
