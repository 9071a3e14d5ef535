// Drives the real workbench with the packed extension, as a person would, and takes pictures on the way:
// test-results/ui/*.png.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from '../../scripts/files.mjs';
import { copyExamples } from '../host/workspace.mjs';
import { startSession } from './session.mjs';
import { PATIENCE, Workbench } from './workbench.mjs';

const pictures = path.join(root, 'test-results', 'ui');
const workspace = copyExamples();
/** @type {import('./session.mjs').Session} */
let session;
/** @type {Workbench} */
let workbench;

/** @param {string} name */
async function picture(name) {
  // Badges in tabs and lists follow what they count with some delay.
  await workbench.page.waitForTimeout(700);
  await workbench.page.screenshot({ path: path.join(pictures, `${name}.png`) });
}

let isBroken = false;

/**
 * One step of the journey. Steps build on those before them, so after a failure the rest would only wait in vain. The
 * failure has a picture.
 * @param {string} title
 * @param {() => Promise<void>} body
 */
function step(title, body) {
  it(title, async (t) => {
    if (isBroken) return t.skip('a step before it failed');
    try {
      await body();
    } catch (error) {
      isBroken = true;
      await picture(`failed ${title}`.replace(/\W+/g, '-'));
      throw error;
    }
  });
}

before(async () => {
  rmSync(pictures, { recursive: true, force: true });
  mkdirSync(pictures, { recursive: true });
  // A run that takes too long is ended by a signal; exit handlers then end what was started.
  process.once('SIGTERM', () => process.exit(1));
  session = await startSession(workspace.folder);
  workbench = new Workbench(await session.openPage());
});

after(async () => {
  await session?.end();
  workspace.remove();
});

describe('the packed extension', () => {
  it('holds what runs and what explains it, and nothing else', () => {
    const [name = '', ...others] = readdirSync(session.profile.extensions).filter(
      (entry) => !entry.startsWith('.') && !entry.endsWith('.json'),
    );
    assert.deepEqual(others, []);
    const folder = path.join(session.profile.extensions, name);
    const files = readdirSync(folder, { recursive: true })
      .map(String)
      .filter((file) => statSync(path.join(folder, file)).isFile());
    const allowed =
      /^(dist\/[\w-]+\.js|(media|syntaxes|docs)\/.+|package\.json|readme\.md|changelog\.md|LICENSE\.txt|\.vsixmanifest)$/i;
    assert.deepEqual(
      files.filter((file) => !allowed.test(file)),
      [],
    );
    for (const bundle of ['extension', 'server', 'verifier-worker', 'debug-adapter', 'cli', 'conformance']) {
      assert.ok(files.includes(`dist/${bundle}.js`), `dist/${bundle}.js`);
    }
  });

  it('is small', () => {
    const kilobytes = statSync(session.vsix).size / 1024;
    assert.ok(kilobytes > 100 && kilobytes < 3 * 1024, `${kilobytes.toFixed(0)} KB`);
  });
});

describe('a refused program', () => {
  step('gets a squiggle where it goes wrong', async () => {
    await workbench.open(session.url);
    await workbench.openFile('conn_tracker.c');
    const problems = await workbench.problems();
    await problems.first().waitFor(PATIENCE);
    assert.equal(await problems.count(), 1);
    assert.match((await problems.first().innerText()).replace(/\s+/g, ' '), /NULL/);
    await problems.first().click();
    await workbench.squiggles().first().waitFor(PATIENCE);
    await picture('1-problems');
  });

  step('is counted in the status bar', async () => {
    await workbench.statusItem('eBPF: 1 refused').waitFor(PATIENCE);
  });

  step('is explained by a hover', async () => {
    await workbench.command('View: Toggle Problems');
    await workbench.hover('*start_time;', 'start_time');
    const hover = workbench.page.locator('.monaco-hover:not(.hidden)').first();
    await hover.getByText(/NULL/).first().waitFor(PATIENCE);
    await picture('2-squiggle-and-hover');
    await workbench.page.keyboard.press('Escape');
  });

  step('builds nothing native', async () => {
    await workbench.command('eBPF: Build Native');
    await workbench.terminalText(/conn_tracker\.c\(\d+,\d+\): error/).waitFor(PATIENCE);
    await workbench.terminalText(/exit code: 1/).waitFor(PATIENCE);
    assert.deepEqual(images(), []);
    await picture('3-build-refused');
    await workbench.command('Terminal: Kill All Terminals');
  });

  step('can be repaired by a quick fix', async () => {
    await workbench.goToLine(lineOf('windows/conn_tracker.c', '*start_time;'));
    const fix = await workbench.quickFix(/NULL/);
    await picture('4-quick-fix');
    await fix.click();
    await workbench.line('if (!start_time').waitFor(PATIENCE);
    await workbench.command('File: Save');
    await workbench.statusItem('eBPF: 1 proved').waitFor(PATIENCE);
    await workbench
      .squiggles()
      .first()
      .waitFor({ ...PATIENCE, state: 'detached' });
    await picture('5-repaired');
  });
});

