import path from 'node:path';

/**
 * Whether a path that a compiler wrote means the file that the editor names. In order of trust: the same text; the same after resolving `.`,
 * `..` and slashes (and case on Windows); one ends with the other, part by part; and for objects that were built elsewhere, the one path that
 * shares most parts at its end, at least the file's name and its folder's.
 */
export type PathMatch = (written: string) => boolean;

/** The matcher for an editor's path among all paths of an object: the most trusted kind of match that any of them has. */
export function pathMatcher(wanted: string, written: readonly string[]): PathMatch {
  if (written.includes(wanted)) return (one) => one === wanted;
  const normal = normalised(wanted);
  if (written.some((one) => normalised(one) === normal)) return (one) => normalised(one) === normal;
  const parts = partsOf(normal);
  const isEnd = (one: string): boolean => {
    const other = partsOf(normalised(one));
    const shorter = Math.min(parts.length, other.length);
    return shorter > 0 && sharedEnd(parts, other) === shorter;
  };
  if (written.some(isEnd)) return isEnd;
  const shared = written.map((one) => sharedEnd(parts, partsOf(normalised(one))));
  const most = Math.max(0, ...shared);
  const best = written.filter((_, i) => shared[i] === most);
  return most >= 2 && best.length === 1 ? (one) => one === best[0] : () => false;
}

function normalised(text: string): string {
  const slashes = text.replaceAll('\\', '/');
  const plain = path.posix.normalize(slashes);
  return process.platform === 'win32' || /^[a-z]:\//i.test(plain) ? plain.toLowerCase() : plain;
}

/** Parts of a normalised path, without leading `..`, which say nothing about where it starts. */
function partsOf(normal: string): readonly string[] {
  const parts = normal.split('/').filter((part) => part !== '' && part !== '.');
  return parts.slice(parts.lastIndexOf('..') + 1);
}

/** How many parts are equal, counted from the end. */
function sharedEnd(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < a.length && count < b.length && a[a.length - 1 - count] === b[b.length - 1 - count]) count++;
  return count;
}
