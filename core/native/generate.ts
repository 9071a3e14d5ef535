import { InputError } from '../input/error';
import type { BpfObject, Program } from '../object/object';
import { commentJson, cString } from './c_text';
import type { References } from './control';
import { Emitter } from './emitter';
import { declareFunctions, emitFunction } from './function';
import { NATIVE_HEADER } from './header';
import { refuse } from './instruction';
import { FILE_MARK } from './line_map';
import { PeSectionNames } from './names';
import { planModule, reachedFrom, type FunctionPlan, type ModulePlan } from './plan';
import {
  bytesOf,
  checkSize,
  emitGlobals,
  emitHash,
  emitMaps,
  emitMetadata,
  emitPrograms,
  indexMaps,
  type MapIndices,
  type ProgramRow,
} from './tables';
import { wrapperText, type Wrapper } from './wrapper';

export type { Wrapper } from './wrapper';

/** What Windows knows a program by. */
export interface ProgramIdentity {
  /** `608c517c-6c52-4a26-b677-bb1c34425adf` */
  readonly programType: string;
  readonly attachType: string;
  /** Digest of what the program relies on (native.md 8); the Windows kernel refuses programs without it. */
  readonly hash?: { readonly algorithm: string; readonly bytes: Uint8Array };
}

export interface GenerateOptions {
  /** Names the metadata symbol, `NAME_metadata_table`; usually the object's file name up to the first dot. */
  readonly name: string;
  /** Where the object was read from, for the comment at the top. */
  readonly objectPath: string;
  /** What the generated file is called in the pragmas that lead back to it. */
  readonly outputPath: string;
  /** `none` unless told. */
  readonly wrapper?: Wrapper;
  /** Write `#include "ebpf_native.h"` instead of the header's text. */
  readonly includeHeader?: boolean;
  /** Digest of the object file, for hosts that check it. */
  readonly objectHash?: Uint8Array;
  /** Null GUIDs and no hash unless told: ELF hosts go by names. */
  readonly identity?: (program: Program) => ProgramIdentity | undefined;
  /** Whether a successful call of the helper leaves the program for good; Linux's 12, or Windows's 5, unless told. */
  readonly isTailCall?: (helper: number, program: Program) => boolean;
}

export interface GeneratedC {
  readonly text: string;
  /** C identifier of the metadata table. */
  readonly metadataSymbol: string;
}

const NULL_GUID = '00000000-0000-0000-0000-000000000000';

/**
 * Writes all programs of an object as one file of C that is C++ too. Whoever calls it has verified them: the C does what the
 * instructions say, faults included. What the text holds of the object's names and paths is made harmless. O(linked slots + data bytes).
 * @throws InputError `native-no-programs`, `native-instruction`, `native-fallthrough`, `native-call-depth`, `native-globals-size`,
 * `native-table-size`, `native-guid`, `native-too-large`
 */
export function generateC(object: BpfObject, options: GenerateOptions): GeneratedC {
  return new Module(object, options).write();
}

interface Table {
  readonly table: string;
  readonly count: number;
}

class Module {
  private readonly plan: ModulePlan;
  private readonly maps: MapIndices;
  private readonly emitter: Emitter;
  private readonly sections = new PeSectionNames();
  /** Shared subprograms index the same tables for every entry, so with any of them all entries have all ids (native.md 3.2). */
  private readonly sharedHelpers: readonly number[] | undefined;
  private readonly sharedExterns: readonly number[] | undefined;
  private readonly metadataSymbol: string;

  constructor(
    private readonly object: BpfObject,
    private readonly options: GenerateOptions,
  ) {
    this.plan = planModule(object);
    this.maps = indexMaps(object.maps);
    this.emitter = new Emitter(options.outputPath);
    this.metadataSymbol = this.plan.names.take(`${options.name}_metadata_table`);
    if (this.plan.subprograms.length > 0) {
      const all = [...this.plan.entries, ...this.plan.subprograms];
      this.sharedHelpers = [...new Set(all.flatMap((plan) => plan.helpers))].sort((a, b) => a - b);
      this.sharedExterns = this.sortedExterns(all.flatMap((plan) => plan.externs));
    }
  }

