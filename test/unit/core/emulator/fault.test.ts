import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decode } from '../../../../core/isa/code';
import { execute } from '../../../../core/emulator/interpreter';
import { platformOf } from '../../../../core/platform/platforms';
import { MapTypes, XDP, faultOf, machineOf, mapOf, programOf, run } from './fixture';

const packet = Uint8Array.from({ length: 20 }, (_, i) => i);
const xdp = { descriptor: XDP, packet } as const;

describe('memory faults', () => {
  it('NULL', () => {
    const fault = faultOf('mov %r1, 0\nldxw %r0, [%r1+8]\nexit', 'null');
    assert.equal(fault.message, 'the program reads 4 bytes at NULL+8: the pointer is NULL and was not checked');
    assert.equal(fault.pc, 1);
  });

  it('a number that is no pointer', () => {
    const fault = faultOf('lddw %r1, 0x123456789\nstb [%r1+0], 1\nexit', 'unmapped');
    assert.match(fault.message, /^the program writes 1 byte at 0x123456789: /);
    assert.ok('nearby' in fault && fault.nearby.some((region) => region.name === 'stack'));
  });

  it('behind and before the packet', () => {
    const behind = faultOf('ldxw %r2, [%r1+0]\nldxw %r0, [%r2+18]\nexit', 'out-of-bounds', xdp);
    assert.match(behind.message, /reads 4 bytes at packet\+18: the packet ends 2 bytes before the end of the access/);
    assert.ok('nearby' in behind);
    assert.deepEqual({ name: behind.nearby[0]?.name, size: behind.nearby[0]?.size }, { name: 'packet', size: 20 });
    faultOf('ldxw %r2, [%r1+0]\nldxb %r0, [%r2-1]\nexit', 'out-of-bounds', xdp);
    assert.equal(run('ldxw %r2, [%r1+0]\nldxb %r0, [%r2+19]\nexit', xdp), 19n);
  });

  it('a packet pointer from before the packet moved', () => {
    const assembly = `
      mov %r6, %r1
      ldxw %r7, [%r1+0]
      mov %r2, 0
      call 0
      ldxb %r0, [%r7+0]
      exit`;
    const fault = faultOf(assembly, 'stale-packet', { ...xdp, helpers: ['bpf_xdp_adjust_head'] });
    assert.match(fault.message, /from before a helper moved the packet/);
  });

  it('stack: outside, unwritten, of a function that returned', () => {
    faultOf('stdw [%r10+0], 1\nexit', 'out-of-bounds');
    faultOf('stdw [%r10-520], 1\nexit', 'out-of-bounds');
    const fault = faultOf('stw [%r10-8], 1\nldxdw %r0, [%r10-8]\nexit', 'uninitialised');
    assert.match(fault.message, /reads 8 bytes at stack-8: byte 4 of them was not written/);
    faultOf(
      'call local f\nldxdw %r0, [%r0+0]\nexit\nf:\nstdw [%r10-8], 1\nmov %r0, %r10\nadd %r0, -8\nexit',
      'released',
    );
    const kept =
      'call local f\nmov %r6, %r0\ncall local g\nldxdw %r0, [%r6+0]\nexit\nf:\nmov %r0, %r10\nadd %r0, -8\nexit\n';
    faultOf(`${kept}g:\nstdw [%r10-8], 1\nmov %r0, 0\nexit`, 'released');
    faultOf('call local f\ncall local f\nexit\nf:\nldxb %r0, [%r10-1]\nstb [%r10-1], 1\nexit', 'uninitialised');
  });

  it('a map value: its end, and the gap before the next', () => {
    const maps = [mapOf(MapTypes.ARRAY, { name: 'numbers', valueSize: 6 })];
    const fault = faultOf('lddw %r1, value 0 0\nldxw %r0, [%r1+4]\nexit', 'out-of-bounds', { maps });
    assert.match(fault.message, /at map value numbers\[0\]\+4: a value of numbers has 6 bytes/);
    faultOf('lddw %r1, value 0 0\nldxb %r0, [%r1+6]\nexit', 'out-of-bounds', { maps });
    assert.equal(run('lddw %r1, value 0 0\nldxh %r0, [%r1+4]\nexit', { maps }), 0n);
  });

  it('read-only data', () => {
    const initial = Uint8Array.of(7, 0, 0, 0);
    const maps = [
      mapOf(MapTypes.ARRAY, {
        name: '.rodata',
        origin: 'global',
        valueSize: 4,
        maxEntries: 1,
        readOnly: true,
        initial,
      }),
    ];
    assert.equal(run('lddw %r1, value 0 0\nldxw %r0, [%r1+0]\nexit', { maps }), 7n);
    const fault = faultOf('lddw %r1, value 0 0\nstw [%r1+0], 1\nexit', 'read-only', { maps });
    assert.equal(fault.message, 'the program writes 4 bytes at .rodata+0: .rodata may not be written');
  });

  it('a map handle and a function address', () => {
    faultOf('lddw %r1, map 0\nldxw %r0, [%r1+0]\nexit', 'not-memory', { maps: [mapOf(MapTypes.HASH)] });
    faultOf('lddw %r1, code f\nldxw %r0, [%r1+0]\nexit\nf:\nmov %r0, 0\nexit', 'not-memory');
  });

  it('a released record', () => {
    const maps = [mapOf(MapTypes.RINGBUF, { keySize: 0, valueSize: 0, maxEntries: 4096, name: 'ring' })];
    const helpers = ['bpf_ringbuf_reserve', 'bpf_ringbuf_submit'];
    const reserve = 'lddw %r1, map 0\nmov %r2, 16\nmov %r3, 0\ncall 0\nmov %r6, %r0\n';
    const submit = 'mov %r1, %r6\nmov %r2, 0\ncall 1\n';
    const fault = faultOf(`${reserve}${submit}stdw [%r6+0], 1\nexit`, 'released', { maps, helpers });
    assert.match(fault.message, /record of ring\+0: it was submitted/);
    faultOf(`${reserve}stdw [%r6+16], 1\nexit`, 'out-of-bounds', { maps, helpers });
    faultOf(`${reserve}${submit}${submit}exit`, 'helper-argument', { maps, helpers });
  });

  it('the context: gaps, widths, and fields that may not be written', () => {
    const field = faultOf('stw [%r1+0], 1\nexit', 'context-field', xdp);
    assert.match(field.message, /at ctx\+0: field data may not be written/);
    faultOf('ldxb %r0, [%r1+0]\nexit', 'context-field', xdp);
    faultOf('ldxw %r0, [%r1+400]\nexit', 'context-field', xdp);
    const windows = platformOf({ builtForWindows: true }, 'windows').programType('bind')!;
    assert.equal(run('ldxdw %r2, [%r1+0]\nldxb %r0, [%r2+3]\nexit', { descriptor: windows.context, packet }), 3n);
  });
});

