import type { Operand, Operation } from './operation';
import { OperationCode } from './operation';

export interface DescribeOptions {
  /** A register's name by its DWARF number. */
  readonly register: (number: number) => string;
  /** A type's name by its id. */
  readonly type: (id: number) => string;
}

/** What an expression looks like in llvm-dwarfdump's notation, e.g. `DW_OP_breg10 r10-8, DW_OP_deref, DW_OP_stack_value`. */
export function describeExpression(operations: readonly Operation[], options: DescribeOptions): string {
  if (operations.length === 0) return '<empty>';
  return operations.map((operation) => describeOperation(operation, options)).join(', ');
}

function describeOperation({ code, name, operands }: Operation, options: DescribeOptions): string {
  const [first, second] = operands;
  if (code >= OperationCode.REG0 && code <= OperationCode.REG31) {
    return `${name} ${options.register(code - OperationCode.REG0)}`;
  }
  if (code >= OperationCode.BREG0 && code <= OperationCode.BREG31) {
    return `${name} ${options.register(code - OperationCode.BREG0)}${signed(first)}`;
  }
  if (code === OperationCode.BREGX && first?.kind === 'register') {
    return `${name} ${options.register(Number(first.value))}${signed(second)}`;
  }
  if (first?.kind === 'expression') return `${name}(${describeExpression(first.operations, options)})`;
  return [name, ...operands.map((operand) => describeOperand(operand, options))].join(' ');
}

function describeOperand(operand: Operand, options: DescribeOptions): string {
  switch (operand.kind) {
    case 'unsigned':
      return `0x${operand.value.toString(16)}`;
    case 'signed':
      return signed(operand);
    case 'register':
      return options.register(Number(operand.value));
    case 'address':
      return `0x${BigInt(operand.place.offset).toString(16)}`;
    case 'address-index':
      return `0x${operand.index.toString(16)}`;
    case 'type':
      return operand.id === 0 ? '0x0' : `(0x${operand.id.toString(16).padStart(8, '0')}) "${options.type(operand.id)}"`;
    case 'entry':
      return `0x${operand.id.toString(16)}`;
    case 'bytes':
      return [
        `0x${operand.bytes.length.toString(16)}`,
        ...[...operand.bytes].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`),
      ].join(' ');
    case 'expression':
      return `(${describeExpression(operand.operations, options)})`;
  }
}

function signed(operand: Operand | undefined): string {
  const value = operand?.kind === 'signed' ? operand.value : 0n;
  return value < 0n ? `${value}` : `+${value}`;
}
