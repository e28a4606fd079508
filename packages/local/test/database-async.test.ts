import { expect, expectTypeOf, test, vi } from 'vitest';
import { defineSchema, openDb, sql, table, text } from '../src/index.ts';
import { betterSqlite } from '../src/node/index.ts';

const schema = defineSchema({ Artist: table({ name: text(), city: text().optional() }) });
const open = () => openDb({ schema, driver: betterSqlite(':memory:') });

test('the calls are those of the synchronous database, as promises', async () => {
  await using db = await open();
  const row = await db.Artist.save({ name: 'n' });
  expectTypeOf(row).toEqualTypeOf<{ id: string; name: string; city: string | null }>();
  expect(await db.Artist.update(row.id, { city: 'Rome' })).toEqual({ ...row, city: 'Rome' });
  expect(await db.query(sql`SELECT name FROM Artist`)).toEqual([{ name: 'n' }]);
  expect((await db.history('Artist', row.id, { field: 'city' })).map(({ values }) => values)).toEqual([
    { city: 'Rome' },
    { name: 'n', city: null },
  ]);
  expect(await db.asOf('Artist', row.id, new Date(0))).toBeUndefined();
  expect(await db.Artist.delete(row.id)).toBe(true);
  await expect(db.Artist.update(row.id, { city: null })).rejects.toMatchObject({ code: 'LOCAL_NOT_FOUND' });
});

test('a transaction waits for what its work waits for, and what others ask waits for it', async () => {
  await using db = await open();
  const seen: unknown[] = [];
  db.subscribe(sql`SELECT name FROM Artist ORDER BY name`, { onRows: (rows) => seen.push(rows) });
  const gate = Promise.withResolvers<void>();
  const first = db.transaction(async (tx) => {
    await tx.Artist.save({ name: 'a' });
    // Sync must not see what may never have been.
    expect(() => db.log.changeIds()).toThrow(expect.objectContaining({ code: 'LOCAL_BUSY' }));
    await gate.promise;
    await tx.Artist.save({ name: 'b' });
  });
  const outside = db.Artist.save({ name: 'c' });
  const second = db.transaction((tx) => tx.query(sql`SELECT count(*) AS n FROM Artist`));
  gate.resolve();
  await first;
  await outside;
  expect(await second).toEqual([{ n: 3 }]);
  await new Promise((resolve) => setImmediate(resolve));
  // Never the middle of a transaction.
  for (const rows of seen) expect(rows).not.toEqual([{ name: 'a' }]);
  expect(seen.at(-1)).toEqual([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
});

test('an error undoes the transaction, and its `tx` is of no use afterwards', async () => {
  await using db = await open();
  let kept: { Artist: typeof db.Artist } | undefined;
  const failed = db.transaction(async (tx) => {
    kept = tx;
    await tx.Artist.save({ name: 'a' });
    throw new Error('back');
  });
  await expect(failed).rejects.toThrow('back');
  expect(await db.query(sql`SELECT * FROM Artist`)).toEqual([]);
  await expect(kept!.Artist.save({ name: 'b' })).rejects.toMatchObject({ code: 'LOCAL_NESTED_USE' });
});

test('B12: a transaction that waits for the database that it holds is ended, and the database lives on', async () => {
  vi.useFakeTimers();
  try {
    await using db = await open();
    const stuck = db.transaction(async (tx) => {
      await tx.Artist.save({ id: 'x', name: 'a' });
      await db.Artist.save({ id: 'y', name: 'b' });
      await tx.Artist.save({ id: 'z', name: 'c' });
    });
    const failure = stuck.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await failure).toMatchObject({ code: 'LOCAL_TRANSACTION_TIMEOUT' });
    expect(await db.query(sql`SELECT id FROM Artist`)).toEqual([{ id: 'y' }]);
  } finally {
    vi.useRealTimers();
  }
});

test('a live query can be iterated over; results that nobody took are skipped', async () => {
  await using db = await open();
  const results: (readonly unknown[])[] = [];
  for await (const rows of db.live(sql`SELECT name FROM Artist ORDER BY name`)) {
    results.push(rows);
    if (rows.length === 2) break;
    await db.Artist.save({ name: 'a' });
    await db.Artist.save({ name: 'b' });
  }
  expect(results).toEqual([[], [{ name: 'a' }, { name: 'b' }]]);
  await expect(db.live(sql`SELECT 1 FROM Missing`).next()).rejects.toMatchObject({ code: 'LOCAL_SQL_FAILED' });
});

test('the feed tells all changes and waits for more, until it is aborted', async () => {
  await using db = await open();
  await db.Artist.save({ id: 'x', name: 'a' });
  const controller = new AbortController();
  const told: unknown[] = [];
  for await (const { cursor, items } of db.changes({ tables: ['Artist'], signal: controller.signal })) {
    for (const { id, fields } of items) told.push({ cursor, id, fields });
    if (told.length === 1) await db.Artist.delete('x');
    else controller.abort();
  }
  expect(told).toEqual([
    { cursor: 1, id: 'x', fields: { name: 'a', city: null } },
    { cursor: 2, id: 'x', fields: { _deleted: 1n } },
  ]);
});
