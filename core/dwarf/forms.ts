import type { Format } from './abbreviation';
import { fixedSize } from './abbreviation';
import { Form } from './constants';
import type { Cursor } from './cursor';
import type { Place } from './place';

/**
 * An attribute's value as it stands in the entry. Indexes and offsets into other sections are not followed here: the unit does that, with
 * the bases that its first entry gives.
 */
export type FormValue =
  | { readonly kind: 'address'; readonly place: Place }
  | { readonly kind: 'address-index'; readonly index: number }
  /** `bits` is the width of data forms, whose signedness the attribute decides; undefined for LEB128 and implicit constants. */
  | { readonly kind: 'constant'; readonly value: bigint; readonly bits: number | undefined }
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'text-offset'; readonly section: '.debug_str' | '.debug_line_str'; readonly offset: number }
  | { readonly kind: 'text-index'; readonly index: number }
  /** Bytes `[start, end)` of the section that the entry is in. */
  | { readonly kind: 'block'; readonly start: number; readonly end: number }
  | { readonly kind: 'unit-reference'; readonly offset: number }
  /** `section` is the one that the relocation names, 0 for none. */
  | { readonly kind: 'reference'; readonly section: number; readonly offset: number }
  | { readonly kind: 'signature'; readonly signature: bigint }
  | { readonly kind: 'section-offset'; readonly offset: number }
  | { readonly kind: 'location-list-index' | 'range-list-index'; readonly index: number }
  /** Points into a supplementary object file, which nobody reads. */
  | { readonly kind: 'supplementary' };

/** Passes over a value. O(1), but O(bytes) for strings. @throws InputError `dwarf-malformed` also for unknown forms */
export function skipForm(cursor: Cursor, form: number, format: Format): void {
  const size = fixedSize(form, format);
  if (size !== undefined) return cursor.skip(size, 'an attribute');
  switch (form) {
    case Form.STRING:
      return cursor.skipString('a string attribute');
    case Form.BLOCK1:
      return cursor.skip(cursor.u8('a block length'), 'a block');
    case Form.BLOCK2:
      return cursor.skip(cursor.u16('a block length'), 'a block');
    case Form.BLOCK4:
      return cursor.skip(cursor.u32('a block length'), 'a block');
    case Form.BLOCK:
    case Form.EXPRLOC:
      return cursor.skip(cursor.uleb('a block length'), 'a block');
    case Form.SDATA:
      cursor.sleb('an attribute');
      return;
    case Form.UDATA:
    case Form.REF_UDATA:
    case Form.STRX:
    case Form.ADDRX:
    case Form.LOCLISTX:
    case Form.RNGLISTX:
      cursor.bigUleb('an attribute');
      return;
    case Form.INDIRECT:
      return skipForm(cursor, indirect(cursor), format);
    default:
      throw cursor.malformed(`unknown form 0x${form.toString(16)}`);
  }
}

