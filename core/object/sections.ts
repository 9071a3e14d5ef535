import {
  SectionFlag,
  SectionType,
  SpecialSection,
  type ElfFile,
  type ElfRelocation,
  type ElfSection,
  type ElfSymbol,
} from '../elf/elf';
import { readRelocations } from '../elf/read';
import { readBtfExt, type BtfExt } from '../btf/ext';
import { readBtf } from '../btf/read';
import type { Btf } from '../btf/btf';

/** Marks an object that was built with the headers of eBPF for Windows. */
export const WINDOWS_MARKER = '.ebpf_for_windows';

/** What the parts of the reader share about one file. */
export interface Sections {
  readonly elf: ElfFile;
  readonly btf: Btf | undefined;
  readonly ext: BtfExt | undefined;
  /** Relocations by index of the section that they apply to. */
  relocations(section: ElfSection): readonly ElfRelocation[];
  /** Symbols that a section defines, in the file's order. O(symbols) the first time, then O(1). */
  symbols(section: ElfSection): readonly ElfSymbol[];
}

/** Opens BTF and finds relocations. @throws InputError `elf-malformed`, `btf-malformed` */
export function openSections(elf: ElfFile): Sections {
  const btfSection = elf.sections.find((section) => section.name === '.BTF');
  const extSection = elf.sections.find((section) => section.name === '.BTF.ext');
  const btf = btfSection && readBtf(btfSection.data);
  const byTarget = new Map<number, ElfRelocation[]>();
  for (const section of elf.sections) {
    if (section.type !== SectionType.REL && section.type !== SectionType.RELA) continue;
    // Only what applies to code, maps or data matters here; relocations of debug sections are read by their readers.
    const target = elf.sections[section.info];
    if (!target || !(target.flags & SectionFlag.ALLOC || target.name === '.maps')) continue;
    const known = byTarget.get(section.info) ?? [];
    for (const relocation of readRelocations(elf, section)) known.push(relocation);
    byTarget.set(section.info, known);
  }
  let bySection: Map<number, ElfSymbol[]> | undefined;
  return {
    elf,
    btf,
    ext: btf && extSection && readBtfExt(extSection.data, btf),
    relocations: (section) => byTarget.get(section.index) ?? [],
    symbols: (section) => {
      bySection ??= groupBySection(elf);
      return bySection.get(section.index) ?? [];
    },
  };
}

function groupBySection(elf: ElfFile): Map<number, ElfSymbol[]> {
  const groups = new Map<number, ElfSymbol[]>();
  for (const symbol of elf.symbols) {
    const group = groups.get(symbol.section);
    if (group) group.push(symbol);
    else groups.set(symbol.section, [symbol]);
  }
  return groups;
}

export function isExecutable(section: ElfSection): boolean {
  return (
    section.type === SectionType.PROGBITS && (section.flags & SectionFlag.EXECINSTR) !== 0 && section.data.length > 0
  );
}

/** Sections that libbpf turns into one-entry array maps. */
export function isGlobalData(section: ElfSection): boolean {
  return (
    (section.flags & SectionFlag.ALLOC) !== 0 && section.size > 0 && /^\.(data|rodata|bss)(\.|$)/.test(section.name)
  );
}

/** Name of the section with this index for messages. */
export function sectionName(elf: ElfFile, index: number): string {
  if (index === SpecialSection.UNDEFINED) return 'undefined';
  if (index === SpecialSection.ABSOLUTE) return 'absolute';
  if (index === SpecialSection.COMMON) return 'COMMON';
  return elf.sections[index]?.name ?? `section ${index}`;
}
