import { ByteView } from '../input/bytes';
import { InputError } from '../input/error';
import type { ElfSection, ElfSymbol } from '../elf/elf';
import type { MapDefinition } from './object';

/** Words of the shortest record: type, key size, value size, max entries. */
const SMALLEST = 16;

const ARRAY_OF_MAPS = 12;
const HASH_OF_MAPS = 13;

/**
 * Where loaders keep what follows the first four words, by size of the record. A position is a word's index.
 * `innerIndex` counts maps of the section, `innerId` names the map whose `id` is the same.
 */
interface Layout {
  readonly flags?: number;
  readonly pinning?: number;
  readonly numaNode?: number;
  readonly innerIndex?: number;
  readonly id?: number;
  readonly innerId?: number;
}

/** tools/lib/bpf (5 words); samples/bpf (7); iproute2's struct bpf_elf_map (9); gobpf with its namespace (70). */
const LINUX: Readonly<Record<number, Layout>> = {
  28: { flags: 4, innerIndex: 5, numaNode: 6 },
  36: { flags: 4, id: 5, pinning: 6, innerId: 7, innerIndex: 8 },
  280: { flags: 4, pinning: 5 },
};

/** eBPF for Windows, include/ebpf_structs.h: _ebpf_map_definition_in_file, 8 words, later 9. */
const WINDOWS: Layout = { innerIndex: 4, pinning: 5, id: 6, innerId: 7, flags: 8 };

/** One record, before inner maps are known by their place among all maps. */
interface LegacyRecord {
  readonly definition: MapDefinition;
  readonly id: number;
  readonly innerId: number;
  readonly innerIndex: number;
}

/**
 * The maps of a `maps` section, one for each symbol. `first` is the index that the first of them gets. O(symbols).
 * @throws InputError `map-malformed` when the records do not fit the section
 */
export function legacyMaps(
  section: ElfSection,
  symbols: readonly ElfSymbol[],
  littleEndian: boolean,
  windows: boolean,
  first: number,
): MapDefinition[] {
  const view = new ByteView(section.data, littleEndian, 'map-malformed', { section: section.name });
  const even = section.size / Math.max(1, symbols.length);
  const records = symbols.map((symbol, i) => {
    // An assembler may leave out sizes; then all records are the same.
    const size = symbol.size > 0 ? symbol.size : Number.isInteger(even) ? even : sizeTo(section, symbols, i);
    if (size < SMALLEST || size % 4 !== 0 || symbol.value + size > section.data.length) {
      throw new InputError(
        'map-malformed',
        `section ${section.name}: map ${symbol.name} at byte ${symbol.value} is no map record of ${size} bytes among ${section.size}`,
        { section: section.name, symbol: symbol.name, offset: symbol.value },
      );
    }
    return record(view, symbol, size, windows);
  });
  return records.map(({ definition, innerId, innerIndex }) => {
    if (definition.type !== ARRAY_OF_MAPS && definition.type !== HASH_OF_MAPS) return definition;
    const byId = innerId === 0 ? -1 : records.findIndex((other) => other.id === innerId);
    const inner = byId >= 0 ? byId : innerIndex;
    return inner >= 0 && inner < records.length && records[inner]!.definition !== definition
      ? { ...definition, inner: first + inner }
      : definition;
  });
}

function sizeTo(section: ElfSection, symbols: readonly ElfSymbol[], i: number): number {
  return (symbols[i + 1]?.value ?? section.size) - symbols[i]!.value;
}

function record(view: ByteView, symbol: ElfSymbol, size: number, windows: boolean): LegacyRecord {
  const layout: Layout = windows && size >= 32 ? WINDOWS : (LINUX[size] ?? { flags: 4 });
  const word = (index: number | undefined): number =>
    index !== undefined && index * 4 < size ? view.u32(symbol.value + index * 4, `map ${symbol.name}`) : 0;
  const numaNode = layout.numaNode === undefined ? undefined : word(layout.numaNode);
  const definition: MapDefinition = {
    name: symbol.name,
    type: word(0),
    keySize: word(1),
    valueSize: word(2),
    maxEntries: word(3),
    flags: word(layout.flags),
    pinning: word(layout.pinning),
    origin: 'legacy',
    readOnly: false,
    initial: undefined,
    inner: -1,
    keyTypeId: 0,
    valueTypeId: 0,
    ...(numaNode !== undefined && { numaNode }),
  };
  const innerIndex = layout.innerIndex === undefined ? -1 : word(layout.innerIndex);
  return { definition, id: word(layout.id), innerId: word(layout.innerId), innerIndex };
}
