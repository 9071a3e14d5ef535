import type { LineRow } from './dwarf';
import { IntervalMap, lastAtMost, type Interval } from './interval_map';
import { readLineHeader, type LineHeader } from './line_header';
import { RowFlag, runLineProgram, type Rows } from './line_program';
import type { FormValue } from './forms';
import type { DebugSections } from './relocate';
import type { Strings } from './strings';

/** A unit as far as its line table goes. */
interface LinedUnit {
  readonly lineTable: number | undefined;
  readonly directory: string;
  text(value: FormValue): string;
}

/** Where line tables are read from. */
interface LineSource {
  readonly sections: DebugSections;
  readonly units: readonly LinedUnit[];
  strings(section: '.debug_str' | '.debug_line_str'): Strings;
}

/** One unit's line table. */
export class LineTable {
  private readonly paths = new Map<number, string>();
  private program: Rows | undefined;

  constructor(
    readonly header: LineHeader,
    private readonly information: LineSource,
    /** The unit that it belongs to, for the compilation directory. */
    private readonly unit: LinedUnit | undefined,
  ) {}

  /** O(bytes of the table) the first time. @throws InputError `dwarf-malformed` */
  get rows(): Rows {
    return (this.program ??= runLineProgram(this.information.sections.one('.debug_line'), this.header));
  }

  /**
   * Path of a file by its number: the name, behind its directory, behind the compilation directory, as far as each is relative. Empty when
   * there is no such file. O(1) after the first time.
   */
  path(file: number): string {
    let path = this.paths.get(file);
    if (path === undefined) {
      path = this.join(file);
      this.paths.set(file, path);
    }
    return path;
  }

  private join(file: number): string {
    const { version, files, directories } = this.header;
    const entry = files[version >= 5 ? file : file - 1];
    if (!entry) return '';
    if (isAbsolute(entry.name)) return entry.name;
    const directory = directories[version >= 5 ? entry.directory : entry.directory - 1] ?? '';
    const path = joined(directory, entry.name);
    // Directory 0 of DWARF 5 is the compilation directory itself.
    if ((version >= 5 && entry.directory === 0) || isAbsolute(directory)) return path;
    return joined(this.unit?.directory ?? '', path);
  }

  /** Row by number. O(1). */
  row(index: number): LineRow {
    const { rows } = this;
    const flags = rows.flags[index]!;
    const file = rows.files[index]!;
    return {
      section: rows.sections[index]!,
      offset: rows.offsets[index]!,
      path: this.path(file),
      line: rows.lines[index]!,
      column: rows.columns[index]!,
      file,
      isStatement: (flags & RowFlag.STATEMENT) !== 0,
      basicBlock: (flags & RowFlag.BASIC_BLOCK) !== 0,
      prologueEnd: (flags & RowFlag.PROLOGUE_END) !== 0,
      epilogueBegin: (flags & RowFlag.EPILOGUE_BEGIN) !== 0,
      endSequence: (flags & RowFlag.END_SEQUENCE) !== 0,
      discriminator: rows.discriminators.get(index) ?? 0,
      isa: rows.isas.get(index) ?? 0,
    };
  }
}

/** Contiguous code of one section: rows `[first, last)` of a table, and row `last`, which ends them. */
interface Sequence {
  readonly table: LineTable;
  readonly section: number;
  readonly first: number;
  readonly last: number;
  /** The rows by ascending offset, and those offsets, where the table does not have them so. */
  readonly order: { readonly rows: Int32Array; readonly offsets: Float64Array } | undefined;
  /** The lowest offset. */
  readonly start: number;
}

/** All line tables of an object. */
export class LineTables {
  private tables: LineTable[] | undefined;
  private byOffset: Map<number, LineTable> | undefined;
  private bySection: Map<number, Sequence[]> | undefined;
  private index: IntervalMap<Sequence> | undefined;

  constructor(private readonly information: LineSource) {}

  /** The tables in file order. O(their headers) the first time. @throws InputError `dwarf-malformed` */
  get all(): readonly LineTable[] {
    if (!this.tables) {
      const section = this.information.sections.one('.debug_line');
      const owners = new Map<number, LinedUnit>();
      for (const unit of this.information.units) {
        const offset = unit.lineTable;
        if (offset !== undefined && !owners.has(offset)) owners.set(offset, unit);
      }
      const tables: LineTable[] = [];
      for (let at = 0; at < section.view.length;) {
        const owner = owners.get(at);
        const header = readLineHeader(section, at, (value) => this.text(value, owner));
        tables.push(new LineTable(header, this.information, owner));
        at = header.end;
      }
      this.tables = tables;
    }
    return this.tables;
  }

