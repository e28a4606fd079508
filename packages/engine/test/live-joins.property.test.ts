import { fc, test as property } from '@fast-check/vitest';
import { visitRows } from '@lightcone/query';
import { bytesToHex, types } from '@lightcone/sats';
import { expect } from 'vitest';
import { btree } from '../../schema/test/raw-modules.ts';
import { type Changes, type TestClient, TestCore } from './support/test-core.ts';

const columns = [
  ['id', types.u8],
  ['link', types.u8],
  ['tag', types.string],
] as const;
const TABLES = {
  a: { columns, indexes: [btree(0), btree(1)] },
  b: {
    columns,
    indexes: [
      { ...btree(0), name: 'b0' },
      { ...btree(1), name: 'b1' },
    ],
  },
};

const QUERIES = [
  'SELECT * FROM a',
  "SELECT * FROM b WHERE tag = 'x' OR id > 1",
  'SELECT * FROM a WHERE id = 1',
  "SELECT * FROM a WHERE link = 0 AND tag = 'x'",
  'SELECT * FROM b WHERE id = 2 AND id = 1',
  'SELECT a.* FROM a JOIN b ON a.link = b.id',
  'SELECT a.* FROM a JOIN b ON a.link = b.id WHERE b.link = 1',
  'SELECT b.* FROM a JOIN b ON a.link = b.id',
  'SELECT x.* FROM a x JOIN a y ON x.id = y.link',
  "SELECT a.* FROM a JOIN b ON a.id = b.id WHERE b.tag = 'x' AND a.link < 2",
  'SELECT b.* FROM b JOIN a ON a.id = b.link WHERE a.id = 1',
] as const;

/** Without rules, and with those under which somebody sees a part of `a`, by what is in `b` and by what is not. */
const RULES = [
  [],
  ['SELECT * FROM a WHERE id = 1', "SELECT * FROM a WHERE tag = 'x'"],
  ['SELECT a.* FROM a JOIN b ON a.id = b.id', 'SELECT * FROM a WHERE link = 2', "SELECT * FROM b WHERE tag <> 'yy'"],
  ['SELECT a.* FROM a JOIN b ON a.link = b.link WHERE b.id = 1', 'SELECT a.* FROM a JOIN b WHERE b.id = 0'],
] as const;

const row = fc.record({ id: fc.nat(2), link: fc.nat(2), tag: fc.constantFrom('', 'x', 'yy') });
const rows = fc.array(row, { maxLength: 4 });
const change = fc.record({ table: fc.constantFrom('a', 'b'), insert: rows, delete: rows });
const client = fc.nat(2);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .array(change, { minLength: 1, maxLength: 4 })
      .map((changes) => ({ kind: 'commit' as const, changes })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(client, fc.uniqueArray(fc.constantFrom(...QUERIES), { minLength: 1, maxLength: 3 }))
      .map(([number, queries]) => ({ kind: 'subscribe' as const, number, queries })),
  },
  { weight: 1, arbitrary: client.map((number) => ({ kind: 'unsubscribe' as const, number })) },
);

property.prop([fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), fc.constantFrom(...RULES)], {
  numRuns: Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 60),
})(
  'every row counts as often as the query run now yields it, for every query set after every transaction',
  async (steps, rules) => {
    const test = await TestCore.open(TABLES, rules);
    const clients = ['ann', 'bob', 'owner'].map((name) => test.connect(name));
    const subscribed: { readonly client: TestClient; readonly id: number; readonly queries: readonly string[] }[] = [];

    for (const action of steps) {
      switch (action.kind) {
        case 'commit':
          test.commit(action.changes as Changes);
          break;
        case 'subscribe': {
          const id = clients[action.number]!.subscribe(...action.queries);
          if (typeof id === 'string') throw new Error(id);
          subscribed.push({ client: clients[action.number]!, id, queries: action.queries });
          break;
        }
        case 'unsubscribe': {
          const at = subscribed.findIndex((entry) => entry.client === clients[action.number]);
          const [entry] = at < 0 ? [] : subscribed.splice(at, 1);
          entry?.client.unsubscribe(entry.id);
          break;
        }
      }
      for (const entry of subscribed) {
        expect(entry.client.rows(entry.id)).toEqual(
          entry.queries.flatMap((sql) => fresh(test, entry.client, sql)).toSorted(),
        );
      }
    }
    for (const entry of subscribed) entry.client.unsubscribe(entry.id);
    expect(test.core.subscriptions.queryCount).toBe(0);
  },
);

function fresh({ core }: TestCore, { client }: TestClient, sql: string): string[] {
  const result: string[] = [];
  visitRows(core.queries.planQuery(sql, client), core.rows, client.identity.bytes, {
    row: (bytes, start, end) => result.push(bytesToHex(bytes.subarray(start, end))) > 0,
  });
  return result;
}
