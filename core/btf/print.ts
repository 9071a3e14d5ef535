import { InputError } from '../input/error';
import type { Btf, BtfMember, BtfParameter, BtfType } from './btf';
import { CNames, identifier, tagWord } from './c_names';
import { BtfKind } from './kind';
import { alignOf, bitsOf, recordLayout, sizeOf } from './layout';

/** Types inside each other without a name between them; C compilers allow 256 brackets. */
const MAX_NESTING = 512;

type Composite = Extract<BtfType, { kind: typeof BtfKind.STRUCT | typeof BtfKind.UNION }>;
type Enumeration = Extract<BtfType, { kind: typeof BtfKind.ENUM | typeof BtfKind.ENUM64 }>;
type Int = Extract<BtfType, { kind: typeof BtfKind.INT }>;

/**
 * Prints types as C. Structures keep their layout: holes that C would not make become padding members, and `packed` stands where C
 * would leave others. Anonymous types are written out where they are used.
 */
export class CPrinter {
  readonly names: CNames;
  private budget: number;
  /** Brackets that are open around what is printed. */
  private level = 0;
  /** Padding members of the structure that is printed; anonymous structures share its names. */
  private pads = 0;

  constructor(readonly btf: Btf) {
    this.names = new CNames(btf);
    // Function types may name each other so that their text doubles with each; no real type table comes near.
    this.budget = 1_000_000 + 256 * btf.count;
  }

  /**
   * A declaration of `name` with this type, without the semicolon: `int (*name[4])(struct x *)`. With an empty name, a type name.
   * @throws InputError `btf-malformed` for types nested without end
   */
  declare(id: number, name: string, depth = 0): string {
    if (depth === 0) this.level = this.pads = 0;
    return this.spell(id, name, [], depth).trimEnd();
  }

  /**
   * The definition of a structure, union, enumeration or typedef, without the semicolon; a declaration for any other type.
   * What it refers to is not defined with it.
   */
  define(id: number): string {
    this.level = this.pads = 0;
    const type = this.btf.type(id);
    switch (type.kind) {
      case BtfKind.STRUCT:
      case BtfKind.UNION:
        return this.record(id, type, 0);
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
        return this.enumeration(id, type);
      case BtfKind.TYPEDEF:
        return `typedef ${this.declare(type.type, this.names.type(id))}`;
      case BtfKind.INT:
        return isCInteger(type) ? type.name : `typedef ${integerAs(type, this.names.type(id))}`;
      case BtfKind.FUNC:
      case BtfKind.VAR:
        return `${type.linkage === 0 ? 'static ' : 'extern '}${this.declare(type.type, identifier(type.name))}`;
      default:
        return this.declare(id, '');
    }
  }

  /**
   * Inside out, as C has it: the declarator grows on the way to the type that stands in front.
   * `tags` are attributes, which follow the type that they speak about.
   */
  private spell(
    id: number,
    declarator: string,
    qualifiers: readonly string[],
    depth: number,
    tags: readonly string[] = [],
  ): string {
    if (depth > MAX_NESTING || --this.budget < 0)
      throw new InputError('btf-malformed', `type ${id}: nested too deeply to be printed`, { section: '.BTF' });
    const type = this.btf.type(id);
    const base = (text: string): string => `${[...qualifiers, text, ...tags].join(' ')} ${declarator}`;
    switch (type.kind) {
      case BtfKind.PTR: {
        const own = [...qualifiers, ...tags].join(' ');
        const pointer = `*${own}${own && declarator ? ' ' : ''}${declarator}`;
        return this.spell(type.type, this.needsBrackets(type.type) ? `(${pointer})` : pointer, [], depth + 1);
      }
      case BtfKind.ARRAY:
        return this.spell(type.type, `${declarator}[${type.count}]`, qualifiers, depth + 1, tags);
      case BtfKind.FUNC_PROTO:
        return this.spell(type.returns, `${declarator}(${this.parameters(type.parameters, depth)})`, [], depth + 1);
      case BtfKind.CONST:
        return this.spell(type.type, declarator, [...qualifiers, 'const'], depth + 1, tags);
      case BtfKind.VOLATILE:
        return this.spell(type.type, declarator, [...qualifiers, 'volatile'], depth + 1, tags);
      case BtfKind.RESTRICT:
        return this.spell(type.type, declarator, [...qualifiers, 'restrict'], depth + 1, tags);
      case BtfKind.TYPE_TAG: {
        const tag = `__attribute__((btf_type_tag(${JSON.stringify(type.name)})))`;
        return this.spell(type.type, declarator, qualifiers, depth + 1, [...tags, tag]);
      }
      case BtfKind.STRUCT:
      case BtfKind.UNION:
        if (type.name === '') return base(this.record(id, type, depth + 1));
        return base(`${tagWord(type)} ${this.names.type(id)}`);
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
        if (type.name === '') return base(this.enumeration(id, type));
        return base(`enum ${this.names.type(id)}`);
      case BtfKind.FWD:
        return base(`${tagWord(type)} ${this.names.type(id)}`);
      case BtfKind.TYPEDEF:
        return base(this.names.type(id));
      case BtfKind.INT:
        return base(isCInteger(type) ? type.name : this.names.type(id));
      case BtfKind.FLOAT:
        return base(floatAs(type));
      case BtfKind.VOID:
        return base('void');
      case BtfKind.FUNC:
      case BtfKind.VAR:
        return this.spell(type.type, declarator || identifier(type.name), qualifiers, depth + 1);
      case BtfKind.DATASEC:
      case BtfKind.DECL_TAG:
        throw new InputError('btf-malformed', `type ${id} is no type that C can name`, { section: '.BTF' });
    }
  }

