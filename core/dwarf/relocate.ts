import { ByteView } from '../input/bytes';
import { InputError } from '../input/error';
import { SectionFlag, SectionType, type ElfFile, type ElfSection } from '../elf/elf';
import { readRelocations } from '../elf/read';

/**
 * BPF relocation types in debugging sections (llvm/include/llvm/BinaryFormat/ELFRelocs/BPF.def). LLVM before 13 had no ABS types and used
 * those of `lddw` and `call` as plain 64- and 32-bit words.
 */
const WORD64 = new Set([1 /* R_BPF_64_64 */, 2 /* R_BPF_64_ABS64 */]);
const WORD32 = new Set([3 /* R_BPF_64_ABS32 */, 4 /* R_BPF_64_NODYLD32 */, 10 /* R_BPF_64_32 */]);

/** A debugging section with its relocations applied. */
export interface DebugSection {
  readonly name: string;
  readonly index: number;
  readonly view: ByteView;
  /** Which section the word at a byte offset points into, where it was relocated. */
  readonly targets: ReadonlyMap<number, number>;
}

const NOTHING: ReadonlyMap<number, number> = new Map();

/**
 * Applies the relocations of `section`: symbol value plus addend, which is in place for REL and in the entry for RELA. Sections of a
 * relocatable file begin at 0, so what a word points into is kept beside it. O(bytes + relocations).
 * @param tables the file's relocation sections for this section
 * @throws InputError `dwarf-malformed` for an entry outside the section, or of an unknown type; `dwarf-compressed` for a compressed section; `elf-malformed` for a
 *   malformed relocation section
 */
export function relocate(elf: ElfFile, section: ElfSection, tables: readonly ElfSection[]): DebugSection {
  if ((section.flags & SectionFlag.COMPRESSED) !== 0) {
    throw new InputError(
      'dwarf-compressed',
      `section ${section.name} is compressed; build without -gz to have its contents read`,
      { section: section.name },
    );
  }
  const place = { section: section.name };
  const { littleEndian } = elf;
  const entries = tables.flatMap((table) => readRelocations(elf, table));
  if (entries.length === 0) {
    const view = new ByteView(section.data, littleEndian, 'dwarf-malformed', place);
    return { name: section.name, index: section.index, view, targets: NOTHING };
  }
  const data = section.data.slice();
  const view = new ByteView(data, littleEndian, 'dwarf-malformed', place);
  const words = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const targets = new Map<number, number>();
  for (const { offset, type, symbol, addend } of entries) {
    if (type === 0) continue;
    const wide = WORD64.has(type);
    if (!wide && !WORD32.has(type)) {
      throw new InputError('dwarf-malformed', `section ${section.name}: relocation type ${type} at byte ${offset}`, {
        ...place,
        offset,
      });
    }
    const target = elf.symbols[symbol];
    const value = BigInt(target?.value ?? 0);
    if (wide) {
      const inPlace = view.u64(offset, 'a relocated word');
      words.setBigUint64(offset, value + (addend === undefined ? inPlace : BigInt(addend)), littleEndian);
    } else {
      const inPlace = BigInt(view.u32(offset, 'a relocated word'));
      const sum = value + (addend === undefined ? inPlace : BigInt(addend));
      words.setUint32(offset, Number(BigInt.asUintN(32, sum)), littleEndian);
    }
    targets.set(offset, target?.section ?? 0);
  }
  return { name: section.name, index: section.index, view, targets };
}

/** The debugging sections of a file, each relocated when it is first asked for. */
export class DebugSections {
  private readonly tables = new Map<number, ElfSection[]>();
  private readonly relocated = new Map<number, DebugSection>();
  private readonly named = new Map<string, ElfSection[]>();

  constructor(private readonly elf: ElfFile) {
    for (const section of elf.sections) {
      if (section.type === SectionType.REL || section.type === SectionType.RELA)
        push(this.tables, section.info, section);
      else if (section.name.startsWith('.debug_')) push(this.named, section.name, section);
    }
  }

  /** All sections of that name; several when units stand in section groups. O(1) after the first time. */
  all(name: string): DebugSection[] {
    return (this.named.get(name) ?? []).map((section) => {
      let found = this.relocated.get(section.index);
      if (!found) {
        found = relocate(this.elf, section, this.tables.get(section.index) ?? []);
        this.relocated.set(section.index, found);
      }
      return found;
    });
  }

  /** The first section of that name, or an empty one. O(1) after the first time. */
  one(name: string): DebugSection {
    const found = this.all(name)[0];
    if (found) return found;
    const view = new ByteView(new Uint8Array(0), this.elf.littleEndian, 'dwarf-malformed', { section: name });
    return { name, index: 0, view, targets: NOTHING };
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
