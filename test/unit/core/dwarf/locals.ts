import { readElf } from '../../../../core/elf/read';
import type { ElfFile, ElfSection } from '../../../../core/elf/elf';
import type { Dwarf } from '../../../../core/dwarf/dwarf';
import { readDwarf } from '../../../../core/dwarf/read';
import { compiled } from '../object/compiled';

export interface Locals {
  readonly bytes: Uint8Array;
  readonly elf: ElfFile;
  readonly dwarf: Dwarf;
}

/** test/fixtures/objects/locals.c, compiled with more flags; a string says why that cannot be done here. */
export async function locals(...flags: string[]): Promise<Locals | string> {
  const bytes = await compiled('test/fixtures/objects/locals.c', flags);
  if (typeof bytes === 'string') return bytes;
  const elf = readElf(bytes);
  const dwarf = readDwarf(elf);
  if (!dwarf) throw new Error('clang wrote no debugging information');
  return { bytes, elf, dwarf };
}

/** The section of that name. */
export function sectionOf(elf: ElfFile, name: string): ElfSection {
  const found = elf.sections.find((section) => section.name === name);
  if (!found) throw new Error(`there is no section ${name}`);
  return found;
}
