import path from 'node:path';

/**
 * Whether a path that a compiler wrote means the file that the editor names. In order of trust: the same text; the same after resolving `.`,
 * `..` and slashes (and case on Windows); one ends with the other, part by part, for objects that were built elsewhere.
 */
export type PathMatch = (written: string) => boolean;

/** The matcher for an editor's path among all paths of an object: the most trusted kind of match that any of them has. */
export function pathMatcher(wanted: string, written: readonly string[]): PathMatch {
  if (written.includes(wanted)) return (one) => one === wanted;
  const normal = normalised(wanted);
  if (written.some((one) => normalised(one) === normal)) return (one) => normalised(one) === normal;
  return (one) => endsAlike(normal, normalised(one));
}

function normalised(text: string): string {
  const slashes = text.replaceAll('\\', '/');
  const plain = path.posix.normalize(slashes);
  return process.platform === 'win32' || /^[a-z]:\//i.test(plain) ? plain.toLowerCase() : plain;
}

function endsAlike(a: string, b: string): boolean {
  const first = a.split('/').filter((part) => part !== '' && part !== '.');
  const second = b.split('/').filter((part) => part !== '' && part !== '.');
  const shared = Math.min(first.length, second.length);
  if (shared === 0) return false;
  // Leading `..` of a relative path say nothing about where it starts.
  const tail = (parts: string[]): string[] => parts.slice(parts.lastIndexOf('..') + 1);
  const [one, two] = [tail(first), tail(second)];
  const count = Math.min(one.length, two.length);
  if (count === 0) return false;
  for (let i = 1; i <= count; i++) if (one[one.length - i] !== two[two.length - i]) return false;
  return true;
}
