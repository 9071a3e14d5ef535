import { plainIdentifier } from './c_text';

/** Longer names (an ELF string may have megabytes) are cut; uniqueness comes from the number that is added. */
const LONGEST_NAME = 120;

/** Words of C and C++ that are neither capitals nor begin with an underscore, and macros that compilers or system headers predefine. */
const WORDS = new Set(
  `alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const consteval constexpr constinit
  const_cast continue co_await co_return co_yield decltype default defined delete do double dynamic_cast else enum explicit export extern
  false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected
  public register reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast struct switch template
  this thread_local throw true try typedef typeid typename typeof typeof_unqual union unsigned using virtual void volatile while xor xor_eq
  import module linux unix i386 sun vax near far errno offsetof main get_metadata_table
  context runtime_context stack`.split(/\s+/),
);

/** Whether an identifier can stand in generated C as it is: no keyword, macro, type or variable of ours or of the standard headers. */
export function identifierIsFree(identifier: string): boolean {
  if (!/^[A-Za-z]\w*$/.test(identifier) || WORDS.has(identifier)) return false;
  // Macros; types; registers; jump labels have a name space of their own but read badly.
  return !/^[A-Z0-9_]+$|_t$|^r\d+$|^label_\d+$|^DllMain$|^DriverEntry$/.test(identifier);
}

/** Gives out C identifiers, each once. */
export class Names {
  private readonly taken = new Set<string>();
  private readonly next = new Map<string, number>();

  /** An identifier that tells what `name` was and that nothing else has. O(length) amortised. */
  take(name: string): string {
    let identifier = plainIdentifier(name.slice(0, LONGEST_NAME)).slice(0, LONGEST_NAME);
    if (!identifierIsFree(identifier)) identifier = `bpf_${identifier}`;
    // `bpf_` cannot help a name that ends in `_t`, or one that is too like a type.
    if (!identifierIsFree(identifier)) identifier += '_';
    if (!this.taken.has(identifier)) {
      this.taken.add(identifier);
      return identifier;
    }
    for (let number = this.next.get(identifier) ?? 2; ; number++) {
      const numbered = `${identifier}_${number}`;
      if (this.taken.has(numbered)) continue;
      this.taken.add(numbered);
      this.next.set(identifier, number + 1);
      return numbered;
    }
  }
}

/**
 * PE section names hold 8 characters: longer ELF names become a prefix and `~N`, N counting every long name met (native.md 6).
 * Only letters that cannot upset an assembler are kept.
 */
export class PeSectionNames {
  private long = 0;

  take(section: string): string {
    const plain = section.replace(/[^A-Za-z0-9_./]|^\//g, '_');
    // Sections that hold data cannot hold code as well, and a name must not be empty.
    const taken = /^$|^maps$|^programs$|^hash$|^\.(?!text$)/.test(plain);
    if (plain.length <= 8 && !taken) return plain;
    const suffix = `~${++this.long}`;
    return plain.slice(0, 8 - suffix.length) + suffix;
  }
}
