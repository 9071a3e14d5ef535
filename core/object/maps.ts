import { BtfKind } from '../btf/kind';
import { alignOf, sizeOf } from '../btf/layout';
import { InputError } from '../input/error';
import { SectionType, SymbolType, type ElfSection, type ElfSymbol } from '../elf/elf';
import { addBtfMap } from './btf_map';
import { legacyMaps } from './legacy_map';
import { declaredSlots, valuesOffset, type DeclaredPlace } from './map_slots';
import type { MapDefinition } from './object';
import { isGlobalData, WINDOWS_MARKER, type Sections } from './sections';
import { STRUCT_OPS_SECTIONS, structOpsMaps } from './struct_ops';

/** BPF_MAP_TYPE_ARRAY, the same number on both platforms. */
const ARRAY = 2;
/** BPF_MAP_TYPE_ARENA, and where clang puts variables of its address space. */
const ARENA = 33;
const ARENA_SECTION = '.addr_space.1';
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
 * Finds `.maps` (BTF), then `maps` (legacy), then global data sections, then `.kconfig`, then `.struct_ops`. O(symbols log symbols + variables).
 * @throws InputError `map-malformed`, `btf-malformed`, `no-btf`
 */
export function findMaps(sections: Sections): ObjectMaps {
  const maps: MapDefinition[] = [];
  const places = new Map<string, number>();
  const globals = new Map<number, number>();
  const declaring = sections.elf.sections.find((section) => section.name === '.maps');
  if (declaring) addDeclared(sections, declaring, maps, places);
  for (const section of sections.elf.sections) {
    if (isLegacyMaps(section.name)) addLegacy(sections, section, maps, places);
  }
  for (const section of sections.elf.sections) {
    if (!isGlobalData(section)) continue;
    globals.set(section.index, maps.length);
    maps.push(globalMap(sections, section));
  }
  // Variables that arena memory holds are reached through the arena's map, as in libbpf.
  const arena = maps.findIndex((map) => map.type === ARENA);
  const inArena = sections.elf.sections.find((section) => section.name === ARENA_SECTION);
  if (arena >= 0 && inArena) globals.set(inArena.index, arena);
  const kconfig = addKconfig(sections, maps);
  for (const name of STRUCT_OPS_SECTIONS) {
    const section = sections.elf.sections.find((candidate) => candidate.name === name);
    if (section && section.data.length > 0) maps.push(...structOpsMaps(sections, section));
  }
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
  const symbols = sections
    .symbols(section)
    .filter((symbol) => symbol.type === SymbolType.OBJECT || symbol.type === SymbolType.NOTYPE)
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
  const starts: DeclaredPlace[] = [];
  for (const symbol of symbolsIn(sections, section)) {
    const type = types.get(symbol.name);
    if (type === undefined) {
      throw new InputError('map-malformed', `map ${symbol.name} in section .maps has no BTF variable`, {
        section: '.maps',
        symbol: symbol.name,
      });
    }
    places.set(`${section.index}:${symbol.value}`, maps.length);
    starts.push({ start: symbol.value, map: maps.length, values: valuesOffset(btf, type) });
    addBtfMap(btf, symbol.name, type, maps);
  }
  const at = (index: number, offset: number): number | undefined => places.get(`${index}:${offset}`);
  for (const [map, slots] of declaredSlots(sections, section, starts, maps, at)) maps[map] = { ...maps[map]!, slots };
}

function addLegacy(sections: Sections, section: ElfSection, maps: MapDefinition[], places: Map<string, number>): void {
  const symbols = symbolsIn(sections, section);
  const windows = sections.elf.sections.some(({ name }) => name === WINDOWS_MARKER);
  const found = legacyMaps(section, symbols, sections.elf.littleEndian, windows, maps.length);
  symbols.forEach((symbol, i) => places.set(`${section.index}:${symbol.value}`, maps.length + i));
  maps.push(...found);
}

/**
 * Kernel configuration values become one read-only array entry that the loader fills, and they are laid out as in libbpf: those with the
 * largest alignment first, then the smaller, then by name. What they hold is not known before loading.
 */
function addKconfig(sections: Sections, maps: MapDefinition[]): Map<string, { map: number; offset: number }> {
  const places = new Map<string, { map: number; offset: number }>();
  const { btf } = sections;
  const id = btf?.find(BtfKind.DATASEC, '.kconfig') ?? 0;
  const datasec = btf?.type(id);
  if (!btf || datasec?.kind !== BtfKind.DATASEC) return places;
  const variables = datasec.variables.map(({ type }) => ({
    name: btf.type(type).name,
    size: sizeOf(btf, type),
    align: alignOf(btf, type),
  }));
  variables.sort((a, b) => b.align - a.align || a.size - b.size || (a.name < b.name ? -1 : 1));
  let end = 0;
  for (const { name, size, align } of variables) {
    const offset = Math.ceil(end / align) * align;
    places.set(name, { map: maps.length, offset });
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
