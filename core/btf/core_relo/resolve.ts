import { InputError } from '../../input/error';
import type { Btf, BtfType } from '../btf';
import type { CoreRelocation } from '../ext';
import { BtfKind } from '../kind';
import { kindsMatch } from './compatible';
import { CoreKind } from './kind';
import { matchSpec } from './match';
import { formatSpec, parseSpec, type CoreSpec } from './spec';
import { valueOf, type CoreValue } from './value';

/** What a relocation record means for a target. */
export interface CoreResolution {
  /** enum bpf_core_relo_kind. */
  readonly kind: number;
  /** The place in the object's own types, in libbpf's notation. */
  readonly spec: string;
  /** The types of the target that have the place, as positions among those of the name; empty when there is none. */
  readonly targets: readonly { readonly index: number; readonly spec: string }[];
  /** The compiler's value, unsigned 64 bits. */
  readonly original: bigint;
  /** The target's value; 0 when poisoned. */
  readonly value: bigint;
  /** The target has no such place: an instruction that needs it must never run. */
  readonly poisoned: boolean;
  /** The instruction is expected to hold `original`. */
  readonly certain: boolean;
  /** Bytes of the field here and there, for loads and stores whose width must follow; 0 when that does not apply. */
  readonly originalSize: number;
  readonly size: number;
  /** The widths differ and a changed width would read something else (signed integers, structures). */
  readonly widthFixed: boolean;
}

/**
 * Resolves CO-RE relocations of one object against one target, by the rules of libbpf 1.5 (tools/lib/bpf/relo_core.c): candidates are the
 * types of the same kind and the same name without flavour; those that have the place must agree on its value.
 */
export class CoreResolver {
  private readonly candidates = new Map<number, readonly number[]>();

  constructor(
    private readonly local: Btf,
    private readonly target: Btf,
  ) {}

  /**
   * O(candidates * members). Must be asked in the order of the records: like libbpf, it drops candidates that failed to match before.
   * @throws InputError `core-malformed` for senseless records, `core-ambiguous` when candidates disagree, `core-unsupported`
   */
  resolve(relocation: CoreRelocation): CoreResolution {
    const { kind, type: id } = relocation;
    const spec = parseSpec(this.local, relocation);
    const here = valueOf(kind, spec);
    const original = here.value ?? 0n;
    const answer = {
      kind,
      spec: formatSpec(spec),
      original,
      certain: here.certain,
      originalSize: here.size,
    };
    if (kind === CoreKind.TYPE_ID_LOCAL) {
      return { ...answer, targets: [], value: original, poisoned: false, size: 0, widthFixed: false };
    }
    if (id === 0 || this.local.type(id).name === '')
      throw new InputError('core-unsupported', `CO-RE: ${answer.spec}: a type without a name cannot be looked for`, {
        section: '.BTF.ext',
        offset: relocation.offset,
      });
    const candidates = this.candidatesOf(id);
    const matching: number[] = [];
    let chosen: { readonly spec: CoreSpec; readonly there: CoreValue } | undefined;
    const targets: { index: number; spec: string }[] = [];
    for (const [index, candidate] of candidates.entries()) {
      const found = matchSpec(spec, this.target, candidate);
      if (!found) continue;
      const there = valueOf(kind, found);
      if (chosen) agree(chosen, { spec: found, there }, relocation);
      else chosen = { spec: found, there };
      matching.push(candidate);
      targets.push({ index, spec: formatSpec(found) });
    }
    if (matching.length > 0) this.candidates.set(id, matching);
    const there = chosen?.there ?? valueOf(kind, undefined);
    return {
      ...answer,
      targets,
      value: there.value ?? 0n,
      poisoned: there.value === undefined,
      size: there.size,
      widthFixed: here.size !== there.size && !this.mayChangeWidth(here.type, there.type),
    };
  }

  private candidatesOf(id: number): readonly number[] {
    let known = this.candidates.get(id);
    if (!known) {
      const kind = this.local.kind(id);
      known = this.target
        .flavours(this.local.type(id).name)
        .filter((candidate) => kindsMatch(this.target.kind(candidate), kind));
      this.candidates.set(id, known);
    }
    return known;
  }

  /** Pointers and unsigned integers keep their value in a narrower or wider register load. */
  private mayChangeWidth(localId: number, targetId: number): boolean {
    const local = this.local.type(localId);
    const target = this.target.type(targetId);
    return (local.kind === BtfKind.PTR && target.kind === BtfKind.PTR) || (isUnsigned(local) && isUnsigned(target));
  }
}

/** libbpf asks whether the encoding is exactly "signed": characters and booleans count as unsigned. */
function isUnsigned(type: BtfType): boolean {
  return type.kind === BtfKind.INT && !(type.signed && !type.char && !type.bool);
}

type Choice = { readonly spec: CoreSpec; readonly there: CoreValue };

function agree(first: Choice, other: Choice, relocation: CoreRelocation): void {
  if (first.spec.bitOffset === other.spec.bitOffset && first.there.value === other.there.value) return;
  throw new InputError(
    'core-ambiguous',
    `CO-RE: ${formatSpec(first.spec)} and ${formatSpec(other.spec)} both fit and differ`,
    { section: '.BTF.ext', offset: relocation.offset },
  );
}
