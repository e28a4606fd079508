import { expect, test } from 'vitest';
import { isLocked, isSqliteFull } from './sqlite-failure.ts';

test.each([
  { name: 'SQLITE_BUSY', errcode: 5, locked: true, full: false },
  { name: 'SQLITE_BUSY_RECOVERY', errcode: 261, locked: true, full: false },
  { name: 'SQLITE_BUSY_SNAPSHOT', errcode: 517, locked: true, full: false },
  { name: 'SQLITE_FULL', errcode: 13, locked: false, full: true },
  { name: 'SQLITE_CANTOPEN_ISDIR', errcode: 526, locked: false, full: false },
  { name: 'SQLITE_NOTADB', errcode: 26, locked: false, full: false },
])('$name: locked $locked, full $full', ({ errcode, locked, full }) => {
  const error = Object.assign(new Error('no'), { code: 'ERR_SQLITE_ERROR', errcode });
  expect([isLocked(error), isSqliteFull(error)]).toEqual([locked, full]);
});

test.each([new Error('database is locked'), undefined])('what has no code of SQLite is neither', (error) => {
  expect([isLocked(error), isSqliteFull(error)]).toEqual([false, false]);
});
