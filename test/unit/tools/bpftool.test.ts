import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BpftoolError, findKernel, KernelSession, type KernelSearch } from '../../../tools/bpftool';
import { compileTo } from '../kernel/compile';

describe('the real kernel through bpftool', () => {
  let kernel: KernelSearch;
  let directory: string;

  before(async () => {
    kernel = await findKernel();
    directory = await mkdtemp(path.join(tmpdir(), 'ebpf-bpftool-test-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  /** An object of `source`, or why there is none. */
  async function object(name: string, source: string): Promise<{ file: string } | { skip: string }> {
    const file = path.join(directory, `${name}.c`);
    await writeFile(file, source);
    return compileTo(file, path.join(directory, `${name}.o`));
  }

  const HEAD = '#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\nchar LICENSE[] SEC("license") = "MIT";\n';

  it('says why it is not permitted', () => {
    if (kernel.kind === 'refused') assert.match(kernel.reason, /\w/);
    else assert.match(kernel.bpftool, /bpftool$/);
  });

  it('accepts a program, runs it, and leaves nothing behind', async (t) => {
    if (kernel.kind === 'refused') return t.skip(kernel.reason);
    const built = await object(
      'second_byte',
      `${HEAD}
SEC("xdp") int second_byte(struct xdp_md *ctx) {
  unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  if (data + 2 > end) return XDP_DROP;
  data[0] = 0xee;
  return data[1];
}`,
    );
    if ('skip' in built) return t.skip(built.skip);
    const before = await mounts();
    await KernelSession.with(kernel.bpftool, async (session) => {
      const load = await session.load(built.file);
      assert.equal(load.accepted, true, load.log);
      assert.deepEqual(
        load.programs.map(({ program, accepted }) => [program, accepted]),
        [['second_byte', true]],
      );
      const packet = Uint8Array.from({ length: 20 }, (_, i) => i + 7);
      const run = await session.run(session.pinned(load, 'second_byte'), { data: packet });
      assert.equal(run.returned, 8);
      assert.deepEqual([...run.data], [0xee, ...packet.slice(1)]);
      // Less than an Ethernet header is no packet to the kernel.
      await assert.rejects(
        session.run(session.pinned(load, 'second_byte'), { data: packet.slice(0, 5) }),
        BpftoolError,
      );
      await assert.rejects(session.run(session.pinned(load, 'no_such'), { data: packet }), BpftoolError);
    });
    assert.deepEqual(await mounts(), before);
  });

  it("gives the verifier's finding", async (t) => {
    if (kernel.kind === 'refused') return t.skip(kernel.reason);
    const built = await object(
      'reads_null',
      `${HEAD}
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } m SEC(".maps");
SEC("socket") int reads_null(struct __sk_buff *skb) {
  __u32 key = 0;
  __u64 *value = bpf_map_lookup_elem(&m, &key);
  return *value;
}`,
    );
    if ('skip' in built) return t.skip(built.skip);
    await KernelSession.with(kernel.bpftool, async (session) => {
      const load = await session.load(built.file);
      assert.equal(load.accepted, false);
      assert.equal(load.error, undefined);
      assert.match(load.programs[0]?.finding?.message ?? '', /map_value_or_null/);
      assert.equal(load.programs[0]?.finding?.source?.text, 'return *value;');
    });
  });

  it('says which map the kernel does not make', async (t) => {
    if (kernel.kind === 'refused') return t.skip(kernel.reason);
    const built = await object(
      'no_map',
      `${HEAD}
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 0); __type(key, __u32); __type(value, __u64); } empty SEC(".maps");
SEC("socket") int reads(struct __sk_buff *skb) {
  __u32 key = 0;
  return bpf_map_lookup_elem(&empty, &key) != 0;
}`,
    );
    if ('skip' in built) return t.skip(built.skip);
    await KernelSession.with(kernel.bpftool, async (session) => {
      const load = await session.load(built.file);
      assert.equal(load.accepted, false);
      assert.match(load.error ?? '', /^map 'empty': failed to create/);
    });
  });

  it('says what is wrong with a file that is no object', async (t) => {
    if (kernel.kind === 'refused') return t.skip(kernel.reason);
    const file = path.join(directory, 'text.o');
    await writeFile(file, 'not an object');
    await KernelSession.with(kernel.bpftool, async (session) => {
      const load = await session.load(file);
      assert.equal(load.accepted, false);
      assert.deepEqual(load.programs, []);
      assert.match(load.error ?? '', /ELF|open/);
    });
  });
});

async function mounts(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('ebpf-kernel-'));
}
