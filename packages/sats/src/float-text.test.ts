import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { formatF32, formatF64 } from './float-text.ts';

test.each([
  [0, '0.0'],
  [-0, '-0.0'],
  [1, '1.0'],
  [-2.25, '-2.25'],
  [0.1, '0.1'],
  [1e-5, '0.00001'],
  [9.9e-6, '9.9e-6'],
  [1.5e-7, '1.5e-7'],
  [123456.789, '123456.789'],
  [1e15, '1000000000000000.0'],
  [9999999999999998, '9999999999999998.0'],
  [1e16, '1e16'],
  [123456789012345680, '1.2345678901234568e17'],
  [5e-324, '5e-324'],
  [1.7976931348623157e308, '1.7976931348623157e308'],
  [Number.NaN, 'null'],
  [Number.NEGATIVE_INFINITY, 'null'],
])('f64 %d is written %s', (value, text) => {
  expect(formatF64(value)).toBe(text);
});

test.each([
  [0, '0.0'],
  [-0, '-0.0'],
  [1.5, '1.5'],
  [0.1, '0.1'],
  [16777216, '16777216.0'],
  [1e-6, '0.000001'],
  [9e-7, '9e-7'],
  [9.5367431640625e-7, '9.536743e-7'],
  [9999999e5, '999999900000.0'],
  [1e13, '1e13'],
  [3.4028234663852886e38, '3.4028235e38'],
  [1e-45, '1e-45'],
  [Number.POSITIVE_INFINITY, 'null'],
])('f32 %d is written %s', (value, text) => {
  expect(formatF32(value)).toBe(text);
});

/** Decimals of few digits around a float: none with fewer digits than ours may be the same float. */
function shortestDigits(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split('e') as [string, string];
    const middle = Number(mantissa.replace('.', ''));
    for (const candidate of [middle - 1, middle, middle + 1]) {
      if (Math.fround(Number(`${candidate}e${Number(exponent) - digits + 1}`)) === value) return digits;
    }
  }
  return 9;
}

function significantDigits(text: string): number {
  const digits = text.replace(/e.*$/, '').replaceAll(/[-.]/g, '').replace(/^0+/, '');
  return digits.replace(/0+$/, '').length;
}

test('every power of two is the shortest f32 text, though its neighbours lie unevenly', () => {
  for (let exponent = -149; exponent <= 127; exponent++) {
    const value = 2 ** exponent;
    const text = formatF32(value);
    expect(Math.fround(Number(text))).toBe(value);
    expect(significantDigits(text)).toBeLessThanOrEqual(shortestDigits(value));
  }
});

property.prop([fc.float({ noNaN: true, noDefaultInfinity: true })])('f32 reads back, by the shortest text', (value) => {
  const text = formatF32(value);
  expect(Math.fround(Number(text))).toBe(value);
  expect(significantDigits(text)).toBeLessThanOrEqual(value === 0 ? 0 : shortestDigits(Math.abs(value)));
});

property.prop([fc.double({ noNaN: true, noDefaultInfinity: true })])('f64 reads back', (value) => {
  expect(Number(formatF64(value))).toBe(value);
});
