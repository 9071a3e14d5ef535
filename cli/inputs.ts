import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../core/input/error';
import { readObject } from '../core/object/read';
import type { BpfObject } from '../core/object/object';
import { isBpfSource } from '../tools/bpf_source';
import { compileBpf } from '../tools/clang';
import { CompileCommands, flagsOf } from '../tools/compile_commands';

/** Larger than any object that a loader takes; a bigger file is no BPF object. */
const LARGEST_FILE = 256 << 20;

/** Folders that hold no sources of the user's own. */
const SKIPPED_FOLDERS = new Set(['node_modules', '.git']);

/**
 * Files to look at, in order: a file as it was named; a folder's BPF C sources, and its `.o` files that no such source accounts for, at any depth.
 * @throws InputError `not-found` for a path that is not there
 */
export async function findInputs(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const given of paths) {
    const info = await stat(given).catch(() => undefined);
    if (!info) throw new InputError('not-found', `${given}: no such file or folder`);
    if (info.isDirectory()) found.push(...(await inFolder(given)));
    else found.push(given);
  }
  return [...new Set(found)];
}

async function inFolder(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  const sources = new Set<string>();
  for (const entry of entries) {
    if (
      entry.isFile() &&
      entry.name.endsWith('.c') &&
      isBpfSource(await readFile(path.join(folder, entry.name), 'utf8'))
    ) {
      sources.add(entry.name.slice(0, -'.c'.length));
    }
  }
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    const stem = entry.name.replace(/\.[co]$/, '');
    if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) found.push(...(await inFolder(file)));
    else if (entry.isFile() && entry.name.endsWith('.c') && sources.has(stem)) found.push(file);
    else if (entry.isFile() && entry.name.endsWith('.o') && !sources.has(stem)) found.push(file);
  }
  return found;
}

/**
 * The object of a file, see {@link loadBytes}.
 * @throws InputError also from {@link readObject}
 */
export async function loadObject(file: string, signal?: AbortSignal): Promise<BpfObject> {
  return readObject(await loadBytes(file, signal));
}

/**
 * The bytes of the object of a file: read, or compiled first when it is C source.
 * @throws InputError `no-clang`, `compile-failed`, `compile-timeout`, `file-too-large`, `unreadable`
 */
export async function loadBytes(file: string, signal?: AbortSignal): Promise<Uint8Array> {
  return /\.c$/i.test(file) ? compileInput(file, signal) : readInput(file);
}

/** @throws InputError `file-too-large`, `unreadable` */
export async function readInput(file: string): Promise<Uint8Array> {
  const info = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (info instanceof Error) throw new InputError('unreadable', `cannot read ${file}: ${info.code ?? info.message}`);
  if (!info.isFile()) throw new InputError('unreadable', `${file} is no regular file`);
  if (info.size > LARGEST_FILE)
    throw new InputError('file-too-large', `${file} has ${info.size} bytes, no BPF object is that large`);
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    throw new InputError(
      'unreadable',
      `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const databases = new CompileCommands();

/** Compiles with the flags of the nearest compile_commands.json that names the file. */
async function compileInput(file: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const source = path.resolve(file);
  const command = await databases.find(source, path.parse(source).root);
  const result = await compileBpf({
    source,
    ...(command ? { flags: flagsOf(command).flags, cwd: command.directory } : {}),
    ...(signal ? { signal } : {}),
  });
  if (result.object) return result.object;
  if (result.outcome === 'missing')
    throw new InputError('no-clang', `C source needs a clang with a BPF target. ${result.remedy ?? ''}`.trim());
  if (result.outcome === 'timeout')
    throw new InputError('compile-timeout', `clang did not finish in time: ${result.command}`);
  const first = result.diagnostics.find((diagnostic) => diagnostic.severity === 'error');
  if (!first) throw new InputError('compile-failed', `clang did not compile it (${result.outcome}): ${result.command}`);
  throw new InputError('compile-failed', `${first.path}:${first.line}:${first.column}: ${first.message}`);
}
