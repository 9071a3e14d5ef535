// npm start [-- --once | --screenshot FILE]
//
// Makes the machine ready, verifies every program in examples/ and shows the verdicts, then opens VS Code on examples/
// with the extension in it: desktop VS Code where there is one, else the one that comes from npm, in the browser.
// --once stops after the verdicts. --screenshot writes a picture of the refused example with its squiggle.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { asCommand, UsageError } from './command.mjs';
import { root } from './files.mjs';
import { canHostVsCode, findDesktopCode, thisMachine } from './machine.mjs';
import { must, run } from './run.mjs';
import { setup } from './setup.mjs';
import { table } from './table.mjs';

const examples = path.join(root, 'examples');

/** The example that dereferences what a map lookup gave without asking whether it is NULL. */
const refused = 'conn_tracker.c';

/**
 * @param {string[]} args
 * @returns {{ once: boolean, screenshot: string | undefined }}
 */
function options(args) {
  try {
    const { values } = parseArgs({ args, options: { once: { type: 'boolean' }, screenshot: { type: 'string' } } });
    return { once: values.once === true, screenshot: values.screenshot };
  } catch (error) {
    throw new UsageError(
      `start: ${error instanceof Error ? error.message : String(error)}; there are --once and --screenshot FILE`,
    );
  }
}

/**
 * Verifies the examples and prints the verdicts. Some are refused on purpose.
 * @returns {Promise<boolean>} whether every file could be read and compiled
 * @throws {Error} when the verifier did not give its document
 */
async function verifyExamples() {
  const args = [path.join(root, 'dist', 'cli.js'), 'check', examples, '--format', 'json'];
  const { code, stdout, stderr } = await run(process.execPath, args, { capture: true });
  /** @type {import('./table.mjs').CheckDocument} */
  let document;
  try {
    document = JSON.parse(stdout);
  } catch (error) {
    throw new Error(`the verifier ended with exit code ${code} and without a document\n${stderr}`, { cause: error });
  }
  console.log(
    `\n${table(document, (file) => path.relative(root, path.resolve(root, file)), { colour: process.stdout.isTTY })}\n`,
  );
  return document.files.every(({ error }) => error === undefined);
}

/**
 * Serves the npm-hosted VS Code until Ctrl+C, or only for as long as a picture takes.
 * @param {string | undefined} screenshot
 */
async function serve(screenshot) {
  const { startSession } = await import('../test/ui/session.mjs');
  /** @type {Promise<'interrupted'>} */
  const interrupted = new Promise((resolve) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
      process.once(signal, () => resolve('interrupted'));
  });
  console.log('starting VS Code');
  const session = await startSession(examples);
  try {
    if (screenshot !== undefined) {
      const ending = await Promise.race([takePicture(session, screenshot), interrupted]);
      if (ending === 'interrupted') throw new Error('interrupted before the picture was taken');
      console.log(`wrote ${screenshot}`);
      return;
    }
    console.log(`\nVS Code is at  ${session.url}\nOpen it in a browser; Ctrl+C ends it.\n`);
    const ending = await Promise.race([session.server.ended, interrupted]);
    if (ending !== 'interrupted') throw new Error('the VS Code server ended by itself');
  } finally {
    await session.end();
  }
}

/**
 * @param {import('../test/ui/session.mjs').Session} session
 * @param {string} file
 */
async function takePicture(session, file) {
  const { Workbench, PATIENCE } = await import('../test/ui/workbench.mjs');
  const page = await session.openPage();
  const workbench = new Workbench(page);
  await workbench.open(session.url);
  await workbench.openFile(refused);
  // The squiggle is drawn only when its line is in view, which a click on the problem sees to.
  const problem = (await workbench.problems()).first();
  await problem.click(PATIENCE);
  await workbench.squiggles().first().waitFor(PATIENCE);
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  await page.screenshot({ path: file });
}

await asCommand(import.meta.url, async (args) => {
  const { once, screenshot } = options(args);
  const machine = thisMachine();
  const desktop = screenshot === undefined ? findDesktopCode(machine) : undefined;
  const hosted = !once && desktop === undefined;
  if (hosted && !canHostVsCode(machine)) {
    const instead =
      screenshot === undefined
        ? 'Install it from https://code.visualstudio.com and start again.'
        : 'Pictures are taken on Linux (x64) only.';
    console.log(`start: no VS Code can be shown here. ${instead}`);
    if (screenshot !== undefined) return 1;
  }
  await setup({ purpose: hosted ? 'show' : 'check' });
  const { build } = await import('./build.mjs');
  await build();
  const complete = await verifyExamples();
  if (desktop !== undefined && !once) {
    await must(desktop, ['--new-window', `--extensionDevelopmentPath=${root}`, examples]);
  } else if (hosted && canHostVsCode(machine)) {
    await serve(screenshot);
  }
  return complete ? 0 : 1;
});
