import type { Btf, BtfType } from './btf';
import { BtfKind } from './kind';

/** Kinds as bpftool writes them. */
export const KIND_NAME: Readonly<Record<BtfType['kind'], string>> = {
  [BtfKind.VOID]: 'UNKNOWN',
  [BtfKind.INT]: 'INT',
  [BtfKind.PTR]: 'PTR',
  [BtfKind.ARRAY]: 'ARRAY',
  [BtfKind.STRUCT]: 'STRUCT',
  [BtfKind.UNION]: 'UNION',
  [BtfKind.ENUM]: 'ENUM',
  [BtfKind.FWD]: 'FWD',
  [BtfKind.TYPEDEF]: 'TYPEDEF',
  [BtfKind.VOLATILE]: 'VOLATILE',
  [BtfKind.CONST]: 'CONST',
  [BtfKind.RESTRICT]: 'RESTRICT',
  [BtfKind.FUNC]: 'FUNC',
  [BtfKind.FUNC_PROTO]: 'FUNC_PROTO',
  [BtfKind.VAR]: 'VAR',
  [BtfKind.DATASEC]: 'DATASEC',
  [BtfKind.FLOAT]: 'FLOAT',
  [BtfKind.DECL_TAG]: 'DECL_TAG',
  [BtfKind.TYPE_TAG]: 'TYPE_TAG',
  [BtfKind.ENUM64]: 'ENUM64',
};

const LINKAGE = ['static', 'global', 'extern'];

/**
 * All types of this file (for split BTF: not those of its base) as `bpftool btf dump file X format raw` prints them. O(types).
 * @throws InputError `btf-malformed`
 */
export function rawDump(btf: Btf): string {
  const lines: string[] = [];
  for (let id = btf.start; id < btf.count; id++) lines.push(rawType(btf, id));
  return lines.join('');
}

/** One type in that form: a line, and one more for each member. */
export function rawType(btf: Btf, id: number): string {
  const type = btf.type(id);
  const name = (text: string): string => `'${text || '(anon)'}'`;
  const rows = <T>(items: readonly T[], row: (item: T) => string): string =>
    items.map((item) => `\n\t${row(item)}`).join('');
  const head = `[${id}] ${KIND_NAME[type.kind]} ${name(type.name)}`;
  switch (type.kind) {
    case BtfKind.VOID:
      return `${head}\n`;
    case BtfKind.INT: {
      const encoding = intEncoding(type);
      return `${head} size=${type.size} bits_offset=${type.bitOffset} nr_bits=${type.bits} encoding=${encoding}\n`;
    }
    case BtfKind.PTR:
    case BtfKind.TYPEDEF:
    case BtfKind.VOLATILE:
    case BtfKind.CONST:
    case BtfKind.RESTRICT:
    case BtfKind.TYPE_TAG:
      return `${head} type_id=${type.type}\n`;
    case BtfKind.ARRAY:
      return `${head} type_id=${type.type} index_type_id=${type.indexType} nr_elems=${type.count}\n`;
    case BtfKind.STRUCT:
    case BtfKind.UNION:
      return `${head} size=${type.size} vlen=${type.members.length}${rows(
        type.members,
        (member) =>
          `${name(member.name)} type_id=${member.type} bits_offset=${member.bitOffset}${member.bits > 0 ? ` bitfield_size=${member.bits}` : ''}`,
      )}\n`;
    case BtfKind.ENUM:
    case BtfKind.ENUM64: {
      const suffix = type.kind === BtfKind.ENUM ? '' : type.signed ? 'LL' : 'ULL';
      return `${head} encoding=${type.signed ? 'SIGNED' : 'UNSIGNED'} size=${type.size} vlen=${type.values.length}${rows(
        type.values,
        (value) => `${name(value.name)} val=${value.value}${suffix}`,
      )}\n`;
    }
    case BtfKind.FWD:
      return `${head} fwd_kind=${type.union ? 'union' : 'struct'}\n`;
    case BtfKind.FUNC:
      return `${head} type_id=${type.type} linkage=${LINKAGE[type.linkage] ?? '(unknown)'}\n`;
    case BtfKind.FUNC_PROTO:
      return `${head} ret_type_id=${type.returns} vlen=${type.parameters.length}${rows(
        type.parameters,
        (parameter) => `${name(parameter.name)} type_id=${parameter.type}`,
      )}\n`;
    case BtfKind.VAR:
      return `${head} type_id=${type.type}, linkage=${LINKAGE[type.linkage] ?? '(unknown)'}\n`;
    case BtfKind.DATASEC:
      return `${head} size=${type.size} vlen=${type.variables.length}${rows(type.variables, (variable) => {
        const place = `type_id=${variable.type} offset=${variable.offset} size=${variable.size}`;
        const target = btf.type(variable.type);
        if (target.kind !== BtfKind.VAR && target.kind !== BtfKind.FUNC) return place;
        return `${place} (${KIND_NAME[target.kind]} '${target.name}')`;
      })}\n`;
    case BtfKind.FLOAT:
      return `${head} size=${type.size}\n`;
    case BtfKind.DECL_TAG:
      return `${head} type_id=${type.type} component_idx=${type.component}\n`;
  }
}

/** bpftool names one encoding, and only when it stands alone. */
function intEncoding(type: { readonly signed: boolean; readonly char: boolean; readonly bool: boolean }): string {
  const flags = [type.signed && 'SIGNED', type.char && 'CHAR', type.bool && 'BOOL'].filter((flag) => flag !== false);
  if (flags.length === 0) return '(none)';
  return flags.length === 1 ? flags[0]! : 'UNKN';
}
