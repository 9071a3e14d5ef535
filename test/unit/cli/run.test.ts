import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { conformance } from '../../../cli/conformance';
import { Exit, UsageError } from '../../../cli/io';
import { run } from '../../../cli/run';
import type { RunReport } from '../../../cli/run_report';
import { InputError } from '../../../core/input/error';
import { buildElf, slots } from '../core/elf/builder';

const folder = mkdtempSync(path.join(os.tmpdir(), 'ebpf-run-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Two programs: one writes the packet's second byte and returns XDP_TX; one reads behind a short packet. */
const WRITES = slots(
  [0x61, 2, 1, 0, 0], // r2 = ctx->data
  [0x72, 2, 0, 1, 0x7f], // *(u8 *)(r2 + 1) = 127
  [0xb7, 0, 0, 0, 3],
  [0x95, 0, 0, 0, 0],
);
const READS = slots([0x61, 2, 1, 0, 0], [0x61, 0, 2, 100, 0], [0x95, 0, 0, 0, 0]);
const CALLS = slots([0xb7, 2, 0, 0, 0], [0xb7, 3, 0, 0, 0], [0x85, 0, 0, 0, 27], [0x95, 0, 0, 0, 0]); // bpf_get_stackid
const file = path.join(folder, 'two.o');
writeFileSync(
  file,
  buildElf({
    sections: [
      { name: 'xdp', type: 1, flags: 6, data: WRITES },
      { name: 'xdp/reads', type: 1, flags: 6, data: READS },
      { name: 'kprobe/x', type: 1, flags: 6, data: CALLS },
    ],
    symbols: [
      { name: 'writes', section: 1, size: WRITES.length },
      { name: 'reads', section: 2, size: READS.length },
      { name: 'calls', section: 3, size: CALLS.length },
    ],
  }),
);

async function ebpf(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await run(argv, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

const PACKET = '00112233445566778899aabbccddeeff0011';

describe('ebpf run', () => {
  it('prints what was returned by name, and what changed in the packet', async () => {
    const { code, out, err } = await ebpf(file, '--program', 'writes', '--packet', PACKET);
    assert.equal(code, Exit.OK);
    assert.equal(err, '');
    assert.equal(
      out,
      [
        'packet: 18 bytes before, 18 after',
        '- 0000  00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff',
        '+ 0000  00 7f 22 33 44 55 66 77 88 99 aa bb cc dd ee ff',
        'returned 3 (XDP_TX)',
        '4 instructions',
        '',
      ].join('\n'),
    );
  });

  it('prints one JSON document', async () => {
    const { code, out } = await ebpf(file, '--program', 'writes', '--packet', PACKET, '--json');
    assert.equal(code, Exit.OK);
    const report = JSON.parse(out) as RunReport;
    assert.deepEqual(report.returned, { value: '3', text: '3 (XDP_TX)' });
    assert.equal(report.instructions, 4);
    assert.equal(report.packet?.after.slice(0, 4), '007f');
    assert.deepEqual(report.printk, []);
  });

  it('answers 1 for a fault, and tells it on stderr', async () => {
    const { code, out, err } = await ebpf(file, '--program', 'reads', '--packet', PACKET);
    assert.equal(code, Exit.REFUSED);
    assert.equal(out, '1 instructions\n');
    assert.match(err, /two\.o: pc 1: fault: the program reads 4 bytes at packet\+100: the packet ends 82 bytes before/);
    assert.match(err, /\n {2}near: packet: 0x[0-9a-f]+, 18 bytes\n/);
  });

  it('answers 1 for a helper that is not modelled, with its prototype', async () => {
    const { code, err } = await ebpf(file, '--program', 'calls');
    assert.equal(code, Exit.REFUSED);
    assert.match(err, /unmodelled: bpf_get_stackid is not modelled: .*bpf_get_stackid\(/);
  });

  it('stops at --limit', async () => {
    const { code, err } = await ebpf(file, '--program', 'writes', '--packet', PACKET, '--limit', '2');
    assert.equal(code, Exit.REFUSED);
    assert.match(err, /limit: still running after 2 instructions/);
  });

  for (const [argv, message] of [
    [[], /name one object/],
    [[file, file], /name one object/],
    [[file, '--engine', 'wasm'], /--engine wasm is not there yet/],
    [[file, '--engine', 'jit'], /--engine jit: use interpreter/],
    [[file, '--limit', '0'], /--limit 0/],
    [[file, '--what'], /--what/],
  ] as const) {
    it(`refuses ${argv.slice(1).join(' ') || 'no object'} as bad usage`, async () => {
      await assert.rejects(ebpf(...argv), (error) => error instanceof UsageError && message.test(error.message));
    });
  }

  for (const [argv, code] of [
    [[file], 'no-program'],
    [[file, '--program', 'other'], 'no-program'],
    [[file, '--program', 'writes', '--packet', 'xx'], 'hex'],
    [[file, '--program', 'writes', '--context', '{'], 'context-json'],
    [[file, '--program', 'writes', '--context', '{"mark":1}'], 'context-field'],
    [[path.join(folder, 'none.o')], 'unreadable'],
  ] as const) {
    it(`refuses ${argv.slice(1).join(' ') || 'a lone object'} with code ${code}`, async () => {
      await assert.rejects(ebpf(...argv), (error) => error instanceof InputError && error.code === code);
    });
  }
});

describe('the conformance plugin', () => {
  async function plugin(
    argv: readonly string[],
    input = '',
  ): Promise<readonly [code: number, out: string, err: string]> {
    let out = '';
    let err = '';
    const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };
    const code = await conformance(argv, () => Promise.resolve(input), io);
    return [code, out, err];
  }
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

  it('runs a line of hexadecimal instructions on memory', async () => {
    const load = hex(slots([0x71, 0, 1, 2, 0], [0x95, 0, 0, 0, 0]));
    assert.deepEqual(await plugin(['aa bb cc'], `${load}\n`), [0, 'cc\n', '']);
    assert.deepEqual(await plugin(['aa bb cc', '--program', load]), [0, 'cc\n', '']);
    assert.deepEqual(await plugin([], hex(slots([0xbf, 0, 2, 0, 0], [0x95, 0, 0, 0, 0]))), [0, '0\n', '']);
  });

  it('takes an object', async () => {
    const data = slots([0xb7, 0, 0, 0, -1], [0x95, 0, 0, 0, 0]);
    const elf = buildElf({
      sections: [
        { name: '.text', type: 1, flags: 6, data: slots([0x95, 0, 0, 0, 0]) },
        { name: 'xdp', type: 1, flags: 6, data },
      ],
      symbols: [{ name: 'entry', section: 2, size: 16 }],
    });
    assert.deepEqual(await plugin(['--elf'], hex(elf)), [0, 'ffffffffffffffff\n', '']);
  });

  it('calls the test helpers', async () => {
    const sqrt = slots([0xb7, 1, 0, 0, 90], [0x85, 0, 0, 0, 3], [0x95, 0, 0, 0, 0]);
    assert.deepEqual(await plugin([], hex(sqrt)), [0, '9\n', '']);
    const frob = slots([0x85, 0, 0, 0, 1], [0x71, 0, 0, 0, 0], [0x95, 0, 0, 0, 0]);
    assert.deepEqual(await plugin(['2a 2b'], hex(frob)), [0, '0\n', '']);
  });

  it('answers 1 and a message for anything else', async () => {
    assert.deepEqual(await plugin([], 'zz'), [1, '', 'the program is not hexadecimal bytes\n']);
    assert.equal((await plugin(['--engine', 'jit']))[0], 1);
    assert.equal((await plugin(['--what']))[0], 1);
    assert.match((await plugin([], hex(slots([0x05, 0, 0, -1, 0]))))[2], /^still running after/);
    assert.match((await plugin([], hex(slots([0x79, 0, 1, 0, 0], [0x95, 0, 0, 0, 0]))))[2], /NULL/);
  });
});
