import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Pool } from '../../../server/pool';

/** A worker whose behaviour the first byte of the object picks. */
const script = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ id, object, cancel }) => {
  const flag = new Int32Array(cancel);
  const verification = { platform: 'linux', reports: [], withoutLines: [], milliseconds: object.length };
  switch (object[0]) {
    case 0: // done, after some progress
      parentPort.postMessage({ kind: 'progress', id, done: 0, programs: 2 });
      parentPort.postMessage({ kind: 'verified', id, verification });
      break;
    case 1: // busy until cancelled
      while (Atomics.load(flag, 0) === 0) Atomics.wait(flag, 0, 0, 20);
      parentPort.postMessage({ kind: 'cancelled', id });
      break;
    case 2: // busy for ever
      for (;;);
    case 3:
      throw new Error('a defect');
    case 4:
      process.exit(7);
    case 5: // a while, then done
      Atomics.wait(flag, 0, 0, 100);
      parentPort.postMessage({ kind: 'verified', id, verification });
  }
});
`;

describe('Pool', () => {
  let folder = '';
  let file = '';
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ebpf-test-'));
    file = path.join(folder, 'worker.js');
    writeFileSync(file, script);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const withPool = async (size: number, use: (pool: Pool) => Promise<void>): Promise<void> => {
    const pool = new Pool({ script: file, size, patience: 100 });
    try {
      await use(pool);
    } finally {
      await pool.close();
    }
  };
  const job = (kind: number, signal = new AbortController().signal) => ({
    object: Uint8Array.of(kind, 0, 0),
    platform: 'auto' as const,
    signal,
  });

  it('gives the result and the progress, again and again', () =>
    withPool(1, async (pool) => {
      for (let i = 0; i < 3; i++) {
        const progress: string[] = [];
        const onProgress = (done: number, programs: number): void => void progress.push(`${done}/${programs}`);
        const result = await pool.run({ ...job(0), onProgress });
        assert.ok(result.kind === 'verified');
        assert.equal(result.verification.milliseconds, 3);
        assert.deepEqual(progress, ['0/2']);
      }
    }));

  it('cancels through the shared flag', () =>
    withPool(1, async (pool) => {
      const abort = new AbortController();
      const running = pool.run(job(1, abort.signal));
      abort.abort();
      assert.equal((await running).kind, 'cancelled');
      assert.equal((await pool.run(job(0))).kind, 'verified');
    }));

  it('ends a thread that does not listen, and goes on with a new one', () =>
    withPool(1, async (pool) => {
      const abort = new AbortController();
      const running = pool.run(job(2, abort.signal));
      setTimeout(() => abort.abort(), 50);
      assert.equal((await running).kind, 'cancelled');
      assert.equal((await pool.run(job(0))).kind, 'verified');
    }));

  it('tells of a thread that failed or ended, and goes on with a new one', () =>
    withPool(1, async (pool) => {
      const thrown = await pool.run(job(3));
      assert.ok(thrown.kind === 'crashed');
      assert.match(thrown.message, /a defect/);
      const ended = await pool.run(job(4));
      assert.ok(ended.kind === 'crashed');
      assert.match(ended.message, /code 7/);
      assert.equal((await pool.run(job(0))).kind, 'verified');
    }));

  it('lets jobs wait when all threads are busy, and drops those cancelled meanwhile', () =>
    withPool(2, async (pool) => {
      const abort = new AbortController();
      const results = [5, 5, 5, 5, 0].map((kind) => pool.run(job(kind)));
      const unwanted = pool.run(job(5, abort.signal));
      const last = pool.run(job(0));
      abort.abort();
      assert.equal((await unwanted).kind, 'cancelled');
      for (const result of await Promise.all([...results, last])) assert.equal(result.kind, 'verified');
    }));

  it('starts nothing for a job that is cancelled already', () =>
    withPool(1, async (pool) => {
      assert.equal((await pool.run(job(0, AbortSignal.abort()))).kind, 'cancelled');
    }));

  it('answers all jobs when it closes', async () => {
    const pool = new Pool({ script: file, size: 1, patience: 100 });
    const results = [1, 0].map((kind) => pool.run(job(kind)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await pool.close();
    for (const result of await Promise.all(results)) assert.equal(result.kind, 'cancelled');
  });
});
