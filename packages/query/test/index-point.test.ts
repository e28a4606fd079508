import { bytesToHex, types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { MemoryDatabase } from './memory-database.ts';
import type { TablePlan } from '../src/plan/table-plan.ts';
import { planSubscription } from '../src/plan/plan-subscription.ts';

const columns = ['a', 'b', 'c', 'd'].map((name) => ({ name, type: types.u8 }));
const database = new MemoryDatabase([
  {
    name: 't',
    columns: [...columns, { name: 'i', type: types.identity }, { name: 'x', type: types.bytes }],
    indexes: [[0], [1], [1, 0], [0, 1], [0, 1, 2, 3], [4], [5], [3, 4]],
  },
]);
const sender = Uint8Array.from({ length: 32 }, (_, i) => i);
const senderHex = bytesToHex(sender);

function planTableSubscription(text: string): TablePlan {
  const plan = planSubscription(text, database);
  if (plan.kind !== 'table') throw new Error('not a plan of one table');
  return plan;
}

test.each([
  { condition: 'a = 1', index: 0, key: '01' },
  { condition: '1 = a', index: 0, key: '01' },
  { condition: 'a = 1 AND a = 2', index: 0, key: '01' },
  { condition: 'b = 2 AND c = 1', index: 1, key: '02' },
  { condition: 'a = 1 AND c = 2 AND (b = 3 AND true)', index: 2, key: '0301' },
  { condition: 'a = 1 AND b = 2 AND c = 3 AND d = 4', index: 2, key: '0201' },
  { condition: 'i = :sender', index: 5, key: senderHex },
  { condition: ':sender = x', index: 6, key: `20000000${senderHex}` },
  { condition: 'd = 7 AND i = :sender', index: 7, key: `07${senderHex}` },
  { condition: 'c = 1', index: undefined, key: undefined },
  { condition: 'a > 1', index: undefined, key: undefined },
  { condition: 'a = 1 OR b = 1', index: undefined, key: undefined },
  { condition: 'a = b', index: undefined, key: undefined },
  { condition: '(a = 1) = true', index: undefined, key: undefined },
])('$condition reads index $index', ({ condition, index, key }) => {
  const { accesses, usesSender } = planTableSubscription(`SELECT * FROM t WHERE ${condition}`);
  const point = accesses[0]?.point;
  expect(point?.index.indexId).toBe(index);
  expect(point && bytesToHex(point.keyFor(sender))).toBe(key);
  expect(usesSender).toBe(condition.includes(':sender'));
});
