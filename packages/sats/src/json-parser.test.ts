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
