import path from 'node:path';
import { InputError } from '../core/input/error';
import { plainIdentifier } from '../core/native/c_text';
import { generateC, type GeneratedC, type Wrapper } from '../core/native/generate';
import { NATIVE_HEADER } from '../core/native/header';
import type { BpfObject, Program } from '../core/object/object';
import type { Platform } from '../core/platform/platform';
import { platformOf } from '../core/platform/platforms';
import { verifyProgram } from '../core/verifier/verify';
import { buildImage, findCompiler, writeWhole, type ImageKind } from '../tools/compiler';
import { loadObject } from './inputs';
import { Exit, UsageError, type Io } from './io';
import { findingLine } from './report_msbuild';
import { parseWords, platformOption, type Words } from './arguments';

export const nativeUsage = `ebpf native OBJECT [options]

Verifies every program of an object or C source, then writes C with the lines of the BPF source, and with --image compiles it.
Nothing is written when a program is refused.

  -o FILE                without --image the C, else standard output; with --image the image, else beside OBJECT;
                         with --image and a name that ends in .c: the C, and the image beside it
  --image so|dll         compile: a shared object for this machine, or a user-mode library for 64-bit Windows
  --wrapper none|dll     what the C is wrapped in (dll with --image dll, else none)
  --platform auto|linux|windows
  --compiler PATH        the C compiler (else $EBPF_CC, else cc, gcc or clang; for a dll MinGW-w64)
  --debug                optimise the image for stepping
  --header               write ebpf_native.h, which programs that host images include, and nothing else

Findings are printed as file(line,column): error CODE: text.
Exit code 0: all done; 1: a program is refused; 2: bad input or usage, or the compiler failed; 130: interrupted.
`;

const INTERRUPTED = 130;

interface Request {
  readonly file: string;
  readonly platform: 'auto' | 'linux' | 'windows';
  readonly wrapper: Wrapper;
  readonly image: ImageKind | undefined;
  /** Where the C goes; undefined with an image that is all that is wanted. */
  readonly c: string | undefined;
  readonly imagePath: string;
  readonly compiler: string;
  readonly debug: boolean;
}

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  image: { type: 'string' },
  wrapper: { type: 'string' },
  platform: { type: 'string', default: 'auto' },
  compiler: { type: 'string', default: '' },
  debug: { type: 'boolean' },
  header: { type: 'boolean' },
  sign: { type: 'string' },
} as const;

/**
 * `ebpf native`. `signal` stops a running compiler, as an interrupt does.
 * @throws UsageError
 */
export async function native(argv: readonly string[], io: Io, signal?: AbortSignal): Promise<number> {
  const { values, positionals } = parseWords(argv, OPTIONS);
  if (values.header === true) {
    if (values.output === undefined) io.out(NATIVE_HEADER);
    else await writeWhole(values.output, NATIVE_HEADER);
    return Exit.OK;
  }
  if (positionals.length !== 1) throw new UsageError('name one object or C source');
  const request = requestOf(positionals[0]!, values);
  try {
    const object = await loadObject(request.file, signal);
    const platform = platformOf(object, request.platform);
    const refusals = refusalsOf(request.file, object, platform);
    if (refusals.length > 0) {
      io.err(refusals.join(''));
      io.err(`${request.file}: nothing was written: not every program is proved\n`);
      return Exit.REFUSED;
    }
    const generated = generate(request, object, platform);
    if (request.image !== undefined) return await writeImage(request, request.image, generated, io, signal);
    if (request.c === undefined) io.out(generated.text);
    else await writeWhole(request.c, generated.text);
    return Exit.OK;
  } catch (error) {
    if (error instanceof InputError) {
      io.err(`${request.file}: error ${error.code}: ${error.message}\n`);
      return Exit.BAD;
    }
    if (isSystemError(error)) {
      io.err(`${request.file}: error ${error.code.toLowerCase()}: ${error.message}\n`);
      return Exit.BAD;
    }
    throw error;
  }
}

/** One line for each finding of each program that is not proved; subprograms that several programs share are told once. */
function refusalsOf(file: string, object: BpfObject, platform: Platform): string[] {
  const lines = new Set<string>();
  for (const program of object.programs) {
    const report = verifyProgram(object, program, platform);
    if (report.verdict === 'proved') continue;
    for (const finding of report.findings) lines.add(findingLine(file, report, finding));
    if (report.findings.length === 0)
      lines.add(`${file}: error ${report.verdict}: program ${program.name} is not proved\n`);
  }
  return [...lines];
}

