import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listing, objectListing } from '../../../../core/listing/listing';
import { readObject } from '../../../../core/object/read';
import { platformOf } from '../../../../core/platform/platforms';
import { buildElf, slots } from '../elf/builder';
import { compiled } from '../object/compiled';

const two = buildElf({
  sections: [
    {
      name: 'xdp',
      type: 1,
      flags: 6,
      // A branch over a wide load, then a call of helper 5.
      data: slots([0x15, 1, 0, 2, 0], [0x18, 1, 0, 0, 16], [0, 0, 0, 0, 1], [0x85, 0, 0, 0, 5], [0x95, 0, 0, 0, 0]),
    },
    { name: 'socket', type: 1, flags: 6, data: slots([0xb7, 0, 0, 0, 0], [0x95, 0, 0, 0, 0]) },
  ],
  symbols: [
    { name: 'first', section: 1, size: 40 },
    { name: 'second', section: 2, size: 16 },
  ],
});

const asWritten = (path: string): string => path;

describe('listing', () => {
  it('has a heading, the slots of the section, jump labels in bytes, and the names of helpers', () => {
    const object = readObject(two);
    const text = listing(object, object.programs[0]!, platformOf(object, 'auto'), asWritten);
    assert.deepEqual(text.split('\n'), [
      'Program first in section xdp:',
      '',
      '0000000000000000 <first>:  ; section xdp',
      '       0:\tif r1 == 0x0 goto +0x2 <first+0x18>',
      '       1:\tr1 = 0x100000010 ll',
      '       3:\tcall 0x5\t; bpf_ktime_get_ns',
      '       4:\texit',
      '',
      '',
    ]);
  });

  it('names helpers as the platform does', () => {
    const object = readObject(two);
    const linux = listing(object, object.programs[0]!, platformOf(object, 'linux'));
    const windows = listing(object, object.programs[0]!, platformOf(object, 'windows'));
    assert.match(linux, /call 0x5\t; bpf_ktime_get_ns/);
    assert.doesNotMatch(windows, /call 0x5\t; bpf_ktime_get_ns/);
  });

  it('shows source lines, helpers, maps and subprograms of compiled C', async (t) => {
    const bytes = await compiled('test/fixtures/objects/shapes.c');
    if (typeof bytes === 'string') return t.skip(bytes);
    const object = readObject(bytes);
    const program = object.programs.find(({ name }) => name === 'first');
    assert.ok(program);
    const text = listing(object, program, platformOf(object, 'auto'), asWritten);
    assert.match(text, /call 0x1\t; bpf_map_lookup_elem/);
    assert.match(text, /ll\t; map table/);
    assert.match(text, /ll\t; body/);
    assert.match(text, /^; .*shapes\.c:\d+: .*bpf_map_lookup_elem/m);
    assert.match(text, /<deep>:/);
    const named = listing(object, program, platformOf(object, 'auto'), () => 'name.c');
    assert.match(named, /^; name\.c:\d+: .*bpf_map_lookup_elem/m);
    assert.doesNotMatch(listing(object, program, platformOf(object, 'auto')), /shapes\.c/);
  });
});

describe('a hostile name', () => {
  it('cannot end a line or steer a terminal', () => {
    const object = readObject(
      buildElf({
        sections: [{ name: 'xdp', type: 1, flags: 6, data: slots([0x05, 0, 0, 0, 0], [0x95, 0, 0, 0, 0]) }],
        symbols: [{ name: 'a\n       0:\tb\u001b[2J', section: 1, size: 16 }],
      }),
    );
    const text = objectListing(object, platformOf(object, 'auto'));
    assert.equal(text.trimEnd().split('\n').length, 5);
    assert.ok(!text.includes('\u001b'));
  });
});

describe('objectListing', () => {
  it('has every program once, in order', () => {
    const object = readObject(two);
    const text = objectListing(object, platformOf(object, 'auto'));
    assert.deepEqual(
      [...text.matchAll(/^Program (\w+)/gm)].map((match) => match[1]),
      ['first', 'second'],
    );
  });

  it('is empty for an object without programs', () => {
    const object = readObject(buildElf({ sections: [], symbols: [] }));
    assert.equal(objectListing(object, platformOf(object, 'auto')), '');
  });
});