describe('a good program', () => {
  const lookupLine = lineOf('linux/xdp_filter.bpf.c', '__be32 source = ip->saddr;');

  step('is proved', async () => {
    await workbench.openFile('xdp_filter.bpf.c');
    await workbench.statusItem('eBPF: 1 proved').waitFor(PATIENCE);
    assert.equal(await workbench.squiggles().count(), 0);
  });

  step('is built native by a task in the terminal', async () => {
    await workbench.command('eBPF: Build Native');
    await workbench.terminalText(/xdp_filter\.so: built with/).waitFor(PATIENCE);
    await workbench.terminalText(/reused by tasks/).waitFor(PATIENCE);
    await picture('6-build-native');
    assert.deepEqual(images(), ['linux/xdp_filter.so']);
    await workbench.command('Terminal: Kill All Terminals');
  });

  step('stops on entry, and at a breakpoint', async () => {
    await workbench.goToLine(lookupLine);
    await workbench.page.keyboard.press('F9');
    await workbench.page.locator('.codicon-debug-breakpoint').first().waitFor(PATIENCE);
    await workbench.page.keyboard.press('F5');
    await workbench.page.locator('.debug-toolbar').waitFor(PATIENCE);
    await workbench.page.locator('.debug-top-stack-frame-line').first().waitFor(PATIENCE);
    await workbench.page.keyboard.press('F5');
    await workbench.stoppedAt('xdp_filter', lookupLine);
  });

  step('shows its registers', async () => {
    await workbench.command('View: Show Run and Debug');
    await workbench.openScope('Registers');
    await workbench.variable('r10').waitFor(PATIENCE);
    await picture('7-stopped');
  });

  step('steps by line', async () => {
    const before = await workbench.variable('pc').innerText();
    await workbench.page.keyboard.press('F10');
    await workbench.stoppedAt('xdp_filter', lookupLine + 1);
    await workbench.variable('pc').filter({ hasNotText: before }).waitFor(PATIENCE);
    await picture('8-stepped');
  });

  step('ends with its return value', async () => {
    await workbench.page.keyboard.press('F5');
    await workbench.page.locator('.debug-toolbar').waitFor({ ...PATIENCE, state: 'hidden' });
    await workbench.command('Debug Console: Focus on Debug Console View');
    await workbench.page
      .locator('.repl .monaco-list-row', { hasText: /XDP_PASS/ })
      .first()
      .waitFor(PATIENCE);
    await picture('9-returned');
  });

  step('prints to the Debug Console', async () => {
    await workbench.openFile('hello_bind.c');
    await workbench.statusItem('eBPF: 1 proved').waitFor(PATIENCE);
    await workbench.command('eBPF: Debug This Program');
    await workbench.stoppedAt('hello_bind');
    await workbench.page.keyboard.press('F5');
    await workbench.page
      .locator('.repl .monaco-list-row', { hasText: /Hello, process \d+ binds port \d+/ })
      .first()
      .waitFor(PATIENCE);
    await workbench.page.locator('.debug-toolbar').waitFor({ ...PATIENCE, state: 'hidden' });
    await picture('10-printed');
  });

  step('shows its disassembly beside it, highlighted', async () => {
    await workbench.command('View: Hide Panel');
    await workbench.openFile('xdp_filter.bpf.c');
    await workbench.statusItem('eBPF: 1 proved').waitFor(PATIENCE);
    await workbench.command('eBPF: Show Disassembly');
    const tab = workbench.page.locator('.tab', { hasText: 'xdp_filter.bpf.c (disassembly)' });
    await tab.waitFor(PATIENCE);
    await tab.click();
    await workbench.statusItem('BPF disassembly').waitFor(PATIENCE);
    const line = workbench.line('call 0x1');
    await line.waitFor(PATIENCE);
    const colours = await line
      .locator('span > span')
      .evaluateAll((spans) => new Set(spans.map((span) => span.className)).size);
    assert.ok(colours >= 3, `${colours} kinds of token`);
    await picture('11-disassembly');
  });
});

/**
 * @param {string} file in the workspace
 * @param {string} text
 * @returns {number} the first line that holds the text, counted from 1
 */
function lineOf(file, text) {
  const index = readFileSync(path.join(workspace.folder, file), 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text));
  assert.notEqual(index, -1, `${text} in ${file}`);
  return index + 1;
}

/** @returns {string[]} native images in the workspace */
function images() {
  return readdirSync(workspace.folder, { recursive: true })
    .map(String)
    .filter((file) => /\.(so|dll|sys)$/.test(file));
}
