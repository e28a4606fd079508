import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FrameQueue } from './frame-queue.ts';
import { FrameSender } from './frame-sender.ts';
import type { ThreadClient } from './frame-sender.ts';
import { DoneBatches } from './frames-in-flight.ts';

const MIB = 1024 * 1024;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class TestClient implements ThreadClient {
  readonly number: number;
  readonly frames = new FrameQueue();
  isPaused = false;

  constructor(number: number) {
    this.number = number;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

/** A database that is done with a batch when the test says so. */
class Database {
  /** What came, in order: a frame's client and its first byte, or that a client has left. */
  readonly received: string[] = [];
  readonly sender: FrameSender = new FrameSender(
    (batch) => this.#receive(Buffer.from(batch)),
    ({ number }) => {
      // As the thread does before every message.
      this.sender.flush();
      this.received.push(`${number} left`);
    },
  );
  readonly #done = new DoneBatches(this.sender.batchesDone);
  #batches: (() => void)[] = [];

  #receive(batch: Buffer): void {
    this.#batches.push(this.#done.next());
    for (let at = 0; at < batch.length; at += 8 + batch.readUInt32LE(at + 4)) {
      this.received.push(`${batch.readUInt32LE(at)}: ${batch[at + 8]}`);
    }
  }

  /** The database is done with what has come, which nobody looks at yet. */
  finish(): void {
    for (const done of this.#batches.splice(0)) done();
  }

  /** What was sent crosses, and the database is done with it. */
  work(): void {
    this.sender.flush();
    this.finish();
    this.sender.goOn();
  }
}

function frames(client: ThreadClient, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${client.number}: ${i}`);
}

test('of each client a share is at the database, and the others follow in order when it is done with some', () => {
  const database = new Database();
  const client = new TestClient(1);
  for (let i = 0; i < 200; i++) database.sender.send(client, Uint8Array.of(i), false);
  database.sender.flush();
  expect(database.received).toEqual(frames(client, 128));
  database.sender.goOn();
  expect(client.frames.waitingCount).toBe(72);
  database.work();
  database.work();
  expect(database.received).toEqual(frames(client, 200));
  expect(client.frames.length).toBe(0);
});

test('a frame does not overtake those of its client that wait, though there is room again at the database', () => {
  const database = new Database();
  const [greedy, other] = [new TestClient(1), new TestClient(2)];
  for (let i = 0; i < 129; i++) database.sender.send(greedy, Uint8Array.of(i), false);
  database.sender.flush();
  database.finish();
  database.sender.send(other, Uint8Array.of(0), false);
  database.sender.flush(); // sees that the first batch is done with
  database.sender.send(greedy, Uint8Array.of(129), false);
  database.work();
  database.work();
  expect(database.received.filter((frame) => frame.startsWith('1'))).toEqual(frames(greedy, 130));
});

test('a database that says nothing is looked at every millisecond', () => {
  const database = new Database();
  const client = new TestClient(1);
  for (let i = 0; i < 129; i++) database.sender.send(client, Uint8Array.of(i), false);
  database.work();
  expect(client.frames.waitingCount).toBe(0);
  for (let i = 129; i < 256; i++) database.sender.send(client, Uint8Array.of(i), false);
  expect(client.frames.waitingCount).toBe(0);
  vi.advanceTimersByTime(10);
  expect(database.received).toEqual(frames(client, 256));
});

test('all that waits crosses when it is asked for, in order and however much it is', () => {
  const database = new Database();
  const client = new TestClient(1);
  for (let i = 0; i < 250; i++) database.sender.send(client, Uint8Array.of(i), false);
  database.sender.sendAll();
  database.sender.flush();
  expect(database.received).toEqual(frames(client, 250));
});

test('a client that is gone has left when the last of its frames has crossed', () => {
  const database = new Database();
  const [modest, greedy] = [new TestClient(1), new TestClient(2)];
  for (let i = 0; i < 130; i++) database.sender.send(greedy, Uint8Array.of(i), false);
  database.sender.leave(modest);
  database.sender.leave(greedy);
  expect(database.received).toEqual([...frames(greedy, 128), '1 left']);
  database.work();
  expect(database.received.slice(129)).toEqual(['2: 128', '2: 129', '2 left']);
});

test('a client that asked for one thing at a time holds nobody back any more when it is gone', () => {
  const database = new Database();
  const [modest, greedy] = [new TestClient(1), new TestClient(2)];
  database.sender.send(greedy, Uint8Array.of(0), false);
  database.sender.send(modest, Uint8Array.of(0), false);
  for (let i = 1; i < 100; i++) database.sender.send(greedy, Uint8Array.of(i), false);
  expect(greedy.frames.waitingCount).toBe(100 - 32);
  database.sender.leave(modest);
  database.work();
  expect(greedy.frames.waitingCount).toBe(0);
});

test('a client of which much waits is not read from until half of it is gone, or the thread', () => {
  const database = new Database();
  const clients = [new TestClient(1), new TestClient(2)] as const;
  for (const client of clients) for (let i = 0; i < 6; i++) database.sender.send(client, new Uint8Array(MIB), false);
  expect(clients.map(({ isPaused }) => isPaused)).toEqual([true, true]);
  for (let i = 0; i < 3; i++) {
    expect(clients[0].isPaused).toBe(true);
    database.work();
  }
  expect(clients[0].isPaused).toBe(false);
  database.sender.send(clients[1], new Uint8Array(6 * MIB), false);
  expect(clients[1].isPaused).toBe(true);
  database.sender.end();
  vi.advanceTimersByTime(1);
  expect(clients[1].isPaused).toBe(false);
  expect(clients[1].frames.waitingCount).toBe(0);
});

test('with 64 MiB on the way to the database whoever sends more is not read from until it has come', () => {
  const database = new Database();
  const clients = Array.from({ length: 70 }, (_, number) => new TestClient(number));
  for (const client of clients) {
    database.sender.send(client, new Uint8Array(MIB - 8), false); // and 8 bytes before it
    database.sender.flush();
  }
  expect(clients.map(({ isPaused }) => isPaused)).toEqual(clients.map((_, i) => i >= 64));
  database.work();
  expect(clients.some(({ isPaused }) => isPaused)).toBe(false);
});
