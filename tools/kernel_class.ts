import type { FindingClass } from '../core/verifier/report';

/** A code and a class of ours for what the kernel's verifier says, so that its findings stand beside the embedded verifier's. */
export interface KernelClass {
  readonly code: string;
  readonly class: FindingClass;
}

/** First match wins. Messages: kernel/bpf/verifier.c, 5.4 to 6.18. */
const ROWS: readonly (readonly [RegExp, FindingClass, string])[] = [
  [/invalid mem access '\w*_or_null'|possibly NULL pointer/, 'NULL', 'kernel-null'],
  [
    /invalid access to packet|R\d+ offset is outside of the packet|dereference of modified pkt/,
    'BOUNDS_HIGH',
    'kernel-packet-bounds',
  ],
  [
    /invalid access to map value|R\d+ max value is outside of the allowed memory range|invalid access to memory/,
    'BOUNDS_HIGH',
    'kernel-map-bounds',
  ],
  [/min value is (negative|outside)|unbounded min(imum)? value/, 'BOUNDS_LOW', 'kernel-bounds-low'],
  [
    /unbounded m(emory|ax)|R\d+ unbounded|invalid zero-sized|value -?\d+ makes .* pointer be out of bounds/,
    'BOUNDS_HIGH',
    'kernel-bounds',
  ],
  [
    /invalid (indirect |zero-sized )?read from stack|invalid read from stack|uninitialized stack/,
    'STACK_INIT',
    'kernel-stack-init',
  ],
  [
    /invalid (write to|variable-offset|stack|unprivileged)|stack (off|size)|combined stack|misaligned stack|misaligned/,
    'BOUNDS_LOW',
    'kernel-stack-bounds',
  ],
  [
    /!read_ok|invalid mem access|type=\S+ expected=|R\d+ type=|must point to|is not a (known|pointer)/,
    'TYPE',
    'kernel-type',
  ],
  [/leaks? addr|pointer .* leak|partial spill/, 'LEAK', 'kernel-leak'],
  [/bpf_context access|modified ctx ptr|ctx access/, 'CTX', 'kernel-context'],
  [/pointer (arithmetic|comparison)|prohibited|math between/, 'COMPARE', 'kernel-pointer-arithmetic'],
  [/infinite loop|back-edge|too large|too complex|jump history/, 'TERMINATION', 'kernel-termination'],
  [
    /unreachable insn|jump out of range|fall ?through|last insn|recursive call|call stack of/,
    'CFG',
    'kernel-control-flow',
  ],
  [/unknown opcode|invalid (BPF_|insn|imm)|reserved field|R\d+ is invalid/, 'DECODE', 'kernel-instruction'],
  [
    /unknown func|cannot use helper|helper (call|access)|arg#?\d|cannot pass map_type|Unreleased reference|release|reference/,
    'CALL',
    'kernel-call',
  ],
];

/** Classifies one terminal message of the kernel's log. */
export function classifyKernelMessage(message: string): KernelClass {
  const row = ROWS.find(([pattern]) => pattern.test(message));
  return row ? { class: row[1], code: row[2] } : { class: 'LOAD', code: 'kernel-refused' };
}
