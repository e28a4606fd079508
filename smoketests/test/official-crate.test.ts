// What the official crate offers a reducer, used by a real module and compared with a plain calculation here.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, newPerson, type Person, publish, request, rows } from '../src/http.ts';
import { ServerProcess } from '../src/server-process.ts';

const database = 'crate';
let server: ServerProcess;
let owner: Person;

beforeAll(async () => {
  server = await ServerProcess.start();
  owner = await newPerson(server);
  await publish(server, database, 'test-module', owner.token);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** Calls a reducer, which has to succeed. */
async function run(reducer: string, ...args: unknown[]): Promise<void> {
  const response = await call(server, database, reducer, args, owner.token);
  expect(response.status, await response.text()).toBe(200);
}

/** What a reducer found out. */
async function ask(reducer: string, ...args: unknown[]): Promise<string> {
  await run(reducer, ...args);
  const [row] = await rows(server, database, `SELECT text FROM answer WHERE question = '${reducer}'`);
  return String(row?.[0]);
}

describe('indexes', () => {
  const count = 200;

  interface Item {
    readonly id: number;
    readonly shelf: number;
    readonly price: number;
    readonly name: string;
  }

  /** The rows of `fill_items`. */
  const items: Item[] = Array.from({ length: count }, (_, id) => ({
    id,
    shelf: id % 4,
    price: (id % 10) - 5,
    name: `item ${id % 7}`,
  }));

  function idsOf(isMeant: (item: Item) => boolean): string {
    return items
      .filter(isMeant)
      .map(({ id }) => id)
      .join(',');
  }

  beforeAll(() => run('fill_items', count));

  test.each([
    { from: -5, to: 4 },
    { from: 0, to: 1 },
    { from: 3, to: 3 },
    { from: 4, to: -4 },
    { from: -100, to: 100 },
  ])('B-tree points and ranges from $from to $to', async ({ from, to }) => {
    const expected = [
      idsOf(({ price }) => price === from),
      idsOf(({ price }) => price >= from && price < to),
      idsOf(({ price }) => price >= from && price <= to),
      idsOf(({ price }) => price >= from),
      idsOf(({ price }) => price < to),
    ];
    expect(await ask('find_items_by_price', from, to)).toBe(expected.join('|'));
  });

  test.each([
    { shelf: 1, from: 'item 2', to: 'item 5' },
    { shelf: 3, from: 'item 6', to: 'item 9' },
    { shelf: 0, from: '', to: 'z' },
    { shelf: 9, from: 'item 0', to: 'item 6' },
  ])('prefixes and ranges of several columns, shelf $shelf', async ({ shelf, from, to }) => {
    const onShelf = (isMeant: (item: Item) => boolean): string =>
      idsOf((item) => item.shelf === shelf && isMeant(item));
    const expected = [
      onShelf(() => true),
      onShelf(({ name }) => name === from),
      onShelf(({ name }) => name >= from && name < to),
      onShelf(({ name }) => name >= from),
      onShelf(({ price }) => price >= -2 && price < 3),
      onShelf(({ price, name }) => price === 0 && name >= from && name <= to),
    ];
    expect(await ask('find_items_by_shelf', shelf, from, to)).toBe(expected.join('|'));
  });

  test('hash and direct indexes', async () => {
    const expected = [idsOf(() => true), idsOf(({ name }) => name === 'item 3'), '17'];
    expect(await ask('find_items_by_hash', 'item 3', 17)).toBe(expected.join('|'));
  });

  test('a transaction sees its own deletes and updates in every index', async () => {
    const deleted = items.filter(({ price }) => price >= 2).length;
    const cheaper = items.filter(({ price }) => price >= 0 && price < 2).length;
    expect(await ask('change_items')).toBe(`${deleted} ${cheaper} true ${count - deleted - 1}`);
    const left = await rows(server, database, 'SELECT id FROM item WHERE price < -50');
    expect(left.length).toBeLessThanOrEqual(cheaper);
    expect(left.length).toBeGreaterThanOrEqual(cheaper - 1);
  });

  test('unique columns with hash and direct indexes', async () => {
    await run('put_badge', 'gold', 7);
    await run('put_badge', 'silver', 8);
    await run('put_badge', 'gold', 9);
    expect((await call(server, database, 'put_badge', ['bronze', 9])).status).toBe(530);
    expect(await ask('remove_badge', 9)).toBe('gold');
    expect(await rows(server, database, 'SELECT code, number FROM badge')).toEqual([['silver', 8]]);
  });
});

describe('sequences', () => {
  test('count from 1, skip nothing within a run, and take no notice of chosen values', async () => {
    expect(await ask('draw_tickets', 3)).toBe('1,2,3');
    await run('take_ticket', 1_000_000);
    expect(await ask('draw_tickets', 2)).toBe('4,5');
  });

  test('never give a value twice, whatever rolled back and whatever crashed', async () => {
    const before = (await ask('draw_tickets', 1)).split(',').map(Number);
    const rolledBack = await call(server, database, 'draw_tickets_and_fail', [10_000], owner.token);
    expect(await rolledBack.text()).toBe('all tickets go back');
    const after = (await ask('draw_tickets', 1)).split(',').map(Number);
    await server.kill();
    await server.restart();
    const afterRestart = (await ask('draw_tickets', 2)).split(',').map(Number);
    const given = [...before, ...after, ...afterRestart];
    expect(new Set(given).size).toBe(given.length);
    expect(Math.min(...afterRestart)).toBeGreaterThan(Math.max(...after));
  });

  test('a narrow column runs out rather than starting over', async () => {
    await run('draw_small_tickets', 255);
    const refused = await call(server, database, 'draw_small_tickets', [1]);
    expect(refused.status).toBe(530);
    expect(await rows(server, database, 'SELECT COUNT(*) AS n FROM small_ticket')).toEqual([[255]]);
  });

  test('fill only the columns that are zero', async () => {
    expect(await ask('draw_double_ticket', 0, 0)).toBe('1 1');
    expect(await ask('draw_double_ticket', 77, 0)).toBe('77 2');
    expect(await ask('draw_double_ticket', 0, 99)).toBe('2 99');
  });
});

describe('column types', () => {
  test('the extremes of every type come back from the table as they went in', async () => {
    await run('put_extremes', 1);
    const [row] = await rows(server, database, 'SELECT * FROM every_type');
    expect(row).toHaveLength(33);
    expect(row?.slice(1, 8)).toEqual([true, 255, -128, 65_535, -32_768, 4_294_967_295, -2_147_483_648]);
    expect(row?.slice(16, 20)).toEqual(['Grüße, 世界 🚀', '0001feff', [-2_147_483_648, 0, 2_147_483_647], ['', 'two']]);
    expect(row?.[21]).toEqual([0, [1, []]]);
    expect(row?.[22]).toEqual([1, 'no']);
    expect(row?.[26]).toEqual([2, []]);
    expect(row?.[27]).toEqual([`0x${owner.identity}`]);
  });

  test('names with digits and capitals are the canonical ones', async () => {
    expect(await rows(server, database, 'SELECT a_u_8, an_i_256 FROM every_type')).toHaveLength(1);
    const response = await request(server, 'GET', `/v1/database/${database}/schema?version=9`);
    expect(await response.text()).toContain('"darkBlue"');
  });

  test('rows far larger than a page', async () => {
    for (const length of [0, 65_536, 3_000_000]) {
      await run('put_large', 1, length);
      const [row] = await rows(server, database, 'SELECT text, bytes FROM large WHERE id = 1');
      expect([String(row?.[0]).length, String(row?.[1]).length]).toEqual([length, 2 * length]);
    }
  });
});

describe('the caller', () => {
  test('is whom the token names, with its claims', async () => {
    const lines = (await ask('who_am_i')).split('\n');
    const [info] = await rows(server, database, 'SELECT * FROM st_module', owner.token);
    expect(info).toBeDefined();
    expect(lines).toEqual([
      `sender ${owner.identity}`,
      expect.stringMatching(/^connection [0-9a-f]{32}$/),
      expect.stringMatching(/^database c200[0-9a-f]{60}$/),
      'internal false',
      expect.stringMatching(/^subject [0-9a-f-]{36}$/),
      'issuer localhost',
      'audience spacetimedb',
      `identity ${owner.identity}`,
      expect.stringMatching(/^payload \{"hex_identity":"c200/),
    ]);
  });

  test('gets the time, and random numbers that differ from call to call', async () => {
    const micros = Number(await ask('what_time_is_it'));
    expect(Math.abs(micros / 1000 - Date.now())).toBeLessThan(60_000);
    const first = await ask('roll_dice', 50);
    expect(first).toMatch(/^([1-6],){49}[1-6]$/);
    expect(await ask('roll_dice', 50)).not.toBe(first);
    expect(await ask('make_uuid')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

test('the log has every level, timing spans, and the place of each line', async () => {
  await run('log_all_levels');
  await run('log_a_span', 'outer "quoted"');
  const response = await request(server, 'GET', `/v1/database/${database}/logs?num_lines=100`, { token: owner.token });
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const ofLevels = records.filter((record) => record['function'] === 'log_all_levels');
  expect(ofLevels.map(({ level, message }) => [level, message])).toEqual([
    ['Error', 'an error'],
    ['Warn', 'a warning'],
    ['Info', 'an info\nof two lines'],
    ['Debug', 'a debug message'],
    ['Trace', 'a trace message'],
  ]);
  expect(ofLevels[0]).toMatchObject({ target: 'test_module::logs', line_number: expect.any(Number) as number });
  const spans = records.map(({ message }) => String(message)).filter((message) => message.startsWith('Timing span'));
  expect(spans).toEqual([
    expect.stringMatching(/^Timing span "inner": [\d.]+(ns|µs|ms|s)$/),
    expect.stringMatching(/^Timing span "outer \\"quoted\\"": [\d.]+(ns|µs|ms|s)$/),
  ]);
});
