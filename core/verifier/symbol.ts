/**
 * Symbols are value numbers: each stands for one integer that does not change. A fresh one is made for every value that nothing is
 * known about; one that is computed from others is found again when the same computation is made again.
 *
 * A symbol's definition holds in every state in which the symbol occurs, so it may be used there without further proof.
 */

/** How a symbol is computed. SUM and DIFFERENCE are exact integer operations; the others, and ALU opcode bytes, work on 64-bit words. */
export const Definition = { NONE: 0, SUM: 1, DIFFERENCE: 2, SHIFT_32: 3, ZERO_EXTEND: 5 } as const;

/** Definitions reach this deep, so that checking them is cheap; what would be deeper is a fresh symbol. */
export const MAX_HEIGHT = 3;

/** Beyond this many symbols the analysis stops. */
const MAX_SYMBOLS = 1 << 22;

export class Symbols {
  private size = 1;
  /** Per symbol: operation, operands, height. */
  private definitions = new Int32Array(4 * 1024);
  private readonly known = new Map<number, number>();

  get count(): number {
    return this.size;
  }

  get isExhausted(): boolean {
    return this.size >= MAX_SYMBOLS;
  }

  fresh(): number {
    return this.make(Definition.NONE, 0, 0, 0);
  }

  /** v(a) + v(b). */
  sum(a: number, b: number): number {
    return a < b ? this.intern(Definition.SUM, a, b) : this.intern(Definition.SUM, b, a);
  }

  /** v(a) - v(b). */
  difference(a: number, b: number): number {
    return this.intern(Definition.DIFFERENCE, a, b);
  }

  /** The symbol of a sum if it was ever computed, else 0. */
  knownSum(a: number, b: number): number {
    return this.known.get(key(Definition.SUM, Math.min(a, b), Math.max(a, b))) ?? 0;
  }

  /** A function of one symbol and a small constant: `operation` is an ALU opcode byte or a {@link Definition}. */
  unary(operation: number, a: number, constant: number): number {
    if (constant < -0x4000 || constant >= 0x4000) return this.fresh();
    return this.intern(operation, a, constant);
  }

  definitionOf(symbol: number): number {
    return this.definitions[symbol * 4]!;
  }

  firstOf(symbol: number): number {
    return this.definitions[symbol * 4 + 1]!;
  }

  secondOf(symbol: number): number {
    return this.definitions[symbol * 4 + 2]!;
  }

  private intern(definition: number, a: number, b: number): number {
    const id = key(definition, a, b);
    let symbol = this.known.get(id);
    if (symbol === undefined) {
      const binary = definition === Definition.SUM || definition === Definition.DIFFERENCE;
      const height = 1 + Math.max(this.heightOf(a), binary ? this.heightOf(b) : 0);
      symbol = height > MAX_HEIGHT ? this.fresh() : this.make(definition, a, b, height);
      this.known.set(id, symbol);
    }
    return symbol;
  }

  private heightOf(symbol: number): number {
    return this.definitions[symbol * 4 + 3]!;
  }

  private make(definition: number, a: number, b: number, height: number): number {
    const symbol = this.size++;
    if (symbol * 4 + 4 > this.definitions.length) {
      const larger = new Int32Array(this.definitions.length * 2);
      larger.set(this.definitions);
      this.definitions = larger;
    }
    this.definitions[symbol * 4] = definition;
    this.definitions[symbol * 4 + 1] = a;
    this.definitions[symbol * 4 + 2] = b;
    this.definitions[symbol * 4 + 3] = height;
    return symbol;
  }
}

/** Injective for operation < 2^8, a < 2^22, -2^22 <= b < 2^22: below 2^53. */
function key(operation: number, a: number, b: number): number {
  return (operation * 0x40_0000 + a) * 0x80_0000 + (b + 0x40_0000);
}