  /** The table of a unit. O(1) after the first use. */
  of(unit: LinedUnit): LineTable | undefined {
    const offset = unit.lineTable;
    if (offset === undefined) return undefined;
    this.byOffset ??= new Map(this.all.map((table) => [table.header.offset, table]));
    return this.byOffset.get(offset);
  }

  /** The row that covers a byte. Of rows with one offset the last counts. O(log rows) after the first use. */
  at(section: number, offset: number): LineRow | undefined {
    this.index ??= this.buildIndex();
    const sequence = this.index.at(section, offset);
    if (!sequence) return undefined;
    const { table, first, last, order } = sequence;
    const { offsets } = table.rows;
    if (!order) return table.row(lastAtMost(offsets, offset, first, last));
    return table.row(order.rows[lastAtMost(order.offsets, offset)]!);
  }

  /** All rows in file order. */
  *rows(): Generator<LineRow> {
    for (const table of this.all) {
      const { count } = table.rows;
      for (let i = 0; i < count; i++) yield table.row(i);
    }
  }

  /** Rows of one section, ascending: sequence after sequence, each with the row that ends it. */
  *rowsOf(section: number): Generator<LineRow> {
    for (const { table, first, last, order } of this.sequences.get(section) ?? []) {
      for (let i = first; i < last; i++) yield table.row(order ? order.rows[i - first]! : i);
      yield table.row(last);
    }
  }

  /** Sequences of each section by where they begin. O(rows), and O(n log n) for n sequences. */
  private get sequences(): Map<number, Sequence[]> {
    if (!this.bySection) {
      this.bySection = new Map();
      for (const sequence of this.all.flatMap(sequencesOf)) {
        const list = this.bySection.get(sequence.section);
        if (list) list.push(sequence);
        else this.bySection.set(sequence.section, [sequence]);
      }
      for (const list of this.bySection.values()) list.sort((a, b) => a.start - b.start);
    }
    return this.bySection;
  }

  private buildIndex(): IntervalMap<Sequence> {
    const intervals: Interval<Sequence>[] = [];
    for (const [section, list] of this.sequences) {
      for (const sequence of list) {
        const end = sequence.table.rows.offsets[sequence.last]!;
        intervals.push({ range: { section, start: sequence.start, end }, value: sequence });
      }
    }
    return new IntervalMap(intervals);
  }

  private text(value: FormValue, owner: LinedUnit | undefined): string {
    if (value.kind === 'text') return value.text;
    if (value.kind === 'text-offset') return this.information.strings(value.section).at(value.offset);
    return owner?.text(value) ?? '';
  }
}

/** The sequences of a table that have code. Rows of one must ascend (section 6.2.5); for those that do not, their order is found. */
function sequencesOf(table: LineTable): Sequence[] {
  const { offsets, sections, sequences } = table.rows;
  const found: Sequence[] = [];
  for (let i = 0; i + 1 < sequences.length; i++) {
    const first = sequences[i]!;
    const last = sequences[i + 1]! - 1;
    if (first >= last) continue;
    let ascending = true;
    for (let row = first + 1; row < last && ascending; row++) ascending = offsets[row]! >= offsets[row - 1]!;
    const order = ascending ? undefined : sorted(offsets, first, last);
    const start = order?.offsets[0] ?? offsets[first]!;
    found.push({ table, section: sections[first]!, first, last, order, start });
  }
  return found;
}

function sorted(offsets: readonly number[], first: number, last: number): { rows: Int32Array; offsets: Float64Array } {
  const rows = Int32Array.from({ length: last - first }, (_, i) => first + i);
  rows.sort((a, b) => offsets[a]! - offsets[b]! || a - b);
  return { rows, offsets: Float64Array.from(rows, (row) => offsets[row]!) };
}

/** Absolute on POSIX or on Windows: objects are also read where they were not built. */
export function isAbsolute(path: string): boolean {
  return /^(?:[/\\]|[A-Za-z]:[/\\])/.test(path);
}

function joined(directory: string, name: string): string {
  if (directory === '' || name === '') return directory + name;
  return /[/\\]$/.test(directory) ? directory + name : `${directory}/${name}`;
}
