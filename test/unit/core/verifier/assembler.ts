import { emptyCode, type Code } from '../../../../core/isa/code';
import {
  Alu,
  Atomic,
  CALL,
  Call,
  Class,
  EXIT,
  JA,
  Jump,
  LDDW,
  Lddw,
  Mode,
  Size,
  Source,
} from '../../../../core/isa/opcode';
import { LineTable, type LineRecord } from '../../../../core/object/line_table';
import type { BpfObject, LinkedFunction, MapDefinition, Program } from '../../../../core/object/object';
import { linux, windows } from '../../../../core/platform/platforms';
import type { Platform } from '../../../../core/platform/platform';
import type { ProgramReport } from '../../../../core/verifier/report';
import { verifyProgram, type VerifyOptions } from '../../../../core/verifier/verify';

/*
 * A small assembler, so that tests read like llvm-objdump: one instruction per line or between semicolons, `name:` for labels,
 * `fn name:` for the start of a function. Maps, their values and functions are `map NAME`, `value NAME + OFFSET`, `function NAME`.
 */

type Fields = [opcode: number, dst: number, src: number, offset: number, imm: number];

const ALU: Record<string, number> = {
  '=': Alu.MOV, '+=': Alu.ADD, '-=': Alu.SUB, '*=': Alu.MUL, '/=': Alu.DIV, '%=': Alu.MOD, '|=': Alu.OR, '&=': Alu.AND,
  '^=': Alu.XOR, '<<=': Alu.LSH, '>>=': Alu.RSH, 's>>=': Alu.ARSH,
}; // prettier-ignore
const JUMP: Record<string, number> = {
  '==': Jump.JEQ, '!=': Jump.JNE, '>': Jump.JGT, '>=': Jump.JGE, '<': Jump.JLT, '<=': Jump.JLE, '&': Jump.JSET,
  's>': Jump.JSGT, 's>=': Jump.JSGE, 's<': Jump.JSLT, 's<=': Jump.JSLE,
}; // prettier-ignore
const SIZE: Record<string, number> = {
  u8: Size.B,
  u16: Size.H,
  u32: Size.W,
  u64: Size.DW,
  s8: Size.B,
  s16: Size.H,
  s32: Size.W,
};

export interface Setting {
  readonly maps?: readonly Partial<MapDefinition>[];
  readonly section?: string;
  readonly platform?: 'linux' | 'windows';
  readonly license?: string;
  readonly options?: VerifyOptions;
  /** Source text of lines by slot; the path is `test.c`, the line the index plus one. */
  readonly source?: Readonly<Record<number, string>>;
}

const HASH: Partial<MapDefinition> = { name: 'counts', type: 1, valueSize: 64 };

export function mapOf(partial: Partial<MapDefinition>): MapDefinition {
  return {
    name: 'map',
    type: 1,
    keySize: 4,
    valueSize: 8,
    maxEntries: 16,
    flags: 0,
    pinning: 0,
    origin: 'btf',
    readOnly: false,
    initial: undefined,
    inner: -1,
    keyTypeId: 0,
    valueTypeId: 0,
    ...partial,
  };
}

/** Assembles and verifies. Without maps there is a hash `counts` with 64-byte values. */
export function verify(text: string, setting: Setting = {}): ProgramReport {
  const maps = (setting.maps ?? [HASH]).map(mapOf);
  const platform = setting.platform === 'windows' ? windows : linux;
  const section = setting.section ?? 'xdp';
  const { code, functions } = assemble(text, maps, platform, section);
  const records: LineRecord[] = Object.entries(setting.source ?? {}).map(([slot, line], index) => ({
    slot: Number(slot),
    path: 'test.c',
    line: index + 1,
    column: 1,
    text: line,
  }));
  const program: Program = {
    name: functions[0]!.name,
    section,
    code,
    functions,
    lines: new LineTable(
      records,
      functions.map((fn) => fn.start),
    ),
  };
  const object: BpfObject = {
    littleEndian: true,
    license: setting.license ?? 'GPL',
    builtForWindows: setting.platform === 'windows',
    programs: [program],
    maps,
    externs: [{ name: 'bpf_some_kfunc', kind: 'function', weak: false, btfId: 0, section: undefined }],
    btf: undefined,
  };
  return verifyProgram(object, program, platform, setting.options);
}

