import type { ContextDescriptor, ContextField } from '../platform/platform';
import { describe } from './describe';
import { MAX_META, MAX_PACKET } from './link';
import type { Machine } from './machine';
import { setSigned, setSignedWidth, setUnsignedWidth, smin } from './scalar';
import { META_START, PACKET_SIZE } from './state';
import {
  CONSTANT,
  NUMBER,
  SYMBOL,
  Tag,
  hasConstant,
  setPointer,
  setScalarUnknown,
  NULLABLE,
  isPointer,
  TAG,
} from './value';

/** Loads from and stores into the context, by the field tables of the program type. */

interface Place {
  readonly offset: number;
  readonly width: number;
}

/** Loads `width` bytes at pointer + `offset` into the value at `to`. */
export function loadContext(m: Machine, at: number, offset: number, width: number, signed: boolean, to: number): void {
  const { w, symbols, slot } = m;
  const place = placeIn(m, at, offset, width, 'read');
  const field = place && fieldAt(m.type.context, place);
  if (place) checkRead(m, at, place, field, signed);
  if (place && field && field.kind !== 'scalar' && field.offset === place.offset && field.size === width) {
    loadPointer(m, field, to);
    return;
  }
  setScalarUnknown(w, to, symbols.fresh(), slot);
  if (signed) setSignedWidth(w, to + NUMBER, width);
  else setUnsignedWidth(w, to + NUMBER, width);
}

function loadPointer(m: Machine, field: ContextField, to: number): void {
  const { w, slot, symbols } = m;
  switch (field.kind) {
    case 'packet':
      setPointer(w, to, Tag.PACKET, 0, 0, 0, 0, slot);
      return;
    case 'packet_end':
      setPointer(w, to, Tag.PACKET, 0, 0, 0, 0, slot);
      setOffset(w, to, w[PACKET_SIZE]!, 0, MAX_PACKET);
      return;
    case 'packet_meta':
      setPointer(w, to, Tag.PACKET, 0, 0, 0, 0, slot);
      setOffset(w, to, w[META_START]!, -MAX_META, 1);
      return;
    default:
      setPointer(w, to, Tag.KERNEL, 0, symbols.fresh(), NULLABLE, 0, slot);
  }
}

function setOffset(w: Int32Array, at: number, symbol: number, min: number, max: number): void {
  setSigned(w, at + NUMBER, min, max);
  w[at + SYMBOL] = symbol;
  w[at + CONSTANT] = 0;
}

function placeIn(m: Machine, at: number, offset: number, width: number, verb: string): Place | undefined {
  const { w } = m;
  if (!hasConstant(w, at)) {
    m.fail('context-offset', () => ({ action: `used to ${verb} a field` }), at);
    return undefined;
  }
  const place = { offset: smin(w, at + NUMBER) + offset, width };
  const { size } = m.type.context;
  if (place.offset >= 0 && place.offset + width <= size) return place;
  m.fail(
    'context-access',
    () => ({
      action: `${verb} ${width} bytes at offset ${place.offset}`,
      known: `it has ${size} bytes`,
      needed: `0 <= offset and offset + ${width} <= ${size}`,
      class: place.offset < 0 ? 'BOUNDS_LOW' : 'BOUNDS_HIGH',
    }),
    at,
  );
  return undefined;
}

/** The field that holds the whole place; of overlapping ones, the one that fits exactly, else the narrowest that offers it. */
function fieldAt(context: ContextDescriptor, { offset, width }: Place): ContextField | undefined {
  let best: ContextField | undefined;
  for (const field of context.fields) {
    if (field.offset > offset || field.offset + field.size < offset + width) continue;
    if (field.offset === offset && field.size === width) return field;
    if (!best || field.size < best.size) best = field;
  }
  return best;
}

function overlapsPointer(context: ContextDescriptor, { offset, width }: Place): ContextField | undefined {
  return context.fields.find(
    (field) => field.kind !== 'scalar' && field.offset < offset + width && offset < field.offset + field.size,
  );
}

function checkRead(m: Machine, at: number, place: Place, field: ContextField | undefined, signed: boolean): void {
  const { context } = m.type;
  if (context.fields.length === 0) return;
  const pointer = signed && overlapsPointer(context, place);
  const problem = pointer ? `${pointer.name} cannot be sign-extended` : readProblem(context, place, field);
  if (problem === undefined) return;
  m.fail(
    'context-access',
    () => ({ action: `read ${place.width} bytes at offset ${place.offset}`, known: problem }),
    at,
  );
}

function readProblem(context: ContextDescriptor, place: Place, field: ContextField | undefined): string | undefined {
  const pointer = overlapsPointer(context, place);
  if (pointer && (pointer.offset !== place.offset || pointer.size !== place.width))
    return `${pointer.name} can only be read as a whole`;
  if (context.acrossFields) return undefined;
  if (!field) return 'no field lies there';
  if (!field.readable) return `${field.name} cannot be read`;
  if (field.size === place.width) return undefined;
  if (!field.narrow) return `${field.name} can only be read as a whole, ${field.size} bytes`;
  if ((place.offset - field.offset) % place.width !== 0)
    return `${field.name} can only be read at multiples of the width`;
  return undefined;
}

/** Checks a store of `width` bytes of the value at `from`, -1 for an immediate. */
export function storeContext(m: Machine, at: number, offset: number, width: number, from: number): void {
  const place = placeIn(m, at, offset, width, 'write');
  if (!place) return;
  const problem = writeProblem(m.type.context, place);
  if (problem !== undefined) {
    m.fail('context-access', () => ({ action: `write ${width} bytes at offset ${place.offset}`, known: problem }), at);
    return;
  }
  if (from >= 0 && isPointer(m.w[from + TAG]!))
    m.fail('pointer-leak', () => ({ value: describe(m, from), action: 'it is stored into the context' }), from);
}

function writeProblem(context: ContextDescriptor, place: Place): string | undefined {
  if (context.fields.length === 0) return context.writable ? undefined : 'it is read-only';
  const pointer = overlapsPointer(context, place);
  if (pointer) return `${pointer.name} cannot be written`;
  if (context.acrossFields) return undefined;
  const field = fieldAt(context, place);
  if (!field) return 'no field lies there';
  if (!field.writable) return `${field.name} cannot be written`;
  const whole = field.size === place.width && field.offset === place.offset;
  const part = field.narrow && (place.offset - field.offset) % place.width === 0;
  return whole || part ? undefined : `${field.name} can only be written as a whole, ${field.size} bytes`;
}
