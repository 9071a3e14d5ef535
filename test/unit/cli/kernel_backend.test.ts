import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kernelReports } from '../../../cli/kernel_backend';
import { readObject } from '../../../core/object/read';
import { findKernel } from '../../../tools/bpftool';
import { classifyKernelMessage } from '../../../tools/kernel_class';
import { compiled } from '../core/object/compiled';

describe('the kernel as backend', () => {
  it('refuses on the source line, with our class', async (t) => {
    const kernel = await findKernel();
    if (kernel.kind === 'refused') return t.skip(kernel.reason);
    const bytes = await compiled('examples/linux/tc_missing_bounds.bpf.c');
    if (typeof bytes === 'string') return t.skip(bytes);
    const [report] = await kernelReports(bytes, readObject(bytes));
    assert.equal(report?.verdict, 'unproven');
    const [finding] = report.findings;
    assert.equal(finding?.class, 'BOUNDS_HIGH');
    assert.match(finding.message, /invalid access to packet/);
    assert.match(finding.source?.text ?? '', /tcp->dest/);
    assert.match(finding.instruction, /\*\(u16 \*\)/);
  });

  it('proves what the kernel loads', async (t) => {
    const kernel = await findKernel();
    if (kernel.kind === 'refused') return t.skip(kernel.reason);
    const bytes = await compiled('examples/linux/xdp_filter.bpf.c');
    if (typeof bytes === 'string') return t.skip(bytes);
    const [report] = await kernelReports(bytes, readObject(bytes));
    assert.deepEqual([report?.verdict, report?.findings], ['proved', []]);
  });
});

describe('classifyKernelMessage', () => {
  const rows: readonly (readonly [string, string])[] = [
    ["R0 invalid mem access 'map_value_or_null'", 'NULL'],
    ['invalid access to packet, off=26 size=4, R1(id=0,off=26,r=14)', 'BOUNDS_HIGH'],
    ["R1 invalid mem access 'scalar'", 'TYPE'],
    ['R3 !read_ok', 'TYPE'],
    ["R2 min value is negative, either use unsigned or 'var &= const'", 'BOUNDS_LOW'],
    ['invalid indirect read from stack R2 off -8+4 size 8', 'STACK_INIT'],
    ['invalid bpf_context access off=92 size=4', 'CTX'],
    ['R0 pointer arithmetic on pkt_end prohibited', 'COMPARE'],
    ['infinite loop detected at insn 11', 'TERMINATION'],
    ['unknown func bpf_l4_csum_replace#11', 'CALL'],
    ['something that no kernel says yet', 'LOAD'],
  ];
  for (const [message, expected] of rows)
    it(message, () => assert.equal(classifyKernelMessage(message).class, expected));
});
