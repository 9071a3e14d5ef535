import { BtfKind } from '../btf/kind';
import { sizeOf } from '../btf/layout';
import { ByteView } from '../input/bytes';
import { InputError } from '../input/error';
import { SectionType, SymbolType, type ElfSection, type ElfSymbol } from '../elf/elf';
import { addBtfMap } from './btf_map';
import type { MapDefinition } from './object';
import { isGlobalData, type Sections } from './sections';

/** BPF_MAP_TYPE_ARRAY, the same number on both platforms. */
const ARRAY = 2;
/** BPF_F_RDONLY_PROG, include/uapi/linux/bpf.h. */
const RDONLY_PROG = 0x80;

/** The maps of an object, and which of them lies where. */
export interface ObjectMaps {
  readonly maps: readonly MapDefinition[];
  /** Index of the map declared at a byte offset of `.maps` or `maps`, or undefined. O(1). */
  declaredAt(section: number, offset: number): number | undefined;
  /** Index of the map that stands for a global data section, or undefined. O(1). */
  ofSection(section: number): number | undefined;
  /** Where a variable of `.kconfig` lies: map and byte offset in its value, or undefined. O(1). */
  ofKconfig(name: string): { readonly map: number; readonly offset: number } | undefined;
}

/**
 * Finds `.maps` (BTF), then `maps` (legacy), then global data sections, then `.kconfig`. O(symbols log symbols + variables).
 * @throws InputError `map-malformed`, `btf-malformed`, `no-btf`
 */
export function findMaps(sections: Sections): ObjectMaps {
  const maps: MapDefinition[] = [];
  const places = new Map<string, number>();
  const globals = new Map<number, number>();
  for (const section of sections.elf.sections) {
    if (section.name === '.maps') addDeclared(sections, section, maps, places);
  }
  for (const section of sections.elf.sections) {
    if (isLegacyMaps(section.name)) addLegacy(sections, section, maps, places);
  }
  for (const section of sections.elf.sections) {
    if (!isGlobalData(section)) continue;
    globals.set(section.index, maps.length);
    maps.push(globalMap(sections, section));
  }
  const kconfig = addKconfig(sections, maps);
  return {
    maps,
    ofKconfig: (name) => kconfig.get(name),
    declaredAt: (section, offset) => places.get(`${section}:${offset}`),
    ofSection: (section) => globals.get(section),
  };
}

/** `maps`, `maps/NAME`, and `PROGRAM_TYPE/maps` as v4l-utils writes its infrared decoders. */
function isLegacyMaps(name: string): boolean {
  return name === 'maps' || name.startsWith('maps/') || name.endsWith('/maps');
}

/** Data symbols of a section by offset, one for each offset. */
function symbolsIn(sections: Sections, section: ElfSection): ElfSymbol[] {
  const symbols = sections.elf.symbols
    .filter(
      (symbol) =>
        symbol.section === section.index && (symbol.type === SymbolType.OBJECT || symbol.type === SymbolType.NOTYPE),
    )
    .sort((a, b) => a.value - b.value);
  return symbols.filter((symbol, i) => i === 0 || symbols[i - 1]!.value !== symbol.value);
}

function addDeclared(
  sections: Sections,
  section: ElfSection,
  maps: MapDefinition[],
  places: Map<string, number>,
): void {
  const { btf } = sections;
  if (!btf) {
    throw new InputError(
      'no-btf',
      'maps are declared in section .maps, but there is no BTF to say what they are: compile with -g',
      { section: '.maps' },
    );
  }
  const datasec = btf.type(btf.find(BtfKind.DATASEC, '.maps'));
  // Offsets in DATASEC are 0 until a linker fixes them, so the symbol table says where each variable lies.
  const types = new Map<string, number>();
  if (datasec.kind === BtfKind.DATASEC) {
    for (const variable of datasec.variables) {
      const type = btf.type(variable.type);
      if (type.kind === BtfKind.VAR) types.set(type.name, type.type);
    }
  }
  for (const symbol of symbolsIn(sections, section)) {
    const type = types.get(symbol.name);
    if (type === undefined) {
      throw new InputError('map-malformed', `map ${symbol.name} in section .maps has no BTF variable`, {
        section: '.maps',
        symbol: symbol.name,
      });
    }
    places.set(`${section.index}:${symbol.value}`, maps.length);
    addBtfMap(btf, symbol.name, type, maps);
  }
}

