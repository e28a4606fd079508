import { ConnectionId, type Identity, types } from '@lightcone/sats';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { btree, rawTable } from '../../schema/test/raw-modules.ts';
import type { Row } from '../src/embedded/row.ts';
import type { Session } from '../src/embedded/session.ts';
import { decodeSqlRows } from '../src/sql.ts';
import { type TestDatabase, openTestDatabase, testIdentity } from '../src/testing/index.ts';
import { anyModule, rowBytes } from './support/any-module.ts';

const DOCUMENT = [
  ['id', types.u8],
  ['author', types.identity],
  ['text', types.string],
] as const;
const MEMBER = [
  ['document', types.u8],
  ['person', types.identity],
] as const;
const ADMIN = [['person', types.identity]] as const;

/** `document`: one's own, those one is a member of, all for admins. `member` and `admin` are private. */
const RULES = [
  'SELECT * FROM document WHERE author = :sender',
  'SELECT document.* FROM member JOIN document ON member.document = document.id WHERE member.person = :sender',
  'SELECT document.* FROM document JOIN admin WHERE admin.person = :sender',
  // Reads `document` under the rules above.
  'SELECT note.* FROM note JOIN document ON note.document = document.id',
];

function index(table: string, ...columns: number[]): ReturnType<typeof btree> {
  return { ...btree(...columns), name: `${table}_${columns.join('_')}` };
}

function program(rules: readonly string[], access: Record<string, 'Public' | 'Private'> = {}): Uint8Array {
  return anyModule({
    typespace: [types.product(DOCUMENT), types.product(MEMBER), types.product(ADMIN)],
    types: ['Document', 'Member', 'Admin'].map((name, ref) => ({ scope: [], name, ref, customOrdering: true })),
    tables: [
      rawTable({ name: 'document', productTypeRef: 0, indexes: [index('document', 0), index('document', 1)] }),
      rawTable({ name: 'member', productTypeRef: 1, indexes: [index('member', 0), index('member', 1)] }),
      rawTable({ name: 'admin', productTypeRef: 2, indexes: [index('admin', 0)] }),
      rawTable({ name: 'note', productTypeRef: 1, indexes: [index('note', 0)] }),
      rawTable({ name: 'secret', productTypeRef: 0 }),
      rawTable({ name: 'open', productTypeRef: 0 }),
    ].map((table) => ({
      ...table,
      tableAccess: access[table.name] ?? (['member', 'admin', 'secret'].includes(table.name) ? 'Private' : 'Public'),
    })),
    rowLevelSecurity: rules,
  });
}

const people = ['owner', 'ann', 'bob', 'eve', 'root'] as const;
type Person = (typeof people)[number];
const who = Object.fromEntries(people.map((name) => [name, testIdentity(name)])) as Record<Person, Identity>;

let database: TestDatabase;
let sessions: Record<Person, Session>;

async function write(reducer: 'insert_row' | 'delete_row', table: string, row: object): Promise<void> {
  const columns = table === 'member' || table === 'note' ? MEMBER : table === 'admin' ? ADMIN : DOCUMENT;
  await sessions.owner.call(reducer, table, rowBytes(columns, row));
}

const person = (name: Person): object => ({ __identity__: who[name].toBigInt() });
const document = (id: number, author: Person): object => ({ id, author: person(author), text: `by ${author}` });
const member = (id: number, name: Person): object => ({ document: id, person: person(name) });

beforeEach(async () => {
  database = await openTestDatabase(program(RULES));
  const connected = await Promise.all(people.map((name) => database.database.connect(who[name])));
  sessions = Object.fromEntries(people.map((name, i) => [name, connected[i]])) as Record<Person, Session>;
  for (const [id, author] of [
    [1, 'ann'],
    [2, 'bob'],
    [3, 'bob'],
  ] as const) {
    await write('insert_row', 'document', document(id, author));
    await write('insert_row', 'note', member(id, author));
  }
  await write('insert_row', 'secret', document(9, 'ann'));
  await write('insert_row', 'open', document(8, 'ann'));
  // Two ways to see document 2 for ann, who must get it once; and one to her own.
  for (const id of [1, 2]) await write('insert_row', 'member', member(id, 'ann'));
  await write('insert_row', 'member', member(2, 'eve'));
  await write('insert_row', 'admin', { person: person('root') });
});
afterEach(() => database[Symbol.asyncDispose]());

