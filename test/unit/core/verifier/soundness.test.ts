import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Emulator } from '../../../../core/emulator/emulator';
import { KeyedMap, Update } from '../../../../core/emulator/maps/map';
import { decode } from '../../../../core/isa/code';
import { disassembleAt } from '../../../../core/isa/disassemble';
import { LDDW } from '../../../../core/isa/opcode';
import { LineTable } from '../../../../core/object/line_table';
import type { BpfObject, MapDefinition, Program } from '../../../../core/object/object';
import { linux } from '../../../../core/platform/platforms';
import { verifyProgram } from '../../../../core/verifier/verify';
import { slots } from '../elf/builder';
import { randomFrom } from '../../../fuzz/random';
import { generateProgram, VALUE_SIZES, type Row } from './generator';

/** More by `SOUNDNESS_PROGRAMS=100000`, others by `SOUNDNESS_SEED=7`. */
const PROGRAMS = Number(process.env['SOUNDNESS_PROGRAMS'] ?? 4000);
const FIRST_SEED = Number(process.env['SOUNDNESS_SEED'] ?? 1);
const INPUTS = 6;

function mapOf(type: number, valueSize: number, index: number): MapDefinition {
  return {
    name: `map${index}`,
    type,
    keySize: 4,
    valueSize,
    maxEntries: 2,
    flags: 0,
    pinning: 0,
    origin: 'btf',
    readOnly: false,
    initial: undefined,
    inner: -1,
    keyTypeId: 0,
    valueTypeId: 0,
  };
}

function objectOf(rows: readonly Row[]): { object: BpfObject; program: Program } {
  const code = decode(slots(...rows));
  const program: Program = {
    name: 'generated',
    section: 'xdp',
    code,
    functions: [
      { name: 'generated', section: 'xdp', sectionSlot: 0, start: 0, length: code.length, btfId: 0, global: true },
    ],
    lines: new LineTable([], [0]),
  };
  const maps = VALUE_SIZES.map((size, index) => mapOf(index + 1, size, index));
  return {
    program,
    object: {
      littleEndian: true,
      license: 'GPL',
      builtForWindows: false,
      programs: [program],
      maps,
      externs: [],
      btf: undefined,
    },
  };
}

function listing(program: Program): string {
  const lines: string[] = [];
  for (let slot = 0; slot < program.code.length; slot++) {
    lines.push(`${slot}: ${disassembleAt(program.code, slot)}`);
    if (program.code.opcode[slot] === LDDW) slot++;
  }
  return lines.join('\n');
}

/** An emulator on a random packet, context and map contents. */
function emulatorFor(object: BpfObject, program: Program, random: () => number): Emulator {
  const byte = (): number => {
    const extreme = Math.floor(random() * 6);
    return extreme === 0 ? 0 : extreme === 1 ? 255 : extreme === 2 ? 128 : Math.floor(random() * 256);
  };
  const sizes = [0, 1, 13, 14, 34, 64, 200];
  const packet = Uint8Array.from({ length: sizes[Math.floor(random() * sizes.length)]! }, byte);
  const field = (): bigint => BigInt(byte() | (byte() << 8)) | (BigInt(byte()) << 24n);
  const emulator = new Emulator(object, program, linux, {
    packet,
    context: { fields: { ingress_ifindex: field(), rx_queue_index: field() } },
    configuration: { random: Math.floor(random() * 0xffff_ffff), time: BigInt(Math.floor(random() * 2 ** 50)) },
  });
  for (const map of emulator.machine.maps) {
    if (!(map instanceof KeyedMap)) continue;
    for (let key = 0; key < 2; key++) {
      if (random() < 0.3) continue;
      const value = Uint8Array.from({ length: map.definition.valueSize }, byte);
      map.update({ bytes: Uint8Array.of(key, 0, 0, 0), at: 0 }, { bytes: value, at: 0 }, Update.ANY, 0);
    }
  }
  return emulator;
}

describe('soundness', () => {
  it(`of ${PROGRAMS} generated programs none that is proved faults in the emulator`, () => {
    let proved = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + PROGRAMS; seed++) {
      const { object, program } = objectOf(generateProgram(seed));
      const report = verifyProgram(object, program, linux);
      if (report.verdict !== 'proved') {
        assert.ok(report.findings.length > 0, `seed ${seed}: refused without a finding`);
        continue;
      }
      proved++;
      const random = randomFrom(seed ^ 0x5bd1e995);
      for (let input = 0; input < INPUTS; input++) {
        const emulator = emulatorFor(object, program, random);
        const end = emulator.run(1_000_000);
        const outcome = emulator.outcome;
        if (end === 'limit' || outcome?.kind !== 'returned') {
          assert.fail(
            `seed ${seed}, input ${input}: ${end} ${JSON.stringify(outcome, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))}\n${listing(program)}`,
          );
        }
      }
    }
    // A verifier that refuses everything would pass: demand that a good part is proved.
    assert.ok(proved >= PROGRAMS * 0.2, `only ${proved} of ${PROGRAMS} programs are proved`);
  });
});
