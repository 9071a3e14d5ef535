import { printable } from '../input/printable';
import { disassembleAt, jumpTarget, signedHex } from '../isa/disassemble';
import { CALL, Call, EXIT, LDDW, Lddw } from '../isa/opcode';
import { functionAt, type BpfObject, type LinkedFunction, type Program } from '../object/object';
import type { Platform } from '../platform/platform';

/** How the path of a source is shown; without it there are no source lines. */
export type ShowPath = (path: string) => string;

/** All programs of an object, one after the other; empty for an object without programs. */
export function objectListing(object: BpfObject, platform: Platform, showPath?: ShowPath): string {
  return object.programs.map((program) => listing(object, program, platform, showPath)).join('\n');
}

/** One program with its subprograms; slots count from the start of each function's section, as llvm-objdump has them. */
export function listing(object: BpfObject, program: Program, platform: Platform, showPath?: ShowPath): string {
  const lines = [`Program ${printable(program.name)} in section ${printable(program.section)}:\n`];
  for (const fn of program.functions) {
    lines.push(
      `\n${(fn.sectionSlot * 8).toString(16).padStart(16, '0')} <${printable(fn.name)}>:  ; section ${printable(fn.section)}\n`,
    );
    for (let slot = fn.start; slot < fn.start + fn.length; slot++) {
      if (showPath) lines.push(sourceOf(program, slot, showPath));
      const note = printable(annotation(object, program, platform, slot));
      const text = disassembleAt(program.code, slot) + label(program, fn, slot);
      lines.push(`${String(fn.sectionSlot + slot - fn.start).padStart(8)}:\t${note ? `${text}\t; ${note}` : text}\n`);
      if (program.code.opcode[slot] === LDDW) slot++;
    }
  }
  return `${lines.join('')}\n`;
}

/** The source line that begins at the slot; nothing for code that the compiler made up (line 0) or for another column of the line before. */
function sourceOf(program: Program, slot: number, showPath: ShowPath): string {
  if (!program.lines.startsAt(slot)) return '';
  const record = program.lines.at(slot)!;
  const before = program.lines.at(slot - 1);
  if (record.line === 0 || (before?.line === record.line && before.path === record.path)) return '';
  return `; ${printable(showPath(record.path))}:${record.line}${record.text.trim() ? `: ${printable(record.text.trim())}` : ''}\n`;
}

/** ` <function+0x10>` behind jumps, in bytes from the start of the function. */
function label(program: Program, fn: LinkedFunction, slot: number): string {
  const target = jumpTarget(program.code, slot);
  if (target === undefined || program.code.opcode[slot] === EXIT) return '';
  return ` <${printable(fn.name)}+${signedHex((target - fn.start) * 8)}>`;
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
