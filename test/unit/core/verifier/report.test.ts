import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decode, emptyCode } from '../../../../core/isa/code';
import { LineTable } from '../../../../core/object/line_table';
import type { BpfObject, Program } from '../../../../core/object/object';
import { linux, windows } from '../../../../core/platform/platforms';
import { verifyProgram } from '../../../../core/verifier/verify';
import { mapOf, verify } from './assembler';

const TRACKER = `
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = map counts
  call bpf_map_lookup_elem
  r1 = *(u64 *)(r0 + 0)
  r1 += 1
  *(u64 *)(r0 + 0) = r1
  r0 = 2
  exit`;
const SOURCE = {
  0: '    __u32 key = 0;',
  3: '    __u64 *start_time = bpf_map_lookup_elem(&counts, &key);',
  6: '    *start_time += 1;',
  9: '    return XDP_PASS;',
};

describe('reports', () => {
  it('one bad dereference is one finding, with the lookup as its cause and a fix', () => {
    const report = verify(TRACKER, { source: SOURCE });
    assert.equal(report.findings.length, 1);
    const finding = report.findings[0]!;
    assert.deepEqual(
      [finding.code, finding.class, finding.function, finding.pc, finding.instruction],
      ['null-dereference', 'NULL', 'main', 6, 'r1 = *(u64 *)(r0 + 0x0)'],
    );
    assert.deepEqual(finding.source, { path: 'test.c', line: 3, column: 1, text: SOURCE[6] });
    assert.match(finding.message, /bpf_map_lookup_elem/);
    assert.deepEqual(
      finding.because.map(({ pc, source }) => [pc, source?.line]),
      [[5, 2]],
    );
    assert.deepEqual(finding.fix, {
      title: 'Return XDP_PASS when start_time is NULL',
      edits: [
        {
          path: 'test.c',
          range: { startLine: 3, startColumn: 1, endLine: 3, endColumn: 1 },
          text: '    if (!start_time) return XDP_PASS;\n',
        },
      ],
    });
  });

  it('a read beyond the packet has a fix when one pointer is followed', () => {
    const text = `
      r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r2; r4 += 14; if r4 > r3 goto out; r5 = *(u8 *)(r2 + 23)
      out: r0 = 0; exit`;
    const lines = (use: string): Record<number, string> => ({
      0: '  void *data = (void *)(long)ctx->data;',
      1: '  void *end = (void *)(long)ctx->data_end;',
      5: use,
    });
    const fixOf = (use: string): string | undefined =>
      verify(text, { source: lines(use) }).findings[0]!.fix?.edits[0]?.text;
    assert.equal(fixOf('  if (ip->protocol == 6)'), '  if ((void *)(ip + 1) > end) return XDP_PASS;\n');
    assert.equal(fixOf('  if (ip->protocol == tcp->dest)'), undefined);
    assert.equal(fixOf('  } else if (ip->protocol == 6)'), undefined);
    assert.equal(fixOf('  while (ip->protocol == 6)'), undefined);
  });

  it('without lines there is neither source nor fix', () => {
    const finding = verify(TRACKER).findings[0]!;
    assert.deepEqual([finding.source, finding.fix, finding.because[0]?.source], [undefined, undefined, undefined]);
  });

  it('independent failures are all reported, in the order of the code', () => {
    const report = verify(`
      r2 = *(u32 *)(r1 + 0); r3 = *(u8 *)(r2 + 0); r4 = *(u64 *)(r10 - 8); *(u64 *)(r10 + 8) = 1; r0 = 1; exit`);
    assert.deepEqual(
      report.findings.map((finding) => finding.code),
      ['packet-bounds', 'stack-uninitialised', 'stack-bounds'],
    );
  });

  it('what depends on a failure is not reported again', () => {
    const report = verify(`
      r2 = *(u32 *)(r1 + 0); r3 = *(u8 *)(r2 + 0); r3 = *(u8 *)(r2 + 0); r4 = 7; r5 = *(u8 *)(r4 + 0); r5 = *(u8 *)(r4 + 1)
      r6 = r7; r6 += r7; r0 = 0; exit`);
    assert.deepEqual(
      report.findings.map((finding) => [finding.code, finding.pc]),
      [
        ['packet-bounds', 1],
        ['not-a-pointer', 4],
        ['uninitialised-register', 6],
      ],
    );
  });

  it('bounds say what was needed and what was known', () => {
    const report = verify(`
      r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r2; r4 += 14; if r4 > r3 goto out; r5 = *(u32 *)(r2 + 26)
      out: r0 = 0; exit`);
    const { needed, known } = report.findings[0]!;
    assert.deepEqual([needed, known], ['26 + 4 <= data_end - data', 'data_end - data >= 14']);
  });

  it('counts instructions and stack, and names the type', () => {
    const report = verify('*(u64 *)(r10 - 24) = 0; r0 = 0; exit');
    assert.deepEqual([report.type, report.instructions, report.stackBytes, report.level], ['xdp', 3, 24, 'L0']);
  });

  it('says which level decided', () => {
    const flag = `
      r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r6 = 0; r4 = r2; r4 += 20; if r4 > r3 goto join; r6 = 1
      join: if r6 != 1 goto out; r5 = *(u32 *)(r2 + 16)
      out: r0 = 0; exit`;
    assert.deepEqual([verify(flag).verdict, verify(flag).level], ['proved', 'L2']);
  });
});

