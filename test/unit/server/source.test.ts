import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findFunction, findPrograms, findSection, isCSource, looksLikeBpf } from '../../../server/source';

describe('looksLikeBpf', () => {
  it('knows a program by its sections or its headers', () => {
    assert.ok(looksLikeBpf('SEC("xdp") int f(void *ctx) { return 2; }'));
    assert.ok(looksLikeBpf('#include <bpf/bpf_helpers.h>\n'));
    assert.ok(looksLikeBpf('  # include "vmlinux.h"\n'));
  });

  it('is not taken in by user space, headers that define SEC, and comments', () => {
    assert.ok(!looksLikeBpf('#include <linux/bpf.h>\n#include <bpf/libbpf.h>\nint main(void) { return 0; }'));
    assert.ok(!looksLikeBpf('#define SEC(name) __attribute__((section(name), used))\n'));
    assert.ok(!looksLikeBpf('// SEC("xdp") is how one writes it\n/* SEC("tc") */ int x;'));
    assert.ok(!looksLikeBpf(''));
  });

  it('does not search texts that nobody wrote by hand', () => {
    assert.ok(!looksLikeBpf(`SEC("xdp")${' '.repeat(5 << 20)}`));
  });
});

describe('isCSource', () => {
  it('takes sources, not headers', () => {
    assert.ok(isCSource('/a/b.bpf.c'));
    assert.ok(isCSource('C:\\A.C'));
    assert.ok(!isCSource('/a/b.h'));
    assert.ok(!isCSource('/a/b.cc'));
  });
});

describe('findPrograms', () => {
  const text = `
SEC("xdp")
int first(struct xdp_md *ctx)
{ return 2; }
struct { int x; } map SEC(".maps");
// SEC("xdp") int commented(void)
SEC("kprobe/do_unlinkat")
int BPF_KPROBE(second, int dfd, struct filename *name) { return 0; }
#define WRAP SEC("tc") int wrapped(void)
SEC("tc") static __attribute__((noinline, section("x"))) __always_inline int
third(struct __sk_buff *skb) { return 0; }
char LICENSE[] SEC("license") = "GPL";
SEC("license") char other[] = "x";
`;

  it('finds name, section and line of each', () => {
    assert.deepEqual(findPrograms(text), [
      { name: 'first', section: 'xdp', line: 2 },
      { name: 'second', section: 'kprobe/do_unlinkat', line: 7 },
      { name: 'third', section: 'tc', line: 10 },
    ]);
  });

  it('answers for any text', () => {
    const piece = fc.constantFrom(
      'SEC(',
      '"xdp"',
      ')',
      'int ',
      'f',
      '(',
      '\n',
      '/*',
      '*/',
      '//',
      '#define ',
      '\\',
      '"',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        for (const { line } of findPrograms(pieces.join(''))) assert.ok(line >= 0);
      }),
    );
  });
});

describe('findFunction, findSection', () => {
  it('give the line, not of a mention in a comment', () => {
    const text = '// f(x)\nSEC("tc")\nint f(void);\n';
    assert.equal(findFunction(text, 'f'), 2);
    assert.equal(findFunction(text, 'g'), undefined);
    assert.equal(findFunction(text, 'f('), undefined);
    assert.equal(findSection(text, 'tc'), 1);
    assert.equal(findSection(text, 'xdp'), undefined);
  });
});
