/** The verifier's thread: one job at a time, so that the server keeps answering while a program is analysed. */
import { parentPort } from 'node:worker_threads';
import { doJob, type Job } from './verification';

parentPort?.on('message', (job: Job) =>
  doJob(
    job,
    (reply) => parentPort?.postMessage(reply),
    () => performance.now(),
  ),
);
