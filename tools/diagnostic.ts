/** What a C compiler says, as data. One parser for clang and gcc: both print `path:line:column: severity: text`. */

export type CompilerSeverity = 'error' | 'warning' | 'note';

/** A place that a compiler names. Lines and columns count from 1; 0 means unknown. `path` is empty when the compiler names no file. */
export interface CompilerPlace {
  readonly path: string;
  readonly line: number;
  /** In UTF-16 units where the source line was known to {@link ParseOptions.sourceLine}, else in bytes as printed. */
  readonly column: number;
}

export interface CompilerNote extends CompilerPlace {
  readonly message: string;
}

export interface CompilerDiagnostic extends CompilerPlace {
  /** Exclusive end on the same line, in the units of `column`; only clang with `-fdiagnostics-print-source-range-info` tells. */
  readonly endColumn?: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** `-Wunused-variable` and the like, when the compiler names the option. */
  readonly option?: string;
  /** Notes that follow, and the chain of `In file included from`, innermost first. */
  readonly notes: readonly CompilerNote[];
}

export interface ParseOptions {
  /** Text of a source line (from 1) of a path as printed, to turn byte columns into UTF-16 columns. */
  readonly sourceLine?: (path: string, line: number) => string | undefined;
  /** Diagnostics kept; 1000 unless told. Later ones are dropped. */
  readonly limit?: number;
}

/** A longer line is no diagnostic, and a pattern should not be run over megabytes. */
const longestLine = 16_384;

const located =
  /^((?:[A-Za-z]:)?[^:]+):(\d{1,9}):(?:(\d{1,9}):)?((?:\{[\d:,-]+\})*):?\s*(fatal error|error|warning|note|remark): (.*)$/;
const unlocated = /^(?:[^:]{1,4096}: )?(fatal error|error|warning): (.*)$/;
const includedFrom = /^(?:In file included from|\s+from) (.+?):(\d{1,9})(?::(\d{1,9}))?[:,]$/;
const trailingOption = / \[(-W[\w+#=-]+)(?:,-W[\w+#=-]+)*\]$/;

/**
 * Parses what clang or gcc printed on stderr, in the order printed. Lines of other shapes (source excerpts, carets, summaries) are skipped.
 * Never throws.
 */
export function parseDiagnostics(text: string, options: ParseOptions = {}): CompilerDiagnostic[] {
  const { limit = 1000 } = options;
  const found: Building[] = [];
  let includes: CompilerNote[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line.length > longestLine) continue;
    const include = includedFrom.exec(line);
    if (include) {
      const path = include[1]!;
      const at = Number(include[2]);
      const column = utf16Column(options, path, at, Number(include[3] ?? 0));
      const note: CompilerNote = { path, line: at, column, message: 'included from here' };
      // clang writes one `In file included from` for each level, outermost first; gcc one, then `from`, innermost first.
      if (line.startsWith('In file')) includes.unshift(note);
      else includes.push(note);
      continue;
    }
    const one = parseLine(line, options);
    if (!one) continue;
    if (one.severity === 'note') {
      found.at(-1)?.notes.push({ path: one.path, line: one.line, column: one.column, message: one.message });
    } else if (found.length < limit) {
      found.push({ ...one, severity: one.severity, notes: includes });
    } else break;
    includes = [];
  }
  return found;
}

type Building = Omit<CompilerDiagnostic, 'notes'> & { notes: CompilerNote[] };
type Parsed = Omit<CompilerDiagnostic, 'notes' | 'severity'> & { readonly severity: CompilerSeverity };

function parseLine(line: string, options: ParseOptions): Parsed | undefined {
  const place = located.exec(line);
  if (place) {
    const [, path = '', lineText, columnText, ranges = '', word = '', message = ''] = place;
    // LLVM's backends write `<unknown>:0:0` where they lost the position.
    const known = !path.startsWith('<');
    const number = known ? Number(lineText) : 0;
    const byteColumn = known ? Number(columnText ?? 0) : 0;
    const end = rangeEnd(ranges, number, byteColumn);
    return {
      path: known ? path : '',
      line: number,
      column: utf16Column(options, path, number, byteColumn),
      ...(end !== undefined && { endColumn: utf16Column(options, path, number, end) }),
      severity: severityOf(word),
      ...messageAndOption(message),
    };
  }
  const plain = unlocated.exec(line);
  if (!plain) return undefined;
  return { path: '', line: 0, column: 0, severity: severityOf(plain[1]!), ...messageAndOption(plain[2]!) };
}

function messageAndOption(text: string): { message: string; option?: string } {
  const option = trailingOption.exec(text);
  return option ? { message: text.slice(0, option.index), option: option[1]! } : { message: text };
}

function severityOf(word: string): CompilerSeverity {
  if (word.endsWith('error')) return 'error';
  return word === 'warning' ? 'warning' : 'note';
}

/** The end of the first range `{line:from-line:to}` that covers or starts after the caret on its line; clang's ends are exclusive. */
function rangeEnd(ranges: string, line: number, column: number): number | undefined {
  for (const range of ranges.matchAll(/\{(\d+):(\d+)-(\d+):(\d+)\}/g)) {
    const [startLine, start, endLine, end] = range.slice(1).map(Number) as [number, number, number, number];
    if (startLine === line && endLine === line && start <= column && column < end) return end;
  }
  return undefined;
}

function utf16Column(options: ParseOptions, path: string, line: number, byteColumn: number): number {
  if (byteColumn <= 1) return byteColumn;
  const text = options.sourceLine?.(path, line);
  return text === undefined ? byteColumn : byteToUtf16Column(text, byteColumn);
}

/**
 * Turns a column that counts UTF-8 bytes (from 1) into one that counts UTF-16 units (from 1). A column past the end of the
 * line moves along by the same number; one inside a character points at the character. O(column).
 */
export function byteToUtf16Column(text: string, byteColumn: number): number {
  let bytes = 0;
  let units = 0;
  while (units < text.length) {
    const point = text.codePointAt(units)!;
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes + size > byteColumn - 1) return units + 1;
    bytes += size;
    units += point >= 0x10000 ? 2 : 1;
  }
  return units + (byteColumn - bytes);
}
