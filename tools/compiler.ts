import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { onPath, resolveExplicit } from './clang';
import { quoteForLog } from './command_line';
import { parseDiagnostics, type CompilerDiagnostic } from './diagnostic';
import { runProcess } from './process';

/** What generated C is compiled to: a shared object of this machine, or a user-mode library for 64-bit Windows. */
export type ImageKind = 'so' | 'dll';

/** A C compiler for native images. */
export interface NativeCompiler {
  /** Absolute path. */
  readonly path: string;
  /** First line of `--version`. */
  readonly version: string;
}

export type CompilerSearch =
  | { readonly kind: 'found'; readonly compiler: NativeCompiler }
  | { readonly kind: 'missing'; readonly tried: readonly string[]; readonly remedy: string };

/** How to get a compiler for an image, for the machine at hand. */
export function compilerRemedy(image: ImageKind, platform: NodeJS.Platform = process.platform): string {
  if (image === 'dll') {
    return 'Install MinGW-w64 for x86-64, for example with `sudo apt-get install gcc-mingw-w64-x86-64` or from MSYS2, or name the compiler.';
  }
  switch (platform) {
    case 'win32':
      return 'A shared object for ELF systems is built on such a system (Linux, or WSL); on Windows build a `dll`.';
    case 'darwin':
      return 'Install the command line tools with `xcode-select --install`, or name the compiler.';
    default:
      return 'Install a C compiler, for example with `sudo apt-get install gcc` or `sudo dnf install gcc`, or name the compiler.';
  }
}

/**
 * Finds a C compiler: `chosen` alone when given (a path, or a name on PATH; the environment variable EBPF_CC stands in for it), else the usual names on PATH, plain ones before numbered ones
 * and of those the newest. A compiler counts once it has answered `--version`.
 */
export async function findCompiler(image: ImageKind, chosen = '', signal?: AbortSignal): Promise<CompilerSearch> {
  const explicit = chosen === '' ? (process.env['EBPF_CC'] ?? '') : chosen;
  const remedy = compilerRemedy(image);
  if (explicit === '' && image === 'so' && process.platform === 'win32') return { kind: 'missing', tried: [], remedy };
  const candidates = explicit === '' ? await usual(image) : await resolveExplicit(explicit);
  for (const candidate of candidates) {
    const answer = await runProcess(candidate, ['--version'], {
      timeout: 20_000,
      maxOutput: 1 << 16,
      ...(signal && { signal }),
    });
    if (answer.outcome === 'exited' && answer.code === 0) {
      const version = answer.stdout.toString('utf8').split(/\r?\n/)[0] ?? '';
      return { kind: 'found', compiler: { path: candidate, version } };
    }
  }
  return { kind: 'missing', tried: explicit !== '' && candidates.length === 0 ? [explicit] : candidates, remedy };
}

async function usual(image: ImageKind): Promise<string[]> {
  const names = image === 'so' ? /^(?:cc|gcc|clang)$/ : /^x86_64-w64-mingw32-(?:gcc|clang)(?:\.exe)?$/;
  const numbered =
    image === 'so' ? /^(?:gcc|clang)-(\d{1,3})$/ : /^x86_64-w64-mingw32-gcc-(\d{1,3})(?:-\w+)?(?:\.exe)?$/;
  const plain = await onPath((name) => names.test(name));
  // `cc` sorts before `clang` and `gcc`: the machine's own choice first.
  plain.sort((a, b) => (path.basename(a) < path.basename(b) ? -1 : path.basename(a) > path.basename(b) ? 1 : 0));
  const versioned = await onPath((name) => numbered.test(name));
  const version = (program: string): number => Number(numbered.exec(path.basename(program))?.[1] ?? 0);
  versioned.sort((a, b) => version(b) - version(a));
  return [...plain, ...versioned];
}

/**
 * Flags for generated C. BPF memory has no types, pointers wrap and null is an address like another, so the optimiser may assume none of
 * that; the image has only the symbols that it exports, cannot be given an executable stack, and is bound before it runs.
 */
