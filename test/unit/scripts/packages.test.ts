import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

const packages = import('../../../scripts/packages.mjs');

describe('installed packages', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ebpf-packages-'));
    mkdirSync(path.join(folder, 'node_modules'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const lock = (content: Record<string, unknown>): void =>
    writeFileSync(
      path.join(folder, 'package-lock.json'),
      JSON.stringify({ packages: { '': { name: 'x' }, ...content } }),
    );
  const installed = (content: Record<string, unknown>): void =>
    writeFileSync(path.join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: content }));
  const one = { version: '1.0.0', integrity: 'sha512-a' };

  it('are right when every package has its version', async () => {
    const { isInstalled } = await packages;
    lock({ 'node_modules/a': one });
    installed({ 'node_modules/a': { ...one, license: 'MIT' } });
    assert.equal(isInstalled(folder), true);
  });

  it('are not when nothing was installed or the installation was cut short', async () => {
    const { isInstalled } = await packages;
    lock({ 'node_modules/a': one });
    assert.equal(isInstalled(folder), false);
    writeFileSync(path.join(folder, 'node_modules', '.package-lock.json'), '{"packages":');
    assert.equal(isInstalled(folder), false);
  });

  it('are not when a version or a content differs, or one is new', async () => {
    const { isInstalled } = await packages;
    lock({ 'node_modules/a': one });
    installed({ 'node_modules/a': { ...one, version: '0.9.0' } });
    assert.equal(isInstalled(folder), false);
    installed({ 'node_modules/a': { ...one, integrity: 'sha512-b' } });
    assert.equal(isInstalled(folder), false);
    lock({ 'node_modules/a': one, 'node_modules/b': one });
    installed({ 'node_modules/a': one });
    assert.equal(isInstalled(folder), false);
  });

  it('may lack what is optional, which is for another system', async () => {
    const { isInstalled } = await packages;
    lock({ 'node_modules/a': one, 'node_modules/b': { ...one, optional: true } });
    installed({ 'node_modules/a': one });
    assert.equal(isInstalled(folder), true);
  });
});
