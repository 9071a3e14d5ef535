import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../../../core/isa/code';
import { disassembleAt } from '../../../../core/isa/disassemble';
import { slots } from '../elf/builder';

type Row = readonly [number, number, number, number, number];

/** Left: what llvm-objdump 19 printed for the slot on the right. */
const PRINTED: readonly (readonly [string, ...Row[]])[] = [
  ['r1 += -0x7', [0x07, 1, 0, 0, -7]],
  ['w1 += w2', [0x0c, 1, 2, 0, 0]],
  ['r1 s/= r2', [0x3f, 1, 2, 1, 0]],
  ['w0 s%= 0x3', [0x94, 0, 0, 1, 3]],
  ['r1 s>>= 0x5', [0xc7, 1, 0, 0, 5]],
  ['w1 = -w1', [0x84, 1, 0, 0, 0]],
  ['w2 = (s8)w2', [0xbc, 2, 2, 8, 0]],
  ['r1 = (s32)r3', [0xbf, 1, 3, 32, 0]],
  ['r1 = addr_space_cast(r2, 0x0, 0x1)', [0xbf, 1, 2, 1, 1]],
  ['r1 = be16 r1', [0xdc, 1, 0, 0, 16]],
  ['r1 = le64 r1', [0xd4, 1, 0, 0, 64]],
  ['r3 = bswap32 r3', [0xd7, 3, 0, 0, 32]],
  ['r1 = 0x700000005 ll', [0x18, 1, 0, 0, 5], [0, 0, 0, 0, 7]],
  ['r1 = -0x5 ll', [0x18, 1, 0, 0, -5], [0, 0, 0, 0, -1]],
  ['r0 = *(u32 *)skb[-0x7]', [0x20, 0, 0, 0, -7]],
  ['r0 = *(u8 *)skb[r3]', [0x50, 0, 3, 0, 0]],
  ['r1 = *(u32 *)(r6 + 0x10)', [0x61, 1, 6, 16, 0]],
  ['r0 = *(s8 *)(r10 - 0x1)', [0x91, 0, 10, -1, 0]],
  ['*(u32 *)(r10 - 0x4) = 0x1', [0x62, 10, 0, -4, 1]],
  ['*(u64 *)(r0 + 0x0) = r1', [0x7b, 0, 1, 0, 0]],
  ['lock *(u64 *)(r0 + 0x0) += r1', [0xdb, 0, 1, 0, 0]],
  ['lock *(u32 *)(r1 + 0x0) ^= w0', [0xc3, 1, 0, 0, 0xa0]],
  ['r0 = cmpxchg_64(r2 + 0x0, r0, r1)', [0xdb, 2, 1, 0, 0xf1]],
  ['w0 = xchg32_32(r1 - 0x8, w0)', [0xc3, 1, 0, -8, 0xe1]],
  ['r2 = atomic_fetch_or((u64 *)(r1 + 0x0), r2)', [0xdb, 1, 2, 0, 0x41]],
  ['goto +0xb', [0x05, 0, 0, 11, 0]],
  ['gotol -0x2', [0x06, 0, 0, 0, -2]],
  ['if r0 == 0x0 goto +0xd', [0x15, 0, 0, 13, 0]],
  ['if w1 < -0x4 goto +0xf', [0xa6, 1, 0, 15, -4]],
  ['if r1 s<= r0 goto -0x3', [0xdd, 1, 0, -3, 0]],
  ['if r1 & 0x8 goto +0x0', [0x45, 1, 0, 0, 8]],
  ['call -0x1', [0x85, 0, 1, 0, -1]],
  ['callx r1', [0x8d, 1, 0, 0, 0]],
  ['may_goto +0x1', [0xe5, 0, 0, 1, 0]],
  ['exit', [0x95, 0, 0, 0, 0]],
  ['<unknown>', [0x00, 0, 0, 0, 0]],
  ['<unknown>', [0xff, 0, 0, 0, 0]],
];

describe('disassembleAt', () => {
  for (const [text, ...rows] of PRINTED) {
    it(text, () => assert.equal(disassembleAt(decode(slots(...rows)), 0), text));
  }

  it('has a text for every slot of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) =>
        assert.notEqual(disassembleAt(decode(bytes), 0), ''),
      ),
      { numRuns: 2000 },
    );
  });
});
