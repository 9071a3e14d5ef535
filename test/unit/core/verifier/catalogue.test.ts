import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { CATALOGUE } from '../../../../core/verifier/catalogue';
import { root } from '../object/compiled';

describe('the catalogue of findings', () => {
  const page = readFileSync(path.join(root, 'docs/findings.md'), 'utf8');
  const sections = new Map(
    page
      .split(/^### /m)
      .slice(1)
      .map((section) => [section.split('\n', 1)[0]!, section]),
  );

  it('has a section in docs/findings.md for each code, and none for others', () => {
    assert.deepEqual([...sections.keys()].sort(), Object.keys(CATALOGUE).sort());
  });

  for (const [code, entry] of Object.entries(CATALOGUE)) {
    it(`${code}: kebab-case, and its class and remedy are those of the page`, () => {
      assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      const words = sections.get(code)!.replace(/\s+/g, ' ');
      assert.ok(words.includes(`Class ${entry.class}`), 'class');
      assert.ok(words.replace(/[\\`]/g, '').includes(entry.remedy.replace(/\s+/g, ' ')), 'remedy');
    });
  }
});
