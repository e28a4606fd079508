import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { formatTimeDuration, formatTimestamp, parseTimestamp } from './time-text.ts';

test.each([
  [0n, '1970-01-01T00:00:00+00:00'],
  [1_700_000_000_000_000n, '2023-11-14T22:13:20+00:00'],
  [1_622_545_800_000n, '1970-01-19T18:42:25.800+00:00'],
  [1n, '1970-01-01T00:00:00.000001+00:00'],
  [-1n, '1969-12-31T23:59:59.999999+00:00'],
  [951_782_400_000_000n, '2000-02-29T00:00:00+00:00'],
  [-62_135_596_800_000_001n, '0000-12-31T23:59:59.999999+00:00'],
  [253_402_300_800_000_000n, '+10000-01-01T00:00:00+00:00'],
  [9_223_372_036_854_775_807n, '+294247-01-10T04:00:54.775807+00:00'],
  [-9_223_372_036_854_775_808n, '-290308-12-21T19:59:05.224192+00:00'],
])('timestamp %d is written %s', (micros, text) => {
  expect(formatTimestamp(micros)).toBe(text);
});

test.each([
  ['1970-01-01T00:00:00Z', 0n],
  ['1970-01-01 00:00:00.1z', 100_000n],
  ['1970-01-01t01:30:00+01:30', 0n],
  ['1969-12-31T22:00:00.123456789-02:00', 123_456n],
  ['2016-12-31T23:59:60Z', 1_483_228_800_000_000n],
])('%s is read as %d', (text, micros) => {
  expect(parseTimestamp(text)).toBe(micros);
});

test.each([
  '',
  '1970-01-01',
  '1970-01-01T00:00:00',
  '1970-13-01T00:00:00Z',
  '1970-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '1970-01-01T24:00:00Z',
  '1970-01-01T00:60:00Z',
  '1970-01-01T00:00:61Z',
  '1970-01-01T00:00:00.Z',
  '1970-01-01T00:00:00+24:00',
  '1970-01-01T00:00:00Z ',
])('%j is no timestamp', (text) => {
  expect(() => parseTimestamp(text)).toThrow(expect.objectContaining({ code: 'SATS_INVALID_TEXT' }));
});

const years0To9999 = fc.bigInt({ min: -62_167_219_200_000_000n, max: 253_402_300_799_999_999n });

property.prop([years0To9999])('a timestamp reads back and agrees with Date', (micros) => {
  const text = formatTimestamp(micros);
  expect(parseTimestamp(text)).toBe(micros);
  const floor = (value: bigint): bigint => value - (((value % 1_000_000n) + 1_000_000n) % 1_000_000n);
  expect(Date.parse(text.replace(/\.\d+/, ''))).toBe(Number(floor(micros) / 1000n));
});

test.each([
  [1_500_000n, '+1.500000'],
  [0n, '+0.000000'],
  [-1n, '-0.000001'],
  [-90_000_000n, '-90.000000'],
])('duration %d is written %s', (micros, text) => {
  expect(formatTimeDuration(micros)).toBe(text);
});
