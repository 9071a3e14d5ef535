import { Attribute, Tag } from './constants';
import { Budget } from './budget';
import type { AddressRange, LocatedRange, Location, Position, Scope, Variable } from './dwarf';
import { Entry } from './entry';
import { IntervalMap, type Interval } from './interval_map';
import { frameBaseOf, locationsOf } from './locations';
import type { Enclosing } from './type';
import { enclosing } from './types';
import type { Unit } from './unit';

const EMPTY: Location = { kind: 'empty' };

const KINDS: ReadonlyMap<number, Scope['kind']> = new Map<number, Scope['kind']>([
  [Tag.SUBPROGRAM, 'function'],
  [Tag.INLINED_SUBROUTINE, 'inlined'],
  [Tag.LEXICAL_BLOCK, 'block'],
  [Tag.TRY_BLOCK, 'block'],
  [Tag.CATCH_BLOCK, 'block'],
  [Tag.WITH_STMT, 'block'],
]);

/** What is decoded at the first use and kept. */
function once<T>(read: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => (value ??= { of: read() }).of;
}

class VariableEntry implements Variable {
  private readonly origins = once(() => this.entry.origins());
  private readonly list = once(() => locationsOf(this.entry));
  private readonly index = once(() => indexOf(this.locations));
  private readonly position = once(() => Entry.declared(this.origins()));

  constructor(
    private readonly entry: Entry,
    readonly scope: Scope | undefined,
  ) {}

  get id(): number {
    return this.entry.id;
  }

  get name(): string {
    return nameOf(this.origins());
  }

  get linkageName(): string {
    return linkageNameOf(this.origins());
  }

  get parameter(): boolean {
    return this.entry.tag === Tag.FORMAL_PARAMETER;
  }

  get artificial(): boolean {
    return this.origins().some((entry) => entry.flag(Attribute.ARTIFICIAL));
  }

  get external(): boolean {
    return this.origins().some((entry) => entry.flag(Attribute.EXTERNAL));
  }

  get declaration(): boolean {
    return this.entry.flag(Attribute.DECLARATION);
  }

  get type(): number {
    return typeOf(this.origins());
  }

  get declared(): Position {
    return this.position();
  }

  get locations(): readonly LocatedRange[] {
    return this.list();
  }

  locationAt(section: number, offset: number): Location {
    const { map, everywhere } = this.index();
    return map.at(section, offset) ?? everywhere;
  }
}

class ScopeEntry implements Scope {
  readonly children: Scope[] = [];
  readonly inside: Entry[] = [];
  private readonly origins = once(() => this.entry.origins());
  private readonly position = once(() => Entry.declared(this.origins()));
  private readonly code = once(() => this.entry.unit.rangesOf(this.entry));
  private readonly found = once(() => this.inside.map((entry) => new VariableEntry(entry, this)));
  private readonly frame = once(() => frameBaseOf(this.entry));
  private readonly callSite = once(() => callOf(this.entry));

  constructor(
    readonly entry: Entry,
    readonly kind: Scope['kind'],
    readonly parent: Scope | undefined,
  ) {}

  get id(): number {
    return this.entry.id;
  }

  get name(): string {
    return this.kind === 'block' ? '' : nameOf(this.origins());
  }

  get linkageName(): string {
    return this.kind === 'block' ? '' : linkageNameOf(this.origins());
  }

  get enclosing(): readonly Enclosing[] {
    return this.kind === 'block' ? [] : enclosing(this.origins()[this.origins().length - 1]!);
  }

  get ranges(): readonly AddressRange[] {
    return this.code();
  }

  get call(): Position | undefined {
    return this.kind === 'inlined' ? this.callSite() : undefined;
  }

  get declared(): Position {
    return this.position();
  }

  get type(): number {
    return this.kind === 'block' ? 0 : typeOf(this.origins());
  }

  get external(): boolean {
    return this.kind !== 'block' && this.origins().some((entry) => entry.flag(Attribute.EXTERNAL));
  }

  get frameBase(): Location | undefined {
    return this.kind === 'function' ? this.frame() : undefined;
  }

  get variables(): readonly Variable[] {
    return this.found();
  }
}

/** The functions, scopes and global variables of one unit. */
export class Scopes {
  readonly functions: readonly Scope[];
  readonly globals: readonly Variable[];
  private readonly index: () => IntervalMap<Scope>;

