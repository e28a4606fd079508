// Procedures of a module of the official crate, called by the official client, over HTTP and at the command line.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  type Infer,
  procedures,
  procedureSchema,
  reducers,
  reducerSchema,
  schema,
  t,
  table,
  Timestamp,
  type Uuid,
} from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, newPerson } from '../src/http.ts';
import type { ModuleClient } from '../src/module-client.ts';
import { PublishedModule } from '../src/published-module.ts';

const point = t.object('Point', { x: t.f64(), y: t.f64() });
const shape = t.enum('Shape', {
  nothing: t.unit(),
  circle: t.object('Circle', { center: point, radius: t.f64() }),
  polygon: t.array(point),
});
const header = t.object('Header', { name: t.string(), value: t.string() });

const answerType = t.object('Answer', {
  status: t.u16(),
  version: t.string(),
  headers: t.array(header),
  body: t.byteArray(),
});

const bindings = {
  ...schema({
    entry: table(
      { name: 'entry', public: true },
      { id: t.u64().primaryKey(), text: t.string(), author: t.identity(), writtenAt: t.timestamp() },
    ),
  }).schemaType,
  ...reducers(reducerSchema('write', { text: t.string() })).reducersType,
  ...procedures(
    procedureSchema('do_nothing', {}, t.unit()),
    procedureSchema('add', { a: t.i64(), b: t.i64() }, t.i64()),
    procedureSchema('greet', { name: t.string(), isFormal: t.bool() }, t.string()),
    procedureSchema('divide', { dividend: t.i32(), divisor: t.i32() }, t.result(t.i32(), t.string())),
    procedureSchema('first_char', { text: t.string() }, t.option(t.string())),
    procedureSchema('bounding_box', { shape }, t.array(point)),
    procedureSchema('echo_shape', { shape }, shape),
    procedureSchema(
      'extremes',
      {},
      t.object('Extremes', {
        bytes: t.byteArray(),
        smallest: t.i256(),
        largest: t.u256(),
        never: t.option(t.timestamp()),
        aWhile: t.timeDuration(),
      }),
    ),
    procedureSchema('many_bytes', { count: t.u32() }, t.byteArray()),
    procedureSchema('ping', {}, t.string()),
    procedureSchema('panic_with', { message: t.string() }, t.unit()),
    procedureSchema('loop_forever', {}, t.unit()),
    procedureSchema(
      'who_am_i',
      {},
      t.object('Caller', {
        identity: t.identity(),
        connection: t.option(t.connectionId()),
        database: t.identity(),
        timestamp: t.timestamp(),
        identityInTransaction: t.identity(),
        connectionInTransaction: t.option(t.connectionId()),
        isInternal: t.bool(),
        subject: t.option(t.string()),
      }),
    ),
    procedureSchema('make_uuids', {}, t.result(t.array(t.uuid()), t.string())),
    procedureSchema('sleep', { ms: t.u64() }, t.i64()),
    procedureSchema('sleep_until', { time: t.timestamp() }, t.timestamp()),
    procedureSchema('write_sleep_write', { first: t.string(), ms: t.u64(), second: t.string() }, t.timeDuration()),
    procedureSchema('count_with_naps', { naps: t.u32() }, t.array(t.u32())),
    procedureSchema('write_and_panic', { text: t.string() }, t.unit()),
    procedureSchema('commit_then_panic', { text: t.string() }, t.unit()),
    procedureSchema('sleep_in_transaction', { text: t.string() }, t.unit()),
    procedureSchema('request_in_transaction', { text: t.string() }, t.unit()),
    procedureSchema('fetch', { url: t.string() }, t.result(t.string(), t.string())),
    procedureSchema(
      'send',
      {
        method: t.string(),
        url: t.string(),
        headers: t.array(header),
        body: t.byteArray(),
        timeoutMs: t.u64(),
      },
      t.result(answerType, t.string()),
    ),
  ),
  versionInfo: { cliVersion: '2.10.1' },
};

let module: PublishedModule;
let client: ModuleClient<typeof bindings>;

beforeAll(async () => {
  // What procedures may reach is decided by the server; this one lets them reach the tests' own web server.
  module = await PublishedModule.start('procedures', 'procedures', {
    config: '[module-http]\nallow = ["127.0.0.1"]\n',
  });
  client = await module.connect(bindings);
  await client.subscribe('SELECT * FROM entry');
});

afterAll(() => module?.[Symbol.asyncDispose]());

