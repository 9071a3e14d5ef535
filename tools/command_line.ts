/** Splitting one command string into arguments, by the rules of the shells that wrote it, without ever starting a shell. */

/**
 * Splits by the quoting rules of POSIX shells (XCU section 2.2): blanks separate, `'...'` is literal, inside `"..."` a backslash escapes
 * only `$`, `` ` ``, `"`, `\` and newline. Nothing is expanded: `$HOME` and `*` stay as they are. An open quote ends with the text.
 */
export function splitPosix(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let inWord = false;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quote === "'") {
      if (c === "'") quote = '';
      else word += c;
    } else if (quote === '"') {
      if (c === '"') quote = '';
      else if (c === '\\' && i + 1 < text.length && '$`"\\\n'.includes(text[i + 1]!)) {
        i++;
        if (text[i] !== '\n') word += text[i]!;
      } else word += c;
    } else if (c === '"' || c === "'") {
      quote = c;
      inWord = true;
    } else if (c === '\\' && i + 1 < text.length) {
      i++;
      if (text[i] !== '\n') {
        word += text[i]!;
        inWord = true;
      }
    } else if (c === ' ' || c === '\t' || c === '\n' || c === '\r') {
      if (inWord) words.push(word);
      word = '';
      inWord = false;
    } else {
      word += c;
      inWord = true;
    }
  }
  if (inWord) words.push(word);
  return words;
}

/**
 * Splits by the rules of Microsoft's C run time ("Parsing C command-line arguments"): backslashes are literal unless they stand before a
 * quote, where 2n of them give n and 2n+1 give n and a literal quote; `""` inside quotes is one quote.
 */
export function splitWindows(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let inWord = false;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\') {
      let run = 1;
      while (text[i + run] === '\\') run++;
      i += run - 1;
      if (text[i + 1] === '"') {
        word += '\\'.repeat(run >> 1);
        if (run % 2 === 1) {
          word += '"';
          i++;
        }
      } else word += '\\'.repeat(run);
      inWord = true;
    } else if (c === '"') {
      if (quoted && text[i + 1] === '"') {
        word += '"';
        i++;
      } else quoted = !quoted;
      inWord = true;
    } else if (!quoted && (c === ' ' || c === '\t' || c === '\n' || c === '\r')) {
      if (inWord) words.push(word);
      word = '';
      inWord = false;
    } else {
      word += c;
      inWord = true;
    }
  }
  if (inWord) words.push(word);
  return words;
}

/** Writes arguments so that a person can paste them into a POSIX shell. For logs only. */
export function quoteForLog(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
