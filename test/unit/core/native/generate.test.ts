import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../../../core/input/error';
import { generateC } from '../../../../core/native/generate';
import { NATIVE_HEADER } from '../../../../core/native/header';
import type { LinkedFunction, MapDefinition } from '../../../../core/object/object';
import { onPath } from '../../../../tools/clang';
import { runProcess } from '../../../../tools/process';
import { cannotRun, generate, objectOf, programOf, Workshop, type ProgramParts, type Slot } from './native_image';

const EXIT: Slot = [0x95, 0, 0, 0, 0];
const RETURN_ZERO: readonly Slot[] = [[0xb7, 0, 0, 0, 0], EXIT];

function mapOf(parts: Partial<MapDefinition>): MapDefinition {
  return {
    name: 'map', type: 2, keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, pinning: 0, origin: 'btf', readOnly: false,
    initial: undefined, inner: -1, keyTypeId: 0, valueTypeId: 0, ...parts,
  }; // prettier-ignore
}

function linked(name: string, start: number, length: number, parts: Partial<LinkedFunction> = {}): LinkedFunction {
  return { name, section: '.text', sectionSlot: start, start, length, btfId: 0, global: false, ...parts };
}

const refuses = (slots: readonly Slot[], code: string, parts: ProgramParts = {}): void => {
  assert.throws(
    () => generate(objectOf([programOf(slots, parts)])),
    (error) => error instanceof InputError && error.code === code,
    JSON.stringify(slots),
  );
};

