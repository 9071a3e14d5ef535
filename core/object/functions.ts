import { InputError } from '../input/error';
import { SymbolBinding, SymbolType, type ElfFile, type ElfSection, type ElfSymbol } from '../elf/elf';
import { decode, type Code } from '../isa/code';
import { BYTES_PER_SLOT } from '../isa/opcode';
import { isExecutable, type Sections } from './sections';

/** A function as it stands in its section, before linking. */
export interface SectionFunction {
  readonly name: string;
  readonly section: CodeSection;
  /** First slot inside the section. */
  readonly start: number;
  /** Slots. */
  readonly length: number;
  readonly entry: boolean;
  readonly global: boolean;
  readonly btfId: number;
}

/** An executable section with its decoded code and functions by start slot, ascending. */
export interface CodeSection {
  readonly elf: ElfSection;
  readonly code: Code;
  readonly functions: SectionFunction[];
}

/**
 * The functions of all executable sections. O(symbols log symbols).
 *
 * Entries are the functions outside `.text` that other files can see; a static function there is a subprogram. `.text` holds
 * subprograms, unless it holds the only function of the object (libbpf's rule for objects without SEC()).
 * @throws InputError `code-size`, `function-range`
 */
export function findFunctions(sections: Sections): CodeSection[] {
  const { elf } = sections;
  const found = elf.sections.filter(isExecutable).map((section): CodeSection => ({
    elf: section,
    code: decode(section.data, elf.littleEndian, { section: section.name }),
    functions: [],
  }));
  const symbols = functionSymbols(elf, new Map(found.map((section) => [section.elf.index, section])));
  const only = symbols.length === 1;
  const position = new Map(found.map((section) => [section.elf.index, section]));
  symbols.forEach((symbol, index) => {
    const section = position.get(symbol.section)!;
    const next = symbols[index + 1];
    const limit = next?.section === symbol.section ? next.value : section.elf.data.length;
    const end = symbol.size > 0 ? symbol.value + symbol.size : limit;
    checkRange(symbol, end, section);
    const inText = section.elf.name === '.text';
    section.functions.push({
      name: symbol.name,
      section,
      start: symbol.value / BYTES_PER_SLOT,
      length: (end - symbol.value) / BYTES_PER_SLOT,
      entry: only || (!inText && symbol.binding !== SymbolBinding.LOCAL),
      global: symbol.binding !== SymbolBinding.LOCAL,
      btfId: functionType(sections, section.elf.name, symbol.value),
    });
  });
  return found;
}

/** The function that begins at a slot, if one does. O(log functions). */
export function functionStartingAt(section: CodeSection, slot: number): SectionFunction | undefined {
  let low = 0;
  let high = section.functions.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const start = section.functions[middle]!.start;
    if (start === slot) return section.functions[middle];
    if (start < slot) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** Function symbols in executable sections by section, then value; of several at one place the first that is global. */
function functionSymbols(elf: ElfFile, code: ReadonlyMap<number, CodeSection>): ElfSymbol[] {
  const inCode = elf.symbols.filter((symbol) => code.has(symbol.section));
  let symbols = inCode.filter((symbol) => symbol.type === SymbolType.FUNC);
  // Assemblers and old compilers leave functions untyped: then every global name in code is one.
  if (symbols.length === 0) {
    symbols = inCode.filter(
      (symbol) => symbol.type === SymbolType.NOTYPE && symbol.binding !== SymbolBinding.LOCAL && symbol.name !== '',
    );
  }
  symbols = [...symbols].sort((a, b) => a.section - b.section || a.value - b.value || b.binding - a.binding);
  return symbols.filter(
    (symbol, i) => i === 0 || symbols[i - 1]!.section !== symbol.section || symbols[i - 1]!.value !== symbol.value,
  );
}

function checkRange(symbol: ElfSymbol, end: number, section: CodeSection): void {
  const size = section.elf.data.length;
  if (symbol.value % BYTES_PER_SLOT !== 0 || end % BYTES_PER_SLOT !== 0 || end > size || end <= symbol.value) {
    throw new InputError(
      'function-range',
      `function ${symbol.name} covers bytes ${symbol.value} to ${end} of section ${section.elf.name}, which has ${size}`,
      {
        section: section.elf.name,
        symbol: symbol.name,
        offset: symbol.value,
      },
    );
  }
}

function functionType(sections: Sections, section: string, offset: number): number {
  const infos = sections.ext?.functions.get(section) ?? [];
  let low = 0;
  let high = infos.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const info = infos[middle]!;
    if (info.offset === offset) return info.type;
    if (info.offset < offset) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}
