import { expect, test, vi } from 'vitest';
import { bool, defineSchema, int, openDbSync, ref, sql, table, text } from '../src/index.ts';
import { betterSqlite } from '../src/node/index.ts';

const schema = defineSchema({
  Artist: table({ name: text(), country: text().optional(), liked: bool().default(false) }),
  Album: table({ title: text(), year: int().optional(), artistId: ref('Artist').named('artist_id') }),
});

test('rows are saved, updated, read and deleted', () => {
  using db = openDbSync({ schema, driver: betterSqlite(':memory:') });
  const nena = db.Artist.save({ name: 'Nena' });
  expect(nena).toEqual({ id: nena.id, name: 'Nena', country: null, liked: false });
  expect(db.Artist.update(nena.id, { country: 'DE', liked: true })).toEqual({ ...nena, country: 'DE', liked: true });
  const album = db.Album.save({ title: 'Nena', artistId: nena.id });
  expect(db.query(sql`SELECT * FROM Album WHERE artist_id = ${nena.id}`.as(schema.Album))).toEqual([
    { id: album.id, title: 'Nena', year: null, artistId: nena.id },
  ]);
  expect(() => db.Artist.delete(nena.id)).toThrow(expect.objectContaining({ code: 'LOCAL_CONSTRAINT' }));
  expect(db.Album.delete(album.id)).toBe(true);
  expect(db.Artist.delete(nena.id)).toBe(true);
  expect(db.Artist.get(nena.id)).toBeUndefined();
  expect(db.history('Artist', nena.id).map(({ values, deleted }) => ({ values, deleted }))).toEqual([
    { values: {}, deleted: true },
    { values: { country: 'DE', liked: true }, deleted: undefined },
    { values: { name: 'Nena', country: null, liked: false }, deleted: undefined },
  ]);
});

test('changes merge into another database', () => {
  using a = openDbSync({ schema, driver: betterSqlite(':memory:') });
  using b = openDbSync({ schema, driver: betterSqlite(':memory:') });
  const artist = a.Artist.save({ name: 'Can' });
  a.Album.save({ title: 'Tago Mago', artistId: artist.id });
  const changes = a.log.changesSince(0, { limit: 10 }).map(({ change }) => change);
  expect(b.log.append(changes.toReversed())).toMatchObject({ appended: 2, rows: 2, parked: [], refused: [] });
  expect(b.query(sql`SELECT * FROM Album`)).toEqual(a.query(sql`SELECT * FROM Album`));
  expect(b.log.append(changes)).toMatchObject({ appended: 0, rows: 0 });
  b.exec(sql`UPDATE Album SET title = upper(title)`);
  expect(b.log.changesSince(2, { limit: 10 }).map(({ change }) => change.fields)).toEqual([
    [{ name: 'title', value: 'TAGO MAGO' }],
  ]);
});

test('a live query follows', async () => {
  using db = openDbSync({ schema, driver: betterSqlite(':memory:') });
  const seen: unknown[] = [];
  db.subscribe(sql`SELECT name FROM Artist ORDER BY name`, { onRows: (rows) => seen.push(rows) });
  db.Artist.save({ name: 'B' });
  await Promise.resolve();
  db.Artist.save({ name: 'A' });
  await Promise.resolve();
  expect(seen).toEqual([[{ name: 'B' }], [{ name: 'A' }, { name: 'B' }]]);
});

test('a listener that throws undoes nothing, and the others hear of the commit', () => {
  using db = openDbSync({ schema, driver: betterSqlite(':memory:') });
  const thrownLater = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
    expect(callback).toThrow('not my day');
  });
  try {
    let heard = 0;
    db.onCommit(() => {
      throw new Error('not my day');
    });
    db.onCommit(() => heard++);
    const saved = db.Artist.save({ name: 'Can' });
    expect(db.Artist.get(saved.id)).toEqual(saved);
    expect(heard).toBe(1);
    expect(thrownLater).toHaveBeenCalledTimes(1);
  } finally {
    thrownLater.mockRestore();
  }
});
