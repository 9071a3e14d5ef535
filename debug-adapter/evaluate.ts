import type { Emulator } from '../core/emulator/emulator';
import { MapView } from './maps';
import { fieldText, numberText, valueText, type Child, type Format } from './values';

/** Names that programs usually give to their context parameter. */
const CONTEXT_NAMES = /^(?:ctx|skb|xdp|context|md)$/;

/**
 * Evaluates what the adapter understands: registers (`r1`, `$r1`, `pc`), fields of the context (`ctx->data`), maps and global variables by
 * name, numbers,
 * and registers plus or minus a number (`r10-8`). Undefined for anything else.
 *
 * @param depth of the stack frame that was selected
 */
export function evaluate(
  emulator: Emulator,
  text: string,
  depth: number,
  pc: number,
  format: Format,
): Child | undefined {
  const { machine } = emulator;
  const expression = text.trim();
  const row = (value: string): Child => ({ name: expression, value });
  if (/^\$?pc$/.test(expression)) return row(String(pc));
  const sum = /^\$?r(\d|10)(?:\s*([-+])\s*(0x[0-9a-f]{1,16}|\d{1,19}))?$/i.exec(expression);
  if (sum) {
    const value = machine.registerAt(depth, Number(sum[1]));
    if (value === undefined) return row('<no value>');
    const addend = sum[3] === undefined ? 0n : BigInt(sum[3]);
    return row(valueText(machine, BigInt.asUintN(64, sum[2] === '-' ? value - addend : value + addend), format));
  }
  if (/^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(expression)) {
    const value = BigInt(expression);
    if (value < 1n << 64n) return row(numberText(value, 64, format));
  }
  const access = /^(\w+)\s*(?:->|\.)\s*(\w+)$/.exec(expression);
  if (access && CONTEXT_NAMES.test(access[1]!)) {
    const field = machine.context?.descriptor.fields.find((candidate) => candidate.name === access[2]);
    if (field) return { ...row(fieldText(machine, field, format)), type: field.type };
  }
  return new MapView(emulator).find(expression.replace(/^&\s*/, ''), format);
}
