import { Worker } from 'node:worker_threads';
import type { Settings } from './settings';
import type { Job, Reply, Verification } from './verification';

export type PoolResult =
  | { readonly kind: 'verified'; readonly verification: Verification }
  | { readonly kind: 'unreadable'; readonly code: string; readonly message: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'crashed'; readonly message: string };

export interface PoolOptions {
  /** Absolute path of the worker's script. */
  readonly script: string;
  readonly size: number;
  /** Milliseconds that a cancelled worker has to notice before its thread is ended. */
  readonly patience?: number;
  /** MiB of heap that one worker may use. */
  readonly memory?: number;
}

export interface PoolJob {
  readonly object: Uint8Array;
  readonly platform: Settings['platform'];
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, programs: number) => void;
}

/** Worker threads that are started when needed and kept for the next job. Jobs wait in order when all are busy. */
export class Pool {
  private readonly members: Member[] = [];
  private readonly waiting: (() => void)[] = [];
  private lastId = 0;
  private closed = false;

  constructor(private readonly options: PoolOptions) {}

  /** Verifies an object. Never rejects. */
  async run(job: PoolJob): Promise<PoolResult> {
    const member = await this.take(job.signal);
    if (!member) return { kind: 'cancelled' };
    try {
      return await member.run({ ...job, id: ++this.lastId });
    } finally {
      member.busy = false;
      this.waiting.shift()?.();
    }
  }

  /** Ends all threads; jobs under way answer `cancelled`. */
  async close(): Promise<void> {
    this.closed = true;
    for (const next of this.waiting.splice(0)) next();
    await Promise.all(this.members.map((member) => member.end()));
  }

  private async take(signal: AbortSignal): Promise<Member | undefined> {
    while (!this.closed && !signal.aborted) {
      let member = this.members.find((one) => !one.busy);
      if (!member && this.members.length < this.options.size) {
        member = new Member(this.options);
        this.members.push(member);
      }
      if (member) {
        member.busy = true;
        return member;
      }
      await this.turn(signal);
    }
    // A seat may have been offered to this job, which no longer wants it.
    if (!this.members.every((one) => one.busy)) this.waiting.shift()?.();
    return undefined;
  }

  /** Waits until a seat is free or the job is cancelled. A cancelled job leaves the queue, so that no offer is lost on it. */
  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const next = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        const place = this.waiting.indexOf(next);
        if (place >= 0) this.waiting.splice(place, 1);
        resolve();
      };
      this.waiting.push(next);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}

/** One seat of the pool. Its thread is replaced when it crashed or would not stop. */
class Member {
  busy = false;
  private worker: Worker | undefined;
  private abandon: (() => void) | undefined;

  constructor(private readonly options: PoolOptions) {}

  run(job: PoolJob & { readonly id: number }): Promise<PoolResult> {
    const worker = (this.worker ??= this.start());
    const cancel = new SharedArrayBuffer(4);
    return new Promise((resolve) => {
      let patience: NodeJS.Timeout | undefined;
      const finish = (result: PoolResult): void => {
        clearTimeout(patience);
        job.signal.removeEventListener('abort', onAbort);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        worker.unref();
        this.abandon = undefined;
        resolve(result);
      };
      const onAbort = (): void => {
        Atomics.store(new Int32Array(cancel), 0, 1);
        patience = setTimeout(() => {
          this.worker = undefined;
          finish({ kind: 'cancelled' });
          void worker.terminate();
        }, this.options.patience ?? 2000);
      };
      const onMessage = (reply: Reply): void => {
        if (reply.id !== job.id) return;
        if (reply.kind === 'progress') job.onProgress?.(reply.done, reply.programs);
        else finish(withoutId(reply));
      };
      const onError = (error: Error): void => {
        this.worker = undefined;
        finish({ kind: 'crashed', message: error.message });
      };
      const onExit = (code: number): void => onError(new Error(`the verifier's thread ended with code ${code}`));
      this.abandon = () => finish({ kind: 'cancelled' });
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.ref();
      if (job.signal.aborted) onAbort();
      else job.signal.addEventListener('abort', onAbort, { once: true });
      worker.postMessage({ id: job.id, object: job.object, platform: job.platform, cancel } satisfies Job);
    });
  }

  async end(): Promise<void> {
    this.abandon?.();
    await this.worker?.terminate();
    this.worker = undefined;
  }

  private start(): Worker {
    const worker = new Worker(this.options.script, {
      resourceLimits: { maxOldGenerationSizeMb: this.options.memory ?? 2048 },
    });
    // An idle thread that dies is replaced at the next job; without a listener its error would end the server.
    worker.on('error', () => this.forget(worker)).on('exit', () => this.forget(worker));
    return worker;
  }

  private forget(worker: Worker): void {
    if (this.worker === worker) this.worker = undefined;
  }
}

function withoutId(reply: Exclude<Reply, { kind: 'progress' }>): PoolResult {
  switch (reply.kind) {
    case 'verified':
      return { kind: 'verified', verification: reply.verification };
    case 'unreadable':
      return { kind: 'unreadable', code: reply.code, message: reply.message };
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'crashed':
      return { kind: 'crashed', message: reply.message };
  }
}