function generate(request: Request, object: BpfObject, platform: Platform): GeneratedC {
  const name = nameOf(request.file);
  return generateC(object, {
    name,
    objectPath: request.file,
    outputPath: request.c ?? `${plainIdentifier(name)}.c`,
    wrapper: request.wrapper,
    isTailCall: (helper: number, program: Program): boolean => {
      const type = platform.programType(program.section);
      return type !== undefined && platform.helper(helper, type)?.tailCall === true;
    },
  });
}

async function writeImage(
  request: Request,
  image: ImageKind,
  generated: GeneratedC,
  io: Io,
  signal: AbortSignal | undefined,
): Promise<number> {
  const search = await findCompiler(image, request.compiler, signal);
  if (search.kind === 'missing') {
    const what =
      request.compiler === '' ? `there is no C compiler for a .${image}` : `${request.compiler} is no C compiler`;
    throw new InputError('no-compiler', `${what}. ${search.remedy}`);
  }
  const result = await interruptible(signal, (stop) =>
    buildImage({
      text: generated.text,
      fileName: `${plainIdentifier(nameOf(request.file))}.c`,
      image,
      output: request.imagePath,
      compiler: search.compiler,
      debug: request.debug,
      signal: stop,
    }),
  );
  switch (result.outcome) {
    case 'built':
      if (request.c !== undefined) await writeWhole(request.c, generated.text);
      io.out(`${request.imagePath}: built with ${search.compiler.version}\n`);
      return Exit.OK;
    case 'cancelled':
      io.err(`${request.file}: interrupted; nothing was written\n`);
      return INTERRUPTED;
    case 'timeout':
      throw new InputError('compiler-timeout', `the C compiler did not finish in time: ${result.command}`);
    case 'missing':
      throw new InputError('no-compiler', `${search.compiler.path} could not be started. ${result.log}`);
    case 'failed': {
      const first = result.diagnostics.find((diagnostic) => diagnostic.severity === 'error');
      const why = first?.message ?? result.log.trim().split('\n').at(-1) ?? '';
      throw new InputError(
        'compiler-failed',
        `the C compiler refused the generated C: ${why}; it ran as ${result.command}`,
      );
    }
  }
}

/** Turns an interrupt of the process into an abort while `work` runs, so that what it began is cleaned up. */
async function interruptible<T>(outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  outer?.addEventListener('abort', stop, { once: true });
  if (outer?.aborted === true) stop();
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    outer?.removeEventListener('abort', stop);
  }
}

/** @throws UsageError */
function requestOf(file: string, values: Words<typeof OPTIONS>['values']): Request {
  const { image, wrapper, output } = values;
  if (values.sign !== undefined) throw new UsageError('--sign is not available in this version');
  if (image === 'sys' || wrapper === 'sys')
    throw new UsageError('kernel drivers (sys) are not available in this version');
  if (image !== undefined && image !== 'so' && image !== 'dll') throw new UsageError(`--image ${image}: use so or dll`);
  if (wrapper !== undefined && wrapper !== 'none' && wrapper !== 'dll') {
    throw new UsageError(`--wrapper ${wrapper}: use none or dll`);
  }
  if (image !== undefined && wrapper !== undefined && (image === 'dll') !== (wrapper === 'dll')) {
    throw new UsageError(`--image ${image} does not go with --wrapper ${wrapper}`);
  }
  if (output === '') throw new UsageError('-o needs a file name');
  if (output !== undefined && path.resolve(output) === path.resolve(file)) {
    throw new UsageError(`-o ${output} would replace the input`);
  }
  const keepsC = image === undefined || output?.endsWith('.c') === true;
  const beside = output?.replace(/\.c$/, '') ?? path.join(path.dirname(file), nameOf(file));
  return {
    file,
    platform: platformOption(values.platform),
    wrapper: wrapper ?? (image === 'dll' ? 'dll' : 'none'),
    image,
    c: keepsC ? output : undefined,
    imagePath: keepsC || output === undefined ? `${beside}.${image}` : output,
    compiler: values.compiler,
    debug: values.debug === true,
  };
}

/** What a module is called: the file's name up to the first dot (native.md 1). */
function nameOf(file: string): string {
  return path.basename(file).split('.')[0] || 'module';
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;
}
