import { byteToUtf16Column } from '../tools/diagnostic';
import type { SourcePosition } from '../core/verifier/report';
import { expressionAt } from './expression';
import type { Range } from 'vscode-languageserver';

/** Lines of a file as the editor or the disk has it, without line ends. */
export type Lines = readonly string[];

export function splitLines(text: string): Lines {
  return text.split(/\r\n|\r|\n/);
}

/** How far a line may have moved since the compiler saw it. */
const searchedLines = 500;

/**
 * The range of the expression at a compiler's position. The editor's text may be newer than what was compiled: the line is looked
 * for by its text, nearest first. Lines and characters of the result count from 0, characters in UTF-16 units.
 *
 * @param lines the file as the editor has it now
 */
export function rangeOf(lines: Lines, position: Pick<SourcePosition, 'line' | 'column' | 'text'>): Range {
  const line = currentLine(lines, position.line - 1, position.text);
  const text = lines[line] ?? '';
  const column = position.column > 0 ? byteToUtf16Column(text, position.column) - 1 : -1;
  const { start, end } = expressionAt(text, column);
  return { start: { line, character: start }, end: { line, character: end } };
}

/** Where a line (from 0) with that text is now; its old place when the text is unknown or gone. */
export function currentLine(lines: Lines, line: number, text: string): number {
  const old = Math.max(0, Math.min(line, lines.length - 1));
  if (text.trim() === '' || sameText(lines[old], text)) return old;
  for (let distance = 1; distance <= searchedLines; distance++) {
    if (sameText(lines[old + distance], text)) return old + distance;
    if (sameText(lines[old - distance], text)) return old - distance;
  }
  return old;
}

function sameText(line: string | undefined, text: string): boolean {
  return line !== undefined && line.trim() === text.trim();
}
