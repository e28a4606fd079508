// Limits of the host, strained by a module of the official crate: the call fails or is cut short, and the next one works.
import { reducers, reducerSchema, procedures, schema, t, table } from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, newPerson } from '../src/http.ts';
import { PublishedModule } from '../src/published-module.ts';

const bindings = {
  ...schema({
    row: table({ name: 'row', public: true }, { id: t.u64().primaryKey(), bytes: t.byteArray() }),
  }).schemaType,
  ...reducers(
    reducerSchema('fail_at_length', { bytes: t.u32() }),
    reducerSchema('take_bytes', { bytes: t.byteArray() }),
    reducerSchema('insert_large_row', { bytes: t.u32() }),
  ).reducersType,
  ...procedures(),
  versionInfo: { cliVersion: '2.10.1' },
};

const fatal = 'The instance encountered a fatal error.';
const outOfEnergy = 'Module energy budget exhausted.';

let module: PublishedModule;

beforeAll(async () => {
  module = await PublishedModule.start('misbehaving');
});

afterAll(() => module?.[Symbol.asyncDispose]());

async function callsOfThisInstance(): Promise<unknown> {
  await module.run('count_calls');
  return (await module.rows('SELECT of_this_instance FROM calls'))[0]?.[0];
}

describe('what a call leaves open', () => {
  test('iterators and timers are dropped with the call, however often that happens', async () => {
    await module.run('fill', 100, 10);
    for (let round = 0; round < 5; round++) {
      await module.run('leave_iterators_open', 4000);
      await module.run('leave_timers_open', 1000);
      expect(await module.fail('leave_iterators_open_and_panic', 4000)).toBe(fatal);
    }
    const lines = (await module.logs()).filter(({ message }) => message === '100 rows behind 4000 open iterators');
    expect(lines).toHaveLength(5);
    await module.run('clear');
    expect(await module.rows('SELECT COUNT(*) AS n FROM row')).toEqual([[0]]);
  });

  test.each([
    { reducer: 'leave_iterators_open', reason: /more than \d+ row iterators are open/ },
    { reducer: 'leave_timers_open', reason: /more than \d+ console timers are running/ },
  ])('ten thousand are too many for $reducer: it fails, the log says why, the next call works', async (each) => {
    expect(await module.fail(each.reducer, 10_000)).toBe(fatal);
    expect((await module.logs()).some(({ message }) => each.reason.test(message))).toBe(true);
    await module.run(each.reducer, 1000);
  });
});

describe('sizes', () => {
  test('a long line is in the log, whole or cut, and so are the lines after it', async () => {
    for (const length of [1000, 1_000_000]) await module.run('log_long_line', length);
    await module.run('take_bytes', '00');
    const messages = (await module.logs()).map(({ message }) => message);
    expect(messages).toContain('x'.repeat(1000));
    expect(messages.some((message) => /^x{1001,}/.test(message))).toBe(true);
    expect(messages.at(-1)).toBe('took 1 bytes');
  });

  test('a module that only logs runs out of energy, and the log goes on', { timeout: 180_000 }, async () => {
    const response = await call(module.server, module.database, 'log_until_it_ends', [], module.owner.token);
    expect(await response.text()).toBe(outOfEnergy);
    await module.run('take_bytes', '0000');
    const messages = (await module.logs()).map(({ message }) => message);
    expect(messages.at(-1)).toBe('took 2 bytes');
    expect(messages.some((message) => message.includes('what else it logs is dropped'))).toBe(true);
    expect(messages.some((message) => message.includes('energy'))).toBe(true);
  });

  test('large arguments, rows and messages arrive whole', async () => {
    const client = await module.connect(bindings);
    await module.run('clear');
    await client.subscribe('SELECT * FROM row');
    await client.reducers.takeBytes({ bytes: new Uint8Array(8_000_000) });
    await client.reducers.insertLargeRow({ bytes: 8_000_000 });
    const row = await client.until('the large row', () => [...client.db.row.iter()][0]);
    expect(row.bytes).toHaveLength(8_000_000);
    expect(row.bytes.every((byte) => byte === 1)).toBe(true);
    await expect(client.reducers.failAtLength({ bytes: 1_000_000 })).rejects.toThrow(/^e{1000000}$/);
    expect(await module.fail('panic_at_length', 1_000_000)).toBe(fatal);
  });
});

describe('statics', () => {
  test('outlive calls and failures, but no panic: then the instance is a new one', async () => {
    const first = Number(await callsOfThisInstance());
    expect(await callsOfThisInstance()).toBe(first + 1);
    // The row is taken back, the static is not.
    expect(await module.fail('count_call_and_fail')).toBe('counted, and taken back');
    expect(await callsOfThisInstance()).toBe(first + 3);
    expect(await module.fail('count_call_and_panic')).toBe(fatal);
    expect(await callsOfThisInstance()).toBe(1);
    expect(await module.fail('abort')).toBe(fatal);
    expect(await callsOfThisInstance()).toBe(1);
  });

  test('memory that is kept from call to call comes to an end, and is there again afterwards', async () => {
    const hoard = async (): Promise<string | undefined> => {
      const response = await call(module.server, module.database, 'hoard', [64], module.owner.token);
      return response.status === 200 ? undefined : response.text();
    };
    let failure: string | undefined;
    for (let round = 0; failure === undefined && round < 200; round++) failure = await hoard();
    expect(failure).toBe(fatal);
    expect(await hoard()).toBeUndefined();
    expect(await module.fail('panic_with_hoard')).toBe(fatal);
    expect(await hoard()).toBeUndefined();
  });
});

describe('lifecycle reducers', () => {
  test.each([
    { withPanic: false, reason: 'you cannot come in' },
    { withPanic: true, reason: fatal },
  ])('one that refuses a client (with a panic: $withPanic) keeps it out', async ({ withPanic, reason }) => {
    const person = await newPerson(module.server);
    await module.run('ask_for_trouble', [`0x${person.identity}`], true, false, withPanic);
    const response = await call(module.server, module.database, 'take_bytes', ['00'], person.token);
    expect(response.status).toBe(403);
    expect(await response.text()).toBe(reason);
    await expect(module.connect(bindings, person.token)).rejects.toThrow('closed before it stood');
    expect(await module.rows(`SELECT * FROM visit WHERE identity = 0x${person.identity}`)).toEqual([]);
    expect(await clientsOf(person.identity)).toEqual([]);
  });

  test.each([{ withPanic: false }, { withPanic: true }])(
    'one that fails when a client leaves (with a panic: $withPanic) does not hold it back',
    async ({ withPanic }) => {
      const person = await newPerson(module.server);
      await module.run('ask_for_trouble', [`0x${person.identity}`], false, true, withPanic);
      const response = await call(module.server, module.database, 'take_bytes', ['00'], person.token);
      expect(response.status).toBe(200);
      // The arrival was committed, what the failed departure wrote was not.
      const visits = await module.rows(`SELECT is_arrival FROM visit WHERE identity = 0x${person.identity}`);
      expect(visits).toEqual([[true]]);
      expect(await clientsOf(person.identity)).toEqual([]);
      const isLogged = (await module.logs()).some(({ message }) => message.includes('you cannot leave'));
      expect(isLogged).toBe(true);
    },
  );

  async function clientsOf(identity: string): Promise<unknown[][]> {
    const clients = await module.rows('SELECT identity FROM st_client');
    return clients.filter(([found]) => String(found).includes(identity.replace(/^0+/, '')));
  }
});
