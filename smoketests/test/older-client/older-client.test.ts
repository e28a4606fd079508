// The last official npm client of the first major version, which speaks `v1.bsatn` only.
import {
  DbConnectionBuilder,
  type DbConnectionConfig,
  DbConnectionImpl,
  procedureSchema,
  procedures,
  reducerSchema,
  reducers,
  schema,
  t,
  table,
} from 'spacetimedb-1';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PublishedModule } from '../../src/published-module.ts';

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
const newBook = { title: t.string(), author: t.string(), genre, year: t.i32(), shelfMark: t.u16() };
const bindings = {
  ...schema(table({ name: 'book' }, bookRow), table({ name: 'books_by_goethe' }, bookRow)).schemaType,
  ...reducers(reducerSchema('add_book', newBook)).reducersType,
  ...procedures(procedureSchema('count_books', { by: t.string() }, t.u64())),
  versionInfo: { cliVersion: '1.12.0' },
};
type Connection = DbConnectionImpl<typeof bindings>;

let library: PublishedModule;
const open: Connection[] = [];
let nextShelfMark = 100;

beforeAll(async () => {
  library = await PublishedModule.start('crate-1');
});

afterEach(() => {
  for (const connection of open.splice(0)) connection.disconnect();
});

afterAll(() => library?.[Symbol.asyncDispose]());

function connect(
  configure: (builder: DbConnectionBuilder<Connection>) => unknown = () => undefined,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const builder = new DbConnectionBuilder<Connection>(
      bindings,
      (config: DbConnectionConfig<typeof bindings>) => new DbConnectionImpl<typeof bindings>(config),
    )
      .withUri(library.server.webSocketUrl)
      .withModuleName('crate-1')
      .onConnect((connection) => {
        open.push(connection);
        resolve(connection);
      })
      .onConnectError((_context, error) => reject(error));
    configure(builder);
    builder.build();
  });
}

function subscribe(connection: Connection, ...queries: string[]): Promise<ReturnType<typeof subscription>> {
  return new Promise((resolve, reject) => {
    const handle = subscription(connection, queries, () => resolve(handle), reject);
  });
}

function subscription(
  connection: Connection,
  queries: string[],
  onApplied: () => void,
  onError: (error: Error) => void,
): ReturnType<ReturnType<Connection['subscriptionBuilder']>['subscribe']> {
  return connection
    .subscriptionBuilder()
    .onApplied(onApplied)
    .onError((context) => onError(context.event ?? new Error('without a reason')))
    .subscribe(queries);
}

function book(title: string): {
  title: string;
  author: string;
  genre: { tag: 'Novel' };
  year: number;
  shelfMark: number;
} {
  return { title, author: 'Goethe', genre: { tag: 'Novel' }, year: 1774, shelfMark: nextShelfMark++ };
}

test('rows, of tables and views, come and go with subscriptions, counted where two have the same', async () => {
  const reader = await connect();
  const titles = (): string[] => [...reader.db.book.iter()].map(({ title }) => title);
  const all = await subscribe(reader, 'SELECT * FROM book', 'SELECT * FROM books_by_goethe');
  expect(titles()).toEqual(['Faust']);
  expect([...reader.db.booksByGoethe.iter()]).toHaveLength(1);
  const some = await subscribe(reader, "SELECT * FROM book WHERE title = 'Faust'", 'SELECT * FROM book');
  await new Promise<void>((resolve) => all.unsubscribeThen(() => resolve()));
  expect(titles()).toEqual(['Faust']);
  await new Promise<void>((resolve) => some.unsubscribeThen(() => resolve()));
  expect(titles()).toEqual([]);
});

test.each([
  { what: 'compressed', configure: (builder: DbConnectionBuilder<Connection>) => builder.withCompression('gzip') },
  { what: 'plain', configure: (builder: DbConnectionBuilder<Connection>) => builder.withCompression('none') },
  { what: 'light', configure: (builder: DbConnectionBuilder<Connection>) => builder.withLightMode(true) },
  { what: 'confirmed', configure: (builder: DbConnectionBuilder<Connection>) => builder.withConfirmedReads(true) },
])(
  'a call reaches its caller with rows and arguments, and the others with rows: $what',
  async ({ what, configure }) => {
    const [caller, reader] = [await connect(configure), await connect(configure)];
    await subscribe(caller, 'SELECT * FROM book');
    await subscribe(reader, 'SELECT * FROM book');
    const added = book(`Werther, ${what} ${'x'.repeat(2000)}`);
    const seen = new Promise<string>((resolve) => reader.db.book.onInsert((_context, row) => resolve(row.title)));
    const answered = new Promise<[string, string, number]>((resolve) => {
      caller.reducers.onAddBook((context, args) => {
        const { status, reducer } = context.event;
        resolve([status.tag, `${reducer.name}: ${args.title}`, [...caller.db.book.iter()].length]);
      });
    });
    caller.reducers.addBook(added);
    expect(await seen).toBe(added.title);
    expect(await answered).toEqual(['Committed', `add_book: ${added.title}`, [...reader.db.book.iter()].length]);
  },
);

test('a module of before V10 tells the others, too, who called what', async () => {
  const [caller, reader] = [await connect(), await connect()];
  await subscribe(reader, 'SELECT * FROM book');
  const heard = new Promise<[string, string]>((resolve) => {
    reader.reducers.onAddBook((context, { title }) => resolve([context.event.callerIdentity.toHexString(), title]));
  });
  caller.reducers.addBook(book('Egmont'));
  expect(await heard).toEqual([caller.identity?.toHexString(), 'Egmont']);
});

test('a reducer that fails tells its caller why', async () => {
  const caller = await connect();
  const failed = new Promise<unknown>((resolve) => {
    caller.reducers.onAddBook((context) => resolve(context.event.status));
  });
  caller.reducers.addBook(book('Faust')); // there is one
  expect(await failed).toMatchObject({ tag: 'Failed', value: expect.stringMatching(/unique/iu) });
});

test('procedures return values', async () => {
  const caller = await connect();
  expect(await caller.procedures.countBooks({ by: 'nobody' })).toBe(0n);
});

test('a query that cannot be followed is refused, and the connection goes on', async () => {
  const reader = await connect();
  await expect(subscribe(reader, 'SELECT * FROM nope')).rejects.toThrow(/no such table: `nope`/u);
  await subscribe(reader, 'SELECT * FROM book');
  expect([...reader.db.book.iter()].length).toBeGreaterThan(0);
});
