// The log of rows that are made in large transactions is copied from their tables: it must be what single saves log.
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { blob, bool, defineSchema, int, json, openDbSync, real, ref, sql, table, text } from '../src/index.ts';
import type { Change, DatabaseSync, TransactionSync } from '../src/index.ts';
import { betterSqlite } from '../src/node/index.ts';
import { naiveRows } from './support/naive-model.ts';
import { Random } from './support/random.ts';
import { logOf, openReplica, pull, rowsOf, TestClock } from './support/replica.ts';

const schema = defineSchema({
  Artist: table({ name: text(), 'odd "name': int().optional() }),
  Album: table({
    title: text().default('?'),
    artist: ref('Artist', { onDelete: 'delete' }).optional().named('artist_id'),
    rating: real().optional(),
    isLive: bool().default(false),
    cover: blob().optional(),
    meta: json<unknown>().optional(),
    sales: int({ big: true }).optional(),
  }),
  Mark: table({}),
});
type Db = DatabaseSync<typeof schema>;
type Tx = TransactionSync<typeof schema>;

/** Saves in one transaction, or each in its own. */
function inTransaction(db: Db, work: (tx: Tx) => void, isOne: boolean): void {
  if (isOne) db.transaction(work);
  else work(db as unknown as Tx); // it has all calls of a transaction
}

const step = fc.oneof(
  // Enough of them to be copied, or too few.
  fc.record({ kind: fc.constantFrom('artists', 'albums', 'marks'), count: fc.constantFrom(1, 3, 15, 16, 17, 600) }),
  fc.record({
    kind: fc.constantFrom('update', 'delete', 'given id', 'save again', 'exec', 'refused', 'history'),
    count: fc.nat(),
  }),
);

function perform(tx: Tx, { kind, count }: { kind: string; count: number }, artists: string[], round: number): void {
  const some = artists[count % artists.length];
  switch (kind) {
    case 'artists':
      for (let i = 0; i < count; i++)
        artists.push(tx.Artist.save({ name: ['007', `a\0b`, '', 'é'][i % 4]!, 'odd "name': i % 3 ? i : null }).id);
      return;
    case 'albums':
      for (let i = 0; i < count; i++)
        tx.Album.save({
          ...(i % 2 && { title: `${i}` }),
          ...(some && { artist: some }),
          rating: [2, -0.5, 1e300, null][i % 4]!,
          isLive: i % 2 > 0,
          cover: i % 5 ? null : Uint8Array.of(i, 255, 0),
          meta: { i },
          sales: i % 3 ? -(2n ** 63n) + BigInt(i) : null,
        });
      return;
    case 'marks':
      for (let i = 0; i < count; i++) tx.Mark.save({});
      return;
    case 'update':
      if (some) tx.Artist.save({ id: some, name: `updated ${count}` });
      return;
    case 'delete':
      if (some) tx.Artist.delete(some);
      if (some) artists.splice(artists.indexOf(some), 1);
      return;
    case 'given id':
      // Also one that sorts between those that are made.
      tx.Artist.save({ id: count % 2 ? `g${round}` : (some ?? 'g') + 'x', name: 'given' });
      return;
    case 'save again':
      tx.Artist.save({ id: `g${count % (round + 1)}`, name: `again ${count}` });
      return;
    case 'exec':
      tx.exec(sql`UPDATE Artist SET name = name || 'x' WHERE rowid % 3 = ${BigInt(count % 3)}`);
      return;
    case 'refused':
      expect(() => tx.Album.save({ artist: 'nobody' })).toThrow(expect.objectContaining({ code: 'LOCAL_CONSTRAINT' }));
      return;
    case 'history':
      if (some) expect((tx as unknown as Db).Artist.get(some)).toBeDefined();
  }
}

/** Without ids, which follow from how often the clock was read. */
function told(changes: readonly Change[]): unknown[] {
  const numbers = new Map<string, number>();
  const number = (id: string): number => numbers.get(id) ?? (numbers.set(id, numbers.size), numbers.size - 1);
  return changes.map(({ id, entityType, entityId, fields }) => [
    number(id),
    entityType,
    number(entityId),
    fields.map(({ name, value }) => [name, typeof value === 'string' && numbers.has(value) ? number(value) : value]),
  ]);
}

