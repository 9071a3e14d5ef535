/**
 * Whether C text is a BPF program by itself: it places something in a section with `SEC("...")`, or includes a header that only BPF
 * programs include. Comments do not count. O(text).
 */
export function isBpfSource(text: string): boolean {
  const code = withoutComments(text);
  return (
    /\bSEC\s*\(\s*"/.test(code) ||
    /^[ \t]*#[ \t]*include[ \t]*[<"](?:[^">\n]*\/)?(?:bpf_helpers|bpf_endian|bpf_tracing|bpf_core_read|vmlinux)\.h[">]/m.test(
      code,
    )
  );
}

/** Blanks comments so that a mention in prose does not count; string literals are kept, and so are line breaks. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*/g, (match) =>
    match.startsWith('"') ? match : ' ',
  );
}
