/** The language server's process. How to talk (`--node-ipc`, `--stdio`) comes with the command line. */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { Server } from './server';

// The bundle is called otherwise than the compiled module.
const bundled = path.join(__dirname, 'verifier-worker.js');
const workerScript = existsSync(bundled) ? bundled : path.join(__dirname, 'worker.js');
const connection = createConnection(ProposedFeatures.all);
new Server(connection, { workerScript, workers: Math.max(1, Math.min(4, os.availableParallelism() - 1)) });
connection.listen();
