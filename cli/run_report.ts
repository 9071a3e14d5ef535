import type { Emulator } from '../core/emulator/emulator';
import { returnText } from '../core/emulator/emulator';
import type { Fault } from '../core/emulator/fault';
import type { Program } from '../core/object/object';

/** What `ebpf run` tells of a run; plain data, the document of `--json`. */
export interface RunReport {
  readonly version: 1;
  readonly program: string;
  readonly section: string;
  readonly platform: string;
  readonly outcome: 'returned' | 'fault' | 'unmodelled' | 'limit';
  /** Of a program that returned: the number as a decimal string, and with its name. */
  readonly returned?: { readonly value: string; readonly text: string };
  readonly fault?: {
    readonly kind: Fault['kind'];
    readonly message: string;
    readonly pc: number;
    readonly path?: string;
    readonly line?: number;
    readonly nearby: readonly string[];
  };
  /** Why a run could not go on. */
  readonly reason?: string;
  readonly instructions: number;
  readonly printk: readonly string[];
  readonly dropped: number;
  /** Packet in hexadecimal, when the run changed it. */
  readonly packet?: { readonly before: string; readonly after: string };
  readonly redirect?: string;
  readonly events: readonly { readonly map: string; readonly cpu: number; readonly bytes: string }[];
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** @param packet what the run was given, if anything */
export function runReport(emulator: Emulator, packet: Uint8Array | undefined): RunReport {
  const { machine, program, outcome } = emulator;
  const after = machine.packet?.contents();
  const changed = packet !== undefined && after !== undefined && hex(packet) !== hex(after);
  return {
    version: 1,
    program: program.name,
    section: program.section,
    platform: emulator.platform.id,
    outcome: outcome?.kind ?? 'limit',
    ...(outcome?.kind === 'returned'
      ? {
          returned: { value: String(BigInt.asIntN(64, outcome.value)), text: returnText(outcome.value, emulator.type) },
        }
      : {}),
    ...(outcome?.kind === 'fault' ? { fault: faultReport(outcome.fault, machine.current.program) } : {}),
    ...(outcome?.kind === 'unmodelled'
      ? { reason: `${outcome.name} is not modelled${outcome.prototype ? `: ${outcome.prototype}` : ''}` }
      : {}),
    ...(outcome === undefined ? { reason: `still running after ${machine.steps} instructions` } : {}),
    instructions: machine.steps,
    printk: machine.printed.items,
    dropped: machine.printed.dropped + machine.events.dropped,
    ...(changed ? { packet: { before: hex(packet), after: hex(after) } } : {}),
    ...(machine.redirect === undefined ? {} : { redirect: machine.redirect }),
    events: machine.events.items.map(({ map, cpu, bytes }) => ({ map, cpu, bytes: hex(bytes) })),
  };
}

function faultReport(fault: Fault, program: Program): NonNullable<RunReport['fault']> {
  const line = program.lines.at(fault.pc);
  const nearby =
    'nearby' in fault
      ? fault.nearby.map(
          ({ name, start, size, writable }) =>
            `${name}: 0x${start.toString(16)}, ${size} bytes${writable ? '' : ', read-only'}`,
        )
      : [];
  return {
    kind: fault.kind,
    message: fault.message,
    pc: fault.pc,
    ...(line ? { path: line.path, line: line.line } : {}),
    nearby,
  };
}

/** The report for a person. The fault itself goes to stderr. */
export function runText(report: RunReport): string {
  const lines = report.printk.map((line) => `printk: ${line}`);
  if (report.dropped > 0) lines.push(`(${report.dropped} more lines or events were not kept)`);
  for (const event of report.events) lines.push(`event in ${event.map}: ${event.bytes}`);
  if (report.redirect !== undefined) lines.push(`redirected to ${report.redirect}`);
  if (report.packet) lines.push(...packetDifference(report.packet.before, report.packet.after));
  if (report.returned) lines.push(`returned ${report.returned.text}`);
  lines.push(`${report.instructions} instructions`);
  return lines.map((line) => `${line}\n`).join('');
}

const ROW = 16;

/** Rows of 16 bytes that differ, as `-` and `+` lines with their offset. */
function packetDifference(before: string, after: string): string[] {
  const lines = [`packet: ${before.length / 2} bytes before, ${after.length / 2} after`];
  const rows = Math.ceil(Math.max(before.length, after.length) / (2 * ROW));
  for (let row = 0; row < rows; row++) {
    const [old, now] = [before, after].map((text) => text.slice(row * 2 * ROW, (row + 1) * 2 * ROW));
    if (old === now) continue;
    const offset = (row * ROW).toString(16).padStart(4, '0');
    if (old !== '') lines.push(`- ${offset}  ${spaced(old!)}`);
    if (now !== '') lines.push(`+ ${offset}  ${spaced(now!)}`);
  }
  return lines;
}

function spaced(digits: string): string {
  return digits.replace(/(..)(?!$)/g, '$1 ');
}
