// A copy of the examples that tests may change, in a folder named as people do name folders.
import { cpSync } from 'node:fs';
import path from 'node:path';
import { root, temporaryFolder } from '../../scripts/files.mjs';

/** @returns {{ folder: string, remove: () => void }} */
export function copyExamples() {
  const parent = temporaryFolder('workspace');
  const folder = path.join(parent.folder, 'eBPF Übung 1');
  // What a build left in examples/ would hide a test's own.
  const isSource = (/** @type {string} */ file) => !/\.(o|so|dll|sys)$/.test(file) && path.basename(file) !== 'build';
  cpSync(path.join(root, 'examples'), folder, { recursive: true, filter: isSource });
  return { folder, remove: parent.remove };
}
