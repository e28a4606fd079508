import { expect, test } from 'vitest';
import { halfSipHash } from './hash.ts';

// The table of `hsiphash` for 32-bit machines in Linux's tests of SipHash: messages 00, 00 01, 00 01 02 … under one key.
const HASHES = [
  0x5814_c896, 0xe7e8_64ca, 0xbc4b_0e30, 0x0153_9939, 0x7e05_9ea6, 0x88e3_d89b, 0xa008_0b65, 0x9d38_d9d6, 0x5779_99b1,
  0xc839_caed,
];

test.each(HASHES.map((hash, length) => ({ hash, length })))('of $length bytes', ({ hash, length }) => {
  const bytes = Uint8Array.from({ length: 20 }, (_, i) => i - 5);
  expect(halfSipHash(0x0302_0100, 0x0706_0504, bytes, 5, 5 + length) >>> 0).toBe(hash);
});
