import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readObject } from '../../../../core/object/read';
import { linux } from '../../../../core/platform/platforms';
import { verifyProgram } from '../../../../core/verifier/verify';
import { compiled } from '../object/compiled';

describe('safe programs and their unsafe twins', async () => {
  const bytes = await compiled('test/fixtures/verifier/twins.c', ['-mcpu=v3', '-Wno-everything']);
  if (typeof bytes === 'string') {
    it('compile', (t) => t.skip(bytes));
    return;
  }
  const object = readObject(bytes);

  it('come in both kinds', () => {
    const count = (kind: string): number => object.programs.filter(({ name }) => name.startsWith(kind)).length;
    assert.equal(count('ok__') + count('bad__'), object.programs.length);
    assert.ok(count('ok__') >= 17 && count('bad__') >= 28);
  });

  for (const program of object.programs) {
    const expected = /^bad__([A-Z_0-9]+?)__/.exec(program.name)?.[1];
    it(`${program.name} is ${expected === undefined ? 'proved' : `refused, class ${expected}`}`, () => {
      const { verdict, findings } = verifyProgram(object, program, linux);
      if (expected === undefined) {
        assert.deepEqual([verdict, findings], ['proved', []]);
        return;
      }
      assert.equal(verdict, 'unproven');
      assert.ok(
        findings.some((finding) => finding.class === expected),
        JSON.stringify(findings, undefined, 1),
      );
      for (const finding of findings) {
        assert.ok(finding.message.length > 0 && finding.source !== undefined, finding.code);
        if (finding.class.startsWith('BOUNDS'))
          assert.ok(finding.needed !== undefined && finding.known !== undefined, finding.code);
      }
    });
  }
});
