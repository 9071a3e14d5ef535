import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { Emulator, returnText } from '../../../../core/emulator/emulator';
import { execute } from '../../../../core/emulator/interpreter';
import { contextFromJson, packetFromHex } from '../../../../core/emulator/text_input';
import { InputError } from '../../../../core/input/error';
import type { BpfObject, Program } from '../../../../core/object/object';
import { machineOf, programOf, resultOf, run } from './fixture';
import { linux } from './platforms';

function objectOf(program: Program): BpfObject {
  return {
    littleEndian: true,
    license: 'GPL',
    builtForWindows: false,
    programs: [program],
    maps: [],
    externs: [],
    btf: undefined,
  };
}

const endless = programOf('mov %r0, 0\nL:\nadd %r0, 1\nja L\nexit');

describe('running', () => {
  it('stops at the limit, and goes on from there', () => {
    const emulator = new Emulator(objectOf(endless), endless, linux);
    assert.equal(emulator.run(1001), 'limit');
    assert.equal(emulator.machine.steps, 1001);
    assert.equal(emulator.machine.register(0), 500n);
    assert.equal(emulator.run(2), 'limit');
    assert.equal(emulator.machine.register(0), 501n);
  });

  it('stops soon after it is cancelled', () => {
    const emulator = new Emulator(objectOf(endless), endless, linux);
    const start = performance.now();
    assert.equal(
      emulator.run(1e12, () => performance.now() - start > 20),
      'cancelled',
    );
    assert.ok(performance.now() - start < 500);
  });

  it('stops before slots, and continues from them', () => {
    const emulator = new Emulator(objectOf(endless), endless, linux);
    emulator.machine.setStops(emulator.entry, [2]);
    for (let round = 1n; round < 4n; round++) {
      assert.equal(emulator.run(1000), 'stop');
      assert.equal(emulator.machine.pc, 2);
      assert.equal(emulator.machine.register(0), round);
    }
    emulator.machine.setStops(emulator.entry, []);
    assert.equal(emulator.run(1000), 'limit');
  });

  it('steps one instruction at a time to the same end', () => {
    const program = programOf(
      'mov %r0, 1\ncall local f\nlsh %r0, 3\nexit\nf:\nmov %r0, 5\nstxdw [%r10-8], %r0\nldxw %r0, [%r10-8]\nexit',
    );
    const stepped = new Emulator(objectOf(program), program, linux);
    const places: string[] = [];
    do {
      const frames = stepped.machine.frames();
      places.push(frames.map((frame) => `${frame.function.name}:${frame.pc}`).join('<'));
    } while (stepped.step());
    assert.deepEqual(places, [
      'entry:0',
      'entry:1',
      'f4:4<entry:2',
      'f4:5<entry:2',
      'f4:6<entry:2',
      'f4:7<entry:2',
      'entry:2',
      'entry:3',
    ]);
    assert.deepEqual(stepped.outcome, { kind: 'returned', value: 40n });
    assert.equal(stepped.machine.steps, 8);
    assert.equal(stepped.step(), false);
  });

  it('names what is returned', () => {
    const type = linux.programType('xdp');
    assert.equal(returnText(2n, type), '2 (XDP_PASS)');
    assert.equal(returnText(99n, type), '99');
    assert.equal(returnText(0xffffffffn, linux.programType('tc')), '-1 (TC_ACT_UNSPEC)');
  });
});

describe('contexts', () => {
  const sum = programOf('ldxw %r2, [%r1+0]\nldxw %r3, [%r1+4]\nsub %r3, %r2\nldxw %r0, [%r1+12]\nadd %r0, %r3\nexit');
  const start = (input: ConstructorParameters<typeof Emulator>[3]) => {
    const emulator = new Emulator(objectOf(sum), sum, linux, input);
    emulator.run(100);
    return emulator.machine;
  };

  it('hold the packet and fields by name', () => {
    assert.equal(start({ packet: packetFromHex('00:11 22,33') }).register(0), 5n);
    const given = { packet: new Uint8Array(6), context: contextFromJson({ ingress_ifindex: '0x64' }) };
    assert.equal(start(given).register(0), 106n);
    assert.equal(start({ context: contextFromJson('000000000000000000000000 07000000') }).register(0), 7n);
  });

  for (const [what, json, code] of [
    ['a field that is not there', { mark: 1 }, 'context-field'],
    ['a field that follows from the packet', { data: 1 }, 'context-field'],
    ['a value that does not fit', { ingress_ifindex: 2 ** 33 }, 'context-field'],
    ['too many bytes', '00'.repeat(100), 'context-size'],
    ['a value of no kind', { ingress_ifindex: null }, 'context-json'],
    ['no object', [1, 2], 'context-json'],
    ['bytes that are not hexadecimal', 'zz', 'hex'],
  ] as const) {
    it(`refuse ${what}`, () => {
      const make = (): unknown => start({ context: contextFromJson(json) });
      assert.throws(make, (error) => error instanceof InputError && error.code === code);
    });
  }

  it('refuse a packet longer than any', () => {
    const make = (): unknown => start({ packet: new Uint8Array(70_000) });
    assert.throws(make, (error) => error instanceof InputError && error.code === 'packet-size');
  });
});

describe('big-endian machines', () => {
  it('store and load the other way round', () => {
    const assembly =
      'lddw %r1, 0x0102030405060708\nstxdw [%r10-8], %r1\nldxb %r0, [%r10-8]\nldxh %r1, [%r10-6]\nlsh %r1, 8\nor %r0, %r1\nexit';
    assert.equal(run(assembly, { littleEndian: false }), 0x030401n);
    assert.equal(run(assembly), 0x050608n);
    assert.equal(run('mov %r0, 0x1234\nbe16 %r0\nexit', { littleEndian: false }), 0x1234n);
    assert.equal(run('mov %r0, 0x1234\nle16 %r0\nexit', { littleEndian: false }), 0x3412n);
  });

  it('do atomics the same', () => {
    const assembly =
      'stdw [%r10-8], 5\nmov %r1, 3\nlock fetch add [%r10-8], %r1\nldxdw %r0, [%r10-8]\nlsh %r0, 8\nor %r0, %r1\nexit';
    for (const littleEndian of [true, false]) assert.equal(run(assembly, { littleEndian }), 0x805n);
  });
});

describe('speed', () => {
  it('is tens of millions of instructions a second', () => {
    const machine = machineOf(
      'mov %r0, 0\nmov %r1, 0\nL:\nadd %r0, %r1\nstxdw [%r10-8], %r0\nldxdw %r2, [%r10-8]\nxor %r0, %r2\nadd %r1, 1\njne %r1, 2000000, L\nexit',
    );
    const start = performance.now();
    execute(machine, 20_000_000);
    const seconds = (performance.now() - start) / 1000;
    assert.equal(machine.outcome?.kind, 'returned');
    // A tenth of what a quiet machine does: only a broken fast way fails.
    assert.ok(machine.steps / seconds > 8e6, `${Math.round(machine.steps / seconds)} a second`);
  });

  it('and equal runs are equal', () => {
    const once = (): bigint =>
      resultOf(machineOf('call 0\nmov %r6, %r0\ncall 0\nadd %r0, %r6\nexit', { helpers: ['bpf_get_prandom_u32'] }));
    assert.equal(once(), once());
  });
});
