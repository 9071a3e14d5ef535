import { addPackedFact, bound } from './fact';
import { join as joinNumbers, setConstant, smax, smin } from './scalar';
import {
  Byte,
  CELL_WORDS,
  DEPTH,
  FACTS,
  FACT_COUNT,
  FACT_WORDS,
  FRAMES,
  MAX_FRAMES,
  META_START,
  PACKET_SIZE,
  REFERENCES,
  REFERENCE_COUNT,
  REFERENCE_WORDS,
  SAVED_WORDS,
  UPPER_HALF,
  USED_CELLS,
  byteKind,
  hasValue,
  packedCell,
  packedFrames,
  packedSaved,
  register,
  valueWidth,
} from './state';
import { Definition, type Symbols } from './symbol';
import { NO_SYMBOL, termConstant, termSymbol } from './term';
import {
  CONSTANT,
  DEFINED,
  FLAGS,
  ID,
  LOSS,
  Loss,
  NULLABLE,
  NUMBER,
  REGION,
  SYMBOL,
  Tag,
  VALUE_WORDS,
  hasConstant,
  isPointer,
  isScalarZero,
} from './value';
import { widenNumber } from './widen';

/** A symbol of the join: v(symbol) = v(first) on one side, v(second) + delta on the other. */
interface Phi {
  readonly symbol: number;
  readonly first: number;
  readonly second: number;
  readonly delta: number;
  /** What the joined ranges of the values that it stands for say about v(symbol). */
  least: number;
  most: number;
}

/** Stands for null where an instance id is joined with NULL. */
const NULL_ID = -1;
/** Facts are sought between the first symbols only: there are seldom more. */
const MAX_PHIS = 24;

/** Joins packed states: the result stands for the executions of both. */
export class Joiner {
  private readonly firstFrames = new Int32Array(MAX_FRAMES);
  private readonly secondFrames = new Int32Array(MAX_FRAMES);
  private readonly zero = new Int32Array(VALUE_WORDS);
  private phis: Phi[] = [];
  private ids = new Map<string, number>();

  constructor(
    private readonly symbols: Symbols,
    private readonly limits: Float64Array,
  ) {
    this.zero[0] = Tag.SCALAR;
    setConstant(this.zero, NUMBER, 0, 0);
  }

  /** Undefined when the states cannot be one: other call depth or other references. With `widening`, chains of joins end. */
  join(o: Int32Array, n: Int32Array, widening: boolean): Int32Array | undefined {
    if (o[DEPTH] !== n[DEPTH] || !sameReferences(o, n)) return undefined;
    this.phis = [{ symbol: 0, first: 0, second: 0, delta: 0, least: 0, most: 0 }];
    this.ids.clear();
    const j = layOut(o, n);
    for (let k = 0; k < o[REFERENCE_COUNT]!; k++) {
      const at = REFERENCES + k * REFERENCE_WORDS;
      j[at] = this.id(o[at]!, n[at]!);
    }
    j[PACKET_SIZE] = this.phi(o[PACKET_SIZE]!, n[PACKET_SIZE]!, 0).symbol;
    j[META_START] = this.phi(o[META_START]!, n[META_START]!, 0).symbol;
    for (let index = 0; index <= 10; index++) {
      const at = register(index);
      this.value(j, at, o, at, n, at, widening);
    }
    packedFrames(o, this.firstFrames);
    packedFrames(n, this.secondFrames);
    let start = FRAMES;
    for (let frame = 0; frame <= j[DEPTH]!; frame++) {
      const [first, second] = [this.firstFrames[frame]!, this.secondFrames[frame]!];
      if (frame > 0) {
        for (let index = 1; index < 10; index++)
          this.value(
            j,
            packedSaved(start, index),
            o,
            packedSaved(first, index),
            n,
            packedSaved(second, index),
            widening,
          );
      }
      this.cells(j, start, o, first, n, second, frame, widening);
      start += (frame === 0 ? 0 : SAVED_WORDS) + j[USED_CELLS + frame]! * CELL_WORDS;
    }
    this.facts(j, o, n, widening);
    return j;
  }

