import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GRANTED_NAMES } from '../../../../../core/platform/linux/allowed';
import { LINUX_HELPERS, linux } from '../../../../../core/platform/linux/linux';
import { LINUX_PROGRAM_TYPE_NAMES } from '../../../../../core/platform/linux/program_types';
import { LINUX_SECTIONS } from '../../../../../core/platform/linux/sections';
import { LINUX_HELPER_VARIANTS } from '../../../../../core/platform/linux/variants';

const helpers = [...LINUX_HELPERS.values()];
const named = (name: string) => helpers.find((helper) => helper.name === name)!;
const typeOf = (section: string) => linux.programType(section)!;

describe('Linux helpers', () => {
  it('are 211, numbered without gaps, each with a name of its own', () => {
    assert.deepEqual(
      helpers.map(({ id }) => id),
      Array.from({ length: 211 }, (_, i) => i + 1),
    );
    assert.equal(new Set(helpers.map(({ name }) => name)).size, 211);
  });

  it('have a prototype that names them, and no more arguments than it', () => {
    for (const helper of helpers) {
      const match = /^[\w ]+ \*?(\w+)\((.*)\)$/.exec(helper.prototype);
      assert.equal(match?.[1], helper.name, helper.prototype);
      const parameters = match[2] === 'void' ? 0 : match[2]!.split(',').length;
      assert.ok(helper.arguments.length <= Math.min(parameters, 5), helper.prototype);
    }
  });

  it('have a memory argument before every size, and a size after every memory argument', () => {
    const memory = new Set(['mem', 'mem_or_null', 'uninit_mem', 'uninit_mem_or_null']);
    for (const helper of [...helpers, ...Object.values(LINUX_HELPER_VARIANTS).flat()]) {
      helper.arguments.forEach(({ kind, fixedSize }, i) => {
        if (memory.has(kind)) assert.match(helper.arguments[i + 1]?.kind ?? '', /^size/, helper.name);
        if (kind === 'size' || kind === 'size_or_zero') {
          assert.ok(memory.has(helper.arguments[i - 1]?.kind ?? ''), helper.name);
        }
        assert.equal(fixedSize !== undefined, kind === 'fixed_mem' || kind === 'uninit_fixed_mem', helper.name);
      });
    }
  });

  it('have a map before every key and value', () => {
    for (const helper of helpers) {
      const kinds = helper.arguments.map(({ kind }) => kind);
      const first = kinds.findIndex((kind) => kind === 'map_key' || /map_value/.test(kind));
      if (first >= 0) assert.ok(kinds.slice(0, first).includes('const_map'), helper.name);
    }
  });

  it('are all granted to some program type, and everything granted is a helper', () => {
    const granted = new Set(GRANTED_NAMES);
    assert.deepEqual(
      helpers.filter(({ name }) => !granted.has(name)).map(({ name }) => name),
      [],
    );
    assert.deepEqual(
      GRANTED_NAMES.filter((name) => named(name) === undefined),
      [],
    );
    for (const helper of helpers) {
      assert.ok(
        LINUX_SECTIONS.some(({ type }) => linux.allows(type, helper)),
        helper.name,
      );
    }
  });

  it('differ in groups that exist, under their own numbers', () => {
    for (const [group, variants] of Object.entries(LINUX_HELPER_VARIANTS)) {
      assert.ok(LINUX_PROGRAM_TYPE_NAMES.includes(group) || group === 'cgroup_current', group);
      for (const variant of variants) assert.equal(LINUX_HELPERS.get(variant.id)?.name, variant.name);
    }
  });

  it('allow what the kernel allows each program type', () => {
    const cases: readonly (readonly [section: string, helper: string, allowed: boolean])[] = [
      ['xdp', 'bpf_xdp_adjust_head', true],
      ['xdp', 'bpf_skb_load_bytes', false],
      ['xdp', 'bpf_get_current_comm', false],
      ['xdp', 'bpf_trace_printk', true],
      ['tc', 'bpf_skb_store_bytes', true],
      ['kprobe/x', 'bpf_probe_read_kernel', true],
      ['kprobe/x', 'bpf_redirect', false],
      ['kprobe/x', 'bpf_copy_from_user', false],
      ['uprobe.s/x', 'bpf_copy_from_user', true],
      ['fentry/x', 'bpf_get_func_arg', true],
      ['tp_btf/x', 'bpf_get_func_arg', false],
      ['tp_btf/x', 'bpf_get_attach_cookie', true],
      ['syscall', 'bpf_get_attach_cookie', false],
      ['syscall', 'bpf_sys_bpf', true],
      ['iter/task', 'bpf_seq_printf', true],
      ['fentry/x', 'bpf_seq_printf', false],
      ['lirc_mode2', 'bpf_rc_keydown', true],
      ['lirc_mode2', 'bpf_get_smp_processor_id', false],
      ['lwt_seg6local', 'bpf_skb_pull_data', false],
      ['lwt_in', 'bpf_skb_pull_data', true],
      ['cgroup/connect4', 'bpf_bind', true],
      ['cgroup/sendmsg4', 'bpf_bind', false],
      ['cgroup/setsockopt', 'bpf_setsockopt', true],
      ['cgroup/getsockopt', 'bpf_setsockopt', false],
      ['lsm/x', 'bpf_get_retval', false],
      ['lsm_cgroup/x', 'bpf_get_retval', true],
      ['cgroup_skb/egress', 'bpf_get_retval', false],
    ];
    for (const [section, name, allowed] of cases) {
      assert.equal(linux.allows(typeOf(section), named(name)), allowed, `${name} in ${section}`);
    }
  });

  it('take the arguments that the program type means', () => {
    const first = (section: string, name: string, index: number) =>
      linux.helper(named(name).id, typeOf(section))!.arguments[index]?.kind;
    assert.equal(first('tc', 'bpf_get_socket_cookie', 0), 'ctx');
    assert.equal(first('fentry/x', 'bpf_get_socket_cookie', 0), 'btf_pointer_or_null');
    assert.equal(first('cgroup/sock_create', 'bpf_sk_storage_get', 1), 'ctx');
    assert.equal(first('tc', 'bpf_sk_storage_get', 1), 'socket');
    assert.equal(first('cgroup/dev', 'bpf_get_cgroup_classid', 0), undefined);
    assert.equal(first('tc', 'bpf_get_cgroup_classid', 0), 'ctx');
  });

  it('are unknown beyond the table', () => {
    for (const id of [0, -1, 212, 65536, 1e9, Number.NaN]) assert.equal(linux.helper(id, typeOf('xdp')), undefined);
  });

  it('make packet pointers stale where the kernel says so', () => {
    const changing = helpers.filter(({ changesPacket }) => changesPacket).map(({ name }) => name);
    assert.equal(changing.length, 23);
    for (const name of ['bpf_xdp_adjust_head', 'bpf_skb_pull_data', 'bpf_msg_push_data', 'bpf_tail_call']) {
      assert.ok(changing.includes(name), name);
    }
    assert.ok(!changing.includes('bpf_skb_load_bytes'));
  });
});

