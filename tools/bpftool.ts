import { mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { resolveExplicit } from './clang';
import { parseLoadLog, type KernelProgramLog } from './kernel_log';
import { runProcess, type ProcessResult } from './process';

/**
 * The real kernel, through bpftool: programs are loaded and run on given bytes, never attached. What is pinned lies in a bpf file system of
 * its own in a temporary directory, which goes when the session is closed.
 */
export type KernelSearch =
  { readonly kind: 'permitted'; readonly bpftool: string } | { readonly kind: 'refused'; readonly reason: string };

const USUAL_PLACES = ['bpftool', '/usr/sbin/bpftool', '/sbin/bpftool', '/usr/local/sbin/bpftool'];

/** Whether this process may load programs, and with which bpftool; else why not, in words for a person. Starts processes, loads nothing. */
export async function findKernel(signal?: AbortSignal): Promise<KernelSearch> {
  const refused = (reason: string): KernelSearch => ({ kind: 'refused', reason });
  if (process.platform !== 'linux') return refused(`the kernel of ${process.platform} has no bpf() system call`);
  if (process.getuid?.() !== 0) return refused('loading programs needs root');
  for (const place of USUAL_PLACES) {
    const [bpftool] = await resolveExplicit(place);
    if (bpftool === undefined) continue;
    const answer = await runProcess(bpftool, ['prog', 'list'], options(signal));
    if (answer.outcome === 'exited' && answer.code === 0) return { kind: 'permitted', bpftool };
    return refused(`bpf() is not permitted here: ${lastLine(answer) || answer.outcome}`);
  }
  return refused('bpftool is not installed');
}

export interface LoadResult {
  /** Every program of the object was accepted and is pinned. */
  readonly accepted: boolean;
  /** All that bpftool printed. */
  readonly log: string;
  /** In the order of loading; libbpf stops at the first program that is refused. */
  readonly programs: readonly KernelProgramLog[];
  /** When nothing was loaded and no program is to blame: the file, its maps, its relocations. */
  readonly error?: string;
  /** Where the programs are pinned; ask {@link KernelSession.pinned} for the path of one. */
  readonly directory: string;
}

export interface RunInput {
  /** Packet bytes. */
  readonly data?: Uint8Array;
  /** The context as user space sees it (`struct xdp_md`, `struct __sk_buff`); the kernel's own default unless given. */
  readonly context?: Uint8Array;
}

export interface RunResult {
  /** r0 as the kernel reports it: 32 bits, unsigned. */
  readonly returned: number;
  /** The packet afterwards; empty when the program type takes none. */
  readonly data: Uint8Array;
}

/** One element of a map: one value, or one for each possible CPU. */
export interface KernelMapEntry {
  readonly key: Uint8Array;
  readonly values: readonly Uint8Array[];
}

/** A failure of bpftool that is not the verifier's answer; `message` is one line. */
export class BpftoolError extends Error {
  override readonly name = 'BpftoolError';
}

/** A bpf file system and what is loaded into it. Close it, whatever happens. */
export class KernelSession {
  private loads = 0;
  private runs = 0;

  private constructor(
    private readonly bpftool: string,
    private readonly directory: string,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * Mounts the file system.
   * @throws BpftoolError when it cannot be mounted.
   */
  static async open(bpftool: string, signal?: AbortSignal): Promise<KernelSession> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'ebpf-kernel-'));
    const mounted = await runProcess('mount', ['-t', 'bpf', 'ebpf', directory], options(signal));
    if (mounted.outcome !== 'exited' || mounted.code !== 0) {
      await rmdir(directory);
      throw new BpftoolError(`no bpf file system could be mounted: ${lastLine(mounted) || mounted.outcome}`);
    }
    return new KernelSession(bpftool, directory, signal);
  }

  /** Runs `work` with a session of its own and closes it. */
  static async with<T>(
    bpftool: string,
    work: (session: KernelSession) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const session = await KernelSession.open(bpftool, signal);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  /** Loads all programs of an object; `type` is for sections that libbpf does not know. The answer is the verifier's, never thrown. */
  async load(file: string, type?: string): Promise<LoadResult> {
    const directory = path.join(this.directory, `o${this.loads++}`);
    const args = ['-d', 'prog', 'loadall', file, directory, ...(type === undefined ? [] : ['type', type])];
    // The directory of the maps lies beside that of the programs, so that names cannot meet.
    args.push('pinmaps', `${directory}-maps`);
    const answer = await runProcess(this.bpftool, args, options(this.signal));
    const log = `${answer.stdout.toString('utf8')}${answer.stderr}`;
    const programs = parseLoadLog(log);
    const accepted = answer.outcome === 'exited' && answer.code === 0;
    const blamed = programs.some((program) => !program.accepted);
    const error = accepted || blamed ? undefined : errorOf(answer);
    return { accepted, log, programs, directory, ...(error !== undefined && { error }) };
  }

  /** The path under which a program of a loaded object is pinned. */
  pinned(load: LoadResult, program: string): string {
    return path.join(load.directory, program);
  }

  /**
   * Runs a pinned program once on `input` (BPF_PROG_TEST_RUN).
   * @throws BpftoolError when the kernel does not run it: too short a packet, a program type without test runs.
   */
  async run(pinned: string, input: RunInput): Promise<RunResult> {
    const scratch = await mkdtemp(path.join(os.tmpdir(), 'ebpf-run-'));
    try {
      const out = path.join(scratch, `data-${this.runs++}`);
      const args = ['-j', 'prog', 'run', 'pinned', pinned];
      if (input.data) {
        const file = path.join(scratch, 'in');
        await writeFile(file, input.data);
        args.push('data_in', file, 'data_out', out);
      }
      if (input.context) {
        const file = path.join(scratch, 'context');
        await writeFile(file, input.context);
        args.push('ctx_in', file);
      }
      const answer = await runProcess(this.bpftool, args, options(this.signal));
      const returned = answer.code === 0 ? returnedOf(answer.stdout.toString('utf8')) : undefined;
      if (returned === undefined) throw new BpftoolError(errorOf(answer));
      return { returned, data: input.data ? await readFile(out) : new Uint8Array() };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  /**
   * All elements of a map of a loaded object.
   * @throws BpftoolError when there is no such map, or its type cannot be walked.
   */
  async readMap(load: LoadResult, map: string): Promise<KernelMapEntry[]> {
    const args = ['-j', 'map', 'dump', 'pinned', path.join(`${load.directory}-maps`, map)];
    const answer = await runProcess(this.bpftool, args, options(this.signal));
    const entries = answer.code === 0 ? entriesOf(answer.stdout.toString('utf8')) : undefined;
    if (entries === undefined) throw new BpftoolError(errorOf(answer));
    return entries;
  }

  /**
   * Sets one element, as user space does.
   * @throws BpftoolError when the kernel does not take it.
   */
  async writeMap(load: LoadResult, map: string, key: Uint8Array, value: Uint8Array): Promise<void> {
    const words = (bytes: Uint8Array): string[] => [...bytes].map((byte) => String(byte));
    const file = path.join(`${load.directory}-maps`, map);
    const args = ['-j', 'map', 'update', 'pinned', file, 'key', ...words(key), 'value', ...words(value)];
    const answer = await runProcess(this.bpftool, args, options(this.signal));
    if (answer.outcome !== 'exited' || answer.code !== 0) throw new BpftoolError(errorOf(answer));
  }

  /** Unpins everything and removes the directory. */
  async close(): Promise<void> {
    // Not cancellable: what was mounted must go.
    await runProcess('umount', [this.directory], options(undefined));
    await rmdir(this.directory).catch(() => undefined);
  }
}

function options(signal: AbortSignal | undefined): { timeout: number; maxOutput: number; signal?: AbortSignal } {
  return { timeout: 60_000, maxOutput: 32 << 20, ...(signal && { signal }) };
}

function returnedOf(json: string): number | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && 'retval' in value && typeof value.retval === 'number') {
      return value.retval >>> 0;
    }
  } catch {
    // Not JSON: an older bpftool or an error text; the caller reports it.
  }
  return undefined;
}

