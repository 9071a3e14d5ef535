import { InputError } from '../core/input/error';
import { DEFAULT_CONFIGURATION } from '../core/emulator/configuration';
import { Access } from '../core/emulator/region';
import { execute } from '../core/emulator/interpreter';
import { Machine, type HelperEntry } from '../core/emulator/machine';
import { toBigint, highOf, lowOf } from '../core/emulator/long';
import { decode, type Code } from '../core/isa/code';
import { CALL, Call } from '../core/isa/opcode';
import { LineTable } from '../core/object/line_table';
import type { LinkedFunction, Program } from '../core/object/object';
import { readObject } from '../core/object/read';
import { Exit, type Io, UsageError } from './io';

/**
 * A plugin of the bpf_conformance runner: `conformance.js [MEM] [--elf] [--engine interpreter] [--program HEX]`. MEM is hex bytes; the
 * program comes from `--program`, else from one line of standard input, as hex instructions (with `--elf`, as a hex ELF object). It
 * prints r0 in hexadecimal; anything else is a message on standard error and exit code 1.
 */

/** Instructions that a vector may execute. */
const LIMIT = 10_000_000;

function argument(machine: Machine, register: number): bigint {
  return toBigint(machine.file[register * 2 + 1]!, machine.file[register * 2]!);
}

function answer(machine: Machine, value: bigint): void {
  machine.setRegister(0, highOf(value), lowOf(value));
}

function byteAt(machine: Machine, address: bigint): number {
  const at = machine.memory.readable(highOf(address), lowOf(address), 1);
  if (at < 0) machine.haltAccess(highOf(address), lowOf(address), 1, 'read', 'a test helper');
  return machine.memory.bytes[at]!;
}

/** The helpers that the runner's vectors call, by number. */
const TEST_HELPERS: readonly (readonly [name: string, parameters: number, run: (machine: Machine) => void])[] = [
  [
    'gather_bytes',
    5,
    (machine) => {
      let value = 0n;
      for (let register = 1; register <= 5; register++) value = (value << 8n) | (argument(machine, register) & 0xffn);
      answer(machine, value);
    },
  ],
  [
    'memfrob',
    2,
    (machine) => {
      const [start, length] = [argument(machine, 1), argument(machine, 2)];
      for (let address = start; address < start + length; address++) {
        byteAt(machine, address);
        const at = machine.memory.writable(highOf(address), lowOf(address), 1);
        if (at < 0) machine.haltAccess(highOf(address), lowOf(address), 1, 'write', 'a test helper');
        machine.memory.bytes[at]! ^= 42;
      }
      answer(machine, start);
    },
  ],
  ['no_op', 0, (machine) => answer(machine, 0n)],
  ['sqrti', 1, (machine) => answer(machine, BigInt(Math.floor(Math.sqrt(Number(argument(machine, 1))))))],
  [
    'strcmp',
    2,
    (machine) => {
      let [first, second] = [argument(machine, 1), argument(machine, 2)];
      while (byteAt(machine, first) === byteAt(machine, second) && byteAt(machine, first) !== 0) {
        first++;
        second++;
      }
      answer(machine, BigInt(byteAt(machine, first) - byteAt(machine, second)));
    },
  ],
  ['unwind', 1, (machine) => answer(machine, argument(machine, 1))],
];

function testHelper(id: number): HelperEntry | undefined {
  const row = TEST_HELPERS[id];
  return row && { name: row[0], prototype: `uint64_t ${row[0]}()`, arguments: row[1], run: row[2] };
}

/** Bare instructions as a program: functions begin where local calls lead. */
function programOf(code: Code): Program {
  const starts = new Set([0]);
  for (let slot = 0; slot < code.length; slot++) {
    const target = slot + 1 + code.imm[slot]!;
    if (code.opcode[slot] === CALL && code.src[slot] === Call.LOCAL && target > 0 && target < code.length)
      starts.add(target);
  }
  const sorted = [...starts].sort((a, b) => a - b);
  const functions = sorted.map((start, index): LinkedFunction => {
    const length = (sorted[index + 1] ?? code.length) - start;
    return { name: `f${start}`, section: '.text', sectionSlot: start, start, length, btfId: 0, global: false };
  });
  return { name: 'f0', section: '.text', code, functions, lines: new LineTable([], sorted) };
}

/**
 * Runs bare instructions on a piece of memory: r1 is its address and r2 its length, both 0 without memory. Answers r0.
 * @throws InputError `fault`, `limit` when the program does not return; `code-size` when it is none
 */
export function runVector(program: Program, memory: Uint8Array): bigint {
  const machine = new Machine({
    littleEndian: true,
    configuration: DEFAULT_CONFIGURATION,
    maps: [],
    mapType: () => 'none',
    externs: [],
    helper: testHelper,
  });
  machine.start(program, undefined, undefined, {});
  if (memory.length > 0) {
    const heap = machine.memory.allocate(memory.length);
    machine.memory.bytes.set(memory, heap);
    const access = Access.READ | Access.WRITE;
    const size = memory.length;
    machine.setRegion(1, machine.memory.addRegion({ kind: 'memory', name: 'memory', size, heap, access }));
  } else machine.setRegister(1, 0, 0);
  machine.setRegister(2, 0, memory.length);
  execute(machine, LIMIT);
  const { outcome } = machine;
  switch (outcome?.kind) {
    case 'returned':
      return outcome.value;
    case 'fault':
      throw new InputError('fault', outcome.fault.message);
    case 'unmodelled':
      throw new InputError('fault', `${outcome.name} is not there`);
    case undefined:
      throw new InputError('limit', `still running after ${LIMIT} instructions`);
  }
}

/** The program of bytes that are bare instructions. */
export function bareProgram(bytes: Uint8Array): Program {
  return programOf(decode(bytes));
}

function hexBytes(text: string, what: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new UsageError(`${what} is not hexadecimal bytes`);
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** The plugin. `input` gives standard input when it is asked for. */
export async function conformance(argv: readonly string[], input: () => Promise<string>, io: Io): Promise<number> {
  try {
    let memory: Uint8Array = new Uint8Array(0);
    let text: string | undefined;
    let elf = false;
    for (let i = 0; i < argv.length; i++) {
      const word = argv[i]!;
      if (word === '--elf') elf = true;
      else if (word === '--program') text = argv[++i];
      else if (word === '--engine') {
        const engine = argv[++i];
        if (engine !== 'interpreter') throw new UsageError(`there is no engine ${engine ?? ''}; there is interpreter`);
      } else if (word.startsWith('--')) throw new UsageError(`unknown option ${word}`);
      else memory = hexBytes(word, 'the memory');
    }
    const bytes = hexBytes(text ?? (await input()), 'the program');
    const program = elf ? readObject(bytes).programs[0] : bareProgram(bytes);
    if (program === undefined) throw new InputError('no-program', 'the object has no program');
    io.out(`${runVector(program, memory).toString(16)}\n`);
    return Exit.OK;
  } catch (error) {
    if (!(error instanceof InputError || error instanceof UsageError)) throw error;
    io.err(`${error.message}\n`);
    return Exit.REFUSED;
  }
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

if (require.main === module) {
  const io: Io = { out: (text) => void process.stdout.write(text), err: (text) => void process.stderr.write(text) };
  void conformance(process.argv.slice(2), standardInput, io).then((code) => {
    process.exitCode = code;
  });
}
