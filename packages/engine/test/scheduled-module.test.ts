import { readFileSync } from 'node:fs';
import { CommitLog } from '@lightcone/commitlog';
import { SimulatedDisk } from '@lightcone/commitlog/testing';
import { type AlgebraicValue, ConnectionId, type SumValue } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EmbeddedDatabase } from '../src/embedded/embedded-database.ts';
import { openEmbedded } from '../src/embedded/open-embedded.ts';
import type { Session } from '../src/embedded/session.ts';
import type { DatabaseLogRecord } from '../src/log-record.ts';
import { FakeClock, testIdentity } from '../src/testing/index.ts';

/** Timers of every kind, written with the official crate. */
const program = readFileSync(new URL('../../../modules/schedules/schedules.wasm', import.meta.url));
/** The same with an empty custom section: another program that defines the same. */
const sameProgram = new Uint8Array([...program, 0, 2, 1, 0x78]);

const START = new Date('2024-01-01T00:00:00Z');
const START_MICROS = BigInt(START.getTime()) * 1000n;

let clock: FakeClock;
let disk: SimulatedDisk;
let logs: DatabaseLogRecord[];
let database: EmbeddedDatabase;
let alice: Session;
beforeEach(async () => {
  clock = new FakeClock(START);
  disk = new SimulatedDisk(() => 0);
  logs = [];
  await open();
});
afterEach(async () => {
  await database.close();
  expect(clock.wakeUpCount).toBe(0);
});

async function open(): Promise<void> {
  let connection = 0n;
  database = await openEmbedded({
    program,
    identity: testIdentity('database'),
    owner: testIdentity('owner'),
    log: await CommitLog.open(disk, 'db'),
    clock,
    timers: clock,
    defer: clock.defer,
    newConnectionId: () => ConnectionId.fromBigInt(++connection),
    moduleLog: (record) => logs.push(record),
    limits: { maxMemoryPages: 256, energyPerCall: 200_000_000 },
  });
  alice = await database.connect(testIdentity('alice'));
}

/** What ran, as `label@seconds since the start`. */
async function runs(): Promise<string[]> {
  const rows = await database.sql('SELECT * FROM run');
  return rows
    .toSorted((a, b) => Number((a['id'] as bigint) - (b['id'] as bigint)))
    .map((row) => {
      const { __timestamp_micros_since_unix_epoch__: micros } = row['ran_at'] as Record<string, bigint>;
      return `${row['label'] as string}@${Number(micros! - START_MICROS) / 1e6}`; // a timestamp has one field
    });
}

const count = async (table: string): Promise<number> => (await database.sql(`SELECT * FROM ${table}`)).length;

const deed = (tag: string, value: AlgebraicValue = {}): SumValue => ({ tag, value });
const NOTHING = deed('nothing');
const NO_LAST_BEAT = { tag: 'none', value: {} };

test('an alarm rings once, as the database and without a connection, and is gone', async () => {
  await alice.call('set_alarm', 'a', 1500n, NOTHING);
  await clock.advance(1499);
  expect(await runs()).toEqual([]);
  await clock.advance(1);
  expect(await runs()).toEqual(['a@1.5']);
  const [run] = await database.sql('SELECT * FROM run');
  expect(run).toMatchObject({
    caller: { __identity__: testIdentity('database').toBigInt() },
    connection: { tag: 'none' },
    is_internal: true,
  });
  expect(await count('alarm')).toBe(0);
});

test.each([
  { what: 'fails', value: deed('fail'), expected: [] },
  { what: 'panics', value: deed('panic'), expected: [] },
  { what: 'never ends', value: deed('loopForever'), expected: [] },
  { what: 'deletes itself', value: deed('deleteItself'), expected: ['a@1'] },
  { what: 'moves itself', value: deed('moveItself', 2000), expected: ['a@1', 'a@3'] },
])('an alarm that $what is gone in the end, and the next one rings', async ({ value, expected }) => {
  await alice.call('set_alarm', 'a', 1000n, value);
  await alice.call('set_alarm', 'next', 4000n, NOTHING);
  await clock.advance(5000);
  expect(await runs()).toEqual([...expected, 'next@4']);
  expect(await count('alarm')).toBe(0);
});

test('an alarm that is due may move or delete another that is due as well', async () => {
  await alice.call('set_alarm', 'deletes', 1000n, deed('deleteOther', 3n));
  await alice.call('set_alarm', 'moves', 1000n, deed('moveOther', { scheduled_id: 4n, in_ms: 500 }));
  await alice.call('set_alarm', 'deleted', 1000n, NOTHING);
  await alice.call('set_alarm', 'moved', 1000n, NOTHING);
  await clock.advance(2000);
  expect(await runs()).toEqual(['deletes@1', 'moves@1', 'moved@1.5']);
});

test.each([
  ['set_alarm_and_fail', 'b', 500n],
  ['move_alarm_and_fail', 1n, 500n],
  ['stop_alarm_and_fail', 1n],
])('what %s does to a timer is rolled back with its transaction', async (reducer, ...args) => {
  await alice.call('set_alarm', 'a', 1000n, NOTHING);
  await expect(alice.call(reducer, ...args)).rejects.toThrow('not');
  await clock.advance(2000);
  expect(await runs()).toEqual(['a@1']);
});

test('an alarm set beyond the horizon traps the reducer, and nothing is left of it', async () => {
  await expect(alice.call('set_alarm', 'far', 2n ** 36n - 1n, NOTHING)).rejects.toThrow('fatal error');
  expect(await count('alarm')).toBe(0);
  await alice.call('set_alarm', 'near', 2n ** 36n - 2n, NOTHING);
  expect(await count('alarm')).toBe(1);
});

