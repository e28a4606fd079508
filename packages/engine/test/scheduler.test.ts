import { readFileSync } from 'node:fs';
import { CommitLog } from '@lightcone/commitlog';
import { SimulatedDisk } from '@lightcone/commitlog/testing';
import { ConnectionId } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EmbeddedDatabase } from '../src/embedded/embedded-database.ts';
import { openEmbedded } from '../src/embedded/open.ts';
import type { DatabaseLogRecord } from '../src/log-record.ts';
import { FakeClock, testIdentity } from '../src/testing/index.ts';

/** `init` of this module makes a row that calls `tick` each second. */
const person = readFileSync(new URL('../../../modules/person/person.wasm', import.meta.url));
const connections = readFileSync(new URL('../../../modules/connections/connections.wasm', import.meta.url));

let clock: FakeClock;
let disk: SimulatedDisk;
let logs: DatabaseLogRecord[];
let database: EmbeddedDatabase;
beforeEach(async () => {
  clock = new FakeClock();
  disk = new SimulatedDisk(() => 0);
  logs = [];
  database = await open(person);
});
afterEach(() => database.close());

async function open(program: Uint8Array): Promise<EmbeddedDatabase> {
  let connection = 0n;
  return openEmbedded({
    program,
    identity: testIdentity('database'),
    owner: testIdentity('owner'),
    log: await CommitLog.open(disk, 'db'),
    clock,
    timers: clock,
    defer: clock.defer,
    newConnectionId: () => ConnectionId.fromBigInt(++connection),
    moduleLog: (record) => logs.push(record),
  });
}

/** Ends the database as a crash does: nothing is flushed, nobody is told. */
async function crashAndOpen(downMs: number, program: Uint8Array = person): Promise<void> {
  disk.killProgram();
  const dead = database;
  await clock.advance(downMs);
  database = await open(program);
  void dead;
}

const ticks = (): number => {
  const { committed, failed } = database.database.metrics().reducers.get('tick')!;
  return committed + failed;
};

test('a scheduled table is in st_scheduled, and its row runs once a second, to the microsecond', async () => {
  expect(await database.sql('SELECT * FROM st_scheduled')).toEqual([
    { schedule_id: 4096, table_id: 4097, reducer_name: 'tick', schedule_name: 'tick_timer_sched', at_column: 1 },
  ]);
  await clock.advance(999.999);
  expect(ticks()).toBe(0);
  await clock.advance(0.001);
  expect(ticks()).toBe(1);
  await clock.advance(3_600_000);
  expect(ticks()).toBe(3601);
  expect(database.database.metrics().scheduledFunctionDelays.get('tick')).toMatchObject({ sumSeconds: 0 });
});
