/** The Internet checksum, RFC 1071: sums in ones' complement. Sums are unsigned 32-bit numbers. */

/** a + b with the carry added at the bottom. */
export function addWord(sum: number, word: number): number {
  const total = sum + word;
  return total > 0xffff_ffff ? (total + 1) % 0x1_0000_0000 : total;
}

/** Adds 32-bit words of memory, each inverted when `subtract`. `length` is a multiple of 4. */
export function addWords(
  sum: number,
  view: DataView,
  at: number,
  length: number,
  littleEndian: boolean,
  subtract: boolean,
): number {
  for (let i = 0; i < length; i += 4) {
    const word = view.getUint32(at + i, littleEndian);
    sum = addWord(sum, subtract ? ~word >>> 0 : word);
  }
  return sum;
}

/** A 32-bit sum folded to 16 bits. */
export function fold(sum: number): number {
  let folded = (sum >>> 16) + (sum & 0xffff);
  folded = (folded >>> 16) + (folded & 0xffff);
  return folded;
}

/** The checksum field after `from` became `to` in what it covers: RFC 1624, ~(~checksum + ~from + to). */
export function replaceChecksum(checksum: number, from: number, to: number): number {
  const sum = addWord(addWord(~checksum & 0xffff, ~from >>> 0), to);
  return ~fold(sum) & 0xffff;
}