function sql(name: Person, text: string): Row[] {
  const result = database.database.database.sql(
    { identity: who[name], connectionId: ConnectionId.fromBigInt(99n), jwtPayload: '{}' },
    text,
  );
  if (result.kind !== 'ok') throw new Error(result.message);
  return decodeSqlRows(result.outcome);
}

/** Every way to rows, as the ids (or documents) of what comes out. */
const WAYS: Record<string, (name: Person, table: string) => Promise<number[]>> = {
  'a one-off query': async (name, table) => ids(await sessions[name].query(`SELECT * FROM ${table}`)),
  'a subscription': async (name, table) => ids((await sessions[name].subscribe(`SELECT * FROM ${table}`)).rows(table)),
  'a subscription to everything': async (name, table) => {
    const subscription = await sessions[name].subscribe('SELECT * FROM *');
    return ids(subscription.rows(table));
  },
  'SQL over HTTP': (name, table) => Promise.resolve(ids(sql(name, `SELECT * FROM ${table}`))),
  'a join in SQL': (name, table) => {
    const key = table === 'note' ? 'document' : 'id';
    return Promise.resolve(ids(sql(name, `SELECT a.* FROM ${table} a JOIN ${table} b ON a.${key} = b.${key}`)));
  },
  'LIMIT in SQL': (name, table) => Promise.resolve(ids(sql(name, `SELECT * FROM ${table} LIMIT 100`))),
  'COUNT in SQL': (name, table) => {
    const [row] = sql(name, `SELECT COUNT(*) AS n FROM ${table}`);
    return Promise.resolve(Array.from({ length: Number(row?.['n']) }, (_, i) => i));
  },
};

function ids(rows: readonly Row[]): number[] {
  return rows.map((row) => (row['id'] ?? row['document']) as number).toSorted((a, b) => a - b);
}

const SEEN: readonly { name: Person; table: string; rows: readonly number[] }[] = [
  { name: 'owner', table: 'document', rows: [1, 2, 3] },
  { name: 'ann', table: 'document', rows: [1, 2] },
  { name: 'bob', table: 'document', rows: [2, 3] },
  { name: 'eve', table: 'document', rows: [2] },
  { name: 'root', table: 'document', rows: [1, 2, 3] },
  { name: 'eve', table: 'note', rows: [2] },
  { name: 'ann', table: 'note', rows: [1, 2] },
  { name: 'eve', table: 'open', rows: [8] },
  { name: 'owner', table: 'secret', rows: [9] },
];

describe.each(Object.keys(WAYS))('%s', (way) => {
  test.each(SEEN)('shows $name of $table the rows $rows, each once', async ({ name, table, rows }) => {
    const found = await WAYS[way]!(name, table);
    expect(way === 'COUNT in SQL' ? found.length : found).toEqual(way === 'COUNT in SQL' ? rows.length : rows);
  });

  test.each(['secret', 'member', 'admin', 'st_table', 'st_row_level_security'])(
    'shows nobody but the owner table %s',
    async (table) => {
      if (way === 'a subscription to everything') expect(await WAYS[way]!('eve', table)).toEqual([]);
      else await expect(async () => WAYS[way]!('eve', table)).rejects.toThrow(`no such table: \`${table}\``);
    },
  );
});

test.each([
  "INSERT INTO document (id, author, text) VALUES (5, 0x00, '')",
  'UPDATE open SET id = 1',
  'DELETE FROM open',
  'DELETE FROM secret',
])('%s is for the owner only', (text) => {
  expect(() => sql('eve', text)).toThrow(/not authorized|no such table|cannot be parsed/);
});

