import { InputError } from '../input/error';
import type { Btf } from './btf';
import { tagWord } from './c_names';
import { BtfKind } from './kind';
import { CPrinter, isCInteger } from './print';

/** Types that need each other by value; the kernel's need less than a tenth of it. */
const MAX_DEPTH = 1000;

/**
 * All named types as C that compiles: each before it is used, forward declarations where only a pointer needs a type.
 * Functions, variables and sections are left out, as in `bpftool btf dump format c`. O(types + text).
 * @param printer knows afterwards what each type is called
 * @throws InputError `btf-malformed`
 */
export function printAll(btf: Btf, printer = new CPrinter(btf)): string {
  return new Order(btf, printer).all();
}

type State = 'declared' | 'defining' | 'defined';

class Order {
  private readonly text: string[] = [];
  private readonly states = new Map<number, State>();
  /** Anonymous types and chains of types whose needs are met. */
  private readonly met = new Map<number, boolean>();

  constructor(
    private readonly btf: Btf,
    private readonly printer: CPrinter,
  ) {}

  all(): string {
    for (let id = 1; id < this.btf.count; id++) {
      const type = this.btf.type(id);
      if (type.name !== '' && (tagWord(type) !== undefined || type.kind === BtfKind.TYPEDEF)) this.need(id, true, 0);
      else if (type.kind === BtfKind.ENUM || type.kind === BtfKind.ENUM64) this.looseEnumeration(id);
    }
    return this.text.join('\n');
  }

  /**
   * Writes what must stand before the type can be used: whole (`complete`) or behind a pointer.
   */
  private need(id: number, complete: boolean, depth: number): void {
    if (id === 0) return;
    if (depth > MAX_DEPTH)
      throw new InputError('btf-malformed', `type ${id}: types that need each other nest more than ${MAX_DEPTH} deep`, {
        section: '.BTF',
      });
    const type = this.btf.type(id);
    switch (type.kind) {
      case BtfKind.STRUCT:
      case BtfKind.UNION:
        if (type.name !== '' && !complete) this.declare(id);
        else if (type.name !== '')
          this.define(id, () => type.members.forEach((m) => this.need(m.type, true, depth + 1)));
        else if (this.first(id, complete)) type.members.forEach((member) => this.need(member.type, true, depth + 1));
        break;
      case BtfKind.FWD:
        this.declare(id);
        break;
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
        if (type.name !== '') this.define(id, () => undefined);
        else this.states.set(id, 'defined');
        break;
      case BtfKind.INT:
        if (!isCInteger(type)) this.define(id, () => undefined);
        break;
      case BtfKind.TYPEDEF:
        this.define(id, () => this.need(type.type, false, depth + 1));
        if (complete && this.first(id, true)) this.need(type.type, true, depth + 1);
        break;
      case BtfKind.ARRAY:
        // An array's elements must be whole even behind a pointer.
        if (this.first(id, true)) this.need(type.type, true, depth + 1);
        break;
      case BtfKind.PTR:
        if (this.first(id, false)) this.need(type.type, false, depth + 1);
        break;
      case BtfKind.VOLATILE:
      case BtfKind.CONST:
      case BtfKind.RESTRICT:
      case BtfKind.TYPE_TAG:
        if (this.first(id, complete)) this.need(type.type, complete, depth + 1);
        break;
      case BtfKind.FUNC_PROTO:
        if (!this.first(id, false)) break;
        this.need(type.returns, false, depth + 1);
        for (const parameter of type.parameters) this.need(parameter.type, false, depth + 1);
        break;
      default:
        break;
    }
  }

  /** Whether this need is met for the first time. */
  private first(id: number, complete: boolean): boolean {
    const known = this.met.get(id);
    if (known === true || known === complete) return false;
    this.met.set(id, complete);
    return true;
  }

  private declare(id: number): void {
    if (this.states.has(id)) return;
    this.states.set(id, 'declared');
    this.text.push(`${this.printer.declare(id, '')};\n`);
  }

  private define(id: number, before: () => void): void {
    const state = this.states.get(id);
    if (state === 'defining' || state === 'defined') return;
    this.states.set(id, 'defining');
    before();
    this.text.push(`${this.printer.define(id)};\n`);
    this.states.set(id, 'defined');
  }

  /** Enumerators of an anonymous enumeration that no type holds are constants of their own. */
  private looseEnumeration(id: number): void {
    if (this.users().has(id)) return;
    this.text.push(`${this.printer.define(id)};\n`);
  }

  private used: Set<number> | undefined;

  /** Ids that some other type names. */
  private users(): Set<number> {
    if (this.used) return this.used;
    const used = new Set<number>();
    for (let id = 1; id < this.btf.count; id++) {
      const type = this.btf.type(id);
      if ('members' in type) type.members.forEach((member) => used.add(member.type));
      else if ('parameters' in type) {
        used.add(type.returns);
        type.parameters.forEach((parameter) => used.add(parameter.type));
      } else if ('type' in type) used.add(type.type);
    }
    this.used = used;
    return used;
  }
}
