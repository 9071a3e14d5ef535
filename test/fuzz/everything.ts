import type { Dwarf, Scope, Variable } from '../../core/dwarf/dwarf';
import { describeExpression } from '../../core/dwarf/describe';
import { typeName } from '../../core/dwarf/type_name';
import type { ElfFile } from '../../core/elf/elf';

const MOST_VARIABLES = 2000;

/**
 * Asks for everything that there is to know, as text: units, scopes, variables with locations and types, rows, and what covers each slot of
 * code. Two objects with the same text say the same.
 */
export function everything(elf: ElfFile, dwarf: Dwarf): string[] {
  const lines: string[] = [];
  const type = (id: number) => typeName((id) => dwarf.type(id), id);
  const variable = (variable: Variable) => {
    if (lines.length > MOST_VARIABLES) return;
    const { name, linkageName, parameter, artificial, external, declaration, declared } = variable;
    const flags = [parameter, artificial, external, declaration].map(Number).join('');
    lines.push(
      `${name} ${linkageName} ${flags}: ${type(variable.type)} ${declared.path}:${declared.line}:${declared.column}`,
    );
    for (const { range, location, operations } of variable.locations) {
      const text = describeExpression(operations, { register: (n) => `r${n}`, type });
      lines.push(`  ${range?.section}+${range?.start}..${range?.end} ${location.kind} ${text} ${json(location)}`);
    }
  };
  for (const unit of dwarf.units) {
    lines.push(`${unit.name} ${unit.directory} ${unit.producer} ${unit.language} ${unit.version} ${json(unit.ranges)}`);
  }
  dwarf.globals.forEach(variable);
  const open: Scope[] = [...dwarf.functions];
  for (let scope = open.shift(); scope && lines.length <= MOST_VARIABLES; scope = open.shift()) {
    const { kind, name, linkageName, enclosing, ranges, call, declared, external, frameBase } = scope;
    lines.push(`${kind} ${name} ${json({ linkageName, enclosing, ranges, call, declared, external, frameBase })}`);
    lines.push(`  ${type(scope.type)}`);
    scope.variables.forEach(variable);
    open.push(...scope.children);
  }
  let rows = 0;
  for (const row of dwarf.rows()) {
    lines.push(json(row));
    if (++rows > MOST_VARIABLES) break;
  }
  for (const section of elf.sections) {
    if ((section.flags & 4) === 0) continue;
    for (let offset = 0; offset < Math.min(section.size, 8000); offset += 8) {
      const { path, line, column } = dwarf.lineAt(section.index, offset) ?? {};
      const names = dwarf
        .variablesAt(section.index, offset)
        .map(({ variable, location }) => `${variable.name} ${json(location)}`);
      const scopes = dwarf.scopesAt(section.index, offset).map((scope) => scope.name);
      lines.push(`${section.name}+${offset} ${path}:${line}:${column} ${scopes.join('<')} ${names.join(', ')}`);
    }
  }
  return lines;
}

function json(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner));
}
