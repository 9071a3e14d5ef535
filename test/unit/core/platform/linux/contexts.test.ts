import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LINUX_SECTIONS, linuxSection } from '../../../../../core/platform/linux/sections';
import { findClang } from '../../../../../tools/clang';
import type { ContextDescriptor } from '../../../../../core/platform/platform';

const contextOf = (section: string): ContextDescriptor => linuxSection(section)!.context;
const fieldOf = (section: string, name: string) => contextOf(section).fields.find((field) => field.name === name)!;

describe('Linux contexts', () => {
  it('have sorted fields inside their size', () => {
    for (const { name, type } of LINUX_SECTIONS) {
      let last = 0;
      for (const field of type.context.fields) {
        assert.ok(field.offset >= last && field.offset + field.size <= type.context.size, `${name}.${field.name}`);
        last = field.offset;
      }
    }
  });

  it('stand for the packet in four bytes where the kernel does so', () => {
    assert.deepEqual(
      contextOf('xdp').fields.map(({ name, kind, size }) => [name, kind, size]),
      [
        ['data', 'packet', 4],
        ['data_end', 'packet_end', 4],
        ['data_meta', 'packet_meta', 4],
        ['ingress_ifindex', 'scalar', 4],
        ['rx_queue_index', 'scalar', 4],
        ['egress_ifindex', 'scalar', 4],
      ],
    );
    assert.equal(fieldOf('sk_msg', 'data').size, 8);
  });

  it('hide fields by program type', () => {
    assert.equal(fieldOf('xdp', 'egress_ifindex').readable, false);
    assert.equal(fieldOf('xdp/devmap', 'egress_ifindex').readable, true);
    assert.equal(fieldOf('socket', 'data').readable, false);
    assert.equal(fieldOf('tc', 'data').readable, true);
    assert.equal(fieldOf('cgroup_skb/egress', 'data_meta').readable, false);
    assert.equal(fieldOf('sk_skb', 'mark').readable, false);
    assert.equal(fieldOf('cgroup/connect4', 'user_ip4').readable, true);
    assert.equal(fieldOf('cgroup/connect4', 'user_ip6[0]').readable, false);
    assert.equal(fieldOf('cgroup/connect6', 'user_ip6[0]').readable, true);
    assert.equal(fieldOf('cgroup/post_bind4', 'src_port').readable, true);
    assert.equal(fieldOf('cgroup/sock_create', 'src_port').readable, false);
    assert.deepEqual(
      contextOf('flow_dissector')
        .fields.filter(({ readable }) => readable)
        .map(({ name }) => name),
      ['data', 'data_end', 'flow_keys'],
    );
  });

  it('say what may be written', () => {
    const writable = (section: string) =>
      contextOf(section)
        .fields.filter(({ writable: can }) => can)
        .map(({ name }) => name);
    assert.deepEqual(writable('socket'), ['cb']);
    assert.deepEqual(writable('tc'), ['mark', 'queue_mapping', 'priority', 'tc_index', 'cb', 'tc_classid', 'tstamp']);
    assert.deepEqual(writable('xdp'), []);
    assert.deepEqual(writable('sockops'), ['reply', 'sk_txhash']);
    assert.deepEqual(writable('cgroup/getsockopt'), ['optlen', 'retval']);
    assert.deepEqual(writable('cgroup/setsockopt'), ['level', 'optname', 'optlen']);
  });

  it('leave the head of a tracepoint record alone and treat registers and arguments as memory', () => {
    assert.deepEqual(
      contextOf('tp/a/b').fields.map(({ offset, size }) => [offset, size]),
      [[8, 8184]],
    );
    assert.deepEqual([contextOf('kprobe/x').size, contextOf('kprobe/x').fields.length], [168, 0]);
    assert.equal(contextOf('raw_tp/x').size, 96);
    assert.equal(contextOf('syscall').writable, true);
    assert.equal(contextOf('freplace/x').size, 0);
  });

  it('lie where a compiler puts them', async (t) => {
    const search = await findClang();
    if (search.kind !== 'found') return t.skip('no clang');
    const header = '/usr/include/linux/bpf.h';
    const text = existsSync(header) ? readFileSync(header, 'utf8') : '';
    if (!text.includes('hwtstamp;')) {
      return t.skip('no <linux/bpf.h> of Linux 5.18 or newer');
    }
    const directory = mkdtempSync(join(tmpdir(), 'ebpf-contexts-'));
    try {
      const seen = new Map<string, ContextDescriptor>();
      for (const { type } of LINUX_SECTIONS) {
        if (type.context.fields.length > 0 && type.context.structure !== '')
          seen.set(type.context.structure, type.context);
      }
      const lines: string[] = [];
      for (const [structure, context] of seen) {
        // A perf event's registers are one member with a name of its own; netfilter's context is not in the UAPI.
        if (structure === 'bpf_perf_event_data' || structure === 'bpf_nf_ctx') continue;
        // Newer than the header: the last field of bpf_sock_ops.
        const fields = context.fields.filter(({ name }) => name !== 'skb_hwtstamp' || text.includes('skb_hwtstamp;'));
        const size = context.size - 8 * (context.fields.length - fields.length);
        lines.push(`_Static_assert(sizeof(struct ${structure}) == ${size}, "${structure}");`);
        const names = fields.map(({ name }) => name);
        for (const { name, offset, size } of fields) {
          // Other widths of a field that stands before, and pairs of elements.
          const first = fields.find((field) => field.name === name)!;
          if (offset !== first.offset || name.includes('..')) continue;
          const member = `((struct ${structure} *)0)->${name}`;
          lines.push(
            `_Static_assert(__builtin_offsetof(struct ${structure}, ${name}) == ${offset}, "${structure}.${name}");`,
          );
          // Two bytes of padding belong to it for the kernel.
          if (name === 'remote_port' && structure === 'bpf_sk_lookup') continue;
          if (names.indexOf(name) !== names.lastIndexOf(name)) continue;
          lines.push(`_Static_assert(sizeof(${member}) == ${size}, "size of ${structure}.${name}");`);
        }
      }
      assert.ok(lines.length > 200);
      const file = join(directory, 'contexts.c');
      writeFileSync(file, `#include <linux/bpf.h>\n${lines.join('\n')}\n`);
      const flags = [
        '-target',
        'bpf',
        '-fsyntax-only',
        '-ferror-limit=0',
        '-idirafter',
        '/usr/include/x86_64-linux-gnu',
      ];
      const run = spawnSync(search.clang.path, [...flags, file], { encoding: 'utf8' });
      assert.equal(run.stderr, '');
      assert.equal(run.status, 0);
      return undefined;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
