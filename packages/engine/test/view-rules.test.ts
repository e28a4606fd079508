import { ByteWriter } from '@lightcone/sats';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Session } from '../src/embedded/session.ts';
import { type TestDatabase, openTestDatabase } from '../src/testing/index.ts';
import { rowBytes } from './support/any-module.ts';
import { ANSWER, ITEM, viewsModule } from './support/views-module.ts';

const FATAL = 'The instance encountered a fatal error.';

let db: TestDatabase;
let alice: Session;
beforeEach(async () => {
  db = await openTestDatabase(viewsModule());
  alice = await db.connect('alice');
  await alice.call('insert_row', 'item', rowBytes(ITEM, { id: 7, name: 'seven' }));
});
afterEach(() => db.database.close());

/** What `answered` returns from now on. */
async function setAnswer(code: number, result: Uint8Array): Promise<void> {
  await alice.call('clear_table', 'answer', new Uint8Array(0));
  await alice.call('insert_row', 'answer', rowBytes(ANSWER, { code, result }));
}

function header(tag: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(tag);
  write(writer);
  return writer.finish();
}

const query = (text: string): Uint8Array => header(1, (writer) => writer.string(text));
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('what a view may return', () => {
  const seven = [{ id: 7, name: 'seven' }];
  test.each([
    { what: 'an array of rows', code: 0, result: bytes(1, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0x78), rows: [{ id: 9, name: 'x' }] }, // prettier-ignore
    { what: 'an array with bytes after it', code: 0, result: bytes(0, 0, 0, 0, 9), rows: [] },
    { what: 'rows behind a header', code: 2, result: bytes(0, 1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0), rows: [{ id: 9, name: '' }] }, // prettier-ignore
    { what: 'a query', code: 2, result: query('SELECT * FROM item'), rows: seven },
    { what: 'a query with a condition', code: 2, result: query('select * from "item" where id > 7'), rows: [] },
    { what: 'a blank query', code: 2, result: query(' \n'), rows: [] },
  ])('$what', async ({ code, result, rows }) => {
    await setAnswer(code, result);
    expect(await alice.query('SELECT * FROM answered')).toEqual(rows);
  });
});

describe('what a view may not return', () => {
  const unreadable = 'Error deserializing rows returned by view: ';
  test.each([
    { what: 'rows cut short', code: 0, result: bytes(1, 0, 0, 0, 9, 0), reason: unreadable },
    { what: 'more rows than there are', code: 0, result: bytes(255, 255, 255, 255), reason: unreadable },
    { what: 'nothing', code: 0, result: bytes(), reason: unreadable },
    { what: 'a string that is no UTF-8', code: 0, result: bytes(1, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0xff), reason: unreadable }, // prettier-ignore
    { what: 'a query that is none', code: 2, result: query('SELECT'), reason: 'sql parser error' },
    { what: 'a query of another table', code: 2, result: query('SELECT * FROM nothing'), reason: 'no such table: `nothing`' }, // prettier-ignore
    {
      what: 'a query of rows of another type',
      code: 2,
      result: query('SELECT * FROM answer'),
      reason: 'query returns `(code: U32, result: Array<U8>)` but view expects `(id: U32, name: String)`',
    },
    {
      what: 'a query that asks for the caller',
      code: 2,
      result: query('SELECT item.* FROM item JOIN owner ON item.id = owner.item WHERE owner.who = :sender'),
      reason: 'view definition cannot use `:sender`',
    },
    {
      what: 'a query of a view',
      code: 2,
      result: query('SELECT * FROM inserting'),
      reason: 'view definition cannot read from other views',
    },
    {
      what: 'a query that joins a view',
      code: 2,
      result: query('SELECT item.* FROM item JOIN answered ON item.id = answered.id'),
      reason: 'view definition cannot read from other views',
    },
    {
      what: 'a query of an event table',
      code: 2,
      result: query('SELECT * FROM happening'),
      reason: 'view definition cannot read from event table `happening`',
    },
    { what: 'a change', code: 2, result: query('DELETE FROM item'), reason: 'Unsupported' },
  ])('$what: the reason, which may name what is private, is for the log alone', async ({ code, result, reason }) => {
    const message = 'view `answered` failed: it returned what it may not; why is in the log of the database';
    expect(await failures(code, result)).toEqual([message, message]);
    const logged = expect.objectContaining({
      functionName: 'answered',
      message: expect.stringContaining(reason) as string,
    }) as unknown;
    expect(db.logs.filter(({ level }) => level === 'Error')).toEqual([logged, logged]);
  });

  test.each([
    { what: 'an error, which is meant for callers', code: 1, result: text('not today'), reason: 'not today' },
    { what: 'an unknown code', code: 3, result: bytes(), reason: FATAL },
    { what: 'an unknown header', code: 2, result: bytes(9), reason: FATAL },
  ])('$what', async ({ code, result, reason }) => {
    const message = `view \`answered\` failed: ${reason}`;
    expect(await failures(code, result)).toEqual([message, message]);
  });

  /** What who reads the view is told, and who changes what it reads; nothing is changed then. */
  async function failures(code: number, result: Uint8Array): Promise<string[]> {
    await setAnswer(code, result);
    const reading = await messageOf(alice.query('SELECT * FROM answered'));
    await setAnswer(0, bytes(0, 0, 0, 0));
    expect(await alice.query('SELECT * FROM answered')).toEqual([]);
    const changing = await messageOf(setAnswer(code, result));
    expect(await alice.query('SELECT * FROM item')).toHaveLength(1);
    return [reading, changing];
  }

  async function messageOf(refused: Promise<unknown>): Promise<string> {
    return refused.then(
      () => 'it was done',
      (error: unknown) => (error as Error).message,
    );
  }
});

