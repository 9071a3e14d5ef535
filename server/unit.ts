import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { URI } from 'vscode-uri';
import { splitLines, type Lines } from './text';

/** A source file that is compiled and verified, and the way from the paths that a compiler writes to documents of the editor. */
export class Unit {
  /** Absolute path of the source. */
  readonly file: string;
  private readonly read = new Map<string, Lines>();

  /**
   * @param uri of the source, as the editor writes it
   * @param cwd where the compiler ran: relative paths start there
   * @param openText text of an open document
   */
  constructor(
    readonly uri: string,
    private readonly cwd: string,
    private readonly openText: (uri: string) => string | undefined,
  ) {
    this.file = URI.parse(uri).fsPath;
  }

  /** The document of a path that the compiler wrote. An empty path means the source itself. */
  uriOf(written: string): string {
    if (written === '') return this.uri;
    const absolute = path.resolve(this.cwd, written);
    // The editor may write the source's own URI differently (drive letter, encoding): its spelling wins.
    return samePath(absolute, this.file) ? this.uri : URI.file(absolute).toString();
  }

  /** Lines as the editor has them now, else as the disk has them. Empty when the file is gone or no source. */
  linesOf(uri: string): Lines {
    let lines = this.read.get(uri);
    if (!lines) {
      const open = this.openText(uri);
      lines = open === undefined ? fromDisk(URI.parse(uri).fsPath) : splitLines(open);
      this.read.set(uri, lines);
    }
    return lines;
  }
}

const largestSource = 16 << 20;

function fromDisk(file: string): Lines {
  try {
    const info = statSync(file);
    return info.isFile() && info.size <= largestSource ? splitLines(readFileSync(file, 'utf8')) : [];
  } catch {
    return [];
  }
}

function samePath(a: string, b: string): boolean {
  return process.platform === 'linux' ? a === b : a.toLowerCase() === b.toLowerCase();
}
