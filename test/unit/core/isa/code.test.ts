import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decode, encode } from '../../../../core/isa/code';

describe('decode and encode', () => {
  it('are inverse in both byte orders', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (raw, little) => {
        const bytes = raw.subarray(0, raw.length - (raw.length % 8));
        assert.deepEqual(encode(decode(bytes, little), little), Uint8Array.from(bytes));
      }),
    );
  });

  it('put the fields where RFC 9669 section 3 has them', () => {
    const little = decode(Uint8Array.of(0x07, 0x21, 0xfe, 0xff, 0x05, 0, 0, 0x80));
    assert.deepEqual(
      [little.opcode[0], little.dst[0], little.src[0], little.offset[0], little.imm[0]],
      [7, 1, 2, -2, -0x7ffffffb],
    );
    const big = decode(Uint8Array.of(0x07, 0x12, 0xff, 0xfe, 0x80, 0, 0, 0x05), false);
    assert.deepEqual([big.opcode[0], big.dst[0], big.src[0], big.offset[0], big.imm[0]], [7, 1, 2, -2, -0x7ffffffb]);
  });

  it('refuse a size that is no multiple of 8', () => {
    assert.throws(() => decode(new Uint8Array(12)), { code: 'code-size' });
  });
});
