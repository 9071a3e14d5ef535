import { isSmall } from './arithmetic';
import { addFact } from './fact';
import { isConstant, smax, smin } from './scalar';
import type { Symbols } from './symbol';
import { CONSTANT, NUMBER, SYMBOL, constantOf, hasConstant } from './value';

/** No term: nothing is known but the ranges. */
export const NO_SYMBOL = -1;

/** Largest constant of a term. */
const LIMIT = 0x3fff_ffff;

/** The symbol of a value's term: 0 for constants, {@link NO_SYMBOL} when it has none. */
export function termSymbol(w: Int32Array, at: number): number {
  if (hasConstant(w, at)) return isSmall(w, at + NUMBER) ? 0 : NO_SYMBOL;
  const symbol = w[at + SYMBOL]!;
  return symbol === 0 ? NO_SYMBOL : symbol;
}

/** The constant of a value's term. */
export function termConstant(w: Int32Array, at: number): number {
  return hasConstant(w, at) ? constantOf(w, at) : w[at + CONSTANT]!;
}

/** Upper bound of v(symbol) that the value's own range gives. */
export const termMax = (w: Int32Array, at: number): number => smax(w, at + NUMBER) - termConstant(w, at);
export const termMin = (w: Int32Array, at: number): number => smin(w, at + NUMBER) - termConstant(w, at);

/** The term of a sum or difference, computed before the operands change. */
export interface Sum {
  symbol: number;
  constant: number;
}

const result: Sum = { symbol: NO_SYMBOL, constant: 0 };

/**
 * The term of a + b or a - b when neither can wrap; otherwise one without a symbol. `exact` says that the operation itself does not
 * wrap, apart from the operands' size. The result is reused by the next call.
 */
export function sumTerm(w: Int32Array, symbols: Symbols, a: number, b: number, minus: boolean, exact: boolean): Sum {
  result.symbol = NO_SYMBOL;
  result.constant = 0;
  if (!exact || !isSmall(w, a + NUMBER) || !isSmall(w, b + NUMBER)) return result;
  // A number that was narrowed to a constant still is what its symbol says; loops are counted by symbols.
  const linked = w[a + SYMBOL]! !== 0;
  const first = linked ? w[a + SYMBOL]! : termSymbol(w, a);
  const second = termSymbol(w, b);
  if (first === NO_SYMBOL || second === NO_SYMBOL) return result;
  const base = linked ? w[a + CONSTANT]! : termConstant(w, a);
  const constant = minus ? base - termConstant(w, b) : base + termConstant(w, b);
  if (constant < -LIMIT || constant > LIMIT) return result;
  result.constant = constant;
  if (second === 0) result.symbol = first;
  else if (minus) result.symbol = first === second ? 0 : symbols.difference(first, second);
  else result.symbol = first === 0 ? second : symbols.sum(first, second);
  return result;
}

/** What a sum's operands say about it: v(sum) - v(first) lies in the second's range. Only worth a fact for packet offsets. */
export function addSumFacts(
  w: Int32Array,
  symbols: Symbols,
  sum: number,
  first: number,
  secondMin: number,
  secondMax: number,
): void {
  addFact(w, symbols, first, sum, -secondMin);
  addFact(w, symbols, sum, first, secondMax);
}

/** Writes a term, or a fresh symbol when there is none; constants need none. */
export function setTerm(w: Int32Array, symbols: Symbols, at: number, term: Sum): void {
  if (term.symbol > 0) {
    w[at + SYMBOL] = term.symbol;
    w[at + CONSTANT] = term.constant;
  } else if (isConstant(w, at + NUMBER)) {
    w[at + SYMBOL] = w[at + CONSTANT] = 0;
  } else {
    w[at + SYMBOL] = symbols.fresh();
    w[at + CONSTANT] = 0;
  }
}
