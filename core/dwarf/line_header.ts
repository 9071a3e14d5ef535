import { Form } from './constants';
import { Cursor } from './cursor';
import type { DebugSection } from './relocate';
import { readForm, type FormValue } from './forms';

/** Content types of DWARF 5's file tables, table 7.27. */
const Content = { PATH: 1, DIRECTORY_INDEX: 2, MD5: 5 } as const;

export interface LineFile {
  readonly name: string;
  readonly directory: number;
  /** MD5 of the file's contents, 16 bytes, when recorded. */
  readonly md5: Uint8Array | undefined;
}

/** The header of a line number program (section 6.2.4). */
export interface LineHeader {
  /** Offset of the table in .debug_line. */
  readonly offset: number;
  readonly version: number;
  readonly wide: boolean;
  readonly addressSize: number;
  readonly minimumInstructionLength: number;
  readonly maximumOperationsPerInstruction: number;
  readonly defaultIsStatement: boolean;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Operands of each standard opcode; index 0 is opcode 1. */
  readonly opcodeLengths: readonly number[];
  /** DWARF 5 counts directories from 0, which is the compilation directory; before, from 1, and 0 is that of the unit. */
  readonly directories: readonly string[];
  /** DWARF 5 counts files from 0, DWARF 4 from 1; here index 0 is the first either way. */
  readonly files: LineFile[];
  /** Where the program is. */
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the header at `offset`. O(bytes of the header).
 * @param text resolves strings of other sections
 * @throws InputError `dwarf-malformed`
 */
export function readLineHeader(section: DebugSection, offset: number, text: (value: FormValue) => string): LineHeader {
  const whole = new Cursor(section, offset);
  const { length, wide } = whole.initialLength('a line table length');
  const end = whole.at + length;
  if (end > section.view.length) throw whole.malformed(`a line table of ${length} bytes reaches beyond the section`);
  const cursor = new Cursor(section, whole.at, end);
  const version = cursor.u16('a line table version');
  if (version < 2 || version > 5) throw cursor.malformed(`line table version ${version}`);
  let addressSize = 8;
  if (version >= 5) {
    addressSize = cursor.u8('an address size');
    if (cursor.u8('a segment selector size') !== 0) throw cursor.malformed('segmented addresses');
  }
  const headerLength = cursor.offset(wide, 'a header length');
  const start = cursor.at + headerLength;
  if (start > end) throw cursor.malformed(`a line table header of ${headerLength} bytes`);
  const minimumInstructionLength = cursor.u8('the minimum instruction length');
  const maximumOperationsPerInstruction = version >= 4 ? cursor.u8('the maximum operations per instruction') : 1;
  const defaultIsStatement = cursor.u8('the default of is_stmt') !== 0;
  const lineBase = cursor.i8('the line base');
  const lineRange = cursor.u8('the line range');
  const opcodeBase = cursor.u8('the opcode base');
  const opcodeLengths: number[] = [];
  for (let opcode = 1; opcode < opcodeBase; opcode++) opcodeLengths.push(cursor.u8('an opcode length'));
  const tables = new Cursor(section, cursor.at, start);
  const { directories, files } =
    version >= 5 ? readTables5(tables, { version, addressSize, wide }, text) : readTables4(tables);
  return {
    offset,
    version,
    wide,
    addressSize,
    minimumInstructionLength,
    maximumOperationsPerInstruction,
    defaultIsStatement,
    lineBase,
    lineRange,
    opcodeBase,
    opcodeLengths,
    directories,
    files,
    start,
    end,
  };
}

function readTables4(cursor: Cursor): { directories: string[]; files: LineFile[] } {
  const directories: string[] = [];
  for (let name = cursor.string('a directory'); name !== ''; name = cursor.string('a directory'))
    directories.push(name);
  const files: LineFile[] = [];
  for (let name = cursor.string('a file name'); name !== ''; name = cursor.string('a file name')) {
    files.push(readFile4(cursor, name));
  }
  return { directories, files };
}

/** What follows a file's name in DWARF 4: directory, time of change, size. */
export function readFile4(cursor: Cursor, name: string): LineFile {
  const directory = cursor.uleb('a directory index');
  cursor.bigUleb('a time of change');
  cursor.bigUleb('a file size');
  return { name, directory, md5: undefined };
}

interface TableFormat {
  readonly version: number;
  readonly addressSize: number;
  readonly wide: boolean;
}

function readTables5(
  cursor: Cursor,
  format: TableFormat,
  text: (value: FormValue) => string,
): { directories: string[]; files: LineFile[] } {
  const directories = readTable5(cursor, format, text).map(({ name }) => name);
  return { directories, files: readTable5(cursor, format, text) };
}

/** A table of directories or files: which fields each entry has, then the entries (section 6.2.4.1). */
function readTable5(cursor: Cursor, format: TableFormat, text: (value: FormValue) => string): LineFile[] {
  const fields: { content: number; form: number }[] = [];
  const fieldCount = cursor.u8('a field count');
  for (let i = 0; i < fieldCount; i++) {
    fields.push({ content: cursor.uleb('a content type'), form: cursor.uleb('a form') });
  }
  const count = cursor.uleb('an entry count');
  // Entries without bytes could be any number.
  const empty = fields.every(({ form }) => form === Form.FLAG_PRESENT || form === Form.IMPLICIT_CONST);
  if (empty && count > 0) throw cursor.malformed(`a table of ${count} entries without contents`);
  const entries: LineFile[] = [];
  for (let i = 0; i < count; i++) {
    let name = '';
    let directory = 0;
    let md5: Uint8Array | undefined;
    for (const { content, form } of fields) {
      const value = readForm(cursor, form, format, undefined);
      if (content === Content.PATH) name = text(value);
      else if (content === Content.DIRECTORY_INDEX && value.kind === 'constant') directory = Number(value.value);
      else if (content === Content.MD5 && value.kind === 'block') {
        md5 = cursor.section.view.slice(value.start, value.end - value.start, 'an MD5 sum');
      }
    }
    entries.push({ name, directory, md5 });
  }
  return entries;
}
