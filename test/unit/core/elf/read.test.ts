import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../../../core/input/error';
import { readElf, readRelocations } from '../../../../core/elf/read';
import { buildElf, relEntries } from './builder';

const spec = {
  sections: [
    { name: 'xdp', type: 1, flags: 6, data: new Uint8Array(16) },
    { name: '.relxdp', type: 9, data: relEntries([[8, 1, 1]]), link: 3, info: 1 },
  ],
  symbols: [{ name: 'prog', section: 1, size: 16 }],
};

describe('readElf', () => {
  for (const littleEndian of [true, false]) {
    it(`reads sections, symbols and relocations, ${littleEndian ? 'little' : 'big'}-endian`, () => {
      const bytes = buildElf({
        ...spec,
        littleEndian,
        sections: [spec.sections[0]!, { ...spec.sections[1]!, data: relEntries([[8, 1, 1]], littleEndian) }],
      });
      const elf = readElf(bytes);
      assert.equal(elf.machine, 247);
      assert.deepEqual(
        elf.sections.map((section) => section.name),
        ['', 'xdp', '.relxdp', '.symtab', '.strtab', '.shstrtab'],
      );
      assert.equal(elf.symbols[1]?.name, 'prog');
      assert.deepEqual(readRelocations(elf, elf.sections[2]!), [{ offset: 8, type: 1, symbol: 1, addend: undefined }]);
    });
  }

  it('says what is wrong with files that are no ELF64', () => {
    assert.throws(() => readElf(new Uint8Array(0)), { code: 'not-elf', message: 'the file is empty' });
    assert.throws(() => readElf(Buffer.from('int main(void) { return 0; }')), { code: 'not-elf' });
    assert.throws(() => readElf(buildElf(spec).subarray(0, 40)), { code: 'elf-truncated' });
    const narrow = buildElf(spec);
    narrow[4] = 1;
    assert.throws(() => readElf(narrow), { code: 'elf-class' });
  });

  it('refuses a relocation that names a symbol which is not there', () => {
    const elf = readElf(
      buildElf({ ...spec, sections: [spec.sections[0]!, { ...spec.sections[1]!, data: relEntries([[8, 99, 1]]) }] }),
    );
    assert.throws(() => readRelocations(elf, elf.sections[2]!), { code: 'elf-malformed' });
  });

  it('answers every damaged or cut file with a typed error or a result', () => {
    const good = buildElf(spec);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
        fc.nat(good.length),
        (flips, cut) => {
          const bytes = good.slice(0, cut > good.length / 2 ? good.length : cut);
          for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
          try {
            const elf = readElf(bytes);
            for (const section of elf.sections)
              if (section.type === 9 || section.type === 4) readRelocations(elf, section);
          } catch (error) {
            assert.ok(error instanceof InputError, String(error));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
