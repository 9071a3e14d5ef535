// Runs the in-host suites: in desktop VS Code where there can be one, else in the VS Code that comes from npm.
//
//   node test/host/run.mjs
//
// E2E_GREP picks tests by title, E2E_LIMIT_MS bounds the whole run, E2E_VERBOSE=1 prints what the page logs.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { asCommand } from '../../scripts/command.mjs';
import { root, temporaryFolder } from '../../scripts/files.mjs';
import { canHostVsCode, findDesktopCode, thisMachine } from '../../scripts/machine.mjs';
import { follow } from './results.mjs';
import { launchBrowser, newPage } from './vscode/browser.mjs';
import { makeProfile, startServer, workbenchUrl } from './vscode/server.mjs';
import { copyExamples } from './workspace.mjs';

/** @typedef {import('./results.mjs').TestResult} TestResult */

/**
 * @typedef {object} Suite
 * @property {string} extension folder of the extension under test
 * @property {string} tests the module that VS Code loads, without .js
 * @property {string} folder the workspace
 * @property {string} resultFile
 */

const LIMIT_MS = Number(process.env.E2E_LIMIT_MS ?? 300_000);

/** @returns {'electron' | 'hosted' | undefined} which VS Code the suites run in on this machine */
export function launcher() {
  const machine = thisMachine();
  if (machine.platform !== 'linux' || findDesktopCode(machine) !== undefined) return 'electron';
  return canHostVsCode(machine) ? 'hosted' : undefined;
}

/**
 * Runs all suites once.
 * @param {(test: TestResult) => void} onTest called as each test ends
 * @returns {Promise<number>} how many failed
 * @throws {Error} when the suites could not be run to their end
 */
export async function runSuites(onTest) {
  const which = launcher();
  if (which === undefined) throw new Error('no VS Code can run on this machine');
  const workspace = copyExamples();
  const scratch = temporaryFolder('host');
  try {
    const resultFile = path.join(scratch.folder, 'results.jsonl');
    const results = follow(resultFile, onTest);
    const suite = {
      extension: root,
      tests: path.join(root, 'out', 'test', 'host', 'index'),
      folder: workspace.folder,
      resultFile,
    };
    let code;
    let failures;
    try {
      code = await (which === 'hosted' ? runHosted(suite) : runElectron(suite, scratch.folder));
    } finally {
      failures = results.finish();
    }
    if (failures === undefined) throw new Error(`the suites ended early, VS Code's exit code was ${code}`);
    if (failures === 0 && code !== 0) throw new Error(`every test passed but VS Code's exit code was ${code}`);
    return failures;
  } finally {
    scratch.remove();
    workspace.remove();
  }
}

/**
 * The npm-hosted VS Code: its page starts the suites and tells how they ended.
 * @param {Suite} suite
 * @returns {Promise<number>} exit code
 */
async function runHosted({ extension, tests, folder, resultFile }) {
  const profile = makeProfile();
  /** @type {import('./vscode/server.mjs').Server | undefined} */
  let server;
  /** @type {import('playwright-core').Browser | undefined} */
  let browser;
  try {
    server = await startServer(profile, { driver: true, env: { E2E_RESULT_FILE: resultFile } });
    browser = await launchBrowser();
    const page = await newPage(browser);
    const verbose = process.env.E2E_VERBOSE === '1';
    if (verbose) page.on('console', (message) => console.log(`page: ${message.type()} ${message.text()}`));
    // The workbench calls these two functions where they exist.
    await page.exposeFunction('codeAutomationLog', () => undefined);
    /** @type {Promise<number>} */
    const exited = new Promise((resolve, reject) => {
      void page.exposeFunction('codeAutomationExit', resolve).catch(reject);
    });
    await page.goto(workbenchUrl(server, { folder, extension, tests }), { waitUntil: 'commit' });
    return await within(LIMIT_MS, exited, async () => {
      const picture = path.join(root, 'test-results', 'host', 'timeout.png');
      mkdirSync(path.dirname(picture), { recursive: true });
      await page.screenshot({ path: picture });
      return `the suites did not end; see ${path.relative(root, picture)}`;
    });
  } finally {
    await browser?.close();
    await server?.stop();
    profile.remove();
  }
}

/**
 * Desktop VS Code, downloaded once into .vscode-test/ unless VSCODE_EXECUTABLE names one.
 * @param {Suite} suite
 * @param {string} scratch
 * @returns {Promise<number>} exit code
 */
async function runElectron({ extension, tests, folder, resultFile }, scratch) {
  const { runTests } = await import('@vscode/test-electron');
  const executable = process.env.VSCODE_EXECUTABLE;
  const running = runTests({
    ...(executable === undefined ? {} : { vscodeExecutablePath: executable }),
    extensionDevelopmentPath: extension,
    extensionTestsPath: tests,
    extensionTestsEnv: { E2E_RESULT_FILE: resultFile },
    launchArgs: [
      folder,
      '--disable-extensions',
      '--disable-workspace-trust',
      '--disable-telemetry',
      '--skip-welcome',
      '--skip-release-notes',
      '--user-data-dir',
      path.join(scratch, 'user'),
    ],
  });
  return within(LIMIT_MS, running, async () => 'the suites did not end');
}

/**
 * @template T
 * @param {number} milliseconds
 * @param {Promise<T>} work
 * @param {() => Promise<string>} why what to say when the time is up
 * @returns {Promise<T>}
 */
async function within(milliseconds, work, why) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {Promise<'late'>} */
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve('late'), milliseconds);
  });
  try {
    const result = await Promise.race([work, late]);
    if (result === 'late') throw new Error(`${await why()} (${milliseconds / 1000} s)`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

await asCommand(import.meta.url, async () => {
  const failures = await runSuites(({ state, title, milliseconds, error }) => {
    console.log(`${state} ${title} (${milliseconds} ms)${error === undefined ? '' : `\n${error}`}`);
  });
  return failures === 0 ? 0 : 1;
});
