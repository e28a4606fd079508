import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DEFAULT_CONFIG } from '../src/config.ts';
import { DataDirectory } from '../src/data-directory.ts';
import { Databases } from '../src/databases.ts';
import type { DatabaseRecord } from '../src/control/control-database.ts';
import type { DatabaseThread } from '../src/database-thread/database-thread.ts';
import { FrameQueue } from '../src/database-thread/frame-queue.ts';
import type { ThreadClient } from '../src/database-thread/frame-sender.ts';
import type { ToDatabase } from '../src/database-thread/messages.ts';
import { programs } from './fixtures.ts';

const log = pino({ level: 'silent' });
let folder: string;
let dataDirectory: DataDirectory;
let databases: Databases;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-databases-'));
  dataDirectory = await DataDirectory.open(folder);
  databases = new Databases(dataDirectory, log);
});
afterEach(async () => {
  await databases.close();
  await dataDirectory.close();
  await rm(folder, { recursive: true });
});

async function createChat(): Promise<DatabaseRecord> {
  const identity = Databases.newIdentity();
  await databases.create(identity, Databases.newIdentity(), programs.chat);
  const record = dataDirectory.control.findDatabase(identity);
  if (record === undefined) throw new Error('the database is not registered');
  return record;
}

/** A message that the thread's code takes for impossible: it ends as by a mistake of ours. */
function crash(record: DatabaseRecord): Promise<unknown> {
  return databases.open(record).then(({ thread }) => thread.request('update', undefined as never));
}

const someone = { identity: '00'.repeat(32), connectionId: '01'.repeat(16), jwtPayload: '{}' };
const call = { caller: someone, functionName: 'send_message', args: '["hello"]' };

test('a thread that dies fails the requests that wait, and the next one starts the database again', async () => {
  const record = await createChat();
  const { thread } = await databases.open(record);
  expect(await thread.request('call', call)).toMatchObject({ kind: 'committed' });
  await expect(crash(record)).rejects.toMatchObject({ code: 'SERVER_DATABASE_STOPPED' });
  await expect(thread.request('call', call)).rejects.toMatchObject({ code: 'SERVER_DATABASE_STOPPED' });
  const again = await databases.open(record);
  const answer = await again.thread.request('sql', {
    caller: someone,
    text: 'SELECT COUNT(*) AS n FROM message',
    isConfirmed: true,
  });
  expect(answer).toMatchObject({ kind: 'ok', json: expect.stringContaining('"rows":[[1]]') });
});

test('a server that is stopping starts no database, and says so', async () => {
  const record = await createChat();
  await databases.close();
  await expect(databases.open(record)).rejects.toMatchObject({
    code: 'SERVER_DATABASE_STOPPED',
    message: expect.stringContaining('the server is stopping') as string,
  });
});

test('another database does not notice', async () => {
  const [one, other] = [await createChat(), await createChat()];
  const { thread } = await databases.open(other);
  await expect(crash(one)).rejects.toThrow('thread has ended');
  expect(await thread.request('call', call)).toMatchObject({ kind: 'committed' });
});

test('a database that lost its log is refused, not made anew; with the log back it starts', async () => {
  const record = await createChat();
  const { thread } = await databases.open(record);
  await thread.stop();
  const path = dataDirectory.replicaPath(record.replica) ?? '';
  await rm(path, { recursive: true });
  await expect(databases.open(record)).rejects.toMatchObject({ code: 'ENGINE_NO_DATABASE' });
});

test('changes to one database come one after another', async () => {
  const record = await createChat();
  const owner = record.owner;
  await Promise.all([
    databases.reset(record.identity, programs.connections),
    databases.reset(record.identity, programs.chat),
    databases.delete(record.identity),
    databases.create(record.identity, owner, programs.connections),
  ]);
  const { thread } = await databases.open(dataDirectory.control.findDatabase(record.identity) ?? record);
  expect(await thread.request('schema', 9)).toContain('"name":"connected"');
});

