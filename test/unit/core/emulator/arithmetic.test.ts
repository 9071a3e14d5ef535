import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { emptyCode, type Code } from '../../../../core/isa/code';
import { Alu, Class, EXIT, Jump, LDDW, Source } from '../../../../core/isa/opcode';
import { execute } from '../../../../core/emulator/interpreter';
import { machineOf, programOf } from './fixture';

/** Every arithmetic instruction and jump against the same written with bigints, RFC 9669 sections 4.1 to 4.3. */

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);

interface Slot {
  readonly opcode: number;
  readonly dst?: number;
  readonly src?: number;
  readonly offset?: number;
  readonly imm?: number;
}

function codeOf(slots: readonly Slot[]): Code {
  const code = emptyCode(slots.length);
  slots.forEach(({ opcode, dst = 0, src = 0, offset = 0, imm = 0 }, slot) => {
    code.opcode[slot] = opcode;
    code.dst[slot] = dst;
    code.src[slot] = src;
    code.offset[slot] = offset;
    code.imm[slot] = imm;
  });
  return code;
}

function constant(register: number, value: bigint): Slot[] {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return [
    { opcode: LDDW, dst: register, imm: low },
    { opcode: 0, imm: high },
  ];
}

/** r0 after one instruction with r0 = a and r1 = b. */
function after(a: bigint, b: bigint, instruction: Slot): bigint {
  const code = codeOf([...constant(0, a), ...constant(1, b), instruction, { opcode: EXIT }]);
  const machine = machineOf({ ...programOf('exit'), code });
  execute(machine, 100);
  assert.equal(machine.outcome?.kind, 'returned');
  return machine.outcome.value;
}

type Reference = (a: bigint, b: bigint, bits: bigint) => bigint;

const signed = (value: bigint, bits: bigint): bigint => BigInt.asIntN(Number(bits), value);
// prettier-ignore
const REFERENCE: readonly (readonly [name: string, operation: number, offset: number, Reference])[] = [
  ['add', Alu.ADD, 0, (a, b) => a + b],
  ['sub', Alu.SUB, 0, (a, b) => a - b],
  ['mul', Alu.MUL, 0, (a, b) => a * b],
  ['div', Alu.DIV, 0, (a, b) => (b === 0n ? 0n : a / b)],
  ['sdiv', Alu.DIV, 1, (a, b, bits) => (b === 0n ? 0n : signed(a, bits) / signed(b, bits))],
  ['or', Alu.OR, 0, (a, b) => a | b],
  ['and', Alu.AND, 0, (a, b) => a & b],
  ['lsh', Alu.LSH, 0, (a, b, bits) => a << (b & (bits - 1n))],
  ['rsh', Alu.RSH, 0, (a, b, bits) => a >> (b & (bits - 1n))],
  ['neg', Alu.NEG, 0, (a) => -a],
  ['mod', Alu.MOD, 0, (a, b) => (b === 0n ? a : a % b)],
  ['smod', Alu.MOD, 1, (a, b, bits) => (b === 0n ? a : signed(a, bits) % signed(b, bits))],
  ['xor', Alu.XOR, 0, (a, b) => a ^ b],
  ['mov', Alu.MOV, 0, (_a, b) => b],
  ['movsx8', Alu.MOV, 8, (_a, b) => signed(b, 8n)],
  ['movsx16', Alu.MOV, 16, (_a, b) => signed(b, 16n)],
  ['movsx32', Alu.MOV, 32, (_a, b) => signed(b, 32n)],
  ['arsh', Alu.ARSH, 0, (a, b, bits) => signed(a, bits) >> (b & (bits - 1n))],
];

/** Numbers with the corners where carries, signs and division go wrong more often than chance would have them. */
const corners = [0n, 1n, 2n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, 1n << 52n, 1n << 53n, (1n << 53n) - 1n,
  (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n, (1n << 64n) - 2n, 0xffffffff00000000n, 0xffffffff80000000n]; // prettier-ignore
const number = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(...corners),
  fc.tuple(fc.constantFrom(...corners), fc.integer({ min: -3, max: 3 })).map(([base, by]) => u64(base + BigInt(by))),
  fc
    .tuple(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.integer({ min: 0, max: 63 }))
    .map(([a, by]) => a >> BigInt(by)),
);

