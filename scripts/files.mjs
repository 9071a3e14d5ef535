// Where things are in the repository, walking it, and folders that are there for a while.
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder, absolute. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * Every file under a folder whose name ends as asked, sorted, absolute. A folder that is not there holds none.
 * @param {string} folder
 * @param {string} ending
 * @returns {string[]}
 */
export function filesUnder(folder, ending) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .flatMap((entry) => {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) return filesUnder(full, ending);
      return entry.name.endsWith(ending) ? [full] : [];
    })
    .sort();
}

/**
 * Undoes something when asked, or at the latest when this process exits.
 * @param {() => void} undo must be synchronous
 * @returns {() => void} undoes it now; later calls do nothing
 */
export function undoAtExit(undo) {
  const once = () => {
    process.off('exit', once);
    undo();
  };
  process.on('exit', once);
  return once;
}

/**
 * Makes an empty folder in the system's temporary folder, which goes when asked, or with this process.
 * @param {string} name a word for the folder's name
 * @returns {{ folder: string, remove: () => void }}
 */
export function temporaryFolder(name) {
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), `ebpf-${name}-`));
  // Programs that were just ended may still be writing their last lines.
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  return { folder, remove: undoAtExit(remove) };
}
