import { slotsAt, type Code } from '../isa/code';
import { Alu, Atomic, CALL, Call, Class, EXIT, JA, JA32, LDDW, Mode, Source } from '../isa/opcode';
import type { Cfg } from './cfg';

/** Registers r0..r10 as bits. */
const ARGUMENTS = 0b111110;
const CLOBBERED = 0b111111;

/** The registers that may still be read when each block starts, as bits. Callbacks and callees count as reading all arguments. */
export function liveRegisters(code: Code, cfg: Cfg, argumentsOf: (helper: number) => number): Int32Array {
  const live = new Int32Array(cfg.blocks.length);
  let changed = true;
  while (changed) {
    changed = false;
    for (let index = cfg.blocks.length - 1; index >= 0; index--) {
      const block = cfg.blocks[index]!;
      let set = (block.next >= 0 ? live[block.next]! : 0) | (block.taken >= 0 ? live[block.taken]! : 0);
      const slots: number[] = [];
      for (let slot = block.start; slot < block.end; slot += slotsAt(code, slot)) slots.push(slot);
      for (let k = slots.length - 1; k >= 0; k--) set = before(code, slots[k]!, set, argumentsOf);
      if (set !== live[index]) {
        live[index] = set;
        changed = true;
      }
    }
  }
  return live;
}

/** Live registers before the instruction at `slot`, given those after it. */
function before(code: Code, slot: number, after: number, argumentsOf: (helper: number) => number): number {
  const opcode = code.opcode[slot]!;
  const dst = 1 << code.dst[slot]!;
  const src = 1 << code.src[slot]!;
  switch (opcode & 7) {
    case Class.LD:
      if (opcode === LDDW) return after & ~dst;
      return (after & ~CLOBBERED) | (1 << 6) | ((opcode & 0xe0) === Mode.IND ? src : 0);
    case Class.LDX:
      return (after & ~dst) | src;
    case Class.ST:
      return after | dst;
    case Class.STX: {
      if ((opcode & 0xe0) !== Mode.ATOMIC) return after | dst | src;
      return after | dst | src | (code.imm[slot] === Atomic.CMPXCHG ? 1 : 0);
    }
    case Class.ALU:
    case Class.ALU64: {
      const operation = opcode & 0xf0;
      const fromRegister = (opcode & 8) === Source.X && operation !== Alu.END;
      const reads = (operation === Alu.MOV ? 0 : dst) | (fromRegister ? src : 0);
      return (after & ~dst) | reads;
    }
    default: {
      if (opcode === EXIT) return 1;
      if (opcode === JA || opcode === JA32) return after;
      if (opcode === CALL) {
        const count = code.src[slot] === Call.HELPER ? argumentsOf(code.imm[slot]!) : 5;
        return (after & ~CLOBBERED) | (ARGUMENTS & ((2 << count) - 1));
      }
      return after | dst | ((opcode & 8) === Source.X ? src : 0);
    }
  }
}