test('a subscription follows what rules let through, once however many do', async () => {
  const seen: Record<string, unknown[]> = {};
  for (const name of ['ann', 'eve', 'root', 'owner'] as const) {
    const subscription = await sessions[name].subscribe('SELECT * FROM document');
    const changes = (seen[name] = [] as unknown[]);
    subscription.onChange((list) => {
      for (const { inserts, deletes } of list) changes.push({ in: ids(inserts), out: ids(deletes) });
    });
  }
  const changesOf = async (action: () => Promise<void>): Promise<object> => {
    for (const changes of Object.values(seen)) changes.length = 0;
    await action();
    return Object.fromEntries(
      Object.entries(seen).flatMap(([name, changes]) => (changes.length > 0 ? [[name, [...changes]]] : [])),
    );
  };
  const comes = (...list: number[]): object[] => [{ in: list, out: [] }];
  const goes = (...list: number[]): object[] => [{ in: [], out: list }];

  expect(await changesOf(() => write('insert_row', 'member', member(3, 'ann')))).toEqual({ ann: comes(3) });
  // Her own document: a member or not, she sees it.
  expect(await changesOf(() => write('delete_row', 'member', member(1, 'ann')))).toEqual({});
  expect(await changesOf(() => write('delete_row', 'member', member(2, 'eve')))).toEqual({ eve: goes(2) });
  expect(await changesOf(() => write('insert_row', 'admin', { person: person('eve') }))).toEqual({
    eve: comes(1, 2, 3),
  });
  expect(await changesOf(() => write('insert_row', 'document', document(4, 'bob')))).toEqual({
    eve: comes(4),
    root: comes(4),
    owner: comes(4),
  });
  expect(await changesOf(() => write('delete_row', 'admin', { person: person('root') }))).toEqual({
    root: goes(1, 2, 3, 4),
  });
});

test('LIMIT counts rows, not rules', () => {
  expect(sql('ann', 'SELECT * FROM document LIMIT 1')).toHaveLength(1);
  expect(sql('ann', 'SELECT * FROM document LIMIT 2')).toHaveLength(2);
});

test.each([
  [
    'SELECT * FROM secret',
    'Cannot define RLS rule on private table: secret. Please make table public if you wish to restrict access using RLS.',
  ],
  [
    'SELECT * FROM st_table',
    'Cannot define RLS rule on private table: st_table. Please make table public if you wish to restrict access using RLS.',
  ],
  ['SELECT * FROM nothing', 'no such table: `nothing`. If the table exists, it may be marked private.'],
  [
    'SELECT id FROM document',
    'Column projections are not supported in subscriptions; Subscriptions must return a table type',
  ],
  ['SELECT * FROM document WHERE x = 1', '`x` is not in scope'],
  ['DELETE FROM document', 'Unsupported: Non-SELECT queries'],
  ['', 'SubscriptionError: Empty string'],
  ['SELECT document.* FROM document JOIN note ON document.id = note.document', 'Discovered cyclic dependency'],
])('publishing the rule "%s" fails: %s', async (rule, reason) => {
  const rules = rule.includes('note') ? [...RULES, rule] : [rule];
  await expect(openTestDatabase(program(rules))).rejects.toMatchObject({
    code: 'ENGINE_INVALID_ROW_RULE',
    message: expect.stringContaining(`failed to create row-level security: \`${rules.length > 1 ? '' : rule}`),
  });
  await expect(openTestDatabase(program(rules))).rejects.toThrow(reason);
});

test('an update writes the rules anew; one that fails leaves the old ones', () => {
  const engine = database.database.database;
  expect(() => engine.update(program(['SELECT * FROM secret']), true)).toThrow(
    'Cannot define RLS rule on private table',
  );
  expect(ids(sql('eve', 'SELECT * FROM document'))).toEqual([2]);
  engine.update(program(['SELECT * FROM document WHERE id = 3']), true);
  expect(ids(sql('eve', 'SELECT * FROM document'))).toEqual([3]);
  expect(ids(sql('eve', 'SELECT * FROM note'))).toEqual([1, 2, 3]);
  engine.update(program([]), true);
  expect(ids(sql('eve', 'SELECT * FROM document'))).toEqual([1, 2, 3]);
  expect(sql('owner', 'SELECT * FROM st_row_level_security')).toEqual([]);
});

test('the rows of system tables stay as they are, but for variables', () => {
  expect(() => sql('owner', 'DELETE FROM st_row_level_security')).toThrow(
    'system table `st_row_level_security` cannot be changed',
  );
  expect(sql('owner', 'SELECT * FROM st_row_level_security')).toHaveLength(RULES.length);
  sql('owner', 'SET row_limit = 5');
  sql('owner', 'DELETE FROM st_var');
});
