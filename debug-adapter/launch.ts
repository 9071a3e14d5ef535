import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Emulator, type RunInput } from '../core/emulator/emulator';
import { contextFromJson, packetFromHex } from '../core/emulator/text_input';
import { InputError } from '../core/input/error';
import type { BpfObject, Program } from '../core/object/object';
import { readObject } from '../core/object/read';
import { platformOf } from '../core/platform/platforms';
import { compileBpf, findClang } from '../tools/clang';
import { CompileCommands, flagsOf } from '../tools/compile_commands';
import {
  badArgument, badInput, cannotCompile, cannotRead, chooseProgram, noClang, noPrograms, noSuchProgram,
} from './errors'; // prettier-ignore
import type { LaunchArguments } from './protocol';
import { SourceMap } from './source_map';

/** No BPF object is larger. */
const LARGEST_FILE = 256 << 20;

const databases = new CompileCommands();

/** A program that is ready to run, and where its code came from. */
export interface Launched {
  readonly emulator: Emulator;
  readonly sources: SourceMap;
}

/** Checks what a user may have written into launch.json. @throws RequestError */
export function checkArguments(given: unknown): LaunchArguments {
  const args = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>;
  const { program, platform, context } = args;
  if (typeof program !== 'string' || program === '')
    throw badArgument('program', 'the path of a BPF C source or object');
  for (const name of ['function', 'packet']) {
    if (args[name] !== undefined && typeof args[name] !== 'string') throw badArgument(name, 'a string');
  }
  if (args['stopOnEntry'] !== undefined && typeof args['stopOnEntry'] !== 'boolean')
    throw badArgument('stopOnEntry', 'true or false');
  if (platform !== undefined && platform !== 'auto' && platform !== 'linux' && platform !== 'windows')
    throw badArgument('platform', '"auto", "linux" or "windows"');
  if (context !== undefined && typeof context !== 'string' && (typeof context !== 'object' || context === null))
    throw badArgument('context', 'an object of context fields, or a string of hexadecimal bytes');
  return args as unknown as LaunchArguments;
}

/** Compiles what is source, reads the object and puts the program at its start. @throws RequestError */
export async function launch(args: LaunchArguments, signal: AbortSignal): Promise<Launched> {
  const file = path.resolve(args.program);
  const bytes = /\.c$/i.test(file) ? await compiled(file, signal) : await contents(file);
  try {
    const object = readObject(bytes);
    const program = chosen(object, file, args.function);
    const input: RunInput = {
      ...(args.packet === undefined ? {} : { packet: packetFromHex(args.packet) }),
      ...(args.context === undefined ? {} : { context: contextFromJson(args.context) }),
    };
    const emulator = new Emulator(object, program, platformOf(object, args.platform ?? 'auto'), input);
    return { emulator, sources: new SourceMap(object, file) };
  } catch (error) {
    if (error instanceof InputError) throw badInput(`${path.basename(file)}: ${error.message}`);
    throw error;
  }
}

function chosen(object: BpfObject, file: string, name: string | undefined): Program {
  const names = object.programs.map((program) => program.name);
  if (names.length === 0) throw noPrograms(path.basename(file));
  if (name === undefined || name === '') {
    if (names.length > 1) throw chooseProgram(names);
    return object.programs[0]!;
  }
  const found = object.programs.find((program) => program.name === name);
  if (!found) throw noSuchProgram(name, names);
  return found;
}

async function contents(file: string): Promise<Uint8Array> {
  try {
    const info = await stat(file);
    if (!info.isFile()) throw cannotRead(file, 'it is no file');
    if (info.size > LARGEST_FILE) throw cannotRead(file, `it has ${info.size} bytes, no BPF object is that large`);
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      throw cannotRead(file, error.code === 'ENOENT' ? 'there is no such file' : error.message);
    throw error;
  }
}

/** Compiles with the flags of the nearest compile_commands.json and of the settings, which come in the environment. */
async function compiled(file: string, signal: AbortSignal): Promise<Uint8Array> {
  await contents(file);
  const search = await findClang(process.env['EBPF_CLANG'] ?? '', signal);
  if (search.kind === 'missing') throw noClang(search.remedy);
  const command = await databases.find(file, path.parse(file).root).catch((error: unknown) => {
    if (error instanceof InputError) throw badInput(error.message);
    throw error;
  });
  const result = await compileBpf({
    source: file,
    clang: search.clang,
    signal,
    ...(command ? { flags: flagsOf(command).flags, cwd: command.directory } : {}),
  });
  if (result.object !== undefined) return result.object;
  if (result.outcome === 'missing') throw noClang(result.remedy ?? '');
  const first = result.diagnostics.find((diagnostic) => diagnostic.severity === 'error');
  if (first) throw cannotCompile(first.path === '' ? '' : `${first.path}:${first.line}`, first.message);
  throw cannotCompile(
    '',
    result.outcome === 'timeout' ? 'it did not finish in time' : `it ended with ${result.outcome}`,
  );
}
