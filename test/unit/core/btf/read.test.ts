import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Btf } from '../../../../core/btf/btf';
import { BtfKind } from '../../../../core/btf/kind';
import { essentialName } from '../../../../core/btf/name';
import { printAll } from '../../../../core/btf/print_all';
import { rawDump } from '../../../../core/btf/raw_dump';
import { readBtf } from '../../../../core/btf/read';
import { InputError } from '../../../../core/input/error';
import { BtfBuilder } from './builder';
import { everyKind } from './every_kind';

const KERNEL = '/sys/kernel/btf/vmlinux';

function named(names: readonly string[]): Btf {
  const b = new BtfBuilder();
  for (const name of names) b.struct(name, 0, []);
  return readBtf(b.bytes());
}

describe('readBtf', () => {
  it('finds types by kind and name, the first of several', () => {
    const btf = readBtf(everyKind());
    // More searches than it takes to make an index.
    for (let round = 0; round < 8; round++) {
      assert.equal(btf.find(BtfKind.STRUCT, 'point'), 4);
      assert.equal(btf.find(BtfKind.UNION, 'point'), 0);
      assert.equal(btf.find(BtfKind.STRUCT, 'poin'), 0);
      assert.equal(btf.find(BtfKind.STRUCT, 'points'), 0);
      assert.equal(btf.find(BtfKind.STRUCT, ''), 0);
      assert.equal(btf.kind(4), BtfKind.STRUCT);
    }
    assert.equal(named(['a', 'b', 'a']).find(BtfKind.STRUCT, 'a'), 1);
  });

  it('finds names that are not ASCII', () => {
    const btf = named(['Größe', 'x']);
    assert.equal(btf.find(BtfKind.STRUCT, 'Größe'), 1);
    assert.equal(btf.find(BtfKind.STRUCT, 'Größ'), 0);
  });

  it('takes names for flavours of each other exactly when they are the same without the last ___suffix', () => {
    const part = fc.stringMatching(/^[a-c_]{1,4}$/);
    const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('___'));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 30 }), name, (names, wanted) => {
        const btf = named(names);
        for (let round = 0; round < 6; round++) {
          const flavours = names.flatMap((candidate, i) =>
            essentialName(candidate) === essentialName(wanted) ? [i + 1] : [],
          );
          assert.deepEqual(btf.flavours(wanted), flavours);
          assert.equal(btf.find(BtfKind.STRUCT, wanted), names.indexOf(wanted) + 1);
        }
      }),
    );
  });

  it('knows flavours as libbpf does', () => {
    const cases = {
      task___old: 'task',
      a___b___c: 'a___b',
      ___x: '___x',
      a___: 'a___',
      a____b: 'a____b',
      a__b: 'a__b',
    };
    for (const [name, essential] of Object.entries(cases)) assert.equal(essentialName(name), essential, name);
  });

  it('goes on where the base of split BTF ends', () => {
    const base = readBtf(everyKind());
    const b = new BtfBuilder(true, { id: base.count, strings: base.stringBytes });
    const id = b.struct('of_module', 8, [['x', 1, 0]]);
    const btf = readBtf(b.bytes(), base);
    assert.deepEqual([btf.start, btf.count], [28, 29]);
    assert.equal(btf.type(1).name, 'int');
    assert.equal(btf.type(id).name, 'of_module');
    assert.equal(btf.find(BtfKind.STRUCT, 'point'), 4);
    assert.equal(btf.find(BtfKind.STRUCT, 'of_module'), id);
    assert.deepEqual(btf.flavours('of_module___v2'), [id]);
    assert.throws(() => btf.type(29), InputError);
  });

  it('refuses text that grows beyond all bounds', () => {
    const b = new BtfBuilder();
    b.struct('x'.repeat(20_000), 0, []);
    for (let i = 0; i < 2000; i++) b.entry(BtfKind.FLOAT, '', 0, false, 8);
    const bytes = b.bytes();
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < 2000; i++) view.setUint32(24 + 12 + i * 12, 1 + i, true); // each a tail of the long name
    const btf = readBtf(bytes);
    assert.throws(
      () => rawDump(btf),
      (error) => error instanceof InputError && error.code === 'btf-malformed',
    );
  });

  it('answers damaged BTF with typed errors or types, never otherwise', () => {
    const good = everyKind();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        fc.option(fc.nat(good.length)),
        (flips, cut) => {
          const damaged = good.slice(0, cut ?? good.length);
          for (const [at, value] of flips) if (at < damaged.length) damaged[at] = value;
          for (const use of [rawDump, printAll]) {
            try {
              use(readBtf(damaged));
            } catch (error) {
              assert.ok(error instanceof InputError, error instanceof Error ? error.stack : String(error));
            }
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("opens the kernel's own types without decoding them", (t) => {
    if (!existsSync(KERNEL)) return t.skip('this machine shows no kernel BTF');
    const bytes = readFileSync(KERNEL);
    const start = performance.now();
    const btf = readBtf(bytes);
    const task = btf.find(BtfKind.STRUCT, 'task_struct');
    const elapsed = performance.now() - start;
    const type = btf.type(task);
    assert.ok(type.kind === BtfKind.STRUCT && type.members.some((member) => member.name === 'pid'));
    // A tenth of this is usual; decoding all types takes several times as long.
    assert.ok(elapsed < 400, `${elapsed} ms`);
  });
});
