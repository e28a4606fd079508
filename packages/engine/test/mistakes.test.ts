import { readFile } from 'node:fs/promises';
import { CommitLog } from '@lightcone/commitlog';
import { SimulatedDisk } from '@lightcone/commitlog/testing';
import { ConnectionId } from '@lightcone/sats';
import { afterEach, expect, test, vi } from 'vitest';
import type { EmbeddedDatabase } from '../src/embedded/embedded-database.ts';
import { openEmbedded } from '../src/embedded/open-embedded.ts';
import type { Session } from '../src/embedded/session.ts';
import { FakeClock, testIdentity } from '../src/testing/index.ts';

/* A mistake of ours, here one in the log, may come to light wherever a transaction ends: each time the database stops. */

/** A table of each module that all may read. */
const TABLES = { person: 'person', schedules: 'run', procedures: 'entry' };

let database: EmbeddedDatabase;
let clock: FakeClock;
let log: CommitLog;
let logged: string[];
let session: Session;
afterEach(() => database.close());

async function open(module: keyof typeof TABLES): Promise<void> {
  clock = new FakeClock();
  log = await CommitLog.open(new SimulatedDisk(() => 0), 'db');
  logged = [];
  let connections = 0n;
  database = await openEmbedded({
    program: await readFile(new URL(`../../../modules/${module}/${module}.wasm`, import.meta.url)),
    identity: testIdentity('database'),
    owner: testIdentity('owner'),
    log,
    clock,
    timers: clock,
    defer: clock.defer,
    newConnectionId: () => ConnectionId.fromBigInt(++connections),
    moduleLog: ({ message }) => logged.push(message),
  });
  session = await database.connect(testIdentity('alice'));
}

test.each<{ what: string; module?: keyof typeof TABLES; before?: () => unknown; deed: () => unknown }>([
  { what: 'a call', deed: () => session.call('add', 'Ann', 33) },
  { what: 'a statement', deed: () => database.sql("INSERT INTO person (id, name, age) VALUES (0, 'Ann', 33)") },
  { what: 'a connection', deed: () => database.connect(testIdentity('carol')) },
  { what: 'a disconnect', deed: () => session.disconnect() },
  { what: 'an HTTP call', deed: () => database.database.call(caller(), 'add', '["Ann", 33]') },
  {
    what: 'an HTTP call in its turn',
    deed: () => database.database.inTurn('x', () => database.sql('SELECT * FROM person')),
  },
  {
    what: 'a scheduled reducer',
    module: 'schedules',
    before: () => session.call('set_alarms', 1, 'label', 1000n),
    deed: () => clock.advance(1000),
  },
  { what: 'a call at the end of a turn', module: 'schedules', deed: () => session.call('remark_soon', 'text') },
  { what: 'a procedure', module: 'procedures', deed: () => session.callProcedure('write_in_transaction', 'x') },
  {
    what: 'an HTTP call of a procedure',
    module: 'procedures',
    deed: () => database.database.call(caller(), 'write_in_transaction', '["x"]'),
  },
])('one in $what stops the database; all who are connected and all who come learn why', async (way) => {
  const { module = 'person' } = way;
  await open(module);
  await way.before?.();
  const bob = await database.connect(testIdentity('bob'));
  const subscription = await bob.subscribe(`SELECT * FROM ${TABLES[module]}`);
  const changes: unknown[] = [];
  subscription.onChange((change) => changes.push(change));
  const durable = log.durableOffset;
  const mistake = new TypeError('a mistake of ours');
  vi.spyOn(log, 'append').mockImplementation(() => {
    throw mistake;
  });
  await Promise.try(way.deed).catch(() => undefined);
  const message = expect.stringContaining(mistake.message) as string;
  const stopped = { code: 'ENGINE_STOPPED', cause: mistake, message };
  expect(await subscription.ended).toMatchObject({ code: 'ENGINE_CLOSED', cause: stopped });
  expect(changes).toEqual([]);
  await expect(database.connect(testIdentity('dave'))).rejects.toMatchObject(stopped);
  await expect(database.sql('SELECT * FROM st_client')).rejects.toMatchObject(stopped);
  expect(logged.filter((line) => line.includes(mistake.message))).not.toEqual([]);
  await clock.advance(5000);
  await database.close();
  expect(clock.wakeUpCount).toBe(0);
  expect(log.durableOffset).toBe(durable);
});

function caller() {
  return { identity: testIdentity('erin'), connectionId: ConnectionId.fromBigInt(77n), jwtPayload: '{}' };
}
