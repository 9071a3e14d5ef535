/**
 * Text from hostile input as it may be printed on one line: control characters other than tabs, which end lines or steer terminals, become `\xNN`;
 * so do the marks that reverse the direction of text. O(text).
 */
export function printable(text: string): string {
  return text.replace(/(?!\t)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (mark) => {
    const code = mark.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}
