import { constants, readFileSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { quoteForLog, splitPosix } from './command_line';
import { parseDiagnostics, type CompilerDiagnostic } from './diagnostic';
import { runProcess } from './process';

/** A clang that can build for BPF. */
export interface Clang {
  /** Absolute path. */
  readonly path: string;
  /** First line of `--version`. */
  readonly version: string;
}

export interface ClangRejected {
  readonly path: string;
  readonly reason: string;
}

export type ClangSearch =
  | { readonly kind: 'found'; readonly clang: Clang }
  | { readonly kind: 'missing'; readonly rejected: readonly ClangRejected[]; readonly remedy: string };

/** How to get a clang with a BPF target, for the machine at hand. */
export function clangRemedy(platform: NodeJS.Platform = process.platform): string {
  switch (platform) {
    case 'win32':
      return 'Install LLVM from llvm.org with `winget install LLVM.LLVM` (the clang of Visual Studio has no BPF target), or set `ebpf.clang.path`.';
    case 'darwin':
      return "Install LLVM with `brew install llvm` (Apple's clang has no BPF target), or set `ebpf.clang.path`.";
    default:
      return 'Install clang, for example with `sudo apt-get install clang` or `sudo dnf install clang`, or set `ebpf.clang.path`.';
  }
}

const found = new Map<string, Clang>();

/**
 * Finds a clang that has a BPF target: `chosen` alone when given (a path, or a name on PATH; the environment variable EBPF_CLANG
 * stands in for it), else `clang` on PATH, then `clang-NN` on PATH newest first, then the usual places of Homebrew and of LLVM's Windows installer. What was found is remembered.
 */
export async function findClang(chosen = '', signal?: AbortSignal): Promise<ClangSearch> {
  const explicit = chosen === '' ? (process.env['EBPF_CLANG'] ?? '') : chosen;
  const key = `${explicit}\0${process.env['PATH'] ?? ''}`;
  const known = found.get(key);
  if (known && (await isExecutable(known.path))) return { kind: 'found', clang: known };
  found.delete(key);
  const rejected: ClangRejected[] = [];
  const candidates = explicit === '' ? await usualPlaces() : await resolveExplicit(explicit);
  if (explicit !== '' && candidates.length === 0) rejected.push({ path: explicit, reason: 'is not there' });
  for (const candidate of candidates) {
    const probe = await probeClang(candidate, signal);
    if (typeof probe === 'string') rejected.push({ path: candidate, reason: probe });
    else {
      found.set(key, probe);
      return { kind: 'found', clang: probe };
    }
  }
  return { kind: 'missing', rejected, remedy: clangRemedy() };
}

async function probeClang(program: string, signal: AbortSignal | undefined): Promise<Clang | string> {
  const options = { timeout: 20_000, maxOutput: 1 << 16, ...(signal && { signal }) };
  const targets = await runProcess(program, ['--print-targets'], options);
  if (targets.outcome !== 'exited')
    return targets.outcome === 'missing' ? 'cannot be started' : `did not answer (${targets.outcome})`;
  if (!/^\s*bpf(el)?\s/m.test(targets.stdout.toString('utf8'))) return 'has no BPF target';
  const version = await runProcess(program, ['--version'], options);
  return { path: program, version: version.stdout.toString('utf8').split(/\r?\n/)[0] ?? '' };
}

export async function resolveExplicit(explicit: string): Promise<string[]> {
  const expanded = explicit.startsWith('~/') ? path.join(os.homedir(), explicit.slice(2)) : explicit;
  if (/[\\/]/.test(expanded)) return path.isAbsolute(expanded) && (await isExecutable(expanded)) ? [expanded] : [];
  return onPath(
    (name) =>
      name === expanded || (process.platform === 'win32' && name.toLowerCase() === `${expanded.toLowerCase()}.exe`),
  );
}

async function usualPlaces(): Promise<string[]> {
  const exe = process.platform === 'win32' ? '.exe' : '';
  const plain = await onPath((name) => name === `clang${exe}`);
  const numbered = await onPath((name) => versionOf(name) > 0);
  numbered.sort((a, b) => versionOf(path.basename(b)) - versionOf(path.basename(a)));
  const fixed: string[] = [];
  if (process.platform === 'darwin') {
    for (const prefix of ['/opt/homebrew/opt', '/usr/local/opt']) {
      const kegs = (await namesIn(prefix)).filter((name) => /^llvm(@\d+)?$/.test(name)).sort();
      // `llvm` (the newest) sorts before `llvm@NN`.
      fixed.push(...kegs.map((keg) => path.join(prefix, keg, 'bin', 'clang')));
    }
  } else if (process.platform === 'win32') {
    for (const root of [process.env['ProgramFiles'], process.env['ProgramW6432'], 'C:\\Program Files']) {
      if (root) fixed.push(path.join(root, 'LLVM', 'bin', 'clang.exe'));
    }
  } else {
    const versions = (await namesIn('/usr/lib')).filter((name) => /^llvm-\d+$/.test(name));
    versions.sort((a, b) => Number(b.slice(5)) - Number(a.slice(5)));
    fixed.push(...versions.map((name) => path.join('/usr/lib', name, 'bin', 'clang')));
  }
  const present: string[] = [];
  for (const program of fixed) if (await isExecutable(program)) present.push(program);
  return [...new Set([...plain, ...numbered, ...present])];
}

function versionOf(name: string): number {
  const match = /^clang-(\d{1,3})(\.exe)?$/i.exec(name);
  return match ? Number(match[1]) : 0;
}

/** Executables on PATH with a matching name, in PATH order. Relative PATH entries are not searched: a workspace could plant a program there. */
export async function onPath(matches: (name: string) => boolean): Promise<string[]> {
  const programs: string[] = [];
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    for (const name of (await namesIn(folder)).filter(matches)) {
      const program = path.join(folder, name);
      if (await isExecutable(program)) programs.push(program);
    }
  }
  return programs;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

export async function isExecutable(program: string): Promise<boolean> {
  try {
    await access(program, process.platform === 'win32' ? constants.F_OK : constants.X_OK);
    return (await stat(program)).isFile();
  } catch {
    return false;
  }
}

export interface CompileRequest {
  /** Absolute path of the C source. */
  readonly source: string;
  /** A clang from {@link findClang}; found by default rules when left out. */
  readonly clang?: Clang;
  /** Passed after our own, so that they win; the environment variable EBPF_CFLAGS adds more. */
  readonly flags?: readonly string[];
  /** Where relative include paths start; the source's folder unless told. */
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds; 60,000 unless told. */
  readonly timeout?: number;
}

export interface CompileResult {
  /** compiled: `object` is there. failed: `diagnostics` say why. missing: no clang, `remedy` says what to do. */
  readonly outcome: 'compiled' | 'failed' | 'missing' | 'timeout' | 'cancelled';
  readonly object?: Uint8Array;
  /** Errors and warnings; columns are UTF-16 units. Paths are absolute where clang knew one. */
  readonly diagnostics: readonly CompilerDiagnostic[];
  /** Headers that the source included, absolute, without system headers; known only when compiled. */
  readonly headers: readonly string[];
  /** What ran, quoted for a log; empty when nothing did. */
  readonly command: string;
  readonly remedy?: string;
}

/** Compiles a BPF C source into an object in memory. The file that clang writes is private and always removed. Never rejects for what the source contains. */
export async function compileBpf(request: CompileRequest): Promise<CompileResult> {
  const { source, signal, timeout = 60_000 } = request;
  const flags = [...(request.flags ?? []), ...splitPosix(process.env['EBPF_CFLAGS'] ?? '')];
  let clang = request.clang;
  if (!clang) {
    const search = await findClang('', signal);
    if (search.kind === 'missing')
      return { outcome: 'missing', diagnostics: [], headers: [], command: '', remedy: search.remedy };
    clang = search.clang;
  }
  const cwd = request.cwd !== undefined && (await isFolder(request.cwd)) ? request.cwd : path.dirname(source);
  const system = await systemIncludes(clang, signal);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ebpf-'));
  try {
    const output = path.join(folder, 'program.o');
    const dependencies = path.join(folder, 'program.d');
    const words = [
      ...compileWords(flags, [...system, await missingHeaders(folder)]),
      '-MMD',
      '-MF',
      dependencies,
      '-c',
      source,
      '-o',
      output,
    ];
    const command = quoteForLog([clang.path, ...words]);
    const run = await runProcess(clang.path, words, { cwd, timeout, maxOutput: 4 << 20, ...(signal && { signal }) });
    const diagnostics = parseDiagnostics(run.stderr, { sourceLine: lineReader() });
    if (run.outcome === 'missing') {
      return {
        outcome: 'missing',
        diagnostics: [],
        headers: [],
        command,
        remedy: `${clang.path} could not be started. ${clangRemedy()}`,
      };
    }
    if (run.outcome !== 'exited') return { outcome: run.outcome, diagnostics, headers: [], command };
    const absolute = (file: string): string => path.resolve(cwd, file);
    if (run.code !== 0) {
      const reasons = withReason(diagnostics, run.stderr);
      // A failed run writes no dependencies; a header with an error in it is the one that matters.
      const named = new Set(
        reasons
          .map((one) => one.path)
          .filter((file) => file !== '')
          .map(absolute),
      );
      named.delete(source);
      return { outcome: 'failed', diagnostics: reasons, headers: [...named], command };
    }
    const headers = parseDependencies(await readFile(dependencies, 'utf8')).map(absolute);
    const object = new Uint8Array(await readFile(output));
    return { outcome: 'compiled', object, diagnostics, headers: headers.filter((file) => file !== source), command };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A last include folder for what distributions split off: without `__x86_64__`, which a BPF target does not define, glibc's headers ask for
 * `gnu/stubs-32.h` of the 32-bit packages. That header only lists C functions that are missing there, so an empty one does for BPF.
 */
async function missingHeaders(folder: string): Promise<string> {
  const include = path.join(folder, 'include');
  await mkdir(path.join(include, 'gnu'), { recursive: true });
  await writeFile(path.join(include, 'gnu', 'stubs-32.h'), '');
  return include;
}

/** Arguments before the source: debug information for lines and BTF, optimisation (BPF code is meant to be optimised), then what was asked for. */
function compileWords(flags: readonly string[], system: readonly string[]): string[] {
  const architecture = flags.some((flag) => flag.startsWith('-D__TARGET_ARCH_')) ? [] : targetArchitecture();
  return [
    ...['-g', '-O2', '-target', 'bpf'],
    ...architecture,
    ...flags,
    // A BPF target has no system headers of its own; those of the host come last, so that vmlinux.h and the project's win.
    ...system.flatMap((include) => ['-idirafter', include]),
    ...[
      '-fno-color-diagnostics',
      '-fno-caret-diagnostics',
      '-fdiagnostics-print-source-range-info',
      '-fdiagnostics-absolute-paths',
    ],
  ];
}

/** libbpf's bpf_tracing.h reads registers by this macro. */
function targetArchitecture(): string[] {
  const names: Partial<Record<string, string>> = {
    x64: 'x86',
    arm64: 'arm64',
    s390x: 's390',
    ppc64: 'powerpc',
    riscv64: 'riscv',
    loong64: 'loongarch',
  };
  const name = names[process.arch];
  return name === undefined ? [] : [`-D__TARGET_ARCH_${name}`];
}

const includesOf = new Map<string, readonly string[]>();

/** System include folders of the host target, asked of clang itself once per program. */
async function systemIncludes(clang: Clang, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const known = includesOf.get(clang.path);
  if (known) return known;
  const run = await runProcess(clang.path, ['-v', '-E', '-x', 'c', '-'], {
    stdin: '',
    timeout: 20_000,
    maxOutput: 1 << 20,
    ...(signal && { signal }),
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (run.outcome !== 'exited') return [];
  const includes = parseIncludeFolders(run.stderr);
  includesOf.set(clang.path, includes);
  return includes;
}

/** Reads the list between `#include <...> search starts here:` and `End of search list.` of `clang -v`. */
export function parseIncludeFolders(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => line.startsWith('#include <...>'));
  const end = lines.findIndex((line, index) => index > start && line.startsWith('End of search list'));
  if (start < 0 || end < 0) return [];
  return lines
    .slice(start + 1, end)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.endsWith('(framework directory)'));
}

/** Reads the prerequisites of the one rule that `-MMD` writes: blanks separate, a backslash escapes a blank or joins lines, `$$` is `$`. */
export function parseDependencies(text: string): string[] {
  const start = text.search(/:[ \t]/);
  if (start < 0) return [];
  const names = text
    .slice(start + 1)
    .replace(/\\\r?\n/g, ' ')
    .match(/(?:\\[ #]|\$\$|[^\s])+/g);
  return (names ?? []).map((name) => name.replace(/\\([ #])/g, '$1').replaceAll('$$', '$'));
}

/** A failure without a parsed error still says something: the last line that clang printed. */
function withReason(diagnostics: readonly CompilerDiagnostic[], stderr: string): readonly CompilerDiagnostic[] {
  if (diagnostics.some((one) => one.severity === 'error')) return diagnostics;
  const last = stderr.trim().split('\n').at(-1)?.trim() ?? '';
  const message = last === '' ? 'clang failed without saying why' : last;
  return [...diagnostics, { path: '', line: 0, column: 0, severity: 'error', message, notes: [] }];
}

/** Reads source lines for column conversion; each file once, none larger than a source file is. */
function lineReader(): (file: string, line: number) => string | undefined {
  const files = new Map<string, readonly string[]>();
  return (file, line) => {
    let lines = files.get(file);
    if (!lines) {
      try {
        const text = readFileSync(file);
        lines = text.length > 16 << 20 ? [] : text.toString('utf8').split('\n');
      } catch {
        lines = [];
      }
      files.set(file, lines);
    }
    return lines[line - 1];
  };
}

async function isFolder(folder: string): Promise<boolean> {
  try {
    return (await stat(folder)).isDirectory();
  } catch {
    return false;
  }
}
