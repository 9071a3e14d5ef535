import { InputError } from '../input/error';
import { linePath } from './c_text';
import type { SourceLine } from './line_map';

/** Characters of C that one object may become. Hostile paths, written once a line, would multiply a small file past any memory. */
const LARGEST_TEXT = 1 << 28;

/** Collects lines of C and keeps the pragmas true: source lines while a position is set, the generated file's own lines otherwise. Throws InputError `native-too-large`. */
export class Emitter {
  private readonly lines: string[] = [];
  private size = 0;
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
      this.push(`#line ${this.lines.length + 2} ${linePath(this.outputPath)}`);
      this.astray = false;
    }
    for (const line of text.split('\n')) this.push(line);
  }

  /** Sets the source line that following code belongs to; undefined: to the generated file. */
  at(position: SourceLine | undefined): void {
    this.position = position;
  }

  /** A comment: it needs no pragma. */
  comment(text: string): void {
    this.push(text);
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
    this.push(`#line ${this.position.line} ${this.quotedPath}`);
    this.push(line);
    this.astray = true;
  }

  private push(line: string): void {
    this.size += line.length + 1;
    if (this.size > LARGEST_TEXT) {
      throw new InputError('native-too-large', `the generated C would have more than ${LARGEST_TEXT} characters`);
    }
    this.lines.push(line);
  }

  /** The whole text; ends with a newline. */
  text(): string {
    return `${this.lines.join('\n')}\n`;
  }
}
