import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { bareProgram, runVector } from '../../../cli/conformance';
import { parseVector } from './assembler';

/** The vectors lie beside the repository, not in it. This file runs from out/test/unit/conformance. */
const folder = path.resolve(__dirname, '../../../../../shared/conformance');

describe('conformance vectors', () => {
  if (!existsSync(folder)) {
    it('pass', (t) => t.skip(`${folder} is not there`));
    return;
  }
  const files = readdirSync(folder).filter((name) => name.endsWith('.data'));
  it('are there', () => assert.ok(files.length >= 200, `${files.length} vectors`));
  for (const file of files) {
    it(file, () => {
      const vector = parseVector(readFileSync(path.join(folder, file), 'utf8'));
      assert.equal(runVector(bareProgram(vector.program), vector.memory), vector.result);
    });
  }
});
