/** Builds small ELF64 files by hand, so that tests can place any wrong value anywhere. */

export interface SectionSpec {
  readonly name: string;
  readonly type: number;
  readonly flags?: number;
  readonly data?: Uint8Array;
  /** Overrides sh_size (for SHT_NOBITS). */
  readonly size?: number;
  readonly link?: number;
  readonly info?: number;
}

export interface SymbolSpec {
  readonly name: string;
  readonly value?: number;
  readonly size?: number;
  readonly type?: number;
  readonly binding?: number;
  /** Index among all sections, where section 0 is the null section and the given ones follow in order. */
  readonly section?: number;
}

export interface ElfSpec {
  readonly machine?: number;
  readonly littleEndian?: boolean;
  readonly sections: readonly SectionSpec[];
  readonly symbols?: readonly SymbolSpec[];
  /** Section numbers as files with 65,280 sections and more have them: in section header 0 and in `.symtab_shndx`. */
  readonly extended?: boolean;
}

/**
 * Lays out: header, section contents, `.symtab`, `.strtab`, `.shstrtab`, section headers. The sections that are added stand after the
 * given ones, in that order.
 */
export function buildElf(spec: ElfSpec): Uint8Array {
  const little = spec.littleEndian ?? true;
  const strings = new StringTable();
  const extended = spec.extended ?? false;
  const symbols = buildSymbols(spec.symbols ?? [], strings, little, extended);
  const symtabIndex = spec.sections.length + 1;
  const sections: SectionSpec[] = [
    ...spec.sections,
    { name: '.symtab', type: 2, data: symbols, link: symtabIndex + 1 },
    { name: '.strtab', type: 3, data: strings.bytes() },
  ];
  if (extended) {
    const numbers = extendedNumbers(spec.symbols ?? [], little);
    sections.push({ name: '.symtab_shndx', type: 18, data: numbers, link: symtabIndex });
  }
  const names = new StringTable();
  const nameOffsets = [...sections.map((section) => names.add(section.name)), names.add('.shstrtab')];
  sections.push({ name: '.shstrtab', type: 3, data: names.bytes() });
  let at = 64;
  const offsets = sections.map((section) => {
    const start = at;
    at += (section.data?.length ?? 0) + 7;
    at -= at % 8;
    return start;
  });
  const bytes = new Uint8Array(at + (sections.length + 1) * 64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, little ? 1 : 2, 1]);
  view.setUint16(16, 1, little);
  view.setUint16(18, spec.machine ?? 247, little);
  view.setBigUint64(40, BigInt(at), little);
  view.setUint16(58, 64, little);
  view.setUint16(60, extended ? 0 : sections.length + 1, little);
  view.setUint16(62, extended ? 0xffff : sections.length, little);
  if (extended) {
    view.setBigUint64(at + 32, BigInt(sections.length + 1), little);
    view.setUint32(at + 40, sections.length, little);
  }
  sections.forEach((section, index) => {
    const header = at + (index + 1) * 64;
    bytes.set(section.data ?? [], offsets[index]);
    view.setUint32(header, nameOffsets[index]!, little);
    view.setUint32(header + 4, section.type, little);
    view.setBigUint64(header + 8, BigInt(section.flags ?? 0), little);
    view.setBigUint64(header + 24, BigInt(offsets[index]!), little);
    view.setBigUint64(header + 32, BigInt(section.size ?? section.data?.length ?? 0), little);
    view.setUint32(header + 40, section.link ?? 0, little);
    view.setUint32(header + 44, section.info ?? 0, little);
  });
  return bytes;
}

/** Bytes of REL entries: offset, symbol index, type. */
export function relEntries(
  entries: readonly (readonly [offset: number, symbol: number, type: number])[],
  little = true,
): Uint8Array {
  const bytes = new Uint8Array(entries.length * 16);
  const view = new DataView(bytes.buffer);
  entries.forEach(([offset, symbol, type], index) => {
    view.setBigUint64(index * 16, BigInt(offset), little);
    view.setBigUint64(index * 16 + 8, (BigInt(symbol) << 32n) | BigInt(type), little);
  });
  return bytes;
}

/** Bytes of RELA entries: offset, symbol index, type, addend. */
export function relaEntries(
  entries: readonly (readonly [offset: number, symbol: number, type: number, addend: number])[],
  little = true,
): Uint8Array {
  const bytes = new Uint8Array(entries.length * 24);
  const view = new DataView(bytes.buffer);
  entries.forEach(([offset, symbol, type, addend], index) => {
    view.setBigUint64(index * 24, BigInt(offset), little);
    view.setBigUint64(index * 24 + 8, (BigInt(symbol) << 32n) | BigInt(type), little);
    view.setBigInt64(index * 24 + 16, BigInt(addend), little);
  });
  return bytes;
}

/** Code from slots written as `[opcode, dst, src, offset, imm]`, little-endian. */
export function slots(...rows: readonly (readonly [number, number, number, number, number])[]): Uint8Array {
  const bytes = new Uint8Array(rows.length * 8);
  const view = new DataView(bytes.buffer);
  rows.forEach(([opcode, dst, src, offset, imm], index) => {
    view.setUint8(index * 8, opcode);
    view.setUint8(index * 8 + 1, (src << 4) | dst);
    view.setInt16(index * 8 + 2, offset, true);
    view.setInt32(index * 8 + 4, imm, true);
  });
  return bytes;
}

class StringTable {
  private readonly text: number[] = [0];

  add(name: string): number {
    const offset = this.text.length;
    this.text.push(...Buffer.from(name, 'utf8'), 0);
    return offset;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.text);
  }
}

function extendedNumbers(symbols: readonly SymbolSpec[], little: boolean): Uint8Array {
  const bytes = new Uint8Array((symbols.length + 1) * 4);
  const view = new DataView(bytes.buffer);
  symbols.forEach((symbol, index) => view.setUint32((index + 1) * 4, symbol.section ?? 0, little));
  return bytes;
}

function buildSymbols(
  symbols: readonly SymbolSpec[],
  strings: StringTable,
  little: boolean,
  extended: boolean,
): Uint8Array {
  const bytes = new Uint8Array((symbols.length + 1) * 24);
  const view = new DataView(bytes.buffer);
  symbols.forEach((symbol, index) => {
    const at = (index + 1) * 24;
    view.setUint32(at, symbol.name === '' ? 0 : strings.add(symbol.name), little);
    view.setUint8(at + 4, ((symbol.binding ?? 1) << 4) | (symbol.type ?? 2));
    // 0xffff, SHN_XINDEX, says that the number stands in .symtab_shndx.
    view.setUint16(at + 6, extended && symbol.section ? 0xffff : (symbol.section ?? 0), little);
    view.setBigUint64(at + 8, BigInt(symbol.value ?? 0), little);
    view.setBigUint64(at + 16, BigInt(symbol.size ?? 0), little);
  });
  return bytes;
}
