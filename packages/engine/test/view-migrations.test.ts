import { ByteWriter } from '@lightcone/sats';
import { expect, test } from 'vitest';
import type { Session } from '../src/embedded/session.ts';
import { LoggedDatabase, schemaOf } from './support/logged-database.ts';
import { ANSWER, ITEM, viewsModule } from './support/views-module.ts';

const WITH_VIEW = viewsModule({ views: ['answered'] });
const WITHOUT_VIEW = viewsModule({ views: [] });

async function withAnswer(program: Uint8Array): Promise<{ db: LoggedDatabase; alice: Session }> {
  const db = await LoggedDatabase.create(program);
  const query = new ByteWriter();
  query.u8(1);
  query.string('SELECT * FROM item');
  await db.insert('answer', ANSWER, { code: 2, result: query.finish() });
  await db.insert('item', ITEM, { id: 7, name: 'seven' });
  return { db, alice: await db.connect('alice') };
}

test('a view that is added is like one that was there, also after a restart', async () => {
  await using expected = await LoggedDatabase.create(WITH_VIEW);
  await using db = await LoggedDatabase.create(WITHOUT_VIEW);
  const alice = await db.connect('alice');
  const items = await alice.subscribe('SELECT * FROM item');
  await db.publish(WITH_VIEW, { mayBreakClients: false });
  expect(await schemaOf(db)).toEqual(await schemaOf(expected));
  expect(await alice.query('SELECT * FROM answered')).toEqual([]);
  await db.insert('item', ITEM, { id: 7, name: 'seven' });
  expect(items.rows('item')).toHaveLength(1);
  await db.restart();
  expect(await schemaOf(db)).toEqual(await schemaOf(expected));
  expect(await db.rows('answered')).toEqual([]);
});

test('a view that is removed leaves nothing, its rows in the log least of all', async () => {
  await using expected = await LoggedDatabase.create(WITHOUT_VIEW);
  const { db, alice } = await withAnswer(WITH_VIEW);
  await using _ = db;
  const view = await alice.subscribe('SELECT * FROM answered');
  expect(view.rows('answered')).toHaveLength(1);
  await expect(db.publish(WITHOUT_VIEW, { mayBreakClients: false })).rejects.toMatchObject({
    code: 'ENGINE_UPDATE_REJECTED',
  });
  expect(await alice.query('SELECT * FROM answered')).toHaveLength(1);

  await db.publish(WITHOUT_VIEW);
  expect(db.database.metrics().liveViews).toBe(0);
  await expect(db.rows('answered')).rejects.toThrow('no such table: `answered`');
  await db.insert('item', ITEM, { id: 8, name: 'eight' });
  await db.restart();
  expect(await schemaOf(db)).toEqual(await schemaOf(expected));
  expect(await db.rows('item')).toHaveLength(2);
});

test('a view that stays is run with the new code, for those who watch it', async () => {
  const { db, alice } = await withAnswer(WITH_VIEW);
  await using _ = db;
  const view = await alice.subscribe('SELECT * FROM answered');
  await db.publish(viewsModule({ views: ['answered'], version: '2' }), { mayBreakClients: false });
  expect(view.rows('answered')).toEqual([{ id: 7, name: 'seven' }]);
  await db.insert('item', ITEM, { id: 8, name: 'eight' });
  expect(view.rows('answered')).toHaveLength(2);
});

test('an update whose views fail is refused, and the old module goes on', async () => {
  const { db, alice } = await withAnswer(WITH_VIEW);
  await using _ = db;
  const view = await alice.subscribe('SELECT * FROM answered');
  const before = await db.dump();
  await expect(db.publish(viewsModule({ views: ['answered'], isBroken: true }))).rejects.toMatchObject({
    code: 'ENGINE_UPDATE_REJECTED',
    message: expect.stringContaining('view `answered` failed: the view trapped: ') as string,
  });
  expect(await db.dump()).toEqual(before);
  await db.insert('item', ITEM, { id: 8, name: 'eight' });
  expect(view.rows('answered')).toHaveLength(2);
  await db.restart();
  expect(await db.rows('answered')).toHaveLength(2);
});
