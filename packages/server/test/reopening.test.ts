// A database whose disk was full is opened again by itself, unless there is nobody any more who would.
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DataDirectory } from '../src/data-directory.ts';
import { Databases } from '../src/databases.ts';
import { RunningDatabase } from '../src/running-database.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Databases of which one has just ended because its disk was full. */
async function withOneEnded(): Promise<{ databases: Databases; dataDirectory: DataDirectory; starts: () => number }> {
  const dataDirectory = DataDirectory.inMemory();
  const databases = new Databases(dataDirectory, pino({ level: 'silent' }));
  const identity = Databases.newIdentity();
  const record = { identity, owner: identity, initialProgram: '12'.repeat(32), replica: 1, isLocked: false };
  dataDirectory.control.putDatabase(record);
  const full = new Error('it ended', { cause: Object.assign(new Error('disk full'), { code: 'ENGINE_DISK_FULL' }) });
  // What is asked of one, and nothing else.
  const running = (ended: Promise<Error>): RunningDatabase =>
    ({ ended, stop: () => Promise.resolve() }) as unknown as RunningDatabase;
  const start = vi
    .spyOn(RunningDatabase, 'start')
    .mockResolvedValue(running(new Promise(() => {})))
    .mockResolvedValueOnce(running(Promise.resolve(full)));
  await databases.open(record);
  await vi.advanceTimersByTimeAsync(0);
  return { databases, dataDirectory, starts: () => start.mock.calls.length };
}

test('a database whose disk was full is opened again a second later', async () => {
  const { starts } = await withOneEnded();
  await vi.advanceTimersByTimeAsync(999);
  expect(starts()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(starts()).toBe(2);
});

test('a server that stops in that second stops', async () => {
  const { databases, dataDirectory, starts } = await withOneEnded();
  await databases.close();
  await dataDirectory.close();
  await vi.advanceTimersByTimeAsync(2000);
  expect(starts()).toBe(1);
});
