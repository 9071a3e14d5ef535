import fc from 'fast-check';
import { emptyCode, type Code } from '../../../../core/isa/code';
import type { Slot } from './native_image';

/** Straight-line code with forward jumps over r0 to r9 and the stack words at -16, -24 and -32. */

export const EDGES = [0n, 1n, 2n, 31n, 32n, 63n, 64n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0x7fffffffn, 0x80000000n, 0xffffffffn,
  0x100000000n, 0x7fffffffffffffffn, 0x8000000000000000n, 0xffffffff80000000n, 0xffffffffffffffffn, 0x0123456789abcdefn]; // prettier-ignore
export const IMMEDIATES = [0, 1, -1, 2, 31, 32, 33, 63, 64, 0x7fffffff, -0x80000000, 0x12345678, -2];

export const OPERATIONS = [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0, 0xb0, 0xc0];
export const JUMPS = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0];

const register = fc.integer({ min: 0, max: 9 });
const immediate = fc.oneof(fc.constantFrom(...IMMEDIATES), fc.integer({ min: -0x80000000, max: 0x7fffffff }));
const stackOffset = fc.constantFrom(-16, -24, -32);

const anySlot: fc.Arbitrary<(left: number) => Slot> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...OPERATIONS), fc.constantFrom(4, 7, 12, 15), register, register, fc.boolean(), immediate)
    .map(([operation, form, d, s, odd, imm]) => (): Slot => {
      const offset = odd && (operation === 0x30 || operation === 0x90) ? 1 : odd && operation === 0xb0 && form & 8 ? 8 : 0;
      return form & 8 ? [operation | form, d, s, offset, 0] : [operation | form, d, 0, offset, imm];
    }) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(0xd4, 0xdc, 0xd7), register, fc.constantFrom(16, 32, 64))
    .map(([opcode, d, width]) => (): Slot => [opcode, d, 0, 0, width]) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...JUMPS), fc.constantFrom(5, 6, 13, 14), register, register, fc.nat(7), immediate)
    .map(([operation, form, d, s, far, imm]) => (left: number): Slot => {
      const offset = Math.min(far, left);
      return form & 8 ? [operation | form, d, s, offset, 0] : [operation | form, d, 0, offset, imm];
    }) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(0x61, 0x69, 0x71, 0x79, 0x81, 0x89, 0x91), register, stackOffset)
    .map(([opcode, d, offset]) => (): Slot => [opcode, d, 10, offset, 0]) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(0x63, 0x6b, 0x73, 0x7b), register, stackOffset)
    .map(([opcode, s, offset]) => (): Slot => [opcode, 10, s, offset, 0]) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(0xc3, 0xdb), fc.constantFrom(0, 1, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1), register, stackOffset)
    .map(([opcode, operation, s, offset]) => (): Slot => [opcode, 10, s, offset, operation]) },
); // prettier-ignore

export const randomBody: fc.Arbitrary<Slot[]> = fc
  .array(anySlot, { minLength: 5, maxLength: 60 })
  .map((makers) => makers.map((make, index) => make(makers.length - 1 - index)));

export const randomRegisters: fc.Arbitrary<bigint[]> = fc.array(
  fc.oneof(fc.constantFrom(...EDGES), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  { minLength: 10, maxLength: 10 },
);

/** One code behind the other. */
export function concatenate(first: Code, second: Code): Code {
  const code = emptyCode(first.length + second.length);
  for (const field of ['opcode', 'dst', 'src', 'offset', 'imm'] as const) {
    code[field].set(first[field]);
    code[field].set(second[field], first.length);
  }
  return code;
}
