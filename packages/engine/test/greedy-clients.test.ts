import { readFileSync } from 'node:fs';
import { type ClientMessage, writeClientMessage } from '@lightcone/protocol';
import { ByteWriter, ConnectionId } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOutboundBatch } from '../src/gateway.ts';
import { Database } from '../src/index.ts';
import { FakeClock, testIdentity } from '../src/testing/index.ts';
import { memoryOptions } from './support/memory-options.ts';

/*
 * A few bytes ask for a whole table; what is asked for at once must not fill the memory.
 */

const program = readFileSync(new URL('../../../modules/person/person.wasm', import.meta.url));
const ROWS = 10;
const ROW_BYTES = 1024 * 1024;
const GREEDY = 1;
const MODEST = 2;

let clock: FakeClock;
let database: Database;
let receivedBytes: Map<number, number>;
let closes: { readonly number: number; readonly reason: string }[];

beforeEach(async () => {
  clock = new FakeClock();
  receivedBytes = new Map();
  closes = [];
  const options = memoryOptions(clock, (batch) =>
    readOutboundBatch(batch, {
      message: (numbers, payload) => {
        for (const number of numbers) receivedBytes.set(number, bytesOf(number) + payload.length);
      },
      close: (number, _code, reason) => closes.push({ number, reason }),
    }),
  );
  database = await Database.create(options, program, testIdentity('owner'));
  for (const number of [GREEDY, MODEST]) {
    const caller = { identity: testIdentity(String(number)), connectionId: ConnectionId.fromBigInt(BigInt(number)) };
    const protocol = 'v3.bsatn.spacetimedb';
    database.connect({ ...caller, jwtPayload: '{}', number, token: '', protocol, isConfirmed: false });
  }
  for (let i = 0; i < ROWS; i++) {
    const args = new ByteWriter();
    args.string(String(i).padEnd(ROW_BYTES, 'x'));
    args.u32(i);
    send(MODEST, { tag: 'CallReducer', requestId: i, reducer: 'add', args: args.finish() });
  }
  await clock.advance(0);
  receivedBytes.clear();
});
afterEach(() => database.close());

function bytesOf(number: number): number {
  return receivedBytes.get(number) ?? 0;
}

function send(number: number, ...messages: readonly ClientMessage[]): void {
  const writer = new ByteWriter();
  for (const message of messages) writeClientMessage(writer, message);
  database.receive(number, writer.bytes, 0, writer.length);
}

const query: ClientMessage = { tag: 'OneOffQuery', requestId: 1, query: 'SELECT * FROM person' };

test.each(['one frame', 'many frames'])(
  'who asks for a table again and again in %s is closed, nobody else',
  async (how) => {
    if (how === 'one frame') send(GREEDY, ...Array.from({ length: 1000 }, () => query));
    else for (let i = 0; i < 1000; i++) send(GREEDY, query);
    send(MODEST, query);
    await clock.advance(0);
    expect(closes).toEqual([
      { number: GREEDY, reason: 'too much asked for at once: wait for answers before asking for more' },
    ]);
    expect(bytesOf(GREEDY)).toBeLessThan(150 * ROW_BYTES);
    expect(bytesOf(MODEST)).toBeGreaterThan(ROWS * ROW_BYTES);
  },
);

test('who waits for the end of the turn may ask for as much', async () => {
  for (let i = 0; i < 10; i++) {
    send(GREEDY, query, query, query);
    await clock.advance(0);
  }
  expect(closes).toEqual([]);
  expect(bytesOf(GREEDY)).toBeGreaterThan(30 * ROWS * ROW_BYTES);
});
