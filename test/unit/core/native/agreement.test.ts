import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { bareProgram } from '../../../../cli/conformance';
import { Emulator } from '../../../../core/emulator/emulator';
import type { Program } from '../../../../core/object/object';
import { readObject } from '../../../../core/object/read';
import { linux } from '../../../../core/platform/platforms';
import { compileBpf } from '../../../../tools/clang';
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

  for (const [example, command] of [
    ['xdp_filter', 'xdp'],
    ['subprograms', 'skb'],
  ] as const) {
    it(`with the emulator on packets: ${example}`, async (t) => {
      if (reason !== undefined) return t.skip(reason);
      const source = path.join(ROOT, 'examples', 'linux', `${example}.bpf.c`);
      const compiled = await compileBpf({ source });
      if (compiled.outcome === 'missing') return t.skip(compiled.remedy);
      assert.equal(compiled.outcome, 'compiled', compiled.diagnostics[0]?.message);
      const object = readObject(compiled.object!);
      const program = object.programs[0]!;
      const image = await workshop.build(generate(object), example);
      const native = await workshop.run(
        image,
        PACKETS.map((packet) => `${command} ${program.name} ${packet.toString('hex')}`),
      );
      const answers = PACKETS.map((packet) => {
        const emulator = new Emulator(object, program, linux, { packet });
        emulator.run();
        const { outcome } = emulator;
        assert.ok(outcome?.kind === 'returned', outcome?.kind);
        return BigInt.asUintN(32, outcome.value);
      });
      assert.deepEqual(
        native.map((answer) => BigInt.asUintN(32, BigInt(`0x${answer.split(' ')[0]!}`))),
        answers,
      );
      assert.ok(new Set(answers).size > 1, 'the packets tell nothing apart');
    });
  }
});

/** An Ethernet frame with an IPv4 header of `words` 32-bit words and its right checksum, from 10.0.0.`from`. */
function ipv4(words: number, from: number, protocol: number): Buffer {
  const packet = Buffer.alloc(14 + words * 4 + 20);
  packet.writeUInt16BE(0x0800, 12);
  packet[14] = 0x40 | words;
  packet.writeUInt16BE(words * 4 + 20, 16);
  packet[22] = 64;
  packet[23] = protocol;
  packet.set([10, 0, 0, from, 192, 168, 0, 1], 26);
  let sum = 0;
  for (let at = 14; at < 14 + words * 4; at += 2) sum += packet.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  packet.writeUInt16BE(~sum & 0xffff, 24);
  return packet;
}

function damaged(packet: Buffer, at: number): Buffer {
  const copy = Buffer.from(packet);
  copy[at]! ^= 0x41;
  return copy;
}

const PACKETS: readonly Buffer[] = [
  Buffer.alloc(14),
  Buffer.alloc(60),
  ipv4(5, 1, 6),
  ipv4(5, 2, 17),
  ipv4(15, 3, 1),
  ipv4(5, 1, 6).subarray(0, 30),
  ipv4(5, 1, 6).subarray(0, 34),
  damaged(ipv4(5, 1, 6), 24),
  damaged(ipv4(15, 1, 6), 70),
  damaged(ipv4(5, 1, 6), 14),
];

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
