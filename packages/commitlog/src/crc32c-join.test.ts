import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import { crc32c } from './crc32c.ts';
import { endCrc32c, joinCrc32c } from './crc32c-join.ts';

property.prop([fc.uint8Array({ maxLength: 300, size: 'max' }), fc.nat(300)])(
  'the checksums of two parts give that of the whole, and that of the whole and its beginning that of the end',
  (bytes, at) => {
    const cut = Math.min(at, bytes.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const [left, right] = [crc32c(view, 0, cut), crc32c(view, cut, bytes.length)];
    const whole = crc32c(view, 0, bytes.length);
    expect(joinCrc32c(left, right, bytes.length - cut)).toBe(whole);
    expect(endCrc32c(whole, left, bytes.length - cut)).toBe(right);
  },
);
