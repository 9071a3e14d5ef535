import { bound } from './fact';
import { includes, setConstant } from './scalar';
import {
  Byte,
  DEPTH,
  FACTS,
  FACT_COUNT,
  FACT_WORDS,
  MAX_FRAMES,
  META_START,
  PACKET_SIZE,
  REFERENCES,
  REFERENCE_COUNT,
  REFERENCE_WORDS,
  USED_CELLS,
  UPPER_HALF,
  byteKind,
  hasValue,
  packedCell,
  packedFrames,
  packedSaved,
  register,
} from './state';
import { Definition, MAX_HEIGHT, type Symbols } from './symbol';
import { NO_SYMBOL, termSymbol } from './term';
import {
  CONSTANT,
  FLAGS,
  ID,
  NULLABLE,
  NUMBER,
  REGION,
  SYMBOL,
  Tag,
  constantOf,
  hasConstant,
  isScalarZero,
} from './value';

/**
 * Whether every execution that the packed state `n` stands for is also one of `o`. Symbols and instances of a state are names of its
 * own: `o` holds `n` when some assignment of `n`'s terms to `o`'s symbols makes all of `o`'s values, facts and references true.
 * Sound, not complete.
 */
export class Inclusion {
  /**
   * Symbols below this are the same in all states, so they may only stand for themselves. Raised while values are compared across
   * states: around a loop, the symbols of its head must go on meaning the values at the head.
   */
  rigid = 0;
  /** States compared so far: work that counts against the budget. */
  comparisons = 0;
  private readonly outer = new Int32Array(MAX_FRAMES);
  private readonly inner = new Int32Array(MAX_FRAMES);
  /** What an outer symbol stands for: inner symbol and a constant; valid when the stamp is the present one. */
  private stamp = new Int32Array(1024);
  private target = new Int32Array(1024);
  private delta = new Float64Array(1024);
  /** The constant that it stands for, when that is known as well; else NaN. */
  private constants = new Float64Array(1024);
  private epoch = 0;
  private readonly zero = new Int32Array(24);
  private mapped: number[] = [];

  constructor(private readonly symbols: Symbols) {
    this.zero[0] = Tag.SCALAR;
    setConstant(this.zero, NUMBER, 0, 0);
  }

  holds(o: Int32Array, n: Int32Array): boolean {
    this.comparisons++;
    if (o[DEPTH] !== n[DEPTH] || o[REFERENCE_COUNT] !== n[REFERENCE_COUNT]) return false;
    if (this.stamp.length < this.symbols.count) {
      const size = this.symbols.count * 2;
      this.stamp = new Int32Array(size);
      this.target = new Int32Array(size);
      this.delta = new Float64Array(size);
      this.constants = new Float64Array(size);
      this.epoch = 0;
    }
    this.epoch++;
    this.mapped.length = 0;
    if (!this.assign(o[PACKET_SIZE]!, n[PACKET_SIZE]!, 0) || !this.assign(o[META_START]!, n[META_START]!, 0))
      return false;
    for (let index = 0; index < 10; index++) if (!this.value(o, register(index), n, register(index))) return false;
    packedFrames(o, this.outer);
    packedFrames(n, this.inner);
    for (let frame = 0; frame <= o[DEPTH]!; frame++) if (!this.frame(o, n, frame)) return false;
    return this.references(o, n) && this.definitions() && this.facts(o, n);
  }

  private frame(o: Int32Array, n: Int32Array, frame: number): boolean {
    const outer = this.outer[frame]!;
    const inner = this.inner[frame]!;
    if (frame > 0) {
      for (let index = 1; index < 10; index++)
        if (!this.value(o, packedSaved(outer, index), n, packedSaved(inner, index))) return false;
    }
    const used = o[USED_CELLS + frame]!;
    const has = n[USED_CELLS + frame]!;
    for (let index = 0; index < used; index++) {
      const at = packedCell(outer, frame, index);
      if ((o[at]! & 0xffff) === 0) continue;
      if (index >= has || !this.cell(o, at, n, packedCell(inner, frame, index), inner, frame, index)) return false;
    }
    return true;
  }

  private cell(
    o: Int32Array,
    at: number,
    n: Int32Array,
    from: number,
    start: number,
    frame: number,
    index: number,
  ): boolean {
    const outer = o[at]!;
    const inner = n[from]!;
    const holder = (inner & UPPER_HALF) !== 0 ? packedCell(start, frame, index + 1) : from;
    const innerTag = hasValue(n[holder]!) ? n[holder + 1]! : Tag.SCALAR;
    for (let byte = 0; byte < 4; byte++) {
      const wanted = byteKind(outer, byte);
      const given = byteKind(inner, byte);
      switch (wanted) {
        case Byte.UNINIT:
          break;
        case Byte.MISC:
          if (given === Byte.UNINIT || (given === Byte.VALUE && innerTag !== Tag.SCALAR)) return false;
          break;
        case Byte.ZERO:
          if (given !== Byte.ZERO && !(given === Byte.VALUE && isScalarZero(n, holder + 1))) return false;
          break;
        default:
          if (given !== Byte.VALUE && given !== Byte.ZERO) return false;
      }
    }
    if (!hasValue(outer))
      return (outer & UPPER_HALF) === 0 || (inner & UPPER_HALF) !== 0 || zeroWhereValue(outer, inner);
    if (hasValue(inner) && inner >>> 16 === outer >>> 16) return this.value(o, at + 1, n, from + 1);
    // Zero bytes are as good as a stored zero.
    return zeroWhereValue(outer, inner) && this.value(o, at + 1, this.zero, 0);
  }

