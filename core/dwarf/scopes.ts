import { Attribute, Tag } from './constants';
import type { AddressRange, LocatedRange, Location, Position, Scope, Variable } from './dwarf';
import { Entry } from './entry';
import { IntervalMap, type Interval } from './interval_map';
import { frameBaseOf, locationsOf, type LocationList } from './locations';
import type { Enclosing } from './type';
import { enclosing } from './types';
import type { Unit } from './unit';

const KINDS: ReadonlyMap<number, Scope['kind']> = new Map<number, Scope['kind']>([
  [Tag.SUBPROGRAM, 'function'],
  [Tag.INLINED_SUBROUTINE, 'inlined'],
  [Tag.LEXICAL_BLOCK, 'block'],
  [Tag.TRY_BLOCK, 'block'],
  [Tag.CATCH_BLOCK, 'block'],
  [Tag.WITH_STMT, 'block'],
]);

class VariableEntry implements Variable {
  private chain: readonly Entry[] | undefined;
  private list: LocationList | undefined;

  constructor(
    private readonly entry: Entry,
    readonly scope: Scope | undefined,
  ) {}

  get id(): number {
    return this.entry.id;
  }

  get name(): string {
    return nameOf(this.origins);
  }

  get linkageName(): string {
    return linkageNameOf(this.origins);
  }

  get parameter(): boolean {
    return this.entry.tag === Tag.FORMAL_PARAMETER;
  }

  get artificial(): boolean {
    return this.origins.some((entry) => entry.flag(Attribute.ARTIFICIAL));
  }

  get external(): boolean {
    return this.origins.some((entry) => entry.flag(Attribute.EXTERNAL));
  }

  get declaration(): boolean {
    return this.entry.flag(Attribute.DECLARATION);
  }

  get type(): number {
    return typeOf(this.origins);
  }

  get declared(): Position {
    return Entry.declared(this.origins);
  }

  get locations(): readonly LocatedRange[] {
    return this.places.ranges;
  }

  locationAt(section: number, offset: number): Location {
    return this.places.at(section, offset);
  }

  private get origins(): readonly Entry[] {
    return (this.chain ??= this.entry.origins());
  }

  private get places(): LocationList {
    return (this.list ??= locationsOf(this.entry));
  }
}

class ScopeEntry implements Scope {
  readonly children: ScopeEntry[] = [];
  readonly inside: number[] = [];
  private chain: readonly Entry[] | undefined;
  private code: readonly AddressRange[] | undefined;
  private own: readonly Variable[] | undefined;

  constructor(
    readonly entry: Entry,
    readonly kind: Scope['kind'],
    readonly parent: Scope | undefined,
  ) {}

  get id(): number {
    return this.entry.id;
  }

  get name(): string {
    return this.kind === 'block' ? '' : nameOf(this.origins);
  }

  get linkageName(): string {
    return this.kind === 'block' ? '' : linkageNameOf(this.origins);
  }

  get enclosing(): readonly Enclosing[] {
    return this.kind === 'block' ? [] : enclosing(this.origins[this.origins.length - 1]!);
  }

  get ranges(): readonly AddressRange[] {
    return (this.code ??= this.entry.unit.rangesOf(this.entry));
  }

  get call(): Position | undefined {
    return this.kind === 'inlined' ? callOf(this.entry) : undefined;
  }

  get declared(): Position {
    return Entry.declared(this.origins);
  }

  get type(): number {
    return this.kind === 'block' ? 0 : typeOf(this.origins);
  }

  get external(): boolean {
    return this.kind !== 'block' && this.origins.some((entry) => entry.flag(Attribute.EXTERNAL));
  }

  get frameBase(): Location | undefined {
    return this.kind === 'function' ? frameBaseOf(this.entry) : undefined;
  }

  get variables(): readonly Variable[] {
    const { entries } = this.entry.unit;
    return (this.own ??= this.inside.map((index) => new VariableEntry(entries.entry(index), this)));
  }

  private get origins(): readonly Entry[] {
    return (this.chain ??= this.entry.origins());
  }
}

/** The functions, scopes and global variables of one unit. */
export class Scopes {
  readonly functions: readonly Scope[];
  readonly globals: readonly Variable[];
  private index: IntervalMap<Scope> | undefined;
  private readonly all: readonly ScopeEntry[];

  /** O(entries of the unit). @throws InputError `dwarf-malformed` */
  constructor(unit: Unit) {
    const { entries } = unit;
    const functions: ScopeEntry[] = [];
    const globals: Variable[] = [];
    const all: ScopeEntry[] = [];
    // The innermost scope around each entry, or that a type is nearer: what it holds is declared, and has no place in code. Parents come
    // before children.
    const around: (ScopeEntry | 'type' | undefined)[] = [];
    for (let i = 0; i < entries.count; i++) {
      const outer = around[entries.parent(i)];
      const parent = outer === 'type' ? undefined : outer;
      const tag = entries.tag(i);
      const kind = KINDS.get(tag);
      if (kind === 'function' || (kind !== undefined && parent)) {
        // A function inside another one has a frame of its own.
        const scope = new ScopeEntry(entries.entry(i), kind, kind === 'function' ? undefined : parent);
        if (kind === 'function') functions.push(scope);
        else parent?.children.push(scope);
        all.push(scope);
        around.push(scope);
      } else if (isTypeTag(tag)) {
        around.push('type');
      } else {
        if (tag === Tag.VARIABLE && outer === undefined) globals.push(new VariableEntry(entries.entry(i), undefined));
        else if (parent && (tag === Tag.VARIABLE || tag === Tag.FORMAL_PARAMETER)) parent.inside.push(i);
        around.push(outer);
      }
    }
    this.functions = functions;
    this.globals = globals;
    this.all = all;
  }

  /** The innermost scope around a byte. O(log scopes) after the first use. */
  at(section: number, offset: number): Scope | undefined {
    return (this.index ??= indexScopes(this.all)).at(section, offset);
  }
}

function indexScopes(all: readonly ScopeEntry[]): IntervalMap<Scope> {
  const intervals: Interval<Scope>[] = [];
  for (const scope of all) for (const range of scope.ranges) intervals.push({ range, value: scope });
  return new IntervalMap(intervals);
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
