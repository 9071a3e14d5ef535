import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findings, verify, type Setting } from './assembler';

const PACKET = `
  r2 = *(u32 *)(r1 + 0)
  r3 = *(u32 *)(r1 + 4)`;
const OUT = `
  out: r0 = 0
  exit`;
const FOUND = `
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = map counts
  call bpf_map_lookup_elem
  if r0 == 0 goto out`;

function accepts(text: string, setting?: Setting): void {
  assert.deepEqual(verify(text, setting).findings, []);
}

function refuses(text: string, code: string, setting?: Setting): void {
  assert.deepEqual(findings(text, setting), [code]);
}

describe('what weaker analyses accept although it can fault', () => {
  const lookup = FOUND.replace('if r0 == 0 goto out', '');

  it('NULL plus an offset is not NULL, and still no pointer', () => {
    refuses(`${lookup}\n r0 += 8; r1 = *(u64 *)(r0 + 0)${OUT}`, 'null-dereference');
  });

  it('a NULL test after the addition tests something else', () => {
    refuses(`${lookup}\n r0 += 8; if r0 == 0 goto out; r1 = *(u64 *)(r0 + 0)${OUT}`, 'null-dereference');
    accepts(`${lookup}\n r6 = r0; r0 += 8; if r6 == 0 goto out; r1 = *(u64 *)(r0 + 0)${OUT}`);
  });

  const nested: Setting = {
    maps: [{ name: 'outer', type: 13, valueSize: 4, inner: 1 }, { name: 'inner', type: 1 }],
  }; // prettier-ignore
  const inner = `
    *(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = map outer; call bpf_map_lookup_elem; TEST
    r1 = r0; r2 = r10; r2 += -4; call bpf_map_lookup_elem; if r0 == 0 goto out; r1 = *(u64 *)(r0 + 0)${OUT}`;

  it('an inner map may be missing', () => {
    refuses(inner.replace('TEST', ''), 'null-argument', nested);
    accepts(inner.replace('TEST', 'if r0 == 0 goto out'), nested);
  });

  it('.rodata is not written', () => {
    const setting: Setting = { maps: [{ name: '.rodata', type: 2, origin: 'global', readOnly: true, maxEntries: 1 }] };
    refuses(`r1 = value .rodata + 0; *(u64 *)(r1 + 0) = 1; r0 = 0; exit`, 'read-only', setting);
  });

  it('a callee does not write above its own frame', () => {
    refuses('fn main:\n call fn f; r0 = 0; exit\nfn f:\n *(u64 *)(r10 + 8) = 0; r0 = 0; exit', 'stack-bounds');
    accepts(
      'fn main:\n r1 = r10; r1 += -8; call fn f; r1 = *(u64 *)(r10 - 8); r0 = 0; exit\nfn f:\n *(u64 *)(r1 + 0) = 0; r0 = 0; exit',
    );
  });

  it('a pointer into a frame that has returned is not used', () => {
    refuses('fn main:\n call fn f; r1 = *(u64 *)(r0 - 8); r0 = 0; exit\nfn f:\n *(u64 *)(r10 - 8) = 0; r0 = r10; exit', 'uninitialised-register'); // prettier-ignore
  });
});