  /** O(entries of the unit). @throws InputError `dwarf-malformed` */
  constructor(unit: Unit) {
    const { entries } = unit;
    const functions: ScopeEntry[] = [];
    const globals: Variable[] = [];
    const all: ScopeEntry[] = [];
    // The innermost scope around each entry. Parents come before children.
    const around: (ScopeEntry | undefined)[] = [];
    for (let i = 0; i < entries.count; i++) {
      const parent = around[entries.parent(i)];
      const tag = entries.tag(i);
      const kind = KINDS.get(tag);
      if (kind === 'function') {
        // A function inside another one has a frame of its own.
        const scope = new ScopeEntry(entries.entry(i), kind, undefined);
        functions.push(scope);
        all.push(scope);
        around.push(scope);
      } else if (kind !== undefined && parent) {
        const scope = new ScopeEntry(entries.entry(i), kind, parent);
        parent.children.push(scope);
        all.push(scope);
        around.push(scope);
      } else if (isTypeTag(tag)) {
        // Parameters of function types and variables of classes are of no scope's code.
        around.push(undefined);
      } else {
        if (tag === Tag.VARIABLE && !parent) globals.push(new VariableEntry(entries.entry(i), undefined));
        else if (parent && (tag === Tag.VARIABLE || tag === Tag.FORMAL_PARAMETER)) parent.inside.push(entries.entry(i));
        around.push(parent);
      }
    }
    this.functions = functions;
    this.globals = globals;
    this.index = once(() => indexScopes(unit, all));
  }

  /** The innermost scope around a byte. O(log scopes) after the first use. */
  at(section: number, offset: number): Scope | undefined {
    return this.index().at(section, offset);
  }
}

function indexScopes(unit: Unit, all: readonly ScopeEntry[]): IntervalMap<Scope> {
  const { sections } = unit.information;
  const honest = ['.debug_info', '.debug_ranges', '.debug_rnglists'];
  const bytes = honest.reduce((sum, name) => sum + sections.one(name).view.length, 0);
  const budget = new Budget(bytes, '.debug_rnglists');
  const intervals: Interval<Scope>[] = [];
  for (const scope of all) {
    budget.spend(scope.ranges.length);
    for (const range of scope.ranges) intervals.push({ range, value: scope });
  }
  return new IntervalMap(intervals);
}

/** Of several ranges that cover a byte the first counts; an expression without range is for everywhere else. */
function indexOf(locations: readonly LocatedRange[]): { map: IntervalMap<Location>; everywhere: Location } {
  const intervals: Interval<Location>[] = [];
  let everywhere = EMPTY;
  for (let i = locations.length - 1; i >= 0; i--) {
    const { range, location } = locations[i]!;
    if (range) intervals.push({ range, value: location });
    else everywhere = location;
  }
  return { map: new IntervalMap(intervals), everywhere };
}

function callOf(entry: Entry): Position {
  const { unit } = entry;
  return {
    path: entry.has(Attribute.CALL_FILE) ? unit.path(entry.number(Attribute.CALL_FILE)) : '',
    line: entry.number(Attribute.CALL_LINE),
    column: entry.number(Attribute.CALL_COLUMN),
  };
}

function nameOf(origins: readonly Entry[]): string {
  return origins.find((entry) => entry.has(Attribute.NAME))?.text(Attribute.NAME) ?? '';
}

function linkageNameOf(origins: readonly Entry[]): string {
  for (const entry of origins) {
    if (entry.has(Attribute.LINKAGE_NAME)) return entry.text(Attribute.LINKAGE_NAME);
    if (entry.has(Attribute.MIPS_LINKAGE_NAME)) return entry.text(Attribute.MIPS_LINKAGE_NAME);
  }
  return '';
}

function typeOf(origins: readonly Entry[]): number {
  return origins.find((entry) => entry.has(Attribute.TYPE))?.referenceId(Attribute.TYPE) ?? 0;
}

function isTypeTag(tag: number): boolean {
  return (
    tag === Tag.SUBROUTINE_TYPE ||
    tag === Tag.STRUCTURE_TYPE ||
    tag === Tag.UNION_TYPE ||
    tag === Tag.CLASS_TYPE ||
    tag === Tag.ENUMERATION_TYPE
  );
}
