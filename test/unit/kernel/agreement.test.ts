import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Emulator } from '../../../core/emulator/emulator';
import { KeyedMap } from '../../../core/emulator/maps/map';
import type { BpfObject } from '../../../core/object/object';
import { readObject } from '../../../core/object/read';
import { linux } from '../../../core/platform/platforms';
import { verifyProgram } from '../../../core/verifier/verify';
import { BpftoolError, findKernel, KernelSession, type KernelSearch, type LoadResult } from '../../../tools/bpftool';
import { compileTo } from './compile';
import { PACKETS } from './packets';

const EXAMPLES = path.resolve('examples/linux');

/** Program types that the kernel runs on a packet for a test. */
const RUNNABLE = new Set(['xdp', 'sched_cls']);

const CUT = 'IPv4 cut off inside its header';

interface Loaded {
  readonly name: string;
  readonly object: BpfObject;
  readonly load: LoadResult;
}

describe('the real kernel and we', () => {
  let kernel: KernelSearch = { kind: 'refused', reason: 'not asked yet' };
  let session: KernelSession | undefined;
  let skip: string | undefined;
  let directory = '';
  const examples: Loaded[] = [];

  before(async () => {
    kernel = await findKernel();
    if (kernel.kind === 'refused') {
      skip = kernel.reason;
      return;
    }
    directory = await mkdtemp(path.join(tmpdir(), 'ebpf-agreement-'));
    session = await KernelSession.open(kernel.bpftool);
    for (const source of (await readdir(EXAMPLES)).filter((name) => name.endsWith('.c')).sort()) {
      const name = path.basename(source, '.bpf.c');
      const built = await compileTo(path.join(EXAMPLES, source), path.join(directory, `${name}.o`));
      if ('skip' in built) {
        skip = built.skip;
        return;
      }
      examples.push({ name, object: readObject(await readFile(built.file)), load: await session.load(built.file) });
    }
  });

  after(async () => {
    await session?.close();
    if (directory !== '') await rm(directory, { recursive: true, force: true });
  });

  function skipped(t: TestContext): boolean {
    if (skip !== undefined) t.skip(skip);
    return skip !== undefined;
  }

  it('there are examples, accepted and refused', (t) => {
    assert.ok(existsSync(EXAMPLES));
    if (skipped(t)) return;
    assert.ok(examples.some(({ load }) => load.accepted));
    assert.ok(examples.some(({ load }) => !load.accepted));
    // Refused by the verifier, not by libbpf before it.
    for (const { name, load } of examples) assert.equal(load.error, undefined, `${name}: ${load.error}`);
  });

  it('accept the same examples', (t) => {
    if (skipped(t)) return;
    const ours = examples.map(({ name, object }) => {
      const reports = object.programs.map((program) => verifyProgram(object, program, linux));
      return [name, reports.every(({ verdict }) => verdict === 'proved')];
    });
    const theirs = examples.map(({ name, load }) => [name, load.accepted]);
    assert.deepEqual(ours, theirs);
  });

  it('refuse on the same source line', (t) => {
    if (skipped(t)) return;
    for (const { name, object, load } of examples.filter(({ load: { accepted } }) => !accepted)) {
      for (const program of load.programs.filter(({ accepted }) => !accepted)) {
        const linked = object.programs.find((candidate) => candidate.name === program.program);
        assert.ok(linked, program.program);
        const [finding] = verifyProgram(object, linked, linux).findings;
        const theirs = program.finding?.source;
        assert.ok(theirs, `${name}: the kernel names no line`);
        assert.equal(finding?.source?.text.trim(), theirs.text);
        // Older kernels print the text alone.
        if (theirs.line !== undefined) assert.equal(finding?.source?.line, theirs.line);
      }
    }
  });

  it('return the same for the same packets, and leave the same packets', async (t) => {
    if (skipped(t)) return;
    let runs = 0;
    for (const { name, object, load } of examples.filter(({ load: { accepted } }) => accepted)) {
      for (const program of object.programs) {
        const type = linux.programType(program.section)?.name ?? '';
        if (!RUNNABLE.has(type)) continue;
        for (const [what, packet] of Object.entries(PACKETS)) {
          // bpf_prog_test_run_skb builds no sk_buff from IPv4 without a whole header.
          if (type === 'sched_cls' && what === CUT) continue;
          const emulator = new Emulator(object, program, linux, { packet });
          emulator.run();
          const { outcome } = emulator;
          assert.ok(outcome?.kind === 'returned', `${name}, ${what}: ${JSON.stringify(outcome?.kind)}`);
          const theirs = await session!.run(session!.pinned(load, program.name), { data: packet });
          assert.equal(Number(outcome.value & 0xffffffffn), theirs.returned, `${name}, ${what}`);
          assert.deepEqual(emulator.machine.packet?.contents(), Uint8Array.from(theirs.data), `${name}, ${what}`);
          runs++;
        }
      }
    }
    assert.ok(runs >= 2 * Object.keys(PACKETS).length - 1);
  });

  it('count the same in maps, and look up what user space wrote', async (t) => {
    if (skipped(t)) return;
    const { object, load } = examples.find(({ name }) => name === 'xdp_filter')!;
    const [program] = object.programs;
    const data = PACKETS['UDP from port 5353']!;
    const source = data.slice(26, 30);
    const emulator = new Emulator(object, program!, linux, { packet: data });
    const blocked = emulator.machine.maps.find(({ name }) => name === 'blocked');
    assert.ok(blocked instanceof KeyedMap);
    const seven = Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0);
    assert.equal(blocked.update({ bytes: source, at: 0 }, { bytes: seven, at: 0 }, 0, 0), 0);
    emulator.run();
    assert.deepEqual(emulator.outcome, { kind: 'returned', value: 1n });

    const before = await counters(session!, load);
    await session!.writeMap(load, 'blocked', source, seven);
    assert.equal((await session!.run(session!.pinned(load, 'xdp_filter'), { data })).returned, 1);
    const after = await counters(session!, load);
    assert.deepEqual(
      after.map((count, i) => count - before[i]!),
      sums([...emulator.machine.maps.find(({ name }) => name === 'counts')!.entries()]),
    );
    const plain = (entries: readonly { key: Uint8Array; values: readonly Uint8Array[] }[]) =>
      entries.map(({ key, values }) => [[...key], values.map((value) => [...value])]);
    assert.deepEqual(plain(await session!.readMap(load, 'blocked')), plain([...blocked.entries()]));
    await assert.rejects(session!.readMap(load, 'no_such'), BpftoolError);
    await assert.rejects(session!.writeMap(load, 'blocked', source.slice(1), seven), BpftoolError);
  });
});

async function counters(session: KernelSession, load: LoadResult): Promise<bigint[]> {
  return sums(await session.readMap(load, 'counts'));
}

/** Packets and bytes of each counter, over all CPUs. */
function sums(entries: readonly { readonly values: readonly Uint8Array[] }[]): bigint[] {
  return entries.flatMap(({ values }) =>
    [0, 8].map((at) =>
      values.reduce((sum, value) => sum + new DataView(value.buffer, value.byteOffset).getBigUint64(at, true), 0n),
    ),
  );
}
