import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { BtfKind } from '../../../../core/btf/kind';
import { InputError } from '../../../../core/input/error';
import { functionAt, type BpfObject, type Program } from '../../../../core/object/object';
import { readObject } from '../../../../core/object/read';
import { buildElf, relEntries, slots, type ElfSpec } from '../elf/builder';
import { compiled } from './compiled';

/** Two instructions and a call that the relocation at byte 8 speaks about. */
const CALLING = slots([0xb7, 0, 0, 0, 0], [0x85, 0, 1, 0, -1], [0x95, 0, 0, 0, 0]);
const EXITING = slots([0xb7, 0, 0, 0, 1], [0x95, 0, 0, 0, 0]);

function calling(relocation: readonly [number, number, number]): ElfSpec {
  return {
    sections: [
      { name: '.text', type: 1, flags: 6, data: EXITING },
      { name: 'xdp', type: 1, flags: 6, data: CALLING },
      { name: '.relxdp', type: 9, data: relEntries([relocation]), link: 5, info: 2 },
    ],
    symbols: [
      { name: 'prog', section: 2, size: 24 },
      { name: 'sub', section: 1, size: 16 },
      { name: 'elsewhere', section: 3, type: 1 },
    ],
  };
}

describe('readObject on hand-made files', () => {
  it('links a program with the subprogram that a relocation names', () => {
    const object = readObject(buildElf(calling([8, 2, 10])));
    const program = object.programs[0]!;
    assert.equal(object.programs.length, 1);
    assert.deepEqual(
      program.functions.map((fn) => [fn.name, fn.section, fn.start, fn.length]),
      [
        ['prog', 'xdp', 0, 3],
        ['sub', '.text', 3, 2],
      ],
    );
    assert.equal(program.code.imm[1], 1); // slot 1 -> slot 3
  });

  it('takes the only function of an object without sections of its own as its program', () => {
    const object = readObject(
      buildElf({
        sections: [{ name: '.text', type: 1, flags: 6, data: EXITING }],
        symbols: [{ name: 'main', section: 1, size: 16 }],
      }),
    );
    assert.deepEqual(
      object.programs.map((program) => program.name),
      ['main'],
    );
  });

  const refused: readonly (readonly [string, string, () => Uint8Array])[] = [
    ['an x86-64 object', 'not-bpf', () => buildElf({ ...calling([8, 2, 10]), machine: 62 })],
    ['a relocation to nowhere', 'relocation-target', () => buildElf(calling([8, 3, 10]))],
    ['a relocation outside the code', 'relocation-place', () => buildElf(calling([800, 2, 10]))],
    ['a relocation between instructions', 'relocation-place', () => buildElf(calling([9, 2, 10]))],
    ['a relocation of an instruction that takes none', 'relocation-place', () => buildElf(calling([16, 2, 10]))],
    [
      'a function beyond its section',
      'function-range',
      () =>
        buildElf({
          sections: [{ name: 'xdp', type: 1, flags: 6, data: EXITING }],
          symbols: [{ name: 'p', section: 1, size: 64 }],
        }),
    ],
    [
      'a function at an odd place',
      'function-range',
      () =>
        buildElf({
          sections: [{ name: 'xdp', type: 1, flags: 6, data: EXITING }],
          symbols: [{ name: 'p', section: 1, value: 4, size: 8 }],
        }),
    ],
    [
      'code of an odd size',
      'code-size',
      () => buildElf({ sections: [{ name: 'xdp', type: 1, flags: 6, data: new Uint8Array(9) }], symbols: [] }),
    ],
    [
      'maps without BTF',
      'no-btf',
      () => buildElf({ sections: [{ name: '.maps', type: 1, flags: 3, data: new Uint8Array(32) }], symbols: [] }),
    ],
    [
      'a call to the middle of a function',
      'call-target',
      () =>
        buildElf({
          sections: [{ name: 'xdp', type: 1, flags: 6, data: slots([0x85, 0, 1, 0, 0], [0x95, 0, 0, 0, 0]) }],
          symbols: [{ name: 'p', section: 1, size: 16 }],
        }),
    ],
    [
      'global data of terabytes',
      'map-malformed',
      () => buildElf({ sections: [{ name: '.bss', type: 8, flags: 3, size: 2 ** 41 }], symbols: [] }),
    ],
  ];
  for (const [name, code, bytes] of refused) {
    it(`refuses ${name}: ${code}`, () =>
      assert.throws(
        () => readObject(bytes()),
        (error) => error instanceof InputError && error.code === code && !error.message.includes('\n'),
      ));
  }
});

