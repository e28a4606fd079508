import { expect, test } from 'vitest';
import { formatUuid, parseUuid } from './uuid-text.ts';

const value = 2072947073404133905756020061795036109n;

test.each([
  '018f3c2e-7a10-7000-8000-00000000abcd',
  '018F3C2E-7A10-7000-8000-00000000ABCD',
  '018f3c2e7a107000800000000000abcd',
  '{018f3c2e-7a10-7000-8000-00000000abcd}',
  'urn:uuid:018f3c2e-7a10-7000-8000-00000000abcd',
])('%s is a UUID', (text) => {
  expect(parseUuid(text)).toBe(value);
});

test.each([
  '',
  '018f3c2e',
  '{018f3c2e7a107000800000000000abcd}',
  '018f-3c2e7a10-7000-8000-00000000abcd',
  `0x${'0'.repeat(32)}`,
])('%j is none', (text) => {
  expect(() => parseUuid(text)).toThrow(expect.objectContaining({ code: 'SATS_INVALID_TEXT' }));
});

test('is written in five groups', () => {
  expect(formatUuid(value)).toBe('018f3c2e-7a10-7000-8000-00000000abcd');
  expect(formatUuid(0n)).toBe('00000000-0000-0000-0000-000000000000');
});
