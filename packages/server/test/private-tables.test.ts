// No text of SQL, whichever way it comes, gives somebody else than the owner what is private.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient } from './client.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';
import { queryWays } from './query-ways.ts';

/** Stands in every private row. */
const HIDDEN = 'the hidden word';

const databases = {
  secrets: programs.test,
  reports: programs.rowLevelSecurity,
  letters: programs.tables,
  people: programs.person,
};

let server: RunningServer;
let owner: User;
let stranger: User;
/** The owner's own subscriptions, with the texts that others try: a plan that is there already is no pass. */
let watching: TestClient;
let systemTables: string[];

beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0', postgresPort: 0 });
  owner = await newUser(server.url);
  stranger = await newUser(server.url);
  for (const [name, program] of Object.entries(databases)) await publish(server.url, name, owner, program);
  await sql(server.url, 'secrets', owner, `INSERT INTO secret (id, text) VALUES (1, '${HIDDEN}')`);
  await sql(server.url, 'secrets', owner, `INSERT INTO answer (question, text) VALUES ('${HIDDEN}?', 'public')`);
  await sql(server.url, 'letters', owner, `INSERT INTO outbox (id, text) VALUES (1, '${HIDDEN}')`);
  await sql(server.url, 'reports', owner, `INSERT INTO report (id, department, text) VALUES (1, '${HIDDEN}', '')`);
  const auditor = `(1, 0x${owner.identity}, '${HIDDEN}')`;
  await sql(server.url, 'reports', owner, `INSERT INTO auditor (id, identity, department) VALUES ${auditor}`);
  watching = await TestClient.connect(server.url, 'secrets', { query: { token: owner.token } });
  await watching.next('InitialConnection');
  const queries = privateQueries.filter(({ database, dialect }) => database === 'secrets' && dialect === 'both');
  watching.send({ tag: 'Subscribe', requestId: 1, querySetId: 1, queries: queries.map(({ query }) => query) });
  await watching.next('SubscribeApplied');
  const tables = await sql(server.url, 'secrets', owner, 'SELECT * FROM st_table');
  systemTables = tables.map((row) => String((row as unknown[])[1])).filter((name) => name.startsWith('st_'));
}, 60_000); // four modules are compiled
afterAll(() => server.close());

/** `query` for texts that only the dialect of queries has. */
const privateQueries: readonly { database: string; dialect: 'both' | 'query'; query: string }[] = [
  { database: 'secrets', dialect: 'both', query: 'SELECT * FROM secret' },
  { database: 'secrets', dialect: 'both', query: 'select secret.* from secret' },
  { database: 'secrets', dialect: 'both', query: 'SELECT s.* FROM secret AS s' },
  { database: 'secrets', dialect: 'both', query: 'SELECT * FROM "secret"' },
  { database: 'secrets', dialect: 'both', query: 'SELECT * FROM secret WHERE id = 1' },
  { database: 'secrets', dialect: 'both', query: 'SELECT * FROM secret WHERE id <> 2 OR true' },
  { database: 'secrets', dialect: 'query', query: 'SELECT text FROM secret' },
  { database: 'secrets', dialect: 'query', query: 'SELECT * FROM secret LIMIT 1' },
  { database: 'secrets', dialect: 'query', query: 'SELECT COUNT(*) AS n FROM secret' },
  { database: 'secrets', dialect: 'query', query: 'SELECT answer.* FROM answer JOIN secret' },
  { database: 'secrets', dialect: 'query', query: 'SELECT s.text FROM answer a JOIN secret s' },
  { database: 'secrets', dialect: 'query', query: 'SELECT COUNT(*) AS n FROM answer a JOIN secret s' },
  {
    database: 'reports',
    dialect: 'both',
    query: 'SELECT report.* FROM report JOIN auditor ON report.department = auditor.department',
  },
  {
    database: 'reports',
    dialect: 'both',
    query: 'SELECT auditor.* FROM report JOIN auditor ON report.department = auditor.department',
  },
  {
    database: 'reports',
    dialect: 'both',
    query: 'SELECT b.* FROM auditor a JOIN auditor b ON a.department = b.department WHERE a.identity = :sender',
  },
  { database: 'letters', dialect: 'both', query: 'SELECT * FROM outbox' },
  { database: 'letters', dialect: 'query', query: 'SELECT inbox.* FROM inbox JOIN outbox ON inbox.id = outbox.id' },
];

const changes: readonly string[] = [
  `INSERT INTO secret (id, text) VALUES (2, 'x')`,
  `UPDATE secret SET text = 'x'`,
  `UPDATE secret SET text = 'x' WHERE id = 1`,
  'DELETE FROM secret',
  `DELETE FROM secret WHERE text = '${HIDDEN}'`,
  `INSERT INTO answer (question, text) VALUES ('x', 'y')`,
  `UPDATE answer SET text = 'x'`,
  'DELETE FROM answer',
  'DELETE FROM st_table',
  'DELETE FROM st_client',
  `INSERT INTO st_var (name, value) VALUES ('row_limit', 1)`,
  'SET row_limit = 1',
  'SET row_limit TO 1',
];

/** Statements of other databases: refused to everybody, so that a new one finds its way into this test. */
const unknownStatements = ['EXPLAIN SELECT * FROM secret', 'SHOW TABLES', 'COPY secret TO STDOUT', 'TABLE secret'];

/** What is said of a table that is private, and of one that is not there. */
const noSuchTable = (table: string): string =>
  `no such table: \`${table}\`. If the table exists, it may be marked private.`;

