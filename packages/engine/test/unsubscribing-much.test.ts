import { readFileSync } from 'node:fs';
import { type ServerMessage, readServerMessage, writeClientMessage } from '@lightcone/protocol';
import * as v1 from '@lightcone/protocol/v1';
import { ByteReader, ByteWriter, ConnectionId } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { readOutboundBatch } from '../src/gateway.ts';
import { Database } from '../src/index.ts';
import { FakeClock, testIdentity } from '../src/testing/index.ts';
import { memoryOptions } from './support/memory-options.ts';

/*
 * Rows of a join that came one by one may be too many to be sent together, which an answer to an unsubscribe does.
 */

const program = readFileSync(new URL('../../../modules/person/person.wasm', import.meta.url));
const QUERY = 'SELECT a.* FROM person a JOIN person b ON a.age = b.age';
/** As many squared are more than 256 MiB. */
const ROWS = 17;
const ROW_BYTES = 1024 * 1024;
const SET = 7;
const V2 = 1;
const V1 = 2;
const TOO_LARGE = 'The rows of the join take more than 256 MiB together';

test('an unsubscribe whose rows are too many is refused and the subscription goes on; without rows it ends', async () => {
  const clock = new FakeClock();
  const toV2: ServerMessage[] = [];
  const toV1: v1.ServerMessage<unknown, unknown>[] = [];
  let updates = 0;
  const options = memoryOptions(clock, (batch) =>
    readOutboundBatch(batch, {
      message: (numbers, payload) => {
        if (payload.length > ROW_BYTES) updates += numbers.length;
        else if (numbers.includes(V2)) toV2.push(readServerMessage(new ByteReader(payload)));
        else toV1.push(v1.readServerMessage(new ByteReader(payload)));
      },
      close: (_number, _code, reason) => {
        throw new Error(reason);
      },
    }),
  );
  const database = await Database.create(options, program, testIdentity('owner'));
  for (const [number, protocol] of [
    [V2, 'v2.bsatn.spacetimedb'],
    [V1, 'v1.bsatn.spacetimedb'],
  ] as const) {
    const caller = { identity: testIdentity(protocol), connectionId: ConnectionId.fromBigInt(BigInt(number)) };
    database.connect({ ...caller, jwtPayload: '{}', number, token: '', protocol, isConfirmed: false });
  }
  async function send(number: number, write: (writer: ByteWriter) => void): Promise<void> {
    const writer = new ByteWriter();
    write(writer);
    database.receive(number, writer.bytes, 0, writer.length);
    await clock.advance(0);
  }
  const unsubscribe = (requestId: number, sendDroppedRows: boolean): Promise<void> =>
    send(V2, (w) => writeClientMessage(w, { tag: 'Unsubscribe', requestId, querySetId: SET, sendDroppedRows }));
  let names = 0;
  async function addRow(): Promise<void> {
    const name = String(names++).padEnd(ROW_BYTES, 'x');
    const caller = { identity: testIdentity('caller'), connectionId: ConnectionId.fromBigInt(9n), jwtPayload: '{}' };
    const answer = await database.call(caller, 'add', JSON.stringify([name, 1]));
    expect(answer.kind).toBe('committed');
    await clock.advance(0);
  }

  const ids = { requestId: 1, querySetId: SET, queryId: SET };
  await send(V2, (w) => writeClientMessage(w, { tag: 'Subscribe', ...ids, queries: [QUERY] }));
  await send(V1, (w) => v1.writeClientMessage(w, { tag: 'SubscribeMulti', ...ids, queries: [QUERY] }));
  for (let i = 0; i < ROWS; i++) await addRow();
  expect(updates).toBe(2 * ROWS);

  await unsubscribe(2, true);
  const error = expect.stringMatching(`^${TOO_LARGE}.*: the subscription goes on; unsubscribe without its rows$`);
  expect(toV2.at(-1)).toEqual({ tag: 'SubscriptionError', requestId: 2, querySetId: SET, error });
  await send(V1, (w) => v1.writeClientMessage(w, { tag: 'UnsubscribeMulti', requestId: 2, queryId: SET }));
  expect(toV1.at(-1)).toMatchObject({
    tag: 'SubscriptionError',
    requestId: 2,
    queryId: SET,
    error: expect.stringMatching(`^${TOO_LARGE}.*: the subscription goes on$`),
  });
  await addRow();
  expect(updates).toBe(2 * (ROWS + 1));

  await unsubscribe(3, false);
  expect(toV2.at(-1)).toMatchObject({ tag: 'UnsubscribeApplied', requestId: 3 });
  await addRow();
  expect(updates).toBe(2 * (ROWS + 1) + 1);
  expect(database.metrics()).toMatchObject({ connectedClients: 2, querySets: 1 });
});