test('a program that does not start leaves a database as it was when it resets it', async () => {
  const record = await createChat();
  await expect(databases.reset(record.identity, new Uint8Array(8))).rejects.toMatchObject({
    code: expect.stringMatching(/^HOST_/u),
  });
  expect(dataDirectory.control.findDatabase(record.identity)).toEqual(record);
  const { thread } = await databases.open(record);
  expect(await thread.request('call', call)).toMatchObject({ kind: 'committed' });
});

test('a thread that is busy for hours holds up no stop and no delete for longer than a minute', async () => {
  const { limits, ...others } = DEFAULT_CONFIG.databases;
  const endless = { ...others, limits: { ...limits, energyPerCall: Number.MAX_SAFE_INTEGER } };
  vi.spyOn(dataDirectory, 'config', 'get').mockReturnValue({ ...DEFAULT_CONFIG, databases: endless });
  const identity = Databases.newIdentity();
  await databases.create(identity, Databases.newIdentity(), programs.procedures);
  const record = dataDirectory.control.findDatabase(identity)!;
  const { thread } = await databases.open(record);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const looping = thread.request('call', { caller: someone, functionName: 'loop_forever', args: '[]' });
    const stopped = databases.delete(identity);
    await expect(
      Promise.race([looping, stopped, new Promise((resolve) => setImmediate(resolve, 'neither'))]),
    ).resolves.toBe('neither');
    const ended = Promise.allSettled([looping, stopped]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await ended).toMatchObject([
      { status: 'rejected', reason: { code: 'SERVER_DATABASE_STOPPED' } },
      { status: 'fulfilled' },
    ]);
  } finally {
    vi.useRealTimers();
  }
  expect(existsSync(dataDirectory.replicaPath(record.replica) ?? '')).toBe(false);
});

/** A client that asks for something, of which nothing else is under way. */
function hear(thread: DatabaseThread): ThreadClient {
  const client: ThreadClient = { number: 1, frames: new FrameQueue(), pause: () => {}, resume: () => {} };
  thread.frame(client, new Uint8Array(1), false);
  return client;
}

function ask(thread: DatabaseThread, count: number): Promise<unknown>[] {
  return Array.from({ length: count }, () => thread.ask('somebody', 'call', call, 0));
}

test('beside a client that asks for one thing at a time requests go at their pace, to all databases together', async () => {
  const [one, other] = [await databases.open(await createChat()), await databases.open(await createChat())];
  const posted = vi.spyOn(Worker.prototype, 'postMessage');
  const requestCount = (): number =>
    posted.mock.calls.filter(([message]) => (message as Exclude<ToDatabase, ArrayBuffer>).tag === 'request').length;
  await Promise.all(ask(one.thread, 10));
  expect(requestCount()).toBe(10);
  posted.mockClear();
  const client = hear(one.thread);
  const answers = [...ask(one.thread, 10), ...ask(other.thread, 10)];
  expect(requestCount()).toBe(4);
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ kind: 'committed' });
  expect(requestCount()).toBe(20);
  one.thread.disconnect(client);
  const others = ask(one.thread, 10);
  expect(requestCount()).toBe(30);
  await Promise.all(others);
  posted.mockRestore();
});

test('what somebody has asked for counts until it is answered', async () => {
  const { thread } = await databases.open(await createChat());
  const large = 40 * 1024 * 1024;
  const askMuch = (): Promise<unknown> => thread.ask('somebody', 'call', call, large);
  const [first, second] = [askMuch(), askMuch()];
  expect(await second).toMatchObject({ kind: 'overloaded' });
  expect(await first).toMatchObject({ kind: 'committed' });
  expect(await askMuch()).toMatchObject({ kind: 'committed' });
});

test('requests that wait at their pace are answered by a database that stops', async () => {
  const { thread } = await databases.open(await createChat());
  hear(thread);
  const answers = ask(thread, 20);
  await thread.stop();
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ kind: 'committed' });
});
