import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cancelled } from '../../../../core/verifier/verify';
import { findings, verify } from './assembler';

const proves = (text: string): void => {
  const report = verify(text);
  assert.deepEqual(report.findings, []);
  assert.equal(report.verdict, 'proved');
};

const isUnbounded = (text: string): void => {
  const report = verify(text);
  assert.notEqual(report.verdict, 'proved');
  assert.ok(report.findings.some((finding) => finding.class === 'TERMINATION'));
};

describe('loops', () => {
  it('with a counter end', () => {
    proves('r1 = 0\n l: r1 += 1; if r1 < 100 goto l; r0 = 0; exit');
    proves('r1 = 100\n l: r1 -= 1; if r1 != 0 goto l; r0 = 0; exit');
    proves('w1 = 0\n l: w1 += 3; if w1 < 1000 goto l; r0 = 0; exit');
  });

  it('with a counter on the stack end', () => {
    proves(
      '*(u64 *)(r10 - 8) = 0\n l: r1 = *(u64 *)(r10 - 8); r1 += 1; *(u64 *)(r10 - 8) = r1; if r1 < 100000 goto l; r0 = 0; exit',
    );
  });

  it('nest', () => {
    proves(`r1 = 0
      a: r2 = 0
      b: r2 += 1; if r2 < 50 goto b
      r1 += 1; if r1 < 50 goto a
      r0 = 0; exit`);
  });

  it('up to an unknown bound end', () => {
    proves('r2 = *(u32 *)(r1 + 12); r2 &= 1023; r1 = 0\n l: if r1 >= r2 goto out; r1 += 1; goto l\n out: r0 = 0; exit');
  });

  it('over the packet end', () => {
    proves(`r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4)
      l: r4 = r2; r4 += 1; if r4 > r3 goto out; r5 = *(u8 *)(r2 + 0); r2 = r4; goto l
      out: r0 = 0; exit`);
  });

  it('that do nothing never end', () => {
    isUnbounded('l: goto l');
    isUnbounded('r0 = 0\n l: if r0 == 0 goto l; exit');
    isUnbounded('l: call bpf_get_prandom_u32; if r0 != 0 goto l; r0 = 0; exit');
  });

  it('whose counter is reset, or wraps, need not end', () => {
    isUnbounded(
      'r6 = 0\n l: r6 += 1; call bpf_get_prandom_u32; if r0 != 0 goto n; r6 = 0\n n: if r6 < 10 goto l; r0 = 0; exit',
    );
    isUnbounded('r6 = 0\n l: r6 += 2; if r6 != 99 goto l; r0 = 0; exit');
  });

  it('with two counters that take turns backwards need not end', () => {
    isUnbounded(`r6 = 0; r7 = 0
      l: call bpf_get_prandom_u32; if r0 == 0 goto b
      r6 += 1; r7 -= 1; goto n
      b: r6 -= 1; r7 += 1
      n: if r6 s< 10 goto l; r0 = 0; exit`);
  });

  const around = (before: string, body: string, test: string): string => `
    fn main:
      ${before}
      l: r1 = 10; r2 = function step; r3 = r10; r3 += -8; r4 = 0; call bpf_loop
      ${test}; r0 = 0; exit
    fn step:
      ${body}; r0 = 0; exit`;

  it('around a helper that loops end by their own counters', () => {
    proves(around('r6 = 0; *(u64 *)(r10 - 8) = 0', 'r3 = *(u64 *)(r2 + 0)', 'r6 += 1; if r6 < 5 goto l'));
    isUnbounded(around('*(u64 *)(r10 - 8) = 0', 'r3 = *(u64 *)(r2 + 0)', 'if r6 == r6 goto l').replace('if r6 == r6', 'r6 = r10; if r6 == r10')); // prettier-ignore
  });

  it('around a helper whose callback resets the counter need not end', () => {
    const counted = (body: string): string =>
      around(
        '*(u64 *)(r10 - 8) = 0',
        body,
        'r6 = *(u64 *)(r10 - 8); r6 += 1; *(u64 *)(r10 - 8) = r6; if r6 < 5 goto l',
      );
    isUnbounded(counted('*(u64 *)(r2 + 0) = 0'));
    proves(counted('r3 = *(u64 *)(r2 + 0)'));
  });

  it('that begin with such a helper call are loops all the same', () => {
    // The jump goes to the call itself.
    isUnbounded(`
      fn main:
        r6 = 0
        r1 = 1; r2 = function step; r3 = 0; r4 = 0
        l: call bpf_loop
        r1 = 1; r2 = function step; r3 = 0; r4 = 0
        if r6 == 0 goto l
        r0 = 0; exit
      fn step:
        r0 = 0; exit`);
  });

  it('of more than a million rounds count as unbounded', () => {
    assert.ok(findings('r1 = 0\n l: r1 += 1; if r1 < 5000000 goto l; r0 = 0; exit').includes('unbounded-loop'));
  });

  it('check their accesses in every round', () => {
    const text = (last: number): string =>
      `r1 = 0\n l: r2 = r10; r2 -= 64; r2 += r1; *(u8 *)(r2 + 0) = 1; r1 += 1; if r1 <= ${last} goto l; r0 = 0; exit`;
    proves(text(63));
    assert.deepEqual(findings(text(64)), ['stack-bounds']);
  });

  it('find one failure once, in whatever round', () => {
    const text = `r6 = 0
      l: *(u32 *)(r10 - 4) = r6; r2 = r10; r2 += -4; r1 = map counts; call bpf_map_lookup_elem
      r1 = *(u64 *)(r0 + 0); r6 += 1; if r6 < 10 goto l; r0 = 0; exit`;
    assert.deepEqual(findings(text), ['null-dereference']);
  });

  it('do not hide a failure before them', () => {
    // The failed access must be found although every round meets it.
    assert.deepEqual(findings('r6 = 0\n l: r1 = *(u32 *)(r10 + 16); r6 += 1; if r6 < 3 goto l; r0 = 0; exit'), [
      'stack-bounds',
    ]);
  });
});

describe('budget', () => {
  const endless = 'l: r0 = 0; call bpf_get_prandom_u32; r6 = r0; r6 += 1; goto l';

  it('ends the analysis as unproven', () => {
    const report = verify('l: call bpf_get_prandom_u32; if r0 == 5 goto m; goto l\n m: exit', {
      options: { maxSteps: 10 },
    });
    assert.deepEqual(
      [report.verdict, report.findings.map((finding) => finding.code)],
      ['unproven', ['budget-exhausted']],
    );
  });

  it('is polled for cancellation', () => {
    assert.throws(
      () => verify(`r1 = 0\n a: r1 += 7; if r1 s> 0 goto a\n ${endless}`, { options: { isCancelled: () => true } }),
      Cancelled,
    );
  });

  it('makes the same report every time', () => {
    const text = 'r2 = *(u32 *)(r1 + 12); r3 = 0\n l: r3 += r2; r2 += -1; if r2 != 0 goto l; r0 = r3; exit';
    assert.deepEqual(verify(text), verify(text));
  });
});
