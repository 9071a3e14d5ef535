import { setReportedValue } from './check_value';
import { describeRange } from './describe';
import { forgetFrame } from './link';
import type { Machine } from './machine';
import { setSigned, smax, smin, umax } from './scalar';
import { DEPTH, USED_CELLS, register, saved } from './state';
import { Loss, NUMBER, TAG, Tag, copyValue, setPointer, setScalarUnknown, setUninit } from './value';

/** Enters a function: a new frame; r6..r9 of the caller are kept, r1..r5 are the arguments. `live` are the caller's registers that it will still read. */
export function enterFunction(m: Machine, live: number): void {
  const { w } = m;
  const frame = w[DEPTH]! + 1;
  pushFrame(m, frame);
  for (let index = 6; index <= 9; index++) {
    const to = saved(frame, index);
    if ((live & (1 << index)) !== 0) copyValue(w, to, register(index));
    else setUninit(w, to, -1, Loss.NONE);
    setUninit(w, register(index), -1, Loss.NONE);
  }
  for (let index = 1; index <= 5; index++) setUninit(w, saved(frame, index), m.slot, Loss.CALLED);
  setUninit(w, register(0), m.slot, Loss.CALLED);
}

function pushFrame(m: Machine, frame: number): void {
  const { w } = m;
  w[DEPTH] = frame;
  w[USED_CELLS + frame] = 0;
  setPointer(w, register(10), Tag.STACK, frame, 0, 0, 0, -1);
}

/** Returns from a function to its caller. r0 stays. `callSlot` is the slot of the call. */
export function leaveFunction(m: Machine, callSlot: number): void {
  const { w } = m;
  const frame = w[DEPTH]!;
  for (let index = 6; index <= 9; index++) copyValue(w, register(index), saved(frame, index));
  for (let index = 1; index <= 5; index++) setUninit(w, register(index), callSlot, Loss.CALLED);
  popFrame(m, frame, callSlot);
}

function popFrame(m: Machine, frame: number, slot: number): void {
  const { w } = m;
  w[DEPTH] = frame - 1;
  w[USED_CELLS + frame] = 0;
  setPointer(w, register(10), Tag.STACK, frame - 1, 0, 0, 0, -1);
  forgetFrame(w, frame, slot);
}

/**
 * Enters a callback for one of its calls. All of the caller's r1..r9 are kept, since the helper may call again.
 * Contracts: set_loop_callback_state and set_map_elem_callback_state in kernel/bpf/verifier.c.
 */
export function enterCallback(m: Machine, contract: 'loop' | 'map_element'): void {
  const { w, slot } = m;
  const frame = w[DEPTH]! + 1;
  const first = register(1);
  const context = register(3);
  const map = w[first + 1]!;
  const loops = umax(w, first + NUMBER);
  pushFrame(m, frame);
  for (let index = 1; index <= 9; index++) copyValue(w, saved(frame, index), register(index));
  setUninit(w, register(0), slot, Loss.CALLED);
  if (contract === 'loop') {
    copyValue(w, register(2), context);
    setScalarUnknown(w, first, m.symbols.fresh(), slot);
    setSigned(w, first + NUMBER, 0, Math.max(0, Math.min(loops, 0xffff_ffff) - 1));
    for (let index = 3; index <= 9; index++) setUninit(w, register(index), -1, Loss.NONE);
    return;
  }
  copyValue(w, register(4), context);
  setPointer(w, first, Tag.MAP, map, 0, 0, 0, slot);
  setPointer(w, register(2), Tag.MAP_KEY, map, 0, 0, 0, slot);
  setPointer(w, register(3), Tag.MAP_VALUE, map, m.symbols.fresh(), 0, 0, slot);
  for (let index = 5; index <= 9; index++) setUninit(w, register(index), -1, Loss.NONE);
}

/** Checks a callback's return value, 0 to go on or 1 to stop, and goes back to the helper. */
export function leaveCallback(m: Machine, callSlot: number): void {
  const { w } = m;
  const at = register(0);
  if (
    w[at + TAG] !== Tag.REPORTED &&
    (w[at + TAG] !== Tag.SCALAR || smin(w, at + NUMBER) < 0 || smax(w, at + NUMBER) > 1)
  ) {
    m.fail(
      'return-value',
      () => ({
        name: 'callback',
        needed: '0 to go on or 1 to stop',
        known: w[at + TAG] === Tag.SCALAR ? `it is ${describeRange(w, at)}` : 'it is not a number',
      }),
      at,
    );
    setReportedValue(m, at);
  }
  const frame = w[DEPTH]!;
  for (let index = 1; index <= 9; index++) copyValue(w, register(index), saved(frame, index));
  popFrame(m, frame, callSlot);
  setUninit(w, at, callSlot, Loss.CALLED);
}