test.each([
  { everyMs: 1000n, expected: ['h@1', 'h@2', 'h@3'] },
  { everyMs: -1500n, expected: ['h@1.5', 'h@3'] },
])('a heart that writes its own row beats every $everyMs ms', async ({ everyMs, expected }) => {
  await alice.call('start_heartbeat', 'h', everyMs, NO_LAST_BEAT);
  await clock.advance(3400);
  expect(await runs()).toEqual(expected);
  const [heart] = await database.sql('SELECT * FROM heartbeat');
  expect(heart).toMatchObject({ beats: expected.length });
});

test('a heart of interval zero beats as long as it is there', async () => {
  await alice.call('start_heartbeat', 'h', 0n, { tag: 'some', value: 50 });
  await clock.advance(1);
  expect((await runs()).length).toBe(50);
  expect(await count('heartbeat')).toBe(0);
});

test('a weak heart fails at each beat, and a heart whose interval is changed counts anew', async () => {
  await alice.call('start_heartbeat', 'weak', 1000n, NO_LAST_BEAT);
  await alice.call('start_heartbeat', 'h', 1000n, NO_LAST_BEAT);
  await clock.advance(1200);
  await alice.call('change_heartbeat', 'h', 700n);
  await clock.advance(1500);
  expect(await runs()).toEqual(['h@1', 'h@1.9', 'h@2.6']);
  expect(database.database.metrics().reducers.get('beat')).toMatchObject({ committed: 3, failed: 2 });
});

// ---- procedures ----

test('a one-shot errand runs after its row is deleted, an errand again and again beside its row', async () => {
  await alice.call('send_on_errand', 'once', 1000n, 500, false);
  await alice.call('send_on_errands', 'often', 2000n, 0, false);
  await clock.advance(4000);
  expect(await runs()).toEqual([
    'once begins, row gone@1',
    'once ends@1.5',
    'often begins, row there@2',
    'often ends@2',
    'often begins, row there@4',
    'often ends@4',
  ]);
  expect(await count('errand')).toBe(1);
});

test('an errand that sleeps holds up neither reducers nor other errands, but the next run of its own row', async () => {
  await alice.call('send_on_errands', 'slow', 1000n, 2500, false);
  await alice.call('send_on_errand', 'quick', 1500n, 0, false);
  await alice.call('set_alarm', 'alarm', 1600n, NOTHING);
  await clock.advance(4000);
  expect(await runs()).toEqual([
    'slow begins, row there@1',
    'quick begins, row gone@1.5',
    'quick ends@1.5',
    'alarm@1.6',
    'slow ends@3.5',
    'slow begins, row there@4',
  ]);
});

test('an errand that panics is in the log, loses its row if it was due once, and goes on if not', async () => {
  await alice.call('send_on_errand', 'once', 1000n, 0, true);
  await alice.call('send_on_errands', 'often', 1000n, 0, true);
  await clock.advance(2000);
  expect((await runs()).filter((run) => run.startsWith('often begins'))).toHaveLength(2);
  expect(await count('errand')).toBe(1);
  expect(logs.filter(({ level }) => level === 'Panic').map(({ message }) => message)).toHaveLength(3);
});

test('an errand whose row is deleted while it runs ends, and runs no more', async () => {
  await alice.call('send_on_errands', 'e', 1000n, 1500, false);
  await clock.advance(1500);
  await alice.call('stop_errands');
  await clock.advance(5000);
  expect(await runs()).toEqual(['e begins, row there@1', 'e ends@2.5']);
});

test('of two hundred errands at once a few run at a time, and all run', async () => {
  for (let i = 0; i < 200; i++) await alice.call('send_on_errand', `${i}`, 1000n, 100, false);
  await clock.advance(1000);
  expect(database.database.metrics().procedures.running).toBe(64);
  expect(await count('errand')).toBe(200 - 64);
  await clock.advance(500);
  const ran = await runs();
  expect(ran.filter((run) => run.includes('begins, row gone'))).toHaveLength(200);
  expect(ran.filter((run) => run.includes('ends'))).toHaveLength(200);
  expect(await count('errand')).toBe(0);
});

test('a crash while an errand runs does not run it again; an alarm that did not run by then rings', async () => {
  await alice.call('send_on_errand', 'e', 1000n, 5000, false);
  await alice.call('set_alarm', 'a', 3000n, NOTHING);
  await clock.advance(1500);
  await database.database.whenDurable(database.database.lastTxOffset);
  disk.killProgram();
  clock = new FakeClock(new Date(START.getTime() + 10_000));
  await open();
  await clock.advance(20_000);
  expect(await runs()).toEqual(['e begins, row gone@1', 'a@10']);
});

test('a publish ends the errands that run; those of intervals begin anew', async () => {
  await alice.call('send_on_errands', 'often', 1000n, 600, false);
  await alice.call('send_on_errand', 'once', 1000n, 5000, false);
  await clock.advance(1200);
  database.database.update(sameProgram, false);
  await clock.advance(2000);
  expect(await runs()).toEqual([
    'often begins, row there@1',
    'once begins, row gone@1',
    'often begins, row there@2.2',
    'often ends@2.8',
    'often begins, row there@3.2',
  ]);
});

// ---- immediate calls ----

test('an immediate call runs though the transaction that asked for it failed', async () => {
  await alice.call('remark_soon', 'hello');
  await expect(alice.call('remark_soon_and_fail', 'all the same')).rejects.toThrow('leaves nothing but a remark');
  await clock.advance(0);
  expect(await runs()).toEqual(['hello@0', 'all the same@0']);
});
