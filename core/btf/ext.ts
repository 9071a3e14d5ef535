import { ByteView } from '../input/bytes';
import { InputError } from '../input/error';
import type { Btf } from './btf';
import { openBtf } from './read';

const SECTION = '.BTF.ext';

/** The function that starts at a byte offset of a section. */
export interface FuncInfo {
  readonly offset: number;
  /** BTF id of the FUNC. */
  readonly type: number;
}

/** The source line that begins at a byte offset of a section. */
export interface LineInfo {
  readonly offset: number;
  readonly path: string;
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** A CO-RE relocation record, undigested. */
export interface CoreRelocation {
  readonly offset: number;
  /** Position among the records of its section, as libbpf numbers them. */
  readonly index: number;
  readonly type: number;
  readonly access: string;
  readonly kind: number;
}

/** `.BTF.ext` by name of the section that the records speak about, each sorted by offset. */
export interface BtfExt {
  readonly functions: ReadonlyMap<string, readonly FuncInfo[]>;
  readonly lines: ReadonlyMap<string, readonly LineInfo[]>;
  readonly relocations: ReadonlyMap<string, readonly CoreRelocation[]>;
}

/**
 * Reads `.BTF.ext` (Documentation/bpf/btf.rst, section 4). O(records).
 * @throws InputError `btf-malformed`
 */
export function readBtfExt(bytes: Uint8Array, btf: Btf): BtfExt {
  const view = openBtf(bytes, SECTION);
  const header = view.u32(4, 'hdr_len');
  const part = (at: number): ByteView | undefined => {
    if (at + 8 > header) return undefined; // older headers end before core_relo
    const length = view.u32(at + 4, 'a subsection length');
    if (length === 0) return undefined;
    const data = view.slice(header + view.u32(at, 'a subsection offset'), length, 'a subsection');
    return new ByteView(data, view.littleEndian, 'btf-malformed', { section: SECTION });
  };
  return {
    functions: readPart(part(8), 8, btf, (v, at) => ({
      offset: v.u32(at, 'insn_off'),
      type: v.u32(at + 4, 'type_id'),
    })),
    lines: readPart(part(16), 16, btf, (v, at) => {
      const position = v.u32(at + 12, 'line_col');
      return {
        offset: v.u32(at, 'insn_off'),
        path: btf.string(v.u32(at + 4, 'file_name_off')),
        text: btf.string(v.u32(at + 8, 'line_off')),
        line: position >>> 10,
        column: position & 0x3ff,
      };
    }),
    relocations: readPart(part(24), 16, btf, (v, at, index) => ({
      offset: v.u32(at, 'insn_off'),
      index,
      type: v.u32(at + 4, 'type_id'),
      access: btf.string(v.u32(at + 8, 'access_str_off')),
      kind: v.u32(at + 12, 'kind'),
    })),
  };
}

function readPart<T extends { readonly offset: number }>(
  view: ByteView | undefined,
  smallest: number,
  btf: Btf,
  record: (view: ByteView, at: number, index: number) => T,
): Map<string, T[]> {
  const bySection = new Map<string, T[]>();
  if (!view) return bySection;
  const size = view.u32(0, 'rec_size');
  if (size < smallest)
    throw new InputError(
      'btf-malformed',
      `section ${SECTION}: records of ${size} bytes, at least ${smallest} expected`,
      { section: SECTION },
    );
  for (let at = 4; at < view.length;) {
    const section = btf.string(view.u32(at, 'sec_name_off'));
    const count = view.u32(at + 4, 'num_info');
    view.need(at + 8, count * size, `${count} records for section ${section}`);
    const records = bySection.get(section) ?? [];
    for (let i = 0; i < count; i++) records.push(record(view, at + 8 + i * size, i));
    bySection.set(section, records);
    at += 8 + count * size;
  }
  for (const records of bySection.values()) records.sort((a, b) => a.offset - b.offset);
  return bySection;
}
