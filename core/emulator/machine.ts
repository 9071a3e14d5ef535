import { InputError } from '../input/error';
import { MAX_CALL_FRAMES, STACK_BYTES_PER_FRAME } from '../isa/opcode';
import { functionAt, type Extern, type LinkedFunction, type MapDefinition, type Program } from '../object/object';
import type { ContextDescriptor, ProgramType } from '../platform/platform';
import type { Configuration } from './configuration';
import { Context, type ContextInput } from './context';
import { decodeProgram, Field, FIRST_CONSTANT, type Decoded, type Resolver } from './decode';
import { memoryFault } from './explain';
import { Halt, type Outcome } from './fault';
import { Kind } from './kind';
import { toBigint } from './long';
import { makeMap } from './maps/make';
import type { EmulatedMap } from './maps/map';
import { Memory, STACK_BYTES } from './memory';
import { BoundedList, type OutputEvent } from './output';
import { MAX_PACKET_BYTES, Packet } from './packet';
import { Access, FIRST_LOW, TAG, type Region } from './region';

/** Tail calls that one run may make: MAX_TAIL_CALL_CNT of both platforms. */
export const MAX_TAIL_CALLS = 33;

/** Runs a helper: arguments are in r1 to r5 of the machine, the result goes to r0. */
export type HelperFunction = (machine: Machine) => void;

/** A helper as the machine knows it. */
export interface HelperEntry {
  readonly name: string;
  readonly prototype: string;
  /** Argument registers that must have a value. */
  readonly arguments: number;
  /** Undefined when it is not modelled. */
  readonly run: HelperFunction | undefined;
}

/** What happens when a function that a helper called returns; r0 is the function's result. */
export type Continuation = (machine: Machine) => void;

/** A caller that waits for the function in the next deeper frame. */
interface Waiting {
  returnTo: number;
  program: LoadedProgram | undefined;
  continuation: Continuation | undefined;
}

/** A program in decoded form. */
export interface LoadedProgram {
  readonly program: Program;
  readonly region: Region;
  readonly decoded: Decoded;
  /** {@link Decoded.code} with stops put in; the same array while there are none. */
  stopped: Int32Array;
}

/** One active function, innermost first. */
export interface Frame {
  readonly program: Program;
  readonly function: LinkedFunction;
  /** Linked slot: the next instruction, in callers the one behind the call. */
  readonly pc: number;
  /** 0 is the entry function. */
  readonly depth: number;
}

export interface MachineOptions {
  readonly littleEndian: boolean;
  readonly configuration: Configuration;
  readonly maps: readonly MapDefinition[];
  /** Name of a map type number. */
  readonly mapType: (id: number) => string;
  /** Whether the values of a map have a spin lock; none has unless told. */
  readonly hasLock?: (definition: MapDefinition) => boolean;
  readonly externs: readonly Extern[];
  /** Helpers by number; undefined when the platform has none. */
  readonly helper: (id: number) => HelperEntry | undefined;
  /** Decides what some helpers answer; undefined without a platform. */
  readonly type?: ProgramType | undefined;
}

const SAVED_WORDS = 9;
const CALLER_SAVED = 0x3e;
const MAX_MAPS = 4096;

/** The whole state of an emulated run: registers, memory, maps, calls. The interpreter moves it; everything else looks at it. */
export class Machine {
  readonly memory: Memory;
  readonly configuration: Configuration;
  readonly type: ProgramType | undefined;
  readonly maps: EmulatedMap[] = [];
  readonly externs: readonly Extern[];
  readonly programs: LoadedProgram[] = [];
  readonly helpers: HelperEntry[] = [];
  readonly printed = new BoundedList<string>(10_000, 4 << 20);
  readonly events = new BoundedList<OutputEvent>(10_000, 16 << 20);
  packet: Packet | undefined;
  context: Context | undefined;
  /** Halves of r0 to r10 (low at 2n, high at 2n + 1), and behind them the constants of all programs. */
  file = new Int32Array(256);
  /** Registers that have no value, as a mask. */
  undefinedRegisters = 0x7ff;
  /** The slot that is executed next, or was last when the run is over. */
  pc = 0;
  /** While a helper runs: where execution goes on. */
  next = 0;
  /** Frames below the current one. */
  depth = 0;
  /** Instructions executed. */
  steps = 0;
  tailCalls = 0;
  outcome: Outcome | undefined;
  /** Interface or map entry that bpf_redirect and bpf_redirect_map chose. */
  redirect: string | undefined;
  current!: LoadedProgram;