  private value(
    j: Int32Array,
    at: number,
    o: Int32Array,
    a: number,
    n: Int32Array,
    b: number,
    widening: boolean,
  ): void {
    const [tagA, tagB] = [o[a]!, n[b]!];
    if ((tagA === Tag.REPORTED && tagB !== Tag.UNINIT) || (tagB === Tag.REPORTED && tagA !== Tag.UNINIT)) {
      if (tagA === Tag.REPORTED) copyAcross(j, at, o, a);
      else copyAcross(j, at, n, b);
      j[at + SYMBOL] = this.symbols.fresh();
      return;
    }
    const regionMatters = tagA !== Tag.STALE && tagA !== Tag.RELEASED;
    if (tagA === tagB && tagA !== Tag.UNINIT && (!regionMatters || o[a + REGION] === n[b + REGION])) {
      this.known(j, at, o, a, n, b, widening);
      return;
    }
    if (isNullableWith(o, a, n, b)) this.withNull(j, at, o, a, n, b, false);
    else if (isNullableWith(n, b, o, a)) this.withNull(j, at, o, a, n, b, true);
    else if (tagA === Tag.STALE && tagB === Tag.PACKET) copyAcross(j, at, o, a);
    else if (tagA === Tag.PACKET && tagB === Tag.STALE) copyAcross(j, at, n, b);
    else {
      j.fill(0, at, at + VALUE_WORDS);
      j[at + DEFINED] = tagA === Tag.UNINIT ? o[a + DEFINED]! : n[b + DEFINED]!;
      j[at + LOSS] = tagA === Tag.UNINIT && tagB === Tag.UNINIT ? o[a + LOSS]! : Loss.MIXED;
    }
  }

  private known(
    j: Int32Array,
    at: number,
    o: Int32Array,
    a: number,
    n: Int32Array,
    b: number,
    widening: boolean,
  ): void {
    copyAcross(j, at, o, a);
    if (o[a] !== Tag.SCALAR) {
      j[at + ID] = this.id(o[a + ID]!, n[b + ID]!);
      j[at + FLAGS] = o[a + FLAGS]! | n[b + FLAGS]!;
    }
    joinNumbers(j, at + NUMBER, n, b + NUMBER);
    if (widening) widenNumber(j, at + NUMBER, o, a + NUMBER, this.limits);
    this.term(j, at, o, a, n, b);
    if (o[a + DEFINED] !== n[b + DEFINED]) j[at + LOSS] = Loss.JOINED;
  }

  /** A pointer on one side, NULL on the other. */
  private withNull(
    j: Int32Array,
    at: number,
    o: Int32Array,
    a: number,
    n: Int32Array,
    b: number,
    nullFirst: boolean,
  ): void {
    const [from, position] = nullFirst ? [n, b] : [o, a];
    copyAcross(j, at, from, position);
    j[at + FLAGS] = j[at + FLAGS]! | NULLABLE;
    const id = from[position + ID]!;
    j[at + ID] = nullFirst ? this.id(NULL_ID, id) : this.id(id, NULL_ID);
    j[at + LOSS] = Loss.JOINED;
  }

  private term(j: Int32Array, at: number, o: Int32Array, a: number, n: Int32Array, b: number): void {
    if (o[a + SYMBOL] !== 0 && o[a + SYMBOL] === n[b + SYMBOL] && o[a + CONSTANT] === n[b + CONSTANT]) {
      // Also when one side has narrowed it to a constant.
      this.setPhi(j, at, this.phi(o[a + SYMBOL]!, o[a + SYMBOL]!, 0), o[a + CONSTANT]!);
      return;
    }
    if (hasConstant(j, at)) {
      j[at + SYMBOL] = j[at + CONSTANT] = 0;
      return;
    }
    const first = termSymbol(o, a);
    const second = termSymbol(n, b);
    const constant = first === NO_SYMBOL ? 0 : termConstant(o, a);
    if (first === NO_SYMBOL || second === NO_SYMBOL || Math.abs(constant) > 0x3fff_ffff) {
      j[at + SYMBOL] = this.symbols.fresh();
      j[at + CONSTANT] = 0;
      return;
    }
    this.setPhi(j, at, this.phi(first, second, termConstant(n, b) - constant), constant);
  }

