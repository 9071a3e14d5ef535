import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addBytes, fold, replaceChecksum } from '../../../../core/emulator/helpers/checksum';
import { MODELLED_HELPERS } from '../../../../core/emulator/helpers/find';
import { formatText } from '../../../../core/emulator/helpers/format';
import { execute } from '../../../../core/emulator/interpreter';
import { ProgramArray } from '../../../../core/emulator/maps/target';
import { MAP_HELPERS } from '../../../../core/emulator/helpers/map_helpers';
import { MapTypes, XDP, machineOf, mapOf, programOf, resultOf, run, type FixtureOptions } from './fixture';
import { linux, windows } from './platforms';

const packet = Uint8Array.from({ length: 20 }, (_, i) => i);

/** Puts a text on the stack so that it begins at r10-64. */
function onStack(text: string): string {
  const bytes = Buffer.from(`${text}\0`, 'latin1');
  return Array.from(bytes, (byte, i) => `stb [%r10-${64 - i}], ${byte}`).join('\n');
}

describe('the helper table', () => {
  it('has names that a platform has', () => {
    const names = new Set<string>();
    for (const platform of [linux, windows]) {
      for (const section of ['xdp', 'tc', 'bind', 'kprobe/x', 'cgroup/connect4', 'tracepoint/a/b']) {
        const type = platform.programType(section);
        if (type) for (let id = 0; id < 250; id++) names.add(platform.helper(id, type)?.name ?? '');
      }
    }
    assert.deepEqual(
      MODELLED_HELPERS.filter((name) => !names.has(name)),
      [],
    );
    assert.ok(Object.keys(MAP_HELPERS).length > 5);
  });
});

describe('printing', () => {
  const source = {
    string: () => 'text',
    bytes: (_address: bigint, length: number) => Uint8Array.from({ length }, (_, i) => i + 1),
  };
  for (const [format, args, expected] of [
    ['plain', [], 'plain'],
    ['%d %i %u', [-1n, 5n, -1n], '-1 5 4294967295'],
    ['%ld %lu %llx', [-1n, (1n << 64n) - 1n, 255n], '-1 18446744073709551615 ff'],
    ['%x %X %5d|%-5d|%05d|%+d', [171n, 171n, 3n, 3n, -3n, 3n], 'ab AB     3|3    |-0003|+3'],
    ['100%% %s %c', [1n, 65n], '100% text A'],
    ['%pI4 %pi4 %pI6', [0n, 0n, 0n], '1.2.3.4 001.002.003.004 0102:0304:0506:0708:090a:0b0c:0d0e:0f10'],
    ['%p', [0x1234n], '0000000000001234'],
    ['%d', [], -22],
    ['%f', [1n], -22],
    ['%lc', [1n], -22],
    ['%', [], -22],
    ['%pz', [1n], -22],
    ['\u0001', [], -22],
  ] as const) {
    it(JSON.stringify(format), () => assert.equal(formatText(format, args, source), expected));
  }

  it('keeps lines up to a limit, and counts the rest', () => {
    const assembly = `${onStack('n %d\n')}\nmov %r6, 0\nL:\nmov %r1, %r10\nadd %r1, -64\nmov %r2, 6\nmov %r3, %r6\ncall 0\nadd %r6, 1\njne %r6, 10010, L\nexit`;
    const machine = machineOf(assembly, { helpers: ['bpf_trace_printk'] });
    assert.equal(resultOf(machine), 8n);
    assert.equal(machine.printed.items[3], 'n 3');
    assert.equal(machine.printed.items.length, 10_000);
    assert.equal(machine.printed.dropped, 10);
  });

  it('on Windows wants as many specifiers as arguments', () => {
    const call = (text: string): bigint =>
      run(`${onStack(text)}\nmov %r1, %r10\nadd %r1, -64\nmov %r2, ${text.length + 1}\nmov %r3, 4\ncall 0\nexit`, {
        helpers: ['bpf_trace_printk3'],
      });
    assert.equal(call('v %d'), 3n);
    assert.equal(call('none'), -22n);
    assert.equal(call('%d %d'), -22n);
  });
});