describe.each(queryWays)('$name', ({ dialect: ofWay, isSubscription, ask }) => {
  test('gives private tables to the owner alone, and says nothing of them to others', async () => {
    for (const { database, dialect, query } of privateQueries) {
      const own = dialect === 'both' || dialect === ofWay ? await ask(server, database, owner, query) : undefined;
      expect([query, own?.error]).toEqual([query, undefined]);
      if (query === 'SELECT * FROM secret') expect(own?.bytes.includes(HIDDEN)).toBe(true);
      const other = await ask(server, database, stranger, query);
      expect([query, other.error]).toEqual([query, expect.stringContaining('')]);
      expect([query, other.bytes.includes(HIDDEN)]).toEqual([query, false]);
    }
  });

  test('says the same of a private table as of one that does not exist', async () => {
    for (const table of ['secret', 'sesame', 'st_table', 'st_sesame']) {
      const { bytes } = await ask(server, 'secrets', stranger, `SELECT * FROM ${table}`);
      expect(bytes.toString('latin1')).toContain(noSuchTable(table));
    }
  });

  test('gives system tables to the owner alone, but for st_var', async () => {
    expect(systemTables.length).toBeGreaterThan(15);
    const isOpen = async (user: User, table: string): Promise<string[]> => {
      const { error } = await ask(server, 'secrets', user, `SELECT * FROM ${table}`);
      return error === undefined ? [table] : [];
    };
    const openTo = async (user: User): Promise<string[]> =>
      (await Promise.all(systemTables.map((table) => isOpen(user, table)))).flat();
    expect(await openTo(owner)).toEqual(systemTables);
    expect(await openTo(stranger)).toEqual(['st_var']);
  });

  test('changes nothing for others than the owner', async () => {
    for (const text of changes) {
      expect([text, (await ask(server, 'secrets', stranger, text)).error]).toEqual([text, expect.stringContaining('')]);
    }
    expect(await sql(server.url, 'secrets', owner, 'SELECT * FROM secret')).toEqual([[1, HIDDEN]]);
    expect(await sql(server.url, 'secrets', owner, 'SELECT * FROM answer')).toEqual([[`${HIDDEN}?`, 'public']]);
    expect(await sql(server.url, 'secrets', owner, 'SELECT * FROM st_var')).toEqual([]);
  });

  test.each(unknownStatements)('%s is refused', async (text) => {
    const { error, bytes } = await ask(server, 'secrets', stranger, text);
    expect(error).toBeDefined();
    expect(bytes.includes(HIDDEN)).toBe(false);
  });

  if (!isSubscription) return;

  test('SELECT * FROM * leaves private tables out', async () => {
    for (const database of ['secrets', 'letters', 'reports']) {
      const { bytes } = await ask(server, database, stranger, 'SELECT * FROM *');
      expect(bytes.length).toBeGreaterThan(0);
      // The rules of `report` keep its row from strangers, and `answer` has a public row with the word.
      if (database !== 'secrets') expect(bytes.includes(HIDDEN)).toBe(false);
    }
  });

  test('events of a private table are for the owner', async () => {
    const { error, bytes } = await ask(server, 'letters', stranger, 'SELECT * FROM secret_signal');
    expect(error).toBeDefined();
    expect(bytes.toString('latin1')).toContain(noSuchTable('secret_signal'));
  });
});

test('who may call: private functions are the owner’s, lifecycle reducers nobody’s', async () => {
  const call = async (user: User, name: string, args: string): Promise<[number, string]> => {
    const headers = { ...authorization(user), 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body: args };
    const response = await fetch(`${server.url}/v1/database/people/call/${name}`, request);
    return [response.status, await response.text()];
  };
  const timer = JSON.stringify([{ scheduled_id: 1, scheduled_at: { Interval: { __time_duration_micros__: 1 } } }]);
  expect(await call(stranger, 'tick', timer)).toEqual([404, 'No such procedure']);
  expect(await call(owner, 'tick', timer)).toEqual([200, '']);
  for (const user of [stranger, owner]) {
    expect(await call(user, 'init', '[]')).toEqual([400, "can't directly call special Init lifecycle reducer"]);
  }
});

/** BSATN of a row of `tick_timer`: id 1, an interval of a microsecond. */
const timerRow = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);

test.each(['v2.bsatn.spacetimedb', 'v3.bsatn.spacetimedb'])('who may call over %s', async (protocol) => {
  const connect = async ({ token }: User): Promise<TestClient> => {
    const client = await TestClient.connect(server.url, 'people', { protocols: [protocol], query: { token } });
    await client.next('InitialConnection');
    return client;
  };
  const outcomeOf = async (client: TestClient, reducer: string, args: Uint8Array): Promise<unknown> => {
    client.call(1, reducer, args);
    return (await client.next('ReducerResult')).outcome;
  };
  const [his, mine] = [await connect(stranger), await connect(owner)];
  expect(await outcomeOf(mine, 'tick', timerRow)).toMatchObject({ tag: expect.stringMatching(/^Ok/u) as string });
  for (const [client, name] of [
    [his, 'tick'],
    [his, 'init'],
    [mine, 'init'],
  ] as const) {
    expect(await outcomeOf(client, name, timerRow)).toMatchObject({ tag: 'InternalError' });
  }
  await Promise.all([his.close(), mine.close()]);
});

test('nobody ends the subscriptions of somebody else: ids belong to their connection', async () => {
  const client = await TestClient.connect(server.url, 'secrets', { query: { token: stranger.token } });
  await client.next('InitialConnection');
  client.send({ tag: 'Unsubscribe', requestId: 1, querySetId: 1, sendDroppedRows: true });
  await client.next('SubscriptionError');
  await client.close();
  await sql(server.url, 'secrets', owner, `INSERT INTO secret (id, text) VALUES (3, 'x')`);
  expect((await watching.next('TransactionUpdate')).querySets[0]?.tables[0]?.table).toBe('secret');
});
