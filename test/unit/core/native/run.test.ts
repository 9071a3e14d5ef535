import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { generate, cannotRun, objectOf, programOf, Workshop, type Slot } from './native_image';
import { EDGES, IMMEDIATES, JUMPS, OPERATIONS, randomBody, randomRegisters } from './random_program';
import { runReference } from './reference';

const hex64 = (value: bigint): string => {
  let text = '';
  for (let i = 0n; i < 64n; i += 8n) text += ((value >> i) & 0xffn).toString(16).padStart(2, '0');
  return text;
};

/** Loads r0..r9 from the context, zeroes the stack words that bodies use, and keeps the context's address. */
const PROLOGUE: readonly Slot[] = [
  [0x7b, 10, 1, -8, 0],
  ...[16, 24, 32].map((at): Slot => [0x7a, 10, 0, -at, 0x01020304]),
  ...[0, 2, 3, 4, 5, 6, 7, 8, 9, 1].map((register): Slot => [0x79, register, 1, register * 8, 0]),
];

/** Stores r0..r9 and the stack words behind them into the context. */
const EPILOGUE: readonly Slot[] = [
  [0x7b, 10, 0, -40, 0],
  [0x79, 0, 10, -8, 0],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((register): Slot => [0x7b, 0, register, register * 8, 0]),
  [0x79, 1, 10, -40, 0],
  [0x7b, 0, 1, 0, 0],
  ...[16, 24, 32].flatMap((at, index): Slot[] => [
    [0x79, 1, 10, -at, 0],
    [0x7b, 0, 1, 80 + index * 8, 0],
  ]),
  [0x79, 0, 10, -40, 0],
  [0x95, 0, 0, 0, 0],
];

interface Case {
  readonly body: readonly Slot[];
  readonly registers: readonly bigint[];
}

/** The native answer for each case, and the reference's, in the host's form. */
async function answers(workshop: Workshop, cases: readonly Case[], name: string): Promise<[string[], string[]]> {
  const programs = cases.map(({ body }, index) =>
    programOf([...PROLOGUE, ...body, ...EPILOGUE], { name: `case_${index}` }),
  );
  const image = await workshop.build(generate(objectOf(programs)), name);
  const commands = cases.map(
    ({ registers }, index) => `run case_${index} ${registers.map(hex64).join('')}${'00'.repeat(24)}`,
  );
  const native = await workshop.run(image, commands);
  const expected = cases.map(({ body, registers }) => {
    const machine = { registers: [...registers, 0n], stack: new Uint8Array(512) };
    runReference([...PROLOGUE.slice(1, 4), ...body], machine);
    const view = new DataView(machine.stack.buffer);
    const words = [16, 24, 32].map((at) => view.getBigUint64(512 - at, true));
    const state = [...machine.registers.slice(0, 10), ...words].map(hex64).join('');
    return `${machine.registers[0]!.toString(16)} ${state}`;
  });
  return [native, expected];
}

/** Every arithmetic instruction, on r2 with r3 or an immediate. */
function arithmeticSlots(): Slot[] {
  const slots: Slot[] = [];
  for (const bits of [0x04, 0x07]) {
    for (const operation of OPERATIONS) {
      const offsets = operation === 0x30 || operation === 0x90 ? [0, 1] : [0];
      for (const offset of offsets) {
        slots.push([operation | bits | 8, 2, 3, offset, 0]);
        for (const imm of IMMEDIATES) slots.push([operation | bits, 2, 0, offset, imm]);
      }
    }
    slots.push([0x80 | bits, 2, 0, 0, 0]);
    for (const width of bits === 7 ? [8, 16, 32] : [8, 16]) slots.push([0xb0 | bits | 8, 2, 3, width, 0]);
    for (const width of [16, 32, 64]) slots.push([0xd0 | bits, 2, 0, 0, width]);
  }
  for (const width of [16, 32, 64]) slots.push([0xdc, 2, 0, 0, width]);
  return slots;
}

