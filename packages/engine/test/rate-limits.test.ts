import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RateLimits } from '../src/index.ts';
import { Door } from '../src/limits/door.ts';
import { Outbox } from '../src/outbox.ts';
import { FakeClock, openTestDatabase, testIdentity } from '../src/testing/index.ts';

const chat = readFileSync(new URL('../../../modules/quickstart-chat/quickstart-chat.wasm', import.meta.url));
const none: RateLimits = { perConnection: undefined, perIdentity: undefined, functions: new Map() };
const two = { perSecond: 1, burst: 2 };

/** Which of the attempts succeed, and what the others are told. */
async function outcomes(attempts: readonly (() => Promise<unknown>)[]): Promise<string[]> {
  const settled = await Promise.allSettled(attempts.map((attempt) => attempt()));
  return settled.map((each) => (each.status === 'fulfilled' ? 'ok' : (each.reason as Error).message));
}

test('a connection over its limit is told so, another one of the same identity goes on, and time heals it', async () => {
  await using db = await openTestDatabase(chat, { rateLimits: { ...none, perConnection: two } });
  const [alice, again] = [await db.connect('alice'), await db.connect('alice')];
  const send = () => alice.call('send_message', 'hello');
  const refused =
    'too many requests: the limit of requests of this connection is 1 a second, 2 at once; try again in 1 s';
  expect(await outcomes([send, send, send, send])).toEqual(['ok', 'ok', refused, refused]);
  expect(db.logs.filter(({ level }) => level === 'Error')).toEqual([]); // a flood must not fill the log
  await again.call('send_message', 'hello');
  await db.clock.advance(1000);
  expect(await outcomes([send, send])).toEqual(['ok', refused]);
});

test('an identity has one bucket over its connections, and others have their own', async () => {
  await using db = await openTestDatabase(chat, { rateLimits: { ...none, perIdentity: two } });
  const [first, second, bob] = [await db.connect('alice'), await db.connect('alice'), await db.connect('bob')];
  await first.call('send_message', 'hello');
  await second.call('send_message', 'hello');
  await expect(first.call('send_message', 'hello')).rejects.toThrow(/requests of this identity/u);
  // Leaving and coming back empties no bucket.
  first.disconnect();
  second.disconnect();
  const back = await db.connect('alice');
  await expect(back.call('send_message', 'hello')).rejects.toThrow(/requests of this identity/u);
  await bob.call('send_message', 'hello');
});

test('the limit of a reducer counts its calls by one identity and leaves other reducers alone', async () => {
  await using db = await openTestDatabase(chat, {
    rateLimits: { ...none, functions: new Map([['send_message', two]]) },
  });
  const [alice, bob] = [await db.connect('alice'), await db.connect('bob')];
  const send = () => alice.call('send_message', 'hello');
  const refused = expect.stringContaining('the limit of calls of send_message by this identity is 1 a second');
  expect(await outcomes([send, send, send])).toEqual(['ok', 'ok', refused]);
  await alice.call('set_name', 'Alice');
  await bob.call('send_message', 'hello');
});

test('subscriptions and queries count as well, and the refusal leaves nothing registered', async () => {
  await using db = await openTestDatabase(chat, { rateLimits: { ...none, perConnection: two } });
  const alice = await db.connect('alice');
  await alice.query('SELECT * FROM message');
  await alice.query('SELECT * FROM message');
  await expect(alice.query('SELECT * FROM message')).rejects.toThrow(/too many requests/u);
  await expect(alice.subscribe('SELECT * FROM message')).rejects.toThrow(/too many requests/u);
  await db.clock.advance(1000);
  await alice.subscribe('SELECT * FROM message');
});

test('what is known of an identity is forgotten when its buckets are full and it is gone', () => {
  const clock = new FakeClock();
  const door = new Door(
    { ...none, perIdentity: { perSecond: 1, burst: 10 } },
    1,
    undefined,
    new Outbox(() => {}, 0),
    clock,
  );
  for (let i = 0; i < 1000; i++) {
    const quota = door.enter(testIdentity(`visitor ${i}`));
    expect(door.refuseRequest(quota)).toBeUndefined();
    door.leave(quota);
  }
  expect(door.identityCount).toBe(1000);
  void clock.advance(1000);
  const staying = door.enter(testIdentity('staying'));
  for (let i = 0; i < 10_000; i++) {
    const quota = door.enter(testIdentity(`later visitor ${i}`));
    door.refuseRequest(quota);
    door.leave(quota);
    void clock.advance(100); // ten visits a second, each forgotten a second later
  }
  expect(door.identityCount).toBeLessThan(1100);
  for (let i = 0; i < 10; i++) expect(door.refuseRequest(staying)).toBeUndefined();
  expect(door.refuseRequest(staying)).toMatchObject({ kind: 'rateLimited', retryAfterSeconds: 1 });
  expect(door.refused).toEqual({ connection: 0, identity: 1, function: 0, unsyncedLog: 0, fullDisk: 0 });
});
