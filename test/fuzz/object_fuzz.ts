import { resolved, sizeOf } from '../../core/btf/layout';
import { readDwarf } from '../../core/dwarf/read';
import { readElf } from '../../core/elf/read';
import { InputError } from '../../core/input/error';
import { disassembleAt } from '../../core/isa/disassemble';
import { findInvalidities } from '../../core/isa/validity';
import { functionAt, type BpfObject } from '../../core/object/object';
import { readObject } from '../../core/object/read';
import { everything } from './everything';
import { mutate, type Random } from './mutation';

export interface FuzzResult {
  readonly count: number;
  /** Inputs that were read as objects all the same. */
  readonly accepted: number;
  /** Inputs that were refused, by code. */
  readonly refused: ReadonlyMap<string, number>;
  /** Milliseconds of the slowest input. */
  readonly slowest: number;
}

/** An input that was answered with anything else than an object or an InputError, or too slowly. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';

  constructor(
    message: string,
    readonly input: Uint8Array,
  ) {
    super(message);
  }
}

/** Milliseconds that one input may take. */
const PATIENCE = 1000;

/**
 * Damages objects of a corpus `count` times and looks at everything that can be asked of what is still read.
 * @throws FuzzFailure with the input
 */
export function fuzzObjects(corpus: readonly Uint8Array[], count: number, random: Random): FuzzResult {
  const refused = new Map<string, number>();
  let accepted = 0;
  let slowest = 0;
  for (let round = 0; round < count; round++) {
    const base = corpus[Math.floor(random() * corpus.length)]!;
    const input = mutate(base, corpus, random);
    const start = performance.now();
    try {
      exercise(readObject(input), input);
      accepted++;
    } catch (error) {
      if (!(error instanceof InputError)) {
        throw new FuzzFailure(error instanceof Error ? (error.stack ?? error.message) : String(error), input);
      }
      if (error.message.includes('\n')) throw new FuzzFailure(`a message of several lines: ${error.message}`, input);
      refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
    }
    const took = performance.now() - start;
    slowest = Math.max(slowest, took);
    if (took > PATIENCE) throw new FuzzFailure(`one input of ${input.length} bytes took ${Math.round(took)} ms`, input);
  }
  return { count, accepted, refused, slowest };
}

/** Asks everything. */
function exercise(object: BpfObject, input: Uint8Array): void {
  const elf = readElf(input);
  const dwarf = readDwarf(elf);
  if (dwarf) everything(elf, dwarf);
  for (const program of object.programs) {
    for (let slot = 0; slot < program.code.length; slot++) {
      disassembleAt(program.code, slot);
      program.lines.at(slot);
      functionAt(program, slot);
    }
    for (const fn of program.functions) findInvalidities(program.code, fn.start, fn.length);
  }
  const { btf } = object;
  if (!btf) return;
  for (let id = 0; id < btf.count; id++) {
    for (const ask of [() => btf.type(id), () => sizeOf(btf, id), () => resolved(btf, id)]) {
      try {
        ask();
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }
  }
}
