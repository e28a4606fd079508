import { readFileSync } from 'node:fs';
import { readCommitTimes } from '@lightcone/commitlog';
import { ConnectionId } from '@lightcone/sats';
import { expect, test } from 'vitest';
import type { Caller } from '../src/client.ts';
import { testIdentity } from '../src/testing/index.ts';
import { LoggedDatabase } from './support/logged-database.ts';

const PROGRAM = readFileSync(new URL('../../../modules/procedures/procedures.wasm', import.meta.url));
const owner: Caller = { identity: testIdentity('owner'), connectionId: ConnectionId.fromBigInt(99n), jwtPayload: '{}' };

test('it is noted when SQL and procedures changed something, and not when reducers did, whose records say it', async () => {
  await using db = await LoggedDatabase.create(PROGRAM);
  db.notesTimes = true;
  await db.restart();
  const { database, clock } = db;
  const expected: { txOffset: number; micros: number }[] = [];
  const isNoted = async (work: () => unknown, isExpected: boolean): Promise<void> => {
    await clock.advance(1_000);
    const micros = Number(clock.nowMicros());
    await work();
    // Behind it is that the caller went, for which there is a reducer.
    if (isExpected) expected.push({ txOffset: database.lastTxOffset - 1, micros });
  };
  await isNoted(() => database.call(owner, 'write', '["by a reducer"]'), false);
  await isNoted(() => database.call(owner, 'write_in_transaction', '["by a procedure"]'), true);
  await isNoted(() => database.call(owner, 'write', '["by a reducer again"]'), false);
  await isNoted(() => database.sql(owner, "DELETE FROM entry WHERE text = 'by a reducer'"), true);
  expect(await db.rows('entry')).toHaveLength(2);
  await db.embedded.close();
  const noted = await readCommitTimes(db.disk, 'log', 0, Number.MAX_SAFE_INTEGER);
  expect(noted.filter(({ micros }) => micros >= expected[0]!.micros - 1_000_000)).toEqual(expected);
});