function texts(): string[] {
  return [...client.db.entry.iter()].map(({ text }) => text).toSorted();
}

/** The value of a `Result` that has to be `Ok`. The client's own type of it says less than it gives. */
function valueOf<Value>(result: unknown): Value {
  expect(result).toHaveProperty('ok');
  return (result as { ok: Value }).ok;
}

async function storedTexts(): Promise<string[]> {
  return (await module.rows('SELECT text FROM entry')).map(([text]) => String(text));
}

describe('values', () => {
  test('of every kind go in and come out', async () => {
    const { procedures: run } = client;
    expect(await run.add({ a: -3n, b: 2n ** 62n })).toBe(2n ** 62n - 3n);
    expect(await run.greet({ name: 'Ann', isFormal: true })).toBe('Good day, Ann');
    expect(await run.firstChar({ text: '🚀 go' })).toBe('🚀');
    expect(await run.firstChar({ text: '' })).toBeUndefined();
    const circle = { tag: 'circle', value: { center: { x: 1, y: 2 }, radius: 3 } } as const;
    expect(await run.boundingBox({ shape: circle })).toEqual([
      { x: -2, y: -1 },
      { x: 4, y: 5 },
    ]);
    const polygon = { tag: 'polygon' as const, value: [{ x: 0.5, y: -0 }] };
    for (const each of [circle, polygon]) expect(await run.echoShape({ shape: each })).toEqual(each);
    expect(await run.echoShape({ shape: { tag: 'nothing' } })).toMatchObject({ tag: 'nothing' });
    expect(await run.extremes({})).toMatchObject({
      bytes: new Uint8Array([0, 127, 255]),
      smallest: -(2n ** 255n),
      largest: 2n ** 256n - 1n,
      never: undefined,
    });
    const bytes = await run.manyBytes({ count: 1_000_000 });
    expect(bytes).toHaveLength(1_000_000);
    expect(bytes.every((byte, index) => byte === index % 256)).toBe(true);
    expect(await run.ping({})).toBe('pong');
    await expect(run.doNothing({})).resolves.toEqual({});
  });

  test('an Err is a value like others', async () => {
    expect(await client.procedures.divide({ dividend: 7, divisor: 2 })).toEqual({ ok: 3 });
    expect(await client.procedures.divide({ dividend: 7, divisor: 0 })).toEqual({ err: '7 cannot be divided by 0' });
  });

  test('over HTTP and at the command line they are JSON', async () => {
    expect(await module.ask('add', 40, 2)).toBe(42);
    expect(await module.ask('divide', 7, 0)).toEqual([1, '7 cannot be divided by 0']);
    expect(await module.ask('bounding_box', { polygon: [[1, 2]] })).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(await module.ask('do_nothing')).toEqual([]);
    expect((await module.cli.succeed('call', 'procedures', 'greet', 'Ann', 'false')).trim()).toBe('"Hi Ann"');
  });

  test('bad arguments, unknown names and panics are answered with what went wrong', async () => {
    for (const [name, args, status] of [
      ['add', [1], 400],
      ['add', ['one', 2], 400],
      ['nope', [], 404],
      ['panic_with', ['oh no'], 500],
    ] as const) {
      expect((await call(module.server, 'procedures', name, args)).status, name).toBe(status);
    }
    await expect(client.procedures.panicWith({ message: 'oh no' })).rejects.toThrow(/fatal error/);
    expect((await module.logs()).some(({ level, message }) => level === 'Panic' && message.includes('oh no'))).toBe(
      true,
    );
    expect(await client.procedures.ping({})).toBe('pong');
  });

  test('one that never ends is stopped, and the next ones are answered', { timeout: 180_000 }, async () => {
    await expect(client.procedures.loopForever({})).rejects.toThrow(/budget|energy/);
    expect(await client.procedures.ping({})).toBe('pong');
  });
});

