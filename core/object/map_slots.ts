import { BtfKind } from '../btf/kind';
import { resolved } from '../btf/layout';
import type { Btf } from '../btf/btf';
import { SymbolType, type ElfRelocation, type ElfSection, type ElfSymbol } from '../elf/elf';
import { ByteView } from '../input/bytes';
import { InputError } from '../input/error';
import type { MapDefinition, MapSlot } from './object';
import type { Sections } from './sections';

/** BPF_MAP_TYPE_PROG_ARRAY. */
const PROG_ARRAY = 3;
const BYTES_PER_POINTER = 8;

/** A map that a variable declares: where its bytes begin, its index, and where its initial elements begin inside it. */
export interface DeclaredPlace {
  readonly start: number;
  readonly map: number;
  readonly values: number | undefined;
}

/** Byte offset of the last member of a declaration when it is `values`; else undefined. */
export function valuesOffset(btf: Btf, type: number): number | undefined {
  const declaration = resolved(btf, type);
  const last = declaration.kind === BtfKind.STRUCT ? declaration.members.at(-1) : undefined;
  return last?.name === 'values' ? last.bitOffset / 8 : undefined;
}

/**
 * What relocations put into the maps of `.maps`: by map index, sorted by slot. O(relocations log maps + symbols).
 * @throws InputError `map-slot` naming map and symbol when a relocation names no map of the section, no program, or no slot
 */
export function declaredSlots(
  sections: Sections,
  section: ElfSection,
  places: readonly DeclaredPlace[],
  maps: readonly MapDefinition[],
  mapAt: (section: number, offset: number) => number | undefined,
): Map<number, MapSlot[]> {
  const found = new Map<number, MapSlot[]>();
  const functions = functionNames(sections);
  for (const relocation of sections.relocations(section)) {
    const { symbol, target } = targetOf(sections, section, relocation);
    const place = lastAtMost(places, relocation.offset);
    const map = place && maps[place.map];
    if (!place || !map) throw refuse(section, relocation, symbol, 'lies in no map');
    const index =
      place.values === undefined ? -1 : (relocation.offset - place.start - place.values) / BYTES_PER_POINTER;
    if (index < 0 || !Number.isInteger(index))
      throw refuse(section, relocation, symbol, `is no slot of map ${map.name}`);
    let slot: MapSlot;
    if (map.type === PROG_ARRAY) {
      const program = functions.get(`${symbol.section}:${target}`);
      if (program === undefined) throw refuse(section, relocation, symbol, `names no program for map ${map.name}`);
      slot = { index, kind: 'program', program };
    } else {
      const inner = map.inner >= 0 ? mapAt(symbol.section, target) : undefined;
      if (inner === undefined) throw refuse(section, relocation, symbol, `names no map for map ${map.name}`);
      slot = { index, kind: 'map', map: inner };
    }
    const slots = found.get(place.map);
    if (slots) slots.push(slot);
    else found.set(place.map, [slot]);
  }
  for (const slots of found.values()) slots.sort((a, b) => a.index - b.index);
  return found;
}

/** Names of functions by `section:offset`. O(symbols). */
export function functionNames(sections: Sections): Map<string, string> {
  const names = new Map<string, string>();
  for (const symbol of sections.elf.symbols)
    if (symbol.type === SymbolType.FUNC) names.set(`${symbol.section}:${symbol.value}`, symbol.name);
  return names;
}

/** The symbol of a relocation of data, and the byte of its section that the relocation means. */
export function targetOf(
  sections: Sections,
  section: ElfSection,
  relocation: ElfRelocation,
): { readonly symbol: ElfSymbol; readonly target: number } {
  const symbol = sections.elf.symbols[relocation.symbol];
  if (!symbol || symbol.index === 0) throw refuse(section, relocation, symbol, 'names no symbol');
  const view = new ByteView(section.data, sections.elf.littleEndian, 'map-slot', { section: section.name });
  const addend = relocation.addend ?? view.size(relocation.offset, 'a pointer');
  return { symbol, target: symbol.value + addend };
}

export function lastAtMost<T extends { readonly start: number }>(places: readonly T[], offset: number): T | undefined {
  let low = -1;
  let high = places.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (places[middle]!.start <= offset) low = middle;
    else high = middle - 1;
  }
  return places[low];
}

export function refuse(
  section: ElfSection,
  relocation: ElfRelocation,
  symbol: ElfSymbol | undefined,
  what: string,
): InputError {
  const name = symbol?.name ? ` (symbol ${symbol.name})` : '';
  return new InputError(
    'map-slot',
    `section ${section.name}: the relocation at byte ${relocation.offset}${name} ${what}`,
    { section: section.name, offset: relocation.offset, ...(symbol?.name ? { symbol: symbol.name } : {}) },
  );
}
