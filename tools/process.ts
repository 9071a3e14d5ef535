import { spawn } from 'node:child_process';

/** How a foreign program ended. `code` is null when a signal or the time limit ended it. */
export interface ProcessResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly outcome: 'exited' | 'timeout' | 'cancelled' | 'missing';
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** Milliseconds until the program is killed; 60,000 unless told. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly stdin?: Uint8Array | string;
  readonly env?: NodeJS.ProcessEnv;
  /** Bytes of stdout and of stderr that are kept; the rest is read and thrown away. 64 MiB unless told. */
  readonly maxOutput?: number;
}

/**
 * Runs a foreign program to its end: no shell, a time limit, cancellable, bounded output. The only place that starts one.
 * Never rejects: a program that is not there gives outcome `missing`.
 */
export function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const { timeout = 60_000, signal, stdin, maxOutput = 64 << 20 } = options;
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve({ code: null, stdout: Buffer.alloc(0), stderr: '', outcome: 'cancelled' });
      return;
    }
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      shell: false,
      windowsHide: true,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const out = new Gathered(maxOutput);
    const err = new Gathered(maxOutput);
    let outcome: ProcessResult['outcome'] = 'exited';
    const end = (why: 'timeout' | 'cancelled'): void => {
      if (outcome !== 'exited') return;
      outcome = why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => end('timeout'), timeout);
    const onAbort = (): void => end('cancelled');
    signal?.addEventListener('abort', onAbort, { once: true });
    const finish = (code: number | null): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve({ code, stdout: out.bytes(), stderr: err.bytes().toString('utf8'), outcome });
    };
    child.stdout?.on('data', (chunk: Buffer) => out.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.add(chunk));
    child.on('error', (error: NodeJS.ErrnoException) => {
      outcome = 'missing';
      err.add(Buffer.from(error.message));
      finish(null);
    });
    child.on('close', (code) => {
      if (outcome !== 'missing') finish(outcome === 'exited' ? code : null);
    });
    if (stdin !== undefined) {
      // A program that ends without reading its input closes the pipe; its exit code tells what matters.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(stdin);
    }
  });
}

/** Chunks up to a limit; what comes after is dropped. */
class Gathered {
  private readonly chunks: Buffer[] = [];
  private left: number;

  constructor(limit: number) {
    this.left = limit;
  }

  add(chunk: Buffer): void {
    if (this.left <= 0) return;
    const kept = chunk.subarray(0, this.left);
    this.chunks.push(kept);
    this.left -= kept.length;
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}
