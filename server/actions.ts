import {
  CodeActionKind,
  type CodeAction,
  type Diagnostic,
  type TextDocumentEdit,
  type TextEdit,
} from 'vscode-languageserver';
import { byteToUtf16Column } from '../tools/diagnostic';
import { isFindingData, type FindingData } from './diagnostics';
import { Unit } from './unit';
import { currentLine } from './text';

/** What the actions need to know about open documents. */
export interface Documents {
  text(uri: string): string | undefined;
  version(uri: string): number | undefined;
}

/** Quick fixes for the verifier's findings among `diagnostics`. A fix whose line has changed since is not offered. */
export function quickFixes(diagnostics: readonly Diagnostic[], documents: Documents): CodeAction[] {
  return diagnostics.flatMap((diagnostic) => {
    if (!isFindingData(diagnostic.data)) return [];
    const action = quickFix(diagnostic, diagnostic.data, documents);
    return action ? [action] : [];
  });
}

function quickFix(diagnostic: Diagnostic, data: FindingData, documents: Documents): CodeAction | undefined {
  const { fix, source } = data.finding;
  if (!fix || fix.edits.length === 0) return undefined;
  const unit = new Unit(data.unit, '/', (uri) => documents.text(uri));
  const byDocument = new Map<string, TextEdit[]>();
  for (const edit of fix.edits) {
    const uri = unit.uriOf(edit.path);
    const lines = unit.linesOf(uri);
    let moved = 0;
    if (source && unit.uriOf(source.path) === uri) {
      // The finding's line tells whether the text is still the one that was verified, and how far it has moved.
      const now = currentLine(lines, source.line - 1, source.text);
      if (source.text.trim() !== '' && lines[now]?.trim() !== source.text.trim()) return undefined;
      moved = now - (source.line - 1);
    }
    const { startLine, startColumn, endLine, endColumn } = edit.range;
    const start = position(lines, startLine - 1 + moved, startColumn);
    const end = position(lines, endLine - 1 + moved, endColumn);
    const list = byDocument.get(uri) ?? [];
    list.push({ range: { start, end }, newText: edit.text });
    byDocument.set(uri, list);
  }
  const documentChanges: TextDocumentEdit[] = [...byDocument].map(([uri, edits]) => ({
    textDocument: { uri, version: documents.version(uri) ?? null },
    edits,
  }));
  return {
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    isPreferred: true,
    edit: { documentChanges },
  };
}

/** A position from a line from 0 and a column in bytes from 1, which is what findings count in. */
function position(lines: readonly string[], line: number, column: number): { line: number; character: number } {
  const text = lines[line];
  return { line, character: text === undefined ? column - 1 : byteToUtf16Column(text, column) - 1 };
}
