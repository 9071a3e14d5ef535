// CO-RE relocations: what libbpf reports when it resolves and patches, and what we make of each record.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  btfOf,
  compare,
  comparison,
  CoreResolver,
  decode,
  readBtf,
  readElf,
  readObject,
  relocateCore,
} from './core.mjs';

/** Types of the running kernel. */
export const KERNEL = '/sys/kernel/btf/vmlinux';

/** @typedef {import('./core.mjs').Comparison} Comparison */
/** @typedef {import('../../core/btf/btf.js').Btf} Btf */
/** @typedef {import('../../core/object/relocate_core.js').AppliedRelocation} Applied */

/** libbpf's word that a relocation cannot be done, and the object with it. */
const FAILED = 'failed';

/** BPF_CORE_TYPE_ID_LOCAL: nothing is looked for. */
const TYPE_ID_LOCAL = 6;

/**
 * @param {readonly { object: string, target?: string, log: readonly string[] }[]} logs what libbpf said about each object;
 *   `target` is the object whose types it was to fit, else the kernel's
 * @returns {Comparison}
 */
export function compareCoreRelocations(logs) {
  const result = comparison('relocations');
  const kernel = readBtf(readFileSync(KERNEL));
  for (const { object: file, target, log } of logs) {
    const theirs = reported(log);
    if (theirs.size === 0) continue;
    const types = target === undefined ? kernel : btfOf(readFileSync(target));
    if (!types) throw new Error(`${target} has no BTF`);
    const ours = applied(file, types);
    const pair = [file, ...(target === undefined ? [] : [target])].map((name) => path.basename(name)).join(' on ');
    for (const [key, lines] of theirs) compare(result, `${pair} ${key}`, lines.join('; '), ours.get(key)?.join('; '));
  }
  return result;
}

/**
 * What libbpf said about each relocation that it finished or gave up: by `function #N`, the lines without that, sorted.
 * @param {readonly string[]} log
 * @returns {Map<string, string[]>}
 */
function reported(log) {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  for (const line of log) {
    const match = /^prog '(.*?)': relo #(\d+): (.*)$/.exec(line);
    if (!match) continue;
    const key = `${match[1]} #${match[2]}`;
    const lines = found.get(key) ?? new Set();
    const text = match[3] ?? '';
    // Candidates that do not fit are shown half matched, which says nothing.
    if (/^<|^matching|^no matching|^patched|^substituting/.test(text)) lines.add(text);
    if (/^failed to (relocate|patch)/.test(text)) lines.add(FAILED);
    found.set(key, lines);
  }
  return new Map(
    [...found].flatMap(([key, lines]) => {
      if (lines.has(FAILED)) return [[key, [FAILED]]];
      const finished = [...lines].some((line) => /^patched|^substituting/.test(line));
      return finished ? [[key, [...lines].sort()]] : [];
    }),
  );
}

/**
 * The same for what we do: each function by itself, also those that no program reaches.
 * @param {string} file
 * @param {Btf} target
 * @returns {Map<string, string[]>}
 */
function applied(file, target) {
  const bytes = readFileSync(file);
  const elf = readElf(bytes);
  /** @type {Map<string, string[]>} */
  const found = new Map();
  let object;
  try {
    object = readObject(bytes);
  } catch {
    // Each relocation that libbpf did counts as different.
    return found;
  }
  if (!object.btf) return found;
  const resolver = new CoreResolver(object.btf, target);
  for (const [name, records] of object.coreRelocations ?? []) {
    const section = elf.sections.find((candidate) => candidate.name === name);
    if (!section) continue;
    const symbols = elf.symbols.filter((symbol) => symbol.section === section.index && symbol.type === 2);
    for (const record of records) {
      const symbol = symbols.find(({ value, size }) => value <= record.offset && record.offset < value + size);
      if (!symbol) continue;
      const code = decode(section.data.subarray(symbol.value, symbol.value + symbol.size), elf.littleEndian);
      const fn = { name: symbol.name, section: name, sectionSlot: symbol.value / 8, start: 0, length: code.length };
      const program = /** @type {any} */ ({ name: symbol.name, section: name, code, functions: [fn] });
      const one = { ...object, coreRelocations: new Map([[name, [record]]]) };
      const key = `${symbol.name} #${record.index}`;
      try {
        const [relocation] = relocateCore(one, program, target, resolver).relocations;
        if (relocation) found.set(key, linesOf(relocation).sort());
      } catch {
        found.set(key, [FAILED]);
      }
    }
  }
  return found;
}

const CLASS = { imm: 'ALU/ALU64) imm', imm64: 'LDIMM64) imm64', offset: 'LDX/ST/STX) off' };

/** @param {Applied} relocation @returns {string[]} */
function linesOf(relocation) {
  const { functionSlot: slot, field, before, after, width, targets } = relocation;
  const lines = [relocation.spec, ...targets.map(({ index, spec }) => `matching candidate #${index} ${spec}`)];
  if (relocation.kind !== TYPE_ID_LOCAL && targets.length === 0) lines.push('no matching targets found');
  if (field === 'poison') {
    for (let at = slot; at < slot + relocation.slots; at++) lines.push(`substituting insn #${at} w/ invalid insn`);
  } else {
    lines.push(`patched insn #${slot} (${CLASS[field]} ${before} -> ${after}`);
    if (width) lines.push(`patched insn #${slot} (LDX/ST/STX) mem_sz ${width.before} -> ${width.after}`);
  }
  return lines;
}