/** Reads a value. O(1), but O(bytes) for strings. @throws InputError `dwarf-malformed` also for unknown forms */
export function readForm(cursor: Cursor, form: number, format: Format, implicit: bigint | undefined): FormValue {
  const { wide } = format;
  switch (form) {
    case Form.ADDR:
      return { kind: 'address', place: cursor.address(format.addressSize, 'an address') };
    case Form.ADDRX:
      return { kind: 'address-index', index: cursor.uleb('an address index') };
    case Form.ADDRX1:
      return { kind: 'address-index', index: cursor.u8('an address index') };
    case Form.ADDRX2:
      return { kind: 'address-index', index: cursor.u16('an address index') };
    case Form.ADDRX3:
      return { kind: 'address-index', index: cursor.u24('an address index') };
    case Form.ADDRX4:
      return { kind: 'address-index', index: cursor.u32('an address index') };
    case Form.DATA1:
      return { kind: 'constant', value: BigInt(cursor.u8('a constant')), bits: 8 };
    case Form.DATA2:
      return { kind: 'constant', value: BigInt(cursor.u16('a constant')), bits: 16 };
    case Form.DATA4:
      return { kind: 'constant', value: BigInt(cursor.u32('a constant')), bits: 32 };
    case Form.DATA8:
      return { kind: 'constant', value: cursor.u64('a constant'), bits: 64 };
    case Form.SDATA:
      return { kind: 'constant', value: cursor.sleb('a constant'), bits: undefined };
    case Form.UDATA:
      return { kind: 'constant', value: cursor.bigUleb('a constant'), bits: undefined };
    case Form.IMPLICIT_CONST:
      return { kind: 'constant', value: implicit ?? 0n, bits: undefined };
    case Form.DATA16:
      return block(cursor, 16);
    case Form.BLOCK1:
      return block(cursor, cursor.u8('a block length'));
    case Form.BLOCK2:
      return block(cursor, cursor.u16('a block length'));
    case Form.BLOCK4:
      return block(cursor, cursor.u32('a block length'));
    case Form.BLOCK:
    case Form.EXPRLOC:
      return block(cursor, cursor.uleb('a block length'));
    case Form.FLAG:
      return { kind: 'flag', value: cursor.u8('a flag') !== 0 };
    case Form.FLAG_PRESENT:
      return { kind: 'flag', value: true };
    case Form.STRING:
      return { kind: 'text', text: cursor.string('a string attribute') };
    case Form.STRP:
      return { kind: 'text-offset', section: '.debug_str', offset: cursor.offset(wide, 'a string offset') };
    case Form.LINE_STRP:
      return { kind: 'text-offset', section: '.debug_line_str', offset: cursor.offset(wide, 'a string offset') };
    case Form.STRX:
      return { kind: 'text-index', index: cursor.uleb('a string index') };
    case Form.STRX1:
      return { kind: 'text-index', index: cursor.u8('a string index') };
    case Form.STRX2:
      return { kind: 'text-index', index: cursor.u16('a string index') };
    case Form.STRX3:
      return { kind: 'text-index', index: cursor.u24('a string index') };
    case Form.STRX4:
      return { kind: 'text-index', index: cursor.u32('a string index') };
    case Form.REF1:
      return { kind: 'unit-reference', offset: cursor.u8('a reference') };
    case Form.REF2:
      return { kind: 'unit-reference', offset: cursor.u16('a reference') };
    case Form.REF4:
      return { kind: 'unit-reference', offset: cursor.u32('a reference') };
    case Form.REF8:
      return { kind: 'unit-reference', offset: cursor.offset(true, 'a reference') };
    case Form.REF_UDATA:
      return { kind: 'unit-reference', offset: cursor.uleb('a reference') };
    case Form.REF_ADDR: {
      const section = cursor.section.targets.get(cursor.at) ?? 0;
      const bytes = fixedSize(form, format);
      return { kind: 'reference', section, offset: cursor.offset(bytes === 8, 'a reference') };
    }
    case Form.REF_SIG8:
      return { kind: 'signature', signature: cursor.u64('a type signature') };
    case Form.SEC_OFFSET:
      return { kind: 'section-offset', offset: cursor.offset(wide, 'a section offset') };
    case Form.LOCLISTX:
      return { kind: 'location-list-index', index: cursor.uleb('a list index') };
    case Form.RNGLISTX:
      return { kind: 'range-list-index', index: cursor.uleb('a list index') };
    case Form.STRP_SUP:
    case Form.REF_SUP4:
    case Form.REF_SUP8:
      skipForm(cursor, form, format);
      return { kind: 'supplementary' };
    case Form.INDIRECT:
      return readForm(cursor, indirect(cursor), format, undefined);
    default:
      throw cursor.malformed(`unknown form 0x${form.toString(16)}`);
  }
}

/** The form that stands in the entry itself. It may be neither indirect again, which would nest without end, nor without a value. */
function indirect(cursor: Cursor): number {
  const form = cursor.uleb('an indirect form');
  if (form === Form.INDIRECT || form === Form.IMPLICIT_CONST) {
    throw cursor.malformed(`an indirect form is 0x${form.toString(16)}`);
  }
  return form;
}

function block(cursor: Cursor, size: number): FormValue {
  const start = cursor.at;
  cursor.skip(size, 'a block');
  return { kind: 'block', start, end: cursor.at };
}
