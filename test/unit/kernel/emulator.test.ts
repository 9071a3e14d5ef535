import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Emulator } from '../../../core/emulator/emulator';
import type { BpfObject } from '../../../core/object/object';
import { readObject } from '../../../core/object/read';
import { linux } from '../../../core/platform/platforms';
import { findKernel, KernelSession, type LoadResult } from '../../../tools/bpftool';
import { compileTo } from './compile';

/** Programs whose packets are full of what helpers answered: the kernel's and the emulator's must be the same, byte for byte. */

const root = path.join(__dirname, '..', '..', '..', '..');

/** Names of the programs of test/fixtures/kernel/helpers.bpf.c. */
const PROGRAMS = ['maps', 'tries', 'queues', 'rings', 'text', 'loops', 'sums', 'head', 'calls', 'arithmetic', 'socket'];

/** Packets of 260 bytes that no checksum or length rule of the kernel's test run refuses. */
function packets(): Uint8Array[] {
  return [1, 2, 3, 4, 5].map((seed) => {
    const bytes = Uint8Array.from({ length: 260 }, (_, i) => (Math.imul(seed * 7919 + i, 0x9e3779b1) >>> 13) & 0xff);
    // No IPv4 and no IPv6, whose headers the kernel would judge.
    bytes.set([0x88, 0xb5], 12);
    return bytes;
  });
}

describe('the real kernel and the emulator', () => {
  let skip: string | undefined;
  let directory = '';
  let session: KernelSession | undefined;
  let object: BpfObject;
  let load: LoadResult;

  before(async () => {
    const kernel = await findKernel();
    if (kernel.kind === 'refused') {
      skip = kernel.reason;
      return;
    }
    directory = await mkdtemp(path.join(tmpdir(), 'ebpf-emulator-'));
    const source = path.join(root, 'test/fixtures/kernel/helpers.bpf.c');
    const built = await compileTo(source, path.join(directory, 'helpers.o'));
    if ('skip' in built) {
      skip = built.skip;
      return;
    }
    object = readObject(await readFile(built.file));
    session = await KernelSession.open(kernel.bpftool);
    load = await session.load(built.file);
    // An older kernel may lack one of the helpers: then there is nothing to hold against.
    if (!load.accepted) skip = `this kernel does not take the programs: ${load.error ?? load.log.slice(-300)}`;
  });

  after(async () => {
    await session?.close();
    if (directory !== '') await rm(directory, { recursive: true, force: true });
  });

  for (const name of PROGRAMS) {
    it(name, async (t) => {
      if (skip !== undefined) return t.skip(skip);
      const program = object.programs.find((candidate) => candidate.name === name);
      assert.ok(program, `no program ${name}`);
      for (const packet of packets()) {
        const emulator: Emulator = new Emulator(object, program, linux, { packet });
        emulator.run();
        const { outcome } = emulator;
        assert.ok(outcome?.kind === 'returned', outcome?.kind === 'fault' ? outcome.fault.message : outcome?.kind);
        const theirs = await session!.run(session!.pinned(load, name), { data: packet });
        const after = emulator.machine.packet!;
        // The kernel hands metadata back in front of the packet.
        const bytes = Uint8Array.from([...after.metadata(), ...after.contents()]);
        assert.deepEqual(slots(bytes), slots(theirs.data));
        assert.equal(Number(outcome.value & 0xffffffffn), theirs.returned);
      }
    });
  }
});

/** Numbers of 8 bytes by index, so that a difference names the slot; the rest as bytes. */
function slots(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = Math.floor(bytes.length / 8);
  const numbers = Array.from({ length: whole }, (_, i) => `${i}: ${view.getBigInt64(i * 8, true)}`);
  return [...numbers, ...Array.from(bytes.subarray(whole * 8), String)];
}
