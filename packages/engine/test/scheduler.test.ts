import { readFileSync } from 'node:fs';
import { CommitLog } from '@lightcone/commitlog';
import { SimulatedDisk } from '@lightcone/commitlog/testing';
import { ConnectionId } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EmbeddedDatabase } from '../src/embedded/embedded-database.ts';
import { openEmbedded } from '../src/embedded/open-embedded.ts';
import type { DatabaseLogRecord } from '../src/log-record.ts';
import { FakeClock, testIdentity } from '../src/testing/index.ts';

/** `init` of this module makes a row that calls `tick` each second. */
const person = readFileSync(new URL('../../../modules/person/person.wasm', import.meta.url));

/** The same with an empty custom section of the name "x": another program that defines the same. */
const samePerson = new Uint8Array([...person, 0, 2, 1, 0x78]);

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
afterEach(async () => {
  await database.close();
  expect(clock.wakeUpCount).toBe(0);
});

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

/** The program dies, and another one opens the database after a while. */
async function crashAndOpen(downMs: number): Promise<void> {
  disk.killProgram();
  clock = new FakeClock(new Date(Number(clock.nowMicros() / 1000n) + downMs)); // the dead have their own, which stands
  database = await open(person);
}

const metrics = () => database.database.metrics();
const ticks = (): number => metrics().reducers.get('tick')!.committed;
const warnings = (): string[] => logs.filter(({ level }) => level === 'Warn').map(({ message }) => message);

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
  expect(metrics().scheduledFunctionDelays.get('tick')).toMatchObject({ sumSeconds: 0 });
  expect(warnings()).toEqual([]);
});

test('there is one timer, and none where nothing is scheduled', async () => {
  expect(clock.wakeUpCount).toBe(1);
  await database.sql('DELETE FROM tick_timer');
  expect(clock.wakeUpCount).toBe(0);
  await clock.advance(5000);
  expect(ticks()).toBe(0);
});

test('a row that an SQL UPDATE gives another id goes on under it, an interval after the statement', async () => {
  await clock.advance(1500);
  await database.sql('UPDATE tick_timer SET scheduled_id = 77');
  await clock.advance(999);
  expect(ticks()).toBe(1);
  await clock.advance(1);
  expect(ticks()).toBe(2);
  expect(metrics().scheduledRows).toBe(1);
});

test('what missed its time runs once and late, keeps its rhythm, and is warned of', async () => {
  clock.jump(5300);
  await clock.advance(0);
  expect(ticks()).toBe(1);
  expect(warnings()).toEqual(['scheduled function started 4300 ms late']);
  expect(metrics().scheduledFunctionDelays.get('tick')).toMatchObject({ sumSeconds: 4.3 });
  await clock.advance(699);
  expect(ticks()).toBe(1);
  await clock.advance(1);
  expect(ticks()).toBe(2);
  expect(warnings()).toHaveLength(1);
});

test('a wall clock that is set back by a day stops no interval', async () => {
  await clock.advance(1300);
  clock.jump(-86_400_000);
  await clock.advance(10_000);
  expect(ticks()).toBe(11);
});

test('after a restart an interval counts from the start', async () => {
  await clock.advance(1700);
  await database.database.whenDurable(database.database.lastTxOffset);
  await crashAndOpen(60_000);
  await clock.advance(999);
  expect(ticks()).toBe(0);
  await clock.advance(1);
  expect(ticks()).toBe(1);
});

test('publishing another program counts anew, publishing the same one changes nothing', async () => {
  await clock.advance(400);
  database.database.update(person, false);
  await clock.advance(600);
  expect(ticks()).toBe(1);
  await clock.advance(400);
  database.database.update(samePerson, false);
  await clock.advance(999);
  expect(ticks()).toBe(0); // of the new program
  await clock.advance(1);
  expect(ticks()).toBe(1);
});

test('a scheduled reducer does not exist for clients other than the owner', async () => {
  const row = { scheduled_id: 1n, scheduled_at: { tag: 'Interval', value: { __time_duration_micros__: 1n } } };
  const stranger = await database.connect(testIdentity('stranger'));
  await expect(stranger.call('tick', row)).rejects.toThrow('no such reducer');
  const owner = await database.connect(database.owner);
  await owner.call('tick', row);
  expect(ticks()).toBe(1);
});

test('a closed database runs nothing more', async () => {
  const before = database;
  await database.close();
  await clock.advance(10_000);
  expect(before.database.metrics().reducers.get('tick')!.committed).toBe(0);
});

test('a database whose log fails runs nothing more', async () => {
  disk.failAfter('write', 0);
  await expect(database.sql('UPDATE tick_timer SET scheduled_id = 5')).rejects.toMatchObject({
    code: /^(LOG|ENGINE)_/,
  });
  expect(clock.wakeUpCount).toBe(0);
  await clock.advance(10_000);
  expect(ticks()).toBe(0);
});
