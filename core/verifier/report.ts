/** What the verifier says. Plain data: it crosses worker threads and becomes the machine interface's JSON. */

/** proved / refuted / unproven / invalid, see docs/architecture.md. `invalid`: not a program at all (decoding, control flow, unknown type). */
export type Verdict = 'proved' | 'refuted' | 'unproven' | 'invalid';

/** PREVAIL's check classes, so that findings can be held against it. */
export type FindingClass =
  | 'TYPE'
  | 'BOUNDS_LOW'
  | 'BOUNDS_HIGH'
  | 'NULL'
  | 'STACK_INIT'
  | 'LEAK'
  | 'CTX'
  | 'SOCKET'
  | 'COMPARE'
  | 'CALL'
  | 'STRICT'
  | 'DIV0'
  | 'TERMINATION'
  | 'CFG'
  | 'DECODE'
  | 'LOAD';

/** Lines and columns count from 1; column 0 means unknown. */
export interface SourcePosition {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** One step of why: where a value came from, or where knowledge was lost. */
export interface Cause {
  readonly message: string;
  /** Slot inside `function`. */
  readonly pc: number;
  readonly function: string;
  readonly source?: SourcePosition;
}

export interface TextEdit {
  readonly path: string;
  /** Lines and columns count from 1; the end is exclusive. */
  readonly range: {
    readonly startLine: number;
    readonly startColumn: number;
    readonly endLine: number;
    readonly endColumn: number;
  };
  readonly text: string;
}

export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

export interface Finding {
  /** Stable kebab-case id of the catalogue entry, e.g. `null-dereference`; docs/findings.md has one section for each. */
  readonly code: string;
  readonly class: FindingClass;
  /** One sentence for a person: what is wrong, in words of the source. */
  readonly message: string;
  /** Slot inside `function`. */
  readonly pc: number;
  /** Name of the function that holds it. */
  readonly function: string;
  /** The instruction in llvm-objdump's syntax. */
  readonly instruction: string;
  readonly source?: SourcePosition;
  /** What had to be shown, e.g. `offset + 4 <= packet size`. */
  readonly needed?: string;
  /** What was known, e.g. `packet size >= 14`. */
  readonly known?: string;
  readonly because: readonly Cause[];
  /** A concrete input on which the emulator faults (refuted only). */
  readonly input?: string;
  readonly fix?: Fix;
}

export interface ProgramReport {
  readonly section: string;
  readonly function: string;
  /** Name of the program type, `unknown` when the section matches none. */
  readonly type: string;
  readonly verdict: Verdict;
  /** Slots in the linked program. */
  readonly instructions: number;
  /** Deepest stack over all call chains. */
  readonly stackBytes: number;
  /** The precision level that decided. */
  readonly level: 'L0' | 'L1' | 'L2';
  readonly findings: readonly Finding[];
}