  private readonly mapType: (id: number) => string;
  private readonly hasLock: (definition: MapDefinition) => boolean;
  private readonly findHelper: (id: number) => HelperEntry | undefined;
  private readonly helperIndex = new Map<number, number>();
  private readonly constants = new Map<bigint, number>();
  private readonly stacks: Region[] = [];
  private readonly waiting: Waiting[] = [];
  private readonly saved = new Int32Array(MAX_CALL_FRAMES * SAVED_WORDS);
  private activation = 0;
  private random: number;

  constructor(options: MachineOptions) {
    this.memory = new Memory(options.littleEndian, options.configuration.memoryLimit);
    this.configuration = options.configuration;
    this.type = options.type;
    this.externs = options.externs;
    this.findHelper = options.helper;
    this.mapType = options.mapType;
    this.hasLock = options.hasLock ?? ((): boolean => false);
    this.random = options.configuration.random | 0 || 1;
    for (let depth = 0; depth < MAX_CALL_FRAMES; depth++) {
      const heap = depth * STACK_BYTES_PER_FRAME;
      const name = depth === 0 ? 'stack' : `stack of frame ${depth}`;
      const size = STACK_BYTES_PER_FRAME;
      this.stacks.push(this.memory.addRegion({ kind: 'stack', name, size, heap, access: Access.READ | Access.WRITE }));
      this.waiting.push({ returnTo: 0, program: undefined, continuation: undefined });
    }
    for (const definition of options.maps) this.addMap(definition);
  }

  /** Makes another map, such as an inner one, and gives its index. */
  addMap(definition: MapDefinition): number {
    const index = this.maps.length;
    if (index >= MAX_MAPS) throw new InputError('emulator-maps', `more than ${MAX_MAPS} maps`);
    const { memory, configuration } = this;
    const type = this.mapType(definition.type);
    const hasLock = this.hasLock(definition);
    const options = { definition, type, index, memory, cpus: configuration.cpus, hasLock };
    this.maps.push(makeMap(options, this.events, configuration.cpu));
    return index;
  }

  /** Decodes a program; a second time it is the same one. */
  load(program: Program): LoadedProgram {
    const known = this.programs.find((candidate) => candidate.program === program);
    if (known !== undefined) return known;
    const { memory } = this;
    const region = memory.addRegion({ kind: 'code', name: program.name, size: 0, heap: 0, access: Access.NONE });
    const loaded: { -readonly [K in keyof LoadedProgram]: LoadedProgram[K] } = {
      program,
      region,
      decoded: { code: new Int32Array(0), length: 0, reasons: [] },
      stopped: new Int32Array(0),
    };
    this.programs.push(loaded);
    const code = (slot: number): { high: number; low: number } => ({
      high: memory.high(region),
      low: FIRST_LOW + slot * 8,
    });
    const resolver: Resolver = {
      code,
      map: (index) => this.map(index),
      mapValue: (index, offset) => this.mapValue(index, offset),
      helper: (id) => this.helper(id),
      helperArguments: (index) => this.helperArguments(index),
      constant: (high, low) => this.constant(high, low),
    };
    loaded.decoded = decodeProgram(program.code, resolver, memory.littleEndian);
    loaded.stopped = loaded.decoded.code;
    return loaded;
  }

