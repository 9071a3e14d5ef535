import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../core/input/error';
import { takeFlags, targetsBpf, type TakenFlags } from './clang_flags';
import { splitPosix, splitWindows } from './command_line';

/** One usable entry of a compilation database (https://clang.llvm.org/docs/JSONCompilationDatabase.html). Paths are absolute. */
export interface CompileCommand {
  readonly directory: string;
  readonly file: string;
  /** The compiler as written. */
  readonly compiler: string;
  /** Its arguments, split, unfiltered: see {@link flagsOf}. */
  readonly arguments: readonly string[];
}

/** Bytes of `compile_commands.json` that are read; the Linux kernel's has about 10 MB. */
export const largestDatabase = 64 << 20;

/**
 * Reads the text of a compilation database. Entries of a wrong shape are skipped: one bad entry should not hide the others.
 *
 * @param base absolute folder of the file; relative `directory` values start there
 * @throws InputError `compile-commands-not-json`, `compile-commands-not-array`
 */
export function parseCompileCommands(
  text: string,
  base: string,
  windows = process.platform === 'win32',
): CompileCommand[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError('compile-commands-not-json', `compile_commands.json is not JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(json)) {
    throw new InputError('compile-commands-not-array', 'compile_commands.json must hold an array of entries');
  }
  const entries: CompileCommand[] = [];
  for (const item of json as unknown[]) {
    const entry = readEntry(item, base, windows);
    if (entry) entries.push(entry);
  }
  return entries;
}

function readEntry(item: unknown, base: string, windows: boolean): CompileCommand | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { directory, file, command, arguments: words } = item as Record<string, unknown>;
  if (typeof file !== 'string' || file === '' || (directory !== undefined && typeof directory !== 'string'))
    return undefined;
  let split: readonly string[];
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) split = words;
  else if (typeof command === 'string') split = windows ? splitWindows(command) : splitPosix(command);
  else return undefined;
  const [compiler, ...rest] = split;
  if (compiler === undefined || [file, directory ?? '', ...split].some((text) => text.includes('\0'))) return undefined;
  const folder = path.resolve(base, directory ?? '.');
  return { directory: folder, file: path.resolve(folder, file), compiler, arguments: rest };
}

/** The entry of an absolute path; where a file is compiled more than once, the one that builds for BPF. */
export function findCommand(entries: readonly CompileCommand[], file: string): CompileCommand | undefined {
  const own = entries.filter((entry) => samePath(entry.file, file));
  return own.find((entry) => buildsBpf(entry)) ?? own[0];
}

export function buildsBpf(entry: CompileCommand): boolean {
  return targetsBpf(entry.compiler, entry.arguments);
}

/**
 * The flags to compile the entry's file with. A command for another machine (a BPF source listed among host sources) gives macros and
 * include paths only. See `clang_flags.ts` for what is dropped and why.
 */
export function flagsOf(entry: CompileCommand): TakenFlags {
  const isSource = (word: string): boolean =>
    !word.startsWith('-') && !word.startsWith('@') && samePath(path.resolve(entry.directory, word), entry.file);
  return takeFlags(entry.arguments, isSource, buildsBpf(entry) ? 'all' : 'preprocessor');
}

function samePath(a: string, b: string): boolean {
  return process.platform === 'linux' ? a === b : a.toLowerCase() === b.toLowerCase();
}

/** Finds and reads compilation databases, each once until it changes on disk. */
export class CompileCommands {
  private readonly read = new Map<string, { readonly stamp: string; readonly entries: readonly CompileCommand[] }>();

  /**
   * The entry of `file`, from the nearest `compile_commands.json` that has one: in the file's folder or a `build` folder beside it, then
   * upwards, never above `root`.
   *
   * @throws InputError as {@link parseCompileCommands}, and `compile-commands-too-large`
   */
  async find(file: string, root: string): Promise<CompileCommand | undefined> {
    for (const folder of foldersUpTo(path.dirname(file), root)) {
      for (const candidate of [folder, path.join(folder, 'build')]) {
        const entries = await this.load(path.join(candidate, 'compile_commands.json'));
        const entry = entries && findCommand(entries, file);
        if (entry) return entry;
      }
    }
    return undefined;
  }

  private async load(database: string): Promise<readonly CompileCommand[] | undefined> {
    let info;
    try {
      info = await stat(database);
    } catch {
      return undefined;
    }
    if (!info.isFile()) return undefined;
    if (info.size > largestDatabase) {
      throw new InputError(
        'compile-commands-too-large',
        `${database} has ${info.size} bytes; at most ${largestDatabase} are read`,
      );
    }
    const stamp = `${info.mtimeMs}:${info.size}:${info.ino}`;
    const known = this.read.get(database);
    if (known?.stamp === stamp) return known.entries;
    const entries = parseCompileCommands(await readFile(database, 'utf8'), path.dirname(database));
    this.read.set(database, { stamp, entries });
    return entries;
  }
}

/** `folder`, its parent, and so on, ending with `root`; only `folder` itself when it does not lie inside `root`. */
function foldersUpTo(folder: string, root: string): string[] {
  const inside = path.relative(root, folder);
  if (inside.startsWith('..') || path.isAbsolute(inside)) return [folder];
  const folders = [folder];
  const depth = inside === '' ? 0 : inside.split(path.sep).length;
  for (let i = 0; i < depth; i++) folders.push(path.dirname(folders.at(-1)!));
  return folders;
}
