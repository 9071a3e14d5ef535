import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findings, verify, type Setting } from './assembler';

const END = 'r0 = 0\nexit';
const LOOKUP = `
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = map counts
  call bpf_map_lookup_elem`;
const FOUND = `${LOOKUP}
  if r0 == 0 goto out`;
const OUT = `
  out: ${END}`;
const PACKET = `
  r2 = *(u32 *)(r1 + 0)
  r3 = *(u32 *)(r1 + 4)`;

/** A check with a program that keeps it and one that breaks it. */
interface Twin {
  readonly name: string;
  readonly good: string;
  readonly bad: string;
  readonly code: string;
  readonly class?: string;
  readonly setting?: Setting;
}

// prettier-ignore
const TWINS: readonly Twin[] = [
  { name: 'registers are initialised', code: 'uninitialised-register', good: `r3 = 1; r2 = r3; ${END}`, bad: `r2 = r3; ${END}` },
  { name: 'calls clobber r1 to r5', code: 'uninitialised-register', good: `r6 = 1; call bpf_ktime_get_ns; r1 = r6; ${END}`, bad: `call bpf_ktime_get_ns; r0 += r1; ${END}` },
  { name: 'r0 is set at exit', code: 'uninitialised-register', good: END, bad: 'exit' },
  { name: 'numbers are not followed', code: 'not-a-pointer', good: `r2 = *(u32 *)(r1 + 12); ${END}`, bad: `r2 = 4096; r3 = *(u8 *)(r2 + 0); ${END}` },
  { name: 'maps are not followed', code: 'opaque-pointer', good: `r1 = map counts; ${END}`, bad: `r1 = map counts; r2 = *(u64 *)(r1 + 0); ${END}` },
  { name: 'pointers only move by addition', code: 'pointer-arithmetic', good: `r2 = r10; r2 += -8; ${END}`, bad: `r2 = r10; r2 *= 2; ${END}` },
  { name: 'pointers only move in 64 bits', code: 'pointer-arithmetic', good: `r2 = r10; r2 -= 8; ${END}`, bad: `r2 = r10; w2 += 1; ${END}` },
  { name: 'pointers are copied whole', code: 'partial-pointer', good: `r2 = r1; ${END}`, bad: `w2 = w1; ${END}` },
  { name: 'pointers are spilled whole', code: 'partial-pointer', good: `*(u64 *)(r10 - 8) = r1; ${END}`, bad: `*(u32 *)(r10 - 8) = r1; ${END}` },
  { name: 'lookups may fail', code: 'null-dereference', class: 'NULL', good: `${FOUND}\n r1 = *(u64 *)(r0 + 0)${OUT}`, bad: `${LOOKUP}\n r1 = *(u64 *)(r0 + 0); ${END}` },
  { name: 'stores through a lookup need the test, too', code: 'null-dereference', good: `${FOUND}\n *(u64 *)(r0 + 0) = 1${OUT}`, bad: `${LOOKUP}\n *(u64 *)(r0 + 0) = 1; ${END}` },
  { name: 'NULL is no helper memory', code: 'null-argument', class: 'NULL', good: `${FOUND}\n r2 = r0; r1 = map counts; call bpf_map_delete_elem${OUT}`, bad: `${LOOKUP}\n r2 = r0; r1 = map counts; call bpf_map_delete_elem; ${END}` },
  { name: 'packet reads are inside', code: 'packet-bounds', class: 'BOUNDS_HIGH', good: `${PACKET}\n r4 = r2; r4 += 14; if r4 > r3 goto out; r5 = *(u16 *)(r2 + 12)${OUT}`, bad: `${PACKET}\n r4 = r2; r4 += 13; if r4 > r3 goto out; r5 = *(u16 *)(r2 + 12)${OUT}` },
  { name: 'packet reads do not begin before data', code: 'packet-bounds', class: 'BOUNDS_LOW', good: `${PACKET}\n r4 = r2; r4 += 14; if r4 > r3 goto out; r5 = *(u8 *)(r4 - 14)${OUT}`, bad: `${PACKET}\n r4 = r2; r4 += 14; if r4 > r3 goto out; r5 = *(u8 *)(r4 - 15)${OUT}` },
  { name: 'the equality at the end does not help', code: 'packet-bounds', good: `${PACKET}\n r4 = r2; r4 += 1; if r3 < r4 goto out; r5 = *(u8 *)(r2 + 0)${OUT}`, bad: `${PACKET}\n if r3 < r2 goto out; r5 = *(u8 *)(r2 + 0)${OUT}` },
  { name: 'packet pointers end when the packet moves', code: 'stale-packet-pointer', good: `r6 = r1; r2 = -8; call bpf_xdp_adjust_head; r2 = *(u32 *)(r6 + 0); r3 = *(u32 *)(r6 + 4); r4 = r2; r4 += 1; if r4 > r3 goto out; r5 = *(u8 *)(r2 + 0)${OUT}`, bad: `r6 = r1; r7 = *(u32 *)(r6 + 0); r3 = *(u32 *)(r6 + 4); r4 = r7; r4 += 1; if r4 > r3 goto out; r2 = -8; r1 = r6; call bpf_xdp_adjust_head; r5 = *(u8 *)(r7 + 0)${OUT}` },
  { name: 'checks end when the packet moves', code: 'packet-bounds', good: `${PACKET}\n r4 = r2; r4 += 1; if r4 > r3 goto out; r5 = *(u8 *)(r2 + 0)${OUT}`, bad: `r6 = r1; ${PACKET}\n r4 = r2; r4 += 1; if r4 > r3 goto out; r2 = -8; r1 = r6; call bpf_xdp_adjust_head; r2 = *(u32 *)(r6 + 0); r5 = *(u8 *)(r2 + 0)${OUT}` },
  { name: 'map values have a size', code: 'map-value-bounds', class: 'BOUNDS_HIGH', good: `${FOUND}\n r1 = *(u64 *)(r0 + 56)${OUT}`, bad: `${FOUND}\n r1 = *(u64 *)(r0 + 57)${OUT}` },
  { name: 'map values begin at 0', code: 'map-value-bounds', class: 'BOUNDS_LOW', good: `${FOUND}\n r0 += 8; r1 = *(u64 *)(r0 - 8)${OUT}`, bad: `${FOUND}\n r1 = *(u64 *)(r0 - 8)${OUT}` },
  { name: 'indices are bounded', code: 'map-value-bounds', good: `${FOUND}\n r1 = *(u32 *)(r0 + 0); if r1 > 63 goto out; r0 += r1; r1 = *(u8 *)(r0 + 0)${OUT}`, bad: `${FOUND}\n r1 = *(u32 *)(r0 + 0); if r1 > 64 goto out; r0 += r1; r1 = *(u8 *)(r0 + 0)${OUT}` },
  { name: 'the stack frame ends at r10', code: 'stack-bounds', class: 'BOUNDS_HIGH', good: `*(u64 *)(r10 - 8) = 0; ${END}`, bad: `*(u64 *)(r10 + 0) = 0; ${END}` },
  { name: 'the stack frame has 512 bytes', code: 'stack-bounds', class: 'BOUNDS_LOW', good: `r2 = r10; r2 += -512; *(u64 *)(r2 + 0) = 0; ${END}`, bad: `r2 = r10; r2 += -504; *(u64 *)(r2 - 16) = 0; ${END}` },
  { name: 'stack is written before it is read', code: 'stack-uninitialised', class: 'STACK_INIT', good: `*(u64 *)(r10 - 8) = 1; r2 = *(u32 *)(r10 - 8); ${END}`, bad: `*(u32 *)(r10 - 8) = 1; r2 = *(u64 *)(r10 - 8); ${END}` },
  { name: 'keys are initialised', code: 'stack-uninitialised', good: `${LOOKUP}\n ${END}`, bad: `r2 = r10; r2 += -4; r1 = map counts; call bpf_map_lookup_elem; ${END}` },
  { name: 'stack accesses are aligned', code: 'stack-alignment', class: 'STRICT', good: `*(u32 *)(r10 - 12) = 0; ${END}`, bad: `*(u32 *)(r10 - 10) = 0; ${END}` },
  { name: 'read-only sections are not written', code: 'read-only', good: `r1 = value .data + 0; *(u32 *)(r1 + 0) = 1; ${END}`, bad: `r1 = value .rodata + 0; *(u32 *)(r1 + 0) = 1; ${END}`, setting: { maps: [{ name: '.rodata', type: 2, origin: 'global', readOnly: true, maxEntries: 1 }, { name: '.data', type: 2, origin: 'global', maxEntries: 1 }] } },
  { name: 'write-only maps are not read', code: 'write-only', good: `${FOUND}\n *(u64 *)(r0 + 0) = 1${OUT}`, bad: `${FOUND}\n r1 = *(u64 *)(r0 + 0)${OUT}`, setting: { maps: [{ name: 'counts', type: 2, flags: 0x100 }] } },
  { name: 'context fields have a place', code: 'context-access', class: 'CTX', good: `r2 = *(u32 *)(r1 + 12); ${END}`, bad: `r2 = *(u32 *)(r1 + 2); ${END}` },
  { name: 'the context has an end', code: 'context-access', class: 'BOUNDS_HIGH', good: `r2 = *(u32 *)(r1 + 16); ${END}`, bad: `r2 = *(u32 *)(r1 + 24); ${END}` },
  { name: 'the context of xdp is not written', code: 'context-access', good: `r2 = *(u32 *)(r1 + 12); ${END}`, bad: `*(u32 *)(r1 + 12) = 0; ${END}` },
  { name: 'the context is passed as it came', code: 'context-offset', good: `r2 = 0; call bpf_xdp_adjust_head; ${END}`, bad: `r1 += 4; r2 = 0; call bpf_xdp_adjust_head; ${END}` },
  { name: 'pointers stay inside', code: 'pointer-leak', class: 'LEAK', good: `r6 = r1; ${FOUND}\n r1 = 1; *(u64 *)(r0 + 0) = r1${OUT}`, bad: `r6 = r1; ${FOUND}\n *(u64 *)(r0 + 0) = r6${OUT}` },
  { name: 'the return value is a number', code: 'pointer-leak', good: END, bad: 'r0 = r1; exit' },
  { name: 'comparisons have a meaning', code: 'pointer-compare', class: 'COMPARE', good: `if r1 == 0 goto out${OUT}`, bad: `if r1 == 5 goto out${OUT}` },
  { name: 'differences have a meaning', code: 'pointer-subtract', class: 'COMPARE', good: `${PACKET}\n r3 -= r2; ${END}`, bad: `r1 -= r10; ${END}` },
  { name: 'atomics need numbers in memory', code: 'atomic-target', good: `${FOUND}\n r1 = 1; lock *(u64 *)(r0 + 0) += r1${OUT}`, bad: `r2 = 1; lock *(u32 *)(r1 + 0) += r2; ${END}` },
  { name: 'atomics are aligned', code: 'unaligned-atomic', good: `${FOUND}\n r1 = 1; lock *(u64 *)(r0 + 8) += r1${OUT}`, bad: `${FOUND}\n r1 = 1; lock *(u64 *)(r0 + 4) += r1${OUT}` },
  { name: 'helpers exist', code: 'unknown-helper', class: 'CALL', good: `call bpf_ktime_get_ns; ${END}`, bad: `call 60000; ${END}` },
  { name: 'helpers belong to program types', code: 'helper-not-allowed', good: `call bpf_ktime_get_ns; ${END}`, bad: `r2 = 0; call 44; ${END}`, setting: { section: 'cgroup/skb' } },
  { name: 'licenses', code: 'gpl-only', good: `call bpf_ktime_get_ns; ${END}`, bad: `*(u32 *)(r10 - 4) = 0; r1 = r10; r1 += -4; r2 = 4; call bpf_trace_printk; ${END}`, setting: { license: 'MIT' } },
  { name: 'maps are maps', code: 'helper-argument', good: `${LOOKUP}\n ${END}`, bad: `*(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = 7; call bpf_map_lookup_elem; ${END}` },
  { name: 'maps fit their helpers', code: 'map-not-allowed', good: `${LOOKUP}\n ${END}`, bad: `${LOOKUP}\n ${END}`.replace('map counts', 'map events'), setting: { maps: [{ name: 'counts', type: 1 }, { name: 'events', type: 4 }] } },
  { name: 'sizes are bounded', code: 'argument-size', good: `*(u64 *)(r10 - 8) = 0; r1 = r10; r1 += -8; r2 = 8; call bpf_trace_printk; ${END}`, bad: `*(u64 *)(r10 - 8) = 0; r1 = r10; r1 += -8; r2 = 0; call bpf_trace_printk; ${END}` },
  { name: 'helpers stay inside the stack', code: 'stack-bounds', good: `*(u64 *)(r10 - 8) = 0; r1 = r10; r1 += -8; r2 = 8; call bpf_trace_printk; ${END}`, bad: `*(u64 *)(r10 - 8) = 0; r1 = r10; r1 += -8; r2 = 9; call bpf_trace_printk; ${END}` },
  { name: 'records are released', code: 'reference-leak', good: `r1 = map ring; r2 = 8; r3 = 0; call bpf_ringbuf_reserve; if r0 == 0 goto out; r1 = r0; r2 = 0; call bpf_ringbuf_submit${OUT}`, bad: `r1 = map ring; r2 = 8; r3 = 0; call bpf_ringbuf_reserve${OUT}`, setting: { maps: [{ name: 'ring', type: 27, keySize: 0, valueSize: 0 }] } },
  { name: 'records end when they are released', code: 'use-after-release', good: `r1 = map ring; r2 = 8; r3 = 0; call bpf_ringbuf_reserve; if r0 == 0 goto out; r6 = r0; *(u64 *)(r6 + 0) = 1; r1 = r6; r2 = 0; call bpf_ringbuf_submit${OUT}`, bad: `r1 = map ring; r2 = 8; r3 = 0; call bpf_ringbuf_reserve; if r0 == 0 goto out; r6 = r0; r1 = r6; r2 = 0; call bpf_ringbuf_submit; *(u64 *)(r6 + 0) = 1${OUT}`, setting: { maps: [{ name: 'ring', type: 27, keySize: 0, valueSize: 0 }] } },
  { name: 'records have a size', code: 'memory-bounds', good: `r1 = map ring; r2 = 8; r3 = 0; call bpf_ringbuf_reserve; if r0 == 0 goto out; *(u64 *)(r0 + 0) = 1; r1 = r0; r2 = 0; call bpf_ringbuf_submit${OUT}`, bad: `r1 = map ring; r2 = 8; r3 = 0; call bpf_ringbuf_reserve; if r0 == 0 goto out; *(u64 *)(r0 + 1) = 1; r1 = r0; r2 = 0; call bpf_ringbuf_submit${OUT}`, setting: { maps: [{ name: 'ring', type: 27, keySize: 0, valueSize: 0 }] } },
  { name: 'return values are in range', code: 'return-value', good: 'r0 = 1; exit', bad: 'r0 = 4; exit', setting: { section: 'cgroup_skb/egress' } },
  { name: 'kernel functions are not modelled', code: 'not-modelled', good: END, bad: `call extern 0; ${END}` },
  { name: 'division by the constant 0', code: 'division-by-zero', class: 'DIV0', good: `r2 = 0; r0 = 1; r0 /= r2; r0 = 0; exit`, bad: `r0 = 1; r0 /= 0; r0 = 0; exit` },
  { name: 'one instruction, one kind of memory', code: 'mixed-access', good: `r6 = r1; call bpf_get_prandom_u32; if r0 == 0 goto two; r2 = *(u32 *)(r6 + 12); goto out; two: *(u32 *)(r10 - 8) = 0; r2 = *(u32 *)(r10 - 8)${OUT}`, bad: `r6 = r1; *(u32 *)(r10 - 8) = 0; call bpf_get_prandom_u32; if r0 != 0 goto two; r6 = r10; r6 += -20; two: r2 = *(u32 *)(r6 + 12)${OUT}` },
];

