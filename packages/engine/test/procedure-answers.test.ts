import { readFileSync } from 'node:fs';
import { CommitLog, type FileSystem, type OpenFile, type OpenMode } from '@lightcone/commitlog';
import { SimulatedDisk } from '@lightcone/commitlog/testing';
import { type ClientMessage, type ServerMessage, readServerMessage, writeClientMessage } from '@lightcone/protocol';
import { ByteReader, ByteWriter, ConnectionId } from '@lightcone/sats';
import { beforeEach, expect, test } from 'vitest';
import { readOutboundBatch } from '../src/gateway.ts';
import { Database } from '../src/index.ts';
import { FakeClock, testIdentity } from '../src/testing/index.ts';
import { memoryOptions } from './support/memory-options.ts';

/*
 * What a server sees of procedures: messages in the lanes of confirmed and unconfirmed readers, and
 * records in the log.
 */

const program = readFileSync(new URL('../../../modules/procedures/procedures.wasm', import.meta.url));

/** A disk whose writes wait for the test. */
class HeldDisk extends SimulatedDisk implements FileSystem {
  #held: Promise<void> = Promise.resolve();
  release: () => void = () => {};

  hold(): void {
    this.#held = new Promise((resolve) => (this.release = resolve));
  }

  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const file = await super.open(path, mode);
    return {
      size: () => file.size(),
      read: (target, position) => file.read(target, position),
      truncate: (length) => file.truncate(length),
      datasync: async () => {
        await this.#held;
        await file.datasync();
      },
      write: async (source, position) => {
        await this.#held;
        await file.write(source, position);
      },
      close: () => file.close(),
    };
  }
}

const CONFIRMED = 1;
const UNCONFIRMED = 2;

let disk: HeldDisk;
let log: CommitLog;
let clock: FakeClock;
let database: Database;
let received: Map<number, ServerMessage[]>;

beforeEach(async () => {
  disk = new HeldDisk(() => 0.5);
  log = await CommitLog.open(disk, 'db');
  clock = new FakeClock();
  received = new Map([
    [CONFIRMED, []],
    [UNCONFIRMED, []],
  ]);
  const options = memoryOptions(clock, (batch) =>
    readOutboundBatch(batch, {
      message: (numbers, payload) => {
        for (const number of numbers) received.get(number)?.push(readServerMessage(new ByteReader(payload.slice())));
      },
      close: () => {},
    }),
  );
  database = await Database.create({ ...options, log }, program, testIdentity('owner'));
  for (const number of [CONFIRMED, UNCONFIRMED]) {
    const connectionId = ConnectionId.fromBigInt(BigInt(number));
    const identity = testIdentity(String(number));
    const jwtPayload = JSON.stringify({ iss: 'lightcone-testing', sub: String(number) });
    const isConfirmed = number === CONFIRMED;
    database.connect({
      number,
      identity,
      connectionId,
      jwtPayload,
      token: '',
      protocol: 'v3.bsatn.spacetimedb',
      isConfirmed,
    });
  }
  await clock.advance(0);
  await log.sync();
  for (const messages of received.values()) messages.length = 0;
});

function send(number: number, ...messages: ClientMessage[]): void {
  const writer = new ByteWriter();
  for (const message of messages) writeClientMessage(writer, message);
  database.receive(number, writer.bytes, 0, writer.length);
  writer.bytes.fill(0xff); // it is the sender's again
}

function call(procedure: string, args: Uint8Array, requestId = 7): ClientMessage {
  return { tag: 'CallProcedure', requestId, procedure, args };
}

function text(value: string): Uint8Array {
  const writer = new ByteWriter();
  writer.string(value);
  return writer.finish();
}

function sleepArgs(ms: number): Uint8Array {
  const writer = new ByteWriter();
  writer.u64(BigInt(ms));
  return writer.finish();
}

test('the answer has the time of the start and the duration, failures have neither', async () => {
  const start = clock.nowMicros();
  send(UNCONFIRMED, call('sleep', sleepArgs(250)), call('sleep', new Uint8Array(7), 8), call('nothing', text(''), 9));
  await clock.advance(1000);
  const at = { timestampMicros: 0n, durationMicros: 0n };
  const badArguments = expect.stringMatching(/^invalid arguments for procedure sleep: /);
  expect(received.get(UNCONFIRMED)).toEqual([
    { tag: 'ProcedureResult', requestId: 8, status: { tag: 'InternalError', error: badArguments }, ...at },
    { tag: 'ProcedureResult', requestId: 9, status: { tag: 'InternalError', error: 'No such procedure' }, ...at },
    {
      tag: 'ProcedureResult',
      requestId: 7,
      status: { tag: 'Returned', value: new Uint8Array([0x90, 0xd0, 3, 0, 0, 0, 0, 0]) },
      timestampMicros: start,
      durationMicros: 250_000n,
    },
  ]);
});

test('a confirmed caller gets the answer when what the procedure committed is durable, others at once', async () => {
  disk.hold();
  send(CONFIRMED, call('write_in_transaction', text('a')));
  send(UNCONFIRMED, call('write_in_transaction', text('b')));
  await clock.advance(0);
  expect(received.get(UNCONFIRMED)).toMatchObject([{ tag: 'ProcedureResult', status: { tag: 'Returned' } }]);
  expect(received.get(CONFIRMED)).toEqual([]);
  disk.release();
  await log.sync();
  expect(received.get(CONFIRMED)).toMatchObject([{ tag: 'ProcedureResult', status: { tag: 'Returned' } }]);
});

test('a subscriber hears of a transaction of a procedure before the procedure has ended', async () => {
  send(UNCONFIRMED, { tag: 'Subscribe', requestId: 1, querySetId: 1, queries: ['SELECT * FROM entry'] });
  const args = new ByteWriter();
  args.string('first');
  args.u64(1000n);
  args.string('second');
  send(CONFIRMED, call('write_sleep_write', args.finish()));
  await clock.advance(999);
  expect(received.get(UNCONFIRMED)?.map(({ tag }) => tag)).toEqual(['SubscribeApplied', 'TransactionUpdate']);
  await clock.advance(1);
  await log.sync();
  expect(received.get(UNCONFIRMED)?.map(({ tag }) => tag)).toEqual([
    'SubscribeApplied',
    'TransactionUpdate',
    'TransactionUpdate',
  ]);
  expect(received.get(CONFIRMED)?.map(({ tag }) => tag)).toEqual(['ProcedureResult']);
});

test('the log keeps what a procedure changed and no inputs, and a restart has it', async () => {
  const offset = database.lastTxOffset;
  send(UNCONFIRMED, call('write_in_transaction', text('kept')), call('write_and_abort', text('not kept'), 8));
  await clock.advance(0);
  expect(database.lastTxOffset).toBe(offset + 1);
  await database.close();

  const reopened = await CommitLog.open(disk, 'db');
  const records: Buffer[] = [];
  await reopened.replay((_firstOffset, _count, bytes, start, end) => {
    records.push(Buffer.from(bytes.slice(start, end)));
  }, offset + 1);
  await reopened.close();
  const HAS_MUTATIONS_ONLY = 0x20;
  expect(records[0]?.[0]).toBe(HAS_MUTATIONS_ONLY);
  expect(records[0]?.includes('kept')).toBe(true);
  expect(records.some((record) => record.includes('not kept'))).toBe(false);
});