describe('readObject on what clang makes', () => {
  let bytes: Uint8Array | string;
  let object: BpfObject;
  before(async () => {
    bytes = await compiled('test/fixtures/objects/shapes.c', ['-mcpu=v3']);
    if (typeof bytes !== 'string') object = readObject(bytes);
  });
  const check = (name: string, body: (t: TestContext) => void): void => {
    it(name, (t) => (typeof bytes === 'string' ? t.skip(bytes) : body(t)));
  };
  const program = (name: string): Program => object.programs.find((candidate) => candidate.name === name)!;

  check('finds maps with their sizes, inner maps and globals', () => {
    const rows = object.maps.map((map) => [map.name, map.type, map.keySize, map.valueSize, map.maxEntries, map.origin]);
    assert.deepEqual(rows, [
      ['table', 1, 12, 8, 16, 'btf'],
      ['outer', 12, 4, 4, 2, 'btf'],
      ['outer.inner', 2, 4, 12, 3, 'btf'],
      ['jumps', 3, 4, 4, 5, 'btf'],
      ['.data', 2, 4, 4, 1, 'global'],
      ['.rodata', 2, 4, 16, 1, 'global'],
      ['.bss', 2, 4, 24, 1, 'global'],
      ['.kconfig', 2, 4, 8, 1, 'global'],
    ]);
    assert.equal(object.maps[1]!.inner, 2);
    assert.equal(object.maps[0]!.flags, 1);
    assert.equal(object.maps[3]!.pinning, 1);
    assert.deepEqual(
      object.maps.map((map) => map.readOnly),
      [false, false, false, false, false, true, false, true],
    );
    assert.deepEqual([...object.maps[4]!.initial!], [5, 0, 0, 0]);
    assert.equal(object.maps[6]!.initial, undefined);
    assert.equal(object.btf!.type(object.maps[0]!.keyTypeId).name, 'key');
  });

  check('links each program with exactly the subprograms that it reaches', () => {
    assert.equal(object.license, 'GPL');
    assert.deepEqual(
      object.programs.map((p) => [p.name, p.section]),
      [
        ['first', 'xdp'],
        ['second', 'xdp'],
      ],
    );
    assert.deepEqual(
      program('first')
        .functions.map((fn) => fn.name)
        .sort(),
      ['body', 'deep', 'first', 'shared'],
    );
    assert.deepEqual(
      program('second').functions.map((fn) => fn.name),
      ['second', 'deep'],
    );
    for (const p of object.programs) {
      let end = 0;
      for (const fn of p.functions) {
        assert.equal(fn.start, end);
        assert.equal(object.btf!.type(fn.btfId).name, fn.name);
        end += fn.length;
      }
      assert.equal(end, p.code.length);
    }
  });

  check('makes references free of loader state', () => {
    const seen = {
      map: false,
      value: false,
      callback: false,
      local: false,
      kfunc: false,
      variable: false,
      kconfig: false,
    };
    for (const p of object.programs) {
      for (let slot = 0; slot < p.code.length; slot++) {
        const opcode = p.code.opcode[slot];
        const src = p.code.src[slot];
        const imm = p.code.imm[slot]!;
        if (opcode === 0x18) {
          if (src === 5) seen.map ||= object.maps[imm]!.origin === 'btf';
          if (src === 6) seen.value ||= object.maps[imm]!.name === '.data';
          if (src === 6) seen.kconfig ||= object.maps[imm]!.name === '.kconfig' && p.code.imm[slot + 1] === 4;
          if (src === 4) seen.callback ||= functionAt(p, slot + 1 + imm).name === 'body';
          if (src === 3) seen.variable ||= object.externs[imm]!.name === 'host_variable' && object.externs[imm]!.weak;
          slot++;
        } else if (opcode === 0x85 && src === 1) {
          const callee = functionAt(p, slot + 1 + imm);
          assert.equal(callee.start, slot + 1 + imm);
          seen.local = true;
        } else if (opcode === 0x85 && src === 2) {
          seen.kfunc ||= object.externs[imm]!.name === 'host_function' && object.externs[imm]!.section === '.ksyms';
        }
      }
    }
    assert.deepEqual(
      Object.entries(seen).filter(([, found]) => !found),
      [],
    );
  });

  check('knows the source line of every slot of every function', () => {
    for (const p of object.programs) {
      for (const fn of p.functions) {
        for (let slot = fn.start; slot < fn.start + fn.length; slot++) {
          const record = p.lines.at(slot);
          assert.ok(
            record && record.slot >= fn.start && record.path.endsWith('shapes.c'),
            `${fn.name} slot ${slot - fn.start}`,
          );
        }
      }
    }
    const last = program('second').functions.find((fn) => fn.name === 'deep')!;
    assert.match(program('second').lines.at(last.start)!.text, /deep\(int a\)|volatile int x = a/);
  });

  check('sizes of types are those that C says', () => {
    const btf = object.btf!;
    const key = btf.type(btf.find(BtfKind.STRUCT, 'key'));
    assert.ok(key.kind === BtfKind.STRUCT);
    assert.equal(key.size, 12);
    assert.deepEqual(
      key.members.map((member) => [member.name, member.bitOffset]),
      [
        ['a', 0],
        ['b', 32],
      ],
    );
  });

  check('answers damaged objects with typed errors or an object, never otherwise', () => {
    const good = bytes as Uint8Array;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        fc.option(fc.nat(good.length)),
        (flips, cut) => {
          const damaged = good.slice(0, cut ?? good.length);
          for (const [at, value] of flips) if (at < damaged.length) damaged[at] = value;
          try {
            readObject(damaged);
          } catch (error) {
            assert.ok(error instanceof InputError, error instanceof Error ? error.stack : String(error));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
