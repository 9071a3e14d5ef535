import { Errno } from '../errno';
import type { Machine } from '../machine';
import { answer, answerBigint, answerPair, needContext, size, writable } from './arguments';
import type { HelperTable } from './helper_table';

/** 10 ms a tick: HZ of 100; the kernel's counter begins five minutes before it wraps (INITIAL_JIFFIES), which is left out. */
const NANOSECONDS_PER_TICK = 10_000_000n;
const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

function now(machine: Machine): void {
  answerBigint(machine, machine.now());
}

function milliseconds(machine: Machine): void {
  answerBigint(machine, machine.now() / NANOSECONDS_PER_MILLISECOND);
}

/** The name, cut to what fits and padded with zeros. */
function command(machine: Machine): void {
  const name = 'bpf_get_current_comm';
  const bytes = size(machine, name, 2);
  if (bytes === 0) return answer(machine, -Errno.EINVAL);
  const at = writable(machine, name, 1, bytes);
  const text = machine.configuration.command.slice(0, Math.min(15, bytes - 1));
  for (let i = 0; i < bytes; i++) machine.memory.bytes[at + i] = text.charCodeAt(i) || 0;
  answer(machine, 0);
}

/** Who runs, where and when: all from the configuration. */
export const TASK_HELPERS: HelperTable = {
  bpf_ktime_get_ns: now,
  bpf_ktime_get_boot_ns: now,
  bpf_ktime_get_coarse_ns: now,
  bpf_ktime_get_tai_ns: now,
  bpf_ktime_get_ms: milliseconds,
  bpf_ktime_get_boot_ms: milliseconds,
  bpf_jiffies64: (machine) => answerBigint(machine, machine.now() / NANOSECONDS_PER_TICK),
  bpf_get_prandom_u32: (machine) => answerPair(machine, 0, machine.nextRandom()),
  bpf_get_smp_processor_id: (machine) => answer(machine, machine.configuration.cpu),
  bpf_get_numa_node_id: (machine) => answer(machine, 0),
  bpf_get_current_pid_tgid: (machine) =>
    answerPair(machine, machine.configuration.process, machine.configuration.thread),
  bpf_get_current_uid_gid: (machine) => answerPair(machine, machine.configuration.group, machine.configuration.user),
  bpf_get_current_comm: command,
  // The root control group.
  bpf_get_current_cgroup_id: (machine) => answer(machine, 1),
  // Windows; a logon session that exists on every machine (SYSTEM_LUID), and administrators like user 0.
  bpf_get_current_logon_id: (machine) => {
    needContext(machine, 'bpf_get_current_logon_id', 1);
    answer(machine, 0x3e7);
  },
  bpf_is_current_admin: (machine) => {
    needContext(machine, 'bpf_is_current_admin', 1);
    answer(machine, machine.configuration.user === 0 ? 1 : 0);
  },
  bpf_get_current_process_start_key: (machine) => answer(machine, machine.configuration.process),
  bpf_get_current_thread_create_time: (machine) => answerBigint(machine, machine.configuration.time),
};