export function imageFlags(image: ImageKind, debug: boolean, platform: NodeJS.Platform = process.platform): string[] {
  const flags = [
    '-x',
    'c',
    '-std=gnu11',
    '-g',
    debug ? '-Og' : '-O2',
    '-shared',
    '-fvisibility=hidden',
    '-fno-builtin',
  ];
  flags.push('-fno-strict-aliasing', '-fwrapv', '-fno-delete-null-pointer-checks', '-fno-strict-overflow');
  if (image === 'so') {
    flags.push('-fPIC', '-fstack-protector-strong');
    if (platform === 'linux') flags.push('-Wl,-z,relro,-z,now,-z,noexecstack', '-Wl,--build-id');
  } else {
    flags.push('-Wl,--nxcompat,--dynamicbase');
  }
  return flags;
}

export interface ImageRequest {
  /** Generated C. */
  readonly text: string;
  /** What the C is called, without a folder; pragmas in it lead back to this name. */
  readonly fileName: string;
  readonly image: ImageKind;
  /** Where the image goes. Its folder is made when it is not there. */
  readonly output: string;
  readonly compiler: NativeCompiler;
  /** Optimise for stepping, not for speed. */
  readonly debug?: boolean;
  readonly signal?: AbortSignal;
  /** Milliseconds; 300,000 unless told. */
  readonly timeout?: number;
}

export interface ImageResult {
  /** built: the image stands at `output`, whole. In every other case whatever stood there before still does. */
  readonly outcome: 'built' | 'failed' | 'missing' | 'timeout' | 'cancelled';
  readonly diagnostics: readonly CompilerDiagnostic[];
  /** What ran, quoted for a log. */
  readonly command: string;
  /** What the compiler printed when it failed without a diagnostic (a linker that is missing, for example). */
  readonly log: string;
}

/** Compiles generated C to a native image. All that the compiler writes goes to a private folder; the finished image is moved into place. */
export async function buildImage(request: ImageRequest): Promise<ImageResult> {
  const { compiler, signal, timeout = 300_000 } = request;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ebpf-native-'));
  try {
    const source = path.join(folder, request.fileName);
    const image = path.join(folder, 'image');
    await writeFile(source, request.text);
    const flags = imageFlags(request.image, request.debug === true);
    // Without the private folder's name the same object gives the same image, byte for byte.
    const words = [...flags, `-ffile-prefix-map=${folder}=.`, '-o', image, source];
    const command = quoteForLog([compiler.path, ...words]);
    const run = await runProcess(compiler.path, words, {
      cwd: folder,
      timeout,
      maxOutput: 4 << 20,
      // What the compiler leaves behind when it is killed is removed with the folder.
      env: { ...process.env, TMPDIR: folder, TMP: folder, TEMP: folder, LC_ALL: 'C' },
      ...(signal && { signal }),
    });
    const diagnostics = parseDiagnostics(run.stderr);
    if (run.outcome !== 'exited') return { outcome: run.outcome, diagnostics, command, log: run.stderr };
    if (run.code !== 0) return { outcome: 'failed', diagnostics, command, log: run.stderr };
    if (signal?.aborted === true) return { outcome: 'cancelled', diagnostics, command, log: '' };
    await moveIntoPlace(image, request.output);
    return { outcome: 'built', diagnostics, command, log: '' };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts text at `output` whole or not at all: readers see the old file or the new one. The folder is made when it is not there. */
export async function writeWhole(output: string, text: string): Promise<void> {
  await whole(output, (temporary) => writeFile(temporary, text));
}

/** The image may come from another file system, where a rename cannot reach: it is copied beside its place first. */
async function moveIntoPlace(image: string, output: string): Promise<void> {
  await whole(output, (temporary) => copyFile(image, temporary));
}

async function whole(output: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const folder = path.dirname(output);
  await mkdir(folder, { recursive: true });
  // A private folder, because nobody can have put a link in it under the name that will be written.
  const beside = await mkdtemp(path.join(folder, '.ebpf-'));
  try {
    const temporary = path.join(beside, path.basename(output));
    await write(temporary);
    await rename(temporary, output);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}