describe('generated C, compiled and run', () => {
  let workshop: Workshop;
  let reason: string | undefined;
  before(async () => {
    reason = await cannotRun();
    workshop = await Workshop.open();
  });
  after(() => workshop.close());

  it('every arithmetic instruction on edge values', async (t) => {
    if (reason !== undefined) return t.skip(reason);
    // Each body runs one instruction on every register pair of edges through r2 and r3; results are folded into r9.
    const cases = EDGES.flatMap((d, i) =>
      [EDGES[(i * 7 + 3) % EDGES.length]!, 0n, 0xffffffffffffffffn, d].map((s): Case => {
        const body = arithmeticSlots().flatMap((slot): Slot[] => [
          [0xbf, 2, 6, 0, 0],
          [0xbf, 3, 7, 0, 0],
          slot,
          [0x27, 9, 0, 0, 31],
          [0xaf, 9, 2, 0, 0],
          [0x0f, 9, 3, 0, 0],
        ]);
        return { body, registers: [1n, 2n, 3n, 4n, 5n, 6n, d, s, 9n, 0n] };
      }),
    );
    // The body is the same for all: one program does, run on every pair.
    const [native, expected] = await sameBody(workshop, cases, 'arithmetic');
    assert.deepEqual(native, expected);
  });

  it('every conditional jump on edge values', async (t) => {
    if (reason !== undefined) return t.skip(reason);
    const body: Slot[] = [];
    for (const bits of [0x05, 0x06]) {
      for (const operation of JUMPS) {
        body.push([0x67, 9, 0, 0, 1], [operation | bits | 8, 6, 7, 1, 0], [0x07, 9, 0, 0, 1]);
        for (const imm of [0, -1, 0x7fffffff, -0x80000000]) {
          body.push([0x27, 9, 0, 0, 3], [operation | bits, 6, 0, 1, imm], [0x07, 9, 0, 0, 1]);
        }
      }
    }
    const cases = EDGES.flatMap((d) =>
      EDGES.map((s): Case => ({ body, registers: [0n, 0n, 0n, 0n, 0n, 0n, d, s, 0n, 0n] })),
    );
    const [native, expected] = await sameBody(workshop, cases, 'jumps');
    assert.deepEqual(native, expected);
  });

  it('every load, store and atomic operation', async (t) => {
    if (reason !== undefined) return t.skip(reason);
    const body: Slot[] = [];
    const mix = (register: number): Slot[] => [[0x27, 9, 0, 0, 31], [0xaf, 9, register, 0, 0]]; // prettier-ignore
    for (const size of [0x00, 0x08, 0x10, 0x18]) {
      body.push([0x63 | size, 10, 6, -16, 0], [0x61 | size, 2, 10, -16, 0], ...mix(2));
      body.push([0x62 | size, 10, 0, -24, -7], [0x61 | size, 2, 10, -24, 0], ...mix(2));
      if (size !== 0x18) body.push([0x81 | size, 2, 10, -16, 0], ...mix(2));
    }
    for (const size of [0x00, 0x18]) {
      for (const operation of [0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1]) {
        body.push([0x7b, 10, 6, -32, 0], [0xbf, 2, 7, 0, 0], [0xc3 | size, 10, 2, -32, operation], ...mix(2));
        body.push([0x79, 2, 10, -32, 0], ...mix(2));
      }
      for (const expected of [6, 7]) {
        body.push([0x7b, 10, 6, -32, 0], [0xbf, 0, expected, 0, 0], [0xc3 | size, 10, 7, -32, 0xf1], ...mix(0));
        body.push([0x79, 2, 10, -32, 0], ...mix(2));
      }
    }
    const cases = EDGES.map((d, i): Case => {
      return { body, registers: [0n, 0n, 0n, 0n, 0n, 0n, d, EDGES[EDGES.length - 1 - i]!, 0n, 0n] };
    });
    const [native, expected] = await sameBody(workshop, cases, 'memory');
    assert.deepEqual(native, expected);
  });

  it('atomic results that replace their own operand on one of two paths', async (t) => {
    if (reason !== undefined) return t.skip(reason);
    // What gcc 12 gets wrong with its builtins alone: see EBPF_FETCH in the header.
    const cases = [0xc3, 0xdb].flatMap((opcode) =>
      [0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1].map((operation): Case => {
        const body: Slot[] = [
          [0x65, 7, 0, 1, 2],
          [opcode, 10, 8, -32, operation],
        ];
        return { body, registers: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 0n, 0x5555_0f0f_5555n, 9n] };
      }),
    );
    const [native, expected] = await answers(workshop, cases, 'own_operand');
    assert.deepEqual(native, expected);
  });

  it('random programs agree with the reference', async (t) => {
    if (reason !== undefined) return t.skip(reason);
    let batch = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(randomCase, { minLength: 30, maxLength: 30 }), async (cases) => {
        const [native, expected] = await answers(workshop, cases, `random_${batch++}`);
        const wrong = native.findIndex((answer, index) => answer !== expected[index]);
        assert.equal(native[wrong], expected[wrong], JSON.stringify(cases[wrong]?.body));
        assert.equal(native.length, expected.length);
      }),
      { numRuns: 4, endOnFailure: true, includeErrorInReport: true },
    );
  });
});

async function sameBody(workshop: Workshop, cases: readonly Case[], name: string): Promise<[string[], string[]]> {
  const text = generate(objectOf([programOf([...PROLOGUE, ...cases[0]!.body, ...EPILOGUE])]));
  const image = await workshop.build(text, name);
  const native = await workshop.run(
    image,
    cases.map(({ registers }) => `run program ${registers.map(hex64).join('')}${'00'.repeat(24)}`),
  );
  const expected = cases.map(({ body, registers }) => {
    const machine = { registers: [...registers, 0n], stack: new Uint8Array(512) };
    runReference([...PROLOGUE.slice(1, 4), ...body], machine);
    const view = new DataView(machine.stack.buffer);
    const words = [16, 24, 32].map((at) => view.getBigUint64(512 - at, true));
    return `${machine.registers[0]!.toString(16)} ${[...machine.registers.slice(0, 10), ...words].map(hex64).join('')}`;
  });
  return [native, expected];
}

const randomCase: fc.Arbitrary<Case> = fc.record({ body: randomBody, registers: randomRegisters });
