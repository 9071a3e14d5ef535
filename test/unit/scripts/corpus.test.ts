import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

const scripts = import('../../../scripts/corpus.mjs');

/** The smallest image with a section header table of one entry at its end. */
function image(machine: number): Buffer {
  const bytes = Buffer.alloc(128);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(64n, 40);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(1, 60);
  return bytes;
}

describe('corpus', () => {
  it('finds BPF objects inside other files, and only those', async () => {
    const { embeddedObjects } = await scripts;
    const object = image(247);
    const file = Buffer.concat([image(62), Buffer.from('text'), object, Buffer.alloc(9), object]);
    assert.deepEqual(embeddedObjects(file), [object, object]);
    assert.deepEqual(embeddedObjects(object), [object]);
    assert.deepEqual(embeddedObjects(object.subarray(0, 127)), []);
    assert.deepEqual(embeddedObjects(Buffer.from('\x7fELF')), []);
  });

  it('keeps findings of one kind together', async () => {
    const { reasonOf } = await scripts;
    const one = { class: 'BOUNDS_HIGH', code: 'packet-bounds', message: "load of 4 bytes at 0x1e of `tcp->dest`, 'a'" };
    const two = { class: 'BOUNDS_HIGH', code: 'packet-bounds', message: "load of 2 bytes at 34 of `ip`, 'b'" };
    assert.equal(reasonOf(one), reasonOf(two));
    assert.notEqual(reasonOf(one), reasonOf({ ...two, code: 'other' }));
  });

  it('counts verdicts and ranks reasons by programs', async () => {
    const { report } = await scripts;
    const finding = { code: 'null-dereference', class: 'NULL', message: 'r0 may be NULL', pc: 7 };
    const program = (name: string, verdict: string, findings: (typeof finding)[]) => {
      return { section: 'xdp', function: name, type: 'xdp', verdict, findings };
    };
    const files = [
      {
        path: 'p/a.o',
        platform: 'linux',
        programs: [program('good', 'proved', []), program('bad', 'unproven', [finding, finding])],
      },
      { path: 'p/b.o', platform: 'linux', error: { code: 'elf-header', message: 'not an object' }, programs: [] },
    ];
    const text = report({ version: 1, files }, ['p/c.o: no answer']);
    assert.match(text, /^p\/a\.o +1 +1 +0 +0 +bad$/m);
    assert.match(text, /2 objects, 2 programs: 1 proved, 1 unproven, 0 refuted, 0 invalid/);
    assert.match(text, /^ +1 {2}NULL null-dereference: rN may be NULL$/m);
    assert.match(text, /^ +1 {2}elf-header: not an object$/m);
    assert.match(text, /^1 crashes:\np\/c\.o: no answer$/m);
  });

  it('lives outside the repository', async () => {
    const { corpusFolder } = await scripts;
    assert.equal(corpusFolder({ env: { EBPF_CORPUS_DIR: '/there' } } as unknown as NodeJS.Process), '/there');
    assert.match(corpusFolder({ env: { XDG_CACHE_HOME: '/cache' } } as unknown as NodeJS.Process), /ebpf-corpus$/);
  });
});