describe('the caller', () => {
  test('is known to the procedure and to its transactions', async () => {
    const caller = await client.procedures.whoAmI({});
    expect(caller).toMatchObject({
      identity: client.identity,
      identityInTransaction: client.identity,
      connection: client.connection.connectionId,
      connectionInTransaction: client.connection.connectionId,
      isInternal: false,
      subject: expect.any(String) as string,
    });
    expect(caller.database.toHexString()).toMatch(/^c200/);
    expect(Math.abs(Number(caller.timestamp.microsSinceUnixEpoch / 1000n) - Date.now())).toBeLessThan(60_000);
  });

  test('gets other random numbers each time', async () => {
    const first = await module.ask('roll_dice', 50);
    expect(String(first)).toMatch(/^([0-9a-f]{2}){50}$/);
    expect(await module.ask('roll_dice', 50)).not.toBe(first);
    const uuids = valueOf<Uuid[]>(await client.procedures.makeUuids({})).map(String);
    expect(uuids).toEqual(['4', '7', '7'].map((version) => expect.stringMatching(`^.{14}${version}.{21}$`) as string));
    expect(new Set(uuids).size).toBe(3);
  });
});

describe('sleeps', () => {
  test('last as long as asked for, and hold up nobody', async () => {
    const slept = client.procedures.sleep({ ms: 300n });
    const order: string[] = [];
    void slept.then(() => order.push('slept'));
    await client.reducers.write({ text: 'while it slept' });
    order.push('written');
    const micros = await slept;
    expect(order).toEqual(['written', 'slept']);
    expect(Number(micros)).toBeGreaterThanOrEqual(300_000);
  });

  test('until a time that has passed are none', async () => {
    const now = await client.procedures.sleepUntil({ time: new Timestamp(0n) });
    expect(Math.abs(Number(now.microsSinceUnixEpoch / 1000n) - Date.now())).toBeLessThan(60_000);
  });

  test('lie between transactions, whose changes are seen as they commit', async () => {
    const done = client.procedures.writeSleepWrite({ first: 'before', ms: 200n, second: 'after' });
    await client.until('the first entry', () => texts().includes('before'));
    expect(texts()).not.toContain('after');
    await done;
    await client.until('the second entry', () => texts().includes('after'));
  });

  test('of two hundred procedures go on side by side, and memory of each is its own', async () => {
    const started = performance.now();
    const counts = Array.from({ length: 100 }, (_, index) => client.procedures.countWithNaps({ naps: index % 7 }));
    const sleeps = Array.from({ length: 100 }, () => client.procedures.sleep({ ms: 1000n }));
    await client.reducers.write({ text: 'among two hundred' });
    const writtenMs = performance.now() - started;
    for (const [index, counted] of (await Promise.all(counts)).entries()) {
      expect(counted).toEqual(Array.from({ length: index % 7 }, (_, nap) => nap));
    }
    await Promise.all(sleeps);
    // One after the other they would have taken two hundred seconds.
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(writtenMs).toBeLessThan(20_000);
  });
});