property.prop([fc.array(step, { minLength: 1, maxLength: 12 })], {
  numRuns: Number(process.env['PROPERTY_RUNS'] ?? 60),
})('one transaction logs what a transaction for each write logs, and rows are what the log says', (steps) => {
  const logs = [true, false].map((isOne) => {
    using db = openReplica(schema, { nowMs: new TestClock().now, random: new Random(1).bits });
    // A transaction of `exec` logs at its end.
    const hasExec = steps.some(({ kind }) => kind === 'exec');
    const artists: string[] = [];
    inTransaction(db, (tx) => steps.forEach((does, round) => perform(tx, does, artists, round)), isOne);
    expect(rowsOf(db)).toEqual(naiveRows(logOf(db), schema));
    expect(db.reconcile()).toBe(0);
    const ids = logOf(db).map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
    using peer = openReplica(schema);
    pull(db, peer);
    expect(rowsOf(peer)).toEqual(rowsOf(db));
    return hasExec ? [] : told(logOf(db));
  });
  expect(logs[0]).toEqual(logs[1]);
});

const people = defineSchema({ Person: table({ name: text(), age: int().default(1) }) });

function saveMany(db: DatabaseSync<typeof people>, name: (i: number) => string): void {
  db.transaction((tx) => {
    for (let i = 0; i < 100; i++) tx.Person.save({ name: name(i) });
  });
}

test.each([
  {
    what: 'a trigger changes rows',
    sql: `CREATE TRIGGER t AFTER INSERT ON Person BEGIN UPDATE Person SET name = 'x'; END`,
  },
  {
    what: 'a temporary trigger changes rows',
    sql: `CREATE TEMP TRIGGER t AFTER INSERT ON main.Person BEGIN UPDATE Person SET name = 'x' WHERE id = NEW.id; END`,
  },
])('where $what, what was saved is logged nevertheless', ({ sql: text }) => {
  using db = openReplica(people);
  db.exec(sql.raw(text));
  saveMany(db, (i) => `name ${i}`);
  expect(logOf(db).map(({ fields }) => fields.find(({ name }) => name === 'name')?.value)).toEqual(
    Array.from({ length: 100 }, (_, i) => `name ${i}`),
  );
});

test('where a file’s own column changes values, what was saved is logged', () => {
  const make = sql`CREATE TABLE Person (id TEXT NOT NULL PRIMARY KEY, name NUMERIC NOT NULL)`;
  using db = openDbSync({ schema: people, driver: betterSqlite(':memory:'), migrations: [make] });
  saveMany(db, (i) => `00${i}`);
  using peer = openReplica(people);
  pull(db, peer);
  expect(peer.query(sql`SELECT name FROM Person ORDER BY id`.as<{ name: string }>()).map(({ name }) => name)).toEqual(
    Array.from({ length: 100 }, (_, i) => `00${i}`),
  );
});

test('whoever looks into the log within the transaction finds what was saved', () => {
  using db = openReplica(people);
  const counts = sql`SELECT (SELECT count(*) FROM ZV_CHANGE) AS changes, (SELECT count(*) FROM ZV_CHANGE_FIELD) AS fields`;
  db.transaction((tx) => {
    for (let i = 0; i < 20; i++) tx.Person.save({ name: 'n' });
    expect(tx.query(counts)).toEqual([{ changes: 20, fields: 40 }]);
    tx.Person.save({ name: 'n' });
    tx.exec(sql`UPDATE Person SET age = (SELECT count(*) FROM ZV_CHANGE_FIELD)`);
    expect(tx.query(sql`SELECT DISTINCT age FROM Person`)).toEqual([{ age: 42 }]);
  });
});

test('bytes that change after they were saved do not change the log', () => {
  const bytes = defineSchema({ Thing: table({ data: blob(), note: text().optional() }) });
  using db = openReplica(bytes);
  db.transaction((tx) => {
    const given = Uint8Array.of(1);
    const saved = tx.Thing.save({ data: given });
    const updated = tx.Thing.update(saved.id, { data: Uint8Array.of(2) });
    for (const held of [given, saved.data, updated.data]) held[0] = 9;
  });
  expect(logOf(db).map(({ fields }) => fields[0]!.value)).toEqual([Buffer.of(1), Buffer.of(2)]);
});
