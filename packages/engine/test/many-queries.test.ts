import { types } from '@lightcone/sats';
import { beforeEach, expect, test } from 'vitest';
import { btree } from '../../schema/test/raw-modules.ts';
import { type TestClient, TestCore } from './support/test-core.ts';

/*
 * How many queries a client may follow: what it asks for in one message is done in one go, and what it follows costs
 * others' transactions.
 */

const TABLES = {
  item: {
    columns: [
      ['id', types.u32],
      ['owner', types.u32],
    ],
    indexes: [btree(0)],
  },
} as const;

let core: TestCore;
let client: TestClient;
beforeEach(async () => {
  core = await TestCore.open(TABLES);
  client = core.connect('ann');
});

/** Different queries: `count` numbers from `first` on put into a text. */
function queries(count: number, text: (number: number) => string, first = 0): string[] {
  return Array.from({ length: count }, (_, i) => text(first + i));
}

const byId = (id: number): string => `SELECT * FROM item WHERE id = ${id}`;
const byRange = (id: number): string => `SELECT * FROM item WHERE id < ${id}`;

test('of one message 4,096 queries are taken and more refused, with nothing registered', () => {
  expect(client.subscribe(...queries(4097, byId))).toBe(
    '4097 queries in one message, where 4096 is the most: subscribe in several messages',
  );
  expect(client.client.queryWeight).toBe(0);
  expect(client.subscribe(...queries(4096, byId))).toBeTypeOf('number');
});

test('the SQL of one message has 524,288 characters at most', () => {
  const long = (id: number): string => `SELECT * FROM item WHERE id = ${id}`.padEnd(1024);
  expect(client.subscribe(...queries(512, long))).toBeTypeOf('number');
  expect(client.subscribe(...queries(513, long))).toBe(
    '525312 characters of SQL in one message, where 524288 is the most: subscribe in several messages',
  );
});

test('a connection follows 16,384 queries, and as many again when it has unsubscribed', () => {
  const ids = [0, 1, 2, 3].map((i) => client.subscribe(...queries(4096, byId, 4096 * i)));
  expect(client.subscribe(byId(20_000))).toBe(
    '16385 queries of one connection (long ones count several times), where 16384 is the most: unsubscribe from others',
  );
  expect(core.connect('eve').subscribe(byId(20_000))).toBeTypeOf('number');
  client.unsubscribe(ids[0] as number);
  expect(client.subscribe(...queries(4096, byId, 20_000))).toBeTypeOf('number');
});

test('of queries that every changed row may concern a connection follows 1,024', () => {
  client.subscribe(...queries(2000, byId));
  const id = client.subscribe(...queries(1024, byRange));
  const refusal = expect.stringContaining('1025 queries of one connection that every changed row may concern');
  expect(client.subscribe(byRange(5000))).toEqual(refusal);
  expect(client.subscribe(byId(5000))).toBeTypeOf('number');
  client.unsubscribe(id as number);
  expect(client.subscribe(byRange(5000))).toBeTypeOf('number');
  // A long one counts as several.
  const long = byRange(1).padEnd(256) + ' OR id = 1'.repeat(25);
  expect(client.subscribe(...queries(511, byRange, 1000))).toBeTypeOf('number');
  expect(client.subscribe(...queries(510, byRange, 2000), long)).toBeTypeOf('number');
  expect(client.subscribe(byRange(7000))).toEqual(refusal);
});

test('one message may read tables in whole as often as they are small', () => {
  core.commit([{ table: 'item', insert: queries(9000, String).map((id) => ({ id: Number(id), owner: 1 })) }]);
  const refusal = expect.stringContaining('read whole tables again and again, 8991000 rows together');
  expect(client.subscribe(...queries(1000, byRange))).toEqual(refusal);
  for (let first = 0; first < 1000; first += 500) {
    expect(client.subscribe(...queries(500, byRange, first))).toBeTypeOf('number');
  }
  // Through an index that is no matter.
  expect(client.subscribe(...queries(4000, byId))).toBeTypeOf('number');
});
