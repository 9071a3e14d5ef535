import { disassembleAt } from '../isa/disassemble';
import { CALL, Class } from '../isa/opcode';
import type { LineRecord } from '../object/line_table';
import { functionAt } from '../object/object';
import { CATALOGUE, type CatalogueEntry } from './catalogue';
import { calledAt } from './describe';
import { fixOf } from './fix';
import type { Failure, Machine } from './machine';
import type { Cause, Finding, SourcePosition } from './report';

/** Turns failed checks into findings, in the order of the code. */
export function explainAll(m: Machine, failures: Iterable<Failure>): Finding[] {
  const sorted = [...failures].sort((a, b) => a.slot - b.slot || (a.code < b.code ? -1 : 1));
  return sorted.map((failure) => explain(m, failure));
}

function explain(m: Machine, failure: Failure): Finding {
  const { program } = m;
  const { slot, detail } = failure;
  const entry: CatalogueEntry = CATALOGUE[failure.code];
  const fn = functionAt(program, slot);
  const source = positionOf(program.lines.at(slot));
  const fix = fixOf(m, failure);
  return {
    code: failure.code,
    class: detail.class ?? entry.class,
    message: entry.message(detail),
    pc: slot - fn.start,
    function: fn.name,
    instruction: slot < program.code.length ? disassembleAt(program.code, slot) : '',
    ...(source ? { source } : {}),
    ...(detail.needed === undefined ? {} : { needed: detail.needed }),
    ...(detail.known === undefined ? {} : { known: detail.known }),
    because: causes(m, failure),
    ...(fix ? { fix } : {}),
  };
}

function causes(m: Machine, failure: Failure): Cause[] {
  const found: Cause[] = [];
  const { definedAt, endedAt, slot } = failure;
  if (definedAt !== undefined && definedAt >= 0 && definedAt !== slot) {
    found.push(causeAt(m, definedAt, origin(m, definedAt)));
  }
  if (endedAt >= 0) {
    const verb = failure.code === 'use-after-release' ? 'released by' : 'the packet was moved by';
    found.push(causeAt(m, endedAt, `${verb} ${calledAt(m, endedAt) ?? 'a call'} here`));
  }
  return found;
}

/** What an instruction did to give a value. */
function origin(m: Machine, slot: number): string {
  const opcode = m.code.opcode[slot]!;
  if (opcode === CALL) return `returned by ${calledAt(m, slot) ?? 'a call'} here`;
  switch (opcode & 7) {
    case Class.LD:
      return 'its address is taken here';
    case Class.LDX:
      return 'loaded from memory here';
    case Class.STX:
      return 'result of an atomic operation here';
    default:
      return 'computed here';
  }
}

function causeAt(m: Machine, slot: number, message: string): Cause {
  const fn = functionAt(m.program, slot);
  const source = positionOf(m.program.lines.at(slot));
  return { message, pc: slot - fn.start, function: fn.name, ...(source ? { source } : {}) };
}

function positionOf(record: LineRecord | undefined): SourcePosition | undefined {
  return record && { path: record.path, line: record.line, column: record.column, text: record.text };
}
