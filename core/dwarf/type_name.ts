import type { Dimension, DwarfType } from './type';

/** How deep and how long a name may grow: hostile types are nested without end or point to themselves. */
const DEEPEST = 32;
const MOST_STEPS = 256;

export interface TypeNameOptions {
  /** Write `struct`, `union`, `enum` and `class` before names, as C wants it. */
  readonly tags: boolean;
  /** Write the namespaces and types around a type before its name, `a::b::c`, as C++ and Rust do. */
  readonly scopes: boolean;
  /** What an anonymous type of this kind is called, e.g. `struct {…}`. */
  readonly anonymous: (kind: string) => string;
}

/** Names as C has them. */
export const C_NAMES: TypeNameOptions = { tags: true, scopes: false, anonymous: (kind) => `${kind} {…}` };

/** Names as C++ and Rust have them. */
export const SCOPED_NAMES: TypeNameOptions = { tags: false, scopes: true, anonymous: (kind) => `(anonymous ${kind})` };

/** Writes types as C declares them: a part before the name that is declared and a part after it. */
class Writer {
  private text = '';
  /** The text ends with a word, which needs a space before the next. */
  private word = false;
  private steps = 0;

  constructor(
    private readonly type: (id: number) => DwarfType,
    private readonly options: TypeNameOptions,
  ) {}

  name(id: number): string {
    this.before(id, 0);
    this.after(id, 0);
    return this.text;
  }

  private before(id: number, depth: number): void {
    if (!this.step(depth)) return;
    const type = this.type(id);
    switch (type.kind) {
      case 'pointer':
      case 'reference':
      case 'rvalue-reference':
      case 'member-pointer':
        this.before(type.target, depth + 1);
        if (this.word) this.text += ' ';
        if (this.needsParentheses(type.target)) this.text += '(';
        this.text += type.kind === 'reference' ? '&' : type.kind === 'rvalue-reference' ? '&&' : '*';
        this.word = false;
        break;
      case 'function':
        this.before(type.result, depth + 1);
        if (this.word) this.text += ' ';
        this.word = false;
        break;
      case 'array':
        this.before(type.element, depth + 1);
        break;
      case 'const':
      case 'volatile':
        this.qualifiedBefore(id, depth);
        break;
      case 'restrict':
      case 'atomic':
        this.before(type.target, depth + 1);
        if (this.word) this.text += ' ';
        this.put(type.kind === 'restrict' ? 'restrict' : '_Atomic');
        break;
      case 'struct':
      case 'union':
      case 'class':
      case 'enum': {
        const tag = this.options.tags ? `${type.kind} ` : '';
        const around = this.options.scopes ? type.enclosing : [];
        const scopes = around.map(({ kind, name }) => `${name || this.options.anonymous(kind)}::`).join('');
        this.put(type.name === '' ? scopes + this.options.anonymous(type.kind) : tag + scopes + type.name);
        break;
      }
      case 'void':
      case 'base':
      case 'typedef':
      case 'unspecified':
        this.put(type.name);
        break;
    }
  }

  private after(id: number, depth: number): void {
    if (!this.step(depth)) return;
    const type = this.type(id);
    switch (type.kind) {
      case 'pointer':
      case 'reference':
      case 'rvalue-reference':
      case 'member-pointer':
        if (this.needsParentheses(type.target)) this.text += ')';
        this.after(type.target, depth + 1);
        break;
      case 'function': {
        this.text += '(';
        type.parameters.forEach((parameter, index) => {
          if (index > 0) this.text += ', ';
          this.word = false;
          if (this.steps >= MOST_STEPS) return;
          this.before(parameter, depth + 1);
          this.after(parameter, depth + 1);
        });
        if (type.variadic) this.text += type.parameters.length > 0 ? ', ...' : '...';
        this.text += ')';
        this.word = false;
        this.after(type.result, depth + 1);
        break;
      }
      case 'array':
        this.text += type.dimensions.map(dimensionText).join('');
        this.word = false;
        this.after(type.element, depth + 1);
        break;
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'atomic':
        this.after(type.target, depth + 1);
        break;
      case 'struct':
      case 'union':
      case 'class':
      case 'enum':
      case 'void':
      case 'base':
      case 'typedef':
      case 'unspecified':
        break;
    }
  }

  /** `const` stands before what it qualifies, but behind the star of a pointer. */
  private qualifiedBefore(id: number, depth: number): void {
    let isConst = false;
    let isVolatile = false;
    let target = id;
    for (let hops = 0; hops < DEEPEST; hops++) {
      const type = this.type(target);
      if (type.kind === 'const') isConst = true;
      else if (type.kind === 'volatile') isVolatile = true;
      else break;
      target = type.target;
    }
    const words = [...(isConst ? ['const'] : []), ...(isVolatile ? ['volatile'] : [])].join(' ');
    let element = this.type(target);
    for (let hops = 0; element.kind === 'array' && hops < DEEPEST; hops++) element = this.type(element.element);
    const isFunction = element.kind === 'function';
    const behind = element.kind === 'pointer' || element.kind === 'member-pointer';
    if (!behind && !isFunction) this.text += `${words} `;
    this.before(target, depth + 1);
    if (behind) this.put(words);
  }

  private needsParentheses(id: number): boolean {
    let type = this.type(id);
    for (let hops = 0; hops < DEEPEST && (type.kind === 'const' || type.kind === 'volatile'); hops++) {
      type = this.type(type.target);
    }
    return type.kind === 'function' || type.kind === 'array';
  }

  private put(word: string): void {
    this.text += word;
    this.word = true;
  }

  private step(depth: number): boolean {
    this.steps++;
    if (depth <= DEEPEST && this.steps <= MOST_STEPS) return true;
    if (!this.text.endsWith('…')) this.text += '…';
    return false;
  }
}

function dimensionText({ lower, count }: Dimension): string {
  if (count === undefined) return '[]';
  return lower === 0n ? `[${count}]` : `[[${lower}, ${lower + BigInt(count)})]`;
}

/**
 * A type as C would write it, e.g. `const struct sock *` or `int (*)(void *, ...)`. Very deep or long names end in `…`. O(length).
 * @param type looks a type up by its id, {@link Dwarf.type}
 * @throws InputError `dwarf-malformed`
 */
export function typeName(type: (id: number) => DwarfType, id: number, options: TypeNameOptions = C_NAMES): string {
  return new Writer(type, options).name(id);
}