describe('arithmetic', () => {
  for (const [name, operation, offset, reference] of REFERENCE) {
    it(`${name}, 64 bits, by register`, () => {
      fc.assert(
        fc.property(number, number, (a, b) => {
          const opcode = Class.ALU64 | operation | (operation === Alu.NEG ? Source.K : Source.X);
          assert.equal(after(a, b, { opcode, dst: 0, src: 1, offset }), u64(reference(a, b, 64n)));
        }),
        { numRuns: 300 },
      );
    });
    if (offset === 32) continue;
    it(`${name}, 32 bits, by register`, () => {
      fc.assert(
        fc.property(number, number, (a, b) => {
          const opcode = Class.ALU | operation | (operation === Alu.NEG ? Source.K : Source.X);
          const expected = reference(a & 0xffffffffn, b & 0xffffffffn, 32n) & 0xffffffffn;
          assert.equal(after(a, b, { opcode, dst: 0, src: 1, offset }), expected);
        }),
        { numRuns: 300 },
      );
    });
    if (operation === Alu.NEG || offset > 1) continue;
    it(`${name}, both widths, by immediate`, () => {
      fc.assert(
        fc.property(number, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (a, imm) => {
          const b = u64(BigInt(imm));
          assert.equal(
            after(a, 0n, { opcode: Class.ALU64 | operation, dst: 0, offset, imm }),
            u64(reference(a, b, 64n)),
          );
          const expected = reference(a & 0xffffffffn, b & 0xffffffffn, 32n) & 0xffffffffn;
          assert.equal(after(a, 0n, { opcode: Class.ALU | operation, dst: 0, offset, imm }), expected);
        }),
        { numRuns: 150 },
      );
    });
  }

  it('swaps bytes', () => {
    const reversed = (value: bigint, bytes: number): bigint => {
      let result = 0n;
      for (let i = 0; i < bytes; i++) result = (result << 8n) | ((value >> BigInt(8 * i)) & 0xffn);
      return result;
    };
    fc.assert(
      fc.property(number, fc.constantFrom(2, 4, 8), (a, bytes) => {
        const swap = (opcode: number): bigint => after(a, 0n, { opcode, dst: 0, imm: bytes * 8 });
        assert.equal(swap(Class.ALU | Alu.END | Source.X), reversed(a, bytes));
        assert.equal(swap(Class.ALU64 | Alu.END), reversed(a, bytes));
        assert.equal(swap(Class.ALU | Alu.END), BigInt.asUintN(bytes * 8, a));
      }),
    );
  });
});

// prettier-ignore
const JUMPS: readonly (readonly [name: string, operation: number, (a: bigint, b: bigint) => boolean, signed: boolean])[] = [
  ['jeq', Jump.JEQ, (a, b) => a === b, false], ['jne', Jump.JNE, (a, b) => a !== b, false],
  ['jgt', Jump.JGT, (a, b) => a > b, false], ['jge', Jump.JGE, (a, b) => a >= b, false],
  ['jlt', Jump.JLT, (a, b) => a < b, false], ['jle', Jump.JLE, (a, b) => a <= b, false],
  ['jset', Jump.JSET, (a, b) => (a & b) !== 0n, false],
  ['jsgt', Jump.JSGT, (a, b) => a > b, true], ['jsge', Jump.JSGE, (a, b) => a >= b, true],
  ['jslt', Jump.JSLT, (a, b) => a < b, true], ['jsle', Jump.JSLE, (a, b) => a <= b, true],
];

describe('conditional jumps', () => {
  for (const [name, operation, reference, isSigned] of JUMPS) {
    it(name, () => {
      const near = fc
        .tuple(number, fc.integer({ min: -1, max: 1 }))
        .map(([a, by]) => [a, u64(a + BigInt(by))] as const);
      fc.assert(
        fc.property(fc.oneof(fc.tuple(number, number), near), fc.boolean(), ([a, b], wide) => {
          const bits = wide ? 64 : 32;
          const taken = reference(
            isSigned ? BigInt.asIntN(bits, a) : BigInt.asUintN(bits, a),
            isSigned ? BigInt.asIntN(bits, b) : BigInt.asUintN(bits, b),
          );
          const opcode = (wide ? Class.JMP : Class.JMP32) | operation | Source.X;
          const code = codeOf([
            ...constant(1, a),
            ...constant(2, b),
            { opcode: Class.ALU64 | Alu.MOV, dst: 0, imm: 1 },
            { opcode, dst: 1, src: 2, offset: 1 },
            { opcode: Class.ALU64 | Alu.MOV, dst: 0, imm: 0 },
            { opcode: EXIT },
          ]);
          const machine = machineOf({ ...programOf('exit'), code });
          execute(machine, 100);
          assert.equal(machine.register(0), taken ? 1n : 0n, `${s64(a)} ${name} ${s64(b)}`);
        }),
        { numRuns: 300 },
      );
    });
  }
});