/** Elements from `bpftool -j map dump`: bytes are written as hexadecimal strings. Undefined when it is something else. */
function entriesOf(json: string): KernelMapEntry[] | undefined {
  const bytes = (value: unknown): Uint8Array =>
    Uint8Array.from(Array.isArray(value) ? value : [], (byte) => Number(byte));
  try {
    const list: unknown = JSON.parse(json);
    if (!Array.isArray(list)) return undefined;
    return list.map((element: { key?: unknown; value?: unknown; values?: unknown }) => {
      const { key, value, values } = element;
      const perCpu = Array.isArray(values)
        ? values.map((one: { value?: unknown }) => bytes(one.value))
        : [bytes(value)];
      return { key: bytes(key), values: perCpu };
    });
  } catch {
    return undefined;
  }
}

/** bpftool's word on why it failed: its JSON error, or libbpf's last complaint. */
function errorOf(answer: ProcessResult): string {
  if (answer.outcome !== 'exited') return `bpftool: ${answer.outcome}`;
  const error = /"error":"([^"]*)"/.exec(answer.stdout.toString('utf8'))?.[1];
  if (error !== undefined) return error;
  const complaints = answer.stderr
    .split('\n')
    .filter(
      (line) => /^Error: /.test(line) || (/^libbpf: /.test(line) && /fail|not |unknown|invalid|error/i.test(line)),
    );
  // libbpf ends with a line that says that, not why, the object was not loaded.
  const telling = complaints.filter((line) => !/failed to (?:load|open) object|Retrying without BTF/.test(line));
  const words = (telling.length > 0 ? telling : complaints).slice(-2).map((line) => line.replace(/^\w+: /, ''));
  return words.join('; ') || lastLine(answer) || `bpftool ended with ${answer.code}`;
}

function lastLine(answer: ProcessResult): string {
  return answer.stderr.trim().split('\n').at(-1) ?? '';
}
