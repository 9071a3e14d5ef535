import type { Btf, BtfType } from './btf';
import { BtfKind } from './kind';

/** Words that no C identifier may be. C23's are left out: kernels define `bool`, `true` and `false` themselves. */
const KEYWORDS = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int long register restrict ' +
    'return short signed sizeof static struct switch typedef union unsigned void volatile while asm typeof _Bool _Alignas _Alignof ' +
    '_Atomic _Complex _Generic _Noreturn _Static_assert _Thread_local __int128 __builtin_va_list'
  ).split(' '),
);

/**
 * Names that types and enumerators have in C: unique within their name space (tags; typedefs and enumerators), and identifiers even
 * where another language wrote the BTF. The second `x` is `x___2`, as bpftool has it, which CO-RE takes for the same type.
 */
export class CNames {
  private readonly tags = new Map<string, { readonly id: number; readonly keyword: string }>();
  private readonly ordinary = new Set<string>();
  private readonly counts = new Map<string, number>();
  private readonly ofType = new Map<number, string>();
  private readonly ofEnumerator = new Map<string, string>();

  constructor(private readonly btf: Btf) {}

  /** The name of a named structure, union, enumeration, forward declaration, typedef or integer. */
  type(id: number): string {
    const known = this.ofType.get(id);
    if (known !== undefined) return known;
    const type = this.btf.type(id);
    const name = tagWord(type) === undefined ? this.takeOrdinary(type.name) : this.takeTag(id, type);
    this.ofType.set(id, name);
    return name;
  }

  /** The name of an enumerator. Names are given once, however often the enumeration is printed. */
  enumerator(id: number, index: number, name: string): string {
    const key = `${id}:${index}`;
    let taken = this.ofEnumerator.get(key);
    if (taken === undefined) this.ofEnumerator.set(key, (taken = this.takeOrdinary(name)));
    return taken;
  }

  private takeTag(id: number, type: BtfType): string {
    const name = identifier(type.name);
    const keyword = tagWord(type)!;
    const owner = this.tags.get(name);
    // A forward declaration is that of the type with its name.
    if (owner?.keyword === keyword && type.kind === BtfKind.FWD) return name;
    if (owner?.keyword === keyword && this.btf.kind(owner.id) === BtfKind.FWD) {
      this.tags.set(name, { id, keyword });
      return name;
    }
    const unique = this.unique(name, 'tag ', (candidate) => this.tags.has(candidate));
    this.tags.set(unique, { id, keyword });
    return unique;
  }

  private takeOrdinary(text: string): string {
    const name = this.unique(identifier(text), '', (candidate) => this.ordinary.has(candidate));
    this.ordinary.add(name);
    return name;
  }

  private unique(name: string, space: string, taken: (candidate: string) => boolean): string {
    let candidate = name;
    while (taken(candidate)) {
      const count = (this.counts.get(space + name) ?? 1) + 1;
      this.counts.set(space + name, count);
      candidate = `${name}___${count}`;
    }
    return candidate;
  }
}

/** `struct`, `union` or `enum`; undefined for types without a tag. */
export function tagWord(type: BtfType): 'struct' | 'union' | 'enum' | undefined {
  switch (type.kind) {
    case BtfKind.STRUCT:
      return 'struct';
    case BtfKind.UNION:
      return 'union';
    case BtfKind.ENUM:
    case BtfKind.ENUM64:
      return 'enum';
    case BtfKind.FWD:
      return type.union ? 'union' : 'struct';
    default:
      return undefined;
  }
}

/** A C identifier that looks like the text: Rust's `Option<u32>` becomes `Option_u32_`. */
export function identifier(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
  return KEYWORDS.has(name) ? `${name}_` : name;
}
