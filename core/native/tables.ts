import { InputError } from '../input/error';
import type { MapDefinition } from '../object/object';
import { cString } from './c_text';
import type { Emitter } from './emitter';
import type { FunctionPlan, ModulePlan } from './plan';

/** The eBPF for Windows release whose table layout this is; a loader picks structures by it (native.md 9). */
const LAYOUT_VERSION = { major: 1, minor: 6, revision: 0 } as const;

/** Limits of eBPF for Windows and of the tables' 16-bit counts (native.md 2, 3.1). */
const MAX_GLOBAL_BYTES = 1 << 20;
const MAX_ENTRIES = 0xffff;

/** Maps split into what the loader creates and the data sections that it fills, each with an index space of its own. */
export interface MapIndices {
  readonly maps: readonly MapDefinition[];
  readonly globals: readonly MapDefinition[];
  /** By index into `BpfObject.maps`. */
  readonly indices: readonly number[];
}

/** @throws InputError `native-table-size` */
export function indexMaps(all: readonly MapDefinition[]): MapIndices {
  const maps: MapDefinition[] = [];
  const globals: MapDefinition[] = [];
  const indices: number[] = [];
  for (const map of all) {
    const table = map.origin === 'global' ? globals : maps;
    indices.push(table.length);
    table.push(map);
  }
  checkSize(maps.length, 'maps');
  return { maps, globals, indices };
}

/** @throws InputError `native-table-size` */
export function checkSize(count: number, what: string): void {
  if (count > MAX_ENTRIES)
    throw new InputError('native-table-size', `${count} ${what} do not fit a table of ${MAX_ENTRIES}`);
}

/** `_get_hash` and the digest of the object that it answers with, if there is one. */
export function emitHash(emitter: Emitter, hash: Uint8Array | undefined): void {
  if (hash && hash.length > 0) {
    emitter.own(`\nEBPF_DATA_SECTION("hash") static const uint8_t _elf_hash[] = {${bytesOf(hash)}\n};`);
    accessor(emitter, '_get_hash', 'const uint8_t** hash, size_t* size', [
      '*hash = _elf_hash;',
      '*size = sizeof(_elf_hash);',
    ]);
  } else {
    accessor(emitter, '_get_hash', 'const uint8_t** hash, size_t* size', ['*hash = NULL;', '*size = 0;']);
  }
}

/** `_maps` and its accessor. Type ids of the object's BTF are not kept: ids are positions from 1, which link templates as well. */
export function emitMaps(emitter: Emitter, { maps, indices }: MapIndices): void {
  if (maps.length > 0) {
    emitter.own('\nEBPF_DATA_SECTION("maps") static map_entry_t _maps[] = {');
    maps.forEach((map, index) => {
      const inner = map.inner < 0 ? 0 : (indices[map.inner] ?? 0) + 1;
      emitter.own(`    {{0, 0}, {1, 80, 80}, {
        ${map.type >>> 0}u, // type
        ${map.keySize >>> 0}u, // key size
        ${map.valueSize >>> 0}u, // value size
        ${map.maxEntries >>> 0}u, // entries
        0u, // inner map index
        ${map.pinning >>> 0}u, // pinning
        ${index + 1}u, // id
        ${inner}u, // id of the inner map
    }, ${cString(map.name)}},`);
    });
    emitter.own('};');
  }
  tableAccessor(emitter, '_get_maps', 'map_entry_t', 'maps', maps.length > 0 ? '_maps' : undefined);
}

/**
 * `_global_variable_sections`, their first contents, and the accessor.
 * @throws InputError `native-globals-size`
 */
export function emitGlobals(emitter: Emitter, plan: ModulePlan, { globals }: MapIndices, moduleName: string): void {
  const rows: string[] = [];
  for (const section of globals) {
    const size = section.valueSize;
    if (size > MAX_GLOBAL_BYTES) {
      throw new InputError(
        'native-globals-size',
        `section ${section.name} has ${size} bytes, more than ${MAX_GLOBAL_BYTES}`,
        {
          section: section.name,
        },
      );
    }
    const identifier = plan.names.take(`${section.name}_initial_data`);
    emitter.own(
      `\nstatic const uint8_t ${identifier}[${Math.max(size, 1)}] = {${bytesOf(withoutTrailingZeros(section.initial))}\n};`,
    );
    // libbpf names these maps after the object and the section.
    const name = section.name.startsWith('.') ? moduleName.slice(0, 7) + section.name : section.name;
    rows.push(`    {{1, 48, 48}, ${cString(name)}, ${size}, ${identifier}},`);
  }
  if (rows.length > 0) {
    emitter.own(
      '\nEBPF_DATA_SECTION("global_variables") static global_variable_section_info_t _global_variable_sections[] = {',
    );
    rows.forEach((row) => emitter.own(row));
    emitter.own('};');
  }
  const table = rows.length > 0 ? '_global_variable_sections' : undefined;
  tableAccessor(emitter, '_get_global_variable_sections', 'global_variable_section_info_t', 'sections', table);
}

