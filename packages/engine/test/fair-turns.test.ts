import { readFileSync } from 'node:fs';
import {
  type ClientMessage,
  type ServerMessage,
  readServerMessage,
  rowCount,
  writeClientMessage,
} from '@lightcone/protocol';
import { ByteReader, ByteWriter, ConnectionId } from '@lightcone/sats';
import { fc, test as property } from '@fast-check/vitest';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOutboundBatch } from '../src/gateway.ts';
import { Database } from '../src/index.ts';
import { testIdentity } from '../src/testing/index.ts';
import { BusyClock } from './support/busy-clock.ts';
import { memoryOptions } from './support/memory-options.ts';

/*
 * Much that one client asks for is done between what others ask for. The time that things take is counted, not
 * measured: a twentieth of a millisecond passes whenever the engine looks at the clock, which it does after each message.
 */

const program = readFileSync(new URL('../../../modules/person/person.wasm', import.meta.url));
const MESSAGES_PER_TURN = 20;
const CLIENTS = [1, 2, 3] as const;

let clock: BusyClock;
let database: Database;
/** Answers as they left, by batch. */
let batches: { readonly number: number; readonly requestId: number }[][];
let closes: { readonly number: number; readonly code: number }[];
let framesDone: number;
/** Called with each message as it leaves. */
let onMessage: (number: number, message: ServerMessage) => void;

beforeEach(async () => {
  clock = new BusyClock(0.05);
  batches = [];
  closes = [];
  framesDone = 0;
  onMessage = () => {};
  const options = memoryOptions(clock, (batch) => {
    const answers: (typeof batches)[number] = [];
    readOutboundBatch(batch, {
      message: ([number], payload) => {
        const message = readServerMessage(new ByteReader(payload));
        onMessage(number!, message);
        if (message.tag === 'ReducerResult') answers.push({ number: number!, requestId: message.requestId });
      },
      close: (number, code) => closes.push({ number, code }),
    });
    batches.push(answers);
  });
  database = await Database.create(options, program, testIdentity('owner'));
  for (const number of CLIENTS) connect(number);
  await clock.advance(0);
  batches = [];
});
afterEach(() => database.close());

function connect(number: number): void {
  const caller = { identity: testIdentity(String(number)), connectionId: ConnectionId.fromBigInt(BigInt(number)) };
  const protocol = 'v3.bsatn.spacetimedb';
  database.connect({ ...caller, jwtPayload: '{}', number, token: '', protocol, isConfirmed: false });
}

/** A call whose row says whose it is. */
function call(number: number, requestId: number): ClientMessage {
  const args = new ByteWriter();
  args.string(`${number}: ${requestId}`);
  args.u32(0);
  return { tag: 'CallReducer', requestId, reducer: 'add', args: args.finish() };
}

function calls(number: number, first: number, count: number): ClientMessage[] {
  return Array.from({ length: count }, (_, i) => call(number, first + i));
}

/** Sends a frame; its bytes are no more what they were when this returns. */
function send(number: number, ...messages: readonly ClientMessage[]): void {
  const writer = new ByteWriter();
  for (const message of messages) writeClientMessage(writer, message);
  database.receive(number, writer.bytes, 0, writer.length, false, () => framesDone++);
  writer.bytes.fill(0);
}