describe('what a view may not do', () => {
  test.each(['inserting', 'updating', 'deleting', 'clearing', 'deleting_a_key', 'deleting_a_range'])(
    '%s: errno 19',
    async (view) => {
      await expect(alice.query(`SELECT * FROM ${view}`)).rejects.toThrow(`view \`${view}\` failed: errno 19`);
      expect(await alice.query('SELECT * FROM item')).toEqual([{ id: 7, name: 'seven' }]);
    },
  );

  test.each(['reading_events', 'reading_a_view'])('%s: errno 4', async (view) => {
    await expect(alice.query(`SELECT * FROM ${view}`)).rejects.toThrow(`view \`${view}\` failed: errno 04`);
  });

  test('reducers do not find the tables of views either, but event tables', async () => {
    const row = rowBytes(ITEM, { id: 1, name: '' });
    await expect(alice.call('insert_row', 'answered', row)).rejects.toThrow('errno 04');
    await expect(alice.call('clear_table', 'answered', row)).rejects.toThrow('errno 04');
    await alice.call('insert_row', 'happening', row);
  });

  test('scheduling a call traps, and nothing is called', async () => {
    await expect(alice.query('SELECT * FROM scheduling')).rejects.toThrow(`view \`scheduling\` failed: ${FATAL}`);
    expect(db.logs.at(-1)?.message).toBe('the view trapped: a view cannot schedule calls');
    await alice.query('SELECT * FROM item');
    expect(db.logs.filter(({ message }) => message.includes('no such reducer'))).toEqual([]);
  });

  test('SQL of the owner may not change a view', async () => {
    for (const statement of [
      "INSERT INTO answered (id, name) VALUES (1, 'a')",
      'DELETE FROM answered',
      "UPDATE answered SET name = 'a'",
    ]) {
      await expect(db.database.sql(statement)).rejects.toThrow('`answered` is a view; DML on views is not supported');
    }
  });
});

