import {
  DiagnosticSeverity,
  type Diagnostic,
  type DiagnosticRelatedInformation,
  type Range,
} from 'vscode-languageserver';
import type { Finding, ProgramReport, SourcePosition } from '../core/verifier/report';
import type { CompilerDiagnostic } from '../tools/diagnostic';
import { expressionAt } from './expression';
import type { ByDocument } from './publisher';
import { findFunction, findSection } from './source';
import { rangeOf } from './text';
import type { Unit } from './unit';
import type { Verification } from './verification';

/** Source of diagnostics that come from the verifier, and of those that come from the compiler. */
export const verifierSource = 'eBPF';
export const compilerSource = 'clang';

/** What a verifier diagnostic carries for code actions and hovers. Survives the way to the client and back: plain data. */
export interface FindingData {
  readonly finding: Finding;
  /** Programs that reach it. */
  readonly programs: readonly string[];
  /** The file that was compiled. */
  readonly unit: string;
}

export function isFindingData(data: unknown): data is FindingData {
  return typeof data === 'object' && data !== null && 'finding' in data && 'unit' in data && 'programs' in data;
}

/** Turns a verified object into diagnostics. One source place that several programs reach gives one diagnostic. */
export function verifierDiagnostics(unit: Unit, verification: Verification, findingsDocument?: string): ByDocument {
  const found = new Collected();
  for (const { finding, programs, report } of merged(verification.reports)) {
    const place = placeOf(unit, finding, report);
    const data: FindingData = { finding, programs, unit: unit.uri };
    found.add(place.uri, {
      range: place.range,
      severity: DiagnosticSeverity.Error,
      source: verifierSource,
      code: finding.code,
      ...(findingsDocument !== undefined && { codeDescription: { href: `${findingsDocument}#${finding.code}` } }),
      message: messageOf(finding, programs, verification.reports.length),
      relatedInformation: finding.because.flatMap((cause) => related(unit, cause.message, cause.source)),
      data,
    });
  }
  if (verification.withoutLines.length > 0) found.add(unit.uri, missingLines(unit, verification));
  return found.documents;
}

interface Merged {
  readonly finding: Finding;
  readonly programs: readonly string[];
  readonly report: ProgramReport;
}

function merged(reports: readonly ProgramReport[]): Merged[] {
  const byKey = new Map<string, { finding: Finding; programs: string[]; report: ProgramReport }>();
  for (const report of reports) {
    for (const finding of report.findings) {
      const { source } = finding;
      const where = source ? [source.path, source.line, source.column] : [report.section, finding.function, finding.pc];
      const key = JSON.stringify([finding.code, finding.message, ...where]);
      const known = byKey.get(key);
      if (!known) byKey.set(key, { finding, programs: [report.function], report });
      else if (!known.programs.includes(report.function)) known.programs.push(report.function);
    }
  }
  return [...byKey.values()];
}

/** Headline, then what had to be shown and what was known: the three things that a reader needs, in that order. */
function messageOf(finding: Finding, programs: readonly string[], total: number): string {
  const lines = [`${finding.message} [${finding.class}]`];
  if (finding.needed !== undefined) lines.push(`needed: ${finding.needed}`);
  if (finding.known !== undefined) lines.push(`known: ${finding.known}`);
  if (finding.input !== undefined) lines.push(`faults on: ${finding.input}`);
  if (total > 1) lines.push(`in ${programs.length === 1 ? 'program' : 'programs'} ${programs.join(', ')}`);
  return lines.join('\n');
}

interface Place {
  readonly uri: string;
  readonly range: Range;
}

function placeOf(unit: Unit, finding: Finding, report: ProgramReport): Place {
  if (finding.source && finding.source.line > 0) return sourcePlace(unit, finding.source);
  // Without line info the best places are the function that holds the instruction, then the program's section.
  const text = unit.linesOf(unit.uri).join('\n');
  const line =
    findFunction(text, finding.function) ??
    findFunction(text, report.function) ??
    findSection(text, report.section) ??
    0;
  return { uri: unit.uri, range: wholeLine(unit, unit.uri, line) };
}

