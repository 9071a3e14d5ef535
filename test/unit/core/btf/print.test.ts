import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BtfKind } from '../../../../core/btf/kind';
import { recordLayout } from '../../../../core/btf/layout';
import { CPrinter, typeName } from '../../../../core/btf/print';
import { printAll } from '../../../../core/btf/print_all';
import { readBtf } from '../../../../core/btf/read';
import { InputError } from '../../../../core/input/error';
import { compileBpf } from '../../../../tools/clang';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { BtfBuilder } from './builder';
import { everyKind } from './every_kind';

/** Whether clang takes the text; a string says why it cannot be asked. */
async function compiles(text: string): Promise<true | string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ebpf-print-'));
  try {
    const source = path.join(folder, 'types.c');
    await writeFile(source, text);
    const result = await compileBpf({ source, flags: ['-std=gnu17', '-w'] });
    if (result.outcome === 'missing') return 'no clang with a BPF target on this machine';
    assert.deepEqual(result.diagnostics.map((diagnostic) => diagnostic.message), []); // prettier-ignore
    return true;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('CPrinter', () => {
  const b = new BtfBuilder();
  const int = b.int('int', 4, 1);
  const s = b.struct('s', 4, [['x', int, 0]]);
  const constInt = b.link(BtfKind.CONST, int);
  const fn = b.prototype(int, [['a', b.pointer(s)], ['', 0]]); // prettier-ignore
  const fnPointer = b.pointer(fn);
  const array = b.array(int, 3);
  const cases: readonly (readonly [string, number, string])[] = [
    ['a pointer to const', b.pointer(constInt), 'const int *x'],
    ['a const pointer', b.link(BtfKind.CONST, b.pointer(int)), 'int *const x'],
    ['a const volatile pointer to a const pointer', b.link(BtfKind.CONST, b.link(BtfKind.VOLATILE, b.pointer(b.link(BtfKind.CONST, b.pointer(int))))), 'int *const *const volatile x'], // prettier-ignore
    ['a variadic function pointer', fnPointer, 'int (*x)(struct s *a, ...)'],
    ['an array of function pointers', b.array(fnPointer, 4), 'int (*x[4])(struct s *a, ...)'],
    ['a pointer to an array', b.pointer(array), 'int (*x)[3]'],
    ['a pointer to a const array', b.pointer(b.link(BtfKind.CONST, array)), 'const int (*x)[3]'],
    ['an array of arrays of pointers', b.array(b.array(b.pointer(int), 2), 5), 'int *x[5][2]'],
    ['a function that returns a function pointer', b.prototype(fnPointer, []), 'int (*x(void))(struct s *a, ...)'],
    ['a pointer to a function pointer', b.pointer(fnPointer), 'int (**x)(struct s *a, ...)'],
    ['void', b.pointer(0), 'void *x'],
    ['a type tag', b.pointer(b.link(BtfKind.TYPE_TAG, s, 'user')), 'struct s __attribute__((btf_type_tag("user"))) *x'],
    ['a restricted parameter', b.prototype(0, [['p', b.link(BtfKind.RESTRICT, b.pointer(int))]]), 'void x(int *restrict p)'], // prettier-ignore
    ['a forward declared union', b.pointer(b.entry(BtfKind.FWD, 'u', 0, true, 0)), 'union u *x'],
    ['an anonymous structure', b.struct('', 4, [['y', int, 0]]), 'struct {\n\tint y;\n} x'],
  ];
  const btf = readBtf(b.bytes());
  for (const [name, id, text] of cases)
    it(`declares ${name}`, () => assert.equal(new CPrinter(btf).declare(id, 'x'), text));

  it('names types', () => assert.equal(typeName(btf, fnPointer), 'int (*)(struct s *a, ...)'));

  it('refuses functions whose types name themselves', () => {
    const loop = new BtfBuilder();
    loop.prototype(0, [['a', 2], ['b', 2]]); // prettier-ignore
    loop.pointer(1);
    assert.throws(() => new CPrinter(readBtf(loop.bytes())).declare(2, 'x'), InputError);
    assert.throws(() => new CPrinter(readBtf(loop.bytes())).declare(2, 'x'), /too deeply/);
  });
});

describe('printAll', () => {
  it('makes C of every kind that clang takes', async (t) => {
    const answer = await compiles(printAll(readBtf(everyKind())));
    if (answer !== true) t.skip(answer);
  });

  it('orders types, declares forward, keeps the layout', async (t) => {
    const b = new BtfBuilder();
    const int = b.int('int', 4, 1);
    const char = b.int('char', 1, 1);
    const rust = b.int('u16', 2); // no C integer
    const later = 30; // the id of `struct later`, below
    b.struct('list', 16, [['next', b.pointer(5 + 1), 0], ['owner', b.pointer(later), 64]]); // prettier-ignore
    b.struct('holder', 40, [['inner', later, 0], ['n', rust, 256]]); // prettier-ignore
    b.struct('packed', 7, [['c', char, 0], ['i', int, 8], ['d', rust, 40]]); // prettier-ignore
    b.struct('holes', 64, [['c', char, 0], ['aligned', char, 256], ['f', int, 300, 3], ['g', int, 320, 32]]); // prettier-ignore
    b.struct('crossing', 8, [['f', int, 0, 20], ['g', int, 20, 20], ['h', int, 40, 24]]); // prettier-ignore
    b.struct('overlap', 8, [['a', int, 0], ['b', int, 16], ['c', int, 32]]); // prettier-ignore
    b.enumeration('tiny', [['A', 1], ['B', 2]], 1); // prettier-ignore
    b.enumeration('', [['A', 3]]);
    b.enumeration('none', []);
    b.struct('list', 4, [['other', int, 0]]);
    b.struct('Option<u32>', 4, [['int', int, 0]]);
    b.union('wide', 24, [['a', int, 0]]);
    const pad = (): number => b.entry(BtfKind.FLOAT, 'float', 0, false, 4);
    const toLater = b.pointer(later);
    for (let last = toLater; last < later - 1;) last = pad();
    b.struct('later', 32, [['l', 6, 0], ['p', toLater, 128]]); // prettier-ignore
    const btf = readBtf(b.bytes());
    const structs = Array.from({ length: btf.count - 1 }, (_, i) => i + 1).filter(
      (id) => (btf.kind(id) === BtfKind.STRUCT || btf.kind(id) === BtfKind.UNION) && btf.type(id).name !== '',
    );
    const printer = new CPrinter(btf);
    const text = printAll(btf, printer);
    const checks = structs.flatMap((id) => {
      const type = btf.type(id);
      const layout = recordLayout(btf, id);
      const tag = `${type.kind === BtfKind.STRUCT ? 'struct' : 'union'} ${printer.names.type(id)}`;
      const plain = type.name === 'overlap' ? [] : layout.members.filter((member) => !member.bitField);
      return [
        `_Static_assert(sizeof(${tag}) == ${layout.size}, "");`,
        ...plain.map(
          (member) =>
            `_Static_assert(__builtin_offsetof(${tag}, ${member.name === 'int' ? 'int_' : member.name}) == ${member.bitOffset / 8}, "");`,
        ),
      ];
    });
    assert.match(text, /struct list___2 \{\n\tint other;\n\};/);
    assert.match(text, /struct Option_u32_ \{/);
    assert.match(text, /struct packed \{[^}]*\} __attribute__\(\(packed\)\);/);
    assert.match(text, /A___2 = 3/);
    assert.ok(checks.length > 20);
    const answer = await compiles(`${text}\n${checks.join('\n')}\n`);
    if (answer !== true) t.skip(answer);
  });

  it('finds holes and padding', () => {
    const b = new BtfBuilder();
    const int = b.int('int', 4, 1);
    const char = b.int('char', 1, 1);
    const id = b.struct('s', 16, [['c', char, 0], ['i', int, 32], ['f', int, 64, 3], ['g', int, 70, 2]]); // prettier-ignore
    const layout = recordLayout(readBtf(b.bytes()), id);
    assert.deepEqual(
      layout.members.map(({ name, bitOffset, bitSize, bitField, hole }) => [name, bitOffset, bitSize, bitField, hole]),
      [
        ['c', 0, 8, false, 0],
        ['i', 32, 32, false, 24],
        ['f', 64, 3, true, 0],
        ['g', 70, 2, true, 3],
      ],
    );
    assert.deepEqual([layout.size, layout.align, layout.packed, layout.padding], [16, 4, false, 56]);
  });

  it('refuses structures that hold themselves', () => {
    const b = new BtfBuilder();
    b.struct('s', 8, [['self', 1, 0]]);
    assert.throws(() => printAll(readBtf(b.bytes())), InputError);
    const chain = new BtfBuilder();
    for (let id = 1; id <= 5000; id++) chain.struct(`s${id}`, 8, [['next', id + 1, 0]]);
    chain.int('int', 4);
    assert.throws(() => printAll(readBtf(chain.bytes())), InputError);
  });
});
