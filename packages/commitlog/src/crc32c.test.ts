import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { crc32c } from './crc32c.ts';

/** One bit at a time, from the polynomial: the oracle. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
test.each([
  { name: 'nothing', bytes: [], value: 0 },
  { name: '"123456789"', bytes: Array.from('123456789', (digit) => digit.charCodeAt(0)), value: 0xe306_9283 },
  { name: '32 zeros', bytes: Array.from({ length: 32 }, () => 0), value: 0x8a91_36aa },
  { name: '32 x ff', bytes: Array.from({ length: 32 }, () => 0xff), value: 0x62a8_ab43 },
  { name: '0..31', bytes: Array.from({ length: 32 }, (_, i) => i), value: 0x46dd_794e },
])('CRC-32C of $name', ({ bytes, value }) => {
  expect(crc32c(new DataView(Uint8Array.from(bytes).buffer), 0, bytes.length)).toBe(value);
});

property.prop([fc.uint8Array({ maxLength: 100, size: 'max' }), fc.nat(20), fc.nat(20)])(
  'sixteen at a time gives what one bit at a time gives, from any start to any end of any part of a buffer',
  (bytes, before, after) => {
    const padded = new Uint8Array(before + bytes.length + after).fill(0xa5);
    padded.set(bytes, before);
    const start = before >> 1;
    const view = new DataView(padded.buffer, before - start);
    expect(crc32c(view, start, start + bytes.length)).toBe(bitwise(bytes));
  },
);
