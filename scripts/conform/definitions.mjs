// Maps and programs with what libbpf finds in the same object, as `bpftool -d` shows it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compare, comparison, findFunctions, openSections, readElf, readObject } from './core.mjs';

/** @typedef {import('./core.mjs').Comparison} Comparison */

/**
 * Names, sections, places and sizes of programs; names and every attribute of maps; names and flags of global data; initial slots.
 * @param {readonly { object: string, log: readonly string[] }[]} logs what libbpf said about each object
 * @returns {Comparison}
 */
export function compareDefinitions(logs) {
  const result = comparison('facts');
  for (const { object: file, log } of logs) {
    const theirs = factsIn(log);
    if (theirs.size === 0) continue;
    const ours = factsOf(file);
    for (const [fact, value] of theirs) compare(result, `${path.basename(file)}: ${fact}`, value, ours.get(fact));
  }
  return result;
}

/** Messages of libbpf that state a fact: the words and how they become a fact and its value. @type {[RegExp, (m: RegExpExecArray) => [string, string]][]} */
const MESSAGES = [
  [/^sec '(.*)': found program '(.*)' at insn offset (\d+) .*code size (\d+) insns/, (m) => [`program ${m[1]} ${m[2]}`, `${m[3]} ${m[4]}`]],
  [/^map '(.*)': found (type|max_entries|numa_node|pinning|key_size|value_size) = (\d+)\.$/, (m) => [`map ${m[1]} ${m[2]}`, String(m[3])]],
  [/^map '(.*)': found map_flags = 0x([0-9a-f]+)\.$/, (m) => [`map ${m[1]} map_flags`, String(m[2])]],
  [/^map '(.*)': found map_extra = 0x([0-9a-f]+)\.$/, (m) => [`map ${m[1]} map_extra`, String(m[2])]],
  [/^map '(.*)': found (key|value) \[(\d+)\], sz = (\d+)\.$/, (m) => [`map ${m[1]} ${m[2]}`, `${m[3]} ${m[4]}`]],
  [/^map '(.*)' \(global data\): at sec_idx (\d+), offset 0, flags ([0-9a-f]+)\.$/, (m) => [`global map ${m[1]}`, `section ${m[2]}`]],
  [/^\.maps relo #\d+: map '(.*)' slot \[(\d+)\] points to (prog|map) '(.*)'$/, (m) => [`map ${m[1]} slot ${m[2]}`, `${m[3]} ${m[4]}`]],
  [/^struct_ops init: struct .*\(type_id=(\d+)\) (.*) found at offset \d+$/, (m) => [`struct_ops ${m[2]}`, String(m[1])]],
]; // prettier-ignore

/** @param {readonly string[]} log @returns {Map<string, string>} */
function factsIn(log) {
  const facts = new Map();
  for (const line of log) {
    for (const [message, fact] of MESSAGES) {
      const match = message.exec(line);
      if (match) facts.set(...fact(match));
    }
  }
  return facts;
}

/** @param {string} file @returns {Map<string, string>} */
function factsOf(file) {
  const bytes = readFileSync(file);
  const facts = new Map();
  const elf = readElf(bytes);
  for (const section of findFunctions(openSections(elf)))
    for (const fn of section.functions) facts.set(`program ${section.elf.name} ${fn.name}`, `${fn.start} ${fn.length}`);
  let object;
  try {
    object = readObject(bytes, { path: file });
  } catch {
    // What libbpf found out before it gave up too is compared; every fact beyond counts as different.
    return facts;
  }
  for (const map of object.maps) {
    const set = (/** @type {string} */ name, /** @type {string | number} */ value) =>
      facts.set(`map ${map.name} ${name}`, String(value));
    set('type', map.type);
    set('max_entries', map.maxEntries);
    set('numa_node', map.numaNode ?? 0);
    set('pinning', map.pinning);
    set('key_size', map.keySize);
    set('value_size', map.valueSize);
    set('map_flags', map.flags.toString(16));
    set('map_extra', (map.extra ?? 0n).toString(16));
    set('key', `${map.keyTypeId} ${map.keySize}`);
    set('value', `${map.valueTypeId} ${map.valueSize}`);
    // libbpf writes the symbol table's index where there is no section: for `.kconfig`.
    const section = elf.sections.find(({ name, type }) => (map.name === '.kconfig' ? type === 2 : name === map.name));
    if (map.origin === 'global') facts.set(`global map ${map.kernelName}`, `section ${section?.index ?? 0}`);
    if (map.origin === 'struct_ops') facts.set(`struct_ops ${map.name}`, String(map.valueTypeId));
    for (const slot of map.slots ?? [])
      set(`slot ${slot.index}`, slot.kind === 'map' ? `map ${object.maps[slot.map]?.name}` : `prog ${slot.program}`);
  }
  return facts;
}
