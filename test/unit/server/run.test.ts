import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VerifiedObjects } from '../../../server/run';
import type { Verification } from '../../../server/verification';

const verification = (milliseconds: number): Verification => ({
  ...{ platform: 'linux', reports: [], withoutLines: [] },
  milliseconds,
});

describe('VerifiedObjects', () => {
  it('knows an object by its bytes and the platform that was asked for', () => {
    const objects = new VerifiedObjects();
    const key = objects.keyOf(Uint8Array.of(1, 2), 'auto');
    objects.set(key, verification(1));
    assert.equal(objects.get(objects.keyOf(Uint8Array.of(1, 2), 'auto'))?.milliseconds, 1);
    assert.equal(objects.get(objects.keyOf(Uint8Array.of(1, 3), 'auto')), undefined);
    assert.equal(objects.get(objects.keyOf(Uint8Array.of(1, 2), 'windows')), undefined);
  });

  it('forgets the one that was not used for longest', () => {
    const objects = new VerifiedObjects(2);
    objects.set('a', verification(1));
    objects.set('b', verification(2));
    objects.get('a');
    objects.set('c', verification(3));
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => objects.get(key)?.milliseconds),
      [1, undefined, 3],
    );
  });
});
