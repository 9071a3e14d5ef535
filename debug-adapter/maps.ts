import { keyText } from '../core/emulator/describe';
import type { Emulator } from '../core/emulator/emulator';
import type { EmulatedMap, MapEntry } from '../core/emulator/maps/map';
import { MapOfMaps, ProgramArray } from '../core/emulator/maps/target';
import { TypedValues } from './typed';
import { bytesText, valueText, type Child, type Expandable, type Format } from './values';

/** Maps as the variables view shows them: entries by their keys, values by their BTF types, global data by the names of its variables. */
export class MapView {
  private readonly typed: TypedValues | undefined;

  constructor(private readonly emulator: Emulator) {
    const { machine, object } = emulator;
    const pointer = (value: bigint, format: Format): string => valueText(machine, value, format);
    this.typed = object.btf && new TypedValues(object.btf, object.littleEndian, pointer);
  }

  /** All maps, each of which opens to its entries. */
  list(): Expandable {
    const { maps } = this.emulator.machine;
    return { indexed: undefined, children: (_start, _count, format) => maps.map((map) => this.row(map, format)) };
  }

  /** A map by its name, or a global variable. */
  find(name: string, format: Format): Child | undefined {
    const { maps } = this.emulator.machine;
    const map = maps.find((candidate) => candidate.name === name);
    if (map) return this.row(map, format);
    for (const section of maps.filter((candidate) => candidate.definition.origin === 'global')) {
      const variable = this.variables(section, format)?.find((candidate) => candidate.name === name);
      if (variable) return variable;
    }
    return undefined;
  }

  private row(map: EmulatedMap, format: Format): Child {
    if (map.definition.origin === 'global') return this.globals(map, format);
    const inside = this.entries(map);
    const value = `${map.count} ${map.count === 1 ? 'entry' : 'entries'}`;
    return { name: map.name, value, type: map.type, evaluateName: map.name, ...(inside ? { inside } : {}) };
  }

  private variables(map: EmulatedMap, format: Format): Child[] | undefined {
    const [entry] = map.entries();
    const bytes = entry?.values[0];
    return bytes && this.typed?.section(map.definition.valueTypeId, bytes, format);
  }

  private globals(map: EmulatedMap, format: Format): Child {
    const row = { name: map.name, type: 'global data' };
    if (this.variables(map, format) !== undefined) {
      const children: Expandable['children'] = (_start, _count, written) => this.variables(map, written) ?? [];
      return { ...row, value: `${map.definition.valueSize} bytes`, inside: { indexed: undefined, children } };
    }
    const bytes = [...map.entries()][0]?.values[0] ?? new Uint8Array(0);
    return { ...row, value: bytesText(bytes, this.emulator.object.littleEndian, format) };
  }

  private entries(map: EmulatedMap): Expandable | undefined {
    const { littleEndian } = this.emulator.object;
    if (map.count === 0) return undefined;
    if (map instanceof ProgramArray)
      return rowsOf(() => Array.from(map.names(), ([index, name]) => ({ name: `[${index}]`, value: name })));
    if (map instanceof MapOfMaps)
      return rowsOf(() =>
        Array.from(map.links(), ([key, index]) => ({
          name: `[${keyText(key, littleEndian)}]`,
          value: this.emulator.machine.maps[index]?.name ?? '',
        })),
      );
    return {
      indexed: map.count,
      children: (start, count, format) => {
        const rows: Child[] = [];
        let index = 0;
        for (const entry of map.entries()) {
          if (index >= start + count) break;
          if (index++ >= start) rows.push(this.entry(map, entry, index - 1, format));
        }
        return rows;
      },
    };
  }

  private entry(map: EmulatedMap, entry: MapEntry, index: number, format: Format): Child {
    const { littleEndian } = this.emulator.object;
    const name = entry.key.length === 0 ? `#${index}` : `[${this.key(map, entry.key, format)}]`;
    const values = entry.values.map((bytes, cpu): Child => {
      const label = entry.values.length === 1 ? name : `CPU ${cpu}`;
      const typed = this.typed?.row(label, map.definition.valueTypeId, bytes, format);
      return typed ?? { name: label, value: bytesText(bytes, littleEndian, format) };
    });
    if (values.length === 1) return values[0]!;
    const value = values.map((child) => child.value).join(', ');
    return { name, value, inside: { indexed: undefined, children: () => values } };
  }

  private key(map: EmulatedMap, key: Uint8Array, format: Format): string {
    const typed = this.typed?.row('', map.definition.keyTypeId, key, format);
    return typed?.inside ? typed.value : keyText(key, this.emulator.object.littleEndian);
  }
}

function rowsOf(rows: () => Child[]): Expandable {
  return { indexed: undefined, children: rows };
}