/** What the program table says about one entry: identifiers of the tables written before it. */
export interface ProgramRow {
  readonly plan: FunctionPlan;
  readonly peSection: string;
  readonly helpers: { readonly table: string; readonly count: number };
  readonly maps: { readonly table: string; readonly count: number };
  readonly externs: { readonly table: string; readonly count: number };
  readonly programType: string;
  readonly attachType: string;
  readonly hash: { readonly table: string; readonly length: number; readonly algorithm: string } | undefined;
}

export function emitPrograms(emitter: Emitter, rows: readonly ProgramRow[]): void {
  emitter.own('\nEBPF_DATA_SECTION("programs") static program_entry_t _programs[] = {');
  for (const { plan, ...row } of rows) {
    const hash = row.hash ? `${row.hash.table}, ${row.hash.length}, ${cString(row.hash.algorithm)}` : 'NULL, 0, NULL';
    emitter.own(`    {
        0,
        {1, 154, 160},
        ${plan.identifier},
        ${cString(row.peSection)},
        ${cString(plan.linked.section)},
        ${cString(plan.linked.name)},
        ${row.maps.table}, ${row.maps.count},
        ${row.helpers.table}, ${row.helpers.count},
        ${plan.linked.length},
        &${row.programType}, &${row.attachType},
        ${hash},
        ${row.externs.table}, ${row.externs.count},
    },`);
  }
  emitter.own('};');
  tableAccessor(emitter, '_get_programs', 'program_entry_t', 'programs', '_programs');
}

/** Version, initial map values (the object reader keeps none), and the metadata table itself. */
export function emitMetadata(emitter: Emitter, symbol: string): void {
  const { major, minor, revision } = LAYOUT_VERSION;
  accessor(emitter, '_get_version', 'bpf2c_version_t* version', [
    `version->major = ${major};`,
    `version->minor = ${minor};`,
    `version->revision = ${revision};`,
  ]);
  tableAccessor(emitter, '_get_map_initial_values', 'map_initial_values_t', 'values', undefined);
  emitter.own(`
EBPF_EXTERN_C_BEGIN
EBPF_EXPORT metadata_table_t ${symbol} = {
    sizeof(metadata_table_t),
    _get_programs,
    _get_maps,
    _get_hash,
    _get_version,
    _get_map_initial_values,
    _get_global_variable_sections,
};
EBPF_EXTERN_C_END`);
}

function tableAccessor(
  emitter: Emitter,
  name: string,
  type: string,
  parameter: string,
  table: string | undefined,
): void {
  accessor(
    emitter,
    name,
    `${type}** ${parameter}, size_t* count`,
    table === undefined
      ? [`*${parameter} = NULL;`, '*count = 0;']
      : [`*${parameter} = ${table};`, `*count = sizeof(${table}) / sizeof(${table}[0]);`],
  );
}

function accessor(emitter: Emitter, name: string, parameters: string, statements: readonly string[]): void {
  emitter.own(`\nstatic void\n${name}(${parameters})\n{`);
  for (const statement of statements) emitter.own(`    ${statement}`);
  emitter.own('}');
}

/** Decimals, 16 a row; an initialiser needs at least one. */
export function bytesOf(bytes: Uint8Array): string {
  let text = '';
  for (let row = 0; row < bytes.length; row += 16) {
    text += `\n    ${bytes.subarray(row, row + 16).join(', ')},`;
  }
  return text === '' ? '\n    0,' : text;
}

function withoutTrailingZeros(bytes: Uint8Array | undefined): Uint8Array {
  let length = bytes?.length ?? 0;
  while (length > 0 && bytes![length - 1] === 0) length--;
  return bytes?.subarray(0, length) ?? new Uint8Array();
}
