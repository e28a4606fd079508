import { expect, test } from 'vitest';
import { readMoment } from './moment.ts';

test.each([
  { text: '1970-01-01T00:00:00Z', micros: 0 },
  { text: '2026-11-26T21:15:00Z', micros: 1_795_727_700_000_000 },
  { text: '2026-11-26T22:15:00+01:00', micros: 1_795_727_700_000_000 },
  { text: '2026-11-26 21:15:00z', micros: 1_795_727_700_000_000 },
  { text: '2026-11-26T21:15:00.5Z', micros: 1_795_727_700_500_000 },
  { text: '2026-11-26T21:15:00.123456Z', micros: 1_795_727_700_123_456 },
  { text: '2026-11-26T21:15:00.1234569Z', micros: 1_795_727_700_123_456 },
])('$text is $micros', ({ text, micros }) => {
  expect(readMoment(text)).toBe(micros);
});

test.each([
  '',
  'yesterday',
  '2026-11-26',
  '2026-11-26T21:15:00',
  '2026-13-26T21:15:00Z',
  '1795727700',
  '2026-11-26T25:00:00Z',
])('%j is no moment', (text) => {
  expect(readMoment(text)).toBeUndefined();
});
