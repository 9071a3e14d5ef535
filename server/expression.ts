/**
 * The extent of the C expression that a compiler's column points at. Line info has only a start (and for operators and member
 * accesses not even that: clang gives the operator, or the member's name), so the rest is read from the line's tokens.
 */

/** Half-open, UTF-16 units from 0 in the line. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

interface Token extends Extent {
  readonly text: string;
  readonly kind: 'name' | 'value' | 'mark';
}

const tokenPattern =
  /(\/\/.*|\/\*.*?(?:\*\/|$)|\s+)|([A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*)|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\.?\d(?:[eEpP][+-]|[\w.])*)|(->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\s])/gy;

/** A longer line is generated; its tokens are not worth reading. */
const longestLine = 8192;

/**
 * @param line text of the line
 * @param at where the compiler points, UTF-16 units from 0; negative for unknown
 * @returns the expression, or the line without indentation and trailing comment when `at` points nowhere
 */
export function expressionAt(line: string, at: number): Extent {
  if (line.length > longestLine)
    return at >= 0 && at < line.length ? { start: at, end: at + 1 } : { start: 0, end: line.length };
  const tokens = tokenize(line);
  if (tokens.length === 0) return { start: 0, end: line.length };
  const index = at < 0 ? -1 : tokens.findIndex((token) => token.end > at);
  if (index < 0) return { start: tokens[0]!.start, end: tokens.at(-1)!.end };
  const [first, last] = new Expression(tokens).around(index);
  return { start: tokens[first]!.start, end: tokens[last]!.end };
}

function tokenize(line: string): Token[] {
  const tokens: Token[] = [];
  for (const match of line.matchAll(tokenPattern)) {
    if (match[1] !== undefined) continue;
    const kind = match[2] !== undefined ? 'name' : match[3] !== undefined ? 'value' : 'mark';
    tokens.push({ text: match[0], kind, start: match.index, end: match.index + match[0].length });
  }
  return tokens;
}

const openers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const closers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
const headed = new Set(['if', 'while', 'for', 'switch']);
const prefixes = new Set(['*', '&', '!', '~', '-', '+', '++', '--']);
/** Binary operators by how tightly they bind (C11 6.5.5 to 6.5.14). */
const binding = new Map(
  [
    ['||'],
    ['&&'],
    ['|'],
    ['^'],
    ['&'],
    ['==', '!='],
    ['<', '>', '<=', '>='],
    ['<<', '>>'],
    ['+', '-'],
    ['*', '/', '%'],
  ].flatMap((operators, strength) => operators.map((operator) => [operator, strength] as const)),
);
const assignment = /^(?:=|[-+*/%&|^]=|<<=|>>=)$/;

/** Ranges over one line's tokens; all indices are token indices, ends inclusive. */
class Expression {
  constructor(private readonly tokens: readonly Token[]) {}

  around(index: number): readonly [number, number] {
    const token = this.tokens[index]!;
    if (token.kind === 'name' && headed.has(token.text)) {
      return [index, this.is(index + 1, '(') ? this.closing(index + 1) : index];
    }
    if (token.kind === 'name' && token.text === 'return') return [index, this.statementEnd(index)];
    if (token.kind !== 'mark') return [this.chainStart(index), this.callsAndIndices(index)];
    if (token.text === '->' || token.text === '.') return [this.chainStart(index + 1), this.clamp(index + 1)];
    if (token.text === '[') return [this.operandStart(index - 1), this.closing(index)];
    if (token.text === '(') return [index, this.isCast(index) ? this.operandEnd(index) : this.closing(index)];
    if (assignment.test(token.text)) return [this.operandStart(index - 1), this.statementEnd(index)];
    if (prefixes.has(token.text) && !this.endsOperand(index - 1)) return [index, this.operandEnd(index)];
    if (token.text === '++' || token.text === '--') return [this.operandStart(index - 1), index];
    const strength = binding.get(token.text);
    if (strength !== undefined) return [this.leftSide(index, strength), this.rightSide(index, strength)];
    return [index, index];
  }

  private is(index: number, text: string): boolean {
    return this.tokens[index]?.text === text;
  }

  private clamp(index: number): number {
    return Math.max(0, Math.min(index, this.tokens.length - 1));
  }

  /** Whether an operand ends at the token, so that an operator after it is binary. */
  private endsOperand(index: number): boolean {
    const token = this.tokens[index];
    if (!token) return false;
    if (token.kind === 'mark') return token.text === ')' ? !this.isCast(this.opening(index)) : token.text === ']';
    return token.text !== 'return' && token.text !== 'case';
  }

  /** The closer that belongs to an opener; the line's last token when it is on another line. */
  private closing(index: number): number {
    let depth = 0;
    for (let i = index; i < this.tokens.length; i++) {
      const { text } = this.tokens[i]!;
      if (text in openers) depth++;
      else if (text in closers && --depth === 0) return i;
    }
    return this.tokens.length - 1;
  }

