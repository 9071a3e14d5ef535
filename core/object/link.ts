import { InputError } from '../input/error';
import { emptyCode, type Code } from '../isa/code';
import { BYTES_PER_SLOT, CALL, Call, Lddw } from '../isa/opcode';
import { functionStartingAt, type CodeSection, type SectionFunction } from './functions';
import { LineTable, type LineRecord } from './line_table';
import type { LinkedFunction, Program } from './object';
import type { Reference, Relocator } from './relocate';
import type { Sections } from './sections';

/** The kernel's own limit on instructions of a program (BPF_COMPLEXITY_LIMIT_INSNS). */
const MAX_LINKED_SLOTS = 1_000_000;

/** Slots over all programs of an object: many entries that reach the same subprograms must not multiply a small file into gigabytes. */
const MAX_OBJECT_SLOTS = 16_000_000;

/** Joins each entry with the subprograms that it reaches. */
export class Linker {
  private readonly references = new Map<CodeSection, Map<number, Reference>>();
  private linkedSlots = 0;

  constructor(
    private readonly sections: Sections,
    private readonly relocator: Relocator,
  ) {}

  /**
   * One entry as an instruction array of its own, see {@link Program}. O(slots + relocations of the sections reached).
   * @throws InputError `call-target`, `program-too-large`, `relocation-*`
   */
  link(entry: SectionFunction): Program {
    const starts = new Map<SectionFunction, number>();
    const reached = this.reach(entry);
    const functions: LinkedFunction[] = [];
    let length = 0;
    for (const fn of reached) {
      starts.set(fn, length);
      functions.push({
        name: fn.name,
        section: fn.section.elf.name,
        sectionSlot: fn.start,
        start: length,
        length: fn.length,
        btfId: fn.btfId,
        global: fn.global,
      });
      length += fn.length;
    }
    this.linkedSlots += length;
    const code = emptyCode(length);
    for (const fn of reached) this.place(fn, code, starts);
    const records = reached.flatMap((fn) => this.lines(fn, starts.get(fn)!));
    return {
      name: entry.name,
      section: entry.section.elf.name,
      code,
      functions,
      lines: new LineTable(
        records,
        functions.map((fn) => fn.start),
      ),
    };
  }

  /**
   * The entry and what it reaches, depth first: the order in which libbpf appends subprograms (bpf_object__reloc_code), so that a slot of
   * ours is an instruction number of the kernel's.
   */
  private reach(entry: SectionFunction): SectionFunction[] {
    const reached = new Set([entry]);
    let slots = entry.length;
    this.checkSize(entry, slots);
    const open = [this.callees(entry).values()];
    while (open.length > 0) {
      const { done, value: callee } = open.at(-1)!.next();
      if (done) open.pop();
      else if (!reached.has(callee)) {
        reached.add(callee);
        this.checkSize(entry, (slots += callee.length));
        open.push(this.callees(callee).values());
      }
    }
    return [...reached];
  }

  private checkSize(entry: SectionFunction, length: number): void {
    if (length <= MAX_LINKED_SLOTS && this.linkedSlots + length <= MAX_OBJECT_SLOTS) return;
    throw new InputError(
      'program-too-large',
      `program ${entry.name} with its subprograms takes more than ${MAX_LINKED_SLOTS} instructions, or the object more than ${MAX_OBJECT_SLOTS}`,
      {
        section: entry.section.elf.name,
        symbol: entry.name,
      },
    );
  }

  private referencesOf(section: CodeSection): Map<number, Reference> {
    let known = this.references.get(section);
    if (!known) this.references.set(section, (known = this.relocator.references(section)));
    return known;
  }

  /** Functions that `fn` calls or takes the address of, in order of first use. */
  private callees(fn: SectionFunction): SectionFunction[] {
    const { code } = fn.section;
    const references = this.referencesOf(fn.section);
    const found: SectionFunction[] = [];
    for (let slot = fn.start; slot < fn.start + fn.length; slot++) {
      const reference = references.get(slot);
      if (reference?.kind === 'function') found.push(reference.target);
      else if (!reference && code.opcode[slot] === CALL && code.src[slot] === Call.LOCAL)
        found.push(this.localTarget(fn, slot));
    }
    return found;
  }

