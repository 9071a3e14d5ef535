import { createHash } from 'node:crypto';
import path from 'node:path';
import { DiagnosticSeverity } from 'vscode-languageserver';
import { URI } from 'vscode-uri';
import type { ElfSection } from '../core/elf/elf';
import { readElf } from '../core/elf/read';
import { InputError } from '../core/input/error';
import { checkUserFlags } from '../tools/clang_flags';
import { clangRemedy, compileBpf, findClang, type Clang, type ClangSearch, type CompileResult } from '../tools/clang';
import { flagsOf, type CompileCommands } from '../tools/compile_commands';
import { compilerDiagnostics, fileDiagnostic, join, verifierDiagnostics } from './diagnostics';
import type { Pool, PoolResult } from './pool';
import type { FileStatus } from './protocol';
import type { ByDocument } from './publisher';
import type { Settings } from './settings';
import { Unit } from './unit';
import type { Verification } from './verification';

/** What a run works with; made once, shared by all runs. */
export interface Workshop {
  readonly pool: Pool;
  readonly commands: CompileCommands;
  readonly verified: VerifiedObjects;
  readonly log: (line: string) => void;
  readonly openText: (uri: string) => string | undefined;
  readonly findingsDocument: string | undefined;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface RunRequest {
  readonly uri: string;
  /** Absolute path of the workspace folder that holds the file, or the file's own folder. */
  readonly root: string;
  readonly settings: Settings;
  readonly signal: AbortSignal;
  readonly onStatus: (status: FileStatus) => void;
}

export interface RunResult {
  readonly status: FileStatus;
  readonly documents: ByDocument;
  /** Absolute paths of headers whose change makes the result stale. */
  readonly headers: readonly string[];
  /** What clang wrote, also when it was refused or cannot be verified. */
  readonly object?: Uint8Array;
}

const nothing: ByDocument = new Map();

/** Compiles a C file and verifies what comes out. Undefined when the signal stopped it. Never rejects for what the file contains. */
export async function verifyFile(shop: Workshop, request: RunRequest): Promise<RunResult | undefined> {
  const { uri, root, settings, signal, onStatus } = request;
  const source = URI.parse(uri).fsPath;
  const name = path.basename(source);
  const here = new Unit(uri, path.dirname(source), shop.openText);

  onStatus({ state: 'compiling' });
  const search = await findClang(withFolder(settings.clangPath, root), signal);
  if (signal.aborted) return undefined;
  if (search.kind === 'missing') {
    shop.log(`${name}: no clang with a BPF target. ${rejections(search)}`);
    return noClang(here, search.remedy, rejections(search));
  }
  const flags = await chooseFlags(shop, here, request);
  if (signal.aborted) return undefined;
  if (flags.refused) {
    return { status: { state: 'failed', message: flags.refused.message }, documents: flags.documents, headers: [] };
  }
  const start = shop.now();
  const compiled = await compileBpf({ source, clang: search.clang, flags: flags.flags, cwd: flags.cwd, signal });
  if (signal.aborted || compiled.outcome === 'cancelled') return undefined;
  shop.log(`${name}: ${compiled.command}`);
  shop.log(`${name}: clang ${compiled.outcome} in ${elapsed(shop, start)}${sizeOf(compiled)}`);

  const unit = new Unit(uri, flags.cwd, shop.openText);
  const said = join(flags.documents, compilerDiagnostics(unit, compiled.diagnostics));
  if (!compiled.object) return failed(unit, compiled, search.clang, said);

  const { headers, object } = compiled;
  const answer = await verifyObject(shop, request, object);
  switch (answer.kind) {
    case 'cancelled':
      return undefined;
    case 'verified': {
      const { verification } = answer;
      logVerification(shop, name, verification);
      const documents = join(said, verifierDiagnostics(unit, verification, shop.findingsDocument));
      return { status: statusOf(verification), documents, headers, object };
    }
    case 'unreadable': {
      const message = `The object cannot be verified: ${answer.message}.`;
      return { ...failure(shop, unit, said, headers, answer.code, message), object };
    }
    case 'crashed':
      shop.log(`${name}: the verifier failed: ${answer.message}`);
      return {
        ...failure(
          shop,
          unit,
          said,
          headers,
          'verifier-failed',
          `The verifier failed on this file, so nothing is known about it: ${answer.message.split('\n')[0]}. The log has the details.`,
        ),
        object,
      };
  }
}

interface ChosenFlags {
  readonly flags: readonly string[];
  readonly cwd: string;
  /** A warning about a compilation database that cannot be read. */
  readonly documents: ByDocument;
  /** The settings ask for what cannot be. */
  readonly refused?: InputError;
}

/** The build's own flags from compile_commands.json, then the user's. */
async function chooseFlags(shop: Workshop, unit: Unit, { root, settings }: RunRequest): Promise<ChosenFlags> {
  const name = path.basename(unit.file);
  let cwd = path.dirname(unit.file);
  let fromBuild: readonly string[] = [];
  let documents = nothing;
  const own = settings.clangFlags.map((flag) => withFolder(flag, root));
  try {
    checkUserFlags(own);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return {
      flags: [],
      cwd,
      documents: fileDiagnostic(unit, error.code, `ebpf.clang.flags: ${error.message}.`, DiagnosticSeverity.Error),
      refused: error,
    };
  }
  try {
    const entry = await shop.commands.find(unit.file, root);
    if (entry) {
      const taken = flagsOf(entry);
      fromBuild = taken.flags;
      cwd = entry.directory;
      if (taken.dropped.length > 0)
        shop.log(`${name}: not taken from compile_commands.json: ${taken.dropped.join(' ')}`);
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    documents = fileDiagnostic(
      unit,
      error.code,
      `${error.message}. The file is compiled with ebpf.clang.flags alone.`,
      DiagnosticSeverity.Warning,
    );
  }
  return { flags: [...fromBuild, ...own], cwd, documents };
}

/** Settings may name the folder that they are for. */
function withFolder(text: string, root: string): string {
  return text.replaceAll('${workspaceFolder}', () => root);
}

async function verifyObject(shop: Workshop, request: RunRequest, object: Uint8Array): Promise<PoolResult> {
  const { settings, signal, onStatus } = request;
  const key = shop.verified.keyOf(object, settings.platform);
  const known = shop.verified.get(key);
  if (known) return { kind: 'verified', verification: known };
  const answer = await shop.pool.run({
    object,
    platform: settings.platform,
    signal,
    onProgress: (done, programs) => onStatus({ state: 'verifying', done, programs }),
  });
  if (answer.kind === 'verified') shop.verified.set(key, answer.verification);
  return answer;
}

/** Verdicts by the bytes of the object: saving a file without a change that reaches the object costs no analysis. */
export class VerifiedObjects {
  private readonly known = new Map<string, Verification>();

  constructor(private readonly limit = 64) {}

  /**
   * Leaves out DWARF, which the verifier does not read: clang puts a checksum of the source there, so that each change of a comment
   * would count.
   */
  keyOf(object: Uint8Array, platform: Settings['platform']): string {
    const hash = createHash('sha256');
    for (const part of partsThatMatter(object)) hash.update(`${part.length}:`).update(part);
    return `${platform}:${hash.digest('hex')}`;
  }

  get(key: string): Verification | undefined {
    const verification = this.known.get(key);
    if (verification) {
      // Most recently used last.
      this.known.delete(key);
      this.known.set(key, verification);
    }
    return verification;
  }

  set(key: string, verification: Verification): void {
    this.known.set(key, verification);
    const oldest = this.known.keys().next();
    if (this.known.size > this.limit && !oldest.done) this.known.delete(oldest.value);
  }
}

const SHF_ALLOC = 2;

function partsThatMatter(object: Uint8Array): (Uint8Array | string)[] {
  try {
    const { sections, machine, littleEndian } = readElf(object);
    // What is loaded matters whatever it is called: a program may live in a section with such a name.
    const isDebug = (section: ElfSection | undefined): boolean =>
      section !== undefined && section.name.startsWith('.debug_') && (section.flags & SHF_ALLOC) === 0;
    const kept = sections.filter(
      (section) => !isDebug(section) && !(section.name.startsWith('.rel') && isDebug(sections[section.info])),
    );
    const headers = kept.map((section) => ({ ...section, data: section.data.length }));
    return [JSON.stringify([machine, littleEndian, headers]), ...kept.map(({ data }) => data)];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [object];
  }
}

function statusOf({ reports, milliseconds }: Verification): FileStatus {
  const programs = reports.length;
  const refused = reports.filter((report) => report.verdict !== 'proved').length;
  return refused === 0
    ? { state: 'proved', programs, milliseconds }
    : { state: 'refused', refused, programs, milliseconds };
}

function noClang(unit: Unit, remedy: string, why: string): RunResult {
  const message = `No clang with a BPF target was found, so this program is not verified. ${why}\n${remedy}`;
  return {
    status: { state: 'no-clang', remedy },
    documents: fileDiagnostic(unit, 'no-clang', message.replace(' \n', '\n'), DiagnosticSeverity.Warning),
    headers: [],
  };
}

function failed(unit: Unit, compiled: CompileResult, clang: Clang, said: ByDocument): RunResult {
  const { headers, diagnostics } = compiled;
  switch (compiled.outcome) {
    case 'missing':
      return noClang(unit, compiled.remedy ?? clangRemedy(), '');
    case 'timeout': {
      const message = `${clang.path} did not finish within a minute and was stopped.`;
      const late = fileDiagnostic(unit, 'clang-timeout', message, DiagnosticSeverity.Error);
      return { status: { state: 'failed', message }, documents: join(said, late), headers };
    }
    default: {
      const errors = diagnostics.filter((one) => one.severity === 'error').length;
      return { status: { state: 'compile-error', errors }, documents: said, headers };
    }
  }
}

function failure(
  shop: Workshop,
  unit: Unit,
  said: ByDocument,
  headers: readonly string[],
  code: string,
  message: string,
): RunResult {
  shop.log(`${path.basename(unit.file)}: ${message}`);
  const documents = join(said, fileDiagnostic(unit, code, message, DiagnosticSeverity.Error));
  return { status: { state: 'failed', message }, documents, headers };
}

function rejections(search: ClangSearch & { kind: 'missing' }): string {
  return search.rejected.map(({ path: program, reason }) => `${program} ${reason}.`).join(' ');
}

function logVerification(shop: Workshop, name: string, verification: Verification): void {
  for (const report of verification.reports) {
    const count = report.findings.length;
    shop.log(
      `${name}: ${report.section}: ${report.function} (${verification.platform} ${report.type}, ${report.instructions} slots): ` +
        `${report.verdict}${count === 0 ? '' : `, ${count} finding${count === 1 ? '' : 's'}`}`,
    );
  }
  shop.log(`${name}: verified ${verification.reports.length} programs in ${verification.milliseconds} ms`);
}

function elapsed(shop: Workshop, start: number): string {
  return `${Math.round(shop.now() - start)} ms`;
}

function sizeOf(compiled: CompileResult): string {
  return compiled.object ? `, ${compiled.object.length} bytes` : '';
}
