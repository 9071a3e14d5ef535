import { Cursor } from './cursor';
import type { Location, Piece } from './dwarf';
import { OperationCode, operationShapes, type Operand, type OperandKind, type Operation } from './operation';
import type { DebugSection } from './relocate';
import type { UnitView } from './unit_view';

/** DW_OP_entry_value holds an expression; compilers never nest it. */
const DEEPEST = 4;

/**
 * Decodes the expression in bytes `[start, end)` of a section (section 2.5). O(bytes).
 * @throws InputError `dwarf-malformed` for unknown operations and truncated operands
 */
export function readExpression(
  unit: UnitView,
  section: DebugSection,
  start: number,
  end: number,
  depth = 0,
): Operation[] {
  const cursor = new Cursor(section, start, end);
  const operations: Operation[] = [];
  while (!cursor.done) {
    const offset = cursor.at - start;
    const code = cursor.u8('an operation');
    const shape = operationShapes[code];
    if (!shape) throw cursor.malformed(`unknown operation 0x${code.toString(16)}`);
    const operands = shape.operands.map((kind) => readOperand(cursor, kind, unit, depth));
    operations.push({ offset, code, name: shape.name, operands });
  }
  return operations;
}

function readOperand(cursor: Cursor, kind: OperandKind, unit: UnitView, depth: number): Operand {
  const what = 'an operand';
  switch (kind) {
    case 'address':
      return { kind: 'address', place: cursor.address(unit.addressSize, what) };
    case 'u1':
      return { kind: 'unsigned', value: BigInt(cursor.u8(what)) };
    case 's1':
      return { kind: 'signed', value: BigInt(cursor.i8(what)) };
    case 'u2':
      return { kind: 'unsigned', value: BigInt(cursor.u16(what)) };
    case 's2':
      return { kind: 'signed', value: BigInt.asIntN(16, BigInt(cursor.u16(what))) };
    case 'u4':
      return { kind: 'unsigned', value: BigInt(cursor.u32(what)) };
    case 's4':
      return { kind: 'signed', value: BigInt.asIntN(32, BigInt(cursor.u32(what))) };
    case 'u8':
      return { kind: 'unsigned', value: cursor.u64(what) };
    case 's8':
      return { kind: 'signed', value: BigInt.asIntN(64, cursor.u64(what)) };
    case 'uleb':
      return { kind: 'unsigned', value: cursor.bigUleb(what) };
    case 'sleb':
      return { kind: 'signed', value: cursor.sleb(what) };
    case 'register':
      return { kind: 'register', value: BigInt(cursor.uleb(what)) };
    case 'address-index': {
      const index = cursor.uleb(what);
      return { kind: 'address-index', index, place: unit.address(index) };
    }
    case 'type': {
      const offset = cursor.uleb(what);
      return { kind: 'type', id: offset === 0 ? 0 : unit.id + offset };
    }
    case 'entry2':
      return { kind: 'entry', id: unit.id + cursor.u16(what) };
    case 'entry4':
      return { kind: 'entry', id: unit.id + cursor.u32(what) };
    case 'entry':
      return { kind: 'entry', id: unit.base + cursor.offset(unit.wide, what) };
    case 'block':
      return { kind: 'bytes', bytes: cursor.bytes(cursor.uleb(what), what) };
    case 'block1':
      return { kind: 'bytes', bytes: cursor.bytes(cursor.u8(what), what) };
    case 'expression': {
      if (depth >= DEEPEST) throw cursor.malformed('entry values inside entry values');
      const size = cursor.uleb(what);
      const start = cursor.at;
      cursor.skip(size, what);
      return { kind: 'expression', operations: readExpression(unit, cursor.section, start, cursor.at, depth + 1) };
    }
  }
}

/** What an expression says about where a value is (section 2.6). O(operations). */
export function locationOf(operations: readonly Operation[]): Location {
  if (!operations.some(isPiece)) return simpleLocation(operations);
  const pieces: Piece[] = [];
  let from = 0;
  operations.forEach((operation, index) => {
    if (!isPiece(operation)) return;
    const [size, first] = operation.operands.map((operand) =>
      operand.kind === 'unsigned' ? Number(operand.value) : 0,
    );
    const location = simpleLocation(operations.slice(from, index));
    const isBits = operation.code === OperationCode.BIT_PIECE;
    pieces.push({ bits: (size ?? 0) * (isBits ? 1 : 8), bitOffset: first ?? 0, location });
    from = index + 1;
  });
  return { kind: 'pieces', pieces };
}

function isPiece({ code }: Operation): boolean {
  return code === OperationCode.PIECE || code === OperationCode.BIT_PIECE;
}

function simpleLocation(operations: readonly Operation[]): Location {
  const first = operations[0];
  if (!first) return { kind: 'empty' };
  const last = operations[operations.length - 1]!;
  if (last.code === OperationCode.STACK_VALUE) return computedValue(operations, operations.slice(0, -1));
  const alone = operations.length === 1;
  const { code, operands } = first;
  if (alone && code >= OperationCode.REG0 && code <= OperationCode.REG31) {
    return { kind: 'register', register: code - OperationCode.REG0 };
  }
  if (alone && code >= OperationCode.BREG0 && code <= OperationCode.BREG31) {
    return { kind: 'register-offset', register: code - OperationCode.BREG0, offset: integer(operands[0]) };
  }
  if (alone && code === OperationCode.REGX) return { kind: 'register', register: Number(integer(operands[0])) };
  if (alone && code === OperationCode.BREGX) {
    return { kind: 'register-offset', register: Number(integer(operands[0])), offset: integer(operands[1]) };
  }
  if (alone && code === OperationCode.FBREG) return { kind: 'frame-offset', offset: integer(operands[0]) };
  if (alone && code === OperationCode.IMPLICIT_VALUE && operands[0]?.kind === 'bytes') {
    return { kind: 'implicit-value', bytes: operands[0].bytes };
  }
  if (code === OperationCode.ADDR || code === OperationCode.ADDRX || code === OperationCode.GNU_ADDR_INDEX) {
    const place =
      operands[0]?.kind === 'address' || operands[0]?.kind === 'address-index' ? operands[0].place : undefined;
    const more = operations[1];
    if (place && !more) return { kind: 'address', place };
    if (place && operations.length === 2 && more?.code === OperationCode.PLUS_UCONST) {
      const offset = place.offset + Number(integer(more.operands[0]));
      return { kind: 'address', place: { section: place.section, offset } };
    }
  }
  return { kind: 'computed-address', operations };
}

/** The location for operations that end in DW_OP_stack_value; `before` are those before it. */
function computedValue(operations: readonly Operation[], before: readonly Operation[]): Location {
  const only = before.length === 1 ? before[0]! : undefined;
  if (only) {
    const { code, operands } = only;
    if (code >= OperationCode.LIT0 && code <= OperationCode.LIT31) {
      return { kind: 'constant', value: BigInt(code - OperationCode.LIT0) };
    }
    if (code >= OperationCode.CONST1U && code <= OperationCode.CONSTS)
      return { kind: 'constant', value: integer(operands[0]) };
    const inner = operands[0];
    if (
      (code === OperationCode.ENTRY_VALUE || code === OperationCode.GNU_ENTRY_VALUE) &&
      inner?.kind === 'expression'
    ) {
      return { kind: 'entry-value', location: locationOf(inner.operations) };
    }
  }
  return { kind: 'value', operations };
}

function integer(operand: Operand | undefined): bigint {
  return operand?.kind === 'unsigned' || operand?.kind === 'signed' || operand?.kind === 'register'
    ? operand.value
    : 0n;
}
