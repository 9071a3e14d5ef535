// Whether node_modules is what package-lock.json asks for, and making it so.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './files.mjs';
import { npm } from './run.mjs';

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockedPackage */

/**
 * Compares npm's own record of what it installed with the lock file. Contents and not times are compared, because a
 * checkout changes times.
 * @param {string} folder that holds package-lock.json
 * @returns {boolean}
 */
export function isInstalled(folder) {
  const wanted = lockedPackages(path.join(folder, 'package-lock.json'));
  const there = lockedPackages(path.join(folder, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || there === undefined) return false;
  return Object.entries(wanted).every(([name, asked]) => {
    if (name === '') return true;
    const found = there[name];
    // Optional packages may be for another operating system.
    if (found === undefined) return asked.optional === true || asked.devOptional === true;
    return found.version === asked.version && found.integrity === asked.integrity;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage> | undefined} undefined when there is no such file or it is not a lock file
 */
function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * `npm ci` when node_modules is missing or not what the lock file says.
 * @param {string} folder that holds package-lock.json
 * @param {{ log: (line: string) => void, args?: readonly string[] }} options
 * @returns {Promise<boolean>} whether something was installed
 */
export async function install(folder, { log, args = [] }) {
  if (isInstalled(folder)) return false;
  log(`installing npm packages for ${path.relative(root, folder) || 'the repository'}`);
  await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error', ...args], { cwd: folder, capture: true });
  return true;
}