  private setPhi(j: Int32Array, at: number, phi: Phi, constant: number): void {
    j[at + SYMBOL] = phi.symbol;
    j[at + CONSTANT] = constant;
    phi.least = Math.max(phi.least, smin(j, at + NUMBER) - constant);
    phi.most = Math.min(phi.most, smax(j, at + NUMBER) - constant);
  }

  private phi(first: number, second: number, delta: number): Phi {
    for (const phi of this.phis) if (phi.first === first && phi.second === second && phi.delta === delta) return phi;
    const symbol = first === second && delta === 0 ? first : this.symbols.fresh();
    const phi = { symbol, first, second, delta, least: -Infinity, most: Infinity };
    this.phis.push(phi);
    return phi;
  }

  private id(first: number, second: number): number {
    if (first === second) return first;
    const key = `${first}:${second}`;
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.symbols.fresh();
      this.ids.set(key, id);
    }
    return id;
  }

  private cells(
    j: Int32Array,
    start: number,
    o: Int32Array,
    first: number,
    n: Int32Array,
    second: number,
    frame: number,
    widening: boolean,
  ): void {
    for (let index = 0; index < j[USED_CELLS + frame]!; index++) {
      const at = packedCell(start, frame, index);
      const a = packedCell(first, frame, index);
      const b = packedCell(second, frame, index);
      const sameShape = hasValue(o[a]!) && o[a]! >>> 16 === n[b]! >>> 16;
      if (sameShape) {
        this.value(j, at + 1, o, a + 1, n, b + 1, widening);
        j[at] = joinKinds(o[a]!, n[b]!, false, false) | (o[a]! & ~0xffff);
        continue;
      }
      const upper = (o[a]! & n[b]! & UPPER_HALF) !== 0;
      if (upper || isUpperOrZero(o, a, n, b)) {
        // The value stands in the next cell; whether it was kept is known there.
        j[at] = 0x3333 | UPPER_HALF;
        continue;
      }
      if (this.zeroWithValue(j, at, o, a, n, b, widening)) continue;
      const [holderA, holderB] = [
        (o[a]! & UPPER_HALF) !== 0 ? packedCell(first, frame, index + 1) : a,
        (n[b]! & UPPER_HALF) !== 0 ? packedCell(second, frame, index + 1) : b,
      ];
      j[at] = joinKinds(o[a]!, n[b]!, isForeign(o, holderA), isForeign(n, holderB));
    }
    repairUpperHalves(j, start, frame);
  }

  /** A 4-byte (or narrower) number on one side and zero bytes on the other. */
  private zeroWithValue(
    j: Int32Array,
    at: number,
    o: Int32Array,
    a: number,
    n: Int32Array,
    b: number,
    widening: boolean,
  ): boolean {
    const [valueA, valueB] = [hasValue(o[a]!), hasValue(n[b]!)];
    if (valueA === valueB || ((o[a]! | n[b]!) & UPPER_HALF) !== 0) return false;
    const info = valueA ? o[a]! : n[b]!;
    const other = valueA ? n[b]! : o[a]!;
    // The upper half of an 8-byte value lies in the cell before.
    if (valueWidth(info) === 8 && (valueA ? n[b - CELL_WORDS]! : o[a - CELL_WORDS]!) !== ZEROS) return false;
    for (let byte = 0; byte < 4; byte++)
      if (byteKind(info, byte) === Byte.VALUE && byteKind(other, byte) !== Byte.ZERO) return false;
    if (valueA) this.value(j, at + 1, o, a + 1, this.zero, 0, widening);
    else this.value(j, at + 1, this.zero, 0, n, b + 1, widening);
    let kinds = 0;
    for (let byte = 0; byte < 4; byte++) {
      const kind =
        byteKind(info, byte) === Byte.VALUE
          ? Byte.VALUE
          : joinKind(byteKind(info, byte), byteKind(other, byte), false, false);
      kinds |= kind << (byte * 4);
    }
    j[at] = kinds | (info & ~0xffff);
    return true;
  }

  private isSum(symbol: number, shared: ReadonlySet<number>): boolean {
    const { symbols } = this;
    if (symbol === 0 || shared.has(symbol) || symbols.definitionOf(symbol) !== Definition.SUM) return false;
    return shared.has(symbols.firstOf(symbol)) && shared.has(symbols.secondOf(symbol));
  }

  /** Differences that hold on both sides. */
  private facts(j: Int32Array, o: Int32Array, n: Int32Array, widening: boolean): void {
    j[FACT_COUNT] = 0;
    // A sum that is stored nowhere can be computed again from operands that both sides share.
    const shared = new Set(this.phis.flatMap((phi) => (phi.symbol === phi.first ? [phi.symbol] : [])));
    for (const symbol of factSymbols(o)) if (this.isSum(symbol, shared)) this.phi(symbol, symbol, 0);
    const phis = this.phis.slice(0, MAX_PHIS);
    // Facts about constants first: others often follow from them and from ranges, and are then not worth keeping.
    for (const withZero of [true, false]) {
      for (const p of phis) {
        for (const q of phis) {
          if (p === q || (p.symbol === 0 || q.symbol === 0) !== withZero) continue;
          const c = commonBound(o, n, p, q, widening);
          if (c === Infinity || bound(j, p.symbol, q.symbol, p.most, q.least) <= c) continue;
          addPackedFact(j, p.symbol, q.symbol, c);
        }
      }
    }
  }
}