describe('idioms', () => {
  it('variable header length: the check holds for the recomputed pointer', () => {
    const text = (check: number): string => `${PACKET}
      r4 = r2; r4 += 34; if r4 > r3 goto out
      r4 = *(u8 *)(r2 + 14); r4 &= 15; r4 <<= 2
      r5 = r2; r5 += r4; r5 += ${check}; if r5 > r3 goto out
      r6 = r2; r6 += r4; r7 = *(u32 *)(r6 + 4)${OUT}`;
    accepts(text(8));
    refuses(text(7), 'packet-bounds');
  });

  it('the length of the packet as a number', () => {
    const text = (least: number): string => `${PACKET}
      r4 = r3; r4 -= r2; if r4 < ${least} goto out; r5 = *(u32 *)(r2 + 10)${OUT}`;
    accepts(text(14));
    refuses(text(13), 'packet-bounds');
  });

  it('what is left behind a cursor', () => {
    const text = (least: number): string => `${PACKET}
      r4 = r2; r4 += 14; if r4 > r3 goto out
      r5 = *(u8 *)(r2 + 0); r4 += r5; r6 = r3; r6 -= r4; if r6 s< ${least} goto out; r7 = *(u64 *)(r4 + 0)${OUT}`;
    accepts(text(8));
    refuses(text(7), 'packet-bounds');
  });

  it('a 32-bit comparison bounds a 64-bit index', () => {
    const text = (last: number): string =>
      `${FOUND}\n r1 = *(u32 *)(r0 + 0); if w1 > ${last} goto out; r0 += r1; r1 = *(u8 *)(r0 + 0)${OUT}`;
    accepts(text(63));
    refuses(text(64), 'map-value-bounds');
  });

  it('masks and scaled indices', () => {
    const text = (mask: number): string =>
      `${FOUND}\n r1 = *(u64 *)(r0 + 0); r1 &= ${mask}; r1 <<= 3; r0 += r1; r1 = *(u64 *)(r0 + 0)${OUT}`;
    accepts(text(7));
    refuses(text(15), 'map-value-bounds');
  });

  it('zero extension by shifts keeps what is known', () => {
    accepts(`${FOUND}\n r1 = *(u32 *)(r0 + 0); r2 = r1; r2 <<= 32; r2 >>= 32; if r2 > 63 goto out; r0 += r1; r1 = *(u8 *)(r0 + 0)${OUT}`); // prettier-ignore
  });

  it('spills keep pointers, ranges and links', () => {
    const text = (value: string): string =>
      `${FOUND}\n r1 = *(u64 *)(r0 + 0); *(u64 *)(r10 - 16) = r1; *(u64 *)(r10 - 24) = r0; if r1 > ${value} goto out; r3 = *(u64 *)(r10 - 16); r4 = *(u64 *)(r10 - 24); r4 += r3; r1 = *(u8 *)(r4 + 0)${OUT}`;
    accepts(text('63'));
    refuses(text('64'), 'map-value-bounds');
  });

  it('part of a wider spill', () => {
    const text = (offset: number): string =>
      `${FOUND}\n r1 = 0x300000020 ll; *(u64 *)(r10 - 16) = r1; r2 = *(u32 *)(r10 - ${offset}); r0 += r2; r1 = *(u8 *)(r0 + 31)${OUT}`;
    accepts(text(16));
    accepts(text(12));
    refuses(text(12).replace('+ 31', '+ 61'), 'map-value-bounds');
  });

  it('a NULL test on one copy counts for all', () => {
    accepts(`${FOUND.replace('if r0 ==', 'r6 = r0; *(u64 *)(r10 - 16) = r0; if r0 ==')}\n r1 = *(u64 *)(r6 + 0); r2 = *(u64 *)(r10 - 16); r1 = *(u64 *)(r2 + 8)${OUT}`); // prettier-ignore
  });

  it('a flag remembers a bounds check', () => {
    const text = (flag: number): string => `${PACKET}
      r6 = 0; r4 = r2; r4 += 20; if r4 > r3 goto join; r6 = 1
      join: if r6 != ${flag} goto out; r5 = *(u32 *)(r2 + 16)${OUT}`;
    accepts(text(1));
    refuses(text(0), 'packet-bounds');
  });

  it('a flag remembers a NULL test and an initialisation', () => {
    accepts(`
      *(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = map counts; call bpf_map_lookup_elem
      r6 = 0; if r0 == 0 goto join; r6 = 1; *(u64 *)(r10 - 16) = r0
      join: if r6 == 0 goto out; r1 = *(u64 *)(r10 - 16); r1 = *(u64 *)(r1 + 0)${OUT}`);
  });

  it('offset and length whose sum was checked', () => {
    const text = (limit: number): string => `
      r6 = *(u32 *)(r1 + 12); r6 &= 0xff; r7 = *(u32 *)(r1 + 16); r7 &= 0xff; if r7 == 0 goto out
      *(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = map counts; call bpf_map_lookup_elem; if r0 == 0 goto out
      r1 = r6; r1 += r7; if r1 > ${limit} goto out
      r0 += r6; r1 = r0; r2 = r7; call bpf_trace_printk${OUT}`;
    accepts(text(64));
    refuses(text(65), 'map-value-bounds');
  });

  it('metadata in front of the packet', () => {
    const text = (size: number): string => `
      r2 = *(u32 *)(r1 + 8); r3 = *(u32 *)(r1 + 0); r4 = r2; r4 += ${size}; if r4 > r3 goto out; r5 = *(u32 *)(r2 + 4)${OUT}`;
    accepts(text(8));
    refuses(text(6), 'packet-bounds');
  });

  it('pointers into the same map value compare and subtract', () => {
    accepts(`${FOUND}\n r1 = r0; r1 += 8; if r1 > r0 goto two; r2 = *(u64 *)(r0 + 1000)\n two: r1 -= r0; r0 += r1; r1 = *(u64 *)(r0 + 48)${OUT}`); // prettier-ignore
  });

  it('an index read twice is not the same index', () => {
    refuses(`${FOUND}\n r1 = *(u32 *)(r0 + 0); if r1 > 63 goto out; r2 = *(u32 *)(r0 + 0); r0 += r2; r1 = *(u8 *)(r0 + 0)${OUT}`, 'map-value-bounds'); // prettier-ignore
  });
});

