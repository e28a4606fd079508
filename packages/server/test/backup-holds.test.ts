// While a database is copied its log must not go: with retries alone a busy one would be copied in vain.
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { ControlDatabase } from '../src/control/control-database.ts';
import { Backups } from '../src/copies/backups.ts';
import type { CopyThread } from '../src/copies/thread/copy-thread.ts';
import { CopyFailure } from '../src/copies/thread/copy-thread.ts';
import type { Databases } from '../src/databases.ts';
import { record } from './database-record.ts';
const HELD = ['holdLog true', 'durableTxOffset', 'backUp', 'holdLog false'];

test.each([
  { what: 'that is made', failures: [], steps: HELD },
  { what: 'whose log went nevertheless', failures: ['LOG_MISSING'], steps: [...HELD, ...HELD] },
  { what: 'that fails', failures: ['BLOB_FAILED'], steps: HELD },
])('the log is held from before its end is asked for until a backup $what is over', async ({ failures, steps }) => {
  const asked: string[] = [];
  const left = [...failures];
  const request = (kind: string, input: unknown): Promise<unknown> => {
    asked.push(kind === 'holdLog' ? `holdLog ${String(input)}` : kind);
    const failure = kind === 'backUp' ? left.shift() : undefined;
    if (failure !== undefined) return Promise.reject(new CopyFailure(failure, 'it failed'));
    const backup = { id: 'x', finishedAt: '', lastTxOffset: 7, bytes: 1 };
    return Promise.resolve(kind === 'durableTxOffset' ? 7 : { backup, snapshotProblem: undefined });
  };
  // What a backup asks of them, and nothing else.
  const thread = { request } as unknown as CopyThread;
  const databases = { open: () => Promise.resolve({ thread }), pathOf: () => 'db' } as unknown as Databases;
  const control = { findDatabase: () => record, namesOf: () => [] } as unknown as ControlDatabase;
  const config = { location: 'x', everyMs: undefined, keep: 3 };
  const backups = new Backups(config, thread, databases, control, pino({ level: 'silent' }));
  const made = backups.create(record);
  if (failures.includes('BLOB_FAILED')) await expect(made).rejects.toMatchObject({ code: 'BLOB_FAILED' });
  else expect(await made).toMatchObject({ lastTxOffset: 7 });
  expect(asked).toEqual(steps);
});
