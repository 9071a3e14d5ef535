import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { createOnigScanner, createOnigString, loadWASM } from 'vscode-oniguruma';
import { INITIAL, parseRawGrammar, Registry, type IGrammar } from 'vscode-textmate';
import { decode } from '../../../core/isa/code';
import { disassembleAt } from '../../../core/isa/disassemble';
import { objectListing } from '../../../core/listing/listing';
import { readObject } from '../../../core/object/read';
import { platformOf } from '../../../core/platform/platforms';
import { compiled, root } from '../core/object/compiled';

interface Contributes {
  readonly languages: readonly { id: string; extensions: readonly string[]; configuration: string }[];
  readonly grammars: readonly { language: string; scopeName: string; path: string }[];
}

const { contributes } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  contributes: Contributes;
};
const [contribution] = contributes.grammars;
assert.ok(contribution);

let grammar: IGrammar;
before(async () => {
  const wasm = readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'));
  await loadWASM(new Uint8Array(wasm).buffer);
  const file = path.join(root, contribution.path);
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    loadGrammar: (scope) =>
      Promise.resolve(scope === contribution.scopeName ? parseRawGrammar(readFileSync(file, 'utf8'), file) : undefined),
  });
  const loaded = await registry.loadGrammar(contribution.scopeName);
  assert.ok(loaded);
  grammar = loaded;
});

type Piece = readonly [text: string, scope: string];

/** Each token with its innermost scope, without the language's suffix; '' where there is only the root scope. Blank tokens are left out. */
function pieces(line: string): Piece[] {
  return grammar.tokenizeLine(line, INITIAL).tokens.flatMap(({ startIndex, endIndex, scopes }): Piece[] => {
    const text = line.slice(startIndex, endIndex);
    const scope = scopes.length > 1 ? scopes.at(-1)!.replace(/\.bpf-disassembly$/, '') : '';
    return text.trim() === '' ? [] : [[text.trim(), scope]];
  });
}

/** The scope of the first token with that text. */
function scopeOf(line: string, text: string): string | undefined {
  return pieces(line).find((piece) => piece[0] === text)?.[1];
}

/** What has no scope of its own and is no bracket. */
function plain(line: string): Piece[] {
  return pieces(line).filter(([text, scope]) => scope === '' && !/^[()[\]\s]+$/.test(text));
}

const register = 'variable.language.register';
const size = 'storage.type';
const hex = 'constant.numeric.hex';
const slot = 'entity.name.label.slot';

describe('the contribution', () => {
  it('is one language with one grammar, and its files are there', () => {
    const [language, ...others] = contributes.languages;
    assert.deepEqual(others, []);
    assert.equal(contributes.grammars.length, 1);
    assert.equal(language?.id, contribution.language);
    assert.ok(existsSync(path.join(root, contribution.path)));
    const configuration = JSON.parse(readFileSync(path.join(root, language.configuration), 'utf8')) as {
      comments: { lineComment: string };
    };
    assert.equal(configuration.comments.lineComment, ';');
  });
});