  private opening(index: number): number {
    let depth = 0;
    for (let i = index; i >= 0; i--) {
      const { text } = this.tokens[i]!;
      if (text in closers) depth++;
      else if (text in openers && --depth === 0) return i;
    }
    return 0;
  }

  /** `(type)` before an operand. A name, or names with stars, that are followed by something that starts an operand. */
  private isCast(index: number): boolean {
    if (!this.is(index, '(')) return false;
    const before = this.tokens[index - 1];
    if (before?.kind === 'name' && before.text !== 'return') return false;
    const end = this.closing(index);
    const inside = this.tokens.slice(index + 1, end);
    if (inside.length === 0 || !inside.every((token) => token.kind === 'name' || token.text === '*')) return false;
    const next = this.tokens[end + 1];
    if (!next) return false;
    const typed =
      inside.length > 1 ||
      /^(?:__)?[us](?:8|16|32|64)$|_t$|^(?:int|long|short|char|unsigned|signed|void|bool)$/.test(inside[0]!.text);
    return next.kind !== 'mark' || next.text === '(' || (typed && prefixes.has(next.text));
  }

  /** First token of the member chain that a name ends: `a` of `a[i].b->c`. */
  private chainStart(index: number): number {
    let start = this.clamp(index);
    while (this.is(start - 1, '->') || this.is(start - 1, '.')) start = this.operandStart(start - 2);
    return start;
  }

  /** First token of the postfix expression that ends at the token. */
  private operandStart(index: number): number {
    let at = this.clamp(index);
    while (closers[this.tokens[at]!.text] !== undefined) {
      const open = this.opening(at);
      const before = this.tokens[open - 1];
      if (open === at || !before || (before.kind === 'mark' && closers[before.text] === undefined)) return open;
      if (before.kind === 'name' && (headed.has(before.text) || before.text === 'return')) return open;
      at = open - 1;
    }
    return this.chainStart(at);
  }

  /** Last token of a prefixed, cast and postfixed operand that starts at the token. */
  private operandEnd(index: number): number {
    let at = this.clamp(index);
    for (;;) {
      if (this.isCast(at)) at = this.closing(at) + 1;
      else if (prefixes.has(this.tokens[at]?.text ?? '')) at++;
      else break;
    }
    if (at >= this.tokens.length) return this.tokens.length - 1;
    let end = this.is(at, '(') ? this.closing(at) : at;
    end = this.callsAndIndices(end);
    while ((this.is(end + 1, '->') || this.is(end + 1, '.')) && end + 2 < this.tokens.length)
      end = this.callsAndIndices(end + 2);
    if (this.is(end + 1, '++') || this.is(end + 1, '--')) end++;
    return end;
  }

  /** First token of what a binary operator takes from its left: operands that are joined at least as tightly. */
  private leftSide(operator: number, strength: number): number {
    let start = this.prefixedStart(operator - 1);
    while ((this.strengthAt(start - 1) ?? -1) >= strength) start = this.prefixedStart(start - 2);
    return start;
  }

  private rightSide(operator: number, strength: number): number {
    let end = this.operandEnd(operator + 1);
    while ((this.strengthAt(end + 1) ?? -1) > strength && end + 2 < this.tokens.length) end = this.operandEnd(end + 2);
    return end;
  }

  /** How tightly the token joins the operands around it; undefined when it is no binary operator there. */
  private strengthAt(index: number): number | undefined {
    const token = this.tokens[index];
    return token?.kind === 'mark' && this.endsOperand(index - 1) ? binding.get(token.text) : undefined;
  }

  /** First token of an operand with its casts and prefix operators, the operand ending at the token. */
  private prefixedStart(index: number): number {
    let start = this.operandStart(index);
    for (;;) {
      const before = this.tokens[start - 1];
      if (before?.kind !== 'mark') return start;
      if (before.text === ')') {
        const open = this.opening(start - 1);
        if (!this.isCast(open)) return start;
        start = open;
      } else if (prefixes.has(before.text) && !this.endsOperand(start - 2)) start--;
      else return start;
    }
  }

  private callsAndIndices(index: number): number {
    let end = index;
    while (this.is(end + 1, '(') || this.is(end + 1, '[')) end = this.closing(end + 1);
    return end;
  }

  /** The token before the `;` that ends the statement, or before the brace or bracket that encloses it. */
  private statementEnd(index: number): number {
    let depth = 0;
    for (let i = index; i < this.tokens.length; i++) {
      const { text } = this.tokens[i]!;
      if (text in openers) depth++;
      else if (text in closers && --depth < 0) return Math.max(index, i - 1);
      else if (text === ';' || (depth === 0 && text === ',' && i > index)) return Math.max(index, i - 1);
    }
    return this.tokens.length - 1;
  }
}