describe('transactions', () => {
  test('commit, with the caller and the time', async () => {
    const id = await module.ask('write_in_transaction', 'committed');
    expect(await module.rows("SELECT id FROM entry WHERE text = 'committed'")).toEqual([[id]]);
    await client.until('the entry', () => texts().includes('committed'));
    const entry = [...client.db.entry.iter()].find(({ text }) => text === 'committed');
    expect(entry?.author.toHexString()).toBe(module.owner.identity);
  });

  test('roll back on an Err, which the procedure may handle', async () => {
    expect(await module.ask('write_and_abort', 'aborted')).toEqual([1, '"aborted" is not worth keeping']);
    expect(await module.ask('write_unless_there', 'unique')).toBe(true);
    expect(await module.ask('write_unless_there', 'unique')).toBe(false);
    const [first, second, third] = (await module.ask('write_each', ['one', 'one', 'two'])) as [number, unknown][];
    expect([first?.[0], second?.[0], third?.[0]]).toEqual([0, 1, 0]);
    const stored = await storedTexts();
    expect(stored).toEqual(expect.arrayContaining(['unique', 'one', 'two']));
    expect(stored.some((text) => text === 'aborted' || text.startsWith('draft of'))).toBe(false);
  });

  test('roll back on a panic; what was committed before stays', async () => {
    await expect(client.procedures.writeAndPanic({ text: 'panicked' })).rejects.toThrow(/fatal error/);
    await expect(client.procedures.commitThenPanic({ text: 'kept' })).rejects.toThrow(/fatal error/);
    const stored = await storedTexts();
    expect(stored).not.toContain('panicked');
    expect(stored).toContain('kept');
  });

  test('have times of their own, in order', async () => {
    const times = (await module.ask('transaction_times')) as number[];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('do not nest, and are neither committed nor aborted where there is none', async () => {
    const [begin, commit, abort] = (await module.ask('forbidden_calls')) as [number, string][];
    expect(begin).toEqual([0, expect.stringMatching(/transaction/i) as string]);
    expect(commit).toEqual([0, expect.stringMatching(/transaction/i) as string]);
    expect(abort).toEqual(commit);
  });

  test('left open are aborted, and the log says so', async () => {
    await module.ask('leave_transaction_open', 'left open');
    expect(await storedTexts()).not.toContain('left open');
    expect(
      (await module.logs()).some(({ message }) => /aborting dangling .*leave_transaction_open/.test(message)),
    ).toBe(true);
    await module.ask('write_in_transaction', 'after the open one');
  });

  test('allow neither sleeps nor requests', async () => {
    await expect(client.procedures.sleepInTransaction({ text: 'asleep' })).rejects.toThrow(/fatal error/);
    await expect(client.procedures.requestInTransaction({ text: 'asking' })).rejects.toThrow(/fatal error/);
    const stored = await storedTexts();
    expect(stored).not.toContain('asleep');
    expect(stored).not.toContain('asking');
  });
});

describe('requests to other servers', () => {
  let web: Server;
  let url: string;
  const seen: {
    method: string | undefined;
    url: string | undefined;
    headers: IncomingMessage['headers'];
    body: string;
  }[] = [];

  beforeAll(async () => {
    web = createServer((request, response) => {
      void buffer(request).then((body) => {
        seen.push({ method: request.method, url: request.url, headers: request.headers, body: body.toString() });
        if (request.url === '/never') return;
        response.writeHead(request.url === '/missing' ? 404 : 201, { 'x-answer': 'yes', 'content-type': 'text/plain' });
        response.end(`you said ${body.toString()}`);
      });
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    web.closeAllConnections();
    web.close();
  });

  test('carry method, headers and body, and bring back the same', async () => {
    const result = await client.procedures.send({
      method: 'POST',
      url: `${url}/path?query=1`,
      headers: [
        { name: 'x-first', value: 'one' },
        { name: 'content-type', value: 'text/plain' },
      ],
      body: new TextEncoder().encode('hello'),
      timeoutMs: 10_000n,
    });
    expect(seen.at(-1)).toMatchObject({
      method: 'POST',
      url: '/path?query=1',
      body: 'hello',
      headers: { 'x-first': 'one', 'content-type': 'text/plain' },
    });
    const answer = valueOf<Infer<typeof answerType>>(result);
    expect(answer).toMatchObject({ status: 201, version: 'HTTP/1.1' });
    expect(answer.headers).toContainEqual({ name: 'x-answer', value: 'yes' });
    expect(new TextDecoder().decode(answer.body)).toBe('you said hello');
  });

  test('are answered by any status; what has no answer is an Err', async () => {
    expect(await client.procedures.fetch({ url: `${url}/missing` })).toEqual({ ok: '404 you said ' });
    const timedOut = await client.procedures.send({
      method: 'GET',
      url: `${url}/never`,
      headers: [],
      body: new Uint8Array(),
      timeoutMs: 200n,
    });
    expect(timedOut).toEqual({ err: expect.stringMatching(/./) as string });
    expect(await client.procedures.fetch({ url: 'http://127.0.0.1:1/' })).toHaveProperty('err');
    expect(await client.procedures.fetch({ url: 'nonsense' })).toHaveProperty('err');
  });

  test('leave the procedure its transactions', async () => {
    const [kind] = (await module.ask('fetch_and_keep', `${url}/kept`)) as [number, unknown];
    expect(kind).toBe(0);
    await client.until('the answer', () => texts().includes('you said '));
  });

  test('reach what the server allows, and no other address of this machine', async () => {
    for (const host of ['[::1]', '127.0.0.2', '0.0.0.0', '169.254.169.254', '10.0.0.1']) {
      const port = new URL(url).port;
      const before = seen.length;
      const refused = await client.procedures.fetch({ url: `http://${host}:${port}/` });
      expect(refused, host).toHaveProperty('err');
      expect(seen).toHaveLength(before);
    }
    await using strict = await PublishedModule.start('procedures');
    expect(await strict.ask('fetch', url)).toEqual([1, expect.stringMatching(/./) as string]);
  });
});

test('somebody else may call them, and only they hear the answer', async () => {
  const stranger = await newPerson(module.server);
  const other = await module.connect(bindings, stranger.token);
  expect((await other.procedures.whoAmI({})).identity).toEqual(other.identity);
  expect(client.identity).not.toEqual(other.identity);
});
