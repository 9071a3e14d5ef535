// Runs the VS Code server that install.mjs put here, each time with a profile of its own that is thrown away.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryFolder, undoAtExit } from '../../../scripts/files.mjs';
import { must } from '../../../scripts/run.mjs';
import { hostCode, hostNode } from './install.mjs';

/**
 * @typedef {object} Profile
 * @property {string} folder that holds all the others
 * @property {string} user
 * @property {string} extensions
 * @property {string} data
 * @property {string} temporary
 * @property {() => void} remove
 */

/** Nothing that greets, asks, updates or phones; and terminal text in the page's elements instead of on a canvas. */
const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.startupEditor': 'none',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'terminal.integrated.gpuAcceleration': 'off',
  'git.enabled': false,
  'security.workspace.trust.enabled': false,
};

/**
 * Makes an empty profile in the system's temporary folder.
 * @param {Record<string, unknown>} [settings] user settings on top of the quiet ones
 * @returns {Profile}
 */
export function makeProfile(settings = {}) {
  const { folder, remove } = temporaryFolder('vscode');
  const profile = {
    folder,
    remove,
    user: path.join(folder, 'user'),
    extensions: path.join(folder, 'extensions'),
    data: path.join(folder, 'data'),
    temporary: path.join(folder, 'tmp'),
  };
  for (const part of [profile.extensions, profile.data, profile.temporary, path.join(profile.user, 'User')])
    mkdirSync(part, { recursive: true });
  const text = JSON.stringify({ ...quietSettings, ...settings }, null, 2);
  writeFileSync(path.join(profile.user, 'User', 'settings.json'), text);
  return profile;
}

/** @param {Profile} profile */
function profileArguments(profile) {
  return [
    '--user-data-dir',
    profile.user,
    '--extensions-dir',
    profile.extensions,
    '--server-data-dir',
    profile.data,
    '--accept-server-license-terms',
  ];
}

/**
 * @param {Profile} profile
 * @returns {Record<string, string>}
 */
function profileEnvironment(profile) {
  return {
    NODE_OPTIONS: '',
    // No gallery: otherwise both the server and the page ask one on the internet.
    EXTENSIONS_GALLERY: '{}',
    // Sockets, logs and what extensions leave in the temporary folder go with the profile.
    TMPDIR: profile.temporary,
    XDG_RUNTIME_DIR: profile.folder,
    VSCODE_AGENT_FOLDER: profile.data,
  };
}

/**
 * @param {Profile} profile
 * @param {string} vsix path of a packed extension
 */
export async function installExtension(profile, vsix) {
  const args = [path.join(hostCode, 'out', 'server-main.js'), '--install-extension', vsix, '--force'];
  await must(hostNode, [...args, ...profileArguments(profile)], { capture: true, env: profileEnvironment(profile) });
}

/**
 * @typedef {object} Server
 * @property {number} port on the loopback address
 * @property {string} token that the page's address must carry
 * @property {() => Promise<void>} stop ends the server with all its children
 * @property {Promise<void>} ended settles when the server has ended
 */

/**
 * Starts a server and waits until it listens.
 *
 * A built VS Code heeds extensionDevelopmentPath and extensionTestsPath in the page's address only with its own smoke
 * test driver on (`driver`), and with that it shows no notifications. So suites want the driver and people do not.
 * @param {Profile} profile
 * @param {{ driver?: boolean, env?: Record<string, string> }} [options]
 * @returns {Promise<Server>}
 */
export async function startServer(profile, { driver = false, env = {} } = {}) {
  // Without a token any page in any browser on this machine could open a terminal here.
  const token = randomBytes(16).toString('hex');
  const args = [
    path.join(hostCode, 'out', 'server-main.js'),
    ...['--host', '127.0.0.1', '--port', '0', '--connection-token', token],
    ...['--telemetry-level', 'off', '--disable-telemetry', '--disable-experiments', '--disable-workspace-trust'],
    ...(driver ? ['--enable-smoke-test-driver'] : []),
    ...profileArguments(profile),
  ];
  const child = spawn(hostNode, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: extension host, terminals and language servers are ended with it.
    detached: true,
    env: { ...process.env, ...profileEnvironment(profile), ...env },
  });
  const logFile = path.join(profile.folder, 'server.log');
  const log = createWriteStream(logFile);
  // Somebody may remove the profile while the last lines are on their way.
  log.on('error', () => undefined);
  child.stderr.pipe(log, { end: false });
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const signal = (/** @type {NodeJS.Signals} */ name) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The whole group is gone already.
    }
  };
  const kill = undoAtExit(() => signal('SIGKILL'));
  const stop = async () => {
    signal('SIGTERM');
    const hard = setTimeout(() => signal('SIGKILL'), 5_000);
    await ended;
    clearTimeout(hard);
    kill();
    log.end();
  };
  try {
    const port = await listening(child, log, ended, logFile);
    return { port, token, stop, ended };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child
 * @param {import('node:fs').WriteStream} log
 * @param {Promise<void>} ended
 * @param {string} logFile
 * @returns {Promise<number>} the port
 */
function listening(child, log, ended, logFile) {
  return new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ why) =>
      reject(new Error(`VS Code's server ${why}\n${readFileSync(logFile, 'utf8')}`));
    const timer = setTimeout(() => fail('did not start in 60 s'), 60_000);
    void ended.then(() => {
      clearTimeout(timer);
      fail('ended while starting');
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.write(`${line}\n`);
      const port = /Extension host agent listening on (\d+)/.exec(line)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}

/**
 * The page's address for a folder, with an extension under development when one is given.
 * @param {Server} server
 * @param {{ folder: string, extension?: string, tests?: string }} what absolute paths
 * @returns {string}
 */
export function workbenchUrl(server, { folder, extension, tests }) {
  const remote = (/** @type {string} */ file) => `vscode-remote://localhost:${server.port}${encodeURI(file)}`;
  const payload = [];
  if (extension !== undefined) payload.push(['extensionDevelopmentPath', remote(extension)]);
  if (tests !== undefined) payload.push(['extensionTestsPath', remote(tests)]);
  const query = new URLSearchParams({ tkn: server.token, folder });
  if (payload.length > 0) query.set('payload', JSON.stringify(payload));
  return `http://localhost:${server.port}/?${query.toString()}`;
}