describe('Linux map types', () => {
  it('are numbered 1 to 33', () => {
    for (let id = 1; id <= 33; id++) assert.equal(linux.mapType(id)?.id, id);
    assert.equal(linux.mapType(0), undefined);
    assert.equal(linux.mapType(34), undefined);
  });

  it('take exactly the helpers that both sides allow', () => {
    const takes = (id: number, helper: string) => linux.mapType(id)!.helpers!.includes(helper);
    assert.ok(takes(1, 'bpf_map_lookup_elem'));
    assert.ok(takes(1, 'bpf_for_each_map_elem'));
    assert.ok(!takes(1, 'bpf_tail_call'));
    assert.ok(!takes(1, 'bpf_map_push_elem'));
    assert.ok(!takes(1, 'bpf_map_lookup_percpu_elem'));
    assert.ok(takes(6, 'bpf_map_lookup_percpu_elem'));
    assert.deepEqual(linux.mapType(3)!.helpers, ['bpf_tail_call']);
    assert.ok(takes(4, 'bpf_perf_event_output'));
    assert.ok(!takes(4, 'bpf_map_lookup_elem'));
    assert.ok(takes(27, 'bpf_ringbuf_reserve'));
    assert.ok(!takes(2, 'bpf_ringbuf_reserve'));
    assert.ok(takes(18, 'bpf_sock_hash_update'));
    assert.ok(!takes(18, 'bpf_sock_map_update'));
    assert.deepEqual(linux.mapType(12)!.helpers, ['bpf_map_lookup_elem']);
  });
});
