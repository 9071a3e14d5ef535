/** enum bpf_core_relo_kind, include/uapi/linux/bpf.h. */
export const CoreKind = {
  FIELD_BYTE_OFFSET: 0,
  FIELD_BYTE_SIZE: 1,
  FIELD_EXISTS: 2,
  FIELD_SIGNED: 3,
  FIELD_LSHIFT_U64: 4,
  FIELD_RSHIFT_U64: 5,
  TYPE_ID_LOCAL: 6,
  TYPE_ID_TARGET: 7,
  TYPE_EXISTS: 8,
  TYPE_SIZE: 9,
  ENUMVAL_EXISTS: 10,
  ENUMVAL_VALUE: 11,
  TYPE_MATCHES: 12,
} as const;

/** What a relocation speaks about: a field, a type, an enumerator, or something that this reader does not know. */
export type CoreSubject = 'field' | 'type' | 'enumerator' | 'unknown';

interface KindRow {
  /** As libbpf names it in its messages. */
  readonly name: string;
  readonly subject: CoreSubject;
}

const ROWS: readonly KindRow[] = [
  { name: 'byte_off', subject: 'field' },
  { name: 'byte_sz', subject: 'field' },
  { name: 'field_exists', subject: 'field' },
  { name: 'signed', subject: 'field' },
  { name: 'lshift_u64', subject: 'field' },
  { name: 'rshift_u64', subject: 'field' },
  { name: 'local_type_id', subject: 'type' },
  { name: 'target_type_id', subject: 'type' },
  { name: 'type_exists', subject: 'type' },
  { name: 'type_size', subject: 'type' },
  { name: 'enumval_exists', subject: 'enumerator' },
  { name: 'enumval_value', subject: 'enumerator' },
  { name: 'type_matches', subject: 'type' },
];

/** Name and subject of a relocation kind. */
export function coreKind(kind: number): KindRow {
  return ROWS[kind] ?? { name: 'unknown', subject: 'unknown' };
}