  write(): GeneratedC {
    const { emitter, object, plan, options } = this;
    emitter.own('// Do not alter this generated file: changes are lost when it is written again.');
    emitter.own(`// It was generated from ${commentJson(options.objectPath)}`);
    emitter.own(`${FILE_MARK}${commentJson(options.outputPath)}\n`);
    emitter.own(options.includeHeader === true ? '#include "ebpf_native.h"' : NATIVE_HEADER.trimEnd());
    emitter.own(`
#if EBPF_HOST_LITTLE_ENDIAN != ${object.littleEndian ? 1 : 0}
#error "the object was built for the other byte order"
#endif`);
    emitter.own(wrapperText(options.wrapper ?? 'none', this.metadataSymbol));
    emitHash(emitter, options.objectHash);
    emitMaps(emitter, this.maps);
    emitGlobals(emitter, plan, this.maps, options.name);
    if (plan.subprograms.length > 0) {
      emitter.own('');
      declareFunctions(emitter, plan.subprograms);
    }
    const rows = plan.entries.map((entry) => this.entry(entry));
    for (const subprogram of plan.subprograms) {
      const references = this.references(subprogram, this.sharedHelpers!, this.sharedExterns!);
      emitFunction(emitter, subprogram, references, this.sections.take(subprogram.linked.section));
    }
    emitPrograms(emitter, rows);
    emitMetadata(emitter, this.metadataSymbol);
    if ((options.wrapper ?? 'none') === 'none') emitter.own(`\nEBPF_ACCESSOR(${this.metadataSymbol})`);
    return { text: emitter.text(), metadataSymbol: this.metadataSymbol };
  }

  /** The tables of an entry program and its function. */
  private entry(plan: FunctionPlan): ProgramRow {
    const helpers = this.sharedHelpers ?? plan.helpers;
    const externs = this.sharedExterns ?? this.sortedExterns(plan.externs);
    checkSize(helpers.length, 'helpers');
    checkSize(externs.length, 'functions of the host');
    const reached = reachedFrom(plan);
    const identity = this.options.identity?.(plan.program);
    const peSection = this.sections.take(plan.linked.section);
    const row: ProgramRow = {
      plan,
      peSection,
      helpers: this.helperTable(plan, helpers, new Set(reached.flatMap((one) => one.helpers))),
      externs: this.externTable(plan, externs, new Set(reached.flatMap((one) => one.externs))),
      maps: this.mapTable(plan, new Set(reached.flatMap((one) => one.maps))),
      programType: this.guid(plan, 'program_type_guid', identity?.programType),
      attachType: this.guid(plan, 'attach_type_guid', identity?.attachType),
      hash: identity?.hash && {
        table: this.table(plan, 'program_info_hash', 'static const uint8_t', [
          bytesOf(identity.hash.bytes).trimStart(),
        ]),
        length: identity.hash.bytes.length,
        algorithm: identity.hash.algorithm,
      },
    };
    emitFunction(this.emitter, plan, this.references(plan, helpers, externs), peSection);
    return row;
  }

  private helperTable(plan: FunctionPlan, ids: readonly number[], reached: ReadonlySet<number>): Table {
    if (ids.length === 0) return { table: 'NULL', count: 0 };
    const rows = ids.map((id) => `    {{1, 40, 40}, ${reached.has(id) ? `${id}, "helper_id_${id}"` : '0, ""'}},`);
    return { table: this.table(plan, 'helpers', 'static helper_function_entry_t', rows), count: ids.length };
  }

  private externTable(plan: FunctionPlan, indices: readonly number[], reached: ReadonlySet<number>): Table {
    if (indices.length === 0) return { table: 'NULL', count: 0 };
    const guid = guidText(NULL_GUID);
    const { externs } = this.object;
    // Row by row: the rows together may be longer than a string can be.
    const rows = function* (): Generator<string> {
      for (const index of indices) {
        const name = reached.has(index) ? (externs[index]?.name ?? '') : '';
        yield `    {{1, 48, 48}, ${cString(name)}, ${guid}},`;
      }
    };
    const table = this.table(plan, 'btf_resolved_functions', 'static btf_resolved_function_entry_t', rows());
    return { table, count: indices.length };
  }

