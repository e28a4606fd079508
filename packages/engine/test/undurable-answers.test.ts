// An answer that fails, or only reads, may tell of what is not durable yet: it says what it has to wait for.
import { readFileSync } from 'node:fs';
import { ConnectionId } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { testIdentity } from '../src/testing/index.ts';
import { LoggedDatabase } from './support/logged-database.ts';

const procedures = readFileSync(new URL('../../../modules/procedures/procedures.wasm', import.meta.url));
const owner = { identity: testIdentity('owner'), connectionId: ConnectionId.fromBigInt(77n), jwtPayload: '{}' };

/** Nothing is durable from here on, to the end of the test. */
function holdSyncs({ disk }: LoggedDatabase): Disposable {
  disk.holdSyncs();
  return { [Symbol.dispose]: () => disk.releaseSyncs() };
}

test.each([
  { what: 'a reducer that fails because of it', functionName: 'write', kind: 'failed' },
  { what: 'a procedure that only looks at it', functionName: 'write_unless_there', kind: 'returned' },
])('$what waits for a transaction that it has seen', async ({ functionName, kind }) => {
  await using logged = await LoggedDatabase.create(procedures);
  using _held = holdSyncs(logged);
  const { database } = logged;
  const written = await database.call(owner, 'write', '["entry"]');
  if (written.kind !== 'committed') throw new Error('the entry could not be written');
  const answer = await database.call(owner, functionName, '["entry"]');
  expect(answer.kind).toBe(kind);
  if (!('txOffset' in answer)) throw new Error('the answer does not say what it waits for');
  expect(answer.txOffset).toBeGreaterThanOrEqual(written.txOffset);
  expect(database.metrics().durableTxOffset).toBeLessThan(written.txOffset);
});

test('a statement that fails because of an undurable row waits for it', async () => {
  await using logged = await LoggedDatabase.create(procedures);
  using _held = holdSyncs(logged);
  const { database } = logged;
  const written = await database.call(owner, 'write', '["entry"]');
  if (written.kind !== 'committed') throw new Error('the entry could not be written');
  await database.call(owner, 'write', '["other"]');
  const answer = database.sql(owner, "UPDATE entry SET text = 'entry' WHERE text = 'other'");
  expect(answer).toMatchObject({ kind: 'error', message: expect.stringMatching(/unique/i) as string });
  expect('txOffset' in answer && answer.txOffset).toBeGreaterThanOrEqual(written.txOffset);
});

test('a procedure without transactions waits for nothing', async () => {
  await using logged = await LoggedDatabase.create(procedures);
  using _held = holdSyncs(logged);
  await logged.database.call(owner, 'write', '["entry"]');
  expect(await logged.database.call(owner, 'sleep', '[0]')).toMatchObject({ kind: 'returned', txOffset: undefined });
});
