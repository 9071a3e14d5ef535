import type { LineRecord } from '../object/line_table';
import { functionAt } from '../object/object';
import type { Failure, Machine } from './machine';
import type { Fix } from './report';

/** Lines before which a statement cannot simply be inserted. */
const CONTINUES =
  /^\s*(?:\}|else\b|case\b|default\b|for\b|while\b|&&|\|\||[?:)\],./]|[-+*](?![-+*\w(])|if\b.*\belse\b)/;

/** A repair that can be read off the source lines, for the failures that have one. Undefined when in doubt. */
export function fixOf(m: Machine, failure: Failure): Fix | undefined {
  const { program } = m;
  // In a subprogram the right value to return is not known.
  if (functionAt(program, failure.slot) !== program.functions[0]) return undefined;
  const use = program.lines.at(failure.slot);
  if (!use || CONTINUES.test(use.text)) return undefined;
  switch (failure.code) {
    case 'null-dereference':
      return nullFix(m, failure, use);
    case 'packet-bounds':
      return packetFix(m, use);
    default:
      return undefined;
  }
}

/** Inserts a NULL test before a dereference, when the variable's name stands on the line that set it. */
function nullFix(m: Machine, failure: Failure, use: LineRecord): Fix | undefined {
  const { definedAt } = failure;
  const origin = definedAt === undefined || definedAt < 0 ? undefined : m.program.lines.at(definedAt);
  if (!origin || origin.path !== use.path || origin.line >= use.line) return undefined;
  const name = /([A-Za-z_]\w*)\s*=(?!=)/.exec(origin.text)?.[1];
  if (name === undefined || !new RegExp(`\\b${name}\\b`).test(use.text)) return undefined;
  return guard(m, use, `!${name}`, `when ${name} is NULL`);
}

/** Inserts a comparison with data_end before a read of a member, when the line follows just one pointer. */
function packetFix(m: Machine, use: LineRecord): Fix | undefined {
  const followed = new Set([...use.text.matchAll(/([A-Za-z_]\w*)\s*->/g)].map((match) => match[1]!));
  if (followed.size !== 1) return undefined;
  const [name] = followed;
  let end: string | undefined;
  for (const record of m.program.lines.records) {
    if (record.path !== use.path || record.line >= use.line) continue;
    end ??= /([A-Za-z_]\w*)\s*=\s*\(void \*\)\s*\(\w+\)\s*\w+->data_end\b/.exec(record.text)?.[1];
  }
  if (end === undefined || name === undefined) return undefined;
  return guard(m, use, `(void *)(${name} + 1) > ${end}`, `when ${name} reaches beyond the packet`);
}

function guard(m: Machine, use: LineRecord, condition: string, when: string): Fix {
  const indent = /^\s*/.exec(use.text)![0];
  const value = m.type.defaultReturn ?? String(m.type.returns?.min ?? 0);
  const range = { startLine: use.line, startColumn: 1, endLine: use.line, endColumn: 1 };
  return {
    title: `Return ${value} ${when}`,
    edits: [{ path: use.path, range, text: `${indent}if (${condition}) return ${value};\n` }],
  };
}