  private value(o: Int32Array, at: number, n: Int32Array, from: number): boolean {
    const tag = o[at]!;
    if (tag === Tag.UNINIT || (tag === Tag.REPORTED && n[from] !== Tag.UNINIT)) return true;
    // Less can be done with a stale pointer than with one that is not.
    const stale = tag === Tag.STALE && n[from] === Tag.PACKET;
    if (n[from] !== tag && !stale) {
      // NULL is one of the values of a pointer that may be null.
      const nullable = (o[at + FLAGS]! & NULLABLE) !== 0 && isScalarZero(n, from);
      return (
        nullable &&
        includes(o, at + NUMBER, n, from + NUMBER) &&
        this.assign(o[at + ID]!, -1, 0) &&
        this.term(o, at, n, from)
      );
    }
    if (tag !== Tag.SCALAR) {
      if (tag !== Tag.STALE && tag !== Tag.RELEASED && o[at + REGION] !== n[from + REGION]) return false;
      if ((n[from + FLAGS]! & ~o[at + FLAGS]! & NULLABLE) !== 0) return false;
      const id = o[at + ID]!;
      if (id === 0 ? n[from + ID] !== 0 && tag === Tag.MEM : !this.assign(id, n[from + ID]!, 0)) return false;
    }
    return includes(o, at + NUMBER, n, from + NUMBER) && this.term(o, at, n, from);
  }

  private term(o: Int32Array, at: number, n: Int32Array, from: number): boolean {
    const symbol = o[at + SYMBOL]!;
    if (symbol === 0) return true;
    const constant = hasConstant(n, from) ? constantOf(n, from) - o[at + CONSTANT]! : NaN;
    // What was narrowed to a constant can be named by its symbol or by the constant.
    if (this.stamp[symbol] === this.epoch && this.constants[symbol] === constant) return true;
    const raw = n[from + SYMBOL]!;
    let to: number;
    let delta: number;
    if (raw !== 0) [to, delta] = [raw, n[from + CONSTANT]! - o[at + CONSTANT]!];
    else if (termSymbol(n, from) === NO_SYMBOL) [to, delta] = [this.symbols.count + from, 0];
    else [to, delta] = [0, constant];
    if (!this.assign(symbol, to, delta)) return false;
    this.constants[symbol] = constant;
    return true;
  }

  /** Lets an outer symbol stand for inner symbol + delta; false when it already stands for something else. */
  private assign(symbol: number, to: number, delta: number): boolean {
    if (symbol === 0) return to === 0 && delta === 0;
    if (symbol < this.rigid && (to !== symbol || delta !== 0)) return false;
    if (this.stamp[symbol] === this.epoch) return this.target[symbol] === to && this.delta[symbol] === delta;
    this.stamp[symbol] = this.epoch;
    this.target[symbol] = to;
    this.delta[symbol] = delta;
    this.constants[symbol] = NaN;
    this.mapped.push(symbol);
    return true;
  }

  private isMapped(symbol: number): boolean {
    return symbol === 0 || this.stamp[symbol] === this.epoch;
  }

  private references(o: Int32Array, n: Int32Array): boolean {
    for (let k = 0; k < o[REFERENCE_COUNT]!; k++) {
      const id = o[REFERENCES + k * REFERENCE_WORDS]!;
      if (!this.isMapped(id)) continue;
      let found = false;
      for (let j = 0; j < n[REFERENCE_COUNT]!; j++) found ||= n[REFERENCES + j * REFERENCE_WORDS] === this.target[id];
      if (!found) return false;
    }
    return true;
  }

  /** A symbol that `o` can compute again must be computed in the same way from what it stands for. */
  private definitions(): boolean {
    for (let k = 0; k < this.mapped.length; k++) {
      const symbol = this.mapped[k]!;
      if (symbol >= this.symbols.count || this.symbols.definitionOf(symbol) === Definition.NONE) continue;
      if (this.isRecomputable(symbol, MAX_HEIGHT) && !this.sameDefinition(symbol)) return false;
    }
    return true;
  }

  private isRecomputable(symbol: number, depth: number): boolean {
    const { symbols } = this;
    const definition = symbols.definitionOf(symbol);
    if (definition === Definition.NONE) return false;
    if (depth === 0) return true;
    const first = symbols.firstOf(symbol);
    if (first !== 0 && (this.isMapped(first) || this.isRecomputable(first, depth - 1))) return true;
    if (definition !== Definition.SUM && definition !== Definition.DIFFERENCE) return false;
    const second = symbols.secondOf(symbol);
    return second !== 0 && (this.isMapped(second) || this.isRecomputable(second, depth - 1));
  }

