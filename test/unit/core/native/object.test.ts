import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readObject } from '../../../../core/object/read';
import { compileBpf } from '../../../../tools/clang';
import { cannotRun, generate, Workshop } from './native_image';

const SOURCE = `#define SEC(name) __attribute__((section(name), used))
typedef unsigned int u32;
typedef unsigned long long u64;
struct xdp_md { u32 data, data_end, data_meta; };
struct { int (*type)[2]; u32 *key; u64 *value; int (*max_entries)[3]; } counts SEC(".maps");
struct { int (*type)[1]; u32 *key; u64 *value; int (*max_entries)[8]; } seen SEC(".maps");
static void *(*lookup)(void *, const void *) = (void *)1;
static long (*update)(void *, const void *, const void *, u64) = (void *)2;
static long (*tail_call)(void *, void *, u32) = (void *)12;
static long (*loop)(u32, void *, void *, u64) = (void *)181;
static u64 (*fold_helper)(u64, u64, u64, u64, u64) = (void *)9999;
extern u64 fold(u64, u64, u64, u64, u64) __attribute__((section(".ksyms")));
u64 total = 5;
const volatile u64 limit = 77;
static u64 hits[4];

static __attribute__((noinline)) u64 clobber(u64 x) {
  volatile u64 a[8] = {x, 2, 3, 4, 5, 6, 7, 8};
  return a[0] + a[7];
}

static __attribute__((noinline)) u64 middle(u64 x) {
  volatile u64 local[4] = {x, x, x, x};
  u64 below = clobber(x + 1);
  return below + local[0] + local[3];
}

static int step(u32 i, u64 *sum) {
  volatile u64 own = i;
  *sum += own;
  return i == 6;
}

SEC("xdp") int frames(u64 *ctx) {
  volatile u64 mine = ctx[0];
  u64 result = middle(mine);
  return result * 1000 + mine;
}

SEC("xdp") int callback(u64 *ctx) {
  u64 sum = ctx[0];
  long rounds = loop(20, step, &sum, 0);
  hits[sum & 3] += rounds;
  return sum;
}

SEC("xdp") int globals(u64 *ctx) {
  total += limit + ctx[0];
  return total;
}

SEC("xdp") int packet(struct xdp_md *ctx) {
  unsigned char *data = (void *)(u64)ctx->data, *end = (void *)(u64)ctx->data_end;
  if (data + 4 > end) return 1;
  u32 key = data[0];
  u64 one = 1, *value = lookup(&counts, &key);
  if (value) __sync_fetch_and_add(value, data[1]);
  update(&seen, &key, &one, 0);
  data[3] ^= 0xff;
  return 2;
}

SEC("xdp") int tail(u64 *ctx) {
  tail_call(ctx, &seen, ctx[0]);
  return 33;
}

SEC("xdp") int arguments(u64 *ctx) {
  return fold_helper(1, 2, 3, 4, 5) * 1000 + fold(ctx[0], 0, 0, 0, 1);
}
char _license[] SEC("license") = "GPL";
`;

const word = (value: number): string => Buffer.from(BigUint64Array.of(BigInt(value)).buffer).toString('hex');

describe('objects of clang as native images', () => {
  let workshop: Workshop;
  let reason: string | undefined;
  let image = '';
  before(async () => {
    workshop = await Workshop.open();
    reason = await cannotRun();
    if (reason !== undefined) return;
    const source = path.join(workshop.folder, 'program.c');
    await writeFile(source, SOURCE);
    const compiled = await compileBpf({ source, flags: ['-mcpu=v3'] });
    if (compiled.outcome === 'missing') reason = compiled.remedy;
    else {
      assert.equal(compiled.outcome, 'compiled', compiled.diagnostics[0]?.message);
      image = await workshop.build(generate(readObject(compiled.object!)));
    }
  });
  after(() => workshop.close());

  const runs = (name: string, commands: readonly string[], answers: readonly string[]): void => {
    it(name, async (t) => {
      if (reason !== undefined) return t.skip(reason);
      assert.deepEqual(
        (await workshop.run(image, commands)).map((answer) => answer.trim().replace(/:\d+(?= |$)/g, ':N')),
        answers,
      );
    });
  };

  runs(
    'lists its programs by name',
    ['programs'],
    ['arguments:xdp:N callback:xdp:N frames:xdp:N globals:xdp:N packet:xdp:N tail:xdp:N'],
  );
  // clobber: 11 + 8, middle: + 10 + 10; the frames of the callers are untouched.
  runs('gives each call a frame of its own', [`run frames ${word(10)}`], [`${(39_010).toString(16)} ${word(10)}`]);
  runs(
    'calls back with a stack of its own, until the callback says stop',
    [`run callback ${word(100)}`, 'globals module.bss'],
    [`${(121).toString(16)} ${word(100)}`, word(0) + word(7) + word(0) + word(0)],
  );
  runs(
    'keeps globals from run to run',
    [`run globals ${word(1)}`, `run globals ${word(2)}`, 'globals module.data'],
    [`53 ${word(1)}`, `a2 ${word(2)}`, word(0xa2)],
  );
  runs(
    'reads packets and maps',
    ['xdp packet 010500f0', 'xdp packet 010600f0', 'xdp packet 0900', 'xdp packet 09000000', 'map counts', 'map seen'],
    [
      '2 0105000f',
      '2 0106000f',
      '1 0900',
      '2 090000ff',
      word(0) + word(11) + word(0),
      `01000000=${word(1)} 09000000=${word(1)}`,
    ],
  );
  runs(
    'ends after a tail call that succeeds, goes on after one that fails',
    [`run tail ${word(0)}`, `run tail ${word(1)}`],
    [`0 ${word(0)}`, `21 ${word(1)}`],
  );
  // 1 + 3*2 + 5*3 + 7*4 + 11*5 = 105; 4 + 11 = 15.
  runs(
    'hands five arguments to helpers and to functions of the host',
    [`run arguments ${word(4)}`],
    [`${(105_015).toString(16)} ${word(4)}`],
  );
});