/** What holds on both sides about v(p) - v(q), Infinity when neither side has a fact about it, or when it is not stable. */
function commonBound(o: Int32Array, n: Int32Array, p: Phi, q: Phi, widening: boolean): number {
  if (!hasFact(o, p.first, q.first) && (widening || !hasFact(n, p.second, q.second))) return Infinity;
  const c1 = bound(o, p.first, q.first, p.first === 0 ? 0 : Infinity, q.first === 0 ? 0 : -Infinity);
  const c2 =
    bound(n, p.second, q.second, p.second === 0 ? 0 : Infinity, q.second === 0 ? 0 : -Infinity) + p.delta - q.delta;
  return widening && c2 > c1 ? Infinity : Math.max(c1, c2);
}

function hasFact(w: Int32Array, a: number, b: number): boolean {
  for (let at = FACTS; at < FACTS + w[FACT_COUNT]! * FACT_WORDS; at += FACT_WORDS)
    if (w[at] === a && w[at + 1] === b) return true;
  return false;
}

function copyAcross(j: Int32Array, at: number, from: Int32Array, position: number): void {
  for (let k = 0; k < VALUE_WORDS; k++) j[at + k] = from[position + k]!;
}

function factSymbols(w: Int32Array): Set<number> {
  const found = new Set<number>();
  for (let at = FACTS; at < FACTS + w[FACT_COUNT]! * FACT_WORDS; at += FACT_WORDS) {
    found.add(w[at]!);
    found.add(w[at + 1]!);
  }
  return found;
}

/** Whether two states have the same things to release, acquired at the same places. */
export function sameReferences(o: Int32Array, n: Int32Array): boolean {
  if (o[REFERENCE_COUNT] !== n[REFERENCE_COUNT]) return false;
  for (let k = 0; k < o[REFERENCE_COUNT]!; k++) {
    const at = REFERENCES + k * REFERENCE_WORDS;
    if (o[at + 1] !== n[at + 1]) return false;
  }
  return true;
}

