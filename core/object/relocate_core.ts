import type { Btf } from '../btf/btf';
import { CoreResolver, type CoreResolution } from '../btf/core_relo/resolve';
import type { CoreRelocation } from '../btf/ext';
import { InputError } from '../input/error';
import { sliceCode, type Code } from '../isa/code';
import { accessWidth, BYTES_PER_SLOT, CALL, Class, LDDW, Size, Source } from '../isa/opcode';
import type { BpfObject, LinkedFunction, Program } from './object';

/** Helper number that libbpf puts where a relocation failed; the verifier refuses it when it is reached. */
export const POISON = 0xbad2310;

/** Largest `offset` of a load or store. */
const MAX_OFFSET = 0x7fff;

/** One CO-RE relocation of a linked program, resolved and applied. */
export interface AppliedRelocation extends CoreResolution {
  /** Linked slot of the instruction. */
  readonly slot: number;
  /** Name of the function that holds it, and its position there. */
  readonly function: string;
  readonly functionSlot: number;
  /** Position among the records of its section, as libbpf numbers them. */
  readonly index: number;
  /** The field that was written; with `offset`, the width of the access may change too. */
  readonly field: 'imm' | 'offset' | 'imm64' | 'poison';
  /** What the field held and holds now, as unsigned 64-bit numbers; the same when poisoned. */
  readonly before: bigint;
  readonly after: bigint;
  /** Slots that were written or poisoned: 2 for a wide load. */
  readonly slots: 1 | 2;
  /** Bytes of the load or store when they changed. */
  readonly width: { readonly before: number; readonly after: number } | undefined;
}

export interface RelocatedCode {
  /** A copy of the program's code with all relocations applied. */
  readonly code: Code;
  /** By function in linked order, then by record. */
  readonly relocations: readonly AppliedRelocation[];
}

/**
 * Applies the CO-RE relocations of a program against a target's types: a kernel's, a file's, or the object's own.
 * The program itself is not changed. O(slots + relocations * candidates * members).
 * @param resolver of the same object and target, to share its search for candidates among programs
 * @throws InputError `core-malformed`, `core-ambiguous`, `core-unsupported`, `core-instruction`, `core-range`, naming section, function and offset
 */
export function relocateCore(
  object: BpfObject,
  program: Program,
  target: Btf,
  resolver: CoreResolver | undefined = object.btf && new CoreResolver(object.btf, target),
): RelocatedCode {
  const code = sliceCode(program.code, 0, program.code.length);
  const relocations: AppliedRelocation[] = [];
  if (!resolver) return { code, relocations };
  for (const fn of program.functions) {
    for (const record of recordsOf(object, fn)) {
      const place = { section: fn.section, symbol: fn.name, offset: record.offset };
      try {
        relocations.push(apply(code, fn, record, resolver.resolve(record)));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        const slot = record.offset / BYTES_PER_SLOT - fn.sectionSlot;
        throw new InputError(
          error.code,
          `section ${fn.section}: function ${fn.name}, instruction ${slot}: ${error.message}`,
          place,
        );
      }
    }
  }
  return { code, relocations };
}

/** The object with the code of every program relocated against `target`. @throws InputError as {@link relocateCore} */
export function relocateObject(object: BpfObject, target: Btf): BpfObject {
  const { btf } = object;
  if (!btf) return object;
  const resolver = new CoreResolver(btf, target);
  return {
    ...object,
    programs: object.programs.map((program) => ({
      ...program,
      code: relocateCore(object, program, target, resolver).code,
    })),
  };
}

