// Whatever the disk fails at, and whenever: nothing is acknowledged from then on, and nothing that was is lost, also when
// the power goes after the next start.
import { readFileSync } from 'node:fs';
import { type DiskOperation, SimulatedDisk, seededRandom } from '@lightcone/commitlog/testing';
import { ConnectionId } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { testIdentity } from '../../src/testing/index.ts';
import { LoggedDatabase } from '../support/logged-database.ts';
import { DatabaseOnDisk } from './database-on-disk.ts';

const TRANSACTIONS = 12;

test.each<DiskOperation>(['write', 'datasync', 'truncate', 'rename', 'syncFolder', 'open'])(
  'a failed %s at any time stops the database, and never takes back what was durable',
  async (operation) => {
    let failures = 0;
    for (let successes = 0; ; successes++) {
      const disk = new SimulatedDisk(seededRandom(successes));
      const database = await DatabaseOnDisk.create(disk);
      disk.failAfter(operation, successes);
      const durable = await insertUntilFailure(database);
      if (durable === TRANSACTIONS) break;
      failures++;
      await mustRecover(disk, durable);
    }
    expect(failures).toBeGreaterThan(0);
  },
);

test('a disk that fills up at any byte stops the database, and never takes back what was durable', async () => {
  let stops = 0;
  for (let room = 0; ; room += 97) {
    const disk = new SimulatedDisk(seededRandom(room));
    const database = await DatabaseOnDisk.create(disk);
    disk.capacityBytes = disk.usedBytes + room;
    const durable = await insertUntilFailure(database, 'ENGINE_DISK_FULL');
    if (durable === TRANSACTIONS) break;
    stops++;
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    await mustRecover(disk, durable);
  }
  expect(stops).toBeGreaterThan(10);
});

test(
  'a flipped bit costs at most what no crash could tell from a torn end, or is named',
  { timeout: 120_000 },
  async () => {
    const disk = new SimulatedDisk(seededRandom(1));
    const database = await DatabaseOnDisk.create(disk);
    for (let k = 0; k < 3; k++) await database.insert(k);
    await database.database.close();
    const names = (await disk.list('database/clog')).filter((name) => name.endsWith('.log'));
    const random = seededRandom(2);
    const counts = new Map<number | string, number>();
    for (const name of names) {
      const path = `database/clog/${name}`;
      const length = disk.contentOf(path).length;
      for (let byte = 0; byte < length; byte += 1 + Math.floor(random() * 5)) {
        const damaged = new SimulatedDisk(random);
        for (const other of names) damaged.place(`database/clog/${other}`, disk.contentOf(`database/clog/${other}`));
        damaged.flipBit(path, byte * 8 + Math.floor(random() * 8));
        const outcome = await DatabaseOnDisk.open(damaged).then(
          (opened) => opened.count(),
          (error: unknown) => (error as { code?: string }).code ?? String(error),
        );
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      }
    }
    // Of the last commit alone it cannot be told whether it is damaged or torn.
    for (const outcome of counts.keys()) expect(String(outcome)).toMatch(/^(2|3|LOG_[A-Z_]+)$/);
    expect(counts.get('LOG_DAMAGED')).toBeGreaterThan(50);
  },
);

test('who calls a procedure without a connection, and has it waiting when the log fails, hears that', async () => {
  const db = await LoggedDatabase.create(
    readFileSync(new URL('../../../../modules/procedures/procedures.wasm', import.meta.url)),
  );
  const { database, disk } = db;
  const caller = { identity: testIdentity('bob'), connectionId: ConnectionId.fromBigInt(99n), jwtPayload: '{}' };
  const alice = await db.connect('alice');
  const waiting = database.call(caller, 'write_sleep_write', '["before", 1000, "after"]');
  await database.whenDurable(database.lastTxOffset);
  const written = database.lastTxOffset + 1;
  disk.failAfter('write', 0);
  const outcomes = await Promise.allSettled([waiting, alice.call('write', 'lost')]);
  const rejected = { status: 'rejected', reason: { code: 'ENGINE_LOG_FAILED' } };
  expect(outcomes).toMatchObject([rejected, { status: 'rejected', reason: { code: 'ENGINE_CLOSED' } }]);
  // Bob goes without a trace, as the log takes nothing more.
  expect(database.lastTxOffset).toBe(written);
});

/** @returns how many transactions became durable before the database stopped, if it did */
async function insertUntilFailure(on: DatabaseOnDisk, code = 'ENGINE_LOG_FAILED'): Promise<number> {
  for (let k = 0; k < TRANSACTIONS; k++) {
    try {
      await on.insert(k);
    } catch {
      expect(on.failure).toMatchObject({ code });
      // It is not tried again: whatever comes is refused, though the disk works by now.
      await expect(on.insert(k)).rejects.toMatchObject({ code });
      return k;
    }
  }
  return TRANSACTIONS;
}

/** What was durable is there after the next start, and what is there then stays, whatever happens. */
async function mustRecover(disk: SimulatedDisk, durable: number): Promise<void> {
  disk.killProgram();
  const found = (await DatabaseOnDisk.open(disk)).count();
  expect(found).toBeGreaterThanOrEqual(durable);
  expect(found).toBeLessThanOrEqual(durable + 1);
  disk.losePower();
  const again = await DatabaseOnDisk.open(disk);
  expect(again.count()).toBe(found);
  await again.insert(found);
  disk.losePower();
  expect((await DatabaseOnDisk.open(disk)).count()).toBe(found + 1);
}
