import { BtfKind } from '../btf/kind';
import { resolveAliases } from '../btf/layout';
import type { ElfSection } from '../elf/elf';
import { InputError } from '../input/error';
import { functionNames, lastAtMost, refuse, targetOf } from './map_slots';
import type { MapDefinition, MapSlot } from './object';
import type { Sections } from './sections';

/** BPF_MAP_TYPE_STRUCT_OPS and BPF_F_LINK, include/uapi/linux/bpf.h. */
const STRUCT_OPS = 26;
const F_LINK = 1 << 13;

/** Where such tables stand; with a question mark in front the loader makes the map only when asked. */
export const STRUCT_OPS_SECTIONS = ['.struct_ops', '.struct_ops.link', '?.struct_ops', '?.struct_ops.link'];

/**
 * Tables of functions for the kernel: each variable of the section is a map with one value, whose function pointers are programs.
 * O(variables + members + relocations).
 * @throws InputError `map-malformed`, `map-slot`, `no-btf`
 */
export function structOpsMaps(sections: Sections, section: ElfSection): MapDefinition[] {
  const { btf } = sections;
  if (!btf)
    throw new InputError('no-btf', `section ${section.name} needs BTF to be understood: compile with -g`, {
      section: section.name,
    });
  const datasec = btf.type(btf.find(BtfKind.DATASEC, section.name));
  const names = new Set(
    datasec.kind === BtfKind.DATASEC ? datasec.variables.map((variable) => btf.type(variable.type).name) : [],
  );
  const tables = sections
    .symbols(section)
    .filter((symbol) => names.has(symbol.name))
    .map((symbol) => ({ start: symbol.value, symbol, slots: [] as MapSlot[], ...structureOf(sections, symbol.name) }))
    .sort((a, b) => a.start - b.start);
  const functions = functionNames(sections);
  for (const relocation of sections.relocations(section)) {
    const { symbol, target } = targetOf(sections, section, relocation);
    const table = lastAtMost(tables, relocation.offset);
    const index = table?.members.get((relocation.offset - table.start) * 8);
    const program = functions.get(`${symbol.section}:${target}`);
    if (!table || index === undefined) throw refuse(section, relocation, symbol, 'lies at no member of a structure');
    if (program === undefined) throw refuse(section, relocation, symbol, 'names no program');
    table.slots.push({ index, kind: 'program', program });
  }
  return tables.map((table) => {
    if (table.start + table.size > section.data.length)
      throw malformed(table.symbol.name, section.name, 'reaches beyond its section');
    return {
      name: table.symbol.name,
      type: STRUCT_OPS,
      keySize: 4,
      valueSize: table.size,
      maxEntries: 1,
      flags: section.name.endsWith('.link') ? F_LINK : 0,
      pinning: 0,
      origin: 'struct_ops',
      readOnly: false,
      initial: section.data.subarray(table.start, table.start + table.size),
      inner: -1,
      keyTypeId: 0,
      valueTypeId: table.type,
      slots: [...table.slots].sort((a, b) => a.index - b.index),
    };
  });
}

/** The structure of a variable: its id, size, and its members by bit offset. */
function structureOf(sections: Sections, name: string): { type: number; size: number; members: Map<number, number> } {
  const btf = sections.btf!;
  const variable = btf.type(btf.find(BtfKind.VAR, name));
  const type = variable.kind === BtfKind.VAR ? resolveAliases(btf, variable.type) : 0;
  const structure = btf.type(type);
  if (structure.kind !== BtfKind.STRUCT) throw malformed(name, '.struct_ops', 'is no structure');
  return { type, size: structure.size, members: new Map(structure.members.map((member, i) => [member.bitOffset, i])) };
}

function malformed(name: string, section: string, what: string): InputError {
  return new InputError('map-malformed', `map ${name} in section ${section} ${what}`, { section, symbol: name });
}