describe('packets', () => {
  const options: FixtureOptions = {
    descriptor: XDP,
    packet,
    helpers: [
      'bpf_xdp_adjust_head',
      'bpf_xdp_adjust_tail',
      'bpf_xdp_adjust_meta',
      'bpf_xdp_load_bytes',
      'bpf_xdp_store_bytes',
    ],
  };
  const adjust = (helper: number, by: number): string => `mov %r6, %r1\nmov %r2, ${by}\ncall ${helper}\n`;

  it('the head moves: bytes stay, old pointers are told apart', () => {
    const machine = machineOf(`${adjust(0, -4)}ldxw %r1, [%r6+0]\nldxb %r0, [%r1+9]\nexit`, options);
    assert.equal(resultOf(machine), 5n);
    assert.equal(machine.packet!.length, 24);
    assert.equal(run(`${adjust(0, 6)}exit`, options), 0n);
    assert.equal(run(`${adjust(0, 7)}exit`, options), -22n);
    assert.equal(run(`${adjust(0, -216)}exit`, options), 0n);
    assert.equal(run(`${adjust(0, -217)}exit`, options), -22n);
  });

  it('the tail moves', () => {
    const machine = machineOf(`${adjust(1, 3)}exit`, options);
    assert.equal(resultOf(machine), 0n);
    assert.deepEqual([...machine.packet!.contents().subarray(18)], [18, 19, 0, 0, 0]);
    assert.equal(run(`${adjust(1, -6)}exit`, options), 0n);
    assert.equal(run(`${adjust(1, -7)}exit`, options), -22n);
    assert.equal(run(`${adjust(1, 5000)}exit`, options), -22n);
  });

  it('metadata lies before the data', () => {
    assert.equal(run(`${adjust(2, -8)}ldxw %r1, [%r6+8]\nldxw %r0, [%r6+0]\nsub %r0, %r1\nexit`, options), 8n);
    assert.equal(run(`${adjust(2, -3)}exit`, options), -13n);
    assert.equal(run(`${adjust(2, 4)}exit`, options), -22n);
  });

  it('bytes are copied out and in', () => {
    const load = 'mov %r6, %r1\nmov %r2, 4\nmov %r3, %r10\nadd %r3, -8\nmov %r4, 4\ncall 3\nldxw %r0, [%r10-8]\nexit';
    assert.equal(run(load, options), 0x07060504n);
    assert.equal(run(load.replace('%r2, 4', '%r2, 17').replace('ldxw %r0, [%r10-8]\n', ''), options), -22n);
    const store = machineOf(
      'stw [%r10-8], 0x01020304\nmov %r2, 1\nmov %r3, %r10\nadd %r3, -8\nmov %r4, 4\ncall 4\nexit',
      options,
    );
    assert.equal(resultOf(store), 0n);
    assert.deepEqual([...store.packet!.contents().subarray(0, 6)], [0, 4, 3, 2, 1, 5]);
  });
});

describe('checksums', () => {
  it('are what adding all 16-bit words gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const padded = Uint8Array.from([...bytes, 0]);
        const view = new DataView(padded.buffer);
        let expected = 0;
        for (let i = 0; i < bytes.length; i += 2) expected += view.getUint16(i, true);
        while (expected > 0xffff) expected = (expected & 0xffff) + (expected >>> 16);
        assert.equal(fold(addBytes(0, view, 0, bytes.length, true)), expected);
      }),
    );
  });

  it('are updated as if summed anew', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 0xffff }), { minLength: 2, maxLength: 9 }),
        fc.integer({ min: 1, max: 0xffff }),
        (words, to) => {
          const sum = (all: readonly number[]): number => ~fold(all.reduce((a, b) => a + b, 0)) & 0xffff;
          assert.equal(replaceChecksum(sum(words), words[0]!, to), sum([to, ...words.slice(1)]));
        },
      ),
    );
  });
});

describe('callbacks', () => {
  it('bpf_loop calls until the end or until 1', () => {
    const assembly = (rounds: number, last: number): string => `
      stdw [%r10-8], 0
      mov %r6, 77
      mov %r1, ${rounds}
      lddw %r2, code f
      mov %r3, %r10
      add %r3, -8
      mov %r4, 0
      call 0
      jne %r6, 77, bad
      ldxdw %r1, [%r10-8]
      lsh %r0, 32
      or %r0, %r1
      exit
      bad:
      mov %r0, -1
      exit
      f:
      ldxdw %r6, [%r2+0]
      add %r6, %r1
      stxdw [%r2+0], %r6
      mov %r0, 0
      jne %r1, ${last}, out
      mov %r0, 1
      out:
      exit`;
    const options = { helpers: ['bpf_loop'] };
    assert.equal(run(assembly(10, 99), options), (10n << 32n) | 45n);
    assert.equal(run(assembly(10, 3), options), (4n << 32n) | 6n);
    assert.equal(run(assembly(0, 3), options), 0n);
    assert.equal(
      run('mov %r1, 8388609\nlddw %r2, code f\nmov %r3, 0\nmov %r4, 0\ncall 0\nexit\nf:\nmov %r0, 0\nexit', options),
      0xfffffff9n,
    );
  });

  it('bpf_for_each_map_elem visits every element', () => {
    const assembly = `
      stw [%r10-4], 5
      stdw [%r10-16], 6
      lddw %r1, map 0
      mov %r2, %r10
      add %r2, -4
      mov %r3, %r10
      add %r3, -16
      mov %r4, 0
      call 1
      stw [%r10-4], 100
      lddw %r1, map 0
      mov %r2, %r10
      add %r2, -4
      mov %r3, %r10
      add %r3, -16
      mov %r4, 0
      call 1
      stdw [%r10-8], 0
      lddw %r1, map 0
      lddw %r2, code f
      mov %r3, %r10
      add %r3, -8
      mov %r4, 0
      call 0
      lsh %r0, 32
      ldxdw %r1, [%r10-8]
      or %r0, %r1
      exit
      f:
      ldxw %r1, [%r2+0]
      ldxdw %r2, [%r3+0]
      ldxdw %r3, [%r4+0]
      add %r3, %r1
      add %r3, %r2
      stxdw [%r4+0], %r3
      mov %r0, 0
      exit`;
    const options = { helpers: ['bpf_for_each_map_elem', 'bpf_map_update_elem'], maps: [mapOf(MapTypes.HASH)] };
    assert.equal(run(assembly, options), (2n << 32n) | 117n);
  });
});