  private mapTable(plan: FunctionPlan, reached: ReadonlySet<number>): Table {
    const own = [...reached].filter((index) => this.object.maps[index]?.origin !== 'global');
    const indices = own.map((index) => this.maps.indices[index] ?? 0).sort((a, b) => a - b);
    if (indices.length === 0) return { table: 'NULL', count: 0 };
    const table = this.table(plan, 'maps', 'static const uint16_t', [`    ${indices.join(', ')},`]);
    return { table, count: indices.length };
  }

  private guid(plan: FunctionPlan, suffix: string, guid = NULL_GUID): string {
    const name = this.plan.names.take(`${plan.identifier}_${suffix}`);
    this.emitter.own(`\nstatic ebpf_native_guid_t ${name} = ${guidText(guid)};`);
    return name;
  }

  private table(plan: FunctionPlan, suffix: string, type: string, rows: Iterable<string>): string {
    const name = this.plan.names.take(`${plan.identifier}_${suffix}`);
    this.emitter.own(`\n${type} ${name}[] = {`);
    for (const row of rows) this.emitter.own(row);
    this.emitter.own('};');
    return name;
  }

  /** Indices into the object's externs by name, as the loader's table wants them. */
  private sortedExterns(indices: readonly number[]): number[] {
    const nameOf = (index: number): string => this.object.externs[index]?.name ?? '';
    return [...new Set(indices)].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : a - b));
  }

  private references(plan: FunctionPlan, helpers: readonly number[], externs: readonly number[]): References {
    const { maps } = this.object;
    const helperIndex = new Map(helpers.map((id, index) => [id, index]));
    const externIndex = new Map(externs.map((extern, index) => [extern, index]));
    const tailCall = this.object.builtForWindows ? 5 : 12;
    const isTailCall = this.options.isTailCall ?? ((id: number): boolean => id === tailCall);
    const starts = new Map(plan.program.functions.map((linked) => [linked.start, linked]));
    const among = (list: readonly FunctionPlan[], slot: number): FunctionPlan | undefined => {
      const target = starts.get(slot);
      return list.find(
        (one) => one.linked.sectionSlot === target?.sectionSlot && one.linked.section === target.section,
      );
    };
    return {
      helper: (id) => helperIndex.get(id)!,
      isTailCall: (id) => isTailCall(id, plan.program),
      callee: (at, slot) => among(plan.calls, slot)?.identifier ?? refuse(at, 'no function begins where it points'),
      callback: (at, slot) => among(plan.callbacks, slot)?.callback ?? refuse(at, 'no function begins where it points'),
      externFunction: (at, index) => {
        if (this.object.externs[index]?.kind !== 'function')
          refuse(at, 'it calls a function that the object does not name');
        return externIndex.get(index)!;
      },
      map: (at, index) => {
        const map = maps[index];
        if (!map || map.origin === 'global') refuse(at, 'it refers to a map that the object does not have');
        return this.maps.indices[index]!;
      },
      globals: (at, index) => {
        const map = maps[index];
        if (map?.origin !== 'global') refuse(at, 'it refers to a value of a map that is no data section');
        if (at.high < 0 || at.high > map.valueSize) refuse(at, 'it points outside its data section');
        return this.maps.indices[index]!;
      },
      label: (at) => refuse(at, 'it jumps nowhere'),
    };
  }
}

/** A GUID as a C initialiser. */
function guidText(guid: string): string {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i.exec(guid);
  if (!match) throw new InputError('native-guid', `${JSON.stringify(guid)} is not a GUID`);
  const tail = (match[4]! + match[5]!).match(/../g)!.map((byte) => `0x${byte}`);
  return `{0x${match[1]}, 0x${match[2]}, 0x${match[3]}, {${tail.join(', ')}}}`;
}
