import type {
  Argument,
  ArgumentKind,
  ContextDescriptor,
  ContextField,
  FieldKind,
  Helper,
  ReturnKind,
} from './platform';

/** How the tables of both platforms write their rows: short, checked by the compiler, one fact a line. */

/** An argument in a table: a kind, or a kind with its size or effect. */
export type ArgumentRow = ArgumentKind | Argument;

/** `bytes` of readable memory. */
export const fixed = (bytes: number): Argument => ({ kind: 'fixed_mem', fixedSize: bytes });
/** `bytes` of writable memory, which need not be initialised. */
export const fixedOut = (bytes: number): Argument => ({ kind: 'uninit_fixed_mem', fixedSize: bytes });
/** `bytes` that the helper reads and then overwrites. */
export const fixedInOut = (bytes: number): Argument => ({ kind: 'fixed_mem', fixedSize: bytes, writes: true });
/** Initialised memory that the helper overwrites; its size is in the next argument. */
export const inOut: Argument = { kind: 'mem', writes: true };
export const inOutOrNull: Argument = { kind: 'mem_or_null', writes: true };

export type HelperFlag = 'gpl' | 'changes_packet' | 'tail_call';

/**
 * A helper row. `prototype` is the C declaration with `@` where the name belongs, so that the name stands once.
 */
export function defineHelper(
  id: number,
  name: string,
  prototype: string,
  args: readonly ArgumentRow[],
  returns: ReturnKind,
  flags: readonly HelperFlag[],
  source: string,
): Helper {
  return {
    id,
    name,
    prototype: prototype.replace('@', name),
    arguments: args.map((row) => (typeof row === 'string' ? { kind: row } : row)),
    returns,
    changesPacket: flags.includes('changes_packet'),
    gplOnly: flags.includes('gpl'),
    tailCall: flags.includes('tail_call'),
    source,
  };
}

/**
 * Access to a context field: `r` readable, `w` writable, `n` loads narrower than the field are allowed.
 * `-` stands for a field that exists but may not be touched.
 */
export type Access = 'r' | 'rn' | 'rw' | 'rwn' | 'w' | '-';

export function defineField(
  name: string,
  offset: number,
  size: number,
  type: string,
  access: Access = 'rn',
  kind: FieldKind = 'scalar',
): ContextField {
  return {
    name,
    offset,
    size,
    kind,
    readable: access.includes('r'),
    writable: access.includes('w'),
    narrow: access.includes('n'),
    type,
  };
}

/** A context with named fields, in any order; they are sorted as the contract wants them. */
export function defineContext(structure: string, size: number, fields: readonly ContextField[]): ContextDescriptor {
  return {
    structure,
    size,
    fields: [...fields].sort((a, b) => a.offset - b.offset || b.size - a.size),
    writable: false,
  };
}

/** A context that is plain memory of `size` bytes. */
export function definePlain(structure: string, size: number, writable = false): ContextDescriptor {
  return { structure, size, fields: [], writable };
}
