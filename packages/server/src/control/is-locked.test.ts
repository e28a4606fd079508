import { expect, test } from 'vitest';
import { isLocked } from './is-locked.ts';

test.each([
  { code: 'SQLITE_BUSY', expected: true },
  { code: 'SQLITE_BUSY_RECOVERY', expected: true },
  { code: 'SQLITE_BUSY_SNAPSHOT', expected: true },
  { code: 'SQLITE_BUSYBODY', expected: false },
  { code: 'SQLITE_NOTADB', expected: false },
  { code: 'SQLITE_CANTOPEN_ISDIR', expected: false },
])('$code: $expected', ({ code, expected }) => {
  expect(isLocked(Object.assign(new Error('no'), { code }))).toBe(expected);
});

test('what has no code is no lock', () => {
  expect(isLocked(new Error('SQLITE_BUSY'))).toBe(false);
  expect(isLocked(undefined)).toBe(false);
});
