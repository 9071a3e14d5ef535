// Headless Chromium on the workbench's page.
import { chromium } from 'playwright-core';
import { findChromium, thisMachine } from '../../../scripts/machine.mjs';

/** @returns {Promise<import('playwright-core').Browser>} */
export async function launchBrowser() {
  const executablePath = findChromium(thisMachine());
  if (executablePath === undefined) throw new Error('no Chromium on this machine');
  return chromium.launch({
    executablePath,
    headless: true,
    // Whoever started us ends the browser in the right order; its own handlers would end this process at once.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      // Chromium's own sandbox refuses to run for root and in most containers.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/**
 * Opens an empty page that may talk to this machine only.
 * @param {import('playwright-core').Browser} browser
 * @param {{ width: number, height: number }} [viewport]
 * @returns {Promise<import('playwright-core').Page>}
 */
export async function newPage(browser, viewport = { width: 1440, height: 900 }) {
  const context = await browser.newContext({ viewport });
  const isLocal = (/** @type {URL} */ { hostname, protocol }) =>
    ['localhost', '127.0.0.1'].includes(hostname) || ['data:', 'blob:'].includes(protocol);
  await context.route(
    (url) => !isLocal(url),
    (route) => route.abort(),
  );
  return context.newPage();
}