/** An empty state that has room for what both have in common. */
function layOut(o: Int32Array, n: Int32Array): Int32Array {
  let size = FRAMES;
  for (let frame = 0; frame <= o[DEPTH]!; frame++)
    size += (frame === 0 ? 0 : SAVED_WORDS) + Math.min(o[USED_CELLS + frame]!, n[USED_CELLS + frame]!) * CELL_WORDS;
  const j = new Int32Array(size);
  for (let k = 0; k < FACTS; k++) j[k] = o[k]!;
  for (let frame = 0; frame <= o[DEPTH]!; frame++)
    j[USED_CELLS + frame] = Math.min(o[USED_CELLS + frame]!, n[USED_CELLS + frame]!);
  return j;
}

function isNullableWith(o: Int32Array, pointer: number, n: Int32Array, zero: number): boolean {
  if (!isScalarZero(n, zero) || o[pointer + ID] === 0) return false;
  switch (o[pointer]) {
    case Tag.MAP_VALUE:
    case Tag.MAP:
    case Tag.SOCKET:
    case Tag.KERNEL:
    case Tag.MEM:
      return hasConstant(o, pointer) && o[pointer + NUMBER] === 0 && o[pointer + NUMBER + 1] === 0;
    default:
      return false;
  }
}

/** Four zero bytes and no value. */
const ZEROS = 0x2222;

/** The upper half of an 8-byte value on one side, and eight zero bytes on the other. */
function isUpperOrZero(o: Int32Array, a: number, n: Int32Array, b: number): boolean {
  if ((o[a]! & UPPER_HALF) !== 0) return n[b] === ZEROS && n[b + CELL_WORDS] === ZEROS;
  return (n[b]! & UPPER_HALF) !== 0 && o[a] === ZEROS && o[a + CELL_WORDS] === ZEROS;
}

const isForeign = (w: Int32Array, holder: number): boolean => hasValue(w[holder]!) && isPointer(w[holder + 1]!);

function joinKinds(first: number, second: number, foreignA: boolean, foreignB: boolean): number {
  let kinds = 0;
  for (let byte = 0; byte < 4; byte++)
    kinds |= joinKind(byteKind(first, byte), byteKind(second, byte), foreignA, foreignB) << (byte * 4);
  return kinds;
}

/** Bytes of pointers are not numbers: joined with anything else they are as good as uninitialised. */
function joinKind(a: number, b: number, foreignA: boolean, foreignB: boolean): number {
  if (a === Byte.UNINIT || b === Byte.UNINIT) return Byte.UNINIT;
  if ((a === Byte.VALUE && foreignA) || (b === Byte.VALUE && foreignB)) return Byte.UNINIT;
  return a === b ? a : Byte.MISC;
}

/** Bytes marked as values without one that covers them become unknown numbers, and upper halves follow their lower half. */
function repairUpperHalves(j: Int32Array, start: number, frame: number): void {
  const used = j[USED_CELLS + frame]!;
  for (let index = 0; index < used; index++) {
    const at = packedCell(start, frame, index);
    const info = j[at]!;
    const isUpper = (info & UPPER_HALF) !== 0;
    const below = index + 1 < used ? j[packedCell(start, frame, index + 1)]! : 0;
    const covered = isUpper ? valueWidth(below) === 8 : hasValue(info);
    if (covered) continue;
    let kinds = info & 0xffff;
    // The lower half was dropped: what is known of these bytes is what became of its own.
    const fallback = isUpper && index + 1 < used ? byteKind(below, 0) : Byte.UNINIT;
    for (let byte = 0; byte < 4; byte++) {
      if (byteKind(info, byte) !== Byte.VALUE) continue;
      const kind = isUpper ? (fallback === Byte.VALUE ? Byte.MISC : fallback) : Byte.MISC;
      kinds = (kinds & ~(15 << (byte * 4))) | (kind << (byte * 4));
    }
    j[at] = kinds;
  }
}
