// What the thread of a database tells the gateway of the batches of frames that it has: how much of a client may be there
// goes by it, so a batch counts as done when all of it is dealt with and the disk is not behind, and once.
import type { MessagePort } from 'node:worker_threads';
import { CommitLog } from '@lightcone/commitlog';
import { SimulatedDisk, seededRandom } from '@lightcone/commitlog/testing';
import { Database } from '@lightcone/engine';
import { FakeClock, testIdentity } from '@lightcone/engine/testing';
import { writeClientMessage } from '@lightcone/protocol';
import { ByteWriter } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FrameBatch } from '../src/database-thread/frame-batch.ts';
import { FrameQueue } from '../src/database-thread/frame-queue.ts';
import { FramesInFlight } from '../src/database-thread/frames-in-flight.ts';
import { Mailbox } from '../src/database-thread/mailbox.ts';
import type { ThreadStart } from '../src/database-thread/messages.ts';
import { ThreadPort } from '../src/database-thread/thread-port.ts';
import { programs } from './fixtures.ts';

const MAX_UNSYNCED_BYTES = 1500;
/** A call with it leaves more than that waiting for the disk. */
const LARGE = 'x'.repeat(1000);

interface Client {
  readonly number: number;
  readonly frames: FrameQueue;
}

/** Some time passes whenever the database looks at it: it does some twenty calls in a turn. */
class BusyClock extends FakeClock {
  #ms = 0;
  override monotonicMs(): number {
    return (this.#ms += 0.05);
  }
}

let disk: SimulatedDisk;
let database: Database;
let mailbox: Mailbox;
let inFlight: FramesInFlight<Client>;
let clients: [Client, Client];

beforeEach(async () => {
  disk = new SimulatedDisk(seededRandom(1));
  const clock = new BusyClock();
  const identity = testIdentity('database');
  const options = {
    identity,
    log: await CommitLog.open(disk, 'log'),
    clock,
    timers: clock,
    defer: (run: () => void) => setImmediate(run),
    maxUnsyncedBytes: MAX_UNSYNCED_BYTES,
    moduleLog: () => {},
    deliver: () => {},
    onFailure: () => {},
  };
  database = await Database.create(options, programs.chat, testIdentity('owner'));
  inFlight = new FramesInFlight();
  const start = { identity: identity.toHex(), batchesDone: inFlight.slots } as ThreadStart;
  const port = new ThreadPort({ postMessage: () => {} } as unknown as MessagePort);
  mailbox = new Mailbox(database, start, { before: 0, holds: 0 }, port);
  clients = [await connect(1), await connect(2)];
});
afterEach(async () => {
  disk.repair();
  disk.releaseSyncs();
  await database.close().catch(() => undefined);
});

async function connect(number: number): Promise<Client> {
  mailbox.receive({
    tag: 'connect',
    number,
    identity: testIdentity(`${number}`).toHex(),
    connectionId: `0${number}`.repeat(16),
    jwtPayload: '{}',
    token: '',
    protocol: 'v2.bsatn.spacetimedb',
    isConfirmed: false,
    isLight: false,
  });
  await database.whenDurable(database.lastTxOffset);
  return { number, frames: new FrameQueue() };
}

function call(text: string): Uint8Array {
  const args = new ByteWriter();
  args.string(text);
  const frame = new ByteWriter();
  writeClientMessage(frame, { tag: 'CallReducer', requestId: 0, reducer: 'send_message', args: args.finish() });
  return frame.finish();
}

/** A batch crosses that has so many calls of a client. */
function cross(client: Client, ...texts: readonly string[]): void {
  const batch = new FrameBatch<Client>();
  for (const text of texts) {
    const frame = call(text);
    batch.add(client, frame, false);
    client.frames.crossed(frame.length);
  }
  inFlight.add(batch);
  mailbox.receive(batch.toBuffer());
}

/** How many frames of each client the database is not done with. */
function left(): number[] {
  inFlight.retire();
  return clients.map(({ frames }) => frames.length);
}

test('a batch whose frames are all dealt with as they are read is done, and the next ones are, too', () => {
  const [first, second] = clients;
  cross(first, '1', '2', '3');
  expect(left()).toEqual([0, 0]);
  cross(second, '4');
  cross(first, '5', '6');
  expect(left()).toEqual([0, 0]);
});

test('a batch is done when the last of its frames is, however many others are done meanwhile', async () => {
  const [greedy, other] = clients;
  cross(greedy, ...Array.from({ length: 100 }, (_, i) => `${i}`));
  cross(other, 'other');
  expect(left()).toEqual([100, 1]);
  await vi.waitUntil(() => left()[1] === 0, { interval: 0 });
  expect(left()).toEqual([100, 0]);
  await vi.waitUntil(() => left()[0] === 0, { interval: 1 });
  expect(inFlight.byteLength).toBe(0);
});

test('while the disk is behind a batch is not done, until what it wrote is durable', async () => {
  disk.holdSyncs();
  cross(clients[0], LARGE);
  const written = database.lastTxOffset;
  await new Promise((done) => setImmediate(done));
  expect(database.isLogBehind).toBe(true);
  expect(left()).toEqual([1, 0]);
  disk.releaseSyncs();
  await vi.waitUntil(() => left()[0] === 0, { interval: 1 });
  expect(database.durableTxOffset).toBeGreaterThanOrEqual(written);
});

test('a log that fails holds nobody up: all that the database had is done with', async () => {
  disk.failAfter('datasync', 0);
  cross(clients[0], LARGE);
  cross(clients[1], LARGE);
  expect(left()).not.toEqual([0, 0]);
  await vi.waitUntil(() => left().every((count) => count === 0), { interval: 1 });
  cross(clients[0], LARGE);
  await vi.waitUntil(() => left()[0] === 0, { interval: 1 });
});
