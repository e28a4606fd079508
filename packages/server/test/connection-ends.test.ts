// How connections are kept alive and how they end, over every protocol (file 20 §2 of the specification).
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeClientMessage } from '@lightcone/protocol';
import * as v1 from '@lightcone/protocol/v1';
import { ByteWriter } from '@lightcone/sats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { textArgs } from './client.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';
import { type Ending, OPCODE, RawWebSocket } from './raw-web-socket.ts';

/** What may wait of a client, and for it. */
const NARROW =
  '[websocket]\nincoming-queue-length = 50\noutgoing-queue-bytes = 262_144\nclose-handshake-timeout = "50ms"\n';
/** How long a client may be silent. */
const IMPATIENT = '[websocket]\nping-interval = "50ms"\nidle-timeout = "600ms"\n';

const folders: string[] = [];
let server: RunningServer;
let impatient: RunningServer;
let owner: User;
beforeAll(async () => {
  server = await start(NARROW);
  impatient = await start(IMPATIENT);
  owner = await newUser(server.url);
  await publish(server.url, 'test', owner, programs.test);
  await publish(server.url, 'bouncer', owner, programs.misbehaving);
  await publish(impatient.url, 'test', await newUser(impatient.url), programs.test);
}, 60_000);
afterAll(async () => {
  await Promise.all([server.close(), impatient.close()]);
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function start(config: string): Promise<RunningServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lightcone-ends-'));
  folders.push(dataDir);
  await writeFile(join(dataDir, 'config.toml'), config);
  return startServer({ listenAddress: '127.0.0.1:0', dataDir });
}

interface Protocol {
  readonly name: string;
  readonly opcode: number;
  /** A message that calls `add_label`. */
  readonly call: (text: string) => Buffer;
  /** One that asks for all labels. */
  readonly subscribe: () => Buffer;
  readonly undecodable: string | Buffer;
}

const LABELS = 'SELECT * FROM label';

function ofV1(isJson: boolean): Protocol {
  const encode = (message: v1.ClientMessage): Buffer => {
    if (isJson) return Buffer.from(v1.formatClientMessage(message));
    const writer = new ByteWriter();
    v1.writeClientMessage(writer, message);
    return Buffer.from(writer.finish());
  };
  return {
    name: `v1.${isJson ? 'json' : 'bsatn'}.spacetimedb`,
    opcode: isJson ? OPCODE.text : OPCODE.binary,
    call(text) {
      const args = isJson ? JSON.stringify([text]) : textArgs(text);
      return encode({ tag: 'CallReducer', requestId: 1, reducer: 'add_label', args, noSuccessNotify: false });
    },
    subscribe: () => encode({ tag: 'Subscribe', requestId: 2, queries: [LABELS] }),
    undecodable: isJson ? '{"Nope":{}}' : Buffer.of(99),
  };
}

function ofV2(version: 'v2' | 'v3'): Protocol {
  const encode = (message: Parameters<typeof writeClientMessage>[1]): Buffer => {
    const writer = new ByteWriter();
    writeClientMessage(writer, message);
    return Buffer.from(writer.finish());
  };
  return {
    name: `${version}.bsatn.spacetimedb`,
    opcode: OPCODE.binary,
    call: (text) => encode({ tag: 'CallReducer', requestId: 1, reducer: 'add_label', args: textArgs(text) }),
    subscribe: () => encode({ tag: 'Subscribe', requestId: 2, querySetId: 2, queries: [LABELS] }),
    undecodable: Buffer.of(99),
  };
}

const protocols = [ofV1(true), ofV1(false), ofV2('v2'), ofV2('v3')];

interface Case {
  readonly what: string;
  /** Makes the connection end. */
  readonly act: (client: RawWebSocket, protocol: Protocol) => void | Promise<void>;
  readonly ending: Ending | object;
  readonly only?: RegExp;
  readonly database?: string;
}

const endings: readonly Case[] = [
  {
    what: 'a message that does not decode',
    act: (client, { opcode, undecodable }) => client.send(opcode, undecodable),
    ending: { code: 1011, reason: expect.stringMatching(/./u) },
  },
  {
    what: 'half a message',
    act: (client, { opcode, call }) => client.send(opcode, call('half').subarray(0, 9)),
    ending: { code: 1011, reason: expect.stringMatching(/./u) },
  },
  {
    what: 'an error text that is longer than a close frame',
    act: (client) => client.send(OPCODE.text, `{"${'Nope'.repeat(1000)}":[]}`),
    ending: { code: 1011, reason: expect.stringMatching(/^.{100,123}$/u) },
    only: /v1/u,
  },
  {
    what: 'text where binary was agreed on',
    act: (client) => client.send(OPCODE.text, '{}'),
    ending: { code: 1011, reason: 'text messages are not supported by this protocol' },
    only: /v2|v3/u,
  },
  {
    what: 'an empty message',
    act: (client, { opcode }) => client.send(opcode, ''),
    ending: { code: 1011, reason: 'a frame without a message' },
  },
  {
    what: 'more messages than may wait',
    act: (client, { opcode, call }) => {
      client.socket.cork();
      for (let i = 0; i < 200; i++) client.send(opcode, call(`${i}`));
      client.socket.uncork();
    },
    ending: { code: 1013, reason: 'too many requests' },
  },
  {
    what: 'a message of more than 32 MiB',
    act: (client, { opcode }) => client.send(opcode, Buffer.alloc(32 * 1024 * 1024 + 1)),
    ending: expect.toSatisfy((ending: Ending) => ending === 'dropped' || ending.code === 1009),
  },
  {
    what: 'fragments of together more than 32 MiB',
    act: (client, { opcode }) => {
      client.send(opcode, Buffer.alloc(20 * 1024 * 1024), { isFinal: false });
      client.send(OPCODE.continuation, Buffer.alloc(20 * 1024 * 1024));
    },
    ending: expect.toSatisfy((ending: Ending) => ending === 'dropped' || ending.code === 1009),
  },
  {
    what: 'a frame without a mask',
    act: (client, { opcode, call }) => client.send(opcode, call('bare'), { isMasked: false }),
    ending: { code: 1002, reason: expect.stringMatching(/^/u) },
  },
  {
    what: 'a frame of an extension that was not agreed on',
    act: (client, { opcode, call }) => client.send(opcode, call('packed'), { reservedBits: 4 }),
    ending: { code: 1002, reason: expect.stringMatching(/^/u) },
  },
  {
    what: 'a kind of frame that there is not',
    act: (client) => client.send(3, 'x'),
    ending: { code: 1002, reason: expect.stringMatching(/^/u) },
  },
  {
    what: 'a fragment of nothing',
    act: (client) => client.send(OPCODE.continuation, 'x'),
    ending: { code: 1002, reason: expect.stringMatching(/^/u) },
  },
  {
    what: 'text that is no UTF-8',
    act: (client) => client.send(OPCODE.text, Buffer.of(0xff)),
    ending: { code: 1007, reason: expect.stringMatching(/^/u) },
  },
  {
    what: 'a goodbye',
    act: (client) => client.send(OPCODE.close, Buffer.of(3, 232)),
    ending: { code: 1000, reason: '' },
  },
  {
    what: 'the end of the socket',
    act: (client) => void client.socket.end(),
    ending: 'dropped',
  },
  {
    what: 'the deletion of its database',
    act: async () => expect(await owners('DELETE', 'passing')).toBe(200),
    ending: { code: 1001, reason: 'module exited' },
    database: 'passing',
  },
  {
    what: 'a publish that clears its database',
    act: async () => expect(await owners('PUT', 'passing?clear=true', programs.connections)).toBe(200),
    ending: { code: 1001, reason: 'module exited' },
    database: 'passing',
  },
  {
    what: 'a module that does not want it',
    act: () => undefined,
    ending: { code: 1008, reason: expect.stringMatching(/^you cannot come in/u) },
    database: 'bouncer',
  },
];

async function owners(method: string, path: string, body?: Uint8Array<ArrayBuffer>): Promise<number> {
  const request = { method, headers: authorization(owner), ...(body && { body }) };
  return (await fetch(`${server.url}/v1/database/${path}`, request)).status;
}

async function unwelcome(): Promise<User> {
  const user = await newUser(server.url);
  const response = await fetch(`${server.url}/v1/database/bouncer/call/ask_for_trouble`, {
    method: 'POST',
    headers: { ...authorization(owner), 'content-type': 'application/json' },
    body: JSON.stringify([[`0x${user.identity}`], true, false, false]),
  });
  expect([response.status, await response.text()]).toEqual([200, '']);
  return user;
}

describe.each(protocols)('over $name', (protocol) => {
  const connect = async (database = 'test', query = 'compression=None'): Promise<RawWebSocket> =>
    RawWebSocket.connect(server.port, database, protocol.name, query);
  const connectTo = ({ port }: RunningServer): Promise<RawWebSocket> =>
    RawWebSocket.connect(port, 'test', protocol.name);

  /** Whether a new client gets its answer. */
  const serves = async (): Promise<boolean> => {
    using client = await connect();
    await client.nextOf(protocol.opcode);
    client.send(protocol.opcode, protocol.call('still there'));
    await client.nextOf(protocol.opcode);
    return true;
  };

  const cases = endings.filter(({ only }) => only?.test(protocol.name) ?? true);
  test.each(cases)('$what ends the connection, and no other', async ({ act, ending, database = 'test' }) => {
    if (database === 'passing') await publish(server.url, 'passing', owner, programs.connections);
    const query = database === 'bouncer' ? `token=${(await unwelcome()).token}` : '';
    using client = await connect(database, query);
    if (database !== 'bouncer') await client.nextOf(protocol.opcode);
    await act(client, protocol);
    expect(await client.ending()).toEqual(ending);
    expect(await serves()).toBe(true);
  });

  test('one that takes nothing is dropped without a word when too much waits for it', async () => {
    const dropped = async (): Promise<number> => {
      const metrics = await (await fetch(`${server.url}/v1/metrics`)).text();
      const lines = metrics.split('\n').filter((line) => line.includes('cause="outgoing_queue_full"'));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    };
    const before = await dropped();
    await sql(server.url, 'test', owner, 'DELETE FROM label');
    using slow = await connect();
    await slow.nextOf(protocol.opcode);
    slow.send(protocol.opcode, protocol.subscribe());
    await slow.nextOf(protocol.opcode);
    using writer = await connect();
    await writer.nextOf(protocol.opcode);
    // The kernel takes some, then the server; what is over its bound ends the connection.
    for (let calls = 0; (await dropped()) === before; calls++) {
      expect(calls).toBeLessThan(100);
      writer.send(protocol.opcode, protocol.call(`${calls}`.padEnd(1_000_000)));
      await writer.nextOf(protocol.opcode);
    }
    await sql(server.url, 'test', owner, 'DELETE FROM label');
    expect(await slow.ending()).toBe('dropped');
  });

  test('what is sent in fragments, with a ping in between, is one message', async () => {
    using client = await connect();
    await client.nextOf(protocol.opcode);
    const message = protocol.call('in pieces');
    client.send(protocol.opcode, message.subarray(0, 5), { isFinal: false });
    client.send(OPCODE.continuation, message.subarray(5, 9), { isFinal: false });
    client.send(OPCODE.ping, 'are you there?');
    client.send(OPCODE.continuation, message.subarray(9));
    expect((await client.nextOf(OPCODE.pong)).payload.toString()).toBe('are you there?');
    await client.nextOf(protocol.opcode);
  });

  test('a ping comes at once, the next one only after the answer, and without one the end', async () => {
    using client = await connectTo(impatient);
    const seen: number[] = [];
    let frame;
    while ((frame = await client.next()) !== undefined) seen.push(frame.opcode);
    // Nothing was answered: one ping, the first message, and the end without a word.
    expect(seen.toSorted((a, b) => a - b)).toEqual([protocol.opcode, OPCODE.ping]);

    using lively = await connectTo(impatient);
    for (let pings = 0; pings < 4; pings++) {
      expect((await lively.nextOf(OPCODE.ping)).payload).toHaveLength(0);
      lively.send(OPCODE.pong, '');
    }
  });

  test('one that sends anything at all within the time is not idle', async () => {
    using client = await connectTo(impatient);
    await client.nextOf(protocol.opcode);
    // For longer than the idle timeout, and no ping is answered.
    for (let i = 0; i < 6; i++) {
      await setTimeout(150);
      client.send(OPCODE.ping, 'x');
      await client.nextOf(OPCODE.pong);
    }
    client.send(protocol.opcode, protocol.call('not idle'));
    expect((await client.nextOf(protocol.opcode)).isFinal).toBe(true);
  });

  test('a close that the client does not answer ends the socket soon', async () => {
    using client = await connect();
    await client.nextOf(protocol.opcode);
    client.send(protocol.opcode, protocol.undecodable);
    // What comes after its close is not looked at.
    client.send(protocol.opcode, protocol.call('too late'));
    await client.nextOf(OPCODE.close);
    expect(await client.next()).toBeUndefined();
    expect(await sql(server.url, 'test', owner, "SELECT * FROM label WHERE text = 'too late'")).toEqual([]);
  });
});

test.each(protocols)('a stop of the server closes clients of $name with 1001', async (protocol) => {
  const other = await startServer({ listenAddress: '127.0.0.1:0' });
  await publish(other.url, 'test', await newUser(other.url), programs.connections);
  using client = await RawWebSocket.connect(other.port, 'test', protocol.name);
  await client.nextOf(protocol.opcode);
  const stopped = other.close();
  expect(await client.ending()).toEqual({ code: 1001, reason: 'module exited' });
  await stopped;
});