describe('other faults', () => {
  it('a register without a value', () => {
    const fault = faultOf('mov %r0, %r3\nexit', 'uninitialised-register');
    assert.equal(fault.message, 'r3 is used but has no value here');
    faultOf('exit', 'uninitialised-register');
    // r1 to r5 are gone after a call, r6 to r9 are the caller's own.
    faultOf('mov %r1, 1\ncall 0\nmov %r0, %r1\nexit', 'uninitialised-register', { helpers: ['bpf_ktime_get_ns'] });
    faultOf('mov %r6, 1\ncall local f\nexit\nf:\nmov %r0, %r6\nexit', 'uninitialised-register');
    assert.equal(run('mov %r6, 5\ncall local f\nmov %r0, %r6\nexit\nf:\nmov %r6, 1\nmov %r0, 0\nexit'), 5n);
  });

  it('instructions that do not exist, and the end of the code', () => {
    faultOf('mov %r0, 0', 'invalid-instruction');
    faultOf('mov %r10, 0\nexit', 'invalid-instruction');
    faultOf('ja +5\nexit', 'invalid-instruction');
    faultOf('lddw %r0, map 3\nexit', 'invalid-instruction');
  });

  it('more than eight frames', () => {
    const fault = faultOf('f:\ncall local f\nexit', 'call-depth');
    assert.equal(fault.message, 'a call would make more than 8 frames');
  });

  it('callx to nowhere', () => {
    faultOf('mov %r2, 77\ncall %r2\nexit', 'call-target');
    faultOf('mov %r2, %r10\ncall %r2\nexit', 'call-target');
    assert.equal(run('lddw %r2, code f\ncall %r2\nexit\nf:\nmov %r0, 9\nexit'), 9n);
  });

  it('helper arguments', () => {
    const options = { maps: [mapOf(MapTypes.HASH)], helpers: ['bpf_map_lookup_elem'] };
    assert.match(
      faultOf('mov %r1, 5\nmov %r2, %r10\nadd %r2, -4\ncall 0\nexit', 'helper-argument', options).message,
      /^argument 1 of bpf_map_lookup_elem is not a map$/,
    );
    const key = faultOf('lddw %r1, map 0\nmov %r2, %r10\nadd %r2, -4\ncall 0\nexit', 'uninitialised', options);
    assert.match(key.message, /^bpf_map_lookup_elem reads 4 bytes at stack-4/);
  });
});

describe('hostile programs', () => {
  it('random bytes end in an outcome or at the limit, and never throw', () => {
    const helpers = [
      'bpf_map_lookup_elem',
      'bpf_map_update_elem',
      'bpf_trace_printk',
      'bpf_loop',
      'bpf_tail_call',
      'bpf_csum_diff',
    ];
    const maps = [mapOf(MapTypes.HASH), mapOf(MapTypes.PROG_ARRAY), mapOf(MapTypes.RINGBUF, { maxEntries: 4096 })];
    const opcode = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0x18, 0x85, 0x95, 0x79, 0x7b, 0xb7, 0xbf, 0x61, 0xdb),
    );
    const slot = fc.tuple(
      opcode,
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: -20, max: 20 }),
      fc.oneof(fc.integer({ min: -9, max: 9 }), fc.integer()),
    );
    fc.assert(
      fc.property(fc.array(slot, { minLength: 1, maxLength: 40 }), (slots) => {
        const bytes = new Uint8Array(slots.length * 8);
        const view = new DataView(bytes.buffer);
        slots.forEach(([code, registers, offset, imm], i) => {
          view.setUint8(i * 8, code);
          view.setUint8(i * 8 + 1, registers);
          view.setInt16(i * 8 + 2, offset, true);
          view.setInt32(i * 8 + 4, imm | 0, true);
        });
        const machine = machineOf({ ...programOf('exit'), code: decode(bytes) }, { ...xdp, maps, helpers });
        execute(machine, 2000);
        assert.ok(machine.steps <= 2000);
      }),
      { numRuns: 3000 },
    );
  });
});
