// What the thread of a database tells the gateway goes on to a client as it is: nothing may be told of a transaction that
// a loss of power can still take back, unless the client asked for just that.
import type { MessagePort } from 'node:worker_threads';
import { CommitLog } from '@lightcone/commitlog';
import { SimulatedDisk, seededRandom } from '@lightcone/commitlog/testing';
import { Database } from '@lightcone/engine';
import { systemTimers } from '@lightcone/engine/machine';
import { FakeClock, testIdentity } from '@lightcone/engine/testing';
import { ConnectionId } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FramesInFlight } from '../src/database-thread/frames-in-flight.ts';
import { Mailbox } from '../src/database-thread/mailbox.ts';
import type { DatabaseRequests, RequestKind, ThreadStart } from '../src/database-thread/messages.ts';
import { ThreadPort } from '../src/database-thread/thread-port.ts';
import { programs } from './fixtures.ts';

const owner = testIdentity('owner');
const caller = { identity: owner.toHex(), connectionId: '01'.repeat(16), jwtPayload: '{}' };

let disk: SimulatedDisk;
let database: Database;
let mailbox: Mailbox;
/** What the gateway was told, and the last transaction that was durable then. */
let told: { readonly answer: unknown; readonly durableTxOffset: number }[];

beforeEach(async () => {
  disk = new SimulatedDisk(seededRandom(1));
  const identity = testIdentity('database');
  const options = {
    identity,
    log: await CommitLog.open(disk, 'log'),
    clock: new FakeClock(),
    timers: systemTimers,
    defer: (run: () => void) => setImmediate(run),
    moduleLog: () => {},
    deliver: () => {},
    onFailure: (error: Error) => {
      throw error;
    },
  };
  database = await Database.create(options, programs.httpHandlers, owner);
  const writer = { identity: owner, connectionId: ConnectionId.fromBigInt(1n), jwtPayload: '{}' };
  await database.call(writer, write.functionName, write.args);
  await database.whenDurable(database.lastTxOffset);
  told = [];
  const port = {
    postMessage: ({ answer }: { readonly answer: unknown }) =>
      void told.push({ answer, durableTxOffset: database.durableTxOffset! }), // it has a log
  };
  const start = { identity: identity.toHex(), batchesDone: new FramesInFlight().slots } as ThreadStart;
  const archived = { before: 0, holds: 0 };
  mailbox = new Mailbox(database, start, archived, new ThreadPort(port as unknown as MessagePort));
});
afterEach(async () => {
  disk.releaseSyncs();
  await database.close();
});

/** Asks for something that commits, and gives it all the time it takes but for the disk's. */
async function askWhileDiskIsHeld<Kind extends RequestKind>(
  kind: Kind,
  input: DatabaseRequests[Kind]['input'],
): Promise<number> {
  const before = database.lastTxOffset;
  disk.holdSyncs();
  mailbox.receive({ tag: 'request', id: 1, kind, input, asker: kind === 'update' ? undefined : 'somebody' });
  await vi.waitUntil(() => database.lastTxOffset > before, { interval: 1 });
  // What does not wait for the disk is told before the next turn.
  await new Promise((done) => setImmediate(done));
  return database.lastTxOffset;
}

const write = { functionName: 'write_note', args: '["name", "text"]', caller };
const dml = "UPDATE note SET text = 'other'";
const put = {
  method: 'PUT',
  headers: [],
  timeoutMicros: undefined,
  uri: 'http://host/notes/one?name',
  version: 'HTTP/1.1',
};
const route = { path: '/notes/one', request: put as DatabaseRequests['handleHttp']['input']['request'] };
const update = { program: withCustomSection(programs.httpHandlers), mayBreakClients: false, token: undefined };

test.each<{ what: string; kind: RequestKind; input: unknown; answer: object }>([
  { what: 'a call', kind: 'call', input: write, answer: { kind: 'committed' } },
  {
    what: 'the answer of an HTTP handler',
    kind: 'handleHttp',
    input: { ...route, body: new Uint8Array(1), from: '127.0.0.1' },
    answer: { kind: 'responded' },
  },
  { what: 'confirmed SQL', kind: 'sql', input: { caller, text: dml, isConfirmed: true }, answer: { kind: 'ok' } },
  { what: 'SQL over Postgres', kind: 'postgresSql', input: { caller, text: dml }, answer: { kind: 'ok' } },
  { what: 'an update of the program', kind: 'update', input: update, answer: { tag: 'updated' } },
])('$what is told when its transaction is durable, and not before', async ({ kind, input, answer }) => {
  const written = await askWhileDiskIsHeld(kind, input as never);
  expect(told).toEqual([]);
  disk.releaseSyncs();
  await vi.waitUntil(() => told.length > 0, { interval: 1 });
  expect(told).toMatchObject([{ answer }]);
  expect(told[0]!.durableTxOffset).toBeGreaterThanOrEqual(written);
});

test('who only looks waits for what he has seen', async () => {
  const written = await askWhileDiskIsHeld('call', write);
  const look = { method: 'GET', headers: [], timeoutMicros: undefined, uri: 'http://host/notes', version: 'HTTP/1.1' };
  const request = look as DatabaseRequests['handleHttp']['input']['request'];
  const text = 'SELECT * FROM note';
  const looks: readonly (readonly [RequestKind, unknown])[] = [
    ['handleHttp', { path: '/notes', request, body: new Uint8Array(), from: '127.0.0.1' }],
    ['sql', { caller, text, isConfirmed: true }],
    ['postgresSql', { caller, text }],
  ];
  looks.forEach(([kind, input], at) => mailbox.receive({ tag: 'request', id: 2 + at, kind, input, asker: 'somebody' }));
  await new Promise((done) => setImmediate(done));
  await new Promise((done) => setImmediate(done));
  expect(told).toEqual([]);
  disk.releaseSyncs();
  await vi.waitUntil(() => told.length === 4, { interval: 1 });
  for (const { durableTxOffset } of told) expect(durableTxOffset).toBeGreaterThanOrEqual(written);
});

test('SQL that need not be confirmed waits for no disk', async () => {
  const written = await askWhileDiskIsHeld('sql', { caller, text: dml, isConfirmed: false });
  expect(told).toMatchObject([{ answer: { kind: 'ok' } }]);
  expect(told[0]!.durableTxOffset).toBeLessThan(written);
});

/** The same module to run, and another program to publish. */
function withCustomSection(module: Uint8Array): Uint8Array {
  return Uint8Array.from([...module, 0, 2, 1, 0x78]);
}
