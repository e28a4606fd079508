import { ByteWriter, compileRow, types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { NO_SUCH_ROW, SEQUENCE_EXHAUSTED, Store, UNIQUE_VIOLATION } from '../src/index.ts';
import { counting, type Fields, OneTable, unique } from './one-table.ts';

const counted: Fields = [
  ['id', types.u8],
  ['name', types.string],
];

test('zeros are filled, in column order, and told', () => {
  const t = new OneTable([['a', types.string], ['b', types.u64], ['c', types.i16]], [], { sequences: [counting(2, { id: 2, allocated: 7n }), counting(1)] }); // prettier-ignore
  const generated = new ByteWriter();
  t.insert({ a: 'xyz', b: 0n, c: 0 }, generated);
  expect([...generated.written()]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 7, 0]);
  generated.reset();
  t.insert({ a: 'xyz', b: 5n, c: 0 }, generated);
  expect([...generated.written()]).toEqual([8, 0]);
  expect(t.rows()).toEqual([{ a: 'xyz', b: 1n, c: 7 }, { a: 'xyz', b: 5n, c: 8 }]); // prettier-ignore
});

test('[flaw 5] a full u8 column refuses, and nothing is stored', () => {
  const t = new OneTable(counted, [unique(0)], { sequences: [counting(0)] });
  for (let i = 0; i < 255; i++) expect(t.insert({ id: 0, name: 'x' })).toBeGreaterThanOrEqual(0);
  expect(t.insert({ id: 0, name: 'x' })).toBe(SEQUENCE_EXHAUSTED);
  expect(t.update(1, { id: 0, name: 'x' })).toBe(SEQUENCE_EXHAUSTED);
  expect(t.table.rowCount).toBe(255);
});

test('rows that are refused for want of values take no memory', () => {
  const t = new OneTable(counted, [], { sequences: [counting(0, { allocated: 255n })] });
  t.insert({ id: 0, name: 'the last one' });
  const { byteSize } = t.table;
  for (let i = 0; i < 1000; i++) expect(t.insert({ id: 0, name: 'x'.repeat(1000) })).toBe(SEQUENCE_EXHAUSTED);
  expect(t.table.byteSize).toBe(byteSize);
});

test('a value that is taken is a violation; the next one is tried after it', () => {
  const t = new OneTable(counted, [unique(0)], { sequences: [counting(0)] });
  t.insert({ id: 1, name: 'taken' });
  expect(t.insert({ id: 0, name: 'x' })).toBe(UNIQUE_VIOLATION);
  expect(t.insert({ id: 0, name: 'x' })).toBeGreaterThanOrEqual(0);
  expect(t.rows()[1]).toEqual({ id: 2, name: 'x' });
});

test('updating with a zero key makes a new key, which no row has', () => {
  const t = new OneTable(counted, [unique(0)], { sequences: [counting(0)] });
  t.insert({ id: 9, name: 'x' });
  expect(t.update(1, { id: 0, name: 'x' })).toBe(NO_SUCH_ROW);
});

test('[flaw 4] a boundary that a rolled-back transaction moved is saved with the next commit', () => {
  const wide: Fields = [['id', types.u64]];
  const t = new OneTable(wide, [unique(0)], { sequences: [counting(0)] });
  t.insert({ id: 0n });
  expect(t.saved).toEqual([]);
  t.rollback();
  expect(t.store.hasUnsavedSequences).toBe(true);
  expect(t.rows()).toEqual([]);
  t.commit();
  expect(t.saved).toEqual([[1, 4097n]]);
  expect(t.store.hasUnsavedSequences).toBe(false);
  t.insert({ id: 0n });
  t.commit();
  expect(t.rows()).toEqual([{ id: 2n }]); // not given back
  expect(t.saved).toHaveLength(1);
});

test('[flaw 4] a commit that cannot save a boundary can be rolled back, and the next one saves it', () => {
  let isBroken = true;
  const saved: bigint[] = [];
  const store = new Store((_, __, sequence) => {
    if (isBroken) throw new Error('no room');
    saved.push(sequence.allocated);
  });
  let transaction = store.begin();
  const row = compileRow(types.product([['id', types.u32]]), []);
  const table = transaction.createTable({
    id: 1,
    name: 't',
    row,
    indexes: [],
    sequences: [counting(0)],
    isEvent: false,
    isEphemeral: false,
  });
  transaction.commit();
  transaction = store.begin();
  transaction.insert(table, new Uint8Array(4), 0, 4);
  expect(() => transaction.commit()).toThrow('no room');
  transaction.rollback();
  isBroken = false;
  store.begin().commit();
  expect(saved).toEqual([4097n]);
});

test('saving a boundary may change rows of a table with a lower id, and use a sequence', () => {
  const row = compileRow(types.product([['id', types.u32]]), []);
  const store: Store = new Store((transaction, table) => {
    if (table.definition.id === 2) transaction.insert(store.table(1), new Uint8Array(4), 0, 4);
  });
  const transaction = store.begin();
  for (const id of [1, 2]) {
    transaction.createTable({
      id,
      name: `t${id}`,
      row,
      indexes: [],
      sequences: [counting(0, { id })],
      isEvent: false,
      isEphemeral: false,
    });
  }
  transaction.insert(store.table(2), new Uint8Array(4), 0, 4);
  expect(transaction.commit().tables.map(({ table, inserts }) => [table.definition.id, inserts.length])).toEqual([[1, 1], [2, 1]]); // prettier-ignore
  expect(store.hasUnsavedSequences).toBe(false);
});
