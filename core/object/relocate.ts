import { BtfKind } from '../btf/kind';
import type { Btf } from '../btf/btf';
import { InputError } from '../input/error';
import { SpecialSection, SymbolBinding, type ElfRelocation, type ElfSymbol } from '../elf/elf';
import { BYTES_PER_SLOT, CALL, LDDW } from '../isa/opcode';
import { functionStartingAt, type CodeSection, type SectionFunction } from './functions';
import type { ObjectMaps } from './maps';
import type { Extern } from './object';
import { sectionName, type Sections } from './sections';

/** What an instruction refers to once its relocation is understood. */
export type Reference =
  | { readonly kind: 'map'; readonly map: number }
  | { readonly kind: 'value'; readonly map: number; readonly offset: number }
  | { readonly kind: 'function'; readonly target: SectionFunction }
  | { readonly kind: 'extern'; readonly extern: number };

/** Collects externs by symbol, so that each gets one index. */
export class Externs {
  readonly list: Extern[] = [];
  private readonly bySymbol = new Map<number, number>();
  private readonly ofVariable: Map<string, { id: number; section: string }>;

  constructor(private readonly btf: Btf | undefined) {
    this.ofVariable = btf ? externTypes(btf) : new Map<string, { id: number; section: string }>();
  }

  index(symbol: ElfSymbol, kind: Extern['kind']): number {
    const known = this.bySymbol.get(symbol.index);
    if (known !== undefined) return known;
    const type = this.ofVariable.get(symbol.name);
    this.bySymbol.set(symbol.index, this.list.length);
    this.list.push({
      name: symbol.name,
      kind,
      weak: symbol.binding === SymbolBinding.WEAK,
      btfId: type?.id ?? this.btf?.find(BtfKind.FUNC, symbol.name) ?? 0,
      section: type?.section,
    });
    return this.list.length - 1;
  }
}

/** Variables and functions of `.ksyms` by name. */
function externTypes(btf: Btf): Map<string, { id: number; section: string }> {
  const types = new Map<string, { id: number; section: string }>();
  const section = '.ksyms';
  const datasec = btf.type(btf.find(BtfKind.DATASEC, section));
  if (datasec.kind !== BtfKind.DATASEC) return types;
  for (const variable of datasec.variables) types.set(btf.type(variable.type).name, { id: variable.type, section });
  return types;
}

/** Understands the relocations of code sections. */
export class Relocator {
  readonly externs: Externs;
  private readonly code: ReadonlyMap<number, CodeSection>;

  constructor(
    private readonly sections: Sections,
    code: readonly CodeSection[],
    private readonly maps: ObjectMaps,
  ) {
    this.externs = new Externs(sections.btf);
    this.code = new Map(code.map((section) => [section.elf.index, section]));
  }

  /**
   * References by slot of a code section. O(relocations).
   * @throws InputError `relocation-place`, `relocation-target`, naming section, symbol and offset
   */
  references(section: CodeSection): Map<number, Reference> {
    const references = new Map<number, Reference>();
    for (const relocation of this.sections.relocations(section.elf)) {
      const slot = relocation.offset / BYTES_PER_SLOT;
      const symbol = this.sections.elf.symbols[relocation.symbol];
      if (!symbol || !Number.isInteger(slot) || slot >= section.code.length) {
        throw refuse('relocation-place', 'lies outside the code or between instructions', section, relocation, symbol);
      }
      const opcode = section.code.opcode[slot]!;
      if (opcode === CALL) references.set(slot, this.call(section, slot, relocation, symbol));
      else if (opcode === LDDW && slot + 1 < section.code.length)
        references.set(slot, this.load(section, slot, relocation, symbol));
      else
        throw refuse(
          'relocation-place',
          `applies to opcode 0x${opcode.toString(16)}, which takes none`,
          section,
          relocation,
          symbol,
        );
    }
    return references;
  }

  /** The symbol and the immediate together name the callee: a section symbol leaves the function's place to the immediate. */
  private call(section: CodeSection, slot: number, relocation: ElfRelocation, symbol: ElfSymbol): Reference {
    if (symbol.section === SpecialSection.UNDEFINED)
      return { kind: 'extern', extern: this.externs.index(symbol, 'function') };
    const addend = relocation.addend ?? (section.code.imm[slot]! + 1) * BYTES_PER_SLOT;
    return this.functionAt(section, relocation, symbol, symbol.value + addend);
  }

  private load(section: CodeSection, slot: number, relocation: ElfRelocation, symbol: ElfSymbol): Reference {
    const addend = relocation.addend ?? section.code.imm[slot]!;
    if (symbol.section === SpecialSection.UNDEFINED) {
      if (symbol.index === 0) throw refuse('relocation-target', 'names no symbol', section, relocation, symbol);
      const kconfig = this.maps.ofKconfig(symbol.name);
      if (kconfig) return { kind: 'value', ...kconfig };
      const type = this.sections.btf?.find(BtfKind.FUNC, symbol.name) ? 'function' : 'variable';
      return { kind: 'extern', extern: this.externs.index(symbol, type) };
    }
    if (symbol.section === SpecialSection.COMMON)
      throw refuse(
        'common-symbol',
        'is a tentative definition, which no section holds yet: compile with -fno-common or initialise it',
        section,
        relocation,
        symbol,
      );
    const offset = symbol.value + addend;
    const declared = this.maps.declaredAt(symbol.section, offset);
    if (declared !== undefined) return { kind: 'map', map: declared };
    const global = this.maps.ofSection(symbol.section);
    if (global !== undefined) return { kind: 'value', map: global, offset };
    if (this.code.has(symbol.section)) return this.functionAt(section, relocation, symbol, offset);
    throw refuse(
      'relocation-target',
      `points into ${sectionName(this.sections.elf, symbol.section)}, which is neither map, global data nor code`,
      section,
      relocation,
      symbol,
    );
  }

  private functionAt(section: CodeSection, relocation: ElfRelocation, symbol: ElfSymbol, offset: number): Reference {
    const target = this.code.get(symbol.section);
    const callee = target && functionStartingAt(target, offset / BYTES_PER_SLOT);
    if (callee) return { kind: 'function', target: callee };
    throw refuse(
      'relocation-target',
      `points at byte ${offset} of ${sectionName(this.sections.elf, symbol.section)}, where no function begins`,
      section,
      relocation,
      symbol,
    );
  }
}

function refuse(
  code: string,
  what: string,
  section: CodeSection,
  relocation: ElfRelocation,
  symbol: ElfSymbol | undefined,
): InputError {
  const name = symbol?.name ? ` (symbol ${symbol.name})` : '';
  return new InputError(
    code,
    `section ${section.elf.name}: the relocation at byte ${relocation.offset}${name} ${what}`,
    {
      section: section.elf.name,
      offset: relocation.offset,
      ...(symbol?.name ? { symbol: symbol.name } : {}),
    },
  );
}
