import { functionAt } from '../object/object';
import type { Failure, Machine } from './machine';
import type { Fix } from './report';

/** Lines before which a statement cannot simply be inserted. */
const CONTINUES = /^\s*(?:\}|else\b|case\b|default\b|&&|\|\||[?:)\],./]|[-+*](?![-+*\w(])|if\b.*\belse\b)/;

/** Inserts a NULL test before the line of a dereference, when the variable's name can be read off the line that set it. */
export function nullFix(m: Machine, failure: Failure): Fix | undefined {
  const { program, type } = m;
  const { slot, definedAt } = failure;
  if (definedAt === undefined || definedAt < 0) return undefined;
  // In a subprogram the right value to return is not known.
  if (functionAt(program, slot) !== program.functions[0]) return undefined;
  const use = program.lines.at(slot);
  const origin = program.lines.at(definedAt);
  if (!use || !origin || origin.path !== use.path || origin.line >= use.line || CONTINUES.test(use.text))
    return undefined;
  const name = /([A-Za-z_]\w*)\s*=(?!=)/.exec(origin.text)?.[1];
  if (name === undefined || !new RegExp(`\\b${name}\\b`).test(use.text)) return undefined;
  const indent = /^\s*/.exec(use.text)![0];
  const value = type.defaultReturn ?? String(type.returns?.min ?? 0);
  const at = { startLine: use.line, startColumn: 1, endLine: use.line, endColumn: 1 };
  return {
    title: `Return ${value} when ${name} is NULL`,
    edits: [{ path: use.path, range: at, text: `${indent}if (!${name}) return ${value};\n` }],
  };
}
