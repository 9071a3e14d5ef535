/** Holds our reading of an object's debugging information against what `llvm-dwarfdump -v` prints of it. */
import { SpecialSection, SymbolBinding, SymbolType, type ElfFile, type ElfSymbol } from '../../core/elf/elf';
import type { Dwarf, LocatedRange, Scope, Variable } from '../../core/dwarf/dwarf';
import type { AddressRange } from '../../core/dwarf/place';
import { describeExpression } from '../../core/dwarf/describe';
import { typeName } from '../../core/dwarf/type_name';
import type { Member } from '../../core/dwarf/type';

/** One thing that both sides say. They agree when the two texts are equal. */
export interface Check {
  readonly place: string;
  readonly theirs: string;
  readonly ours: string;
}

interface DumpedEntry {
  readonly offset: number;
  readonly tag: string;
  readonly parent: DumpedEntry | undefined;
  readonly children: DumpedEntry[];
  /** What stands in the parentheses, by attribute without `DW_AT_`. Several lines are joined by a newline. */
  readonly attributes: ReadonlyMap<string, string>;
}

const SCOPES = new Set(['subprogram', 'inlined_subroutine', 'lexical_block', 'try_block', 'catch_block']);
const TYPES_WITH_VARIABLES = new Set([
  'subroutine_type',
  'structure_type',
  'union_type',
  'class_type',
  'enumeration_type',
]);

/** The entries in the text of `llvm-dwarfdump -v --debug-info`, by offset. */
export function parseInfo(text: string): Map<number, DumpedEntry> {
  const entries = new Map<number, DumpedEntry>();
  const open: DumpedEntry[] = [];
  let attributes = new Map<string, string>();
  let last = '';
  // Each section counts from 0; ours count on through all of them.
  let base = 0;
  let next = 0;
  for (const line of text.split('\n')) {
    if (/^\.debug_info\.dwo/.test(line)) break;
    const unit = /^0x([0-9a-f]{8}): \w+ Unit:.*\(next unit at 0x([0-9a-f]+)\)/.exec(line);
    if (unit) {
      if (parseInt(unit[1]!, 16) === 0) base += next;
      next = parseInt(unit[2]!, 16);
      continue;
    }
    const head = /^0x([0-9a-f]{8}):( +)DW_TAG_(\w+)/.exec(line);
    if (head) {
      const depth = (head[2]!.length - 1) / 2;
      attributes = new Map();
      const parent = open[depth - 1];
      const entry = { offset: base + parseInt(head[1]!, 16), tag: head[3]!, parent, children: [], attributes };
      open.length = depth;
      open.push(entry);
      parent?.children.push(entry);
      entries.set(entry.offset, entry);
      last = '';
      continue;
    }
    const attribute = /^ +DW_AT_(\w+) (?:\[\w+\])?\t\((.*)$/.exec(line);
    if (attribute) {
      last = attribute[1]!;
      const shifted = attribute[2]!.replace(
        /\{0x([0-9a-f]+)\}/,
        (_, at: string) => `{0x${(base + parseInt(at, 16)).toString(16)}}`,
      );
      attributes.set(last, shifted.replace(/\)$/, ''));
    } else if (line.startsWith(' ') && last !== '') {
      // The closing parenthesis of the attribute is behind its last line; the one of a range always follows its end address.
      attributes.set(last, `${attributes.get(last)}\n${line.trim()}`);
    } else {
      last = '';
    }
  }
  return entries;
}