/** Legacy records: type, key size, value size, max entries, flags as 32-bit words; what follows differs between loaders. */
function addLegacy(sections: Sections, section: ElfSection, maps: MapDefinition[], places: Map<string, number>): void {
  const symbols = symbolsIn(sections, section);
  if (symbols.length === 0) return;
  const record = section.size / symbols.length;
  const view = new ByteView(section.data, sections.elf.littleEndian, 'map-malformed', { section: section.name });
  if (!Number.isInteger(record) || record < 16) {
    throw new InputError(
      'map-malformed',
      `section ${section.name}: ${section.size} bytes do not hold ${symbols.length} map records`,
      { section: section.name },
    );
  }
  for (const symbol of symbols) {
    const word = (index: number): number =>
      index * 4 < record ? view.u32(symbol.value + index * 4, `map ${symbol.name}`) : 0;
    places.set(`${section.index}:${symbol.value}`, maps.length);
    maps.push({
      name: symbol.name,
      type: word(0),
      keySize: word(1),
      valueSize: word(2),
      maxEntries: word(3),
      flags: word(4),
      pinning: 0,
      origin: 'legacy',
      readOnly: false,
      initial: undefined,
      inner: -1,
      keyTypeId: 0,
      valueTypeId: 0,
    });
  }
}

/**
 * Kernel configuration values become one read-only array entry that the loader fills, as in libbpf; here they are laid out in BTF's order,
 * each aligned to its size. What they hold is not known before loading.
 */
function addKconfig(sections: Sections, maps: MapDefinition[]): Map<string, { map: number; offset: number }> {
  const places = new Map<string, { map: number; offset: number }>();
  const { btf } = sections;
  const id = btf?.find(BtfKind.DATASEC, '.kconfig') ?? 0;
  const datasec = btf?.type(id);
  if (!btf || datasec?.kind !== BtfKind.DATASEC) return places;
  let end = 0;
  for (const { type } of datasec.variables) {
    const size = sizeOf(btf, type);
    const align = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
    const offset = Math.ceil(end / align) * align;
    places.set(btf.type(type).name, { map: maps.length, offset });
    end = offset + size;
  }
  if (end === 0) return places;
  maps.push({
    name: '.kconfig',
    type: ARRAY,
    keySize: 4,
    valueSize: end,
    maxEntries: 1,
    flags: RDONLY_PROG,
    pinning: 0,
    origin: 'global',
    readOnly: true,
    initial: undefined,
    inner: -1,
    keyTypeId: 0,
    valueTypeId: id,
  });
  return places;
}

/** Global data becomes an array of one entry, as in libbpf's bpf_object__init_internal_map. */
function globalMap(sections: Sections, section: ElfSection): MapDefinition {
  const readOnly = section.name === '.rodata' || section.name.startsWith('.rodata.');
  // A hostile size must not become an allocation: what is not in the file is all zero and made by those who run programs.
  if (section.size > 1 << 30) {
    throw new InputError('map-malformed', `section ${section.name} claims ${section.size} bytes of global data`, {
      section: section.name,
    });
  }
  return {
    name: section.name,
    type: ARRAY,
    keySize: 4,
    valueSize: section.size,
    maxEntries: 1,
    flags: readOnly ? RDONLY_PROG : 0,
    pinning: 0,
    origin: 'global',
    readOnly,
    initial: section.type === SectionType.NOBITS ? undefined : section.data,
    inner: -1,
    keyTypeId: 0,
    valueTypeId: sections.btf?.find(BtfKind.DATASEC, section.name) ?? 0,
  };
}
