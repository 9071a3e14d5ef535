import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { rawDump } from '../../../../core/btf/raw_dump';
import { readBtf } from '../../../../core/btf/read';
import { resolveExplicit } from '../../../../tools/clang';
import { runProcess } from '../../../../tools/process';
import { BtfBuilder } from './builder';
import { EVERY_KIND, everyKind } from './every_kind';

describe('rawDump', () => {
  for (const little of [true, false]) {
    it(`prints every kind, ${little ? 'little' : 'big'}-endian`, () =>
      assert.equal(rawDump(readBtf(everyKind(little))), EVERY_KIND));
  }

  it('prints what bpftool prints, also of split BTF', async (t) => {
    const [bpftool] = await resolveExplicit('bpftool');
    if (bpftool === undefined) return t.skip('bpftool is not installed');
    const folder = await mkdtemp(path.join(os.tmpdir(), 'ebpf-btf-'));
    try {
      const base = readBtf(everyKind());
      const split = new BtfBuilder(true, { id: base.count, strings: base.stringBytes });
      split.struct('module_type', 16, [['inner', 4, 0], ['next', base.count + 1, 64]]); // prettier-ignore
      split.pointer(base.count);
      const files = { base: path.join(folder, 'base'), split: path.join(folder, 'split') };
      await writeFile(files.base, everyKind());
      await writeFile(files.split, split.bytes());
      const dump = async (...args: string[]): Promise<string> =>
        (await runProcess(bpftool, [...args, 'format', 'raw'])).stdout.toString('utf8');
      assert.equal(await dump('btf', 'dump', 'file', files.base), EVERY_KIND);
      assert.equal(
        rawDump(readBtf(split.bytes(), base)),
        await dump('-B', files.base, 'btf', 'dump', 'file', files.split),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
