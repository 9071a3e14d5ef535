// Packs the extension as people install it: `node scripts/package.mjs [FILE.vsix]`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { asCommand } from './command.mjs';
import { root } from './files.mjs';
import { must } from './run.mjs';

/** @returns {string} where the packed extension goes when nothing else is asked */
export function defaultVsix() {
  const { name, version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  return path.join(root, `${name}-${version}.vsix`);
}

/**
 * Packs with the production build, which package.json names as the step before packing, and leaves the development
 * build in dist/ behind.
 * @param {string} file where to write
 */
export async function packExtension(file) {
  const vsce = path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  const args = [
    'package',
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    '--no-update-package-json',
    '--out',
    file,
  ];
  try {
    await must(process.execPath, [vsce, ...args], { capture: true });
  } finally {
    await build();
  }
}

await asCommand(import.meta.url, async ([name]) => {
  const file = path.resolve(name ?? defaultVsix());
  await packExtension(file);
  console.log(`packed ${path.relative(process.cwd(), file)}`);
});
