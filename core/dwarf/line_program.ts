import { Cursor } from './cursor';
import { readFile4, type LineHeader } from './line_header';
import type { DebugSection } from './relocate';

/** Standard and extended opcodes, tables 7.25 and 7.26. */
const Standard = {
  COPY: 1,
  ADVANCE_PC: 2,
  ADVANCE_LINE: 3,
  SET_FILE: 4,
  SET_COLUMN: 5,
  NEGATE_STATEMENT: 6,
  SET_BASIC_BLOCK: 7,
  CONST_ADD_PC: 8,
  FIXED_ADVANCE_PC: 9,
  SET_PROLOGUE_END: 10,
  SET_EPILOGUE_BEGIN: 11,
  SET_ISA: 12,
} as const;
const Extended = { END_SEQUENCE: 1, SET_ADDRESS: 2, DEFINE_FILE: 3, SET_DISCRIMINATOR: 4 } as const;

export const RowFlag = { STATEMENT: 1, BASIC_BLOCK: 2, PROLOGUE_END: 4, EPILOGUE_BEGIN: 8, END_SEQUENCE: 16 } as const;

/** The rows of one line table in columns, in the order that the program made them. */
export class Rows {
  readonly sections: number[] = [];
  readonly offsets: number[] = [];
  readonly lines: number[] = [];
  readonly columns: number[] = [];
  readonly files: number[] = [];
  readonly flags: number[] = [];
  /** By row, where they are not 0, which is rare. */
  readonly discriminators = new Map<number, number>();
  readonly isas = new Map<number, number>();
  /** First rows of the sequences, and one past the last row. A sequence is contiguous code of one section. */
  readonly sequences: number[] = [0];

  get count(): number {
    return this.offsets.length;
  }
}

/** The registers of the line number machine (section 6.2.2). */
interface Registers {
  section: number;
  offset: number;
  operation: number;
  file: number;
  line: number;
  column: number;
  statement: boolean;
  /** Bits of {@link RowFlag} that hold for one row. */
  once: number;
  isa: number;
  discriminator: number;
}

/**
 * Runs a line number program (section 6.2.5). O(bytes): every row stems from at least one byte. Files that the program defines are added to
 * the header's.
 * @throws InputError `dwarf-malformed`
 */
export function runLineProgram(section: DebugSection, header: LineHeader): Rows {
  const cursor = new Cursor(section, header.start, header.end);
  const rows = new Rows();
  let state = initial(header);
  while (!cursor.done) {
    const opcode = cursor.u8('a line opcode');
    if (opcode >= header.opcodeBase) {
      const adjusted = opcode - header.opcodeBase;
      if (header.lineRange === 0) throw cursor.malformed('a special opcode, but the line range is 0');
      advance(state, Math.floor(adjusted / header.lineRange), header);
      state.line = wrapped(state.line + header.lineBase + (adjusted % header.lineRange));
      emit(rows, state);
    } else if (opcode === 0) {
      if (extended(cursor, state, header, rows)) state = initial(header);
    } else {
      standard(opcode, cursor, state, header, rows);
    }
  }
  if (rows.sequences[rows.sequences.length - 1] !== rows.count) rows.sequences.push(rows.count);
  return rows;
}

function initial({ defaultIsStatement }: LineHeader): Registers {
  return {
    section: 0,
    offset: 0,
    operation: 0,
    file: 1,
    line: 1,
    column: 0,
    statement: defaultIsStatement,
    once: 0,
    isa: 0,
    discriminator: 0,
  };
}

function standard(opcode: number, cursor: Cursor, state: Registers, header: LineHeader, rows: Rows): void {
  switch (opcode) {
    case Standard.COPY:
      emit(rows, state);
      break;
    case Standard.ADVANCE_PC:
      advance(state, cursor.uleb('an advance of pc'), header);
      break;
    case Standard.ADVANCE_LINE:
      state.line = wrapped(state.line + Number(cursor.sleb('an advance of line')));
      break;
    case Standard.SET_FILE:
      state.file = cursor.uleb('a file');
      break;
    case Standard.SET_COLUMN:
      state.column = cursor.uleb('a column');
      break;
    case Standard.NEGATE_STATEMENT:
      state.statement = !state.statement;
      break;
    case Standard.SET_BASIC_BLOCK:
      state.once |= RowFlag.BASIC_BLOCK;
      break;
    case Standard.CONST_ADD_PC:
      if (header.lineRange === 0) throw cursor.malformed('DW_LNS_const_add_pc, but the line range is 0');
      advance(state, Math.floor((255 - header.opcodeBase) / header.lineRange), header);
      break;
    case Standard.FIXED_ADVANCE_PC:
      state.offset += cursor.u16('an advance of pc');
      state.operation = 0;
      break;
    case Standard.SET_PROLOGUE_END:
      state.once |= RowFlag.PROLOGUE_END;
      break;
    case Standard.SET_EPILOGUE_BEGIN:
      state.once |= RowFlag.EPILOGUE_BEGIN;
      break;
    case Standard.SET_ISA:
      state.isa = cursor.uleb('an instruction set');
      break;
    default: {
      // An opcode of a later version: the header says how many operands to pass over.
      const operands = header.opcodeLengths[opcode - 1] ?? 0;
      for (let i = 0; i < operands; i++) cursor.bigUleb('an operand');
    }
  }
}

/** An opcode behind a 0 byte and its length. Answers whether a sequence ended. */
function extended(cursor: Cursor, state: Registers, header: LineHeader, rows: Rows): boolean {
  const length = cursor.uleb('an opcode length');
  const end = cursor.at + length;
  if (length === 0 || end > cursor.end) throw cursor.malformed(`an extended opcode of ${length} bytes`);
  const opcode = cursor.u8('an extended opcode');
  switch (opcode) {
    case Extended.END_SEQUENCE:
      emit(rows, state, RowFlag.END_SEQUENCE);
      rows.sequences.push(rows.count);
      break;
    case Extended.SET_ADDRESS: {
      const place = cursor.address(length - 1, 'an address');
      state.section = place.section;
      state.offset = place.offset;
      state.operation = 0;
      break;
    }
    case Extended.DEFINE_FILE:
      header.files.push(readFile4(cursor, cursor.string('a file name')));
      break;
    case Extended.SET_DISCRIMINATOR:
      state.discriminator = cursor.uleb('a discriminator');
      break;
    default:
    // An extension: its length says where it ends.
  }
  cursor.at = end;
  return opcode === Extended.END_SEQUENCE;
}

function advance(state: Registers, operations: number, header: LineHeader): void {
  const { minimumInstructionLength: size, maximumOperationsPerInstruction: most } = header;
  if (most <= 1) {
    state.offset += size * operations;
  } else {
    const sum = state.operation + operations;
    state.offset += size * Math.floor(sum / most);
    state.operation = sum % most;
  }
}

function emit(rows: Rows, state: Registers, more = 0): void {
  if (state.discriminator !== 0) rows.discriminators.set(rows.count, state.discriminator);
  if (state.isa !== 0) rows.isas.set(rows.count, state.isa);
  rows.sections.push(state.section);
  rows.offsets.push(state.offset);
  rows.lines.push(state.line);
  rows.columns.push(state.column);
  rows.files.push(state.file);
  rows.flags.push((state.statement ? RowFlag.STATEMENT : 0) | state.once | more);
  state.once = 0;
  state.discriminator = 0;
}

/** The line register has 32 bits, so that a decrease below 0 is no error by itself. */
function wrapped(line: number): number {
  return line >>> 0;
}
