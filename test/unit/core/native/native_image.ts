import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import assert from 'node:assert/strict';
import { emptyCode, type Code } from '../../../../core/isa/code';
import { LineTable, type LineRecord } from '../../../../core/object/line_table';
import type { BpfObject, LinkedFunction, Program } from '../../../../core/object/object';
import { NATIVE_HEADER } from '../../../../core/native/header';
import { generateC, type GenerateOptions } from '../../../../core/native/generate';
import { buildImage, findCompiler, type NativeCompiler } from '../../../../tools/compiler';
import { runProcess } from '../../../../tools/process';

/** Root of the repository, from out/test/unit/core/native. */
export const ROOT = path.resolve(__dirname, '../../../../..');

export type Slot = readonly [opcode: number, dst: number, src: number, offset: number, imm: number];

export function codeOf(slots: readonly Slot[]): Code {
  const code = emptyCode(slots.length);
  slots.forEach(([opcode, dst, src, offset, imm], index) => {
    code.opcode[index] = opcode;
    code.dst[index] = dst;
    code.src[index] = src;
    code.offset[index] = offset;
    code.imm[index] = imm;
  });
  return code;
}

export interface ProgramParts {
  readonly name?: string;
  readonly section?: string;
  readonly functions?: readonly LinkedFunction[];
  readonly records?: readonly LineRecord[];
}

let nextSectionSlot = 0;

/** A linked program; a single function unless told. Each lies at a section slot of its own. */
export function programOf(slots: readonly Slot[], parts: ProgramParts = {}): Program {
  const { name = 'program', section = 'xdp', records = [] } = parts;
  const functions = parts.functions ?? [
    { name, section, sectionSlot: nextSectionSlot, start: 0, length: slots.length, btfId: 0, global: true },
  ];
  nextSectionSlot += slots.length;
  const starts = functions.map((linked) => linked.start);
  return { name, section, code: codeOf(slots), functions, lines: new LineTable(records, starts) };
}

export function objectOf(programs: readonly Program[], parts: Partial<BpfObject> = {}): BpfObject {
  return {
    littleEndian: true,
    license: 'GPL',
    builtForWindows: false,
    programs,
    maps: [],
    externs: [],
    btf: undefined,
    ...parts,
  };
}

export function generate(object: BpfObject, options: Partial<GenerateOptions> = {}): string {
  return generateC(object, { name: 'module', objectPath: 'module.o', outputPath: 'module.c', ...options }).text;
}

/** Why native code cannot be tried on this machine; undefined when it can. */
export async function cannotRun(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the test host needs Linux on x86-64';
  const search = await findCompiler('so');
  return search.kind === 'missing' ? `no C compiler: ${search.remedy}` : undefined;
}

/** A folder of the test's own, with compiled images and the program that hosts them. */
export class Workshop {
  private host: string | undefined;

  private constructor(readonly folder: string) {}

  static async open(): Promise<Workshop> {
    return new Workshop(await mkdtemp(path.join(os.tmpdir(), 'ebpf-native-test-')));
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Compiles generated C to a shared object in the folder; fails the test with the compiler's words. */
  async build(text: string, name = 'module'): Promise<string> {
    const compiler = await someCompiler();
    const output = path.join(this.folder, `${name}.so`);
    const result = await buildImage({ text, fileName: `${name}.c`, image: 'so', output, compiler });
    assert.equal(result.outcome, 'built', result.log);
    return output;
  }

  /** Gives the host commands (see test/fixtures/native/host.c), one a line; its answers, one a line. */
  async run(image: string, commands: readonly string[]): Promise<string[]> {
    this.host ??= await this.buildHost();
    const result = await runProcess(this.host, [image], { stdin: commands.join('\n') + '\n', timeout: 20_000 });
    assert.equal(result.code, 0, `${result.outcome}: ${result.stderr}`);
    return result.stdout.toString('utf8').trimEnd().split('\n');
  }

  private async buildHost(): Promise<string> {
    const compiler = await someCompiler();
    await writeFile(path.join(this.folder, 'ebpf_native.h'), NATIVE_HEADER);
    const source = path.join(ROOT, 'test/fixtures/native/host.c');
    const host = path.join(this.folder, 'host');
    const words = ['-O1', '-Wall', '-Wextra', '-Werror', `-I${this.folder}`, source, '-o', host, '-ldl'];
    const result = await runProcess(compiler.path, words);
    assert.equal(result.code, 0, result.stderr);
    return host;
  }
}

async function someCompiler(): Promise<NativeCompiler> {
  const search = await findCompiler('so');
  if (search.kind === 'missing') throw new Error(search.remedy);
  return search.compiler;
}
