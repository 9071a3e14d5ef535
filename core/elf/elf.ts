/** An ELF64 file as a reader sees it: sections, symbols and relocation entries. Nothing here knows BPF. */
export interface ElfFile {
  readonly littleEndian: boolean;
  /** e_type, e.g. ET_REL = 1. */
  readonly type: number;
  /** e_machine, e.g. EM_BPF = 247. */
  readonly machine: number;
  /** By section index; entry 0 is the null section. */
  readonly sections: readonly ElfSection[];
  /** By symbol index; entry 0 is the null symbol. Empty when there is no symbol table. */
  readonly symbols: readonly ElfSymbol[];
}

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** sh_type, see {@link SectionType}. */
  readonly type: number;
  /** sh_flags, see {@link SectionFlag}. */
  readonly flags: number;
  /** Contents; empty for SHT_NOBITS. A view into the file, not a copy. */
  readonly data: Uint8Array;
  /** sh_size in bytes, also for SHT_NOBITS. */
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  readonly value: number;
  readonly size: number;
  readonly type: number;
  readonly binding: number;
  /** Index of the section that defines it; 0 = undefined, or one of {@link SpecialSection}. */
  readonly section: number;
}

export interface ElfRelocation {
  /** Byte offset inside the section that it applies to. */
  readonly offset: number;
  readonly type: number;
  /** Index into `ElfFile.symbols`. */
  readonly symbol: number;
  /** Explicit addend (RELA), undefined for REL where it is in the section's bytes. */
  readonly addend: number | undefined;
}

/** sh_type values, System V ABI chapter 4. */
export const SectionType = {
  NULL: 0,
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  NOBITS: 8,
  REL: 9,
  SYMTAB_SHNDX: 18,
} as const;

/** sh_flags bits. */
export const SectionFlag = { WRITE: 1, ALLOC: 2, EXECINSTR: 4, COMPRESSED: 0x800 } as const;

/** st_info types. */
export const SymbolType = { NOTYPE: 0, OBJECT: 1, FUNC: 2, SECTION: 3, FILE: 4 } as const;

/** st_info bindings. */
export const SymbolBinding = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;

/** st_shndx values that name no section. Those above 0xffff cannot collide with extended section numbers. */
export const SpecialSection = { UNDEFINED: 0, ABSOLUTE: 0x1fff1, COMMON: 0x1fff2, OTHER: 0x1ffff } as const;
