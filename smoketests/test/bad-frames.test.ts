import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientMessage, writeClientMessage } from '@lightcone/protocol';
import { ByteWriter } from '@lightcone/sats';
import { ChatUser } from '../src/chat-user.ts';
import { newPerson, publish } from '../src/http.ts';
import { RawConnection } from '../src/raw-connection.ts';
import { ServerProcess } from '../src/server-process.ts';

const v2 = 'v2.bsatn.spacetimedb';
const v3 = 'v3.bsatn.spacetimedb';
const protocolError = 1011;

const subscribe = frame({ tag: 'Subscribe', requestId: 1, querySetId: 1, queries: ['SELECT * FROM message'] });
const sendMessage = frame({ tag: 'CallReducer', requestId: 2, reducer: 'send_message', args: text('hello') });

let server: ServerProcess;
let bystander: ChatUser;

beforeAll(async () => {
  server = await ServerProcess.start();
  const owner = await newPerson(server);
  await publish(server, 'chat', 'quickstart-chat', owner.token);
  bystander = new ChatUser(server, 'chat');
  await bystander.connected();
});

afterAll(async () => {
  bystander?.[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

test.each([
  { what: 'Subscribe', whole: subscribe },
  { what: 'CallReducer', whole: sendMessage },
  { what: 'OneOffQuery', whole: frame({ tag: 'OneOffQuery', requestId: 3, query: 'SELECT * FROM user' }) },
  { what: 'Unsubscribe', whole: frame({ tag: 'Unsubscribe', requestId: 4, querySetId: 1, sendDroppedRows: true }) },
])('$what cut at any byte closes its connection with 1011', async ({ whole }) => {
  for (const subprotocol of [v2, v3] as const) {
    for (let length = 0; length < whole.length; length++) {
      using connection = await RawConnection.open(server, 'chat', subprotocol);
      connection.send(whole.subarray(0, length));
      const { code, reason } = await connection.closed;
      expect({ subprotocol, length, code }).toEqual({ subprotocol, length, code: protocolError });
      expect(reason).not.toBe('');
    }
  }
});

test.each([
  { what: 'an unknown message tag', data: Buffer.from('ff01000000', 'hex') },
  { what: 'unknown flags of a call', data: changed(sendMessage, 5, 1) },
  { what: 'a reducer name that is not UTF-8', data: changed(sendMessage, 10, 0xff) },
  { what: 'a string longer than the frame', data: changed(sendMessage, 9, 0x7f) },
  { what: 'a list of four billion queries', data: Buffer.from('000100000001000000ffffffff', 'hex') },
  { what: 'a text frame', data: 'SELECT * FROM message' },
])('$what closes its connection with 1011', async ({ data }) => {
  for (const subprotocol of [v2, v3] as const) {
    using connection = await RawConnection.open(server, 'chat', subprotocol);
    await connection.next('InitialConnection');
    connection.send(data);
    expect(await connection.closed).toMatchObject({ code: protocolError });
  }
});

test('a frame over 32 MiB ends its connection', async () => {
  using connection = await RawConnection.open(server, 'chat', v2);
  connection.send(Buffer.alloc(32 * 2 ** 20 + 1));
  const { code } = await connection.closed;
  expect([1006, 1009]).toContain(code);
});

test('a frame of almost 32 MiB is taken for what it is', async () => {
  using connection = await RawConnection.open(server, 'chat', v2);
  const args = text('x'.repeat(31 * 2 ** 20));
  connection.send(frame({ tag: 'CallReducer', requestId: 9, reducer: 'send_message', args }));
  const { requestId, outcome } = await connection.next('ReducerResult');
  expect(requestId).toBe(9);
  expect(outcome).toMatchObject({ tag: 'Err' });
});

test('random bytes never do more than close their own connection', async () => {
  let state = 20_261_124;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let ended = 0;
  for (let round = 0; round < 100; round++) {
    const data = Buffer.from(round % 2 === 0 ? subscribe : sendMessage);
    for (let changes = 0; changes <= random(4); changes++) data[random(data.length)] = random(256);
    using connection = await RawConnection.open(server, 'chat', round % 4 < 2 ? v2 : v3);
    connection.send(data);
    // Answered or closed; both are fine, silence is not.
    await Promise.race([connection.closed, connection.nextAnswer()]);
    ended++;
  }
  expect(ended).toBe(100);
});

test('what follows the message of a v2 frame is ignored', async () => {
  using connection = await RawConnection.open(server, 'chat', v2);
  connection.send(Buffer.concat([subscribe, Buffer.from('ffff', 'hex')]));
  expect(await connection.next('SubscribeApplied')).toMatchObject({ requestId: 1, querySetId: 1 });
});

test.each([
  { what: 'a reducer that does not exist', reducer: 'nope', args: text('x'), error: /no such reducer/ },
  {
    what: 'missing arguments',
    reducer: 'send_message',
    args: Buffer.of(),
    error: /invalid arguments for reducer send_message/,
  },
  { what: 'half an argument', reducer: 'send_message', args: text('hello').subarray(0, 6), error: /invalid arguments/ },
  {
    what: 'an argument that is not UTF-8',
    reducer: 'send_message',
    args: changed(text('hello'), 4, 0xff),
    error: /invalid arguments/,
  },
  { what: 'init', reducer: 'init', args: Buffer.of(), error: /can't directly call special Init lifecycle reducer/ },
  {
    what: 'client_connected',
    reducer: 'client_connected',
    args: Buffer.of(),
    error: /can't directly call special OnConnect/,
  },
])(
  'a call with $what is answered by an internal error, and the connection goes on',
  async ({ reducer, args, error }) => {
    for (const subprotocol of [v2, v3] as const) {
      using connection = await RawConnection.open(server, 'chat', subprotocol);
      connection.send(frame({ tag: 'CallReducer', requestId: 7, reducer, args }));
      expect(await connection.next('ReducerResult')).toMatchObject({
        requestId: 7,
        outcome: { tag: 'InternalError', error: expect.stringMatching(error) as string },
      });
      connection.send(frame({ tag: 'CallReducer', requestId: 8, reducer: 'send_message', args: text('still here') }));
      expect(await connection.next('ReducerResult')).toMatchObject({ requestId: 8, outcome: { tag: 'Ok' } });
    }
  },
);

test('a query set id that is in use, and one that is not, are errors of the request alone', async () => {
  using connection = await RawConnection.open(server, 'chat', v2);
  connection.send(subscribe);
  await connection.next('SubscribeApplied');
  connection.send(subscribe);
  expect((await connection.next('SubscriptionError')).error).toMatch(/already exists/);
  connection.send(frame({ tag: 'Unsubscribe', requestId: 5, querySetId: 99, sendDroppedRows: true }));
  expect((await connection.next('SubscriptionError')).error).toMatch(/not found/);
  connection.send(frame({ tag: 'Unsubscribe', requestId: 6, querySetId: 1, sendDroppedRows: true }));
  expect(await connection.next('UnsubscribeApplied')).toMatchObject({ requestId: 6 });
});

test('a subprotocol that nobody speaks is refused before the upgrade', async () => {
  const response = await fetch(`${server.url}/v1/database/chat/subscribe`);
  expect(response.status).toBe(426);
});

test('all along the bystander kept its connection, and the chat works', async () => {
  await bystander.say('that was a lot of noise');
  await bystander.sees('that was a lot of noise');
  expect(bystander.connectionCount).toBe(1);
});

function frame(message: ClientMessage): Buffer {
  const writer = new ByteWriter();
  writeClientMessage(writer, message);
  return Buffer.from(writer.written());
}

/** BSATN of a string, which as a reducer's only argument is its whole argument product. */
function text(value: string): Buffer {
  const writer = new ByteWriter();
  writer.string(value);
  return Buffer.from(writer.written());
}

function changed(data: Uint8Array, at: number, byte: number): Buffer {
  const copy = Buffer.from(data);
  copy[at] = byte;
  return copy;
}