describe('our own lines', () => {
  it('headings', () => {
    assert.equal(scopeOf('Program xdp_filter in section xdp:', 'xdp_filter'), 'entity.name.function');
    assert.equal(
      scopeOf('Program on_switch in section tracepoint/sched/sched_switch:', 'tracepoint/sched/sched_switch'),
      'entity.name.section',
    );
    const line = '0000000000000028 <add>:  ; section .text';
    assert.equal(scopeOf(line, '0000000000000028'), 'constant.numeric.address');
    assert.equal(scopeOf(line, 'add'), 'entity.name.function');
    assert.equal(scopeOf(line, 'section .text'), 'comment.line.semicolon');
  });

  it('source lines are comments, whatever they hold', () => {
    for (const line of ['; /src/a.bpf.c:66: void *data = (void *)(long)ctx->data;', '; if r1 goto 0x5; call 0x1']) {
      assert.deepEqual(new Set(pieces(line).map(([, scope]) => scope.replace(/^punctuation.*/, ''))).size, 2, line);
      assert.ok(pieces(line).every(([, scope]) => /comment/.test(scope)));
    }
  });

  it('a helper call with its name', () => {
    const line = '      12:\tcall 0x1\t; bpf_map_lookup_elem';
    assert.deepEqual(pieces(line), [
      ['12', slot],
      [':', 'punctuation.separator'],
      ['call', 'keyword.control.jump'],
      ['0x1', hex],
      [';', 'punctuation.definition.comment'],
      ['bpf_map_lookup_elem', 'comment.line.semicolon'],
    ]);
  });

  it('a wide load with its map', () => {
    const line = '      10:\tr1 = 0x0 ll\t; map counts';
    assert.deepEqual(pieces(line).slice(2), [
      ['r1', register],
      ['=', 'keyword.operator.assignment'],
      ['0x0', hex],
      ['ll', 'storage.modifier.wide'],
      [';', 'punctuation.definition.comment'],
      ['map counts', 'comment.line.semicolon'],
    ]);
  });

  it('a branch with its label', () => {
    assert.deepEqual(pieces('       6:\tif r8 s<= -0x7 goto +0xf <xdp_filter+0xb0>').slice(2), [
      ['if', 'keyword.control.conditional'],
      ['r8', register],
      ['s<=', 'keyword.operator.comparison'],
      ['-0x7', hex],
      ['goto', 'keyword.control.jump'],
      ['+0xf', hex],
      ['<', 'punctuation.definition.label'],
      ['xdp_filter', 'entity.name.label'],
      ['+', 'keyword.operator.arithmetic'],
      ['0xb0', hex],
      ['>', 'punctuation.definition.label'],
    ]);
  });

  it('loads, stores and atomics', () => {
    assert.equal(scopeOf('       0:\tr9 = *(s16 *)(r10 - 0x2)', 's16'), size);
    assert.equal(scopeOf('       0:\tr9 = *(s16 *)(r10 - 0x2)', 'r10'), register);
    assert.equal(scopeOf('       0:\tlock *(u64 *)(r0 + 0x0) += r1', 'lock'), 'storage.modifier.lock');
    assert.equal(scopeOf('       0:\tlock *(u64 *)(r0 + 0x0) += r1', '+='), 'keyword.operator.assignment');
    assert.equal(scopeOf('       0:\tr0 = cmpxchg_64(r2 + 0x0, r0, r1)', 'cmpxchg_64'), 'support.function');
    assert.equal(scopeOf('       0:\tw2 = (s8)w2', 's8'), size);
    assert.equal(scopeOf('       0:\tw0 s%= 0x3', 's%='), 'keyword.operator.assignment');
    assert.equal(scopeOf('       0:\t<unknown>', '<unknown>'), 'invalid.illegal');
  });

  it('registers that do not exist are none', () => {
    for (const name of ['r11', 'w11', 'r100', 'x1'])
      assert.notEqual(scopeOf(`       0:\t${name} = 0x1`, name), register, name);
  });

  it('leave nothing without a scope, for any instruction', () => {
    const field = fc.integer({ min: 0, max: 10 });
    const bytes = fc.tuple(fc.nat(255), field, field, fc.uint8Array({ minLength: 6, maxLength: 6 }));
    fc.assert(
      fc.property(bytes, ([opcode, dst, src, rest]) => {
        const text = disassembleAt(decode(Uint8Array.of(opcode, (src << 4) | dst, ...rest)), 0);
        assert.deepEqual(plain(`       0:\t${text}`), [], text);
      }),
      { numRuns: 2000 },
    );
  });

  it('leave nothing without a scope in a compiled example', async (t) => {
    const bytes = await compiled('examples/linux/subprograms.bpf.c');
    if (typeof bytes === 'string') return t.skip(bytes);
    const object = readObject(bytes);
    const lines = objectListing(object, platformOf(object, 'auto'), (written) => written).split('\n');
    assert.ok(lines.length > 50);
    for (const line of lines) assert.deepEqual(plain(line), [], line);
  });
});

describe('lines of llvm-objdump', () => {
  // Printed by llvm-objdump 19 with -dSlr or --symbolize-operands; the last two with decimals, as older ones print.
  const lines = [
    'xdp_filter.o:\tfile format elf64-bpf',
    'Disassembly of section xdp:',
    '0000000000000000 <xdp_filter>:',
    '; xdp_filter():',
    '; xdp_filter.bpf.c:66',
    ';     void *data = (void *)(long)ctx->data;',
    '       0:\t61 19 00 00 00 00 00 00\tr9 = *(u32 *)(r1 + 0x0)',
    '       6:\tbd 78 0f 00 00 00 00 00\tif r8 <= r7 goto +0xf <xdp_filter+0xb0>',
    '      10:\t18 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00\tr1 = 0x0 ll',
    '\t\t0000000000000050:  R_BPF_64_64\tcounts',
    '<L0>:',
    '      17:\tgoto +0x7e <L0>',
    '       4:\tr1 += -8',
    '       5:\tif r1 > 5 goto +2 <LBB0_3>',
  ];

  it('leave nothing without a scope', () => {
    for (const line of lines) assert.deepEqual(plain(line), [], line);
  });

  it('bytes and relocations have their own', () => {
    assert.equal(scopeOf(lines[6]!, '61 19 00 00 00 00 00 00'), 'constant.other.bytes');
    assert.equal(scopeOf(lines[6]!, 'r9'), register);
    assert.equal(scopeOf(lines[8]!, '18 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00'), 'constant.other.bytes');
    assert.equal(scopeOf(lines[9]!, 'R_BPF_64_64'), 'storage.modifier.relocation');
    assert.equal(scopeOf(lines[9]!, 'counts'), 'entity.name.label');
    assert.equal(scopeOf(lines[10]!, 'L0'), 'entity.name.function');
    assert.equal(scopeOf(lines[12]!, '-8'), 'constant.numeric.decimal');
    assert.equal(scopeOf(lines[13]!, 'LBB0_3'), 'entity.name.label');
  });
});
