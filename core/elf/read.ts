import { ByteView } from '../input/bytes';
import { InputError } from '../input/error';
import { SectionType, SpecialSection, type ElfFile, type ElfRelocation, type ElfSection, type ElfSymbol } from './elf';

const HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const SHN_LORESERVE = 0xff00;
const SHN_ABS = 0xfff1;
const SHN_COMMON = 0xfff2;
const SHN_XINDEX = 0xffff;

/**
 * Reads an ELF64 file of either byte order (System V ABI, chapter 4). O(bytes).
 * @throws InputError `not-elf`, `elf-class`, `elf-truncated` or `elf-malformed`, naming the section where one is known
 */
export function readElf(bytes: Uint8Array): ElfFile {
  const littleEndian = checkIdentification(bytes);
  const file = new ByteView(bytes, littleEndian, 'elf-truncated');
  file.need(0, HEADER_BYTES, 'the ELF header');
  const sections = readSections(file);
  return {
    littleEndian,
    type: file.u16(16, 'e_type'),
    machine: file.u16(18, 'e_machine'),
    sections,
    symbols: readSymbols(sections, littleEndian),
  };
}

/**
 * The entries of a SHT_REL or SHT_RELA section. O(entries).
 * @throws InputError `elf-malformed` when the size is no multiple of the entry size or a symbol index is out of range
 */
export function readRelocations(elf: ElfFile, section: ElfSection): ElfRelocation[] {
  const explicit = section.type === SectionType.RELA;
  const entry = explicit ? 24 : 16;
  if (section.data.length % entry !== 0) {
    throw malformed(
      section.name,
      `${section.data.length} bytes are no whole number of ${entry}-byte relocation entries`,
    );
  }
  const view = new ByteView(section.data, elf.littleEndian, 'elf-malformed', { section: section.name });
  const relocations: ElfRelocation[] = [];
  for (let at = 0; at < section.data.length; at += entry) {
    // r_info holds the symbol in its high and the type in its low half.
    const info = view.u64(at + 8, 'r_info');
    const symbol = Number(info >> 32n);
    if (symbol >= Math.max(1, elf.symbols.length)) {
      throw malformed(section.name, `relocation at byte ${at} names symbol ${symbol} of ${elf.symbols.length}`, at);
    }
    relocations.push({
      offset: view.size(at, 'r_offset'),
      type: Number(info & 0xffffffffn),
      symbol,
      addend: explicit ? Number(BigInt.asIntN(64, view.u64(at + 16, 'r_addend'))) : undefined,
    });
  }
  return relocations;
}

/** Checks e_ident and answers whether the file is little-endian. */
function checkIdentification(bytes: Uint8Array): boolean {
  if (bytes.length === 0) throw new InputError('not-elf', 'the file is empty');
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw new InputError('not-elf', 'not an ELF file: it does not begin with 7f 45 4c 46');
  }
  if (bytes.length < HEADER_BYTES) {
    throw new InputError('elf-truncated', `the ELF header needs ${HEADER_BYTES} bytes, the file has ${bytes.length}`);
  }
  if (bytes[4] !== 2) throw new InputError('elf-class', `not an ELF64 file (class ${bytes[4]})`);
  if (bytes[5] !== 1 && bytes[5] !== 2)
    throw new InputError('elf-malformed', `unknown byte order ${bytes[5]} in e_ident`);
  return bytes[5] === 1;
}

