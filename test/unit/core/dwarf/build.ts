import { Attribute, Form, Tag } from '../../../../core/dwarf/constants';
import type { Dwarf } from '../../../../core/dwarf/dwarf';
import { readDwarf } from '../../../../core/dwarf/read';
import { readElf } from '../../../../core/elf/read';
import { buildElf } from '../elf/builder';

/** Bytes, a LEB128 number, or a NUL-terminated string. */
export type Part =
  number | { readonly uleb: number } | { readonly u32: number } | { readonly u64: bigint } | string | Uint8Array;

/** Little-endian bytes one after the other; plain numbers are single bytes. */
export function bytes(...parts: readonly Part[]): Uint8Array {
  return bytesOf(parts);
}

/** As {@link bytes}, for more parts than a call takes arguments. */
export function bytesOf(parts: readonly Part[]): Uint8Array {
  const out: number[] = [];
  for (const part of parts) {
    if (typeof part === 'number') out.push(part & 0xff);
    else if (typeof part === 'string') out.push(...Buffer.from(part, 'utf8'), 0);
    else if (part instanceof Uint8Array) for (const byte of part) out.push(byte);
    else if ('u32' in part) for (let i = 0; i < 4; i++) out.push((part.u32 >>> (8 * i)) & 0xff);
    else if ('u64' in part) for (let i = 0n; i < 8n; i++) out.push(Number((part.u64 >> (8n * i)) & 0xffn));
    else {
      let left = part.uleb;
      for (; left >= 0x80; left = Math.floor(left / 128)) out.push((left % 128) | 0x80);
      out.push(left);
    }
  }
  return Uint8Array.from(out);
}

/** An abbreviation: code, tag, children, then pairs of attribute and form. */
export function abbreviation(
  code: number,
  tag: number,
  children: boolean,
  ...attributes: readonly (readonly [number, number])[]
): Uint8Array {
  const pairs = attributes.flatMap(([attribute, form]): Part[] => [{ uleb: attribute }, { uleb: form }]);
  return bytesOf([{ uleb: code }, { uleb: tag }, children ? 1 : 0, ...pairs, 0, 0]);
}

/** A unit of 32-bit DWARF around these entries. */
export function unit(entries: Uint8Array, { version = 5, type = 1 } = {}): Uint8Array {
  const header = version >= 5 ? bytes(version, 0, type, 8, { u32: 0 }) : bytes(version, 0, { u32: 0 }, 8);
  return bytes({ u32: header.length + entries.length }, header, entries);
}

/** Abbreviations 1-9 that the tests share; 0 ends the table. */
export const ABBREVIATIONS = bytes(
  abbreviation(1, Tag.COMPILE_UNIT, true, [Attribute.NAME, Form.STRING]),
  abbreviation(2, Tag.SUBPROGRAM, true, [Attribute.NAME, Form.STRING], [Attribute.RANGES, Form.SEC_OFFSET]),
  abbreviation(3, Tag.LEXICAL_BLOCK, true),
  abbreviation(4, Tag.VARIABLE, false, [Attribute.NAME, Form.STRING], [Attribute.LOCATION, Form.EXPRLOC]),
  abbreviation(5, Tag.VARIABLE, false, [Attribute.ABSTRACT_ORIGIN, Form.REF4]),
  abbreviation(6, Tag.POINTER_TYPE, false, [Attribute.TYPE, Form.REF4]),
  abbreviation(7, Tag.VARIABLE, false, [Attribute.TYPE, Form.REF4], [Attribute.CONST_VALUE, Form.SDATA]),
  abbreviation(8, Tag.LEXICAL_BLOCK, false, [Attribute.RANGES, Form.SEC_OFFSET]),
  abbreviation(9, Tag.VARIABLE, false, [Attribute.LOCATION, Form.SEC_OFFSET]),
  0,
);

/** An object with these debugging sections. */
export function objectWith(sections: Readonly<Record<string, Uint8Array>>): Dwarf {
  const all = { '.debug_abbrev': ABBREVIATIONS, ...sections };
  const elf = readElf(buildElf({ sections: Object.entries(all).map(([name, data]) => ({ name, type: 1, data })) }));
  const dwarf = readDwarf(elf);
  if (!dwarf) throw new Error('no debugging information was built');
  return dwarf;
}