describe('garbage', () => {
  const bytes = fc.uint8Array({ minLength: 8, maxLength: 320 }).map((raw) => raw.subarray(0, raw.length & ~7));
  /** Mostly valid opcodes and small fields: garbage that gets past decoding. */
  const plausible = fc.array(
    fc.tuple(
      fc.constantFrom(0xb7, 0xbf, 0x07, 0x0f, 0x17, 0x1f, 0x61, 0x79, 0x63, 0x7b, 0x62, 0x7a, 0x15, 0x1d, 0x25, 0x2d, 0x05, 0x85, 0x95, 0x67, 0x77, 0xbc, 0x04, 0xb4, 0x16, 0xdb, 0xd4, 0x57, 0x18), // prettier-ignore
      fc.integer({ min: 0, max: 10 }),
      fc.integer({ min: 0, max: 10 }),
      fc.integer({ min: -16, max: 16 }),
      fc.oneof(fc.integer({ min: -16, max: 64 }), fc.integer()),
    ),
    { minLength: 1, maxLength: 30 },
  );

  function check(program: Program): boolean {
    const object: BpfObject = {
      littleEndian: true,
      license: 'GPL',
      builtForWindows: false,
      programs: [program],
      maps: [mapOf({}), mapOf({ type: 27, keySize: 0, valueSize: 0 }), mapOf({ type: 13, inner: 0 })],
      externs: [],
      btf: undefined,
    };
    for (const platform of [linux, windows]) {
      const section = platform.id === 'linux' ? program.section : 'bind';
      const report = verifyProgram(object, { ...program, section }, platform, { maxSteps: 4000 });
      if (report.verdict !== 'proved' && report.findings.length === 0) return false;
      JSON.stringify(report);
    }
    return true;
  }

  function programOf(code: Program['code'], split: number): Program {
    const at = Math.min(code.length, Math.max(1, split));
    const cut = at < code.length ? [0, at] : [0];
    return {
      name: 'garbage',
      section: 'xdp',
      code,
      functions: cut.map((start, index) => ({
        name: `f${index}`,
        section: 'xdp',
        sectionSlot: start,
        start,
        length: (cut[index + 1] ?? code.length) - start,
        btfId: 0,
        global: false,
      })),
      lines: new LineTable([], cut),
    };
  }

  it('of random bytes gets a verdict with a reason', () => {
    fc.assert(
      fc.property(bytes, fc.nat(40), (raw, split) => check(programOf(decode(raw), split))),
      { numRuns: 400 },
    );
  });

  it('of random instructions gets a verdict with a reason', () => {
    fc.assert(
      fc.property(plausible, fc.nat(40), (rows, split) => {
        const code = emptyCode(rows.length + 2);
        rows.forEach(([opcode, dst, src, offset, imm], slot) => {
          code.opcode[slot] = opcode;
          code.dst[slot] = dst;
          const fromRegister = (opcode & 8) !== 0 || [0x61, 0x79].includes(opcode);
          code.src[slot] = opcode === 0x85 ? src % 3 : opcode === 0x18 ? src % 7 : fromRegister ? src : 0;
          const isMemory = (opcode & 7) >= 1 && (opcode & 7) <= 3;
          code.offset[slot] = isMemory || ((opcode & 7) === 5 && opcode !== 0x85 && opcode !== 0x95) ? offset : 0;
          code.imm[slot] = fromRegister || opcode === 0x95 ? 0 : opcode === 0xd4 ? 16 : imm;
          if (opcode === 0x85 || opcode === 0x95 || opcode === 0x05) code.dst[slot] = 0;
        });
        code.opcode[rows.length] = 0xb7;
        code.opcode[rows.length + 1] = 0x95;
        return check(programOf(code, split));
      }),
      { numRuns: 1500 },
    );
  });

  it('of no instructions at all is invalid', () => {
    assert.ok(check(programOf(emptyCode(0), 1)));
  });
});