function readSections(file: ByteView): ElfSection[] {
  const table = file.size(40, 'e_shoff');
  if (table === 0) return [];
  const entry = file.u16(58, 'e_shentsize');
  if (entry < SECTION_HEADER_BYTES)
    throw new InputError('elf-malformed', `e_shentsize is ${entry}, less than ${SECTION_HEADER_BYTES}`);
  file.need(table, SECTION_HEADER_BYTES, 'the section header table');
  // Extended numbering: with 65,280 or more sections the real numbers stand in section header 0.
  const shortCount = file.u16(60, 'e_shnum');
  const count = shortCount === 0 ? file.size(table + 32, 'the extended section count') : shortCount;
  file.need(table, count * entry, 'the section header table');
  const shortNames = file.u16(62, 'e_shstrndx');
  const namesIndex = shortNames === SHN_XINDEX ? file.u32(table + 40, 'the extended e_shstrndx') : shortNames;
  const raw = [];
  for (let index = 0; index < count; index++) {
    const at = table + index * entry;
    const type = file.u32(at + 4, 'sh_type');
    const size = file.size(at + 32, 'sh_size');
    const hasBytes = type !== SectionType.NOBITS && type !== SectionType.NULL;
    raw.push({
      index,
      nameOffset: file.u32(at, 'sh_name'),
      type,
      flags: Number(file.u64(at + 8, 'sh_flags') & 0xffffffffn),
      data: hasBytes ? file.slice(file.size(at + 24, 'sh_offset'), size, `section ${index}`) : new Uint8Array(0),
      size,
      link: file.u32(at + 40, 'sh_link'),
      info: file.u32(at + 44, 'sh_info'),
      entrySize: file.size(at + 56, 'sh_entsize'),
    });
  }
  const names = raw[namesIndex];
  if (count > 0 && !names)
    throw new InputError('elf-malformed', `the section name table is section ${namesIndex} of ${count}`);
  const strings = new ByteView(names?.data ?? new Uint8Array(0), true, 'elf-malformed', { section: '.shstrtab' });
  return raw.map(({ nameOffset, ...section }) => ({
    ...section,
    name: section.index === 0 ? '' : strings.string(nameOffset, `the name of section ${section.index}`),
  }));
}

function readSymbols(sections: readonly ElfSection[], littleEndian: boolean): ElfSymbol[] {
  const table = sections.find((section) => section.type === SectionType.SYMTAB);
  if (!table) return [];
  if (table.data.length % SYMBOL_BYTES !== 0) {
    throw malformed(table.name, `${table.data.length} bytes are no whole number of ${SYMBOL_BYTES}-byte symbols`);
  }
  const names = sections[table.link];
  if (!names || names.type !== SectionType.STRTAB)
    throw malformed(table.name, `its string table is section ${table.link}, which is none`);
  const extended = sections.find(
    (section) => section.type === SectionType.SYMTAB_SHNDX && section.link === table.index,
  );
  const view = new ByteView(table.data, littleEndian, 'elf-malformed', { section: table.name });
  const strings = new ByteView(names.data, littleEndian, 'elf-malformed', { section: names.name });
  const symbols: ElfSymbol[] = [];
  for (let at = 0; at < table.data.length; at += SYMBOL_BYTES) {
    const index = at / SYMBOL_BYTES;
    const info = view.u8(at + 4, 'st_info');
    const nameOffset = view.u32(at, 'st_name');
    symbols.push({
      index,
      name: nameOffset === 0 ? '' : strings.string(nameOffset, `the name of symbol ${index}`),
      value: view.size(at + 8, 'st_value'),
      size: view.size(at + 16, 'st_size'),
      type: info & 15,
      binding: info >> 4,
      section: symbolSection(view.u16(at + 6, 'st_shndx'), index, sections.length, extended, littleEndian),
    });
  }
  return symbols;
}

function symbolSection(
  short: number,
  index: number,
  count: number,
  extended: ElfSection | undefined,
  littleEndian: boolean,
): number {
  if (short === SHN_ABS) return SpecialSection.ABSOLUTE;
  if (short === SHN_COMMON) return SpecialSection.COMMON;
  let section = short;
  if (short === SHN_XINDEX) {
    const view = new ByteView(extended?.data ?? new Uint8Array(0), littleEndian, 'elf-malformed', {
      section: extended?.name ?? '.symtab_shndx',
    });
    section = view.u32(index * 4, `the extended section index of symbol ${index}`);
  } else if (short >= SHN_LORESERVE) {
    return SpecialSection.OTHER;
  }
  if (section >= count) throw malformed('.symtab', `symbol ${index} lies in section ${section} of ${count}`);
  return section;
}

function malformed(section: string, what: string, offset?: number): InputError {
  return new InputError(
    'elf-malformed',
    `section ${section}: ${what}`,
    offset === undefined ? { section } : { section, offset },
  );
}