/** Every variable, parameter, scope and type. @param dump text of `llvm-dwarfdump -v --debug-info` */
export function compareInfo(elf: ElfFile, dwarf: Dwarf, dump: string): Check[] {
  const entries = parseInfo(dump);
  const variables = new Map<number, Variable>(dwarf.globals.map((variable) => [variable.id, variable]));
  const scopes = new Map<number, Scope>();
  const open: Scope[] = [...dwarf.functions];
  for (let scope = open.pop(); scope; scope = open.pop()) {
    scopes.set(scope.id, scope);
    for (const variable of scope.variables) variables.set(variable.id, variable);
    open.push(...scope.children);
  }
  const symbols = new Map(elf.symbols.filter(isGlobalData).map((symbol) => [symbol.name, symbol]));
  const checks: Check[] = [];
  const seen = new Set<number>();
  for (const entry of entries.values()) {
    const { offset, tag } = entry;
    if ((tag === 'variable' || tag === 'formal_parameter') && !TYPES_WITH_VARIABLES.has(entry.parent?.tag ?? '')) {
      const ours = variables.get(offset);
      seen.add(offset);
      const symbol = symbols.get(
        quoted(inherited(entry, 'linkage_name', entries) ?? inherited(entry, 'name', entries)),
      );
      checks.push({
        place: `${tag} 0x${offset.toString(16)}`,
        theirs: dumpedVariable(entry, entries, symbol),
        ours: ours ? ourVariable(elf, dwarf, ours, symbol) : 'not there',
      });
    } else if (SCOPES.has(tag)) {
      const ours = scopes.get(offset);
      seen.add(offset);
      checks.push({
        place: `${tag} 0x${offset.toString(16)}`,
        theirs: dumpedScope(entry, entries),
        ours: ours ? ourScope(elf, dwarf, ours) : 'not there',
      });
    } else {
      const theirs = dumpedType(entry, elf.littleEndian);
      if (theirs !== undefined) {
        checks.push({ place: `${tag} 0x${offset.toString(16)}`, theirs, ours: ourType(dwarf, offset) });
      }
    }
  }
  for (const id of [...variables.keys(), ...scopes.keys()]) {
    if (!seen.has(id)) checks.push({ place: `0x${id.toString(16)}`, theirs: 'not there', ours: 'there' });
  }
  return checks;
}

function isGlobalData({ binding, section, type }: ElfSymbol): boolean {
  return binding !== SymbolBinding.LOCAL && type === SymbolType.OBJECT && section !== SpecialSection.UNDEFINED;
}

/** The attribute from the entry or from what it is a copy or definition of. */
function inherited(entry: DumpedEntry, name: string, entries: Map<number, DumpedEntry>): string | undefined {
  let at: DumpedEntry | undefined = entry;
  for (let hops = 0; at && hops < 8; hops++) {
    const value = at.attributes.get(name);
    if (value !== undefined) return value;
    const next: string | undefined = at.attributes.get('abstract_origin') ?? at.attributes.get('specification');
    at = next === undefined ? undefined : entries.get(referenced(next));
  }
  return undefined;
}

/** The text in the last quotation marks. */
function quoted(text: string | undefined): string {
  return /"((?:[^"\\]|\\.)*)"[^"]*$/.exec(text ?? '')?.[1] ?? '';
}

/** `cu + 0x0042 => {0x00000042} "int"`. */
function referenced(text: string | undefined): number {
  const found = /\{0x([0-9a-f]+)\}/.exec(text ?? '') ?? /^0x([0-9a-f]+)/.exec(text ?? '');
  return found ? parseInt(found[1]!, 16) : 0;
}

/**
 * llvm-dwarfdump prints the operand of DW_OP_addr without its relocation, so where a global variable is comes from its symbol.
 */
function dumpedVariable(entry: DumpedEntry, entries: Map<number, DumpedEntry>, symbol: ElfSymbol | undefined): string {
  const { attributes } = entry;
  let scope = entry.parent;
  while (scope && !SCOPES.has(scope.tag)) scope = scope.parent;
  const type = inherited(entry, 'type', entries);
  const places = dumpedLocations(attributes.get('location'));
  const constant = attributes.get('const_value');
  return [
    `name ${quoted(inherited(entry, 'name', entries))}`,
    `type 0x${referenced(type).toString(16)} ${quoted(type) || 'void'}`,
    `declared ${quoted(inherited(entry, 'decl_file', entries))}:${decimal(inherited(entry, 'decl_line', entries))}`,
    `in 0x${(scope?.offset ?? 0).toString(16)}`,
    ...['artificial', 'external'].filter((flag) => inherited(entry, flag, entries) !== undefined),
    ...(attributes.has('declaration') ? ['declaration'] : []),
    ...places.map((place) =>
      place.replace(/^DW_OP_addrx? 0x.*/, symbol ? `at ${symbol.section}+${symbol.value}` : '$&'),
    ),
    ...(places.length === 0 && constant !== undefined ? [`constant ${constantText(constant)}`] : []),
  ].join('\n');
}

