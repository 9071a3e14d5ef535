// npm test [-- TIER...]
//
// Makes the machine ready and runs the tiers lint, types, unit, protocol, host and ui, or only those that are named.
// The last line is `N passed, N failed, N skipped`; the exit code is 0 when something passed and nothing failed.
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { asCommand, UsageError } from './command.mjs';
import { filesUnder, root } from './files.mjs';
import { canHostVsCode, findChromium, thisMachine } from './machine.mjs';
import { runNodeTests } from './node_tests.mjs';
import { nodeModule } from './run.mjs';
import { setup } from './setup.mjs';
import { Tally } from './tally.mjs';

const SECONDS = 1_000;

/** @type {Record<string, (tally: Tally) => Promise<void>>} */
const tiers = {
  async lint(tally) {
    const eslint = await nodeModule('eslint/bin/eslint.js', ['.', '--max-warnings', '0'], { capture: true });
    const prettier = await nodeModule('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.'], {
      capture: true,
    });
    const printed = [eslint, prettier].map(({ stdout, stderr }) => `${stdout}${stderr}`.trim());
    if (eslint.code === 0 && prettier.code === 0) tally.pass();
    else tally.fail('lint', printed.join('\n'));
  },

  async types(tally) {
    const { code, stdout, stderr } = await nodeModule('typescript/bin/tsc', ['-b'], { capture: true });
    if (code === 0) tally.pass();
    else tally.fail('types', `${stdout}${stderr}`);
  },

  unit: (tally) => runNodeTests(compiledTests('unit'), tally, { concurrency: 2, timeout: 240 * SECONDS }),

  protocol: (tally) => runNodeTests(compiledTests('protocol'), tally, { concurrency: 2, timeout: 240 * SECONDS }),

  async host(tally) {
    const { launcher, runSuites } = await import('../test/host/run.mjs');
    const why = launcher() === 'electron' ? undefined : noHostedCode();
    if (why !== undefined) return tally.skip('host', why);
    removeStale('host');
    try {
      await runSuites(({ file, title, state, error }) => {
        if (state === 'passed') tally.pass();
        else if (state === 'skipped') tally.skip(`${title} (${file})`, 'the suite says so');
        else tally.fail(`${title} (${file})`, error ?? 'no reason given');
      });
    } catch (error) {
      tally.fail('host', error instanceof Error ? error.message : String(error));
    }
  },

  async ui(tally) {
    const why = noHostedCode();
    if (why !== undefined) return tally.skip('ui', why);
    const files = filesUnder(path.join(root, 'test', 'ui'), '.test.mjs');
    await runNodeTests(files, tally, { concurrency: 1, timeout: 420 * SECONDS });
  },
};

/** @returns {string | undefined} why the workbench cannot be driven in a browser here */
function noHostedCode() {
  const machine = thisMachine();
  if (!canHostVsCode(machine)) return 'the VS Code that comes from npm runs on Linux (x64) only';
  if (findChromium(machine) === undefined) return 'no Chromium on this machine';
  return undefined;
}

/**
 * @param {string} tier
 * @returns {string[]} the tier's test files as compiled
 */
function compiledTests(tier) {
  removeStale(tier);
  return filesUnder(path.join(root, 'out', 'test', tier), '.test.js');
}

/**
 * The compiler leaves the output of a file that is gone; such a test must not run on.
 * @param {string} tier
 */
function removeStale(tier) {
  const compiled = path.join(root, 'out', 'test', tier);
  for (const file of filesUnder(compiled, '.test.js')) {
    const source = path.join(root, path.relative(path.join(root, 'out'), file)).replace(/\.js$/, '.ts');
    if (existsSync(source)) continue;
    for (const ending of ['.js', '.js.map', '.d.ts']) rmSync(file.replace(/\.js$/, ending), { force: true });
  }
}

/**
 * @param {string[]} asked
 * @returns {string[]} names of the tiers to run, in their order
 */
function plan(asked) {
  const names = Object.keys(tiers);
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`test: there is no tier ${unknown}; there are ${names.join(', ')}`);
  if (asked.length === 0) return names;
  // Tests are compiled by the type check.
  const compiled = ['unit', 'protocol', 'host'].some((name) => asked.includes(name));
  return names.filter((name) => asked.includes(name) || (name === 'types' && compiled));
}

/** Tiers that run what the build makes. */
const needBundles = ['protocol', 'host', 'ui'];

/**
 * @param {Tally} tally where a build that fails is counted
 * @returns {Promise<boolean>}
 */
async function isBuilt(tally) {
  const { build } = await import('./build.mjs');
  try {
    await build();
    return true;
  } catch (error) {
    tally.fail(
      'build',
      `${error instanceof Error ? error.message : String(error)}\n${needBundles.join(', ')} are not run`,
    );
    return false;
  }
}

await asCommand(import.meta.url, async (args) => {
  const names = plan(args);
  // Exit handlers end what was started; a signal alone would not run them.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.once(signal, () => process.exit(130));
  // Stack traces name the TypeScript source.
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim();
  const total = new Tally();
  try {
    await setup({ purpose: 'test', host: names.includes('host') || names.includes('ui') });
    for (const name of (await isBuilt(total)) ? names : names.filter((name) => !needBundles.includes(name))) {
      console.log(`\n${name}`);
      const tally = new Tally();
      const started = Date.now();
      await tiers[name]?.(tally);
      console.log(`${name}: ${tally} (${((Date.now() - started) / SECONDS).toFixed(1)} s)`);
      total.add(tally);
    }
  } catch (error) {
    total.fail('set-up', error instanceof Error ? error.message : String(error));
  }
  console.log(`\n${total}`);
  return total.isGood ? 0 : 1;
});
