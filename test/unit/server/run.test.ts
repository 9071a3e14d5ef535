import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { compileBpf, findClang } from '../../../tools/clang';
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

  it('sees through what a comment changes, and through nothing else', async (t) => {
    const search = await findClang();
    if (search.kind === 'missing') return t.skip('no clang with a BPF target on this machine');
    const folder = mkdtempSync(path.join(os.tmpdir(), 'ebpf-test-'));
    try {
      const source = path.join(folder, 'a.c');
      const keyOf = async (text: string): Promise<string> => {
        writeFileSync(source, text);
        const { object } = await compileBpf({ source, clang: search.clang });
        assert.ok(object);
        return new VerifiedObjects().keyOf(object, 'auto');
      };
      const program = (body: string, section: string): string =>
        `__attribute__((section("${section}"), used)) int f(void *c) { ${body} }\n`;
      for (const section of ['xdp', '.debug_program']) {
        const key = await keyOf(program('return 1;', section));
        assert.equal(await keyOf(`${program('return 1;', section)}// a comment\n`), key, section);
        assert.notEqual(await keyOf(program('return 2;', section)), key, section);
        // Lines are part of what is said.
        assert.notEqual(await keyOf(`\n${program('return 1;', section)}`), key, section);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
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
