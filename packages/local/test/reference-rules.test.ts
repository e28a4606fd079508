import { describe, expect, test } from 'vitest';
import { defineSchema, int, ref, sql, table, text } from '../src/index.ts';
import type { Change, ChangeField, FieldValue } from '../src/index.ts';
import { formatChangeId } from '../src/change-id.ts';
import { betterSqlite } from '../src/node/index.ts';
import { naiveRows } from './support/naive-model.ts';
import { Random } from './support/random.ts';
import { logOf, openReplica, pull, rowsOf, TestClock } from './support/replica.ts';
import { temporaryFile } from './support/temporary-file.ts';

// The worked examples E1 to E8 and the defects B1 to B27 of the reference (40-dimple §5.4 and §13), whose numbers the
// names of the tests have: the examples hold here, the defects do not.

const X = table({ name: text().default(''), city: text().optional() });
const schema = defineSchema({ X });
const authorId = formatChangeId(1, 0, 0, 0);

/** An id that sorts by `at`. */
const idAt = (at: number): string => formatChangeId(Date.UTC(2026, 0) + at, 0, 0, 0);

function change(at: number, entityType: string, entityId: string, fields: Record<string, FieldValue>): Change {
  const list: ChangeField[] = Object.entries(fields).map(([name, value]) => ({ name, value }));
  return { id: idAt(at), authorId, entityType, entityId, fields: list.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Every order of a few items. */
function orders<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

describe.each([
  {
    example: 'E1: disjoint columns both stay',
    changes: [
      change(10, 'X', 'x', { name: 'a', city: null }),
      change(20, 'X', 'x', { city: 'Rome' }),
      change(21, 'X', 'x', { name: 'b' }),
    ],
    row: { id: 'x', name: 'b', city: 'Rome' },
  },
  {
    example: 'E2, E3: the greatest stamp of a column wins, old news changes nothing',
    changes: [
      change(15, 'X', 'x', { city: 'Wales' }),
      change(30, 'X', 'x', { city: 'UK' }),
      change(31, 'X', 'x', { city: 'England' }),
    ],
    row: { id: 'x', name: '', city: 'England' },
  },
  {
    example: 'E4: null wins like any value',
    changes: [change(35, 'X', 'x', { city: 'Rome' }), change(40, 'X', 'x', { city: null })],
    row: { id: 'x', name: '', city: null },
  },
  {
    example: 'E6: a change may lose one column and keep another',
    changes: [change(10, 'X', 'x', { name: 'a', city: 'Rome' }), change(11, 'X', 'x', { name: 'b' })],
    row: { id: 'x', name: 'b', city: 'Rome' },
  },
])('$example', ({ changes, row }) => {
  test.each(orders(changes))('in any order, one by one and twice', (...ordered) => {
    using db = openReplica(schema);
    for (const one of [...ordered, ...ordered]) db.log.append([one]);
    expect(rowsOf(db)).toEqual({ X: [row] });
  });
});

test('E5, B3: an edit by a clock that is a day behind wins over what its author saw, everywhere', () => {
  const clocks = [new TestClock(), new TestClock()];
  clocks[0]!.ms += 86_400_000;
  using a = openReplica(schema, { nowMs: clocks[0]!.now });
  using b = openReplica(schema, { nowMs: clocks[1]!.now });
  const skews: number[] = [];
  b.onClockSkew(({ aheadMs }) => skews.push(aheadMs));
  a.X.save({ id: 'x', name: 'future' });
  pull(a, b);
  expect(skews).toEqual([86_400_000]);
  b.X.update('x', { name: 'edited now' });
  pull(b, a);
  expect(a.X.get('x')?.name).toBe('edited now');
  expect(rowsOf(a)).toEqual(rowsOf(b));
});

const family = defineSchema({
  Artist: table({ name: text() }),
  Album: table({ title: text(), artist: ref('Artist') }),
});

test('E7, B2: a child comes before the parent that was wholly rewritten', () => {
  using db = openReplica(family);
  const result = db.log.append([
    change(10, 'Artist', 'p', { name: 'first' }),
    change(11, 'Album', 'c', { title: 't', artist: 'p' }),
    change(12, 'Artist', 'p', { name: 'second' }),
  ]);
  expect(result.parked).toEqual([]);
  expect(rowsOf(db)).toEqual({
    Artist: [{ id: 'p', name: 'second' }],
    Album: [{ id: 'c', title: 't', artist: 'p' }],
  });
});

test('E8, B5: a column that was not known has its value after the migration that adds it', () => {
  const older = defineSchema({ X: table({ name: text().default('') }) });
  const clock = new TestClock();
  using newer = openReplica(schema);
  newer.X.save({ id: 'x', name: 'n', city: 'Rome' });
  const file = temporaryFile();
  using db = openReplica(older, { driver: betterSqlite(file), nowMs: clock.now });
  pull(newer, db);
  expect(rowsOf(db)).toEqual({ X: [{ id: 'x', name: 'n' }] });
  db.X.update('x', { name: 'm' });
  db.close();
  using migrated = openReplica(schema, { driver: betterSqlite(file) });
  expect(rowsOf(migrated)).toEqual({ X: [{ id: 'x', name: 'm', city: 'Rome' }] });
});

test.each(['007', '0123456789', '1e5', '3.0', '12 ', '99999999999999999999', '9007199254740993', 'inf', '0x10'])(
  'B1: the text %j is the same text on peers',
  (value) => {
    using a = openReplica(schema);
    using b = openReplica(schema);
    a.X.save({ id: 'x', name: value });
    pull(a, b);
    expect(b.X.get('x')?.name).toBe(value);
  },
);

test('B4: what is unknown waits, and holds nothing up', () => {
  const file = temporaryFile();
  using db = openReplica(schema, { driver: betterSqlite(file) });
  const result = db.log.append([change(1, 'Y', 'y', { a: 1n }), change(2, 'X', 'x', { name: 'n' })]);
  expect(result.parked).toMatchObject([{ entityType: 'Y', entityId: 'y', reason: 'unknown-table' }]);
  expect(db.parked()).toHaveLength(1);
  expect(db.X.get('x')?.name).toBe('n');
  db.close();
  using migrated = openReplica(defineSchema({ X, Y: table({ a: int() }) }), { driver: betterSqlite(file) });
  expect(migrated.Y.get('y')).toEqual({ id: 'y', a: 1 });
  expect(migrated.parked()).toEqual([]);
});

test('B6: an entity that lacks a required column waits alone', () => {
  using db = openReplica(family);
  const result = db.log.append([change(1, 'Album', 'c', { title: 't' }), change(2, 'Artist', 'p', { name: 'n' })]);
  expect(result.parked).toMatchObject([{ entityType: 'Album', reason: 'incomplete' }]);
  expect(db.Artist.get('p')).toBeDefined();
  db.log.append([change(3, 'Album', 'c', { artist: 'q' })]);
  expect(db.parked()).toMatchObject([{ reason: 'missing-parent' }]);
  db.log.append([change(4, 'Artist', 'q', { name: 'n' })]);
  expect(db.parked()).toEqual([]);
  expect(db.Album.get('c')).toEqual({ id: 'c', title: 't', artist: 'q' });
  expect(db.query(sql`SELECT DISTINCT merged FROM ZV_CHANGE`)).toEqual([{ merged: 1 }]);
});

test('a row that loses a required value waits, and comes back with the next one', () => {
  using db = openReplica(family);
  db.log.append([change(1, 'Artist', 'p', { name: 'n' }), change(2, 'Album', 'c', { title: 't', artist: 'p' })]);
  expect(db.log.append([change(3, 'Artist', 'p', { name: null })]).parked).toMatchObject([
    { entityType: 'Album', reason: 'missing-parent' },
    { entityType: 'Artist', reason: 'incomplete' },
  ]);
  expect(rowsOf(db)).toEqual({ Artist: [], Album: [] });
  db.log.append([change(4, 'Artist', 'p', { name: 'm' })]);
  expect(rowsOf(db)).toEqual({ Artist: [{ id: 'p', name: 'm' }], Album: [{ id: 'c', title: 't', artist: 'p' }] });
});

test('B7: columns that are not given stay, here and on peers', () => {
  using a = openReplica(schema);
  using b = openReplica(schema);
  a.X.save({ id: 'x', name: 'n', city: 'Rome' });
  a.X.save({ id: 'x', name: 'm', city: undefined });
  pull(a, b);
  expect(rowsOf(a)).toEqual({ X: [{ id: 'x', name: 'm', city: 'Rome' }] });
  expect(rowsOf(b)).toEqual(rowsOf(a));
});

test('B8: rows that have only an id come across', () => {
  const only = defineSchema({ Tag: table({}) });
  using a = openReplica(only);
  using b = openReplica(only);
  a.Tag.save({ id: 'red' });
  a.Tag.save({ id: 'red' });
  expect(logOf(a)).toHaveLength(1);
  pull(a, b);
  expect(b.Tag.get('red')).toEqual({ id: 'red' });
  a.Tag.delete('red');
  pull(a, b);
  expect(b.Tag.get('red')).toBeUndefined();
});

test('B12: the database within its own transaction is refused at once, and the transaction can go on', () => {
  using db = openReplica(schema);
  db.transaction((tx) => {
    expect(() => db.X.save({ name: 'n' })).toThrow(expect.objectContaining({ code: 'LOCAL_NESTED_USE' }));
    expect(() => db.query(sql`SELECT 1`)).toThrow(expect.objectContaining({ code: 'LOCAL_NESTED_USE' }));
    expect(() => db.transaction(() => 1)).toThrow(expect.objectContaining({ code: 'LOCAL_NESTED_USE' }));
    tx.X.save({ id: 'x' });
  });
  expect(db.X.get('x')).toBeDefined();
});

test.each(['ZV_CHANGE', 'zv_metadata', 'sqlite_schema', ''])(
  'B19: a change about %j is set aside, not applied',
  (name) => {
    using db = openReplica(schema);
    db.X.save({ id: 'x', name: 'n' });
    const before = db.query(sql`SELECT * FROM ZV_CHANGE`);
    const hostile = change(1, name, logOf(db)[0]!.id, { author_id: 'mallory', value: 'm', sql: 'DROP' });
    expect(db.log.append([hostile])).toMatchObject({ appended: 0, refused: [{ id: hostile.id }] });
    expect(db.query(sql`SELECT * FROM ZV_CHANGE`)).toEqual(before);
    expect(db.log.unknownOf([hostile.id])).toEqual([]);
  },
);

test('B19, B20: hostile names of tables and columns never reach SQL as text', () => {
  const hostile = `x"; DROP TABLE "X"; --`;
  const odd = defineSchema({
    X,
    [`a "b'; --`]: table({ [`c" = 1; DROP TABLE "X"; --`]: text().default(`d'e`), order: int().optional() }),
  });
  using db = openReplica(odd);
  db.X.save({ id: 'x', name: 'n' });
  db.log.append([
    change(1, hostile, hostile, { [hostile]: hostile }),
    change(2, 'X', hostile, { [hostile]: hostile, name: hostile, id: 'other', rowid: 7n }),
    change(3, `a "b'; --`, 'i', { [`c" = 1; DROP TABLE "X"; --`]: hostile, order: 5n }),
  ]);
  db.exec(sql`UPDATE ${sql.id(`a "b'; --`)} SET ${sql.id('order')} = 6`);
  expect(rowsOf(db)).toEqual({
    X: [
      { id: 'x', name: 'n', city: null },
      { id: hostile, name: hostile, city: null },
    ],
    [`a "b'; --`]: [{ id: 'i', [`c" = 1; DROP TABLE "X"; --`]: hostile, order: 6n }],
  });
  expect(db.history(`a "b'; --`, 'i')).toHaveLength(2);
});

test('B25: saving what is there already makes no change and no event', () => {
  using db = openReplica(schema);
  const row = db.X.save({ name: 'n' });
  let commits = 0;
  db.onCommit(() => commits++);
  db.X.save(row);
  db.X.update(row.id, { name: 'n' });
  expect(logOf(db)).toHaveLength(1);
  expect(commits).toBe(0);
});

test('B22: a transaction of many saves is one event', () => {
  using db = openReplica(schema);
  const sizes: number[] = [];
  db.onCommit(({ touched }) => sizes.push(touched.rowsOf('X').size));
  db.transaction((tx) => {
    for (let i = 0; i < 100; i++) tx.X.save({ name: `n${i}` });
  });
  expect(sizes).toEqual([100]);
});

test('B27: defaults apply to what a new row does not say, and are logged', () => {
  using db = openReplica(schema);
  expect(db.X.save({ id: 'x' })).toEqual({ id: 'x', name: '', city: null });
  expect(logOf(db)[0]!.fields).toEqual([
    { name: 'city', value: null },
    { name: 'name', value: '' },
  ]);
});

test.each([
  { id: 'not a uuid', why: 'no UUIDv7' },
  { id: '01932d5e-0000-4000-8000-000000000000', why: 'no UUIDv7' },
  { id: 'ffffffff-ffff-7000-8000-000000000000', why: 'before 2200' },
])('a change whose id is $id is set aside and does not move the clock', ({ id, why }) => {
  using db = openReplica(schema, { random: new Random(1).bits });
  const result = db.log.append([{ ...change(1, 'X', 'x', { name: 'n' }), id }]);
  expect(result.refused[0]!.detail).toContain(why);
  expect(db.X.get('x')).toBeUndefined();
  expect(db.X.save({ name: 'm' }).id < '02').toBe(true);
});

test('a change that sets a field twice, or one of more than 64 bits, is set aside', () => {
  using db = openReplica(schema);
  const twice = { ...change(1, 'X', 'x', {}), fields: [1, 2].map(() => ({ name: 'name', value: 'n' })) };
  const large = change(2, 'X', 'x', { name: 2n ** 63n });
  expect(db.log.append([twice, large])).toMatchObject({ appended: 0, refused: [{}, {}] });
});

describe('deletions', () => {
  const both = defineSchema({
    Kept: table({ a: text() }, { concurrentEdit: 'edit-revives' }),
    Gone: table({ a: text() }),
  });
  test.each(orders([50, 60, 10]))('a later edit revives where the table says so, in the order %j', (...order) => {
    using db = openReplica(both);
    const byTime: Record<number, (name: string) => Change> = {
      10: (name) => change(10, name, 'e', { a: 'first' }),
      50: (name) => change(50, name, 'e', { _deleted: 1n }),
      60: (name) => change(60, name, 'e', { a: 'edited' }),
    };
    for (const at of order)
      for (const name of ['Kept', 'Gone'])
        db.log.append([{ ...byTime[at]!(name), id: idAt(at + (name === 'Kept' ? 0 : 1)) }]);
    expect(rowsOf(db)).toEqual({ Kept: [{ id: 'e', a: 'edited' }], Gone: [] });
  });

  test('a row saved again after its deletion is there again, with what is new', () => {
    using a = openReplica(schema);
    using b = openReplica(schema);
    a.X.save({ id: 'x', name: 'old', city: 'Rome' });
    a.X.delete('x');
    pull(a, b);
    expect(rowsOf(b)).toEqual({ X: [] });
    b.X.save({ id: 'x', name: 'new' });
    pull(b, a);
    expect(rowsOf(a)).toEqual({ X: [{ id: 'x', name: 'new', city: null }] });
    expect(a.history('X', 'x').map(({ deleted }) => deleted)).toEqual([false, true, undefined]);
  });

  test('a deletion that is refused takes nothing with it', () => {
    const family = defineSchema({
      Parent: table({}),
      Child: table({ parent: ref('Parent', { onDelete: 'delete' }) }),
      Guard: table({ parent: ref('Parent') }),
    });
    using db = openReplica(family);
    const parent = db.Parent.save({});
    const child = db.Child.save({ parent: parent.id });
    db.Guard.save({ parent: parent.id });
    db.transaction((tx) => {
      expect(() => tx.Parent.delete(parent.id)).toThrow(expect.objectContaining({ code: 'LOCAL_CONSTRAINT' }));
      tx.Parent.save({ id: 'other' });
    });
    expect(db.Child.get(child.id)).toBeDefined();
    expect(logOf(db)).toHaveLength(4);
    expect(rowsOf(db)).toEqual(naiveRows(logOf(db), family));
  });

  test('rows that refer to each other in a circle go together', () => {
    const tree = defineSchema({ Node: table({ parent: ref('Node', { onDelete: 'delete' }).optional() }) });
    using db = openReplica(tree);
    const ids = ['a', 'b', 'c'];
    for (const [i, id] of ids.entries()) db.Node.save({ id, parent: ids[i - 1] ?? null });
    db.Node.update('a', { parent: 'c' });
    db.Node.save({ id: 'itself' });
    db.Node.update('itself', { parent: 'itself' });
    expect(db.Node.delete('b')).toBe(true);
    expect(db.Node.delete('itself')).toBe(true);
    expect(rowsOf(db)).toEqual({ Node: [] });
    expect(db.reconcile()).toBe(0);
  });

  test('what a deletion does to rows that refer to it is logged', () => {
    const cascading = defineSchema({
      Artist: table({ name: text() }),
      Album: table({
        artist: ref('Artist', { onDelete: 'delete' }),
        similar: ref('Album', { onDelete: 'set-null' }).optional(),
      }),
    });
    using a = openReplica(cascading);
    using b = openReplica(cascading);
    a.Artist.save({ id: 'p', name: 'n' });
    a.Artist.save({ id: 'q', name: 'n' });
    a.Album.save({ id: 'c', artist: 'p' });
    a.Album.save({ id: 'd', artist: 'q', similar: 'c' });
    pull(a, b);
    a.Artist.delete('p');
    pull(a, b);
    for (const db of [a, b]) {
      expect(db.query(sql`SELECT * FROM Album`)).toEqual([{ id: 'd', artist: 'q', similar: null }]);
      expect(db.parked()).toEqual([]);
    }
  });
});
