import { Exit, UsageError, type Io } from './io';
import type { CheckedFile } from './document';
import type { Backend, CheckOptions } from './checked_file';
import { findInputs } from './inputs';
import { checkAll } from './jobs';
import { jsonReport } from './report_json';
import { msbuildReport } from './report_msbuild';
import { sarifReport } from './report_sarif';
import { textReport } from './report_text';
import { parseWords, platformOption } from './arguments';

/** How reports are written, by the value of `--format`. */
const FORMATS: Readonly<Record<string, (files: readonly CheckedFile[]) => string>> = {
  text: textReport,
  json: jsonReport,
  sarif: sarifReport,
  msbuild: msbuildReport,
};

export const checkUsage = `ebpf check PATH… [options]

Verifies the programs of objects, C sources (compiled with clang) and folders of them.

  --platform auto|linux|windows   auto tells objects built with the eBPF for Windows headers from Linux ones
  --backend embedded|kernel       who verifies; the kernel (root, bpftool) only loads, nothing is attached
  --program NAME                  only the program with this function name
  --format text|json|sarif|msbuild
  --jobs N                        files verified at the same time (1)

Exit code 0: all proved; 1: something is refused; 2: bad input or usage.
`;

const OPTIONS = {
  platform: { type: 'string', default: 'auto' },
  backend: { type: 'string', default: 'embedded' },
  program: { type: 'string' },
  format: { type: 'string', default: 'text' },
  jobs: { type: 'string', default: '1' },
} as const;

/** `ebpf check`. @throws UsageError, InputError `not-found` */
export async function check(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseWords(argv, OPTIONS);
  const write = FORMATS[values.format];
  if (!write) throw new UsageError(`--format ${values.format}: use ${Object.keys(FORMATS).join(', ')}`);
  if (positionals.length === 0) throw new UsageError('name at least one object, C source or folder');
  const options: CheckOptions = {
    platform: platformOption(values.platform),
    backend: backendOption(values.backend),
    ...(values.program === undefined ? {} : { program: values.program }),
  };
  const files = await checkAll(await findInputs(positionals), options, jobCount(values.jobs));
  io.out(write(files));
  return exitCode(files);
}

/** 2 when a file could not be verified at all, 1 when a program is refused, else 0. */
function exitCode(files: readonly CheckedFile[]): number {
  if (files.length === 0 || files.some((file) => file.error)) return Exit.BAD;
  return files.every((file) => file.programs.every((program) => program.verdict === 'proved')) ? Exit.OK : Exit.REFUSED;
}

function backendOption(value: string): Backend {
  if (value === 'embedded' || value === 'kernel') return value;
  if (value === 'prevail' || value === 'bpf2c')
    throw new UsageError(`--backend ${value} is not in this version; use embedded or kernel`);
  throw new UsageError(`--backend ${value}: use embedded or kernel`);
}

function jobCount(value: string): number {
  const count = Number(value);
  if (Number.isInteger(count) && count >= 1 && count <= 256) return count;
  throw new UsageError(`--jobs ${value}: use a whole number from 1 to 256`);
}