  /**
   * Puts the machine at the start of a program.
   * @throws InputError for a packet or a context that cannot be
   */
  start(
    program: Program,
    descriptor: ContextDescriptor | undefined,
    packet: Uint8Array | undefined,
    input: ContextInput,
  ): void {
    this.current = this.load(program);
    if (packet !== undefined) {
      if (packet.length > MAX_PACKET_BYTES)
        throw new InputError('packet-size', `a packet of ${packet.length} bytes is longer than ${MAX_PACKET_BYTES}`);
      this.packet = new Packet(this.memory, packet);
    }
    this.enterFrame(0);
    this.undefinedRegisters = 0x7ff & ~(1 << 10);
    if (descriptor !== undefined) {
      this.context = new Context(this.memory, descriptor, this.packet, input);
      this.setRegion(1, this.context.region);
    }
  }

  /** Sets a register to the first address of a region. */
  setRegion(register: number, region: Region, offset = 0): void {
    this.setRegister(register, this.memory.high(region), (this.memory.base(region) + offset) | 0);
  }

  setRegister(register: number, high: number, low: number): void {
    this.file[register * 2] = low;
    this.file[register * 2 + 1] = high;
    this.undefinedRegisters &= ~(1 << register);
  }

  /** The value of a register, unsigned; undefined when it has none. */
  register(register: number): bigint | undefined {
    if (this.undefinedRegisters & (1 << register)) return undefined;
    return toBigint(this.file[register * 2 + 1]!, this.file[register * 2]!);
  }

  /** r10 of a frame: the address behind its stack. */
  frameTop(depth: number): bigint {
    return this.memory.address(this.stacks[depth]!, STACK_BYTES_PER_FRAME);
  }

  /** A register as a caller will find it again: r6 to r9 were saved when it called. */
  registerAt(depth: number, register: number): bigint | undefined {
    if (depth === this.depth) return this.register(register);
    if (register === 10) return this.frameTop(depth);
    if (register < 6) return undefined;
    const at = depth * SAVED_WORDS;
    if (this.saved[at + 8]! & (1 << register)) return undefined;
    return toBigint(this.saved[at + (register - 6) * 2 + 1]!, this.saved[at + (register - 6) * 2]!);
  }

  /** Active functions, innermost first. */
  frames(): Frame[] {
    const frames: Frame[] = [];
    let pc = this.pc;
    let { program } = this.current;
    for (let depth = this.depth; ; depth--) {
      frames.push({ program, function: functionAt(program, Math.min(pc, program.code.length - 1)), pc, depth });
      if (depth === 0) return frames;
      const caller = this.waiting[depth - 1]!;
      pc = caller.returnTo;
      program = caller.program!.program;
    }
  }

  /** Linked slots of a loaded program before which {@link execute} stops; replaces earlier ones. */
  setStops(loaded: LoadedProgram, slots: readonly number[]): void {
    loaded.stopped = slots.length === 0 ? loaded.decoded.code : loaded.decoded.code.slice();
    for (const slot of slots) {
      if (slot >= 0 && slot < loaded.decoded.length) loaded.stopped[(slot << Field.SHIFT) + Field.WORD] = Kind.STOP;
    }
  }

  // What decoding asks.

  map(index: number): { high: number; low: number } | undefined {
    const map = this.maps[index];
    return map && { high: this.memory.high(map.handle), low: this.memory.base(map.handle) };
  }

  mapValue(index: number, offset: number): { high: number; low: number } | undefined {
    const storage = this.maps[index]?.storage;
    const region = storage?.chunk(0);
    if (region === undefined) return undefined;
    return { high: this.memory.high(region), low: (this.memory.base(region) + offset) | 0 };
  }

  helper(id: number): number {
    const known = this.helperIndex.get(id);
    if (known !== undefined) return known;
    const entry = this.findHelper(id) ?? { name: `helper ${id}`, prototype: '', arguments: 0, run: undefined };
    this.helpers.push(entry);
    this.helperIndex.set(id, this.helpers.length - 1);
    return this.helpers.length - 1;
  }

  helperArguments(index: number): number {
    return Math.min(5, this.helpers[index]!.arguments);
  }

  constant(high: number, low: number): number {
    const key = toBigint(high, low);
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const at = FIRST_CONSTANT + this.constants.size * 2;
    if (at + 2 > this.file.length) {
      const file = new Int32Array(this.file.length * 2);
      file.set(this.file);
      this.file = file;
    }
    this.file[at] = low;
    this.file[at + 1] = high;
    this.constants.set(key, at);
    return at;
  }

