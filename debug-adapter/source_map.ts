import path from 'node:path';
import { InputError } from '../core/input/error';
import { generateC } from '../core/native/generate';
import { LinkedLines, lineMapOf, linkedLinesOf, type SourceLine } from '../core/native/line_map';
import type { BpfObject, Program } from '../core/object/object';
import { pathMatcher } from './paths';

const GENERATED = 'generated.c';

/**
 * Where the slots of an object's programs lie in its sources. The way leads through the C that is generated from the object: its `#line`
 * pragmas are read back, so that what is stepped here is what a native debugger steps in the native image.
 */
export class SourceMap {
  private readonly byProgram = new Map<Program, LinkedLines>();
  private readonly written: readonly string[];
  /** Why the generated C could not be used; lines then come from the object itself. */
  readonly problem: string | undefined;

  /**
   * @param file absolute path of what the user launched: the source, or the object
   */
  constructor(
    private readonly object: BpfObject,
    private readonly file: string,
  ) {
    try {
      const { text } = generateC(object, { name: 'debuggee', objectPath: file, outputPath: GENERATED });
      const map = lineMapOf(text);
      for (const program of object.programs) this.byProgram.set(program, linkedLinesOf(program, map));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.problem = error.message;
      for (const program of object.programs) this.byProgram.set(program, fromObject(program));
    }
    this.written = [...new Set([...this.byProgram.values()].flatMap((lines) => lines.paths()))];
  }

  /** Lines of a program by linked slot. */
  lines(program: Program): LinkedLines {
    return this.byProgram.get(program) ?? new LinkedLines([], new Int32Array(0), new Set());
  }

  at(program: Program, slot: number): SourceLine | undefined {
    return this.lines(program).at(slot);
  }

  get isEmpty(): boolean {
    return this.written.length === 0;
  }

  /**
   * Where a breakpoint that was set at `line` of a file comes to stand: the first line from there on that has code in any program of the
   * object, and the slots of `program` at which it begins; no slots when the line belongs to other programs only (`owner` is one).
   */
  resolve(
    program: Program,
    file: string,
    line: number,
  ): { readonly line: number; readonly slots: readonly number[]; readonly owner: string } | undefined {
    const matches = pathMatcher(file, this.written);
    let found: number | undefined;
    let owner = '';
    for (const each of this.object.programs) {
      const next = this.lines(each)
        .linesIn(matches)
        .find((candidate) => candidate >= line);
      if (next === undefined || (found !== undefined && next >= found)) continue;
      found = next;
      owner = each.name;
    }
    if (found === undefined) return undefined;
    const slots = this.lines(program).slotsOf(found, matches);
    return { line: found, slots, owner: slots.length > 0 ? program.name : owner };
  }

  /** Lines of a file on which breakpoints can stand in a program, ascending. */
  breakpointLines(program: Program, file: string): readonly number[] {
    return this.lines(program).linesIn(pathMatcher(file, this.written));
  }

  /** The absolute path for a path that the compiler wrote: the launched source itself when it is meant. */
  absolute(written: string): string {
    if (pathMatcher(this.file, this.written)(written)) return this.file;
    return path.isAbsolute(written) ? written : path.resolve(path.dirname(this.file), written);
  }
}

/** Lines as the object's own line information has them. */
function fromObject(program: Program): LinkedLines {
  const positions = Array.from({ length: program.code.length }, (_, slot) => {
    const record = program.lines.at(slot);
    return record && record.line > 0 ? { path: record.path, line: record.line } : undefined;
  });
  const starts = new Set(program.functions.map((linked) => linked.start));
  return new LinkedLines(positions, new Int32Array(program.code.length), starts);
}
