import type { LinkedFunction, Program } from '../object/object';
import { plainIdentifier } from './c_text';

/** A source position as a `#line` pragma gives it. Lines count from 1; pragmas carry no column. */
export interface SourceLine {
  /** Exactly as in the pragma (escapes undone): absolute or relative, with either slash. */
  readonly path: string;
  readonly line: number;
}

/** One instruction in generated C. */
export interface NativeInstruction {
  /** Slot inside its function. */
  readonly pc: number;
  /** Line in the generated C of its first statement, counting from 1. */
  readonly generatedLine: number;
  /** Where the pragmas put that statement; undefined when none governs it. */
  readonly position: SourceLine | undefined;
}

/** A function in generated C that a BPF function became. */
export interface NativeFunction {
  readonly identifier: string;
  /** Where it came from in the object: our files say so; in bpf2c's files it is undefined and only the identifier is known. */
  readonly origin: FunctionOrigin | undefined;
  /** Lines of the opening and closing brace in the generated C, counting from 1. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** In the order of the text; empty when the file was written without instruction comments. */
  readonly instructions: readonly NativeInstruction[];
}

export interface FunctionOrigin {
  readonly name: string;
  readonly section: string;
  /** First slot inside its ELF section. */
  readonly sectionSlot: number;
  readonly entry: boolean;
}

export interface LineMap {
  readonly functions: readonly NativeFunction[];
}

/** Starts the comment that says which BPF function the next C function is; JSON of {@link FunctionOrigin} follows. */
export const FUNCTION_MARK = '// ebpf-function: ';
/** Starts the comment that says what the generated file itself is called in restoring pragmas; a JSON string follows. */
export const FILE_MARK = '// ebpf-file: ';

const INSTRUCTION =
  /^\s*(?:\/\/|\/\*)\s*EBPF_OP_\w+ pc=(\d{1,9}) dst=r\d{1,2} src=r\d{1,2} offset=-?\d{1,9} imm=-?\d{1,20}\b/;
const DIRECTIVE = /^[ \t]*#[ \t]*(?:line[ \t]+)?(\d{1,9})(?:[ \t]+"(.*)")?[ \t0-9]*$/;
/** Functions of programs return uint64_t, written on the line before or on the same; accessors of tables do not. */
const RETURN_TYPE = /\buint64_t$/;
const HEAD = /^(static[ \t]+uint64_t[ \t]+)?([A-Za-z_]\w*)[ \t]*\(/;

/**
 * Reads the `#line` pragmas and instruction comments of generated C back. O(characters); never throws.
 *
 * Ours and bpf2c's debug builds are understood (released builds of bpf2c write no instruction comments: their functions come back empty).
 * Tolerated: CRLF, unescaped quotes in paths, preprocessor markers (`# 1 "f.c" 2`), and bpf2c's `#line __LINE__ __FILE__`, which keeps
 * the presumed file. What bpf2c itself gets wrong (lines of the second program of a section) cannot be seen from its text and stays wrong.
 */
export function lineMapOf(text: string): LineMap {
  const functions: NativeFunction[] = [];
  let path: string | undefined;
  let presumed = 1;
  let own: string | undefined;
  let origin: FunctionOrigin | undefined;
  let candidate: string | undefined;
  let returnsNumber = false;
  let open: { identifier: string; origin: FunctionOrigin | undefined; firstLine: number } | undefined;
  let instructions: NativeInstruction[] = [];
  let pending: number | undefined;
  let physical = 0;

  for (const line of linesOf(text)) {
    physical++;
    const here = presumed++;
    const first = line.trimStart();
    if (first.startsWith('#')) {
      const directive = DIRECTIVE.exec(line);
      if (directive) {
        presumed = Number(directive[1]);
        if (directive[2] !== undefined) path = unescapePath(directive[2]);
      } else if (/^#[ \t]*line\b/.test(first)) {
        presumed = here;
      }
      continue;
    }
    if (first === '') continue;
    if (first.startsWith('//') || first.startsWith('/*')) {
      const instruction = INSTRUCTION.exec(line);
      if (instruction) pending = Number(instruction[1]);
      else if (line.startsWith(FUNCTION_MARK)) origin = originOf(line.slice(FUNCTION_MARK.length));
      else if (line.startsWith(FILE_MARK)) own = stringOf(line.slice(FILE_MARK.length));
      continue;
    }
    if (open) {
      if (line.startsWith('}')) {
        functions.push({ ...open, lastLine: physical, instructions });
        open = undefined;
        pending = undefined;
      } else if (pending !== undefined && !/^\w+:$/.test(first)) {
        const known = path !== undefined && path !== own && here > 0;
        instructions.push({
          pc: pending,
          generatedLine: physical,
          position: known ? { path: path!, line: here } : undefined,
        });
        pending = undefined;
      }
      continue;
    }
    if (line.startsWith('{') && candidate !== undefined) {
      open = { identifier: candidate, origin, firstLine: physical };
      instructions = [];
      origin = undefined;
      candidate = undefined;
      continue;
    }
    const head = HEAD.exec(line);
    if (head && (returnsNumber || head[1] !== undefined)) candidate = head[2];
    returnsNumber = RETURN_TYPE.test(line);
    // A declaration, or the end of something else: no body follows.
    if (line.endsWith(';')) candidate = undefined;
  }
  return { functions };
}

/** Which source line each slot of a linked program belongs to, by the pragmas of generated C. What a debugger sets breakpoints by. */
export class LinkedLines {
  /**
   * @param positions by linked slot; both slots of an `lddw` have the same position
   * @param generated by linked slot: line in the generated C, 0 when there is none
   * @param starts first slots of the functions, ascending
   */
  constructor(
    private readonly positions: readonly (SourceLine | undefined)[],
    private readonly generated: Int32Array,
    private readonly starts: ReadonlySet<number>,
  ) {}

  get isEmpty(): boolean {
    return !this.positions.some((position) => position !== undefined);
  }

  /** The source line of a linked slot. */
  at(slot: number): SourceLine | undefined {
    return this.positions[slot];
  }

  /** Line in the generated C of a linked slot, counting from 1; 0 when unknown. */
  generatedLineAt(slot: number): number {
    return this.generated[slot] ?? 0;
  }

  /** Whether the source line begins at `slot`: the slot before lies on another line or in another function. */
  startsAt(slot: number): boolean {
    const position = this.positions[slot];
    if (!position) return false;
    if (this.starts.has(slot)) return true;
    const before = this.positions[slot - 1];
    return before?.line !== position.line || before.path !== position.path;
  }

  /** Slots at which `line` of a file begins, ascending; `matches` judges paths as the pragmas spell them. O(slots). */
  slotsOf(line: number, matches: (path: string) => boolean): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.positions.length; slot++) {
      if (this.positions[slot]?.line === line && this.startsAt(slot) && matches(this.positions[slot]!.path)) {
        slots.push(slot);
      }
    }
    return slots;
  }

  /** Lines at which a breakpoint can stand in a file, ascending, each once. O(slots). */
  linesIn(matches: (path: string) => boolean): number[] {
    const lines = new Set<number>();
    for (const position of this.positions) {
      if (position && matches(position.path)) lines.add(position.line);
    }
    return [...lines].sort((a, b) => a - b);
  }

  /** Every path that the pragmas name, each once, in the order of the code. */
  paths(): string[] {
    return [...new Set(this.positions.flatMap((position) => (position ? [position.path] : [])))];
  }
}

