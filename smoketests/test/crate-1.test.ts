// A module of the official crate's first major version: an older definition, older imports, names as they are written.
import { procedures, procedureSchema, reducers, reducerSchema, schema, t, table } from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, newPerson, request } from '../src/http.ts';
import { PublishedModule } from '../src/published-module.ts';

const genre = t.enum('Genre', { Novel: t.unit(), Poetry: t.unit(), NonFiction: t.unit() });
const bookRow = {
  id: t.u64().primaryKey(),
  title: t.string(),
  author: t.string(),
  genre,
  year: t.i32(),
  shelfMark: t.u16(),
  copies: t.u32(),
};
const readerRow = {
  identity: t.identity().primaryKey(),
  name: t.option(t.string()),
  isHere: t.bool(),
  subject: t.option(t.string()),
};

const bindings = {
  ...schema({
    book: table({ name: 'book', public: true }, bookRow),
    reader: table({ name: 'reader', public: true }, readerRow),
    returned: table(
      { name: 'returned', public: true },
      { id: t.u64().primaryKey(), title: t.string(), reader: t.identity(), at: t.timestamp(), byItself: t.bool() },
    ),
    myReader: table({ name: 'my_reader', public: true }, readerRow),
    oldBooks: table({ name: 'old_books', public: true }, bookRow),
  }).schemaType,
  ...reducers(
    reducerSchema('setName', { newName: t.string() }),
    reducerSchema('add_book', {
      title: t.string(),
      author: t.string(),
      genre,
      year: t.i32(),
      shelfMark: t.u16(),
    }),
    reducerSchema('borrow_book', { title: t.string(), forMs: t.u64() }),
  ).reducersType,
  ...procedures(procedureSchema('count_books', { by: t.string() }, t.u64())),
  versionInfo: { cliVersion: '2.10.1' },
};

let library: PublishedModule;

beforeAll(async () => {
  library = await PublishedModule.start('crate-1');
});

afterAll(() => library?.[Symbol.asyncDispose]());

test('init has run, and its error would have stopped the publish', async () => {
  expect(await library.rows('SELECT title, year FROM book')).toEqual([['Faust', 1808]]);
  expect((await library.logs()).some(({ message }) => /^the library c200[0-9a-f]+ opens$/.test(message))).toBe(true);
});

describe('readers', () => {
  test('come and go, with what their token says, and see only themselves', async () => {
    const ann = await library.connect(bindings);
    const bob = await library.connect(bindings);
    await ann.subscribe('SELECT * FROM reader', 'SELECT * FROM my_reader');
    expect([...ann.db.reader.iter()].map(({ identity }) => identity)).toEqual([ann.identity]);
    expect([...ann.db.myReader.iter()]).toHaveLength(1);
    await ann.reducers.setName({ newName: 'Ann' });
    await bob.reducers.setName({ newName: 'Bob' });
    await ann.until('her name', () => [...ann.db.reader.iter()][0]?.name === 'Ann');
    await ann.until('her name in the view', () => [...ann.db.myReader.iter()][0]?.name === 'Ann');
    expect([...ann.db.reader.iter()][0]).toMatchObject({ isHere: true, subject: expect.any(String) as string });
    await expect(ann.reducers.setName({ newName: '' })).rejects.toThrow('a name must not be empty');
    ann[Symbol.dispose]();
    await expect.poll(() => library.rows('SELECT name, isHere FROM reader')).toContainEqual([[0, 'Ann'], false]);
  });
});

describe('books', () => {
  test('are found by every kind of index, and unique in title and shelf mark', async () => {
    const add = (...book: unknown[]): Promise<void> => library.run('add_book', ...book);
    await add('Die Räuber', 'Schiller', { NonFiction: [] }, 1781, 2);
    await add('Werther', 'Goethe', { Novel: [] }, 1774, 3);
    await add('Malina', 'Bachmann', { Novel: [] }, 1971, 4);
    expect(await library.fail('add_book', 'Faust', 'Goethe', { Poetry: [] }, 1832, 9)).toMatch(/unique|constraint/i);
    expect(await library.fail('add_book', 'Faust II', 'Goethe', { Poetry: [] }, 1832, 1)).toMatch(/unique|constraint/i);
    await library.run('search', { Novel: [] }, 1800, 'Goethe', 2);
    const found = new Map(
      (await library.rows('SELECT search, titles FROM finding')).map(([key, value]) => [key, value]),
    );
    expect(found.get('genre and years')).toBe('Malina');
    expect(found.get('author')).toBe('Faust\nWerther');
    expect(found.get('shelf mark')).toBe('Die Räuber');
    expect(await library.fail('burn')).toBe('The instance encountered a fatal error.');
  });

  test('are shown by views, and counted by a procedure', async () => {
    const reader = await library.connect(bindings);
    await reader.subscribe('SELECT * FROM old_books');
    const old = [...reader.db.oldBooks.iter()].map(({ title }) => title).toSorted();
    expect(old).toEqual(['Die Räuber', 'Faust', 'Werther']);
    expect((await library.rows('SELECT title FROM books_by_goethe')).flat().map(String).toSorted()).toEqual([
      'Faust',
      'Werther',
    ]);
    expect(await reader.procedures.countBooks({ by: 'Goethe' })).toBe(2n);
    await reader.reducers.addBook({
      title: 'Iphigenie',
      author: 'Goethe',
      genre: { tag: 'Poetry' },
      year: 1787,
      shelfMark: 8,
    });
    await reader.until('Iphigenie', () => [...reader.db.oldBooks.iter()].some(({ title }) => title === 'Iphigenie'));
    expect(await reader.procedures.countBooks({ by: 'Goethe' })).toBe(3n);
  });
});

describe('loans', () => {
  test('end by themselves, in the name of the database', async () => {
    const reader = await library.connect(bindings);
    await reader.subscribe('SELECT * FROM returned');
    await reader.reducers.borrowBook({ title: 'Faust', forMs: 50n });
    const returned = await reader.until('the book', () => [...reader.db.returned.iter()][0]);
    expect(returned).toMatchObject({ title: 'Faust', byItself: true, reader: reader.identity });
    expect(await library.rows('SELECT * FROM loan')).toEqual([]);
  });

  test('in this version anybody may call a scheduled reducer, but no lifecycle reducer', async () => {
    const { identity, token } = await newPerson(library.server);
    const loan = [99, { Time: [0] }, 1, [`0x${identity}`]];
    expect((await call(library.server, 'crate-1', 'end_loan', [loan], token)).status).toBe(200);
    const foreign = [99, { Time: [0] }, 1, [`0x${library.owner.identity}`]];
    const refused = await call(library.server, 'crate-1', 'end_loan', [foreign], token);
    expect({ status: refused.status, text: await refused.text() }).toEqual({
      status: 530,
      text: "somebody else's loan",
    });
    expect((await call(library.server, 'crate-1', 'open', [], library.owner.token)).status).toBe(400);
  });

  test('are reminded of by interval', async () => {
    await using log = library.cli.follow('logs', 'crate-1', '--follow');
    await library.run('start_reminding', 50);
    for (let line = 0; line < 3; line++) expect(await log.lineWith('books are out')).toContain('INFO');
    await library.run('stop_reminding');
  });
});

test('the schema is the same in both versions of the document', async () => {
  for (const version of [9, 10]) {
    const response = await request(library.server, 'GET', `/v1/database/crate-1/schema?version=${version}`);
    const text = await response.text();
    for (const name of ['by_genre_and_year', 'isHere', 'setName', 'NonFiction', 'old_books', 'count_books']) {
      expect(text).toContain(`"${name}"`);
    }
  }
});