function ourVariable(elf: ElfFile, dwarf: Dwarf, variable: Variable, symbol: ElfSymbol | undefined): string {
  const { declared, locations } = variable;
  return [
    `name ${variable.name}`,
    `type 0x${variable.type.toString(16)} ${llvmName(dwarf, variable.type)}`,
    `declared ${declared.path}:${declared.line}`,
    `in 0x${(variable.scope?.id ?? 0).toString(16)}`,
    ...(variable.artificial ? ['artificial'] : []),
    ...(variable.external ? ['external'] : []),
    ...(variable.declaration ? ['declaration'] : []),
    ...locations.map((located) =>
      located.location.kind === 'address' && symbol
        ? `at ${located.location.place.section}+${located.location.place.offset}`
        : ourLocation(elf, dwarf, located),
    ),
  ].join('\n');
}

function ourLocation(elf: ElfFile, dwarf: Dwarf, { range, location, operations }: LocatedRange): string {
  if (operations.length === 0 && location.kind === 'constant') {
    return `constant ${BigInt.asIntN(64, location.value)}`;
  }
  if (operations.length === 0 && location.kind === 'implicit-value') {
    return `constant ${[...location.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
  }
  // LLVM calls the registers by the names of their lower halves.
  const text = describeExpression(operations, { register: (n) => `W${n}`, type: (id) => llvmName(dwarf, id) });
  return range ? `${rangeText(elf, range)}: ${text}` : text;
}

/** The lines of a location list, or the one expression. */
function dumpedLocations(text: string | undefined): string[] {
  if (text === undefined) return [];
  const lines = text.split('\n');
  const list = lines.length > 1 || /^(?:indexed|0x[0-9a-f]+:)/.test(text) ? lines.slice(1) : lines;
  return list.map((line, index) => {
    const last = index === list.length - 1 && lines.length > 1 && !balanced(line) ? line.replace(/\)$/, '') : line;
    return last.replace(/\(0x[0-9a-f]+ -> (0x[0-9a-f]+)\)/g, '($1)');
  });
}

/** Whether every `)` closes a `(` or the `[` of a range. */
function balanced(line: string): boolean {
  let depth = 0;
  for (const c of line.replace(/"(?:[^"\\]|\\.)*"/g, '')) {
    if (c === '(' || c === '[') depth++;
    else if (c === ')') depth--;
  }
  return depth >= 0;
}

function dumpedScope(entry: DumpedEntry, entries: Map<number, DumpedEntry>): string {
  const { attributes, tag } = entry;
  const isBlock = tag === 'lexical_block' || tag === 'try_block' || tag === 'catch_block';
  const type = inherited(entry, 'type', entries);
  const origin = attributes.get('abstract_origin') ?? attributes.get('specification');
  return [
    ...(isBlock
      ? []
      : [
          `name ${quoted(inherited(entry, 'name', entries)) || quoted(origin)}`,
          `type 0x${referenced(type).toString(16)} ${quoted(type) || 'void'}`,
          `declared ${quoted(inherited(entry, 'decl_file', entries))}:${decimal(inherited(entry, 'decl_line', entries))}`,
        ]),
    ...dumpedRanges(attributes),
    ...(tag === 'inlined_subroutine'
      ? [
          `call ${quoted(attributes.get('call_file'))}:${decimal(attributes.get('call_line'))}:${decimal(attributes.get('call_column'))}`,
        ]
      : []),
  ].join('\n');
}

function ourScope(elf: ElfFile, dwarf: Dwarf, scope: Scope): string {
  const { call, declared } = scope;
  return [
    ...(scope.kind === 'block'
      ? []
      : [
          `name ${scope.name}`,
          `type 0x${scope.type.toString(16)} ${llvmName(dwarf, scope.type)}`,
          `declared ${declared.path}:${declared.line}`,
        ]),
    ...scope.ranges.map((range) => rangeText(elf, range)),
    ...(call ? [`call ${call.path}:${call.line}:${call.column}`] : []),
  ].join('\n');
}

function dumpedRanges(attributes: ReadonlyMap<string, string>): string[] {
  const list = attributes.get('ranges');
  if (list !== undefined) {
    return list
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/^(\[0x[0-9a-f]+, 0x[0-9a-f]+\))( "(?:[^"\\]|\\.)*"(?: \[\d+\])?)?.*$/, '$1$2'));
  }
  const low = /0x([0-9a-f]{16})( "(?:[^"\\]|\\.)*"(?: \[\d+\])?)?$/.exec(attributes.get('low_pc') ?? '');
  const high = /^0x([0-9a-f]+)/.exec(attributes.get('high_pc') ?? '');
  if (!low || !high) return [];
  const start = parseInt(low[1]!, 16);
  // Before DWARF 4 the high pc is an address, which is printed with 16 digits; since then a size with 8.
  const end = parseInt(high[1]!, 16) + (high[1]!.length === 16 ? 0 : start);
  return [`[${hex(start)}, ${hex(end)})${low[2] ?? ''}`];
}

function rangeText(elf: ElfFile, { section, start, end }: AddressRange): string {
  const name = elf.sections[section]?.name ?? '';
  const unique = elf.sections.filter((other) => other.name === name).length === 1;
  const suffix = section === 0 ? '' : ` "${name}"${unique ? '' : ` [${section}]`}`;
  return `[${hex(start)}, ${hex(end)})${suffix}`;
}

/** Sizes, members, enumerators and bounds; undefined for entries that are no types with something to compare. */
function dumpedType(entry: DumpedEntry, littleEndian: boolean): string | undefined {
  const { tag, attributes, children } = entry;
  const name = `name ${quoted(attributes.get('name'))}`;
  const size = `size ${decimal(attributes.get('byte_size'))}`;
  switch (tag) {
    case 'base_type':
      return [name, size, `encoding ${attributes.get('encoding')?.replace('DW_ATE_', '').replace('_', '-')}`].join(
        '\n',
      );
    case 'structure_type':
    case 'union_type':
    case 'class_type':
      return [
        name,
        size,
        ...(attributes.has('declaration') ? ['declaration'] : []),
        ...children
          .filter(({ tag, attributes }) => tag === 'member' && !attributes.has('external'))
          .map((child) => dumpedMember(child, littleEndian)),
      ].join('\n');
    case 'enumeration_type':
      return [
        name,
        size,
        ...children
          .filter((child) => child.tag === 'enumerator')
          .map(
            (child) =>
              `${quoted(child.attributes.get('name'))} ${constantText(child.attributes.get('const_value') ?? '')}`,
          ),
      ].join('\n');
    case 'array_type': {
      const type = attributes.get('type');
      const bounds = children
        .filter((child) => child.tag === 'subrange_type')
        .map((child) => child.attributes.get('count'));
      return [quoted(type), ...bounds.map((count) => (count === undefined ? '[]' : `[${parseInt(count)}]`))].join('\n');
    }
    case 'typedef':
    case 'pointer_type':
    case 'const_type':
    case 'volatile_type':
    case 'restrict_type':
      return `${name}\nof 0x${referenced(attributes.get('type')).toString(16)} ${quoted(attributes.get('type')) || 'void'}`;
    default:
      return undefined;
  }
}

function dumpedMember({ attributes }: DumpedEntry, littleEndian: boolean): string {
  const [width, storage, fromTop] = ['bit_size', 'byte_size', 'bit_offset'].map((name) =>
    decimal(attributes.get(name)),
  );
  const bytes = decimal(attributes.get('data_member_location')?.replace('DW_OP_plus_uconst ', ''));
  // As old compilers describe bit-fields: from the top of a storage unit, which in big-endian objects comes first.
  const fromBottom = littleEndian ? storage! * 8 - fromTop! - width! : fromTop!;
  const old = attributes.has('bit_offset') ? fromBottom : 0;
  const bits = attributes.has('data_bit_offset') ? decimal(attributes.get('data_bit_offset')) : bytes * 8 + old;
  return `${quoted(attributes.get('name'))} ${quoted(attributes.get('type'))} at ${bits} bits ${width}`;
}

function ourType(dwarf: Dwarf, id: number): string {
  const type = dwarf.type(id);
  const name = `name ${type.name}`;
  switch (type.kind) {
    case 'base':
      return [name, `size ${type.size}`, `encoding ${type.encoding}`].join('\n');
    case 'struct':
    case 'union':
    case 'class': {
      const member = ({ name, type, bitOffset, bits }: Member) =>
        `${name} ${llvmName(dwarf, type)} at ${bitOffset} bits ${bits}`;
      return [
        name,
        `size ${type.size}`,
        ...(type.declaration ? ['declaration'] : []),
        ...type.members.map(member),
      ].join('\n');
    }
    case 'enum':
      return [name, `size ${type.size}`, ...type.enumerators.map(({ name, value }) => `${name} ${value}`)].join('\n');
    case 'array':
      return [
        llvmName(dwarf, type.element),
        ...type.dimensions.map(({ count }) => (count === undefined ? '[]' : `[${count}]`)),
      ].join('\n');
    case 'typedef':
    case 'pointer':
    case 'const':
    case 'volatile':
    case 'restrict':
      return `${name}\nof 0x${type.target.toString(16)} ${llvmName(dwarf, type.target)}`;
    case 'void':
    case 'reference':
    case 'rvalue-reference':
    case 'member-pointer':
    case 'atomic':
    case 'function':
    case 'unspecified':
      return `a ${type.kind}`;
  }
}

/** A type's name as llvm-dwarfdump writes it: without `struct`, and by its tag where it has no name. */
function llvmName(dwarf: Dwarf, id: number): string {
  const tags = new Map([
    ['struct', 'structure '],
    ['union', 'union '],
    ['class', 'class '],
    ['enum', 'enumeration '],
  ]);
  const anonymous = (kind: string) => tags.get(kind) ?? kind;
  const name = typeName((type) => dwarf.type(type), id, { tags: false, scopes: true, anonymous });
  // llvm-dwarfdump 19 stops behind the bounds of an array of function pointers: `void (*[4]` for `void (*[4])(int)`.
  return name.replace(/(\(\*(?: const)?(?:\[\d*\])+)\).*$/, '$1');
}

/** `7`, `0x07`, or bytes: `<0x04> 01 02 03 04`. */
function constantText(text: string): string {
  const block = /^<0x[0-9a-f]+> ?(.*?) ?$/.exec(text);
  return block ? block[1]! : String(BigInt.asIntN(64, BigInt(text || 0)));
}

function decimal(text: string | undefined): number {
  return text === undefined || text === '' ? 0 : Number(text);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(16, '0')}`;
}

/**
 * Which line each instruction stems from, as `llvm-objdump -d -l` shows it: a line when it differs from that of the instruction before.
 * @param dump its text
 */
export function compareLineLookups(elf: ElfFile, dwarf: Dwarf, dump: string): Check[] {
  const checks: Check[] = [];
  let section = 0;
  let shown = '';
  let last = '';
  // A line is shown again when the function's name is, which objdump takes from any section's symbols.
  let named = false;
  for (const line of dump.split('\n')) {
    const heading = /^Disassembly of section (.*):$/.exec(line)?.[1];
    const instruction = /^ +(\d+):\t/.exec(line);
    // Of several sections with one name the next is meant.
    if (heading !== undefined) {
      section = elf.sections.findIndex(
        ({ name, data }, index) => index > section && name === heading && data.length > 0,
      );
    } else if (/^; .*\(\):$/.test(line)) named = true;
    else if (/^; .*:\d+$/.test(line)) shown = line.slice(2);
    else if (instruction) {
      const row = dwarf.lineAt(section, 8 * parseInt(instruction[1]!));
      const here = `${row?.path}:${row?.line ?? 0}`;
      const ours = (here !== last || named) && (row?.line ?? 0) !== 0 ? here : '';
      checks.push({
        place: `${elf.sections[section]?.name} slot ${parseInt(instruction[1]!)}`,
        theirs: shown,
        ours,
      });
      last = here;
      shown = '';
      named = false;
    }
  }
  return checks;
}

/** Every row of every line table. @param dump text of `llvm-dwarfdump --debug-line` */
export function compareLines(dwarf: Dwarf, dump: string): Check[] {
  const theirs: string[] = [];
  for (const line of dump.split('\n')) {
    const row = /^(0x[0-9a-f]{16}) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(.*)$/.exec(line);
    if (row) theirs.push([row[1], row[2], row[3], row[4], row[5], row[6], row[8]!.trim()].join(' ').trim());
  }
  const ours: string[] = [];
  for (const row of dwarf.rows()) {
    const flags = [
      ...(row.isStatement ? ['is_stmt'] : []),
      ...(row.basicBlock ? ['basic_block'] : []),
      ...(row.prologueEnd ? ['prologue_end'] : []),
      ...(row.epilogueBegin ? ['epilogue_begin'] : []),
      ...(row.endSequence ? ['end_sequence'] : []),
    ];
    ours.push(
      [hex(row.offset), row.line, row.column, row.file, row.isa, row.discriminator, flags.join(' ')].join(' ').trim(),
    );
  }
  const checks: Check[] = [];
  for (let i = 0; i < Math.max(theirs.length, ours.length); i++) {
    checks.push({ place: `row ${i}`, theirs: theirs[i] ?? 'not there', ours: ours[i] ?? 'not there' });
  }
  return checks;
}