  // Calls.

  private enterFrame(depth: number): void {
    const { memory } = this;
    const region = this.stacks[depth]!;
    const heap = depth * STACK_BYTES_PER_FRAME;
    memory.initialised.fill(0, heap, heap + STACK_BYTES_PER_FRAME);
    // Each activation has addresses of its own, so that pointers to a frame that has gone are told apart.
    this.activation = (this.activation + 1) % 0x8_0000;
    const base = FIRST_LOW + this.activation * 0x1000;
    memory.place(region, base, STACK_BYTES_PER_FRAME, heap, Access.READ | Access.WRITE);
    this.file[20] = base + STACK_BYTES_PER_FRAME;
    this.file[21] = TAG + region.id;
  }

  /** Calls a function of the current program; `continuation` runs when it returns. Execution goes on at {@link next}. */
  call(target: number, returnTo: number, continuation?: Continuation): void {
    if (this.depth + 1 >= MAX_CALL_FRAMES)
      this.halt('call-depth', `a call would make more than ${MAX_CALL_FRAMES} frames`);
    const at = this.depth * SAVED_WORDS;
    for (let i = 0; i < 8; i++) this.saved[at + i] = this.file[12 + i]!;
    this.saved[at + 8] = this.undefinedRegisters;
    const waiting = this.waiting[this.depth]!;
    waiting.returnTo = returnTo;
    waiting.program = this.current;
    waiting.continuation = continuation;
    this.depth++;
    this.enterFrame(this.depth);
    this.undefinedRegisters |= 0x3c0;
    this.next = target;
  }

  /** Leaves a function for its caller, whose r6 to r9 come back; r0 is the result. Execution goes on at {@link next}. */
  leave(): void {
    this.memory.setAccess(this.stacks[this.depth]!, Access.NONE);
    this.depth--;
    const at = this.depth * SAVED_WORDS;
    for (let i = 0; i < 8; i++) this.file[12 + i] = this.saved[at + i]!;
    const stack = this.stacks[this.depth]!;
    this.file[20] = this.memory.base(stack) + STACK_BYTES_PER_FRAME;
    this.file[21] = TAG + stack.id;
    this.undefinedRegisters = (this.saved[at + 8]! & 0x7fe) | (this.undefinedRegisters & 1) | CALLER_SAVED;
    const waiting = this.waiting[this.depth]!;
    this.next = waiting.returnTo;
    this.current = waiting.program!;
    waiting.continuation?.(this);
  }

  /** Continues in another program with the same frame; r1 is the context again. */
  jumpTo(program: Program): void {
    this.tailCalls++;
    this.current = this.load(program);
    const { memory } = this;
    const heap = this.depth * STACK_BYTES_PER_FRAME;
    memory.initialised.fill(0, heap, Math.min(heap + STACK_BYTES_PER_FRAME, STACK_BYTES));
    this.undefinedRegisters = 0x7ff & ~((1 << 10) | 2);
    this.next = 0;
  }

  /** Ends the run with a fault of the current instruction that is not about memory. */
  halt(kind: 'invalid-instruction' | 'call-depth' | 'call-target', message: string): never {
    throw new Halt({
      kind: 'fault',
      fault: { kind, pc: this.pc, program: this.current.program.name, message },
    });
  }

  /** Ends the run with a fault about an access. */
  haltAccess(
    high: number,
    low: number,
    width: number,
    access: 'read' | 'write',
    helper?: string,
    reason?: string,
  ): never {
    throw new Halt({ kind: 'fault', fault: memoryFault(this, high, low, width, access, helper, reason) });
  }

  /** Ends the run because something is called that is not modelled. */
  haltUnmodelled(name: string, prototype: string): never {
    throw new Halt({ kind: 'unmodelled', name, prototype, pc: this.pc });
  }

  /** The next pseudo-random number: Marsaglia's xorshift32. */
  nextRandom(): number {
    let x = this.random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.random = x;
    return x;
  }

  /** Nanoseconds since boot. */
  now(): bigint {
    return this.configuration.time + BigInt(this.steps);
  }
}
