// When databases have their rounds of an archive: soon, but for one that fails or does not answer, and one at a time.
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ControlDatabase } from '../src/control/control-database.ts';
import { Archive } from '../src/copies/archive.ts';
import type { CopyThread } from '../src/copies/thread/copy-thread.ts';
import type { ArchiveAnswer } from '../src/copies/thread/messages.ts';
import type { Databases } from '../src/databases.ts';
import { record } from './database-record.ts';
const SECOND = 1000;
const done = { endTxOffset: 8, beganCopy: undefined, snapshotProblem: undefined, newBase: undefined };
const success: ArchiveAnswer = { ...done, failure: undefined };
const failure: ArchiveAnswer = { ...done, failure: { code: 'BLOB_UNAVAILABLE', message: 'out of reach' } };

/** When rounds began, in ms, and up to which transaction. */
let rounds: { readonly at: number; readonly durableTxOffset: number | undefined }[];
let answer: () => Promise<ArchiveAnswer>;
let durable: () => Promise<number>;
let archive: Archive;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  rounds = [];
  answer = () => Promise.resolve(success);
  durable = () => Promise.resolve(7);
  const archiveIt = ({ durableTxOffset }: { durableTxOffset: number | undefined }): Promise<ArchiveAnswer> => {
    rounds.push({ at: performance.now(), durableTxOffset });
    return answer();
  };
  // What an archive asks of them, and nothing else.
  const copies = {
    request: (_kind: 'archive', input: { durableTxOffset: number | undefined }) => archiveIt(input),
    close: () => Promise.resolve(),
  } as unknown as CopyThread;
  const thread = {
    request: (kind: string) => (kind === 'durableTxOffset' ? durable() : Promise.resolve(undefined)),
  };
  const { identity } = record;
  const databases = { started: () => [{ identity, thread }], pathOf: () => 'db' } as unknown as Databases;
  const control = { databases: () => [record], findDatabase: () => record, namesOf: () => [] };
  const log = pino({ level: 'silent' });
  archive = new Archive(copies, SECOND, databases, control as unknown as ControlDatabase, log);
  archive.start();
});
afterEach(() => void vi.useRealTimers());

test('after a failure the next round comes later, each time by twice as much up to five minutes, and soon after a success', async () => {
  answer = () => Promise.resolve(failure);
  await vi.advanceTimersByTimeAsync(1200 * SECOND);
  answer = () => Promise.resolve(success);
  await vi.advanceTimersByTimeAsync(600 * SECOND);
  const waits = rounds.slice(1).map(({ at }, i) => Math.round((at - rounds[i]!.at) / SECOND)); // one before each
  expect(waits.slice(0, 12)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  expect(waits.slice(-2)).toEqual([1, 1]);
});

test('what is durable of a database that does not say it is not guessed: it has its turn later', async () => {
  durable = () => Promise.reject(new Error('it is held up'));
  await vi.advanceTimersByTimeAsync(10 * SECOND);
  expect(rounds).toEqual([]);
  durable = () => Promise.resolve(7);
  await vi.advanceTimersByTimeAsync(SECOND);
  expect(rounds).toMatchObject([{ durableTxOffset: 7 }]);
});

test('the last round of a stop begins when the one that is under way is over', async () => {
  const gate = Promise.withResolvers<ArchiveAnswer>();
  answer = () => gate.promise;
  await vi.advanceTimersByTimeAsync(SECOND);
  const closed = archive.close();
  await vi.advanceTimersByTimeAsync(SECOND);
  expect(rounds).toHaveLength(1);
  gate.resolve(success);
  await closed;
  // Of what is there: the database is closed.
  expect(rounds.map(({ durableTxOffset }) => durableTxOffset)).toEqual([7, undefined]);
});
