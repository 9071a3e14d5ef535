import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteView, decodeUtf8 } from '../../../../core/input/bytes';
import { InputError } from '../../../../core/input/error';

describe('decodeUtf8', () => {
  it('reads every well-formed text as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) =>
        assert.equal(decodeUtf8(Buffer.from(text, 'utf8')), Buffer.from(text, 'utf8').toString('utf8')),
      ),
    );
  });

  it('replaces malformed, overlong and surrogate sequences and never throws', () => {
    assert.equal(decodeUtf8(Uint8Array.of(0xc0, 0x80)), '\ufffd\ufffd');
    assert.equal(decodeUtf8(Uint8Array.of(0xed, 0xa0, 0x80)), '\ufffd\ufffd\ufffd');
    assert.equal(decodeUtf8(Uint8Array.of(0x41, 0xe2, 0x82)), 'A\ufffd\ufffd');
    fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.equal(typeof decodeUtf8(bytes), 'string')));
  });
});

describe('ByteView', () => {
  it('reads both byte orders', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    assert.equal(new ByteView(bytes, true, 'x').u32(0, 'n'), 0x04030201);
    assert.equal(new ByteView(bytes, false, 'x').u32(0, 'n'), 0x01020304);
    assert.equal(new ByteView(bytes, false, 'x').u64(0, 'n'), 0x0102030405060708n);
  });

  it('throws the typed error for every read outside', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 16 }), fc.integer({ min: -4, max: 40 }), (bytes, offset) => {
        const view = new ByteView(bytes, true, 'cut');
        for (const read of [
          () => view.u8(offset, 'n'),
          () => view.u16(offset, 'n'),
          () => view.u32(offset, 'n'),
          () => view.u64(offset, 'n'),
          () => view.string(offset, 'n'),
        ]) {
          try {
            read();
          } catch (error) {
            assert.ok(error instanceof InputError && error.code === 'cut');
          }
        }
      }),
    );
  });

  it('refuses a size that no file can have', () => {
    assert.throws(() => new ByteView(new Uint8Array(8).fill(255), true, 'cut').size(0, 'size'), { code: 'cut' });
  });
});
