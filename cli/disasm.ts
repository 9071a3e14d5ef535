import { disassembleAt, jumpTarget, signedHex } from '../core/isa/disassemble';
import { CALL, Call, EXIT, LDDW, Lddw } from '../core/isa/opcode';
import { functionAt, type BpfObject, type LinkedFunction, type Program } from '../core/object/object';
import type { Platform } from '../core/platform/platform';
import { platformOf } from '../core/platform/platforms';
import { loadObject } from './inputs';
import { Exit, UsageError, type Io } from './io';
import { parseWords, platformOption } from './arguments';

export const disasmUsage = `ebpf disasm OBJECT [--program NAME] [--platform auto|linux|windows] [--no-source]

Prints each program with its subprograms in the syntax of llvm-objdump, with source lines, helper and map names.
`;

const OPTIONS = {
  program: { type: 'string' },
  platform: { type: 'string', default: 'auto' },
  'no-source': { type: 'boolean' },
} as const;

/** `ebpf disasm`. @throws UsageError, InputError when the object cannot be read */
export async function disasm(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseWords(argv, OPTIONS);
  if (positionals.length !== 1) throw new UsageError('name one object or C source');
  const object = await loadObject(positionals[0]!);
  const platform = platformOf(object, platformOption(values.platform));
  const chosen = object.programs.filter((program) => values.program === undefined || program.name === values.program);
  if (chosen.length === 0) {
    throw new UsageError(
      values.program === undefined
        ? 'the object holds no programs'
        : `there is no program ${values.program}; the object has ${object.programs.map((p) => p.name).join(', ')}`,
    );
  }
  for (const program of chosen) io.out(listing(object, program, platform, values['no-source'] !== true));
  return Exit.OK;
}

/** One program with its subprograms; slots count from the start of each function's section, as llvm-objdump has them. */
export function listing(object: BpfObject, program: Program, platform: Platform, withSource: boolean): string {
  const lines = [`Program ${program.name} in section ${program.section}:\n`];
  for (const fn of program.functions) {
    lines.push(`\n${(fn.sectionSlot * 8).toString(16).padStart(16, '0')} <${fn.name}>:  ; section ${fn.section}\n`);
    for (let slot = fn.start; slot < fn.start + fn.length; slot++) {
      if (withSource) lines.push(sourceOf(program, slot));
      const note = annotation(object, program, platform, slot);
      const text = disassembleAt(program.code, slot) + label(program, fn, slot);
      lines.push(`${String(fn.sectionSlot + slot - fn.start).padStart(8)}:\t${note ? `${text}\t; ${note}` : text}\n`);
      if (program.code.opcode[slot] === LDDW) slot++;
    }
  }
  return `${lines.join('')}\n`;
}

function sourceOf(program: Program, slot: number): string {
  if (!program.lines.startsAt(slot)) return '';
  const record = program.lines.at(slot)!;
  return `; ${record.path}:${record.line}${record.text.trim() ? `: ${record.text.trim()}` : ''}\n`;
}

/** ` <function+0x10>` behind jumps, in bytes from the start of the function. */
function label(program: Program, fn: LinkedFunction, slot: number): string {
  const target = jumpTarget(program.code, slot);
  if (target === undefined || program.code.opcode[slot] === EXIT) return '';
  return ` <${fn.name}+${signedHex((target - fn.start) * 8)}>`;
}

/** What a call or a wide load refers to. */
function annotation(object: BpfObject, program: Program, platform: Platform, slot: number): string {
  const { code } = program;
  const opcode = code.opcode[slot];
  const imm = code.imm[slot]!;
  if (opcode === CALL) {
    switch (code.src[slot]) {
      case Call.LOCAL:
        return functionAt(program, slot + 1 + imm).name;
      case Call.BTF:
        return object.externs[imm]?.name ?? '';
      default: {
        const type = platform.programType(program.section);
        return (type && platform.helper(imm, type)?.name) ?? '';
      }
    }
  }
  if (opcode !== LDDW) return '';
  switch (code.src[slot]) {
    case Lddw.MAP_INDEX:
      return `map ${object.maps[imm]?.name ?? imm}`;
    case Lddw.MAP_INDEX_VALUE:
      return `${object.maps[imm]?.name ?? imm}+${signedHex(code.imm[slot + 1] ?? 0)}`;
    case Lddw.CODE:
      return functionAt(program, slot + 1 + imm).name;
    case Lddw.VARIABLE:
      return `extern ${object.externs[imm]?.name ?? imm}`;
    default:
      return '';
  }
}
