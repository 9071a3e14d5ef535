/** The Internet checksum, RFC 1071: sums in ones' complement. Sums are unsigned 32-bit numbers. */

/** a + b with the carry added at the bottom. */
export function addWord(sum: number, word: number): number {
  const total = sum + word;
  return total > 0xffff_ffff ? (total + 1) % 0x1_0000_0000 : total;
}

/** Adds 32-bit words of memory; missing bytes of the last one count as zero. */
export function addBytes(sum: number, view: DataView, at: number, length: number, littleEndian: boolean): number {
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) sum = addWord(sum, view.getUint32(at + i, littleEndian));
  let rest = 0;
  for (let i = whole; i < length; i++) {
    const shift = 8 * (littleEndian ? i - whole : 3 - (i - whole));
    rest = (rest | (view.getUint8(at + i) << shift)) >>> 0;
  }
  return addWord(sum, rest);
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
