import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { defaultSettings, readSettings } from '../../../server/settings';

describe('readSettings', () => {
  it('reads nested names', () => {
    const raw = {
      clang: { path: '/c', flags: ['-DX'] },
      platform: 'windows',
      verifyOnSave: false,
      verifyOnOpen: false,
    };
    assert.deepEqual(readSettings(raw), {
      settings: { clangPath: '/c', clangFlags: ['-DX'], platform: 'windows', verifyOnSave: false, verifyOnOpen: false },
      problems: [],
    });
  });

  it('takes the default for a value of a wrong shape, and names the setting', () => {
    const { settings, problems } = readSettings({ clang: { path: 7, flags: ['x', 1] }, platform: 'bsd' });
    assert.deepEqual(settings, defaultSettings);
    assert.deepEqual(
      problems.map((problem) => /ebpf\.[\w.]+\w/.exec(problem)?.[0]),
      ['ebpf.clang.path', 'ebpf.clang.flags', 'ebpf.platform'],
    );
  });

  it('answers for anything', () => {
    fc.assert(fc.property(fc.anything(), (raw) => assert.ok(readSettings(raw).settings)));
    assert.deepEqual(readSettings({ __proto__: { platform: 'linux' } }).settings, defaultSettings);
  });
});
