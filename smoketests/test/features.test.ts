// Everything that a module can do, in every language that it can be written in.
import { ConnectionId, Identity, ScheduleAt, TimeDuration, Timestamp, Uuid } from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { comparableDefinition } from '../src/comparable-definition.ts';
import { featuresBindings } from '../src/features-bindings.ts';
import { newPerson, request, sql } from '../src/http.ts';
import { inEachLanguage } from '../src/module-languages.ts';
import { modulePath } from '../src/modules.ts';
import { PublishedModule } from '../src/published-module.ts';

describe.each(inEachLanguage('features'))('features in $language', ({ name }) => {
  let module: PublishedModule;
  beforeAll(async () => {
    // What procedures may reach is decided by the server; this one lets them reach itself.
    module = await PublishedModule.start(name, name, { config: '[module-http]\nallow = ["127.0.0.1"]\n' });
  });
  afterAll(() => module?.[Symbol.asyncDispose]());

  /** What a reducer found out. */
  const answerTo = async (question: string): Promise<unknown> => {
    const [row] = await module.rows(`SELECT text FROM answer WHERE question = '${question}'`);
    return row?.[0];
  };
  const route = (method: string, path: string, more: { body?: string; headers?: Record<string, string> } = {}) =>
    request(module.server, method, `/v1/database/${module.database}/route${path}`, more);

  test('is described as in Rust', async () => {
    const describeAs = async (database: string): Promise<unknown> =>
      comparableDefinition(JSON.parse(await module.cli.succeed('describe', database, '--json')));
    await module.cli.succeed('publish', 'in-rust', '--bin-path', modulePath('features'), '--yes');
    expect(await describeAs(module.database)).toEqual(await describeAs('in-rust'));
  });

  test('has been initialised, and notes who comes and goes', async () => {
    expect(await answerTo('init')).toBe('done');
    const client = await module.connect(featuresBindings);
    const id = client.identity.toHexString();
    const visits = async (): Promise<unknown[]> =>
      (await module.rows(`SELECT kind, connection FROM visit WHERE visitor = 0x${id}`)).map(([kind, connection]) => [
        (kind as [number])[0],
        (connection as [number])[0],
      ]);
    expect(await visits()).toEqual([[0, 0]]);
    client[Symbol.dispose]();
    await client.ended;
    await expect.poll(visits, { timeout: 10_000 }).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  test.each(['check_types', 'check_indexes', 'check_words', 'check_chance'])(
    '%s finds what it looks for',
    async (check) => {
      await module.run(check);
      expect(await module.rows('SELECT * FROM answer')).not.toEqual([]);
    },
  );

  test('its values of every type read as in Rust', async () => {
    await module.run('check_types');
    const response = await sql(module.server, module.database, 'SELECT * FROM everything', module.owner.token);
    const [{ rows }] = JSON.parse((await response.text()).replaceAll(/(?<=[[,])-?\d{10,}(?=[\],])/g, '"$&"')) as [
      { rows: unknown[][] },
    ];
    const [[, ...least], [, ...greatest]] = rows.toSorted(([a], [b]) => Number(a) - Number(b)) as [
      unknown[],
      unknown[],
    ];
    const max = (bits: bigint): string => `${2n ** bits - 1n}`;
    const min = (bits: bigint): string => `-${2n ** (bits - 1n)}`;
    const hex = (digit: string, count: number): string => `0x${digit.repeat(count)}`;
    expect(least.slice(0, 13)).toEqual([
      false,
      0,
      0,
      0,
      0,
      0,
      '0x0',
      -128,
      -32_768,
      min(32n),
      min(64n),
      min(128n),
      `-0x8${'0'.repeat(63)}`,
    ]);
    expect(least.slice(13)).toEqual([
      -3.4028235e38,
      -Number.MAX_VALUE,
      '',
      '',
      ['0x0'],
      [0],
      [min(64n)],
      [min(64n)],
      [0, [0]],
      [0],
      [0, []],
      [-0.5, -1e300],
      [0, []],
      [],
      [],
      [],
      [],
      [1, []],
      [1, []],
      [],
      [1, 'nothing'],
    ]);
    expect(greatest.slice(0, 13)).toEqual([
      true,
      255,
      65_535,
      max(32n),
      max(64n),
      max(128n),
      hex('f', 64),
      127,
      32_767,
      max(31n),
      max(63n),
      max(127n),
      `0x7${'f'.repeat(63)}`,
    ]);
    expect(greatest.slice(13)).toEqual([
      3.4028235e38,
      Number.MAX_VALUE,
      'grüße, 世界 🚀',
      '007fff',
      [hex('f', 64)],
      [max(128n)],
      [max(63n)],
      [max(63n)],
      [1, [1]],
      [max(128n)],
      [2, []],
      [0.5, 1e300],
      [
        4,
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [
        [0, []],
        [1, 1.5],
        [2, [1, []]],
        [3, [0, 1]],
      ],
      [min(32n), -1, 0, 1, max(31n)],
      ['', 'one'],
      [[], [1], [2, 3]],
      [0, 'some'],
      [0, [5, 6]],
      [
        [1, []],
        [0, max(64n)],
      ],
      [0, max(32n)],
    ]);
  });

  test('a client gets every value back as it sent it', async () => {
    const client = await module.connect(featuresBindings);
    await client.subscribe('SELECT * FROM everything WHERE id = 77');
    const row = {
      id: 77,
      flag: true,
      u8: 200,
      u16: 60_000,
      u32: 4_000_000_000,
      u64: 2n ** 63n + 1n,
      u128: 2n ** 127n + 3n,
      u256: 2n ** 255n + 7n,
      i8: -100,
      i16: -30_000,
      i32: -2_000_000_000,
      i64: -(2n ** 62n),
      i128: -(2n ** 126n),
      i256: -(2n ** 254n) - 5n,
      f32: 0.5,
      f64: Math.PI,
      text: 'ключ\0🗝',
      bytes: new Uint8Array([3, 2, 1]),
      identity: new Identity(2n ** 200n + 1n),
      connection: new ConnectionId(2n ** 100n + 1n),
      timestamp: new Timestamp(-1n),
      duration: new TimeDuration(-1n),
      schedule: ScheduleAt.interval(1_500_000n),
      uuid: Uuid.parse('0192f3a4-5b6c-7d8e-9f01-23456789abcd'),
      color: { tag: 'green' as const },
      point: { x: -0.25, y: 1e-300 },
      shape: { tag: 'dyed' as const, value: { tag: 'blue' as const } },
      shapes: [{ tag: 'empty' as const }, { tag: 'polygon' as const, value: [] }],
      numbers: [7],
      texts: ['a', ''],
      grid: [[1, 2], []],
      someText: undefined,
      somePoint: { x: 1, y: 2 },
      options: [5n, undefined], // The client's own type of a Result says less than it takes; an Err it cannot send.
      result: { ok: 5 } as unknown as number,
    };
    await client.reducers.putEverything({ row });
    const stored = await client.until('the row', () => client.db.everything.id.find(77));
    expect(stored).toMatchObject(row);
    expect(await client.procedures.echoEverything({ row })).toEqual(stored);
  });

  test('changes of items reach subscriptions of the table and of views', async () => {
    await module.run('clear_items');
    const client = await module.connect(featuresBindings);
    await client.subscribe(
      ...['item', 'my_items', 'good_items', 'color_counts'].map((table) => `SELECT * FROM ${table}`),
    );
    await client.reducers.addItem({ name: 'mine', slot: 1, score: 3, color: { tag: 'blue' } });
    await module.run('add_item', 'theirs', 2, 30, { green: [] });
    await client.reducers.scoreItem({ name: 'mine', score: 10 });
    const names = (rows: Iterable<{ name: string }>): string =>
      [...rows]
        .map(({ name }) => name)
        .toSorted()
        .join();
    await client.until('all of it', () => names(client.db.goodItems.iter()) === 'mine,theirs');
    expect(names(client.db.item.iter())).toBe('mine,theirs');
    expect([...client.db.myItems.iter()]).toMatchObject([{ name: 'mine', score: 10, owner: client.identity }]);
    const counts = [...client.db.colorCounts.iter()].map(({ color, count }) => `${color.tag} ${count}`);
    expect(counts.toSorted()).toEqual(['blue 1', 'green 1', 'red 0']);
    expect(await module.rows('SELECT name FROM given_view')).toEqual([['mine']]);
    expect(await module.rows('SELECT name FROM my_good_items')).toEqual([['theirs']]);

    await client.reducers.removeItem({ name: 'mine' });
    await client.until('the removal', () => client.db.myItems.count() === 0n);
    await expect(client.reducers.removeItem({ name: 'mine' })).rejects.toThrow('there is no item mine');
    expect(await module.fail('add_item', 'theirs', 3, 0, { red: [] })).toBe('there is an item theirs or one in slot 3');
    expect(await module.fail('add_item', 'other', 2, 0, { red: [] })).toBe('there is an item other or one in slot 2');
  });

  test('what fails is undone, and says why', async () => {
    await module.run('check_words');
    expect(await module.fail('fail', 'because')).toBe('because');
    expect(await module.fail('insert_and_fail', 'lost')).toBe('the word is not meant');
    const trap = 'The instance encountered a fatal error.';
    expect(await module.fail('insert_and_panic', 'lost')).toBe(trap);
    expect(await module.fail('insert_twice', 5)).toBe(trap);
    const panic = (await module.logs()).findLast(
      ({ level, message }) => level === 'Panic' && message.includes('too much'),
    );
    expect(panic).toMatchObject({ function: 'insert_and_panic' });
    expect((await module.rows('SELECT text FROM word')).flat().map(String).toSorted()).toEqual(['one', 'two']);
    expect(await module.rows('SELECT * FROM secret')).toEqual([]);
  });

  test('private tables, filters and event tables show what they should, to whom they should', async () => {
    await module.run('keep_secret', 1, 'hush');
    expect(await module.rows('SELECT * FROM secret')).toEqual([[1, 'hush']]);
    const stranger = await newPerson(module.server);
    expect((await sql(module.server, module.database, 'SELECT * FROM secret', stranger.token)).status).toBe(400);

    const client = await module.connect(featuresBindings);
    await client.subscribe('SELECT * FROM page', 'SELECT * FROM pulse');
    await module.run('write_page', 'of the owner');
    await client.reducers.writePage({ text: 'of the client' });
    const page = await client.until('a page', () => [...client.db.page.iter()][0]);
    expect([page.text, client.db.page.count()]).toEqual(['of the client', 1n]);

    for (const _ of [1, 2]) await module.run('send_pulses', 3);
    await client.until('six pulses', () => client.changes.filter(({ table }) => table === 'pulse').length === 6);
    expect(client.takeChanges('pulse').map(({ row }) => row['strength'])).toEqual([1, 2, 3, 1, 2, 3]);
    expect(await module.rows('SELECT * FROM pulse')).toEqual([]);
  });

  test('given names and defaults of columns are in use', async () => {
    for (const id of [1, 2]) await module.run('given_reducer', id, 'label');
    expect(await module.rows('SELECT * FROM given_table')).toEqual([[2, 'label']]);
    for (const volume of [3, 4]) await module.run('put_setting', 'loud', volume);
    expect(await module.rows('SELECT * FROM setting')).toEqual([['loud', false, 4, 0, 0, '', [0, 1], [0, []]]]);
  });

  test('a caller is known', async () => {
    const client = await module.connect(featuresBindings);
    await client.reducers.whoAmI({});
    const { database, ...caller } = await client.procedures.getCaller({});
    expect(caller).toEqual({ identity: client.identity, connection: client.connection.connectionId });
    const claims = JSON.parse(Buffer.from(client.token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string };
    expect(String(await answerTo('who_am_i')).split('\n')).toEqual([
      `sender ${client.identity.toHexString()}`,
      `connection ${client.connection.connectionId.toHexString()}`,
      `database ${database.toHexString()}`,
      'internal false',
      'issuer localhost',
      `subject ${claims.sub}`,
    ]);
  });

  test('the log has every level, where it was written, and how long that took', async () => {
    await module.run('log_all_levels', 'zwei\nZeilen');
    const lines = (await module.logs()).slice(-6);
    expect(lines.map(({ level }) => level)).toEqual(['Error', 'Warn', 'Info', 'Debug', 'Trace', 'Info']);
    expect(new Set(lines.slice(0, 5).map(({ message }) => message))).toEqual(new Set(['zwei\nZeilen']));
    expect(lines.at(-1)?.message).toMatch(/^Timing span "all levels": /);
    expect(lines[0]).toMatchObject({ function: 'log_all_levels' });
  });

  test('timers ring, and end when they are told to', async () => {
    await module.run('remind_once', 'once', 1);
    await module.run('remind_often', 'often', 10);
    await module.run('send_on_errand', 'errand');
    await module.run('remark_soon', 'soon');
    for (const [question, text] of [
      ['once', '1 true'],
      ['often', '3 true'],
      ['errand', 'done'],
      ['remark', 'soon'],
    ] as const) {
      await expect.poll(() => answerTo(question), { timeout: 10_000 }).toBe(text);
    }
    await expect.poll(() => module.rows('SELECT * FROM reminder'), { timeout: 10_000 }).toEqual([]);
    expect(await module.rows('SELECT * FROM errand')).toEqual([]);
  });

  test('procedures compute, sleep, ask other servers, and take transactions', async () => {
    expect(await module.ask('given_procedure', 40, 2)).toBe(42);
    expect(await module.ask('take_nap', 20)).toBe(true);
    const rolls = Buffer.from((await module.ask('roll_dice', 200)) as string, 'hex');
    expect(new Set(rolls)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    await module.run('clear_items');
    expect(await module.ask('keep_item', 'kept', 1)).toEqual([0, 1]);
    expect(await module.ask('keep_item', 'kept', 1)).toEqual([1, 'there is an item kept or one in slot 1']);
    expect(await module.ask('abort_item', 'aborted', 2)).toBe(true);
    expect(await module.rows('SELECT name FROM item')).toEqual([['kept']]);
    expect(await module.ask('fetch_text', `${module.server.url}/v1/ping`)).toEqual([0, '200 ']);
    expect(await module.ask('fetch_text', `${module.server.url}/nowhere`)).toEqual([0, expect.stringMatching(/^404 /)]);
    expect(await module.ask('fetch_text', 'http://192.168.0.1/')).toEqual([1, expect.any(String)]);
  });

  test('HTTP handlers answer on their routes', async () => {
    await module.run('check_words');
    const added = await route('POST', '/words', { body: 'drei' });
    expect([added.status, added.headers.get('x-length')]).toEqual([201, '4']);
    expect((await route('POST', '/words')).status).toBe(400);
    expect(await (await route('GET', '/words')).text()).toBe('drei\none\ntwo');
    for (const [method, header] of [
      ['PUT', 'über'],
      ['DELETE', undefined],
    ] as const) {
      const headers: Record<string, string> =
        header === undefined ? {} : { 'x-text': Buffer.from(header).toString('latin1') };
      const answer = await route(method, '/echo', { body: 'body', headers });
      expect(await answer.text()).toBe(`${method} ${new URL(answer.url).pathname}\n${header ?? 'none'}\nbody`);
    }
    expect((await route('GET', '/nowhere')).status).toBe(404);
  });
});
