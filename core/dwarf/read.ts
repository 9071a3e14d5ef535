import type { ElfFile } from '../elf/elf';
import type { Dwarf, LineRow, Scope, VariableAt, DwarfUnit, Variable } from './dwarf';
import { Information } from './information';
import { IntervalMap, type Interval } from './interval_map';
import { Scopes } from './scopes';
import type { DwarfType } from './type';
import { Types } from './types';
import type { Unit } from './unit';

/**
 * The debugging information of an object, or undefined when it has none (no .debug_info, or an empty one). O(sections); all else is read
 * when it is asked for: see {@link Dwarf}.
 */
export function readDwarf(elf: ElfFile): Dwarf | undefined {
  const present = elf.sections.some((section) => section.name === '.debug_info' && section.data.length > 0);
  return present ? new ObjectDwarf(new Information(elf)) : undefined;
}

class ObjectDwarf implements Dwarf {
  private readonly types: Types;
  private readonly scopes = new Map<Unit, Scopes>();
  private index: IntervalMap<Unit> | undefined;
  private compiled: Unit[] | undefined;
  private allFunctions: readonly Scope[] | undefined;
  private allGlobals: readonly Variable[] | undefined;

  constructor(private readonly information: Information) {
    this.types = new Types(information);
  }

  get units(): readonly DwarfUnit[] {
    return this.codeUnits;
  }

  get functions(): readonly Scope[] {
    return (this.allFunctions ??= this.codeUnits.flatMap((unit) => this.scopesOf(unit).functions));
  }

  get globals(): readonly Variable[] {
    return (this.allGlobals ??= this.codeUnits.flatMap((unit) => this.scopesOf(unit).globals));
  }

  type(id: number): DwarfType {
    return this.types.type(id);
  }

  scopesAt(section: number, offset: number): Scope[] {
    const unit = this.unitAt(section, offset);
    const chain: Scope[] = [];
    if (!unit) return chain;
    for (let scope = this.scopesOf(unit).at(section, offset); scope; scope = scope.parent) chain.push(scope);
    return chain;
  }

  variablesAt(section: number, offset: number): VariableAt[] {
    return this.scopesAt(section, offset).flatMap((scope) =>
      scope.variables.map((variable) => ({ variable, location: variable.locationAt(section, offset) })),
    );
  }

  lineAt(section: number, offset: number): LineRow | undefined {
    return this.information.lines.at(section, offset);
  }

  rows(section?: number): Iterable<LineRow> {
    return section === undefined ? this.information.lines.rows() : this.information.lines.rowsOf(section);
  }

  private get codeUnits(): Unit[] {
    return (this.compiled ??= this.information.units.filter((unit) => !unit.isType));
  }

  private scopesOf(unit: Unit): Scopes {
    let scopes = this.scopes.get(unit);
    if (!scopes) {
      scopes = new Scopes(unit);
      this.scopes.set(unit, scopes);
    }
    return scopes;
  }

  /** Which unit's code a byte is. Units that do not say where their code is are asked for their functions. */
  private unitAt(section: number, offset: number): Unit | undefined {
    if (!this.index) {
      const intervals: Interval<Unit>[] = [];
      for (const unit of this.codeUnits) {
        const own = unit.ranges;
        const ranges = own.length > 0 ? own : this.scopesOf(unit).functions.flatMap((scope) => scope.ranges);
        for (const range of ranges) intervals.push({ range, value: unit });
      }
      this.index = new IntervalMap(intervals);
    }
    return this.index.at(section, offset);
  }
}
