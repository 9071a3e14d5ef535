import { slotsAt } from '../isa/code';
import type { Program } from '../object/object';
import { calleeSlot, functionIndex } from './cfg';

/** The deepest sum over chains of calls and callbacks; each frame counts at least `least` bytes and is rounded up to `unit`. */
export function deepestChain(program: Program, sizes: readonly number[], unit: number, least: number): number {
  const { code, functions } = program;
  const memo = new Map<number, number>();
  const visit = (index: number): number => {
    const known = memo.get(index);
    if (known !== undefined) return known;
    const fn = functions[index]!;
    let below = 0;
    for (let slot = fn.start; slot < fn.start + fn.length; slot += slotsAt(code, slot)) {
      const target = calleeSlot(code, slot);
      if (target !== undefined) below = Math.max(below, visit(functionIndex(program, target)));
    }
    const own = Math.ceil(Math.max(sizes[index]!, least) / unit) * unit;
    memo.set(index, own + below);
    return own + below;
  };
  return visit(0);
}
