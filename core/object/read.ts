import { InputError } from '../input/error';
import { ByteView, decodeUtf8 } from '../input/bytes';
import type { ElfFile } from '../elf/elf';
import { readElf } from '../elf/read';
import { findFunctions } from './functions';
import { Linker } from './link';
import { kernelMapName } from './map_name';
import { findMaps } from './maps';
import type { BpfObject } from './object';
import { Relocator } from './relocate';
import { openSections, WINDOWS_MARKER } from './sections';

const EM_BPF = 247;

/** A few machines that people hand in by mistake, for the message. */
const MACHINES: Readonly<Record<number, string>> = { 3: 'x86', 40: 'Arm', 62: 'x86-64', 183: 'AArch64', 243: 'RISC-V' };

export interface ReadOptions {
  /** The object's file: libbpf puts its name in front of those of global maps. */
  readonly path?: string;
}

/**
 * Reads a BPF ELF object and links each entry program with its subprograms. O(bytes + linked slots).
 * @throws InputError when the bytes are no BPF object; `code` is stable, the message one line
 */
export function readObject(bytes: Uint8Array, options: ReadOptions = {}): BpfObject {
  const elf = readElf(bytes);
  if (elf.machine !== EM_BPF) {
    throw new InputError(
      'not-bpf',
      `not a BPF object: its machine is ${MACHINES[elf.machine] ?? `number ${elf.machine}`}; compile with -target bpf`,
    );
  }
  const sections = openSections(elf);
  const code = findFunctions(sections);
  const maps = findMaps(sections);
  const relocator = new Relocator(sections, code, maps);
  const linker = new Linker(sections, relocator);
  const entries = code.flatMap((section) => section.functions.filter((fn) => fn.entry));
  const programs = entries.map((entry) => linker.link(entry));
  const license = elf.sections.find((section) => section.name === 'license');
  return {
    littleEndian: elf.littleEndian,
    license: license && decodeUtf8(license.data).replace(/\0.*$/s, ''),
    version: versionOf(elf),
    builtForWindows: elf.sections.some((section) => section.name === WINDOWS_MARKER),
    programs,
    maps: maps.maps.map((map) => ({ ...map, kernelName: kernelMapName(map, options.path ?? '') })),
    externs: relocator.externs.list,
    btf: sections.btf,
    coreRelocations: sections.ext?.relocations,
  };
}

/** The first word of the `version` section; shorter ones say nothing. */
function versionOf(elf: ElfFile): number | undefined {
  const data = elf.sections.find((section) => section.name === 'version')?.data;
  return data && data.length >= 4 ? new ByteView(data, elf.littleEndian, 'elf-malformed').u32(0, 'version') : undefined;
}
