// The workbench as a person at the keyboard sees it: files, commands, problems, the editor's lines.

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Locator} Locator */

/**
 * Playwright's own waits end after 30 s; a first verification on a busy machine may take longer.
 */
export const PATIENCE = { timeout: 60_000 };

export class Workbench {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  /**
   * @param {string} url
   */
  async open(url) {
    await this.page.goto(url, { waitUntil: 'commit' });
    await this.page.locator('.monaco-workbench .explorer-folders-view .monaco-list-row').first().waitFor(PATIENCE);
  }

  /**
   * Runs a command from the palette: the row with exactly this title, since Enter would take the best fuzzy match.
   * @param {string} title
   */
  async command(title) {
    await this.page.keyboard.press('F1');
    await this.quickInput().fill(`>${title}`);
    const row = this.page.locator(`.quick-input-list .monaco-list-row:has(:text-is(${JSON.stringify(title)}))`);
    await row.first().click(PATIENCE);
    // Off to where nothing reacts: what appears below the mouse would show its tooltip.
    await this.page.mouse.move(250, 15);
  }

  /**
   * Opens a file of the workspace by its name.
   * @param {string} name
   */
  async openFile(name) {
    await this.page.keyboard.press('Control+P');
    await this.quickInput().fill(name);
    // Enter would take the first row, which may still be one of the files opened last.
    await this.pick(name).click(PATIENCE);
    await this.page.mouse.move(250, 15);
    await this.page.locator('.tab.active', { hasText: name }).waitFor(PATIENCE);
    await this.page.locator('.editor-instance .view-line').first().waitFor(PATIENCE);
  }

  /**
   * Puts the caret at the start of a line's text.
   * @param {number} line counted from 1
   */
  async goToLine(line) {
    await this.page.keyboard.press('Control+G');
    await this.quickInput().fill(`:${line}`);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.quick-input-widget').waitFor({ ...PATIENCE, state: 'hidden' });
  }

  /**
   * Opens the quick fixes of the cursor's line. Asked before the focus is back in the editor, or before the fixes are there, VS Code shows
   * nothing and does not ask again, so this does.
   * @param {RegExp} title
   * @returns {Promise<Locator>} the row of the fix
   */
  async quickFix(title) {
    const row = this.page.locator('.action-widget .monaco-list-row').filter({ hasText: title }).first();
    for (let left = PATIENCE.timeout; left > 0; left -= 5000) {
      await this.page.keyboard.press('Control+.');
      const shown = await row.waitFor({ timeout: 5000 }).then(
        () => true,
        () => false,
      );
      if (shown) return row;
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('Control+1');
    }
    throw new Error(`no quick fix ${title}`);
  }

  /** @returns {Locator} the field of the palette and of pick lists */
  quickInput() {
    return this.page.locator('.quick-input-widget input.input');
  }

  /**
   * @param {string | RegExp} text
   * @returns {Locator} the first row of an open pick list that has the text
   */
  pick(text) {
    return this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
  }

  /**
   * @param {string} text
   * @returns {Locator} the rendered line that holds the text
   */
  line(text) {
    return this.page
      .locator('.editor-instance .view-line')
      .filter({ hasText: spaced(text) })
      .first();
  }

  /** @returns {Locator} squiggles of errors in view */
  squiggles() {
    return this.page.locator('.editor-instance .squiggly-error');
  }

  /**
   * Opens the Problems panel if it is hidden.
   * @returns {Promise<Locator>} its rows that are problems
   */
  async problems() {
    const panel = this.page.locator('.markers-panel');
    if (!(await panel.isVisible())) {
      await this.command('View: Toggle Problems');
      await panel.waitFor(PATIENCE);
    }
    return panel.locator('.monaco-list-row').filter({ has: this.page.locator('.marker-icon') });
  }

  /**
   * @param {string | RegExp} text
   * @returns {Locator} the status bar's item that has the text
   */
  statusItem(text) {
    return this.page.locator('.statusbar-item').filter({ hasText: text }).first();
  }

  /**
   * Moves the mouse over a word in the editor.
   * @param {string} lineText that the line holds
   * @param {string} word
   */
  async hover(lineText, word) {
    const span = this.line(lineText).locator('span > span').filter({ hasText: word }).last();
    const text = await span.innerText(PATIENCE);
    const box = await span.boundingBox(PATIENCE);
    if (box === null) throw new Error(`"${word}" is not in view`);
    const along = (text.indexOf(word) + word.length / 2) / text.length;
    // Two moves: a hover starts when the mouse comes to rest after moving.
    await this.page.mouse.move(box.x + box.width * along - 3, box.y + box.height / 2);
    await this.page.mouse.move(box.x + box.width * along, box.y + box.height / 2, { steps: 3 });
  }

  /**
   * @param {RegExp} text a blank in it also stands for a place where the terminal wraps its line
   * @returns {Locator} the terminal in view, when it shows the text
   */
  terminalText(text) {
    const wrapped = new RegExp(text.source.replace(/ /g, '\\s*'));
    return this.page.locator('.terminal-wrapper.active .xterm-rows').filter({ hasText: wrapped });
  }

  /**
   * Waits until the debugger stands in a function at a line, in the call stack and in the editor.
   * @param {string} name of the function
   * @param {number} [line] counted from 1, any unless told
   */
  async stoppedAt(name, line) {
    const frame = this.page.locator('.debug-call-stack .monaco-list-row').filter({ hasText: name });
    await frame
      .filter({ hasText: new RegExp(`(?<!\\d)${line ?? '\\d+'}:\\d+`) })
      .first()
      .waitFor(PATIENCE);
    await this.page.locator('.debug-top-stack-frame-line').first().waitFor(PATIENCE);
  }

  /**
   * Opens a scope in the Variables view if it is closed.
   * @param {string} name
   */
  async openScope(name) {
    const row = this.page.locator('.debug-variables .monaco-list-row').filter({ hasText: name }).first();
    await row.waitFor(PATIENCE);
    if ((await row.getAttribute('aria-expanded')) === 'false') await row.click();
  }

  /**
   * @param {string} name
   * @returns {Locator} the row of a variable in the Variables view
   */
  variable(name) {
    const exact = this.page.locator('.name').filter({ hasText: new RegExp(`^${name}\\b`) });
    return this.page.locator('.debug-variables .monaco-list-row').filter({ has: exact }).first();
  }
}

/**
 * The editor renders spaces as no-break spaces.
 * @param {string} text
 * @returns {RegExp}
 */
export function spaced(text) {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ /g, '\\s'));
}