/**
 * Lays a line map over a linked program. Functions are matched by origin where the file tells it, else by C identifier.
 * Slots of functions that the map does not hold have no position. O(slots + instructions of the map).
 */
export function linkedLinesOf(program: Program, map: LineMap): LinkedLines {
  const byOrigin = new Map<string, NativeFunction>();
  const byIdentifier = new Map<string, NativeFunction>();
  for (const native of map.functions) {
    if (native.origin) byOrigin.set(`${native.origin.sectionSlot}:${native.origin.section}`, native);
    else byIdentifier.set(native.identifier, native);
  }
  const positions = new Array<SourceLine | undefined>(program.code.length).fill(undefined);
  const generated = new Int32Array(program.code.length);
  const find = (linked: LinkedFunction): NativeFunction | undefined =>
    byOrigin.get(`${linked.sectionSlot}:${linked.section}`) ?? byIdentifier.get(plainIdentifier(linked.name));
  for (const linked of program.functions) {
    const present = new Uint8Array(linked.length);
    for (const { pc, position, generatedLine } of find(linked)?.instructions ?? []) {
      if (pc >= linked.length) continue;
      present[pc] = 1;
      positions[linked.start + pc] = position;
      generated[linked.start + pc] = generatedLine;
    }
    // The second slot of an lddw has no statement of its own.
    for (let pc = 1; pc < linked.length; pc++) {
      if (present[pc] || !present[pc - 1]) continue;
      positions[linked.start + pc] = positions[linked.start + pc - 1];
      generated[linked.start + pc] = generated[linked.start + pc - 1]!;
    }
  }
  return new LinkedLines(positions, generated, new Set(program.functions.map((linked) => linked.start)));
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    yield text.slice(start, end > start && text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Undoes the escapes of a C string. An unknown one stands for its letter, as compilers have it. */
function unescapePath(quoted: string): string {
  return quoted.replace(/\\(.)/g, (_, escape: string) => ESCAPES[escape] ?? escape);
}

function stringOf(json: string): string | undefined {
  const value = parsed(json);
  return typeof value === 'string' ? value : undefined;
}

function originOf(json: string): FunctionOrigin | undefined {
  const value = parsed(json);
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, section, sectionSlot, entry } = value as Partial<Record<keyof FunctionOrigin, unknown>>;
  if (typeof name !== 'string' || typeof section !== 'string') return undefined;
  if (typeof sectionSlot !== 'number' || typeof entry !== 'boolean') return undefined;
  return { name, section, sectionSlot, entry };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