/** The records that speak about a function, in order. O(log records + answers). */
function recordsOf(object: BpfObject, fn: LinkedFunction): readonly CoreRelocation[] {
  const records = object.coreRelocations?.get(fn.section) ?? [];
  const first = (offset: number): number => {
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (records[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const from = fn.sectionSlot * BYTES_PER_SLOT;
  return records.slice(first(from), first(from + fn.length * BYTES_PER_SLOT));
}

function apply(code: Code, fn: LinkedFunction, record: CoreRelocation, resolution: CoreResolution): AppliedRelocation {
  const functionSlot = record.offset / BYTES_PER_SLOT - fn.sectionSlot;
  if (!Number.isInteger(functionSlot)) throw wrong('the relocation lies between instructions');
  const slot = fn.start + functionSlot;
  const base = { ...resolution, slot, function: fn.name, functionSlot, index: record.index };
  const opcode = code.opcode[slot]!;
  switch (opcode & 7) {
    case Class.ALU:
    case Class.ALU64:
      if ((opcode & 8) !== Source.K) break;
      return { ...base, ...(resolution.poisoned ? poison(code, slot, 1) : patchImmediate(code, slot, resolution)) };
    case Class.LDX:
    case Class.ST:
    case Class.STX:
      if (resolution.poisoned) return { ...base, ...poison(code, slot, 1) };
      return { ...base, ...patchAccess(code, slot, resolution) };
    case Class.LD: {
      if (opcode !== LDDW || functionSlot + 1 >= fn.length || !isPlainWide(code, slot)) break;
      return { ...base, ...(resolution.poisoned ? poison(code, slot, 2) : patchWide(code, slot, resolution)) };
    }
    default:
      break;
  }
  throw wrong(`opcode 0x${opcode.toString(16)} takes no CO-RE relocation (${resolution.spec})`);
}

type Patch = Pick<AppliedRelocation, 'field' | 'before' | 'after' | 'width' | 'slots'>;

function poison(code: Code, slot: number, slots: 1 | 2): Patch {
  for (let at = slot; at < slot + slots; at++) {
    code.opcode[at] = CALL;
    code.dst[at] = 0;
    code.src[at] = 0;
    code.offset[at] = 0;
    code.imm[at] = POISON;
  }
  return { field: 'poison', before: 0n, after: 0n, slots, width: undefined };
}

function patchImmediate(code: Code, slot: number, resolution: CoreResolution): Patch {
  const before = expect(BigInt(code.imm[slot]!), resolution);
  code.imm[slot] = Number(BigInt.asIntN(32, resolution.value));
  return { field: 'imm', before, after: resolution.value, slots: 1, width: undefined };
}

function patchWide(code: Code, slot: number, resolution: CoreResolution): Patch {
  const held = (BigInt(code.imm[slot + 1]!) << 32n) | BigInt(code.imm[slot]! >>> 0);
  const before = expect(held, resolution);
  code.imm[slot] = Number(BigInt.asIntN(32, resolution.value));
  code.imm[slot + 1] = Number(BigInt.asIntN(32, resolution.value >> 32n));
  return { field: 'imm64', before, after: resolution.value, slots: 2, width: undefined };
}

function patchAccess(code: Code, slot: number, resolution: CoreResolution): Patch {
  const before = expect(BigInt(code.offset[slot]!), resolution);
  if (resolution.value > BigInt(MAX_OFFSET))
    throw new InputError(
      'core-range',
      `offset ${resolution.value} of ${resolution.targets[0]?.spec} is more than ${MAX_OFFSET}`,
    );
  if (resolution.widthFixed) return poison(code, slot, 1);
  const opcode = code.opcode[slot]!;
  code.offset[slot] = Number(resolution.value);
  const patch = { field: 'offset', before, after: resolution.value, slots: 1 } as const;
  if (resolution.originalSize === resolution.size) return { ...patch, width: undefined };
  const width = accessWidth(opcode);
  if (width !== resolution.originalSize)
    throw wrong(`a load or store of ${width} bytes, but ${resolution.spec} has ${resolution.originalSize}`);
  const size = SIZE_BITS.get(resolution.size);
  if (size === undefined)
    throw wrong(`${resolution.targets[0]?.spec} has ${resolution.size} bytes, which no load or store takes`);
  code.opcode[slot] = (opcode & ~0x18) | size;
  return { ...patch, width: { before: resolution.originalSize, after: resolution.size } };
}

const SIZE_BITS: ReadonlyMap<number, number> = new Map<number, number>([
  [1, Size.B],
  [2, Size.H],
  [4, Size.W],
  [8, Size.DW],
]);

/** What the instruction holds, as an unsigned number; refused when it is not what the compiler must have put there. */
function expect(held: bigint, resolution: CoreResolution): bigint {
  const value = BigInt.asUintN(64, held);
  if (resolution.certain && value !== resolution.original)
    throw wrong(`holds ${value} where ${resolution.spec} makes ${resolution.original}`);
  return value;
}

function isPlainWide(code: Code, slot: number): boolean {
  const second = slot + 1;
  return (
    code.src[slot] === 0 &&
    code.offset[slot] === 0 &&
    code.opcode[second] === 0 &&
    code.dst[second] === 0 &&
    code.src[second] === 0 &&
    code.offset[second] === 0
  );
}

function wrong(what: string): InputError {
  return new InputError('core-instruction', what);
}