function sourcePlace(unit: Unit, source: SourcePosition): Place {
  const uri = unit.uriOf(source.path);
  return { uri, range: rangeOf(unit.linesOf(uri), source) };
}

function related(unit: Unit, message: string, source: SourcePosition | undefined): DiagnosticRelatedInformation[] {
  return source && source.line > 0 ? [{ message, location: sourcePlace(unit, source) }] : [];
}

function missingLines(unit: Unit, verification: Verification): Diagnostic {
  const { withoutLines, reports } = verification;
  const who = withoutLines.length === reports.length ? 'The object has' : `${withoutLines.join(', ')}: the object has`;
  return {
    range: wholeLine(unit, unit.uri, 0),
    severity: DiagnosticSeverity.Warning,
    source: verifierSource,
    code: 'no-line-info',
    message: `${who} no line information, so findings cannot be shown on their lines.\nCompile with -g: take -g0 out of the flags in ebpf.clang.flags or compile_commands.json.`,
  };
}

/** Turns what clang said into diagnostics; notes become related information. */
export function compilerDiagnostics(unit: Unit, diagnostics: readonly CompilerDiagnostic[]): ByDocument {
  const found = new Collected();
  for (const one of diagnostics) {
    const uri = unit.uriOf(one.path);
    found.add(uri, {
      range: compilerRange(unit, uri, one),
      severity: one.severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
      source: compilerSource,
      ...(one.option !== undefined && { code: one.option }),
      message: one.message,
      relatedInformation: one.notes.flatMap((note) => {
        if (note.line === 0) return [];
        const noteUri = unit.uriOf(note.path);
        return [{ message: note.message, location: { uri: noteUri, range: compilerRange(unit, noteUri, note) } }];
      }),
    });
  }
  return found.documents;
}

function compilerRange(
  unit: Unit,
  uri: string,
  place: Pick<CompilerDiagnostic, 'line' | 'column' | 'endColumn'>,
): Range {
  if (place.line === 0) return wholeLine(unit, uri, 0);
  const line = place.line - 1;
  if (place.column === 0) return wholeLine(unit, uri, line);
  const character = place.column - 1;
  if (place.endColumn !== undefined) return lineRange(line, character, place.endColumn - 1);
  // clang's caret is exact: only the token that it points at, never the expression around it.
  const text = unit.linesOf(uri)[line] ?? '';
  const token = /^[\w$]+|^./u.exec(text.slice(character))?.[0] ?? '';
  return lineRange(line, character, character + token.length);
}

/** A diagnostic for a whole file that could not be verified, on its first line. */
export function fileDiagnostic(unit: Unit, code: string, message: string, severity: DiagnosticSeverity): ByDocument {
  const diagnostic: Diagnostic = {
    range: wholeLine(unit, unit.uri, 0),
    severity,
    source: verifierSource,
    code,
    message,
  };
  return new Map([[unit.uri, [diagnostic]]]);
}

function wholeLine(unit: Unit, uri: string, line: number): Range {
  const { start, end } = expressionAt(unit.linesOf(uri)[line] ?? '', -1);
  return lineRange(line, start, end);
}

function lineRange(line: number, start: number, end: number): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}

/** Joins what compiler and verifier found. */
export function join(...parts: readonly ByDocument[]): ByDocument {
  const found = new Collected();
  for (const part of parts) for (const [uri, diagnostics] of part) for (const one of diagnostics) found.add(uri, one);
  return found.documents;
}

class Collected {
  readonly documents = new Map<string, Diagnostic[]>();

  add(uri: string, diagnostic: Diagnostic): void {
    const list = this.documents.get(uri);
    if (list) list.push(diagnostic);
    else this.documents.set(uri, [diagnostic]);
  }
}
