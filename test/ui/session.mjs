// A VS Code with the packed extension installed, as somebody has who got it from the marketplace.
import path from 'node:path';
import { packExtension } from '../../scripts/package.mjs';
import { launchBrowser, newPage } from '../host/vscode/browser.mjs';
import { installExtension, makeProfile, startServer, workbenchUrl } from '../host/vscode/server.mjs';

/**
 * @typedef {object} Session
 * @property {import('../host/vscode/server.mjs').Profile} profile
 * @property {string} vsix the packed extension, gone when the session ends
 * @property {import('../host/vscode/server.mjs').Server} server
 * @property {string} url the workbench on the folder
 * @property {() => Promise<import('playwright-core').Page>} openPage a page of the same size as a small laptop's screen
 * @property {() => Promise<void>} end ends every process of the session and removes its files
 */

/**
 * Packs, installs and serves.
 * @param {string} folder the workspace, absolute
 * @param {Record<string, unknown>} [settings]
 * @returns {Promise<Session>}
 */
export async function startSession(folder, settings) {
  const profile = makeProfile(settings);
  /** @type {import('../host/vscode/server.mjs').Server | undefined} */
  let server;
  /** @type {import('playwright-core').Browser | undefined} */
  let browser;
  const end = async () => {
    await browser?.close();
    await server?.stop();
    profile.remove();
  };
  try {
    const vsix = path.join(profile.folder, 'extension.vsix');
    await packExtension(vsix);
    await installExtension(profile, vsix);
    server = await startServer(profile);
    const url = workbenchUrl(server, { folder });
    const openPage = async () => {
      browser ??= await launchBrowser();
      return newPage(browser);
    };
    return { profile, vsix, server, url, openPage, end };
  } catch (error) {
    await end();
    throw error;
  }
}