describe('functions', () => {
  it('are analysed with what is known at each call', () => {
    const text = (bytes: number): string =>
      `
      fn main:
        ${PACKET}
        r4 = r2; r4 += 20; if r4 > r3 goto out
        r1 = r2; call fn f; r0 = 0
        out: exit
      fn f:
        r0 = *(u8 *)(r1 + ${bytes}); exit`.replace('out: exit', 'out: r0 = 0; exit');
    accepts(text(19));
    const report = verify(text(20));
    assert.deepEqual(
      report.findings.map(({ code, function: fn, pc }) => [code, fn, pc]),
      [['packet-bounds', 'f', 0]],
    );
  });

  it('keep r6 to r9 of their callers and lose r1 to r5', () => {
    accepts('fn main:\n r6 = 1; call fn f; r0 = r6; exit\nfn f:\n r6 = 2; r0 = 0; exit');
    refuses('fn main:\n r1 = 1; call fn f; r0 = r1; exit\nfn f:\n r0 = 0; exit', 'uninitialised-register');
  });
});

describe('callbacks', () => {
  const loop = (body: string, after = ''): string => `
    fn main:
      *(u64 *)(r10 - 8) = 0; r1 = 10; r2 = function step; r3 = r10; r3 += -8; r4 = 0; call bpf_loop
      ${after} r0 = 0; exit
    fn step:
      ${body}`;

  it('run any number of times on the memory that they share', () => {
    accepts(loop('r3 = *(u64 *)(r2 + 0); r3 += 1; *(u64 *)(r2 + 0) = r3; r0 = 0; exit', 'r1 = *(u64 *)(r10 - 8);'));
    refuses(loop('r3 = *(u64 *)(r2 + 8); r0 = 0; exit'), 'stack-bounds');
  });

  it('may be stopped by 1 and nothing else', () => {
    accepts(loop('r0 = 1; exit'));
    refuses(loop('r0 = 2; exit'), 'return-value');
  });

  it('what one call leaves behind, the next one and the caller find', () => {
    const text = (limit: number): string =>
      loop(
        'r3 = *(u64 *)(r2 + 0); if r3 > 8 goto out; r3 += 1; *(u64 *)(r2 + 0) = r3; out: r0 = 0; exit',
        `r1 = *(u64 *)(r10 - 8); if r1 <= ${limit} goto good; r2 = 0; r2 = *(u8 *)(r2 + 0);\n good:`,
      );
    accepts(text(9));
    refuses(text(8), 'not-a-pointer');
  });

  it('of for_each_map_elem get a value that is not NULL and a key that is not written', () => {
    const each = (body: string): string => `
      fn main:
        r1 = map counts; r2 = function step; r3 = 0; r4 = 0; call bpf_for_each_map_elem; r0 = 0; exit
      fn step:
        ${body}; r0 = 0; exit`;
    accepts(each('r1 = *(u64 *)(r3 + 56); r2 = *(u32 *)(r2 + 0)'));
    refuses(each('*(u32 *)(r2 + 0) = 1'), 'read-only');
    refuses(each('r1 = *(u64 *)(r3 + 64)'), 'map-value-bounds');
  });
});