describe('checks', () => {
  for (const { name, good, bad, code, class: expected, setting } of TWINS) {
    it(`${name}: accepts`, () => {
      assert.deepEqual(findings(good, setting), []);
    });
    it(`${name}: refuses as ${code}`, () => {
      const report = verify(bad, setting);
      assert.deepEqual(
        report.findings.map((finding) => finding.code),
        [code],
      );
      assert.equal(report.verdict, 'unproven');
      if (expected !== undefined) assert.equal(report.findings[0]!.class, expected);
      const { needed, known, class: of } = report.findings[0]!;
      if (of.startsWith('BOUNDS')) assert.ok(needed && known, 'what was needed and known');
    });
  }
});

describe('structure', () => {
  const structural = (text: string): [string, string] => {
    const { verdict, findings: found } = verify(text);
    return [verdict, found[0]!.code];
  };

  it('refuses recursion', () => {
    assert.deepEqual(structural('fn main:\n call fn f; exit\nfn f:\n call fn f; exit'), ['invalid', 'recursion']);
  });

  it('refuses call chains of more than 8 functions', () => {
    const chain = (depth: number): string =>
      Array.from(
        { length: depth },
        (_, k) => `fn f${k}:\n r0 = 0; ${k + 1 < depth ? `call fn f${k + 1}` : ''}; exit`,
      ).join('\n');
    assert.equal(verify(chain(8)).verdict, 'proved');
    assert.deepEqual(structural(chain(9)), ['invalid', 'call-depth']);
  });

  it('refuses falling through the end, and writes to r10', () => {
    assert.deepEqual(structural('r0 = 0'), ['invalid', 'control-flow']);
    assert.deepEqual(structural('r10 = 0; exit'), ['invalid', 'invalid-instruction']);
  });

  it('accepts unreachable code', () => {
    assert.equal(verify('r0 = 0; exit; r0 = r7; exit').verdict, 'proved');
  });

  it('refuses sections that name no program type', () => {
    const report = verify('r0 = 0; exit', { section: 'no_such_thing' });
    assert.deepEqual(
      [report.verdict, report.type, report.findings[0]!.code],
      ['invalid', 'unknown', 'unknown-program-type'],
    );
  });

  it('counts the deepest chain of frames, which Linux limits to 512 bytes', () => {
    const two = (bytes: number): string =>
      `fn main:\n *(u64 *)(r10 - 256) = 0; call fn f; r0 = 0; exit\nfn f:\n *(u64 *)(r10 - ${bytes}) = 0; r0 = 0; exit`;
    assert.equal(verify(two(256)).stackBytes, 512);
    assert.deepEqual(findings(two(256)), []);
    assert.deepEqual(findings(two(264)), ['stack-limit']);
    assert.deepEqual(findings(two(264), { platform: 'windows', section: 'bind' }), []);
  });
});
