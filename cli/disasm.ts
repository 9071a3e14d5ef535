import { listing } from '../core/listing/listing';
import { platformOf } from '../core/platform/platforms';
import { loadObject } from './inputs';
import { Exit, UsageError, type Io } from './io';
import { parseWords, platformOption } from './arguments';

export const disasmUsage = `ebpf disasm OBJECT [--program NAME] [--platform auto|linux|windows] [--no-source]

Prints each program with its subprograms in the syntax of llvm-objdump, with source lines, helper and map names.
`;

const OPTIONS = {
  program: { type: 'string' },
  platform: { type: 'string', default: 'auto' },
  'no-source': { type: 'boolean' },
} as const;

/** `ebpf disasm`. @throws UsageError, InputError when the object cannot be read */
export async function disasm(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseWords(argv, OPTIONS);
  if (positionals.length !== 1) throw new UsageError('name one object or C source');
  const object = await loadObject(positionals[0]!);
  const platform = platformOf(object, platformOption(values.platform));
  const chosen = object.programs.filter((program) => values.program === undefined || program.name === values.program);
  if (chosen.length === 0) {
    throw new UsageError(
      values.program === undefined
        ? 'the object holds no programs'
        : `there is no program ${values.program}; the object has ${object.programs.map((p) => p.name).join(', ')}`,
    );
  }
  const showPath = values['no-source'] === true ? undefined : (path: string): string => path;
  for (const program of chosen) io.out(listing(object, program, platform, showPath));
  return Exit.OK;
}
