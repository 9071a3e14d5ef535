import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findingOf, parseLoadLog } from '../../../tools/kernel_log';

/** Printed by Linux 6.18 for a classifier without a bounds check, shortened. */
const REFUSED = `libbpf: loading tc_missing_bounds.bpf.o
libbpf: prog 'drop_telnet': BPF program load failed: Permission denied
libbpf: prog 'drop_telnet': -- BEGIN PROG LOAD LOG --
func#0 @0
Live regs before insn:
      0: .1........ (b7) r0 = 0
     21: 0......... (95) exit
0: R1=ctx() R10=fp0
; int drop_telnet(struct __sk_buff *skb) @ tc_missing_bounds.bpf.c:17
0: (b7) r0 = 0                        ; R0=0
; void *data_end = (void *)(long)skb->data_end; @ tc_missing_bounds.bpf.c:20
1: (61) r2 = *(u32 *)(r1 +80)         ; R1=ctx() R2=pkt_end()
15: (55) if r2 != 0x5 goto pc+5       ; R2=5
; if (tcp->dest == bpf_htons(23)) @ tc_missing_bounds.bpf.c:33
16: (69) r1 = *(u16 *)(r1 +36)
invalid access to packet, off=36 size=2, R1(id=0,off=36,r=34)
R1 offset is outside of the packet
verification time 93 usec
stack depth 0
processed 17 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0
-- END PROG LOAD LOG --
libbpf: prog 'drop_telnet': failed to load: -13
libbpf: failed to load object 'tc_missing_bounds.bpf.o'
Error: failed to load object file
`;

/** A ring-buffer record that is not given back: the message follows an exit that was reached by a jump. */
const LEAK = `libbpf: prog 'good': -- BEGIN PROG LOAD LOG --
0: R1=ctx() R10=fp0
; SEC("tc") int good(struct __sk_buff *skb) { return 0; } @ leak.c:5
0: (b7) r0 = 0                        ; R0=0
1: (95) exit
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
libbpf: prog 'leaks_record': BPF program load failed: Invalid argument
libbpf: prog 'leaks_record': -- BEGIN PROG LOAD LOG --
func#0 @0
0: R1=ctx() R10=fp0
; SEC("tc") int leaks_record(struct __sk_buff *skb) { void *v = bpf_ringbuf_reserve(&m, 16, 0); return v != 0; } @ leak.c:4
4: (85) call bpf_ringbuf_reserve#131
mark_precise: frame0: last_idx 4 first_idx 0 subseq_idx -1
mark_precise: frame0: regs=r2 stack= before 3: (b7) r3 = 0
5: R0=ringbuf_mem_or_null(id=2,ref_obj_id=2,sz=16) refs=2
7: (55) if r1 != 0x0 goto pc+1        ; R1=0
9: (95) exit

from 7 to 9: R0=1 R1=ringbuf_mem(ref_obj_id=2,sz=16) R10=fp0 refs=2
9: R0=1 R1=ringbuf_mem(ref_obj_id=2,sz=16) R10=fp0 refs=2
9: (95) exit
Unreleased reference id=2 alloc_insn=4
BPF_EXIT instruction in main prog would lead to reference leak
verification time 108 usec
processed 10 insns (limit 1000000) max_states_per_insn 1 total_states 1 peak_states 1 mark_read 0
-- END PROG LOAD LOG --
libbpf: prog 'leaks_record': failed to load: -22
`;

describe("the kernel verifier's log", () => {
  it('gives the instruction, the source line and the message of a refusal', () => {
    const [program, ...others] = parseLoadLog(REFUSED);
    assert.deepEqual(others, []);
    assert.equal(program?.program, 'drop_telnet');
    assert.equal(program.accepted, false);
    assert.equal(program.processed, 17);
    assert.deepEqual(program.finding, {
      message: 'invalid access to packet, off=36 size=2, R1(id=0,off=36,r=34)',
      details: ['R1 offset is outside of the packet'],
      pc: 16,
      instruction: 'r1 = *(u16 *)(r1 +36)',
      source: { text: 'if (tcp->dest == bpf_htons(23))', path: 'tc_missing_bounds.bpf.c', line: 33 },
    });
  });

  it('keeps the programs of an object apart', () => {
    const programs = parseLoadLog(LEAK);
    assert.deepEqual(
      programs.map(({ program, accepted, processed }) => [program, accepted, processed]),
      [
        ['good', true, 2],
        ['leaks_record', false, 10],
      ],
    );
    assert.equal(programs[0]?.finding, undefined);
    assert.equal(programs[1]?.finding?.message, 'Unreleased reference id=2 alloc_insn=4');
    assert.equal(programs[1].finding.pc, 9);
    assert.deepEqual(programs[1].finding.details, ['BPF_EXIT instruction in main prog would lead to reference leak']);
    assert.doesNotMatch(programs[1].log, /libbpf/);
  });

  it('reads source lines of older kernels, which bear no place', () => {
    const finding = findingOf(
      ['; return *v;', '7: (79) r0 = *(u64 *)(r0 +0)', "R0 invalid mem access 'map_value_or_null'"],
      'x',
    );
    assert.deepEqual(finding, {
      message: "R0 invalid mem access 'map_value_or_null'",
      details: [],
      pc: 7,
      instruction: 'r0 = *(u64 *)(r0 +0)',
      source: { text: 'return *v;' },
    });
  });

  it('reports what concerns no instruction', () => {
    assert.deepEqual(findingOf(['unreachable insn 3', 'processed 0 insns (limit 1000000)'], 'Invalid argument'), {
      message: 'unreachable insn 3',
      details: [],
    });
  });

  it("falls back to libbpf's word when the verifier says nothing", () => {
    const [program] = parseLoadLog("libbpf: prog 'p': BPF program load failed: Argument list too long\n");
    assert.deepEqual(program?.finding, { message: 'Argument list too long', details: [] });
  });

  it('finds nothing in other text, and never throws', () => {
    assert.deepEqual(parseLoadLog(''), []);
    assert.deepEqual(parseLoadLog("Error: can't load\n; text\n3: (95) exit\n"), []);
    const line = fc.oneof(fc.string(), fc.constantFrom(...REFUSED.split('\n'), ...LEAK.split('\n')));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        for (const { accepted, finding } of parseLoadLog(lines.join('\n')))
          assert.equal(accepted, finding === undefined);
      }),
    );
  });
});
