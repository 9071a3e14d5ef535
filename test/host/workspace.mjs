// A copy of the examples that tests may change, in a folder named as people do name folders.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../../scripts/files.mjs';

/** @returns {{ folder: string, remove: () => void }} */
export function copyExamples() {
  const parent = mkdtempSync(path.join(os.tmpdir(), 'ebpf-workspace-'));
  const folder = path.join(parent, 'eBPF Übung 1');
  // What a build left in examples/ would hide a test's own.
  const isSource = (/** @type {string} */ file) => !/\.(o|so|dll|sys)$/.test(file) && path.basename(file) !== 'build';
  cpSync(path.join(root, 'examples'), folder, { recursive: true, filter: isSource });
  return { folder, remove: () => rmSync(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }) };
}
