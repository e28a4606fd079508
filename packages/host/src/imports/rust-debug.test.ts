import { expect, test } from 'vitest';
import { debugDuration, debugString } from './rust-debug.ts';

test.each([
  { micros: 0, text: '0ns' },
  { micros: 0.83, text: '830ns' },
  { micros: 1, text: '1µs' },
  { micros: 1.5, text: '1.5µs' },
  { micros: 1234.567, text: '1.234567ms' },
  { micros: 20_000, text: '20ms' },
  { micros: 2_500_000, text: '2.5s' },
  { micros: 61_000_001, text: '61.000001s' },
  { micros: -5, text: '0ns' },
])('$micros µs is $text', ({ micros, text }) => {
  expect(debugDuration(micros)).toBe(text);
});

test.each([
  { value: 'plain', text: '"plain"' },
  { value: `it's`, text: `"it's"` },
  { value: 'a"b\\c', text: '"a\\"b\\\\c"' },
  { value: '\0\t\n\r', text: '"\\0\\t\\n\\r"' },
  { value: '\u001b\u007f', text: '"\\u{1b}\\u{7f}"' },
  { value: 'größe 😀', text: '"größe 😀"' },
  { value: '\u200b\u00a0\u2028', text: '"\\u{200b}\\u{a0}\\u{2028}"' },
  { value: 'e\u0301', text: '"e\\u{301}"' },
])('$text', ({ value, text }) => {
  expect(debugString(value)).toBe(text);
});