  /** `*x` must stand in brackets where an array's or a function's part follows. */
  private needsBrackets(id: number): boolean {
    for (let step = 0; step < MAX_NESTING; step++) {
      const type = this.btf.type(id);
      switch (type.kind) {
        case BtfKind.ARRAY:
        case BtfKind.FUNC_PROTO:
          return true;
        case BtfKind.CONST:
        case BtfKind.VOLATILE:
        case BtfKind.RESTRICT:
        case BtfKind.TYPE_TAG:
          id = type.type;
          break;
        default:
          return false;
      }
    }
    return false;
  }

  private parameters(parameters: readonly BtfParameter[], depth: number): string {
    if (parameters.length === 0) return 'void';
    const last = parameters.length - 1;
    return parameters
      .map(({ name, type }, i) => {
        if (type === 0 && i === last) return i === 0 ? '' : '...';
        return this.spell(type, name === '' ? '' : identifier(name), [], depth + 1).trimEnd();
      })
      .join(', ');
  }

  private enumeration(id: number, type: Enumeration): string {
    const head = type.name === '' ? 'enum' : `enum ${this.names.type(id)}`;
    // An enumeration without enumerators has no size in C unless it is given one.
    if (type.values.length === 0) return `${head} : ${integerOfSize(type.size, type.signed)}`;
    const indent = '\t'.repeat(this.level);
    const rows = type.values.map((value, i) => {
      const number = type.kind === BtfKind.ENUM64 && !type.signed ? `${value.value}ULL` : literal(value.value);
      return `${indent}\t${this.names.enumerator(id, i, value.name)} = ${number},\n`;
    });
    const mode = ENUM_MODE.get(type.size);
    const wide = type.values.some(({ value }) => value > 0xffffffffn || value < -0x80000000n);
    return `${head} {\n${rows.join('')}${indent}}${mode === undefined || wide ? '' : ` __attribute__((mode(${mode})))`}`;
  }

  private record(id: number, type: Composite, depth: number): string {
    const indent = '\t'.repeat(this.level);
    const head = type.name === '' ? tagWord(type)! : `${tagWord(type)} ${this.names.type(id)}`;
    const { packed } = recordLayout(this.btf, id);
    this.level++;
    const body =
      type.kind === BtfKind.UNION ? this.unionBody(type, packed, depth) : this.structBody(type, packed, depth);
    this.level--;
    const rows = body ?? [`/* its members overlap */ unsigned char __bytes[${type.size}]`];
    const text = rows.map((row) => `${indent}\t${row};\n`).join('');
    return `${head} {\n${text}${indent}}${packed && body ? ' __attribute__((packed))' : ''}`;
  }

  /** Undefined when the members cannot be placed by any C declaration. */
  private structBody(type: Composite, packed: boolean, depth: number): string[] | undefined {
    const rows: string[] = [];
    let at = 0;
    let align = 1;
    for (const member of type.members) {
      const { bitOffset, bits } = bitsOf(this.btf, member);
      const size = sizeOf(this.btf, member.type) * 8;
      const natural = placed(at, bits, size, packed ? 8 : alignOf(this.btf, member.type) * 8, packed);
      if (!packed) align = Math.max(align, alignOf(this.btf, member.type));
      if (bitOffset < natural) return undefined;
      if (bitOffset > natural) rows.push(...this.padding(at, bitOffset));
      rows.push(this.member(member, bits, depth));
      at = bitOffset + (bits || size);
    }
    const end = type.size * 8;
    if (at > end) return undefined;
    if (roundUp(at, align * 8) < end) rows.push(...this.padding(at, end));
    return rows;
  }

