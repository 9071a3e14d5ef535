import { DEFAULT_LIMIT, Emulator } from '../core/emulator/emulator';
import { contextFromJson, packetFromHex } from '../core/emulator/text_input';
import { InputError } from '../core/input/error';
import type { BpfObject, Program } from '../core/object/object';
import { platformOf } from '../core/platform/platforms';
import { loadObject } from './inputs';
import { Exit, UsageError, type Io } from './io';
import { runReport, runText, type RunReport } from './run_report';
import { parseWords, platformOption } from './arguments';

export const runUsage = `ebpf run OBJECT [options]

Runs one program of an object (or of C source, compiled with clang) once in the emulator.

  --program NAME         the function to run; needed when the object has several programs
  --packet HEX           the packet, also the application's path of a bind program
  --context JSON         the context: fields by name, {"ingress_ifindex": 3}, or a string of hex bytes
  --limit N              instructions that it may execute (${DEFAULT_LIMIT})
  --engine interpreter
  --platform auto|linux|windows
  --json                 one JSON document

Exit code 0: the program returned; 1: it faulted, or could not go on; 2: bad input or usage.
`;

const OPTIONS = {
  program: { type: 'string' },
  packet: { type: 'string' },
  context: { type: 'string' },
  engine: { type: 'string', default: 'interpreter' },
  platform: { type: 'string', default: 'auto' },
  limit: { type: 'string', default: String(DEFAULT_LIMIT) },
  json: { type: 'boolean', default: false },
} as const;

/** `ebpf run`. @throws UsageError, InputError */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseWords(argv, OPTIONS);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('name one object or C source');
  if (values.engine === 'wasm') throw new UsageError('--engine wasm is not there yet: use interpreter');
  if (values.engine !== 'interpreter') throw new UsageError(`--engine ${values.engine}: use interpreter`);
  const limit = limitOption(values.limit);
  const wanted = platformOption(values.platform);
  const packet = values.packet === undefined ? undefined : packetFromHex(values.packet);
  const context = values.context === undefined ? undefined : contextFromJson(parseJson(values.context));
  const object = await loadObject(file);
  const program = findProgram(object, values.program);
  const emulator = new Emulator(object, program, platformOf(object, wanted), {
    ...(packet ? { packet } : {}),
    ...(context ? { context } : {}),
  });
  emulator.run(limit);
  const report = runReport(emulator, packet);
  io.out(values.json ? `${JSON.stringify(report, null, 2)}\n` : runText(report));
  if (report.outcome === 'returned') return Exit.OK;
  io.err(whyNot(report, file));
  return Exit.REFUSED;
}

function limitOption(text: string): number {
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new UsageError(`--limit ${text}: use a whole number of instructions`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InputError('context-json', '--context is no JSON: give {"field": value} or a quoted string of hex bytes');
  }
}

/** @throws InputError `no-program` */
function findProgram(object: BpfObject, name: string | undefined): Program {
  const names = object.programs.map((program) => program.name).join(', ');
  if (object.programs.length === 0) throw new InputError('no-program', 'the object has no program');
  if (name === undefined) {
    if (object.programs.length === 1) return object.programs[0]!;
    throw new InputError('no-program', `the object has several programs, say which with --program: ${names}`);
  }
  const found = object.programs.find((program) => program.name === name);
  if (found) return found;
  throw new InputError('no-program', `the object has no program ${JSON.stringify(name)}; it has ${names}`);
}

/** `file(line): fault: what happened`, and the legal regions near it. */
function whyNot(report: RunReport, file: string): string {
  const { fault } = report;
  if (!fault) return `${file}: ${report.outcome}: ${report.reason ?? ''}\n`;
  const place = fault.path === undefined ? `${file}: pc ${fault.pc}` : `${fault.path}(${fault.line})`;
  const regions = fault.nearby.map((region) => `  near: ${region}\n`).join('');
  return `${place}: fault: ${fault.message}\n${regions}`;
}
