import { Errno } from '../errno';
import { MAX_TAIL_CALLS, type Machine } from '../machine';
import { ProgramArray } from '../maps/target';
import { answer, answerPair, high, low, mapOf, needContext, refuse, writable } from './arguments';
import type { HelperTable } from './helper_table';
import { callbackSlot } from './map_helpers';

/** Rounds of one bpf_loop: BPF_MAX_LOOPS. */
const MAX_ROUNDS = 1 << 23;

/**
 * Goes on in another program with the same frame; when that cannot be, the call falls through (kernel/bpf/core.c). The kernel then leaves
 * r0 unknown; here it is a negated error number, as on Windows.
 */
function tailCall(machine: Machine): void {
  const name = 'bpf_tail_call';
  needContext(machine, name, 1);
  const map = mapOf(machine, name, 2);
  if (!(map instanceof ProgramArray)) refuse(machine, name, 2, `is a ${map.type}, not a prog_array`);
  const index = low(machine, 3) >>> 0;
  const program = index < map.definition.maxEntries ? map.target(index) : undefined;
  if (program === undefined) return answer(machine, index < map.definition.maxEntries ? -Errno.ENOENT : -Errno.EINVAL);
  if (machine.tailCalls >= MAX_TAIL_CALLS) return answer(machine, -Errno.EINVAL);
  machine.jumpTo(program);
}

/** bpf_loop(rounds, callback, context, flags): r0 is how many rounds were made; the callback ends them with 1. kernel/bpf/bpf_iter.c */
function loop(machine: Machine): void {
  const name = 'bpf_loop';
  const rounds = low(machine, 1) >>> 0;
  const callback = callbackSlot(machine, name, 2);
  const [contextHigh, contextLow] = [high(machine, 3), low(machine, 3)];
  if ((low(machine, 4) | high(machine, 4)) !== 0) return answer(machine, -Errno.EINVAL);
  // The kernel's inlined form of the helper moves 32 bits here (kernel/bpf/verifier.c, inline_bpf_loop): the error is zero-extended.
  if (rounds > MAX_ROUNDS) return answerPair(machine, 0, -Errno.E2BIG);
  let round = 0;
  const next = (): void => {
    if (round >= rounds) return answer(machine, round);
    machine.call(callback, machine.next, () => {
      round++;
      if (low(machine, 0) !== 0 || high(machine, 0) !== 0) answer(machine, round);
      else next();
    });
    machine.setRegister(1, 0, round);
    machine.setRegister(2, contextHigh, contextLow);
    machine.undefinedRegisters |= 0x39;
  };
  next();
}

/** One CPU runs one program: a lock is always free unless the program holds it already. */
function lock(machine: Machine, name: string, take: boolean): void {
  const at = writable(machine, name, 1, 4);
  const { view, littleEndian } = machine.memory;
  if ((view.getUint32(at, littleEndian) !== 0) === take)
    refuse(machine, name, 1, take ? 'is a lock that is held already' : 'is a lock that is not held');
  view.setUint32(at, take ? 1 : 0, littleEndian);
  answer(machine, 0);
}

/** Helpers that change where execution goes on. */
export const CONTROL_HELPERS: HelperTable = {
  bpf_tail_call: tailCall,
  bpf_loop: loop,
  bpf_spin_lock: (machine) => lock(machine, 'bpf_spin_lock', true),
  bpf_spin_unlock: (machine) => lock(machine, 'bpf_spin_unlock', false),
};
