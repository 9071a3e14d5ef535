/** What the kernel's verifier prints, and libbpf around it, read into findings. Source: kernel/bpf/{verifier,log}.c and tools/lib/bpf/libbpf.c. */

/** Why the kernel refused a program. */
export interface KernelFinding {
  /** The verifier's message, e.g. `invalid access to packet, off=36 size=2, R1(id=0,off=36,r=34)`. */
  readonly message: string;
  /** Lines that follow the message. */
  readonly details: readonly string[];
  /** Slot in the loaded program (entry function first, then its subprograms); undefined when the message concerns no instruction. */
  readonly pc?: number;
  /** The instruction in the kernel's syntax. */
  readonly instruction?: string;
  /** The source line; older kernels print its text alone. */
  readonly source?: { readonly text: string; readonly path?: string; readonly line?: number };
}

/** What a log says about one program. */
export interface KernelProgramLog {
  readonly program: string;
  readonly accepted: boolean;
  /** The verifier's part, without libbpf's frame around it. */
  readonly log: string;
  /** Instructions that the verifier looked at, each as often as it came by. */
  readonly processed?: number;
  readonly finding?: KernelFinding;
}

const BEGIN = /^libbpf: prog '([^']*)': -- BEGIN PROG LOAD LOG --$/;
const END = /^-- END PROG LOAD LOG --$/;
const FAILED = /^libbpf: prog '([^']*)': (?:BPF program load failed: (.*)|failed to load: (-?\d+))$/;

/** Splits the output of `bpftool -d prog load` into programs, in the order of loading. O(text). */
export function parseLoadLog(text: string): KernelProgramLog[] {
  const logs = new Map<string, string[]>();
  const failures = new Map<string, string>();
  let open: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const begin = BEGIN.exec(line);
    if (begin) {
      // A program that is refused without a log is loaded again with one.
      open = [];
      logs.set(begin[1]!, open);
    } else if (open && END.test(line)) open = undefined;
    else if (open) open.push(line);
    else {
      const failed = FAILED.exec(line);
      if (failed) {
        const [, program, reason, code] = failed;
        if (!failures.has(program!)) failures.set(program!, reason ?? `error ${code}`);
        if (!logs.has(program!)) logs.set(program!, []);
      }
    }
  }
  return [...logs].map(([program, lines]) => {
    const failure = failures.get(program);
    const processed = /^processed (\d+) insns/m.exec(lines.join('\n'))?.[1];
    return {
      program,
      accepted: failure === undefined,
      log: lines.join('\n'),
      ...(processed !== undefined && { processed: Number(processed) }),
      ...(failure !== undefined && { finding: findingOf(lines, failure) }),
    };
  });
}

const INSTRUCTION = /^(\d+): \([0-9a-f]{2}\) (.*)$/;
const SOURCE = /^; (.*)$/;
const PLACE = /^(.*) @ (.*):(\d+)$/;
/** Lines that tell of states and figures, not of what is wrong. */
const QUIET =
  /^(?:$|verification time |stack depth |processed \d|from \d+ to \d+|Live regs before|Validating |mark_precise: |parent |last_idx |regs=|\(\d+\) |func#|Func#|\d+: R\d|\d+: frame\d|\d+: safe|\s+\d+: [.0-9p]+ |caller:|callee:|returning from callee|to caller at|propagating|safe$|R\d+=|frame\d+: )/;

/**
 * The finding at the end of a refused program's log: the last instruction, its source line, and what is said after it.
 * `failure` is libbpf's own word, for logs that say nothing.
 */
export function findingOf(lines: readonly string[], failure: string): KernelFinding {
  let pc: number | undefined;
  let instruction: string | undefined;
  let source: KernelFinding['source'];
  let messages: string[] = [];
  for (const line of lines) {
    const at = INSTRUCTION.exec(line);
    if (at) {
      pc = Number(at[1]);
      instruction = at[2]!.replace(/\s*;.*$/, '').trim();
      messages = [];
      continue;
    }
    const from = SOURCE.exec(line);
    if (from) {
      const place = PLACE.exec(from[1]!);
      source = place ? { text: place[1]!.trim(), path: place[2]!, line: Number(place[3]) } : { text: from[1]!.trim() };
      messages = [];
      continue;
    }
    if (!QUIET.test(line)) messages.push(line.trim());
  }
  return {
    message: messages[0] ?? failure,
    details: messages.slice(1),
    ...(pc !== undefined && { pc }),
    ...(instruction !== undefined && { instruction }),
    ...(source !== undefined && { source }),
  };
}
