import { isBpfSource } from '../tools/bpf_source';
import type { SourceProgram } from './protocol';

/** What the text of a C file tells before any compiler has seen it. */

/** A bigger text is no hand-written program; it is not searched. */
const longestText = 4 << 20;
/** `SEC` uses that are looked at; more are generated. */
const mostPrograms = 1000;

/** Whether an open document's text is a BPF program. */
export function looksLikeBpf(text: string): boolean {
  return text.length <= longestText && isBpfSource(text);
}

/** Headers are compiled with the sources that include them, never alone. */
export function isCSource(path: string): boolean {
  return /\.c$/i.test(path);
}

/** Sections that hold data, not programs. */
const dataSection = /^(?:\.|license$|version$|maps$)/;

/** The programs that the text defines: `SEC("...")` followed by a function. Pure text, so macros that hide a function's name hide it here too. */
export function findPrograms(text: string): SourceProgram[] {
  if (text.length > longestText) return [];
  const code = withoutDefines(blankComments(text));
  const lines = new LineIndex(text);
  const programs: SourceProgram[] = [];
  for (const use of code.matchAll(/(?<![\w#])SEC[ \t]*\([ \t]*"([^"\n]*)"[ \t]*\)/g)) {
    const section = use[1]!;
    if (dataSection.test(section)) continue;
    if (programs.length >= mostPrograms) break;
    const after = code.slice(use.index + use[0].length, use.index + use[0].length + 1024);
    // Declarations up to the first `(` that opens parameters; BPF_PROG(name, ...) and its kin carry the name inside.
    const head = /^[\w\s*]*?\b(?:(BPF_\w+)\s*\(\s*(\w+)|(\w+)\s*\()/.exec(
      after.replace(/__attribute__\s*\(\([^()]*(?:\([^()]*\))*[^()]*\)\)/g, (s) => ' '.repeat(s.length)),
    );
    const name = head?.[2] ?? head?.[3];
    if (!head || name === undefined) continue;
    const at = use.index + use[0].length + head.index + head[0].lastIndexOf(name);
    programs.push({ name, section, line: lines.lineOf(at) });
  }
  return programs;
}

/** The line (from 0) on which a function of that name is defined or declared first, if the text shows it. */
export function findFunction(text: string, name: string): number | undefined {
  if (text.length > longestText || !/^\w+$/.test(name)) return undefined;
  const match = new RegExp(`\\b${name}\\b\\s*[(,]`).exec(blankComments(text));
  return match ? new LineIndex(text).lineOf(match.index) : undefined;
}

/** The line (from 0) of the first `SEC("section")`. */
export function findSection(text: string, section: string): number | undefined {
  if (text.length > longestText) return undefined;
  const match = [...blankComments(text).matchAll(/\bSEC[ \t]*\([ \t]*"([^"\n]*)"/g)].find((use) => use[1] === section);
  return match && new LineIndex(text).lineOf(match.index);
}

/** Replaces comments by blanks, keeping every offset and line break; string literals stay. O(length). */
export function blankComments(text: string): string {
  return text.replace(/\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?/g, (found) =>
    found.startsWith('/') ? found.replace(/[^\n]/g, ' ') : found,
  );
}

/** Blanks `#define` lines with their continuations: a header that defines SEC is no program. */
function withoutDefines(text: string): string {
  return text.replace(/^[ \t]*#[ \t]*define\b(?:[^\n\\]|\\[^\n]|\\\n)*/gm, (found) => found.replace(/[^\n]/g, ' '));
}

/** Line numbers of offsets. */
class LineIndex {
  private readonly starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  lineOf(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
