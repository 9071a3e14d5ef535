import { ByteView } from '../input/bytes';
import { InputError } from '../input/error';
import type { Btf, BtfType } from './btf';
import { decodeType, ENTRY_BYTES, trailingBytes } from './decode';
import { BtfKind } from './kind';
import { essentialName } from './name';
import { asciiBytes, NameIndex, startsLike } from './name_index';

const MAGIC = 0xeb9f;
const SECTION = '.BTF';

/** So many names are searched one by one before it pays to index them all. */
const SEARCHES_WITHOUT_INDEX = 4;

/**
 * Opens a `.BTF` section: checks the header and finds where each type begins; types are decoded when asked for,
 * so that a kernel's own BTF (5 MB) opens at once. O(types). Source: Documentation/bpf/btf.rst, section 2.
 * @param base what split BTF (that of a kernel module) builds upon: ids and string offsets go on where those of `base` end
 * @throws InputError `btf-malformed`
 */
export function readBtf(bytes: Uint8Array, base?: Btf): Btf {
  const view = openBtf(bytes, SECTION);
  const headerLength = view.u32(4, 'hdr_len');
  if (headerLength < 24) throw malformed(`hdr_len is ${headerLength}, less than 24`, 4);
  const typesStart = headerLength + view.u32(8, 'type_off');
  const typesLength = view.u32(12, 'type_len');
  const stringsStart = headerLength + view.u32(16, 'str_off');
  const stringsLength = view.u32(20, 'str_len');
  const place = { section: SECTION };
  const types = view.slice(typesStart, typesLength, 'the type section');
  const strings = view.slice(stringsStart, stringsLength, 'the string section');
  return new LazyBtf(
    new ByteView(types, view.littleEndian, 'btf-malformed', place),
    new ByteView(strings, view.littleEndian, 'btf-malformed', place),
    base,
  );
}

/** A view with the byte order that the magic shows. */
export function openBtf(bytes: Uint8Array, section: string): ByteView {
  const little = new ByteView(bytes, true, 'btf-malformed', { section });
  const magic = little.u16(0, `the magic of ${section}`);
  if (magic !== MAGIC && magic !== 0x9feb) {
    throw new InputError('btf-malformed', `section ${section}: magic is ${magic.toString(16)}, not eb9f`, {
      section,
      offset: 0,
    });
  }
  return magic === MAGIC ? little : new ByteView(bytes, false, 'btf-malformed', { section });
}

class LazyBtf implements Btf {
  readonly littleEndian: boolean;
  readonly count: number;
  readonly start: number;
  readonly stringBytes: number;
  private readonly stringStart: number;
  /** Where each type of this file begins, the first at index 0. */
  private readonly starts: Uint32Array;
  /** The type section as 32-bit words: every field of an entry is one. */
  private readonly words: Uint32Array;
  private readonly decoded: (BtfType | undefined)[] = [];
  private readonly known = new Map<number, string>();
  private stringBudget: number;
  private searches = 0;
  private index: NameIndex | undefined;

  constructor(
    private readonly types: ByteView,
    private readonly strings: ByteView,
    private readonly base: Btf | undefined,
  ) {
    this.littleEndian = types.littleEndian;
    this.start = base?.count ?? 1;
    this.stringStart = base?.stringBytes ?? 0;
    this.stringBytes = this.stringStart + strings.length;
    // Strings may share their ends, but not so that few bytes become gigabytes of text.
    this.stringBudget = 16 * strings.length + 4096;
    this.words = wordsOf(types);
    this.starts = findStarts(types, this.words);
    this.count = this.start + this.starts.length;
  }

  type(id: number): BtfType {
    if (id === 0) return VOID;
    if (this.base && id < this.start) return this.base.type(id);
    const known = this.decoded[id - this.start];
    if (known) return known;
    const type = decodeType(this.types, this.entry(id), (offset) => this.string(offset));
    this.decoded[id - this.start] = type;
    return type;
  }

  kind(id: number): BtfType['kind'] {
    if (id === 0) return BtfKind.VOID;
    if (this.base && id < this.start) return this.base.kind(id);
    return kindAt(this.words, this.entry(id));
  }

  string(offset: number): string {
    if (offset === 0) return '';
    if (this.base && offset < this.stringStart) return this.base.string(offset);
    const known = this.known.get(offset);
    if (known !== undefined) return known;
    const text = this.strings.string(offset - this.stringStart, 'a BTF string');
    this.stringBudget -= text.length;
    if (this.stringBudget < 0) throw malformed('its strings overlap each other without end');
    this.known.set(offset, text);
    return text;
  }