/** The codes of all findings; empty when proved. */
export function findings(text: string, setting: Setting = {}): string[] {
  return verify(text, setting).findings.map((finding) => finding.code);
}

interface Pending {
  readonly fields: Fields;
  readonly jump?: string;
  readonly callee?: string;
  readonly address?: string;
}

function assemble(
  text: string,
  maps: readonly MapDefinition[],
  platform: Platform,
  section: string,
): { code: Code; functions: LinkedFunction[] } {
  const rows: Pending[] = [];
  const labels = new Map<string, number>();
  const starts: { name: string; start: number }[] = [];
  const mapIndex = (name: string): number => {
    const index = maps.findIndex((map) => map.name === name);
    if (index < 0) throw new Error(`no map ${name}`);
    return index;
  };
  for (const raw of text.split(/[\n;]/)) {
    let line = raw.trim();
    const fn = /^fn (\w+):$/.exec(line);
    if (fn) {
      starts.push({ name: fn[1]!, start: rows.length });
      labels.set(fn[1]!, rows.length);
      continue;
    }
    const label = /^(\w+):\s*/.exec(line);
    if (label) {
      labels.set(label[1]!, rows.length);
      line = line.slice(label[0].length);
    }
    if (line !== '') rows.push(...instruction(line, mapIndex, platform, section));
  }
  if (starts.length === 0 || starts[0]!.start !== 0) starts.unshift({ name: 'main', start: 0 });
  const code = emptyCode(rows.length);
  rows.forEach(({ fields, jump, callee, address }, slot) => {
    const target = (name: string): number => {
      const found = labels.get(name);
      if (found === undefined) throw new Error(`no label ${name}`);
      return found - (slot + 1);
    };
    code.opcode[slot] = fields[0];
    code.dst[slot] = fields[1];
    code.src[slot] = fields[2];
    code.offset[slot] = jump === undefined ? fields[3] : target(jump);
    code.imm[slot] = callee !== undefined ? target(callee) : address !== undefined ? target(address) : fields[4];
  });
  const functions = starts.map(({ name, start }, index): LinkedFunction => ({
    name,
    section,
    sectionSlot: start,
    start,
    length: (starts[index + 1]?.start ?? rows.length) - start,
    btfId: 0,
    global: index === 0,
  }));
  return { code, functions };
}

const number = (text: string): number => Number(text.replace(/\s/g, ''));
const plain = (...fields: Fields): Pending => ({ fields });

function helperId(name: string, platform: Platform, section: string): number {
  const type = platform.programType(section);
  for (let id = 1; type && id < 0x1_0000; id++) if (platform.helper(id, type)?.name === name) return id;
  throw new Error(`no helper ${name}`);
}

