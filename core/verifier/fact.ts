import { eachValue, FACTS, FACT_COUNT, FACT_WORDS, MAX_FACTS, META_START, PACKET_SIZE } from './state';
import { Definition, type Symbols } from './symbol';
import { SYMBOL } from './value';

/*
 * Facts are differences of symbols: v(a) - v(b) <= c, with v(0) = 0. Symbols never change, so a fact never becomes false; it only
 * becomes useless when nothing in the state mentions its symbols any more.
 */

const LIMIT = 0x7fff_ffff;

/** Adds v(a) - v(b) <= c. Facts beyond 32 bits and about a symbol and itself are not kept. O(facts). */
export function addFact(w: Int32Array, symbols: Symbols, a: number, b: number, c: number): void {
  if (a === b || !(c >= -LIMIT && c <= LIMIT)) return;
  let count = w[FACT_COUNT]!;
  for (let at = FACTS; at < FACTS + count * FACT_WORDS; at += FACT_WORDS) {
    if (w[at] === a && w[at + 1] === b) {
      if (c < w[at + 2]!) w[at + 2] = c;
      return;
    }
  }
  if (count === MAX_FACTS) {
    collectFacts(w, symbols);
    count = w[FACT_COUNT]!;
    if (count === MAX_FACTS) {
      w.copyWithin(FACTS, FACTS + FACT_WORDS, FACTS + count * FACT_WORDS);
      count--;
    }
  }
  const at = FACTS + count * FACT_WORDS;
  w[at] = a;
  w[at + 1] = b;
  w[at + 2] = c;
  w[FACT_COUNT] = count + 1;
}

const nodes = new Int32Array(2 * MAX_FACTS + 4);
const distance = new Float64Array(2 * MAX_FACTS + 4);
/** Facts chained at most. */
const HOPS = 4;

/**
 * The least c for which v(a) - v(b) <= c is known, Infinity if none. `aMax` bounds v(a) from above and `bMin` bounds v(b) from below,
 * as far as the caller knows. O(facts² · hops) at worst, a handful of facts in practice.
 */
export function bound(w: Int32Array, a: number, b: number, aMax: number, bMin: number): number {
  if (a === b) return 0;
  let size = 1;
  nodes[0] = a;
  distance[0] = 0;
  if (a !== 0) {
    nodes[size] = 0;
    distance[size++] = aMax;
  }
  const end = FACTS + w[FACT_COUNT]! * FACT_WORDS;
  for (let hop = 0; hop < HOPS; hop++) {
    let changed = false;
    for (let at = FACTS; at < end; at += FACT_WORDS) {
      const from = find(size, w[at]!);
      if (from < 0) continue;
      const reached = distance[from]! + w[at + 2]!;
      const to = find(size, w[at + 1]!);
      if (to < 0) {
        nodes[size] = w[at + 1]!;
        distance[size++] = reached;
        changed = true;
      } else if (reached < distance[to]!) {
        distance[to] = reached;
        changed = true;
      }
    }
    if (!changed) break;
  }
  const direct = find(size, b);
  const zero = find(size, 0);
  const viaRange = zero < 0 ? Infinity : distance[zero]! - bMin;
  return Math.min(direct < 0 ? Infinity : distance[direct]!, viaRange);
}

function find(size: number, symbol: number): number {
  for (let index = 0; index < size; index++) if (nodes[index] === symbol) return index;
  return -1;
}

/** Marks of the symbols that occur in a state; reused, so that nothing is allocated per collection. */
let marks = new Int32Array(1024);
let epoch = 0;

function isLive(symbols: Symbols, symbol: number, depth: number): boolean {
  if (symbol === 0 || marks[symbol] === epoch) return true;
  if (symbols.definitionOf(symbol) !== Definition.SUM || depth === 0) return false;
  return isLive(symbols, symbols.firstOf(symbol), depth - 1) && isLive(symbols, symbols.secondOf(symbol), depth - 1);
}

/** Drops facts about symbols that the state no longer mentions and that cannot be computed again from those it does. */
export function collectFacts(w: Int32Array, symbols: Symbols): void {
  const count = w[FACT_COUNT]!;
  if (count === 0) return;
  if (marks.length < symbols.count) marks = new Int32Array(symbols.count * 2);
  epoch++;
  marks[w[PACKET_SIZE]!] = epoch;
  marks[w[META_START]!] = epoch;
  eachValue(w, (at) => {
    marks[w[at + SYMBOL]!] = epoch;
  });
  let kept = FACTS;
  for (let at = FACTS; at < FACTS + count * FACT_WORDS; at += FACT_WORDS) {
    if (!isLive(symbols, w[at]!, 3) || !isLive(symbols, w[at + 1]!, 3)) continue;
    w[kept] = w[at]!;
    w[kept + 1] = w[at + 1]!;
    w[kept + 2] = w[at + 2]!;
    kept += FACT_WORDS;
  }
  w[FACT_COUNT] = (kept - FACTS) / FACT_WORDS;
}

/** Adds a fact to a state that is not worked on, if there is room. */
export function addPackedFact(w: Int32Array, a: number, b: number, c: number): void {
  const count = w[FACT_COUNT]!;
  if (a === b || count === MAX_FACTS || !(c >= -LIMIT && c <= LIMIT)) return;
  const at = FACTS + count * FACT_WORDS;
  w[at] = a;
  w[at + 1] = b;
  w[at + 2] = c;
  w[FACT_COUNT] = count + 1;
}
