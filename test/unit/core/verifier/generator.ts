import { randomFrom } from '../../../fuzz/random';
import { Alu, Atomic, CALL, Class, EXIT, Jump, LDDW, Lddw, Mode, Size, Source } from '../../../../core/isa/opcode';

/** One slot: opcode, dst, src, offset, imm. */
export type Row = readonly [number, number, number, number, number];

/** What the generator believes a register to hold. Only a guide to useful programs; the verifier's word is what is tested. */
type Kind = 'none' | 'scalar' | 'small' | 'ctx' | 'packet' | 'end' | 'value' | 'maybe_value' | 'stack';

/** Maps that generated programs use, by index: a hash, an array. Key 4 bytes each. */
export const VALUE_SIZES = [16, 64] as const;

const FRAME = 10;
const SIZES = [
  [Size.B, 1],
  [Size.H, 2],
  [Size.W, 4],
  [Size.DW, 8],
] as const;
const COMPARISONS = [
  Jump.JEQ,
  Jump.JNE,
  Jump.JGT,
  Jump.JGE,
  Jump.JLT,
  Jump.JLE,
  Jump.JSGT,
  Jump.JSGE,
  Jump.JSLT,
  Jump.JSLE,
  Jump.JSET,
];
const OPERATIONS = [
  Alu.ADD,
  Alu.SUB,
  Alu.MUL,
  Alu.DIV,
  Alu.OR,
  Alu.AND,
  Alu.LSH,
  Alu.RSH,
  Alu.MOD,
  Alu.XOR,
  Alu.ARSH,
  Alu.MOV,
];

/** An XDP program for Linux from a seed: plausible, and now and then wrong by a little. */
export function generateProgram(seed: number): Row[] {
  return new Generator(randomFrom(seed)).program();
}

class Generator {
  private rows: Row[] = [];
  private kinds: Kind[] = ['none', 'ctx', 'none', 'none', 'none', 'none', 'none', 'none', 'none', 'none', 'stack'];
  /** Bytes of the frame that were surely written, by distance below r10. */
  private written = new Set<number>();
  /** Chance of an access that is off by a little. */
  private readonly wrongness: number;

  constructor(private readonly random: () => number) {
    this.wrongness = this.chance(0.5) ? 0 : 0.08;
  }

  program(): Row[] {
    // r6 keeps the context, r7 and r8 the packet, for most of what follows.
    this.emit([Class.ALU64 | Alu.MOV | Source.X, 6, 1, 0, 0]);
    this.kinds[6] = 'ctx';
    this.loadPacket();
    const before = this.rows.length;
    while (this.rows.length - before < 8 + this.below(40)) this.action(0);
    const result = this.pick('scalar', 'small');
    if (result < 0 || this.chance(0.6)) this.emit([Class.ALU64 | Alu.MOV | Source.K, 0, 0, 0, this.below(5)]);
    else {
      this.emit([Class.ALU64 | Alu.MOV | Source.X, 0, result, 0, 0]);
      if (this.chance(0.8)) this.emit([Class.ALU64 | Alu.AND | Source.K, 0, 0, 0, 3]);
    }
    this.emit([EXIT, 0, 0, 0, 0]);
    return this.rows;
  }

