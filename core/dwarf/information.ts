import { InputError } from '../input/error';
import type { ElfFile } from '../elf/elf';
import { readAbbreviations, type Abbreviation, type Format } from './abbreviation';
import { Budget } from './budget';
import type { Entry } from './entry';
import { LineTables } from './line_tables';
import { DebugSections, type DebugSection } from './relocate';
import { Strings } from './strings';
import { readUnit, type Unit, type UnitSurroundings } from './unit';

/** All sections of an object's debugging information, and its units. Shared by everything that reads it. */
export class Information implements UnitSurroundings {
  readonly sections: DebugSections;
  readonly lines: LineTables;
  private readonly texts = new Map<string, Strings>();
  private readonly budgets = new Map<string, Budget>();
  private readonly abbreviationTables = new Map<string, Map<number, Abbreviation>>();
  private readonly bases = new Map<number, number>();
  private known: Unit[] | undefined;
  private types: Map<bigint, Unit> | undefined;

  constructor(elf: ElfFile) {
    this.sections = new DebugSections(elf);
    this.lines = new LineTables(this);
  }

  /**
   * All units, ascending by id: those of each .debug_info, then those of each .debug_types. Ids count through all these sections. O(units)
   * the first time. @throws InputError `dwarf-malformed`
   */
  get units(): readonly Unit[] {
    if (!this.known) {
      const units: Unit[] = [];
      let base = 0;
      for (const name of ['.debug_info', '.debug_types']) {
        for (const section of this.sections.all(name)) {
          this.bases.set(section.index, base);
          for (let at = 0; at < section.view.length;) {
            const unit = readUnit(this, section, base, at, name === '.debug_types');
            units.push(unit);
            at = unit.end;
          }
          base += section.view.length;
        }
      }
      this.known = units;
    }
    return this.known;
  }

  /** The entry with this id. O(log units + log entries). @throws InputError `dwarf-malformed` when no entry begins there */
  entry(id: number): Entry {
    const { units } = this;
    let low = 0;
    let high = units.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (units[middle]!.id <= id) low = middle;
      else high = middle - 1;
    }
    const unit = units[low];
    const index = unit?.entries.find(id - unit.base) ?? -1;
    if (!unit || index < 0) {
      throw new InputError(
        'dwarf-malformed',
        `section .debug_info: a reference leads to byte ${id}, where no entry begins`,
        {
          section: '.debug_info',
          offset: id,
        },
      );
    }
    return unit.entries.entry(index);
  }

  /** What ids in a section with this index count from; for one that holds no units, those in the section of `unit`. */
  baseOf(section: number, unit: Unit): number {
    return this.bases.get(section) ?? unit.base;
  }

  /** The id of the type with this signature, 0 when it is not in this file. O(1) after the first use. */
  typeBySignature(signature: bigint): number {
    this.types ??= new Map(this.units.filter((unit) => unit.isType).map((unit) => [unit.signature, unit]));
    const unit = this.types.get(signature);
    return unit ? unit.id + unit.typeOffset : 0;
  }

  abbreviations(offset: number, format: Format): Map<number, Abbreviation> {
    const key = `${offset} ${format.version} ${format.addressSize} ${format.wide}`;
    let table = this.abbreviationTables.get(key);
    if (!table) {
      const section = this.sections.one('.debug_abbrev');
      table = readAbbreviations(section, offset, format, this.budget(section));
      this.abbreviationTables.set(key, table);
    }
    return table;
  }

  strings(section: '.debug_str' | '.debug_line_str'): Strings {
    let strings = this.texts.get(section);
    if (!strings) {
      strings = new Strings(this.sections.one(section));
      this.texts.set(section, strings);
    }
    return strings;
  }

  /** The work budget of a section: see {@link Budget}. */
  budget(section: DebugSection): Budget {
    let budget = this.budgets.get(section.name);
    if (!budget) {
      budget = new Budget(section.view.length, section.name);
      this.budgets.set(section.name, budget);
    }
    return budget;
  }

  /** The path of a file by its number in the unit's line table; empty when there is no such file. */
  path(unit: Unit, file: number): string {
    return this.lines.of(unit)?.path(file) ?? '';
  }
}
