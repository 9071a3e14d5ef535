// Bundles the five programs and the worker into dist/ with esbuild. What is in dist/ needs no node_modules at run time.
//
//   node scripts/build.mjs [--watch] [--production]
//
// --production minifies and leaves source maps out; it is what the packed extension holds.
// Errors are printed as `file:line:column: error: text`, which .vscode/tasks.json turns into problems.
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { asCommand, UsageError } from './command.mjs';
import { root } from './files.mjs';

/** Bundle name in dist/ to the file it starts from. */
export const entries = {
  extension: 'client/extension.ts',
  server: 'server/main.ts',
  'verifier-worker': 'server/worker.ts',
  'debug-adapter': 'debug-adapter/main.ts',
  cli: 'cli/main.ts',
  conformance: 'cli/conformance.ts',
};

/** Programs that are started by name from a shell; they get an interpreter line and the executable bit. */
const commands = ['cli', 'conformance'];

/**
 * esbuild's options for one bundle.
 * @param {keyof typeof entries} name
 * @param {{ production?: boolean }} options
 * @returns {import('esbuild').BuildOptions}
 */
function bundle(name, { production = false }) {
  return {
    absWorkingDir: root,
    entryPoints: { [name]: entries[name] },
    outdir: path.join(root, 'dist'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Some language server packages name an ES module for bundlers; without this their UMD builds hide requires from esbuild.
    mainFields: ['module', 'main'],
    external: name === 'extension' ? ['vscode'] : [],
    sourcemap: !production,
    minify: production,
    keepNames: production,
    logLevel: 'silent',
    banner: commands.includes(name) ? { js: '#!/usr/bin/env node' } : {},
    plugins: [marked(name)],
  };
}

/**
 * Reports what esbuild found, in the form that the editor's problem matcher reads.
 * @param {string} name
 * @returns {import('esbuild').Plugin}
 */
function marked(name) {
  return {
    name: 'report',
    setup(build) {
      build.onEnd((result) => {
        for (const message of result.errors) print('error', message);
        for (const message of result.warnings) print('warning', message);
        if (result.errors.length === 0 && commands.includes(name))
          chmodSync(path.join(root, 'dist', `${name}.js`), 0o755);
      });
    },
  };
}

/**
 * @param {'error' | 'warning'} severity
 * @param {import('esbuild').Message} message
 */
function print(severity, { location, text }) {
  const place = location ? `${location.file}:${location.line}:${location.column + 1}: ` : '';
  console.error(`${place}${severity}: ${text}`);
}

const names = /** @type {(keyof typeof entries)[]} */ (Object.keys(entries));

/**
 * Builds every bundle once.
 * @param {{ production?: boolean }} [options]
 * @throws {Error} when a bundle has an error; the errors are on stderr by then
 */
export async function build(options = {}) {
  const esbuild = await import('esbuild');
  const results = await Promise.allSettled(names.map((name) => esbuild.build(bundle(name, options))));
  const failed = results.filter(({ status }) => status === 'rejected').length;
  if (failed > 0) throw new Error(`build: ${failed} of ${results.length} bundles failed`);
}

/**
 * Rebuilds whenever a source file changes, until the process is ended. Says when the first bundle of a round starts and
 * when the last one is done: an editor waits for the second before it starts what was built.
 */
async function watch() {
  const esbuild = await import('esbuild');
  let building = 0;
  /** @type {import('esbuild').Plugin} */
  const rounds = {
    name: 'rounds',
    setup(build) {
      build.onStart(() => {
        if (building++ === 0) console.log('build: started');
      });
      build.onEnd(() => {
        if (--building === 0) console.log('build: finished');
      });
    },
  };
  const contexts = await Promise.all(
    names.map((name) => {
      const options = bundle(name, {});
      return esbuild.context({ ...options, plugins: [...(options.plugins ?? []), rounds] });
    }),
  );
  await Promise.all(contexts.map((context) => context.watch()));
}

await asCommand(import.meta.url, async (args) => {
  const unknown = args.find((arg) => arg !== '--watch' && arg !== '--production');
  if (unknown !== undefined)
    throw new UsageError(`build: unknown option ${unknown}; there are --watch and --production`);
  await (args.includes('--watch') ? watch() : build({ production: args.includes('--production') }));
});