test('a transaction of a procedure brings views up to date, or is none if one fails', async () => {
  await setAnswer(2, query('SELECT * FROM item WHERE id < 7'));
  const view = await alice.subscribe('SELECT * FROM answered');
  expect(view.rows('answered')).toEqual([]);
  await alice.callProcedure('add_item');
  expect(view.rows('answered')).toEqual([{ id: 1, name: '' }]);

  await db.database.sql('DELETE FROM item WHERE id = 1');
  await alice.subscribe('SELECT * FROM at_most_one_item');
  await expect(alice.callProcedure('add_item')).rejects.toMatchObject({ code: 'ENGINE_CALL_FAILED' });
  expect(db.logs.map(({ message }) => message)).toContainEqual(
    expect.stringContaining('view `at_most_one_item` failed: errno 02'),
  );
  expect(await alice.query('SELECT * FROM item')).toEqual([{ id: 7, name: 'seven' }]);
  expect(await alice.query('SELECT * FROM answered')).toEqual([]);
});

test('a reducer that a view forbids counts as failed', async () => {
  const counts = (): unknown => db.database.database.metrics().reducers.get('insert_row');
  expect(counts()).toMatchObject({ committed: 1, failed: 0 });
  await alice.subscribe('SELECT * FROM at_most_one_item');
  const row = rowBytes(ITEM, { id: 8, name: 'eight' });
  await expect(alice.call('insert_row', 'item', row)).rejects.toThrow('view `at_most_one_item` failed: errno 02');
  expect(counts()).toMatchObject({ committed: 1, failed: 1 });
});

test('whose change a private view forbids does not learn its name; the owner does', async () => {
  await using hidden = await openTestDatabase(viewsModule({ privateView: 'at_most_one_item' }));
  expect(await hidden.database.sql('SELECT * FROM at_most_one_item')).toEqual([]);
  const bob = await hidden.connect('bob');
  await bob.call('insert_row', 'item', rowBytes(ITEM, { id: 1, name: '' }));
  await expect(bob.call('insert_row', 'item', rowBytes(ITEM, { id: 2, name: '' }))).rejects.toMatchObject({
    message: 'a private view failed: errno 02',
  });
  expect(hidden.logs.at(-1)).toMatchObject({ level: 'Error', functionName: 'at_most_one_item', message: 'errno 02' });
});

test('a client that is gone goes, even if a view cannot bear it: the view is empty until it works again', async () => {
  const bob = await db.connect('bob');
  const view = await bob.subscribe('SELECT * FROM counting_clients');
  expect(view.rows('counting_clients')).toEqual([{ id: 2, name: '' }]);
  alice.disconnect(); // one client is too few for the view
  await bob.query('SELECT * FROM item');
  expect(view.rows('counting_clients')).toEqual([]);
  expect(db.logs.findLast(({ level }) => level === 'Error')).toMatchObject({
    message: 'errno 01',
    functionName: 'counting_clients',
  });

  const carol = await db.connect('carol');
  expect(view.rows('counting_clients')).toEqual([{ id: 2, name: '' }]);
  // A fourth is too many, but nothing is forced to happen.
  await db.connect('dave');
  await expect(db.connect('erin')).rejects.toThrow('view `counting_clients` failed: errno 04');
  expect(await carol.query('SELECT * FROM counting_clients')).toEqual([{ id: 3, name: '' }]);
});

test('a view that failed where it could not be refused is asked again by whoever reads it', async () => {
  const bob = await db.connect('bob');
  expect(await bob.query('SELECT * FROM counting_clients')).toEqual([{ id: 2, name: '' }]);
  alice.disconnect();
  await expect(bob.query('SELECT * FROM counting_clients')).rejects.toThrow('errno 01');
});

test('an update mends a view that failed where it could not be refused, for those who watch it', async () => {
  const bob = await db.connect('bob');
  const view = await bob.subscribe('SELECT * FROM counting_clients');
  alice.disconnect();
  await bob.query('SELECT * FROM item');
  expect(view.rows('counting_clients')).toEqual([]);

  const { database } = db.database;
  expect(() => database.update(viewsModule({ version: '2' }), false)).toThrow('errno 01');
  database.update(viewsModule({ version: '3', fewestClients: 1 }), false);
  await bob.query('SELECT * FROM item');
  expect(view.rows('counting_clients')).toEqual([{ id: 1, name: '' }]);
  await db.connect('carol');
  expect(view.rows('counting_clients')).toEqual([{ id: 2, name: '' }]);
});