  private sameDefinition(symbol: number): boolean {
    const { symbols } = this;
    const definition = symbols.definitionOf(symbol);
    const first = symbols.firstOf(symbol);
    const second = symbols.secondOf(symbol);
    const binary = definition === Definition.SUM || definition === Definition.DIFFERENCE;
    if (binary && this.isMapped(first) && this.isMapped(second)) return this.sameSum(symbol, definition, first, second);
    const to = this.target[symbol]!;
    if (to <= 0 || to >= symbols.count || this.delta[symbol] !== 0 || definition !== symbols.definitionOf(to))
      return false;
    if (!this.assign(first, symbols.firstOf(to), 0)) return false;
    return binary ? this.assign(second, symbols.secondOf(to), 0) : second === symbols.secondOf(to);
  }

  /** The terms that the operands stand for must add up to the one that the sum or difference stands for. */
  private sameSum(symbol: number, definition: number, first: number, second: number): boolean {
    const { symbols } = this;
    const minus = definition === Definition.DIFFERENCE;
    const [a, b, to] = [this.targetOf(first), this.targetOf(second), this.target[symbol]!];
    const constant = this.deltaOf(first) + (minus ? -this.deltaOf(second) : this.deltaOf(second));
    if (this.delta[symbol] !== constant) return false;
    if (b === 0) return to === a;
    if (minus) return a === b ? to === 0 : to > 0 && isDefinedAs(symbols, to, definition, a, b);
    if (a === 0) return to === b;
    return to > 0 && (isDefinedAs(symbols, to, definition, a, b) || isDefinedAs(symbols, to, definition, b, a));
  }

  private targetOf(symbol: number): number {
    return symbol === 0 ? 0 : this.target[symbol]!;
  }

  private facts(o: Int32Array, n: Int32Array): boolean {
    const end = FACTS + o[FACT_COUNT]! * FACT_WORDS;
    for (let at = FACTS; at < end; at += FACT_WORDS) {
      const [a, b] = [this.resolve(o[at]!), this.resolve(o[at + 1]!)];
      if (a < 0 || b < 0) return false;
      if (this.factHolds(n, a, this.deltaOf(o[at]!), b, this.deltaOf(o[at + 1]!), o[at + 2]!)) continue;
      if (!this.factHoldsByConstants(n, o[at]!, a, o[at + 1]!, b, o[at + 2]!)) return false;
    }
    return true;
  }

  /** v(a) + da - v(b) - db <= c in the inner state. */
  private factHolds(n: Int32Array, a: number, da: number, b: number, db: number, c: number): boolean {
    return bound(n, a, b, a === 0 ? 0 : Infinity, b === 0 ? 0 : -Infinity) <= c - da + db;
  }

  /** The same with symbols that were narrowed to constants. */
  private factHoldsByConstants(
    n: Int32Array,
    outerA: number,
    a: number,
    outerB: number,
    b: number,
    c: number,
  ): boolean {
    const ca = outerA === 0 ? 0 : this.constants[outerA]!;
    const cb = outerB === 0 ? 0 : this.constants[outerB]!;
    const [da, db] = [this.deltaOf(outerA), this.deltaOf(outerB)];
    if (!Number.isNaN(ca) && !Number.isNaN(cb)) return ca - cb <= c;
    if (!Number.isNaN(ca)) return this.factHolds(n, 0, ca, b, db, c);
    return !Number.isNaN(cb) && this.factHolds(n, a, da, 0, cb, c);
  }

  private deltaOf(symbol: number): number {
    return symbol === 0 ? 0 : this.delta[symbol]!;
  }

  /** Inner symbol for an outer one that occurs in a fact, -1 if there is none. */
  private resolve(symbol: number): number {
    if (symbol === 0) return 0;
    if (this.isMapped(symbol)) return this.target[symbol]!;
    const { symbols } = this;
    const [first, second] = [symbols.firstOf(symbol), symbols.secondOf(symbol)];
    if (symbols.definitionOf(symbol) !== Definition.SUM || !this.isMapped(first) || !this.isMapped(second)) return -1;
    if (this.deltaOf(first) !== 0 || this.deltaOf(second) !== 0) return -1;
    const to = symbols.knownSum(this.target[first]!, this.target[second]!);
    if (to === 0) return -1;
    this.assign(symbol, to, 0);
    return to;
  }
}

function isDefinedAs(symbols: Symbols, symbol: number, definition: number, a: number, b: number): boolean {
  if (symbol >= symbols.count || symbols.definitionOf(symbol) !== definition) return false;
  return symbols.firstOf(symbol) === a && symbols.secondOf(symbol) === b;
}

/** Whether all bytes that hold a value in `outer` are zero in `inner`. */
function zeroWhereValue(outer: number, inner: number): boolean {
  for (let byte = 0; byte < 4; byte++)
    if (byteKind(outer, byte) === Byte.VALUE && byteKind(inner, byte) !== Byte.ZERO) return false;
  return true;
}
