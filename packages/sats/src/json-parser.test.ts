import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { parseJson } from './json-parser.ts';
import { formatJson } from './json-value.ts';
import type { JsonValue } from './json-value.ts';

test.each<[string, JsonValue]>([
  ['340282366920938463463374607431768211455', 340282366920938463463374607431768211455n],
  ['-9223372036854775808', -9223372036854775808n],
  ['1.0', 1],
  ['1e2', 100],
  ['-0', -0],
  [' [1 , {"a" : null}]\n', [1n, { a: null }]],
  ['"\\u00e9\\n\\ud835\\udcb3"', 'é\n\u{1d4b3}'],
])('%s is parsed exactly', (text, value) => {
  expect(parseJson(text)).toStrictEqual(value);
});

test.each([
  ['01', 'expected the end'],
  ['[1,]', 'expected a value'],
  ['{"a":1,}', 'expected a key'],
  ['{"a" 1}', 'expected ":"'],
  ['{"a":1,"a":2}', 'duplicate field'],
  ['1e400', 'expected a number in range'],
  ['"\\ud835"', 'unpaired surrogates'],
  ['"a\nb"', 'expected a string'],
  ['"\\x41"', 'expected a string with valid escapes'],
  ['"a\\', 'expected a string'],
  ['1 2', 'at character 2: expected the end, found "2"'],
  ['', 'found the end'],
  ['\u00a01', 'expected a value'],
])('%s is refused', (text, message) => {
  expect(() => parseJson(text)).toThrow(
    expect.objectContaining({ code: 'SATS_INVALID_JSON', message: expect.stringContaining(message) }),
  );
});

test('more values than may be are refused as soon as they are there', () => {
  expect(parseJson('[1,{"a":[2]}]', 5)).toStrictEqual([1n, { a: [2n] }]);
  const refusal = expect.objectContaining({ code: 'SATS_TOO_LONG', message: 'JSON with more than 4 values' });
  expect(() => parseJson('[1,{"a":[2]}]', 4)).toThrow(refusal);
  expect(() => parseJson('[0,0,0,0 and no end', 4)).toThrow(refusal);
});

property.prop([
  fc.oneof(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: -200, max: 200 })),
  fc.constantFrom('', ' ', '\n', ',', ']', '0', '.5', 'e2', 'E-1', '.', 'e', 'x', '-'),
])('numbers are taken as by JSON.parse, integers exactly', (number, after) => {
  for (const text of [`${number}${after}`, `-${number}${after}`, `0${number}${after}`]) {
    const parsed = outcome(() => parseJson(text));
    const expected = outcome(() => JSON.parse(text) as number);
    expect([text, typeof parsed === 'bigint' ? Number(parsed) : parsed]).toEqual([text, expected]);
    if (typeof parsed === 'bigint') expect(parsed).toBe(BigInt(text.trim()));
  }
});

/** A value, or that there is none. */
function outcome<T>(run: () => T): T | 'refused' {
  try {
    return run();
  } catch {
    return 'refused';
  }
}

test('an integer of a million digits is refused at once', () => {
  expect(() => parseJson('9'.repeat(1_000_000))).toThrow(expect.objectContaining({ code: 'SATS_INVALID_JSON' }));
});

test('nesting is bounded', () => {
  expect(formatJson(parseJson('['.repeat(256) + ']'.repeat(256)))).toHaveLength(512);
  expect(() => parseJson('['.repeat(1_000_000))).toThrow(expect.objectContaining({ code: 'SATS_TOO_DEEP' }));
});

test('a key __proto__ is a key', () => {
  const parsed = parseJson('{"__proto__":{"polluted":true}}');
  expect(formatJson(parsed)).toBe('{"__proto__":{"polluted":true}}');
  expect(Object.hasOwn({}, 'polluted')).toBe(false);
  expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
});

test('long strings do not exhaust the stack', () => {
  const long = 'x'.repeat(20_000_000);
  expect(parseJson(`"${long}\\n"`)).toBe(`${long}\n`);
});
