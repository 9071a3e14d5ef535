/**
 * Names as CO-RE compares them: `task_struct___old` is a flavour of `task_struct`.
 * The flavour begins at the last `___` that has no further underscore on either side (tools/lib/bpf/relo_core.h).
 */

const UNDERSCORE = 0x5f;

/** Length of the name without its flavour. O(length). */
export function essentialLength(name: string): number {
  for (let i = name.length - 5; i >= 0; i--) {
    if (name[i] !== '_' && name.startsWith('___', i + 1) && name[i + 4] !== '_') return i + 1;
  }
  return name.length;
}

/** The name without its flavour. */
export function essentialName(name: string): string {
  return name.slice(0, essentialLength(name));
}

/** Whether a flavour could begin behind `bytes[at]`. A NUL counts as no underscore only when something stands between: `a___` is a whole name. */
export function flavourStartsAt(bytes: Uint8Array, at: number): boolean {
  const behind = bytes[at + 4];
  return (
    bytes[at] !== UNDERSCORE &&
    bytes[at + 1] === UNDERSCORE &&
    bytes[at + 2] === UNDERSCORE &&
    bytes[at + 3] === UNDERSCORE &&
    behind !== UNDERSCORE &&
    behind !== 0 &&
    behind !== undefined
  );
}