  private emit(...rows: Row[]): void {
    this.rows.push(...rows);
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  private of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A register of one of the kinds, or -1; now and then any register at all. */
  private pick(...kinds: Kind[]): number {
    if (this.chance(this.wrongness)) return this.below(11);
    const found = this.kinds.flatMap((kind, register) => (kinds.includes(kind) ? [register] : []));
    return found.length === 0 ? -1 : this.of(found);
  }

  /** A register to overwrite: not the kept ones. */
  private target(): number {
    return this.of([0, 1, 2, 3, 4, 5, 9, 9]);
  }

  private immediate(): number {
    return this.of([
      0,
      1,
      2,
      3,
      4,
      7,
      8,
      15,
      16,
      31,
      32,
      63,
      64,
      255,
      256,
      0xffff,
      -1,
      -2,
      -8,
      0x7fffffff,
      -0x80000000,
      this.below(1 << 30),
    ]);
  }

  /** Offset and size of an access inside `limit` bytes, sometimes one beyond. */
  private access(limit: number): { size: number; offset: number } {
    const [size, bytes] = this.of(SIZES.filter(([, width]) => width <= Math.max(1, limit)));
    const offset = this.below(Math.max(1, limit - bytes + 1));
    return { size, offset: this.chance(this.wrongness) ? this.of([limit - bytes + 1, -1, limit, offset + 1]) : offset };
  }

  private loadPacket(): void {
    this.emit([Class.LDX | Mode.MEM | Size.W, 7, 6, 0, 0], [Class.LDX | Mode.MEM | Size.W, 8, 6, 4, 0]);
    this.kinds[7] = 'packet';
    this.kinds[8] = 'end';
  }

  private action(depth: number): void {
    const choices: (() => void)[] = [
      () => this.arithmetic(),
      () => this.arithmetic(),
      () => this.constant(),
      () => this.contextLoad(),
      () => this.stackStore(),
      () => this.stackLoad(),
      () => this.call(),
      () => this.copy(),
      () => this.packetAccess(depth),
      () => this.packetAccess(depth),
      () => this.lookup(depth),
      () => this.valueAccess(),
      () => this.extend(),
    ];
    if (depth < 3)
      choices.push(
        () => this.branch(depth),
        () => this.branch(depth),
        () => this.loop(depth),
      );
    this.of(choices)();
  }

  private constant(): void {
    const dst = this.target();
    if (this.chance(0.2)) this.emit([LDDW, dst, 0, 0, this.immediate()], [0, 0, 0, 0, this.immediate()]);
    else this.emit([(this.chance(0.5) ? Class.ALU64 : Class.ALU) | Alu.MOV | Source.K, dst, 0, 0, this.immediate()]);
    this.kinds[dst] = 'scalar';
  }

  private copy(): void {
    const src = this.pick('scalar', 'small', 'packet', 'value', 'stack');
    const dst = this.target();
    if (src < 0) return;
    this.emit([Class.ALU64 | Alu.MOV | Source.X, dst, src, 0, 0]);
    this.kinds[dst] = this.kinds[src]!;
  }

  private arithmetic(): void {
    const dst = this.pick('scalar', 'small');
    if (dst < 0 || dst === FRAME) return this.constant();
    const cls = this.chance(0.6) ? Class.ALU64 : Class.ALU;
    const operation = this.of(OPERATIONS);
    const src = this.pick('scalar', 'small');
    const signed = (operation === Alu.DIV || operation === Alu.MOD) && this.chance(0.3) ? 1 : 0;
    if (src >= 0 && this.chance(0.5)) this.emit([cls | operation | Source.X, dst, src, signed, 0]);
    else {
      const shift = operation === Alu.LSH || operation === Alu.RSH || operation === Alu.ARSH;
      const imm = shift ? this.below(cls === Class.ALU64 ? 64 : 32) : this.immediate();
      this.emit([cls | operation | Source.K, dst, 0, signed, imm]);
    }
    this.kinds[dst] = 'scalar';
    if (this.chance(0.15)) this.emit([Class.ALU64 | Alu.NEG, dst, 0, 0, 0]);
    if (this.chance(0.1))
      this.emit([Class.ALU | Alu.END | this.of([Source.K, Source.X]), dst, 0, 0, this.of([16, 32, 64])]);
  }

  private extend(): void {
    const src = this.pick('scalar', 'small');
    const dst = this.target();
    if (src < 0) return;
    const wide = this.chance(0.5);
    this.emit([
      (wide ? Class.ALU64 : Class.ALU) | Alu.MOV | Source.X,
      dst,
      src,
      this.of(wide ? [8, 16, 32] : [8, 16]),
      0,
    ]);
    this.kinds[dst] = 'scalar';
  }

  private contextLoad(): void {
    const base = this.pick('ctx');
    const dst = this.target();
    if (base < 0) return;
    this.emit([
      Class.LDX | Mode.MEM | Size.W,
      dst,
      base,
      this.chance(this.wrongness) ? this.of([2, 24, -4]) : this.of([12, 16]),
      0,
    ]);
    this.kinds[dst] = 'scalar';
  }

  private stackStore(): void {
    const [size, bytes] = this.of(SIZES);
    const offset = -bytes * (1 + this.below(8));
    const src = this.pick('scalar', 'small', 'packet', 'ctx', 'value', 'maybe_value');
    if (src >= 0 && this.chance(0.7)) {
      const pointer = !['scalar', 'small'].includes(this.kinds[src]!);
      const at = pointer ? -8 * (1 + this.below(8)) : offset;
      this.emit([Class.STX | Mode.MEM | (pointer ? Size.DW : size), FRAME, src, at, 0]);
      for (let byte = at; byte < at + (pointer ? 8 : bytes); byte++) this.written.add(byte);
    } else {
      this.emit([Class.ST | Mode.MEM | size, FRAME, 0, offset, this.immediate()]);
      for (let byte = offset; byte < offset + bytes; byte++) this.written.add(byte);
    }
  }

  private stackLoad(): void {
    const [size, bytes] = this.of(SIZES);
    const offset = -bytes * (1 + this.below(8));
    let known = true;
    for (let byte = offset; byte < offset + bytes; byte++) known &&= this.written.has(byte);
    if (!known && !this.chance(this.wrongness)) return this.stackStore();
    const dst = this.target();
    const mode = bytes < 8 && this.chance(0.2) ? Mode.MEMSX : Mode.MEM;
    this.emit([Class.LDX | mode | size, dst, FRAME, offset, 0]);
    // What was spilled there is not followed: treated as a number most of the time, as a pointer now and then.
    this.kinds[dst] = this.chance(0.1) ? this.of<Kind>(['packet', 'value']) : 'scalar';
  }

  private call(): void {
    const helper = this.of([5, 7, 8, 44, 65]);
    if (helper === 44 || helper === 65) {
      this.emit(
        [Class.ALU64 | Alu.MOV | Source.X, 1, 6, 0, 0],
        [Class.ALU64 | Alu.MOV | Source.K, 2, 0, 0, this.of([0, 2, -2, 8, -8])],
      );
    }
    this.emit([CALL, 0, 0, 0, helper]);
    this.clobber();
    this.kinds[0] = 'scalar';
    if (helper === 44 || helper === 65) {
      if (!this.chance(this.wrongness)) {
        this.kinds = this.kinds.map((kind) => (kind === 'packet' || kind === 'end' ? 'none' : kind));
        this.loadPacket();
      }
    }
  }

  private clobber(): void {
    for (let register = 1; register <= 5; register++) this.kinds[register] = 'none';
  }

  /** Compare-and-access, with constant or bounded variable offset. */
  private packetAccess(depth: number): void {
    const base = this.pick('packet');
    const end = this.pick('end');
    if (base < 0 || end < 0) return;
    const pointer = this.of([2, 3, 4, 5, 9]);
    const limit = 1 + this.below(40);
    this.emit([Class.ALU64 | Alu.MOV | Source.X, pointer, base, 0, 0]);
    this.kinds[pointer] = 'packet';
    const index = this.pick('scalar', 'small');
    if (index >= 0 && index !== pointer && index < FRAME && this.chance(0.4)) {
      this.emit([Class.ALU64 | Alu.AND | Source.K, index, 0, 0, this.of([7, 15, 63, 255, 0xffff])]);
      this.emit([Class.ALU64 | Alu.ADD | Source.X, pointer, index, 0, 0]);
    }
    const probe = this.of([0, 1].filter((register) => register !== pointer));
    this.emit([Class.ALU64 | Alu.MOV | Source.X, probe, pointer, 0, 0]);
    this.emit([Class.ALU64 | Alu.ADD | Source.K, probe, 0, 0, limit]);
    this.kinds[probe] = 'packet';
    const [comparison, left, right] = this.of([
      [Jump.JGT, probe, end],
      [Jump.JGE, probe, end],
      [Jump.JLT, end, probe],
      [Jump.JLE, end, probe],
    ] as const);
    this.conditional([Class.JMP | comparison | Source.X, left, right, 0, 0], () => {
      for (let count = 1 + this.below(3); count > 0; count--) {
        const { size, offset } = this.access(limit);
        this.memory(pointer, size, offset);
      }
      if (this.chance(0.3)) this.action(depth + 1);
    });
  }

  /** A load, store, or atomic operation. */
  private memory(pointer: number, size: number, offset: number): void {
    const src = this.pick('scalar', 'small');
    const wide = size === Size.W || size === Size.DW;
    if (src >= 0 && this.chance(0.3)) this.emit([Class.STX | Mode.MEM | size, pointer, src, offset, 0]);
    else if (src >= 0 && src < FRAME && wide && this.chance(0.1)) {
      this.emit([
        Class.STX | Mode.ATOMIC | size,
        pointer,
        src,
        offset,
        this.of([Atomic.ADD, Atomic.OR | Atomic.FETCH, Atomic.XCHG]),
      ]);
    } else {
      const dst = this.of([0, 1, 2, 3, 4, 5].filter((register) => register !== pointer));
      this.emit([Class.LDX | Mode.MEM | size, dst, pointer, offset, 0]);
      this.kinds[dst] = size === Size.B || size === Size.H ? 'small' : 'scalar';
    }
  }

  private lookup(depth: number): void {
    const map = this.below(VALUE_SIZES.length);
    const at = -4 * (1 + this.below(8));
    this.emit([Class.ST | Mode.MEM | Size.W, FRAME, 0, at, this.below(3)]);
    for (let byte = at; byte < at + 4; byte++) this.written.add(byte);
    this.emit([Class.ALU64 | Alu.MOV | Source.X, 2, FRAME, 0, 0], [Class.ALU64 | Alu.ADD | Source.K, 2, 0, 0, at]);
    this.emit([LDDW, 1, Lddw.MAP_INDEX, 0, map], [0, 0, 0, 0, 0], [CALL, 0, 0, 0, 1]);
    this.clobber();
    this.kinds[0] = 'maybe_value';
    if (this.chance(this.wrongness)) this.emit([Class.ALU64 | Alu.ADD | Source.K, 0, 0, 0, this.of([0, 4, 8])]);
    const pointer = this.chance(0.4) ? 9 : 0;
    if (pointer === 9) {
      this.emit([Class.ALU64 | Alu.MOV | Source.X, 9, 0, 0, 0]);
      this.kinds[9] = 'maybe_value';
    }
    if (this.chance(this.wrongness)) return;
    this.conditional([Class.JMP | Jump.JEQ | Source.K, this.chance(0.5) ? 0 : pointer, 0, 0, 0], () => {
      this.kinds[pointer] = 'value';
      const limit = VALUE_SIZES[map]!;
      const index = this.pick('scalar', 'small');
      if (index > 0 && index < 9 && index !== pointer && this.chance(0.4)) {
        const mask = this.of([7, limit / 2 - 1, limit - 1]);
        this.emit(
          [Class.ALU64 | Alu.AND | Source.K, index, 0, 0, mask],
          [Class.ALU64 | Alu.ADD | Source.X, pointer, index, 0, 0],
        );
        const { size, offset } = this.access(limit - mask);
        this.memory(pointer, size, offset);
      } else {
        const { size, offset } = this.access(limit);
        this.memory(pointer, size, offset);
      }
      if (this.chance(0.3)) this.action(depth + 1);
    });
  }

  private valueAccess(): void {
    const pointer = this.pick('value');
    if (pointer < 0) return;
    const { size, offset } = this.access(VALUE_SIZES[0]);
    this.memory(pointer, size, offset);
  }

  private branch(depth: number): void {
    const left = this.pick('scalar', 'small');
    if (left < 0) return;
    const right = this.pick('scalar', 'small');
    const cls = this.chance(0.7) ? Class.JMP : Class.JMP32;
    const comparison = this.of(COMPARISONS);
    const row: Row =
      right >= 0 && this.chance(0.4)
        ? [cls | comparison | Source.X, left, right, 0, 0]
        : [cls | comparison | Source.K, left, 0, 0, this.immediate()];
    this.conditional(row, () => {
      for (let count = 1 + this.below(3); count > 0; count--) this.action(depth + 1);
    });
  }

  /** A loop with a constant count; its body may disturb nearly everything. */
  private loop(depth: number): void {
    if (this.kinds[9] === 'none' && !this.chance(0.5)) return;
    this.emit([Class.ALU64 | Alu.MOV | Source.K, 9, 0, 0, 0]);
    this.kinds[9] = 'small';
    const start = this.rows.length;
    const kinds = [...this.kinds];
    for (let count = 1 + this.below(2); count > 0; count--) this.action(depth + 2);
    this.kinds = this.kinds.map((kind, register) => (kind === kinds[register] ? kind : 'none'));
    this.emit([Class.ALU64 | Alu.ADD | Source.K, 9, 0, 0, 1]);
    const back = start - this.rows.length - 1;
    if (back > -30_000) this.emit([Class.JMP | Jump.JLT | Source.K, 9, 0, back, 1 + this.below(6)]);
    this.kinds[9] = 'small';
  }

  /** Emits a jump over what `body` emits. */
  private conditional(row: Row, body: () => void): void {
    const at = this.rows.length;
    this.emit(row);
    const kinds = [...this.kinds];
    const written = new Set(this.written);
    body();
    this.rows[at] = [row[0], row[1], row[2], this.rows.length - at - 1, row[4]];
    this.kinds = this.kinds.map((kind, register) => (kind === kinds[register] ? kind : 'none'));
    this.written = new Set([...this.written].filter((byte) => written.has(byte)));
  }
}
