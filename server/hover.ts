import type { Diagnostic, Hover, Position } from 'vscode-languageserver';
import { CATALOGUE, type CatalogueEntry } from '../core/verifier/catalogue';
import type { Cause, Finding } from '../core/verifier/report';
import { isFindingData } from './diagnostics';

/** What the verifier knows about a line, for a person who rests the pointer on it. Undefined on lines without a finding. */
export function hoverAt(diagnostics: readonly Diagnostic[], position: Position): Hover | undefined {
  const onLine = diagnostics.filter(
    ({ range, data }) => isFindingData(data) && range.start.line <= position.line && position.line <= range.end.line,
  );
  if (onLine.length === 0) return undefined;
  // On the squiggle itself only that finding; elsewhere on the line all of them.
  const exact = onLine.filter(
    ({ range }) =>
      range.start.line === position.line &&
      range.start.character <= position.character &&
      position.character <= range.end.character,
  );
  const shown = exact.length > 0 ? exact : onLine;
  // The editor shows the message of a squiggle beside its hover; elsewhere on the line it has to be said here.
  const said = exact.length > 0;
  const parts = shown.flatMap(({ data }) => (isFindingData(data) ? [explain(data.finding, data.programs, said)] : []));
  const range = shown[0]!.range;
  return { contents: { kind: 'markdown', value: parts.join('\n\n---\n\n') }, range };
}

/** A finding as markdown: class, what was needed and known, where the value came from, the instruction. `said`: the message is shown already. */
function explain(finding: Finding, programs: readonly string[], said: boolean): string {
  const lines = [`**eBPF verifier** · \`${finding.class}\` · ${code(finding.code)}`, ''];
  if (!said) lines.push(escape(finding.message), '');
  if (finding.needed !== undefined) lines.push(`- needed: ${code(finding.needed)}`);
  if (finding.known !== undefined) lines.push(`- known: ${code(finding.known)}`);
  if (finding.input !== undefined) lines.push(`- faults on: ${code(finding.input)}`);
  lines.push(`- instruction ${finding.pc} of ${code(finding.function)}: ${code(finding.instruction)}`);
  if (programs.length > 0) lines.push(`- reached by: ${programs.map(code).join(', ')}`);
  if (finding.because.length > 0) {
    lines.push('', 'Because:', '', ...finding.because.map((cause, index) => `${index + 1}. ${describe(cause)}`));
  }
  const remedy = remedyOf(finding.code);
  if (remedy !== undefined) lines.push('', `Remedy: ${escape(remedy)}`);
  if (finding.fix) lines.push('', `Quick fix: ${escape(finding.fix.title)}`);
  return lines.join('\n');
}

/** The catalogue's general advice for a code. */
function remedyOf(code: string): string | undefined {
  const catalogue: Readonly<Record<string, CatalogueEntry>> = CATALOGUE;
  return Object.hasOwn(catalogue, code) ? catalogue[code]?.remedy : undefined;
}

function describe(cause: Cause): string {
  const { source } = cause;
  const at = source ? ` (line ${source.line}${source.text.trim() === '' ? '' : `: ${code(source.text.trim())}`})` : '';
  return escape(cause.message) + at;
}

/** A code span whatever the text holds: the fence is longer than any run of backticks inside. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${fence}${pad}${text.replace(/\s+/g, ' ')}${pad}${fence}`;
}

/** Findings quote source text, which must not become markup. Backticks stay: our own messages use them for names. */
function escape(text: string): string {
  return text.replace(/[\\*_{}[\]<>#|~]/g, (mark) => `\\${mark}`);
}
