import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { bareProgram } from '../../../../cli/conformance';
import { Emulator } from '../../../../core/emulator/emulator';
import type { Program } from '../../../../core/object/object';
import { linux } from '../../../../core/platform/platforms';
import { parseVector } from '../../conformance/assembler';
import { cannotRun, codeOf, generate, objectOf, programOf, ROOT, Workshop, type Slot } from './native_image';
import { concatenate, randomBody, randomRegisters } from './random_program';

const vectors = path.resolve(ROOT, '../shared/conformance');

/** A vector's program with `r2 = length of the memory` before it, and functions that no other vector has. */
function withLength(program: Program, name: string, length: number): Program {
  const functions = program.functions.map((linked, index) => ({
    ...linked,
    name: index === 0 ? name : `${name}_${linked.name}`,
    section: name,
    sectionSlot: linked.start,
    start: linked.start === 0 ? 0 : linked.start + 1,
    length: linked.start === 0 ? linked.length + 1 : linked.length,
  }));
  const prefix = codeOf([[0xb7, 2, 0, 0, length]]);
  return { ...program, name, section: name, code: concatenate(prefix, program.code), functions };
}

describe('native images agree', () => {
  let workshop: Workshop;
  let reason: string | undefined;
  before(async () => {
    reason = await cannotRun();
    workshop = await Workshop.open();
  });
  after(() => workshop.close());

  it('with the conformance vectors', async (t) => {
    if (reason !== undefined) return t.skip(reason);
    if (!existsSync(vectors)) return t.skip(`${vectors} is not there`);
    const cases = readdirSync(vectors)
      .filter((name) => name.endsWith('.data'))
      .map((file) => ({ name: file.slice(0, -5), ...parseVector(readFileSync(path.join(vectors, file), 'utf8')) }));
    assert.ok(cases.length >= 200);
    const programs = cases.map(({ name, program, memory }) => withLength(bareProgram(program), name, memory.length));
    // A call to an address in a register cannot be C; verifiers never let it through.
    const isIndirect = (program: Program): boolean => program.code.opcode.includes(0x8d);
    for (const program of programs.filter(isIndirect)) {
      assert.throws(() => generate(objectOf([program])), { code: 'native-instruction' });
    }
    const image = await workshop.build(
      generate(objectOf(programs.filter((program) => !isIndirect(program)))),
      'vectors',
    );
    const runnable = cases.filter((_, index) => !isIndirect(programs[index]!));
    const answers = await workshop.run(
      image,
      runnable.map(({ name, memory }) => `run ${name} ${Buffer.from(memory).toString('hex')}`),
    );
    const wrong = runnable.flatMap(({ name, result }, index) => {
      const actual = BigInt(`0x${answers[index]!.split(' ')[0]!}`);
      return actual === BigInt.asUintN(64, result)
        ? []
        : [`${name}: 0x${actual.toString(16)}, not 0x${result.toString(16)}`];
    });
    assert.deepEqual(wrong, []);
  });

  it('with the emulator on random programs', async (t) => {
    if (reason !== undefined) return t.skip(reason);
    let batch = 0;
    const random = fc.record({ body: randomBody, registers: randomRegisters });
    await fc.assert(
      fc.asyncProperty(fc.array(random, { minLength: 40, maxLength: 40 }), async (cases) => {
        const programs = cases.map(({ body, registers }, index) =>
          programOf([...loadRegisters(registers), ...body, ...FOLD], { name: `case_${index}` }),
        );
        const object = objectOf(programs);
        const image = await workshop.build(generate(object), `emulator_${batch++}`);
        const native = await workshop.run(
          image,
          programs.map(({ name }) => `run ${name} 00`),
        );
        programs.forEach((program, index) => {
          const emulator = new Emulator(object, program, linux);
          emulator.run();
          const { outcome } = emulator;
          assert.ok(outcome?.kind === 'returned', outcome?.kind);
          assert.equal(native[index]!.split(' ')[0], outcome.value.toString(16), JSON.stringify(cases[index]!.body));
        });
      }),
      { numRuns: 3, endOnFailure: true, includeErrorInReport: true },
    );
  });
});

/** Sets r0 to r9 and the three stack words that bodies use. */
function loadRegisters(registers: readonly bigint[]): Slot[] {
  const words = [16, 24, 32].map((at): Slot => [0x7a, 10, 0, -at, 0x01020304]);
  const loads = registers.flatMap((value, register): Slot[] => [
    [0x18, register, 0, 0, Number(BigInt.asIntN(32, value))],
    [0, 0, 0, 0, Number(BigInt.asIntN(32, value >> 32n))],
  ]);
  return [...words, ...loads];
}

/** Folds all registers and stack words into r0. */
const FOLD: readonly Slot[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((register): Slot[] => [
    [0x27, 0, 0, 0, 31],
    [0xaf, 0, register, 0, 0],
  ]),
  ...[16, 24, 32].flatMap((at): Slot[] => [
    [0x79, 1, 10, -at, 0],
    [0x27, 0, 0, 0, 31],
    [0xaf, 0, 1, 0, 0],
  ]),
  [0x95, 0, 0, 0, 0],
];
