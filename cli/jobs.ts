import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import type { CheckedFile } from './document';
import { checkFile, type CheckOptions } from './checked_file';

interface Job {
  readonly index: number;
  readonly path: string;
  readonly options: CheckOptions;
}

interface Done {
  readonly index: number;
  readonly file: CheckedFile;
}

/** Verifies files in order; with more than one job in worker threads, whose results come back in the order of `paths`. */
export async function checkAll(paths: readonly string[], options: CheckOptions, jobs: number): Promise<CheckedFile[]> {
  const workers = Math.min(jobs, paths.length);
  if (workers <= 1) {
    const files: CheckedFile[] = [];
    for (const path of paths) files.push(await checkFile(path, options));
    return files;
  }
  const results = new Array<CheckedFile>(paths.length);
  let next = 0;
  await Promise.all(
    Array.from({ length: workers }, () => {
      // The bundle is its own worker: see runWorker.
      const worker = new Worker(process.argv[1]!);
      return new Promise<void>((resolve, reject) => {
        const give = (): void => {
          if (next >= paths.length) {
            void worker.terminate().then(() => resolve());
            return;
          }
          const job: Job = { index: next, path: paths[next]!, options };
          next++;
          worker.postMessage(job);
        };
        worker.on('message', (done: Done) => {
          results[done.index] = done.file;
          give();
        });
        worker.on('error', reject);
        give();
      });
    }),
  );
  return results;
}

/** Serves jobs when this thread is a worker of {@link checkAll}; answers whether it is. */
export function runWorker(): boolean {
  if (isMainThread || !parentPort) return false;
  const port = parentPort;
  port.on('message', (job: Job) => {
    void checkFile(job.path, job.options).then((file) => port.postMessage({ index: job.index, file } satisfies Done));
  });
  return true;
}
