import { Attribute, Tag } from './constants';
import type { LocatedRange, Location, Position, Scope, Variable } from './dwarf';
import type { AddressRange } from './place';
import type { Entries } from './entries';
import { Entry } from './entry';
import { IntervalMap, type Interval } from './interval_map';
import type { LocationList } from './locations';
import { frameBaseOf, locationsOf } from './variable_locations';
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
  private chain: readonly Entry[] | undefined;
  private code: readonly AddressRange[] | undefined;
  private own: readonly Variable[] | undefined;
  private nested: readonly Scope[] | undefined;

  constructor(
    private readonly scopes: Scopes,
    private readonly index: number,
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
    return (this.own ??= this.scopes
      .inside(this.index)
      .filter((index) => isVariableTag(this.scopes.entries.tag(index)))
      .map((index) => new VariableEntry(this.scopes.entries.entry(index), this)));
  }

  get children(): readonly Scope[] {
    return (this.nested ??= this.scopes
      .inside(this.index)
      .filter((index) => !isVariableTag(this.scopes.entries.tag(index)))
      .map((index) => this.scopes.scope(index)));
  }

  private get entry(): Entry {
    return this.scopes.entries.entry(this.index);
  }

  private get origins(): readonly Entry[] {
    return (this.chain ??= this.entry.origins());
  }
}

/** What surrounds an entry nearest: nothing, a scope, or a type, whose parts are declared but have no place in code. */
const Around = { NOTHING: 0, SCOPE: 1, TYPE: 2 } as const;

/** The functions, scopes and global variables of one unit. Scopes are made when they are asked for. */
export class Scopes {
  readonly entries: Entries;
  readonly functions: readonly Scope[];
  readonly globals: readonly Variable[];
  private readonly made = new Map<number, Scope>();
  private readonly around: Uint8Array;
  private index: IntervalMap<number> | undefined;

  /** O(entries of the unit). @throws InputError `dwarf-malformed` */
  constructor(private readonly unit: Unit) {
    const { entries } = unit;
    this.entries = entries;
    this.around = new Uint8Array(entries.count);
    const functions: number[] = [];
    const globals: Variable[] = [];
    // What surrounds the children of each entry. Parents come before children.
    for (let i = 0; i < entries.count; i++) {
      const outer = this.around[entries.parent(i)] ?? Around.NOTHING;
      const tag = entries.tag(i);
      const kind = KINDS.get(tag);
      if (kind === 'function') functions.push(i);
      else if (tag === Tag.VARIABLE && outer === Around.NOTHING) {
        globals.push(new VariableEntry(entries.entry(i), undefined));
      }
      const isScope = kind === 'function' || (kind !== undefined && outer === Around.SCOPE);
      this.around[i] = isScope ? Around.SCOPE : isTypeTag(tag) ? Around.TYPE : outer;
    }
    this.functions = functions.map((index) => this.scope(index));
    this.globals = globals;
  }

  /** The innermost scope around a byte. O(log scopes + depth) after the first use. */
  at(section: number, offset: number): Scope | undefined {
    const index = (this.index ??= this.buildIndex()).at(section, offset);
    return index === undefined ? undefined : this.scope(index);
  }

  /** The scope of an entry that is one. O(depth) the first time. */
  scope(index: number): Scope {
    // From the entry outwards to the function, or to a scope that is there already; then inwards.
    const path: number[] = [];
    for (let at = index; at >= 0 && !this.made.has(at); at = this.entries.parent(at)) {
      if (this.isScope(at)) path.push(at);
      if (KINDS.get(this.entries.tag(at)) === 'function') break;
    }
    for (let i = path.length - 1; i >= 0; i--) {
      const at = path[i]!;
      const kind = KINDS.get(this.entries.tag(at))!;
      // A function inside another one has a frame of its own.
      const parent = kind === 'function' ? undefined : this.made.get(this.scopeAround(at));
      this.made.set(at, new ScopeEntry(this, at, kind, parent));
    }
    return this.made.get(index)!;
  }

  /** Numbers of the scopes and variables directly in a scope, in file order. O(entries in it and in no scope further inside). */
  inside(index: number): number[] {
    const { entries } = this;
    const found: number[] = [];
    const end = entries.next(index);
    for (let i = index + 1; i < end;) {
      const tag = entries.tag(i);
      const enters = !this.isScope(i) && !isTypeTag(tag);
      if (isVariableTag(tag) || (this.isScope(i) && KINDS.get(tag) !== 'function')) found.push(i);
      i = enters ? i + 1 : entries.next(i);
    }
    return found;
  }

  private isScope(index: number): boolean {
    return this.around[index] === Around.SCOPE && KINDS.has(this.entries.tag(index));
  }

  private scopeAround(index: number): number {
    let at = this.entries.parent(index);
    while (at >= 0 && !this.isScope(at)) at = this.entries.parent(at);
    return at;
  }

  private buildIndex(): IntervalMap<number> {
    const intervals: Interval<number>[] = [];
    for (let i = 0; i < this.entries.count; i++) {
      if (!this.isScope(i)) continue;
      for (const range of this.unit.rangesOf(this.entries.entry(i))) intervals.push({ range, value: i });
    }
    return new IntervalMap(intervals);
  }
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

function isVariableTag(tag: number): boolean {
  return tag === Tag.VARIABLE || tag === Tag.FORMAL_PARAMETER;
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
