import { printable } from '../core/input/printable';
import type { Finding } from '../core/verifier/report';
import type { CheckedFile, TimedReport } from './document';

/** The report for people: files, their programs, and under each refused program what is wrong and why. */
export function textReport(files: readonly CheckedFile[]): string {
  const parts = files.map(fileText);
  const programs = files.flatMap((file) => file.programs);
  const proved = programs.filter((program) => program.verdict === 'proved').length;
  const failed = files.filter((file) => file.error).length;
  const summary = [
    `${proved} proved`,
    `${programs.length - proved} refused`,
    ...(failed > 0 ? [`${failed} not read`] : []),
  ];
  return `${parts.join('\n')}\n${summary.join(', ')}\n`;
}

function fileText(file: CheckedFile): string {
  if (file.error) return `${printable(file.path)}\n  error ${file.error.code}: ${printable(file.error.message)}\n`;
  return `${printable(file.path)} (${file.platform})\n${file.programs.map(programText).join('')}`;
}

function programText(program: TimedReport): string {
  const facts = `${program.instructions} instructions, ${program.stackBytes} bytes of stack, ${program.milliseconds.toFixed(1)} ms`;
  const head = `  ${program.verdict.padEnd(8)}  ${program.function}  [${program.section}: ${program.type}]  ${facts}`;
  return `${printable(head)}\n` + program.findings.map(findingText).join('');
}

function findingText(finding: Finding): string {
  const lines = [`    ${place(finding)}: ${finding.class} ${finding.code}: ${finding.message}`];
  if (finding.source?.text.trim())
    lines.push(`        ${String(finding.source.line).padStart(5)} | ${finding.source.text.trim()}`);
  lines.push(`        instruction ${finding.pc} of ${finding.function}: ${finding.instruction}`);
  if (finding.needed !== undefined) lines.push(`        needed: ${finding.needed}`);
  if (finding.known !== undefined) lines.push(`        known:  ${finding.known}`);
  for (const cause of finding.because) {
    const at = cause.source
      ? `${cause.source.path}:${cause.source.line}`
      : `instruction ${cause.pc} of ${cause.function}`;
    lines.push(`        because ${at}: ${cause.message}`);
  }
  if (finding.fix) lines.push(`        fix: ${finding.fix.title}`);
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function place(finding: Finding): string {
  const at = finding.source;
  if (!at) return `instruction ${finding.pc} of ${finding.function}`;
  return `${at.path}:${at.line}${at.column > 0 ? `:${at.column}` : ''}`;
}