  private unionBody(type: Composite, packed: boolean, depth: number): string[] | undefined {
    let end = 0;
    let align = 1;
    const rows: string[] = [];
    for (const member of type.members) {
      const { bitOffset, bits } = bitsOf(this.btf, member);
      if (bitOffset !== 0) return undefined;
      if (!packed) align = Math.max(align, alignOf(this.btf, member.type));
      end = Math.max(end, bits || sizeOf(this.btf, member.type) * 8);
      rows.push(this.member(member, bits, depth));
    }
    if (end > type.size * 8) return undefined;
    if (roundUp(end, align * 8) < type.size * 8) rows.push(`unsigned char __hole${this.pads++}[${type.size}]`);
    return rows;
  }

  /** Members that fill `[from, to)` whatever the alignment: bit-fields to the next byte, then bytes, then bits. */
  private padding(from: number, to: number): string[] {
    const rows: string[] = [];
    const byte = Math.min(roundUp(from, 8), to);
    if (byte > from) rows.push(`unsigned char: ${byte - from}`);
    const bytes = Math.floor((to - byte) / 8);
    if (bytes > 0) rows.push(`unsigned char __hole${this.pads++}[${bytes}]`);
    const rest = to - byte - bytes * 8;
    if (rest > 0) rows.push(`unsigned char: ${rest}`);
    return rows;
  }

  private member(member: BtfMember, bits: number, depth: number): string {
    const name = member.name === '' ? '' : identifier(member.name);
    const text = this.declare(member.type, name, depth + 1);
    return bits > 0 ? `${text}: ${bits}` : text;
  }
}

/** Where C puts the next member, in bits. */
function placed(at: number, bits: number, unit: number, align: number, packed: boolean): number {
  if (bits === 0) return roundUp(at, align);
  if (packed || unit === 0 || Math.floor(at / unit) === Math.floor((at + bits - 1) / unit)) return at;
  return roundUp(at, unit);
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** Machine modes for enumerations that are no `int`. */
const ENUM_MODE: ReadonlyMap<number, string> = new Map([
  [1, 'QI'],
  [2, 'HI'],
  [8, 'DI'],
]);

/** `-2147483648` is a negated `2147483648` in C, which has another type. */
function literal(value: bigint): string {
  return value === -0x8000000000000000n ? '(-9223372036854775807LL - 1)' : String(value);
}

const C_INTEGERS: ReadonlyMap<number, RegExp> = new Map([
  [1, /^(_Bool|char|signed char|unsigned char)$/],
  [2, /^(short|short int|short unsigned int|unsigned short|unsigned short int)$/],
  [4, /^(int|unsigned int|unsigned)$/],
  [8, /^(long |long long )(int|unsigned int)$|^(unsigned )?long( long)?( int)?$|^long( long)? unsigned( int)?$/],
  [16, /^(unsigned __int128|__int128|__int128 unsigned)$/],
]);

/** Whether C has an integer of this name and size, so that its name can stand as it is. */
export function isCInteger(type: Int): boolean {
  return C_INTEGERS.get(type.size)?.test(type.name) ?? false;
}

function integerAs(type: Int, name: string): string {
  if (type.bool && type.size === 1) return `_Bool ${name}`;
  if (C_INTEGERS.has(type.size)) return `${integerOfSize(type.size, type.signed)} ${name}`;
  return `unsigned char ${name}[${type.size}]`;
}

function integerOfSize(size: number, signed: boolean): string {
  const names = ['char', 'short', 'int', 'long long', '__int128'];
  return `${signed ? 'signed' : 'unsigned'} ${names[Math.log2(size)] ?? 'int'}`;
}

function floatAs(type: { readonly name: string; readonly size: number }): string {
  if (/^(float|double|long double|_Float16|__bf16)$/.test(type.name)) return type.name;
  return type.size === 4 ? 'float' : type.size === 2 ? '_Float16' : 'double';
}

/** A type's name in C, as a cast would have it: `struct task_struct *`, `int (*)(void)`. O(length of the text). */
export function typeName(btf: Btf, id: number): string {
  return new CPrinter(btf).declare(id, '').replace(/\s+/g, ' ');
}
