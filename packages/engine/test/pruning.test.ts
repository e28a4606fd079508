import { afterEach, expect, test, vi } from 'vitest';
import { type AlgebraicValue, types } from '@lightcone/sats';
import { btree } from '../../schema/test/raw-modules.ts';
import { LiveQuery } from '../src/subscriptions/live-query.ts';
import { TestCore } from './support/test-core.ts';

const TABLES = {
  item: {
    columns: [
      ['id', types.u32],
      ['owner', types.u32],
    ],
    indexes: [btree(0)],
  },
  owner: {
    columns: [
      ['id', types.u32],
      ['city', types.u32],
    ],
    indexes: [{ ...btree(0), name: 'owner_id' }],
  },
} as const;

afterEach(() => vi.restoreAllMocks());

/** @returns how many queries a transaction evaluates */
function evaluations(test: TestCore, changes: Parameters<TestCore['commit']>[0]): number {
  const evaluate = vi.spyOn(LiveQuery.prototype, 'evaluate');
  test.commit(changes);
  const { length } = evaluate.mock.calls;
  evaluate.mockRestore();
  return length;
}

const item = (id: number, owner: number): AlgebraicValue => ({ id, owner });

test('of ten thousand queries for different values a transaction evaluates those whose values it touches', async () => {
  const core = await TestCore.open(TABLES);
  const client = core.connect('ann');
  for (let owner = 0; owner < 10_000; owner++)
    client.subscribe(`SELECT * FROM item WHERE owner = ${owner} AND id < 100`);
  expect(evaluations(core, [{ table: 'item', insert: [item(1, 7), item(2, 8), item(3, 8), item(4, 99_999)] }])).toBe(2);
  expect(evaluations(core, [{ table: 'item', delete: [item(1, 7)], insert: [item(1, 9)] }])).toBe(2);
  expect(evaluations(core, [{ table: 'owner', insert: [{ id: 1, city: 1 }] }])).toBe(0);
  expect(client.rows(9)).toEqual(['0200000008000000', '0300000008000000']);
});

test('a join is evaluated for rows whose partner has the value that it asks for', async () => {
  const core = await TestCore.open({
    ...TABLES,
    item: { ...TABLES.item, indexes: [btree(0), { ...btree(1), name: 'item_owner' }] },
  });
  const client = core.connect('ann');
  const ids = Array.from({ length: 1000 }, (_, city) =>
    client.subscribe(`SELECT item.* FROM item JOIN owner ON item.owner = owner.id WHERE owner.city = ${city}`),
  );
  core.commit([{ table: 'owner', insert: [{ id: 1, city: 5 }, { id: 2, city: 6 }] }]); // prettier-ignore
  expect(evaluations(core, [{ table: 'item', insert: [item(1, 1)] }])).toBe(1);
  expect(evaluations(core, [{ table: 'item', insert: [item(2, 3)] }])).toBe(0);
  expect(evaluations(core, [{ table: 'owner', delete: [{ id: 1, city: 5 }], insert: [{ id: 1, city: 6 }] }])).toBe(2);
  expect(client.rows(ids[5] as number)).toEqual([]);
  expect(client.rows(ids[6] as number)).toEqual(['0100000001000000']);
  // The partner goes in the transaction that brings the row.
  expect(
    evaluations(core, [
      { table: 'item', insert: [item(3, 2)], delete: [item(1, 1)] },
      {
        table: 'owner',
        delete: [
          { id: 1, city: 6 },
          { id: 2, city: 6 },
        ],
      },
    ]),
  ).toBe(1);
  expect(client.rows(ids[6] as number)).toEqual([]);
});

test('a query that cannot be evaluated ends with an error; the transaction and the other queries go on', async () => {
  const core = await TestCore.open(TABLES);
  const client = core.connect('ann');
  const [bad, good] = [client.subscribe('SELECT * FROM item WHERE owner = 1'), client.subscribe('SELECT * FROM item')];
  const evaluate = Object.getOwnPropertyDescriptor(LiveQuery.prototype, 'evaluate')?.value as (
    this: LiveQuery,
    ...args: unknown[]
  ) => void;
  vi.spyOn(LiveQuery.prototype, 'evaluate').mockImplementation(function (this: LiveQuery, evaluation) {
    evaluate.call(this, evaluation);
    if (this.text.includes('WHERE')) throw new Error('a mistake of ours');
  });
  core.commit([{ table: 'item', insert: [item(1, 1)] }]);
  expect(client.messages.slice(-2)).toMatchObject([
    { tag: 'SubscriptionError', querySetId: bad, error: expect.stringContaining('Internal error evaluating queries') },
    { tag: 'TransactionUpdate', querySets: [{ querySetId: good }] },
  ]);
  expect(core.core.subscriptions.queryCount).toBe(1);
});