describe('tail calls', () => {
  const call = 'lddw %r2, map 0\nmov %r3, 0\ncall 0\nadd %r0, 1000\nexit';

  it('go on in the other program with the context, and fall through where there is none', () => {
    const options = { descriptor: XDP, packet, helpers: ['bpf_tail_call'], maps: [mapOf(MapTypes.PROG_ARRAY)] };
    assert.equal(run(call, options), 998n);
    const machine = machineOf(call, options);
    const map = machine.maps[0];
    assert.ok(map instanceof ProgramArray);
    map.setTarget(0, programOf('ldxw %r2, [%r1+4]\nldxw %r1, [%r1+0]\nsub %r2, %r1\nmov %r0, %r2\nexit', 'target'));
    assert.equal(resultOf(machine), 20n);
    assert.equal(machine.current.program.name, 'target');
  });

  it('are limited to 33', () => {
    const machine = machineOf(call, {
      descriptor: XDP,
      packet,
      helpers: ['bpf_tail_call'],
      maps: [mapOf(MapTypes.PROG_ARRAY)],
    });
    const map = machine.maps[0];
    assert.ok(map instanceof ProgramArray);
    map.setTarget(0, machine.current.program);
    assert.equal(resultOf(machine), 1000n - 22n);
    assert.equal(machine.tailCalls, 33);
  });
});

describe('tasks, time and chance', () => {
  it('come from the configuration, and the same each time', () => {
    const configuration = {
      process: 7,
      thread: 9,
      user: 3,
      group: 4,
      command: 'a long command name',
      cpu: 1,
      time: 5000n,
      random: 42,
    };
    const ask = (name: string, before = ''): bigint => run(`${before}call 0\nexit`, { configuration, helpers: [name] });
    assert.equal(ask('bpf_get_current_pid_tgid'), (7n << 32n) | 9n);
    assert.equal(ask('bpf_get_current_uid_gid'), (4n << 32n) | 3n);
    assert.equal(ask('bpf_get_smp_processor_id'), 1n);
    assert.equal(ask('bpf_ktime_get_ns'), 5000n);
    assert.equal(ask('bpf_get_prandom_u32'), ask('bpf_get_prandom_u32'));
    const name = 'mov %r1, %r10\nadd %r1, -8\nmov %r2, 8\ncall 0\nldxdw %r0, [%r10-8]\nexit';
    const machine = machineOf(name, { configuration, helpers: ['bpf_get_current_comm'] });
    assert.equal(resultOf(machine), Buffer.from('a long \0').readBigUInt64LE());
  });
});

describe('helpers that are not modelled', () => {
  it('end the run with their name, or take a result that is given', () => {
    const machine = machineOf('call 0\nexit', { helpers: ['bpf_get_stackid'] });
    execute(machine, 10);
    assert.deepEqual(machine.outcome, {
      kind: 'unmodelled',
      name: 'bpf_get_stackid',
      prototype: 'long bpf_get_stackid()',
      pc: 0,
    });
    const configuration = { results: { bpf_get_stackid: -5n } };
    assert.equal(run('call 0\nexit', { helpers: ['bpf_get_stackid'], configuration }), -5n);
  });
});

describe('memory helpers', () => {
  const probe = (address: string, helper = 'bpf_probe_read_kernel'): readonly [bigint, bigint] => {
    const machine = machineOf(
      `stdw [%r10-16], 0x41424344\nmov %r1, %r10\nadd %r1, -8\nmov %r2, 8\n${address}\ncall 0\nldxdw %r6, [%r10-8]\nexit`,
      { helpers: [helper] },
    );
    return [resultOf(machine), machine.register(6)!];
  };

  it('probe reads give -EFAULT and zeros where nothing is', () => {
    assert.deepEqual(probe('mov %r3, %r10\nadd %r3, -16'), [0n, 0x41424344n]);
    assert.deepEqual(probe('mov %r3, 0'), [-14n, 0n]);
    assert.deepEqual(probe('mov %r3, %r10\nadd %r3, -16', 'bpf_probe_read_kernel_str'), [5n, 0x41424344n]);
  });

  it('Windows copies check both sizes', () => {
    const copy = (room: number, size: number): bigint =>
      run(
        `stdw [%r10-8], -1\nstdw [%r10-16], 0\nmov %r1, %r10\nadd %r1, -16\nmov %r2, ${room}\nmov %r3, %r10\nadd %r3, -8\nmov %r4, ${size}\ncall 0\njslt %r0, 0, out\nldxdw %r0, [%r10-16]\nout:\nexit`,
        { helpers: ['bpf_memcpy_s'] },
      );
    assert.equal(copy(8, 2), 0xffffn);
    assert.equal(copy(1, 2), -34n);
  });
});
