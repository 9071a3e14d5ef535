import { printable } from '../core/input/printable';
import type { Finding } from '../core/verifier/report';
import type { CheckedFile, TimedReport } from './document';

/** `file(line,column): error CODE: text`, one line for each finding, as MSBuild and editors' problem matchers read it. */
export function msbuildReport(files: readonly CheckedFile[]): string {
  return files
    .flatMap((file) =>
      file.error ? [`${oneLine(`${file.path}: error ${file.error.code}: ${file.error.message}`)}\n`] : fileLines(file),
    )
    .join('');
}

function fileLines(file: CheckedFile): string[] {
  return file.programs.flatMap((program) =>
    program.findings.map((finding) => findingLine(file.path, program, finding)),
  );
}

/** One finding. Without a source line the object and the instruction stand in for it. */
export function findingLine(path: string, program: Pick<TimedReport, 'function'>, finding: Finding): string {
  const at = finding.source;
  const place = at ? `${at.path}(${at.line}${at.column > 0 ? `,${at.column}` : ''})` : path;
  const where = at
    ? ''
    : ` (${finding.function || program.function}, instruction ${finding.pc}: ${finding.instruction})`;
  return `${oneLine(`${place}: error ${finding.code}: ${finding.message}${where}`)}\n`;
}

function oneLine(text: string): string {
  return printable(text.replace(/\s*[\r\n]+\s*/g, ' '));
}
