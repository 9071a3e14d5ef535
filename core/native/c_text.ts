/** Text that came from an object file, made harmless as C: nothing here can end a string, a comment or a directive early. */

/** bpf2c's C identifier of a name: every byte that is not an ASCII letter or digit becomes `_`. Neither unique nor always valid. */
export function plainIdentifier(name: string): string {
  let identifier = '';
  for (const byte of utf8(name)) {
    const letter = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
    identifier += letter ? String.fromCharCode(byte) : '_';
  }
  return identifier;
}

const SIMPLE_ESCAPES: Readonly<Record<number, string>> = {
  0x07: '\\a', 0x08: '\\b', 0x09: '\\t', 0x0a: '\\n', 0x0b: '\\v', 0x0c: '\\f', 0x0d: '\\r', 0x22: '\\"', 0x5c: '\\\\',
}; // prettier-ignore

/**
 * A C string literal with quotes: its UTF-8 bytes, all ASCII. Bytes without a simple escape become three octal digits
 * (hex escapes would swallow following digits). The second of two question marks is escaped: `??/` is a backslash to older standards.
 */
export function cString(text: string): string {
  let literal = '"';
  let before = 0;
  for (const byte of utf8(text)) {
    literal +=
      SIMPLE_ESCAPES[byte] ??
      (byte === 0x3f && before === 0x3f
        ? '\\?'
        : byte >= 0x20 && byte < 0x7f
          ? String.fromCharCode(byte)
          : `\\${byte.toString(8).padStart(3, '0')}`);
    before = byte;
  }
  return `${literal}"`;
}

/**
 * A file name for `#line`, with quotes. Compilers take no numeric escapes there, so letters beyond ASCII stay as they are, and control
 * characters without a simple escape (no file system path holds them on purpose) become U+FFFD.
 */
export function linePath(path: string): string {
  let literal = '"';
  let before = '';
  for (const character of path) {
    const point = character.codePointAt(0)!;
    const control = point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0xd800 && point < 0xe000);
    literal += SIMPLE_ESCAPES[point] ?? (character === '?' && before === '?' ? '\\?' : control ? '\ufffd' : character);
    before = character;
  }
  return `${literal}"`;
}

/** JSON in printable ASCII, for a `//` comment: it ends with a quote or bracket, so the line cannot be continued. */
export function commentJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** UTF-8 bytes of a string; lone surrogates become U+FFFD. */
export function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    let point = character.codePointAt(0)!;
    if (point >= 0xd800 && point < 0xe000) point = 0xfffd;
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
    else
      bytes.push(
        0xf0 | (point >> 18),
        0x80 | ((point >> 12) & 0x3f),
        0x80 | ((point >> 6) & 0x3f),
        0x80 | (point & 0x3f),
      );
  }
  return bytes;
}