function instruction(line: string, mapIndex: (name: string) => number, platform: Platform, section: string): Pending[] {
  let m: RegExpExecArray | null;
  if (line === 'exit') return [plain(EXIT, 0, 0, 0, 0)];
  if ((m = /^goto (\w+)$/.exec(line))) return [{ fields: [JA, 0, 0, 0, 0], jump: m[1]! }];
  if ((m = /^call fn (\w+)$/.exec(line))) return [{ fields: [CALL, 0, Call.LOCAL, 0, 0], callee: m[1]! }];
  if ((m = /^call extern (\d+)$/.exec(line))) return [plain(CALL, 0, Call.BTF, 0, number(m[1]!))];
  if ((m = /^call (\d+)$/.exec(line))) return [plain(CALL, 0, 0, 0, number(m[1]!))];
  if ((m = /^call (\w+)$/.exec(line))) return [plain(CALL, 0, 0, 0, helperId(m[1]!, platform, section))];
  if ((m = /^r(\d+) = map (\S+)$/.exec(line)))
    return [plain(LDDW, number(m[1]!), Lddw.MAP_INDEX, 0, mapIndex(m[2]!)), plain(0, 0, 0, 0, 0)];
  if ((m = /^r(\d+) = value (\S+) \+ (\d+)$/.exec(line)))
    return [plain(LDDW, number(m[1]!), Lddw.MAP_INDEX_VALUE, 0, mapIndex(m[2]!)), plain(0, 0, 0, 0, number(m[3]!))];
  if ((m = /^r(\d+) = function (\w+)$/.exec(line)))
    return [{ fields: [LDDW, number(m[1]!), Lddw.CODE, 0, 0], address: m[2]! }, plain(0, 0, 0, 0, 0)];
  if ((m = /^r(\d+) = (-?\w+) ll$/.exec(line))) {
    const value = BigInt.asUintN(64, BigInt(m[2]!));
    return [
      plain(LDDW, number(m[1]!), Lddw.IMM, 0, Number(value & 0xffff_ffffn) | 0),
      plain(0, 0, 0, 0, Number(value >> 32n) | 0),
    ];
  }
  if ((m = /^if ([rw])(\d+) (\S+) (?:([rw])(\d+)|(-?\w+)) goto (\w+)$/.exec(line))) {
    const cls = m[1] === 'r' ? Class.JMP : Class.JMP32;
    const source = m[5] === undefined ? Source.K : Source.X;
    const fields: Fields = [
      cls | JUMP[m[3]!]! | source,
      number(m[2]!),
      number(m[5] ?? '0'),
      0,
      number(m[6] ?? '0') | 0,
    ];
    return [{ fields, jump: m[7]! }];
  }
  if ((m = /^lock \*\((u32|u64) \*\)\(r(\d+) ([+-] \d+)\) (\+=|\|=|&=|\^=) r(\d+)( fetch)?$/.exec(line))) {
    const operation = { '+=': Atomic.ADD, '|=': Atomic.OR, '&=': Atomic.AND, '^=': Atomic.XOR }[m[4]!]!;
    const imm = operation | (m[6] ? Atomic.FETCH : 0);
    return [plain(Class.STX | Mode.ATOMIC | SIZE[m[1]!]!, number(m[2]!), number(m[5]!), number(m[3]!), imm)];
  }
  if ((m = /^\*\((u\d+) \*\)\(r(\d+) ([+-] \d+)\) = (?:r(\d+)|(-?\w+))$/.exec(line))) {
    const cls = m[4] === undefined ? Class.ST : Class.STX;
    const size = SIZE[m[1]!]!;
    return [plain(cls | Mode.MEM | size, number(m[2]!), number(m[4] ?? '0'), number(m[3]!), number(m[5] ?? '0') | 0)];
  }
  if ((m = /^r(\d+) = \*\(([us]\d+) \*\)\(r(\d+) ([+-] \d+)\)$/.exec(line))) {
    const mode = m[2]!.startsWith('s') ? Mode.MEMSX : Mode.MEM;
    return [plain(Class.LDX | mode | SIZE[m[2]!]!, number(m[1]!), number(m[3]!), number(m[4]!), 0)];
  }
  if ((m = /^([rw])(\d+) = -[rw]\2$/.exec(line))) return [plain(aluClass(m[1]!) | Alu.NEG, number(m[2]!), 0, 0, 0)];
  if ((m = /^([rw])(\d+) (\S+) (?:[rw](\d+)|(-?\w+))$/.exec(line)) && ALU[m[3]!] !== undefined) {
    const source = m[4] === undefined ? Source.K : Source.X;
    const opcode = aluClass(m[1]!) | ALU[m[3]!]! | source;
    return [plain(opcode, number(m[2]!), number(m[4] ?? '0'), 0, number(m[5] ?? '0') | 0)];
  }
  throw new Error(`cannot assemble "${line}"`);
}

const aluClass = (letter: string): number => (letter === 'r' ? Class.ALU64 : Class.ALU);