  find(kind: BtfType['kind'], name: string): number {
    const inBase = this.base?.find(kind, name) ?? 0;
    if (inBase > 0 || name === '') return inBase;
    for (const id of this.named(name, kind)) {
      if (kindAt(this.words, this.entry(id)) === kind && this.nameOf(id) === name) return id;
    }
    return 0;
  }

  flavours(name: string): number[] {
    if (name === '') return [];
    const essential = essentialName(name);
    const own = [...this.named(essential)].filter((id) => essentialName(this.nameOf(id)) === essential);
    return [...(this.base?.flavours(name) ?? []), ...own];
  }

  /** Ids of types that may have this name or a flavour of it; of one kind, when asked. */
  private *named(name: string, kind?: BtfType['kind']): Generator<number> {
    const bytes = asciiBytes(name);
    if (!bytes) {
      // Not a name that a C compiler wrote: look at each.
      for (let id = this.start; id < this.count; id++) yield id;
    } else if (this.searches++ < SEARCHES_WITHOUT_INDEX) {
      for (const index of this.search(bytes, kind)) yield this.start + index;
    } else {
      this.index ??= new NameIndex(this.nameOffsets(), this.strings.bytes);
      for (const index of this.index.candidates(bytes)) yield this.start + index;
    }
  }

  /** Looks at every type, but only at the first bytes of its name. O(types). */
  private *search(name: Uint8Array, kind: BtfType['kind'] | undefined): Generator<number> {
    const { words, starts, stringStart } = this;
    const strings = this.strings.bytes;
    const first = name[0];
    for (let index = 0; index < starts.length; index++) {
      const at = starts[index]!;
      const nameAt = words[at >> 2]! - stringStart;
      if (strings[nameAt] !== first || nameAt <= 0 || (kind !== undefined && kindAt(words, at) !== kind)) continue;
      if (startsLike(strings, nameAt, name)) yield index;
    }
  }

  private nameOffsets(): Int32Array {
    const { words, starts, stringStart } = this;
    return Int32Array.from(starts, (at) => Math.max(0, words[at >> 2]! - stringStart));
  }

  private nameOf(id: number): string {
    return this.string(this.words[this.entry(id) >> 2]!);
  }

  private entry(id: number): number {
    const at = this.starts[id - this.start];
    if (at === undefined) throw malformed(`type ${id} is not among the ${this.count - 1} types`);
    return at;
  }
}

const VOID: BtfType = { kind: BtfKind.VOID, name: 'void' };

/** A copy as words in this machine's byte order. */
function wordsOf(types: ByteView): Uint32Array {
  const bytes = new Uint8Array(types.length - (types.length % 4));
  bytes.set(types.bytes.subarray(0, bytes.length));
  const words = new Uint32Array(bytes.buffer);
  const littleMachine = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
  if (littleMachine === types.littleEndian) return words;
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(i * 4, types.littleEndian);
  return words;
}

/** Byte offsets of all entries. O(types). */
function findStarts(types: ByteView, words: Uint32Array): Uint32Array {
  const { length } = types;
  const starts = new Uint32Array(Math.floor(length / ENTRY_BYTES));
  let count = 0;
  for (let at = 0; at < length; count++) {
    if (at + ENTRY_BYTES > length) types.need(at, ENTRY_BYTES, 'a type entry');
    const info = words[(at >> 2) + 1]!;
    const trailing = trailingBytes(info);
    if (trailing < 0) throw malformed(`unknown kind ${(info >>> 24) & 31}`, at);
    starts[count] = at;
    at += ENTRY_BYTES + trailing;
    if (at > length) types.need(starts[count]!, ENTRY_BYTES + trailing, 'a type entry');
  }
  return starts.subarray(0, count);
}

function kindAt(words: Uint32Array, at: number): BtfType['kind'] {
  // findStarts refused every entry of another kind.
  return ((words[(at >> 2) + 1]! >>> 24) & 31) as BtfType['kind'];
}

function malformed(what: string, offset?: number): InputError {
  return new InputError(
    'btf-malformed',
    `section ${SECTION}: ${what}`,
    offset === undefined ? { section: SECTION } : { section: SECTION, offset },
  );
}
