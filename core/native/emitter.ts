import { linePath } from './c_text';
import type { SourceLine } from './line_map';

/** Collects lines of C and keeps the pragmas true: source lines while a position is set, the generated file's own lines otherwise. */
export class Emitter {
  private readonly lines: string[] = [];
  private position: SourceLine | undefined;
  private quotedPath = '';
  private quotedOf: string | undefined;
  /** A source pragma is in force and has to be taken back. */
  private astray = false;

  constructor(private readonly outputPath: string) {}

  /** A line of the generated file itself; may hold several separated by newlines. */
  own(text: string): void {
    if (this.astray) {
      // The pragma names the line after itself: this one is lines.length + 1, the next lines.length + 2.
      this.lines.push(`#line ${this.lines.length + 2} ${linePath(this.outputPath)}`);
      this.astray = false;
    }
    for (const line of text.split('\n')) this.lines.push(line);
  }

  /** Sets the source line that following code belongs to; undefined: to the generated file. */
  at(position: SourceLine | undefined): void {
    this.position = position;
  }

  /** A comment: it needs no pragma. */
  comment(text: string): void {
    this.lines.push(text);
  }

  /** One line of code, under a pragma of its own when a position is set. */
  code(line: string): void {
    if (!this.position) {
      this.own(line);
      return;
    }
    if (this.quotedOf !== this.position.path) {
      this.quotedOf = this.position.path;
      this.quotedPath = linePath(this.position.path);
    }
    this.lines.push(`#line ${this.position.line} ${this.quotedPath}`, line);
    this.astray = true;
  }

  /** The whole text; ends with a newline. */
  text(): string {
    return `${this.lines.join('\n')}\n`;
  }
}