describe('generating C', () => {
  it('orders programs by name and gives them tables of their own when nothing is shared', () => {
    const call = (id: number): Slot => [0x85, 0, 0, 0, id];
    const b = programOf([call(7), call(1), call(7), EXIT], { name: 'b' });
    const a = programOf([call(1), EXIT], { name: 'a' });
    const text = generate(objectOf([b, a]));
    assert.ok(text.indexOf('\na(void* context') < text.indexOf('\nb(void* context'));
    assert.match(text, /b_helpers\[\] = \{\n {4}\{\{1, 40, 40\}, 7, "helper_id_7"\},\n {4}\{\{1, 40, 40\}, 1,/);
    assert.match(text, /a_helpers\[\] = \{\n {4}\{\{1, 40, 40\}, 1, "helper_id_1"\},\n\};/);
  });

  it('shares helper tables when programs share subprograms, with sentinels for what a program cannot reach', () => {
    const sub = linked('sub', 2, 2);
    const a = programOf([[0x85, 0, 1, 0, 1], EXIT, [0x85, 0, 0, 0, 9], EXIT], {
      name: 'a',
      functions: [linked('a', 0, 2, { section: 'xdp' }), sub],
    });
    const b = programOf([[0x85, 0, 0, 0, 3], EXIT], { name: 'b' });
    const text = generate(objectOf([a, b]));
    assert.match(text, /a_helpers\[\] = \{\n.*0, ""\},\n.*9, "helper_id_9"\},\n\};/);
    assert.match(text, /b_helpers\[\] = \{\n.*3, "helper_id_3"\},\n.*0, ""\},\n\};/);
    assert.match(text, /uint64_t stack\[128\];/, 'two frames for a');
    assert.match(text, /uint64_t stack\[64\];/, 'one frame for b');
    assert.match(text, /r0 = sub\(r1, r2, r3, r4, r5, r10 - 512, context, runtime_context\);/);
  });

  it('writes a subprogram of two programs once', () => {
    const make = (name: string, at: number) =>
      programOf([[0x85, 0, 1, 0, 1], EXIT, ...RETURN_ZERO], {
        name,
        functions: [linked(name, 0, 2, { section: 'xdp', sectionSlot: at }), linked('sub', 2, 2, { sectionSlot: 0 })],
      });
    const text = generate(objectOf([make('a', 0), make('b', 2)]));
    assert.equal(text.match(/^sub\([^;]*$/gm)?.length, 1);
  });

  it('splits maps from data sections and links templates by id', () => {
    const slots: Slot[] = [
      [0x18, 1, 6, 0, 0], [0, 0, 0, 0, 4],
      [0x18, 1, 5, 0, 2], [0, 0, 0, 0, 0],
      ...RETURN_ZERO,
    ]; // prettier-ignore
    const maps = [
      mapOf({ name: '.data', origin: 'global', valueSize: 8, initial: new Uint8Array([1, 2, 0, 0, 0, 0, 0, 0]) }),
      mapOf({ name: 'outer', type: 12, inner: 2 }),
      mapOf({ name: 'inner' }),
    ];
    const text = generate(objectOf([programOf(slots)], { maps }), { name: 'long_name' });
    assert.match(text, /global_variable_section_data\[0\]\.address_of_map_value \+ 4u/);
    assert.match(text, /map_data\[1\]\.address/);
    assert.match(text, /1u, \/\/ id\n {8}2u, \/\/ id of the inner map\n {4}\}, "outer"/);
    assert.match(text, /\{\{1, 48, 48\}, "long_na\.data", 8, /);
    assert.match(text, /program_maps\[\] = \{\n {4}1,\n\};/);
  });

  it('ends a program after a successful tail call', () => {
    const text = generate(objectOf([programOf([[0x85, 0, 0, 0, 12], EXIT])]));
    assert.match(text, /if \(runtime_context->helper_data\[0\]\.tail_call && r0 == 0\) return 0;/);
    assert.doesNotMatch(generate(objectOf([programOf([[0x85, 0, 0, 0, 12], EXIT])], { builtForWindows: true })), /== 0\) return/); // prettier-ignore
  });

  it('tells hosts what they asked it to tell', () => {
    const text = generate(objectOf([programOf(RETURN_ZERO)]), {
      objectHash: new Uint8Array([1, 2, 3]),
      identity: () => ({
        programType: '608c517c-6c52-4a26-b677-bb1c34425adf',
        attachType: 'b9707e04-8127-4c72-833e-05b1fb439496',
        hash: { algorithm: 'SHA256', bytes: new Uint8Array([9, 8]) },
      }),
      wrapper: 'dll',
      includeHeader: true,
    });
    assert.match(text, /_elf_hash\[\] = \{\n {4}1, 2, 3,\n\};/);
    assert.match(text, /\{0x608c517c, 0x6c52, 0x4a26, \{0xb6, 0x77, 0xbb, 0x1c, 0x34, 0x42, 0x5a, 0xdf\}\}/);
    assert.match(text, /program_program_info_hash, 2, "SHA256",/);
    assert.match(text, /#include "ebpf_native\.h"/);
    assert.match(text, /^DllMain\(/m);
    assert.doesNotMatch(text, /EBPF_ACCESSOR/);
  });

  it('refuses what is no program', () => {
    assert.throws(() => generate(objectOf([])), { code: 'native-no-programs' });
    refuses([[0xb7, 0, 0, 0, 0]], 'native-fallthrough');
    refuses([], 'native-fallthrough');
    const bad: Slot[] = [
      [0xb7, 11, 0, 0, 0],
      [0xb7, 10, 0, 0, 0],
      [0x79, 10, 1, 0, 0],
      [0xbf, 1, 12, 0, 0],
      [0xb7, 1, 2, 0, 0],
      [0xbf, 1, 2, 0, 5],
      [0xbf, 1, 2, 4, 0],
      [0xb7, 1, 0, 8, 1],
      [0xbc, 1, 2, 32, 0],
      [0x37, 1, 0, 2, 1],
      [0x8f, 1, 2, 0, 0],
      [0xe7, 1, 0, 0, 0],
      [0xd4, 1, 0, 0, 8],
      [0xdf, 1, 0, 0, 16],
      [0x20, 0, 0, 0, 0],
      [0x18, 1, 0, 0, 0],
      [0x99, 1, 2, 0, 0],
      [0xcb, 10, 1, -8, 0],
      [0xd3, 10, 1, -8, 0],
      [0xdb, 10, 1, -8, 2],
      [0xdb, 1, 10, -8, 1],
      [0x8d, 1, 0, 0, 0],
      [0x85, 0, 3, 0, 0],
      [0x85, 0, 1, 0, 5],
      [0x85, 0, 2, 0, 0],
      [0x05, 0, 0, 5, 0],
      [0x05, 0, 0, -3, 0],
      [0xe5, 0, 0, 0, 0],
      [0x86, 0, 0, 0, 0],
      [0x96, 0, 0, 0, 0],
    ];
    for (const slot of bad) refuses([slot, ...RETURN_ZERO], 'native-instruction');
    for (const src of [1, 2, 3, 4, 5, 6, 7]) {
      refuses([[0x18, 1, src, 0, 77], [0, 0, 0, 0, 0], ...RETURN_ZERO], 'native-instruction');
    }
    // Into the second half of a wide load.
    refuses([[0x05, 0, 0, 1, 0], [0x18, 0, 0, 0, 0], [0, 0, 0, 0, 0], EXIT], 'native-instruction'); // prettier-ignore
  });

  it('refuses recursion and chains of more than eight frames, and takes eight', () => {
    refuses([[0x85, 0, 1, 0, -1], EXIT], 'native-call-depth', { functions: [linked('a', 0, 2)] });
    const chain = (frames: number) => {
      const slots: Slot[] = [];
      const functions: LinkedFunction[] = [];
      for (let i = 0; i < frames; i++) {
        functions.push(linked(`f${i}`, slots.length, 2));
        slots.push(i + 1 < frames ? [0x85, 0, 1, 0, 1] : [0xb7, 0, 0, 0, 0], EXIT);
      }
      return programOf(slots, { functions });
    };
    assert.match(generate(objectOf([chain(8)])), /stack\[512\]/);
    assert.throws(() => generate(objectOf([chain(9)])), { code: 'native-call-depth' });
    assert.throws(() => generate(objectOf([chain(500)])), { code: 'native-call-depth' });
  });

  it('refuses to multiply a long path by every line', () => {
    const slots = [...Array.from({ length: 5000 }, (): Slot => [0xb7, 0, 0, 0, 0]), EXIT];
    const records = [{ slot: 0, path: 'x'.repeat(100_000), line: 1, column: 1, text: '' }];
    refuses(slots, 'native-too-large', { records });
  });

  it('throws nothing but InputError for any code', () => {
    const byte = fc.nat(255);
    const slot = fc.tuple(
      byte,
      fc.nat(15),
      fc.nat(15),
      fc.integer({ min: -4, max: 4 }),
      fc.integer({ min: -3, max: 300 }),
    );
    const known = fc.constantFrom<Slot>(...RETURN_ZERO, [0x18, 1, 5, 0, 0], [0, 0, 0, 0, 0], [0x85, 0, 1, 0, 0]);
    fc.assert(
      fc.property(fc.array(fc.oneof(slot, known), { maxLength: 8 }), (slots) => {
        const object = objectOf([programOf([...slots, ...RETURN_ZERO])], { maps: [mapOf({})] });
        try {
          generate(object);
        } catch (error) {
          assert.ok(error instanceof InputError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** What the compiler sees as code: trigraphs and line splices done, strings, characters and comments taken out (C11 5.1.1.2). */
function withoutText(c: string): string {
  const spliced = c.replaceAll('??/', '\\').replace(/\\\n/g, '');
  return spliced.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
}

const HOSTILE = ['"; PAYLOAD(); //', '*/ PAYLOAD', '??/', '\\', '\\\n PAYLOAD', '\n#define PAYLOAD 1\n', "'PAYLOAD", '', '1', 'a.b', 'a_b', 'a-b',
  'é', '\u{1f600}', 'int', 'class', 'main', 'stack', 'context', 'r1', 'r10', 'label_1', '_maps', 'NULL', 'uint64_t', 'linux', 'exit', 'memcpy',
  'printf', '__attribute__', 'get_metadata_table', 'x', 'x_helpers', 'x_maps', 'module_metadata_table', 'abort', 'alloca', 'and', 'step_callback',
  'step', 'DllMain', 'x'.repeat(70_000), '\0', 'a\0b', '%s%n']; // prettier-ignore

/** An object in which every text is hostile. */
function hostileObject(names: readonly string[], paths: readonly string[]) {
  const programs = names.map((name, index) => {
    const slots: Slot[] = [
      [0x18, 2, 5, 0, 0], [0, 0, 0, 0, 0], [0x18, 2, 4, 0, 6], [0, 0, 0, 0, 0],
      [0x85, 0, 2, 0, 0], [0x85, 0, 1, 0, 3], [0x85, 0, 0, 0, 1], EXIT,
      EXIT, ...RETURN_ZERO,
    ]; // prettier-ignore
    const section = names[(index + 1) % names.length]!;
    const functions = [
      linked(name, 0, 8, { section, sectionSlot: index * 100 }),
      linked(section, 8, 1, { section: name, sectionSlot: index * 100 + 50 }),
      linked(name, 9, 2, { section: name, sectionSlot: index * 100 + 60 }),
    ];
    const records = paths
      .slice(0, 8)
      .map((file, slot) => ({ slot, path: file, line: 1 + slot, column: 1, text: file }));
    return programOf(slots, { name, section, functions, records });
  });
  return objectOf(programs, {
    maps: [
      ...names.map((name) => mapOf({ name })),
      ...names.map((name) => mapOf({ name, origin: 'global', initial: new Uint8Array(8) })),
    ],
    externs: names.map((name) => ({ name, kind: 'function' as const, weak: false, btfId: 0, section: undefined })),
  });
}

describe('hostile names', () => {
  let workshop: Workshop;
  before(async () => {
    workshop = await Workshop.open();
  });
  after(() => workshop.close());

  it('never become code', () => {
    const letters = fc.constantFrom(
      '"',
      '\\',
      '\n',
      '\r',
      '?',
      '/',
      '*',
      "'",
      '#',
      ' ',
      'PAYLOAD',
      ';',
      '(',
      '%:',
      '\0',
      '\u2028',
      '\ud800',
    );
    const name = fc.oneof(fc.string({ unit: letters, maxLength: 12 }), fc.constantFrom(...HOSTILE));
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 3 }),
        fc.array(name, { maxLength: 8 }),
        name,
        (names, paths, own) => {
          const object = hostileObject(names, paths);
          const { text } = generateC(object, { name: own, objectPath: own, outputPath: own });
          const body = text.replace(NATIVE_HEADER.trimEnd(), '');
          for (const word of withoutText(body).match(/\w*PAYLOAD\w*/g) ?? []) {
            // Part of an identifier is harmless; the bare word would be code of the attacker's.
            assert.doesNotMatch(word, /^(PAYLOAD)+$/);
          }
          for (const line of body.split('\n')) {
            if (/^\s*(?:#|%:)/.test(line)) assert.match(line, /^#(line \d+ "|if EBPF_|error "the object|endif$)/);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  for (const [compiler, words] of [
    ['gcc', ['-x', 'c', '-std=c11']],
    ['gcc', ['-x', 'c', '-std=gnu17']],
    ['g++', ['-x', 'c++', '-std=c++17']],
    ['clang', ['-x', 'c', '-std=c11']],
    ['clang', ['-x', 'c++', '-std=c++20']],
  ] as const) {
    it(`compile without a warning: ${compiler} ${words.join(' ')}`, async (t) => {
      const reason = await cannotRun();
      if (reason !== undefined) return t.skip(reason);
      const program = (await onPath((name) => name === compiler || name.startsWith(`${compiler}-`))).find((found) =>
        /\/(?:gcc|g\+\+|clang)(?:-\d+)?$/.test(found),
      );
      if (program === undefined) return t.skip(`${compiler} is not installed`);
      const header = [...new Set(NATIVE_HEADER.match(/[A-Za-z_]\w*/g))];
      const source = path.join(workshop.folder, 'hostile.c');
      const text = generate(hostileObject([...HOSTILE, ...header], HOSTILE.slice(0, 12)), {
        outputPath: 'a"\\b\n??/c.c',
      });
      await writeFile(source, text);
      const flags = [
        '-Wall',
        '-Wextra',
        '-Wpedantic',
        '-Werror',
        '-Wno-overlength-strings',
        '-Wno-trigraphs',
        '-fno-builtin',
      ];
      const result = await runProcess(program, [...words, ...flags, '-fsyntax-only', source]);
      assert.equal(result.code, 0, result.stderr.slice(0, 3000));
    });
  }

  it('compile for Windows with the wrapper of a library', async (t) => {
    const clang = (await onPath((name) => /^clang(-\d+)?$/.test(name)))[0];
    if (clang === undefined) return t.skip('clang is not installed');
    const source = path.join(workshop.folder, 'library.c');
    const sections = ['maps', 'programs', 'hash', '.data', '', '/4', 'a/very/long/section', 'another/long/one'];
    const object = hostileObject([...sections, ...HOSTILE], HOSTILE.slice(0, 12));
    await writeFile(source, generate(object, { wrapper: 'dll', objectHash: new Uint8Array(32) }));
    const words = ['--target=x86_64-w64-windows-gnu', '-ffreestanding', '-fno-builtin', '-Wall', '-Wextra', '-Werror'];
    const output = path.join(workshop.folder, 'library.obj');
    const result = await runProcess(clang, [...words, '-c', source, '-o', output]);
    assert.equal(result.code, 0, result.stderr.slice(0, 3000));
    assert.ok((await readFile(output)).includes('-export:get_metadata_table'));
  });
});