function answersTo(number: number): number[] {
  return batches.flat().flatMap((answer) => (answer.number === number ? [answer.requestId] : []));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

test.each(['one frame', 'many frames'])('many calls in %s hold up a call of another client by a turn', async (how) => {
  if (how === 'one frame') send(1, ...calls(1, 0, 1000));
  else for (let i = 0; i < 1000; i++) send(1, call(1, i));
  send(2, call(2, 0));
  await clock.advance(0);
  const order = batches.flat();
  expect(order.findIndex(({ number }) => number === 2)).toBeLessThan(2 * MESSAGES_PER_TURN);
  expect(answersTo(1)).toEqual(upTo(1000));
  expect(framesDone).toBe(how === 'one frame' ? 2 : 1001);
});

test('one that comes when much waits already is heard when all others were, once', async () => {
  for (const number of [1, 2]) send(number, ...calls(number, 0, 1000));
  await new Promise((resolve) => setImmediate(resolve));
  const before = batches.flat().length;
  send(3, call(3, 0));
  await clock.advance(0);
  const order = batches.flat();
  expect(order.findIndex(({ number }) => number === 3)).toBeLessThan(before + 2 * MESSAGES_PER_TURN);
  expect([answersTo(1), answersTo(2)]).toEqual([upTo(1000), upTo(1000)]);
});

test('who asks for one thing at a time is heard next, however many others have much waiting', async () => {
  const floods = Array.from({ length: 5 }, (_, i) => 10 + i);
  for (const number of floods) connect(number);
  await clock.advance(0);
  batches = [];
  const rounds = 20;
  const calledAt: number[] = [];
  const answeredAt: number[] = [];
  let answered = 0;
  onMessage = (number, message) => {
    if (message.tag !== 'ReducerResult') return;
    answered++;
    if (number !== 2) return;
    answeredAt.push(answered);
    if (answeredAt.length < rounds) setImmediate(() => callNext());
  };
  const callNext = (): void => {
    calledAt.push(answered);
    send(2, call(2, calledAt.length - 1));
  };
  for (const number of floods) send(number, ...calls(number, 0, 200));
  callNext();
  await clock.advance(0);
  expect(answersTo(2)).toEqual(upTo(rounds));
  // What is being done when it calls and little of each of the others: no turn of theirs leaves together with its answer.
  for (const [i, before] of calledAt.entries()) {
    expect(answeredAt[i]! - before).toBeLessThanOrEqual(MESSAGES_PER_TURN + 2 * floods.length);
  }
  for (const number of floods) expect(answersTo(number)).toEqual(upTo(200));
});

test('many who ask for one thing at a time leave one with much waiting its share', async () => {
  const others = Array.from({ length: 9 }, (_, i) => 10 + i);
  for (const number of others) connect(number);
  await clock.advance(0);
  batches = [];
  const sent = new Map<number, number>();
  let isOver = false;
  const callNext = (number: number): void => {
    const requestId = sent.get(number) ?? 0;
    sent.set(number, requestId + 1);
    send(number, call(number, requestId));
  };
  onMessage = (number, message) => {
    if (message.tag !== 'ReducerResult') return;
    if (number === 1) isOver = message.requestId === 99;
    else if (!isOver) setImmediate(() => callNext(number));
  };
  send(1, ...calls(1, 0, 100));
  for (const number of others) callNext(number);
  await clock.advance(0);
  expect(answersTo(1)).toEqual(upTo(100));
  // A tenth of what was done until then is its own, or more where others took their time.
  for (const number of others) expect(sent.get(number)).toBeLessThanOrEqual(200);
});

/** Counts the rows that a client was told of: those it began with and those that came. */
function watchRows(watcher: number): { count: number; appliedAt: number | undefined; updates: number } {
  const seen = { count: 0, appliedAt: undefined as number | undefined, updates: 0 };
  let answered = 0;
  onMessage = (number, message) => {
    if (number !== watcher && message.tag === 'ReducerResult') answered++;
    if (number !== watcher) return;
    if (message.tag === 'SubscribeApplied') {
      seen.appliedAt ??= answered;
      for (const { rows } of message.tables) seen.count += rowCount(rows);
    } else if (message.tag === 'TransactionUpdate') {
      for (const { tables } of message.querySets) {
        for (const { changes } of tables) {
          for (const change of changes) if (change.tag === 'PersistentTable') seen.count += rowCount(change.inserts);
        }
      }
    }
  };
  return seen;
}

test("calls are done while another client's many queries are prepared, and it misses none of them", async () => {
  const seen = watchRows(1);
  const queries = Array.from({ length: 100 }, (_, i) => `SELECT * FROM person WHERE name = '2: ${2 * i}'`);
  send(1, { tag: 'Subscribe', requestId: 0, querySetId: 0, queries });
  for (let i = 0; i < 200; i++) {
    send(2, call(2, i));
    await new Promise((resolve) => setImmediate(resolve));
    if (i === 0) expect(seen.appliedAt).toBeUndefined();
  }
  await clock.advance(0);
  expect(answersTo(2)).toEqual(upTo(200));
  // Some were before its moment and some after; each is told of once.
  expect(seen.appliedAt).toBeGreaterThan(10);
  expect(seen.appliedAt).toBeLessThan(190);
  expect(seen.count).toBe(100);
});

test('a client that subscribes to many queries again and again holds up a call by a turn', async () => {
  const queries = Array.from({ length: 500 }, (_, i) => `SELECT * FROM person WHERE name = '${i}'`);
  const order: string[] = [];
  onMessage = (number, { tag }) => void order.push(`${number} ${tag}`);
  for (let id = 0; id < 5; id++) {
    send(1, { tag: 'Subscribe', requestId: id, querySetId: id, queries });
    send(1, { tag: 'Unsubscribe', requestId: id, querySetId: id, sendDroppedRows: false });
  }
  send(2, call(2, 0));
  await clock.advance(0);
  expect(order[0]).toBe('2 ReducerResult');
  expect(order.filter((line) => line === '1 SubscribeApplied')).toHaveLength(5);
  expect(order.filter((line) => line === '1 UnsubscribeApplied')).toHaveLength(5);
});

test('a client that goes while its queries are planned leaves nothing behind', async () => {
  const queries = Array.from({ length: 100 }, (_, i) => `SELECT * FROM person WHERE name = '${i}'`);
  send(1, { tag: 'Subscribe', requestId: 0, querySetId: 0, queries });
  database.receive(1, Uint8Array.of(255), 0, 1, false, () => framesDone++);
  database.disconnect(1);
  await clock.advance(0);
  expect(closes).toEqual([{ number: 1, code: 1011 }]);
  expect(framesDone).toBe(2);
  expect(database.metrics()).toMatchObject({ connectedClients: 2, liveQueries: 0, querySets: 0 });
});

test('answers leave turn by turn', async () => {
  send(1, ...calls(1, 0, 100));
  await clock.advance(0);
  expect(batches.length).toBeGreaterThan(5);
  for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(MESSAGES_PER_TURN);
});

test('who goes when something of it waits has it done, and is gone then', async () => {
  send(1, ...calls(1, 0, 100));
  database.disconnect(1);
  database.disconnect(1);
  expect(database.metrics().connectedClients).toBe(3);
  await clock.advance(0);
  expect(answersTo(1)).toEqual(upTo(100));
  expect(database.metrics().connectedClients).toBe(2);
});

test('a wrong message ends its client when its turn comes, and what waits behind it is not done', async () => {
  send(1, ...calls(1, 0, 100));
  database.receive(1, Uint8Array.of(255), 0, 1, false, () => framesDone++);
  send(1, call(1, 100));
  send(2, call(2, 0));
  await clock.advance(0);
  expect(answersTo(1)).toEqual(upTo(100));
  expect(closes).toEqual([{ number: 1, code: 1011 }]);
  expect(answersTo(2)).toEqual([0]);
  expect(framesDone).toBe(4);
  send(1, call(1, 101));
  expect(framesDone).toBe(5);
});

test('what waits is done before the database closes', async () => {
  send(1, ...calls(1, 0, 100));
  send(2, ...calls(2, 0, 100));
  await database.close();
  expect([answersTo(1), answersTo(2)]).toEqual([upTo(100), upTo(100)]);
  expect(framesDone).toBe(2);
});

/** Calls for somebody without a connection, and notes in `order` when it is done. */
function ask(asker: string, text: string, order: string[]): Promise<void> {
  const as = { identity: testIdentity(asker), connectionId: ConnectionId.fromBigInt(1000n), jwtPayload: '{}' };
  return database.inTurn(asker, async () => {
    order.push(text);
    expect(await database.call(as, 'add', JSON.stringify([text, 0]))).toMatchObject({ kind: 'committed' });
  });
}

/** Notes in `order` when a client has its answers. */
function noteAnswers(order: string[]): void {
  onMessage = (number, message) => {
    if (message.tag === 'ReducerResult') order.push(`${number}: ${message.requestId}`);
  };
}

test('a thousand requests of somebody without a connection hold up a call of a client by a turn, and are done in order', async () => {
  const order: string[] = [];
  noteAnswers(order);
  const requests = upTo(1000).map((i) => ask('flood', `request ${i}`, order));
  send(2, call(2, 0));
  await clock.advance(0);
  await Promise.all(requests);
  expect(order.indexOf('2: 0')).toBeLessThan(2 * MESSAGES_PER_TURN);
  expect(order.filter((text) => text !== '2: 0')).toEqual(upTo(1000).map((i) => `request ${i}`));
});

test('the request of one who asks for little is done before those of one who asks for much, whoever came first', async () => {
  const order: string[] = [];
  send(1, ...calls(1, 0, 1000));
  const requests = upTo(1000).map((i) => ask('flood', `request ${i}`, order));
  await new Promise((resolve) => setImmediate(resolve));
  const before = order.length;
  requests.push(ask('modest', 'modest', order));
  await clock.advance(0);
  await Promise.all(requests);
  expect(order.indexOf('modest')).toBeLessThan(before + 2 * MESSAGES_PER_TURN);
  expect(answersTo(1)).toEqual(upTo(1000));
});

test('a request does not overtake what waits of its asker, though a turn that begins has time for it', async () => {
  const order: string[] = [];
  send(1, ...calls(1, 0, 200));
  const requests = [ask('asker', 'first', order)];
  // Between the end of a turn and the next one for what waits.
  onMessage = () => {
    onMessage = () => {};
    queueMicrotask(() => requests.push(ask('asker', 'second', order)));
  };
  await clock.advance(0);
  await Promise.all(requests);
  expect(order).toEqual(['first', 'second']);
});

test.each(['frames of a client', 'requests without a connection'])(
  '%s that come between turns leave another with much waiting its share',
  async (how) => {
    const requests: Promise<void>[] = [];
    let done = 0;
    let doneBefore: number | undefined;
    let isComing = false;
    const come = (): void => {
      isComing = false;
      if (how === 'frames of a client') send(2, ...calls(2, 0, MESSAGES_PER_TURN));
      else
        for (let i = 0; i < MESSAGES_PER_TURN; i++)
          requests.push(ask('asker', `${requests.length}`, []).then(() => void done++));
    };
    onMessage = (number, message) => {
      if (message.tag !== 'ReducerResult') return;
      if (number === 2) done++;
      else if (message.requestId === 199) doneBefore = done;
      if (doneBefore !== undefined || isComing || done > 1000) return;
      isComing = true;
      // Before the next turn for what waits.
      queueMicrotask(come);
    };
    send(1, ...calls(1, 0, 200));
    await clock.advance(0);
    await Promise.all(requests);
    expect(doneBefore).toBeGreaterThan(100);
    expect(doneBefore).toBeLessThan(300);
  },
);

test('a query that somebody sends behind a call sees what it did, also when both have to wait', async () => {
  send(1, ...calls(1, 0, 200));
  const as = { identity: testIdentity('asker'), connectionId: ConnectionId.fromBigInt(1000n), jwtPayload: '{}' };
  const called = ask('asker', 'the call', []);
  const queried = database.inTurn('asker', () => database.sql(as, "SELECT * FROM person WHERE name = 'the call'"));
  await clock.advance(0);
  await called;
  expect(await queried).toMatchObject({ kind: 'ok', outcome: { rowCount: 1 } });
});

test('who comes under a new name for each request does not stay in front of those who were there', async () => {
  const order: string[] = [];
  noteAnswers(order);
  send(1, ...calls(1, 0, 100));
  send(2, call(2, 0));
  let names = 0;
  let isOver = false;
  const requests: Promise<void>[] = [];
  // Whenever one of them is done there is the next, so that there always is somebody new.
  const come = (): void => {
    if (isOver || names > 5000) return;
    const name = `stranger ${names++}`;
    requests.push(ask(name, name, order).then(come));
  };
  for (let i = 0; i < 10; i++) come();
  const answered = onMessage;
  onMessage = (number, message) => {
    answered(number, message);
    if (message.tag !== 'ReducerResult') return;
    if (number === 1) isOver = message.requestId === 99;
    else if (!isOver) setImmediate(() => send(2, call(2, message.requestId + 1)));
  };
  await clock.advance(0);
  await Promise.all(requests);
  expect(answersTo(1)).toEqual(upTo(100));
  // A share of the flood's is a tenth of a millisecond, which is as much as one request takes or two.
  expect(names).toBeLessThan(100 * 12);
  expect(answersTo(2).length).toBeGreaterThan(names / 20);
});

test('requests that wait are done before the database closes, and refused when it has', async () => {
  const order: string[] = [];
  const requests = upTo(100).map((i) => ask('flood', `request ${i}`, order));
  await database.close();
  await Promise.all(requests);
  expect(order).toHaveLength(100);
  await expect(ask('flood', 'too late', order)).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
});

property.prop([
  fc.array(
    fc.oneof(
      fc.record({ number: fc.constantFrom(...CLIENTS), messages: fc.integer({ min: 1, max: 20 }) }),
      fc.constant('turn' as const),
    ),
    { maxLength: 30, size: 'max' },
  ),
])('whatever comes when, each client is answered everything in order, once', async (steps) => {
  batches = [];
  framesDone = 0;
  const sent = new Map<number, number>(CLIENTS.map((number) => [number, 0]));
  let frames = 0;
  for (const step of steps) {
    if (step === 'turn') {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const first = sent.get(step.number)!;
    send(step.number, ...calls(step.number, first, step.messages));
    sent.set(step.number, first + step.messages);
    frames++;
  }
  await clock.advance(0);
  for (const [number, count] of sent) expect(answersTo(number)).toEqual(upTo(count));
  expect(framesDone).toBe(frames);
});