  /** A call without a relocation is relative to its own section. */
  private localTarget(fn: SectionFunction, slot: number): SectionFunction {
    const target = slot + 1 + fn.section.code.imm[slot]!;
    const callee = functionStartingAt(fn.section, target);
    if (callee) return callee;
    throw new InputError(
      'call-target',
      `section ${fn.section.elf.name}: the call at slot ${slot} goes to slot ${target}, where no function begins`,
      {
        section: fn.section.elf.name,
        symbol: fn.name,
        offset: slot * BYTES_PER_SLOT,
      },
    );
  }

  private place(fn: SectionFunction, linked: Code, starts: ReadonlyMap<SectionFunction, number>): void {
    const from = fn.section.code;
    const references = this.referencesOf(fn.section);
    const start = starts.get(fn)!;
    const end = fn.start + fn.length;
    linked.opcode.set(from.opcode.subarray(fn.start, end), start);
    linked.dst.set(from.dst.subarray(fn.start, end), start);
    linked.src.set(from.src.subarray(fn.start, end), start);
    linked.offset.set(from.offset.subarray(fn.start, end), start);
    linked.imm.set(from.imm.subarray(fn.start, end), start);
    for (let slot = fn.start; slot < end; slot++) {
      const at = start + slot - fn.start;
      const reference = references.get(slot);
      if (reference) {
        // The second half of an lddw must not leave the function that it was cut from.
        if (linked.opcode[at] !== CALL && slot + 1 >= end) continue;
        patch(linked, at, reference, starts);
      } else if (linked.opcode[at] === CALL && linked.src[at] === Call.LOCAL) {
        linked.imm[at] = starts.get(this.localTarget(fn, slot))! - (at + 1);
      }
    }
  }

  private lines(fn: SectionFunction, start: number): LineRecord[] {
    const infos = this.sections.ext?.lines.get(fn.section.elf.name) ?? [];
    const records: LineRecord[] = [];
    const from = fn.start * BYTES_PER_SLOT;
    const to = (fn.start + fn.length) * BYTES_PER_SLOT;
    for (let i = firstAtLeast(infos, from); i < infos.length && infos[i]!.offset < to; i++) {
      const info = infos[i]!;
      // Line 0 is code that belongs to no line: it goes with what stands before.
      if (info.offset % BYTES_PER_SLOT !== 0 || info.line === 0) continue;
      const record = {
        slot: start + (info.offset - from) / BYTES_PER_SLOT,
        path: info.path,
        line: info.line,
        column: info.column,
        text: info.text,
      };
      // Of several records for one instruction the last one is the most specific.
      if (records.at(-1)?.slot === record.slot) records.pop();
      records.push(record);
    }
    return records;
  }
}

/** Writes what a reference means into the linked code, in the form that {@link Program} documents. */
function patch(code: Code, slot: number, reference: Reference, starts: ReadonlyMap<SectionFunction, number>): void {
  const isCall = code.opcode[slot] === CALL;
  switch (reference.kind) {
    case 'map':
      code.src[slot] = Lddw.MAP_INDEX;
      code.imm[slot] = reference.map;
      code.imm[slot + 1] = 0;
      break;
    case 'value':
      code.src[slot] = Lddw.MAP_INDEX_VALUE;
      code.imm[slot] = reference.map;
      code.imm[slot + 1] = reference.offset;
      break;
    case 'function':
      code.src[slot] = isCall ? Call.LOCAL : Lddw.CODE;
      code.imm[slot] = starts.get(reference.target)! - (slot + 1);
      if (!isCall) code.imm[slot + 1] = 0;
      break;
    case 'extern':
      code.src[slot] = isCall ? Call.BTF : Lddw.VARIABLE;
      code.imm[slot] = reference.extern;
      if (!isCall) code.imm[slot + 1] = 0;
      break;
  }
}

function firstAtLeast(sorted: readonly { readonly offset: number }[], offset: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
