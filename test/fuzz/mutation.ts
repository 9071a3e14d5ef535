/** Ways to damage an ELF file, from a seeded source of chance. Each gives a new array and leaves its input alone. */

export type Random = () => number;

/** Values that sizes, counts, offsets and ids should not have. */
const INTERESTING = [0, 1, 7, 0x7f, 0xff, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff];

/** Damages a file in one to four ways. `others` lend pieces for splicing. */
export function mutate(bytes: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let damaged: Uint8Array = bytes.slice();
  for (let count = 1 + Math.floor(random() * 4); count > 0; count--)
    damaged = pick(MUTATIONS, random)(damaged, others, random);
  return damaged;
}

type Mutation = (bytes: Uint8Array, others: readonly Uint8Array[], random: Random) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  flipBits,
  overwriteWord,
  truncate,
  damageHeader,
  damageHeader,
  damageSection,
  damageSection,
  splice,
  removeNuls,
  swapWords,
];

function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[below(list.length, random)]!;
}

function flipBits(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  for (let count = 1 + below(16, random); count > 0 && bytes.length > 0; count--) {
    const at = below(bytes.length, random);
    bytes[at] = bytes[at]! ^ (1 << below(8, random));
  }
  return bytes;
}

function putWord(bytes: Uint8Array, at: number, random: Random): void {
  const value = random() < 0.5 ? pick(INTERESTING, random) : below(bytes.length * 2, random);
  for (let i = 0; i < 4 && at + i < bytes.length; i++) bytes[at + i] = (value >>> (8 * i)) & 0xff;
}

function overwriteWord(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  putWord(bytes, below(bytes.length / 4, random) * 4, random);
  return bytes;
}

function truncate(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  return random() < 0.3 ? bytes.subarray(0, below(bytes.length, random)) : bytes;
}

/** Where the section headers lie, if they lie inside. */
function headers(bytes: Uint8Array): { at: number; count: number } | undefined {
  if (bytes.length < 64) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = Number(view.getBigUint64(40, bytes[5] === 1));
  const count = view.getUint16(60, bytes[5] === 1);
  return at + count * 64 <= bytes.length && count > 0 ? { at, count } : undefined;
}

/** Changes one field of one section header: name, type, flags, offset, size, link, info, entry size. */
function damageHeader(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  const table = headers(bytes);
  if (table) putWord(bytes, table.at + below(table.count, random) * 64 + below(16, random) * 4, random);
  return bytes;
}

/** Changes words inside one section: type ids into cycles, counts, offsets of strings. */
function damageSection(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  const section = anySection(bytes, random);
  if (!section) return bytes;
  for (let count = 1 + below(4, random); count > 0; count--)
    putWord(bytes, section.start + below(section.size / 4, random) * 4, random);
  return bytes;
}

function anySection(bytes: Uint8Array, random: Random): { start: number; size: number } | undefined {
  const table = headers(bytes);
  if (!table) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = table.at + below(table.count, random) * 64;
  const little = bytes[5] === 1;
  const start = Number(view.getBigUint64(header + 24, little));
  const size = Number(view.getBigUint64(header + 32, little));
  return start + size <= bytes.length && size > 0 ? { start, size } : undefined;
}

/** Copies a piece of another file over this one, or of this file over another place of it. */
function splice(bytes: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  const from = pick([bytes, ...others], random);
  const size = Math.min(1 + below(512, random), from.length, bytes.length);
  const source = below(from.length - size + 1, random);
  bytes.set(from.slice(source, source + size), below(bytes.length - size + 1, random));
  return bytes;
}

/** Makes strings of one section run into each other. */
function removeNuls(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  const section = anySection(bytes, random);
  if (!section || random() < 0.5) return bytes;
  for (let at = section.start; at < section.start + section.size; at++) if (bytes[at] === 0) bytes[at] = 0x41;
  return bytes;
}

/** Exchanges two aligned words of one section: ids and offsets stay plausible. */
function swapWords(bytes: Uint8Array, _others: readonly Uint8Array[], random: Random): Uint8Array {
  const section = anySection(bytes, random);
  if (!section || section.size < 8) return bytes;
  const a = section.start + below(section.size / 4, random) * 4;
  const b = section.start + below(section.size / 4, random) * 4;
  for (let i = 0; i < 4 && Math.max(a, b) + i < bytes.length; i++) {
    const kept = bytes[a + i]!;
    bytes[a + i] = bytes[b + i]!;
    bytes[b + i] = kept;
  }
  return bytes;
}
