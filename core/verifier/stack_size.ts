import { slotsAt } from '../isa/code';
import { Alu, Class } from '../isa/opcode';
import type { Program } from '../object/object';
import { calleeSlot, functionIndex } from './cfg';

const FRAME_POINTER = 10;

/**
 * Bytes of stack that each function uses: the deepest byte that it addresses directly through r10, or through a copy of r10 that
 * it moves down. O(slots).
 */
export function stackSizes(program: Program): number[] {
  const { code } = program;
  return program.functions.map((fn) => {
    let deepest = 0;
    const copies = new Set<number>();
    for (let slot = fn.start; slot < fn.start + fn.length; slot += slotsAt(code, slot)) {
      const opcode = code.opcode[slot]!;
      const dst = code.dst[slot]!;
      const src = code.src[slot]!;
      const cls = opcode & 7;
      if (cls === Class.LDX && src === FRAME_POINTER) deepest = Math.max(deepest, -code.offset[slot]!);
      if ((cls === Class.ST || cls === Class.STX) && dst === FRAME_POINTER)
        deepest = Math.max(deepest, -code.offset[slot]!);
      if (opcode === (Class.ALU64 | Alu.MOV | 8) && src === FRAME_POINTER) {
        copies.add(dst);
        continue;
      }
      if (opcode === (Class.ALU64 | Alu.ADD) && copies.has(dst)) deepest = Math.max(deepest, -code.imm[slot]!);
      if (cls === Class.ALU64 || cls === Class.ALU || cls === Class.LDX) copies.delete(dst);
    }
    return Math.min(deepest, 1 << 20);
  });
}

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
