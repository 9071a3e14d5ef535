import type { Budget } from './budget';
import { Form } from './constants';
import { Cursor } from './cursor';
import type { DebugSection } from './relocate';

/** What the size of some forms depends on. */
export interface Format {
  readonly version: number;
  readonly addressSize: number;
  /** 64-bit DWARF. */
  readonly wide: boolean;
}

export interface AttributeSpec {
  readonly attribute: number;
  readonly form: number;
  /** The value itself for DW_FORM_implicit_const. */
  readonly implicit: bigint | undefined;
  /** Where in the entry: after this many of {@link Abbreviation.steps}, and then this many bytes. */
  readonly step: number;
  readonly bytes: number;
}

/**
 * The shape of an entry. Attributes of fixed size are merged into steps, so that passing over an entry costs no more than its bytes,
 * however many attributes without bytes an abbreviation lists.
 */
export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: ReadonlyMap<number, AttributeSpec>;
  /** Bytes of fixed size, and the form of variable size after them. */
  readonly steps: readonly { readonly bytes: number; readonly form: number }[];
  /** Bytes of fixed size after the last step. */
  readonly tail: number;
}

/**
 * Bytes of a form, or undefined when they depend on the contents (tables 7.5 and 7.6). Unknown forms answer undefined too; reading them is
 * refused.
 */
export function fixedSize(form: number, { version, addressSize, wide }: Format): number | undefined {
  switch (form) {
    case Form.FLAG_PRESENT:
    case Form.IMPLICIT_CONST:
      return 0;
    case Form.DATA1:
    case Form.REF1:
    case Form.FLAG:
    case Form.STRX1:
    case Form.ADDRX1:
      return 1;
    case Form.DATA2:
    case Form.REF2:
    case Form.STRX2:
    case Form.ADDRX2:
      return 2;
    case Form.STRX3:
    case Form.ADDRX3:
      return 3;
    case Form.DATA4:
    case Form.REF4:
    case Form.STRX4:
    case Form.ADDRX4:
    case Form.REF_SUP4:
      return 4;
    case Form.DATA8:
    case Form.REF8:
    case Form.REF_SIG8:
    case Form.REF_SUP8:
      return 8;
    case Form.DATA16:
      return 16;
    case Form.ADDR:
      return addressSize;
    case Form.REF_ADDR:
      // DWARF 2 gave references the size of an address.
      return version <= 2 ? addressSize : wide ? 8 : 4;
    case Form.STRP:
    case Form.LINE_STRP:
    case Form.STRP_SUP:
    case Form.SEC_OFFSET:
      return wide ? 8 : 4;
    default:
      return undefined;
  }
}

/**
 * The abbreviations at `offset` of .debug_abbrev, by code (section 7.5.3). O(bytes of the table).
 * @throws InputError `dwarf-malformed`
 */
export function readAbbreviations(
  section: DebugSection,
  offset: number,
  format: Format,
  budget: Budget,
): Map<number, Abbreviation> {
  const cursor = new Cursor(section, offset);
  const table = new Map<number, Abbreviation>();
  // A table ends with code 0; one at the very end of the section may lack it.
  while (!cursor.done) {
    const start = cursor.at;
    const code = cursor.uleb('an abbreviation code');
    if (code === 0) break;
    const abbreviation = readAbbreviation(cursor, format);
    // The first of two with the same code counts, as in other readers.
    if (!table.has(code)) table.set(code, abbreviation);
    budget.spend(cursor.at - start);
  }
  return table;
}

function readAbbreviation(cursor: Cursor, format: Format): Abbreviation {
  const tag = cursor.uleb('a tag');
  const hasChildren = cursor.u8('a children flag') !== 0;
  const attributes = new Map<number, AttributeSpec>();
  const steps: { bytes: number; form: number }[] = [];
  let bytes = 0;
  for (;;) {
    const attribute = cursor.uleb('an attribute');
    const form = cursor.uleb('a form');
    if (attribute === 0 && form === 0) break;
    const implicit = form === Form.IMPLICIT_CONST ? cursor.sleb('an implicit constant') : undefined;
    if (!attributes.has(attribute)) attributes.set(attribute, { attribute, form, implicit, step: steps.length, bytes });
    const size = fixedSize(form, format);
    if (size === undefined) {
      steps.push({ bytes, form });
      bytes = 0;
    } else {
      bytes += size;
    }
  }
  return { tag, hasChildren, attributes, steps, tail: bytes };
}
