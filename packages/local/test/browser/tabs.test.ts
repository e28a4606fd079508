// Pages and workers of several tabs in one process: Node has the locks and the channels of a browser.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalConnection } from '../../src/api/local-connection.ts';
import type { Connection } from '../../src/api/connection.ts';
import { databaseOver } from '../../src/api/database.ts';
import { PageConnection } from '../../src/browser/page-connection.ts';
import { channelName, leaderLock, pageLock } from '../../src/browser/messages.ts';
import { leadWhenElected } from '../../src/browser/worker/lead-when-elected.ts';
import type { Opened } from '../../src/browser/worker/leader.ts';
import { defineSchema, int, sql, table, text } from '../../src/index.ts';
import type { Database } from '../../src/index.ts';
import { betterSqlite } from '../../src/node/index.ts';
import { openStore } from '../../src/store/open-store.ts';

const schema = defineSchema({ Item: table({ title: text(), count: int().default(0) }) });
const allItems = sql`SELECT * FROM Item ORDER BY title`.as(schema.Item);

interface Tab {
  readonly id: string;
  readonly db: Database<typeof schema>;
  readonly page: PageConnection;
  /** Ends the worker, as closing its tab does: whatever it was doing is not done. */
  endWorker(): Promise<void>;
  endPage(): void;
}

let count = 0;
let name: string;
let file: string;
let ends: (() => unknown)[] = [];
beforeEach(() => {
  name = `tabs ${process.pid} ${count++}`;
  file = join(tmpdir(), `lightcone-${name}.db`);
});
afterEach(async () => {
  for (const end of ends) await end();
  ends = [];
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
});

function open(): Opened {
  const driver = betterSqlite(file);
  const store = openStore(driver, { schema });
  return { store, connection: new LocalConnection(store, driver), isDurable: true };
}

/** @param meddle changes what the worker's connection does */
async function tab(meddle: (connection: Connection) => Connection = (connection) => connection): Promise<Tab> {
  const ended = new AbortController();
  const openMeddled = (): Promise<Opened> => {
    const opened = open();
    return Promise.resolve({ ...opened, connection: meddle(opened.connection) });
  };
  const leading = leadWhenElected(name, openMeddled, (_, tell) => tell('leading'), ended.signal);
  const id = crypto.randomUUID();
  const gone = Promise.withResolvers<void>();
  void navigator.locks.request(pageLock(name, id), () => gone.promise);
  const page = new PageConnection(name, id, () => Promise.resolve());
  const endWorker = (): Promise<void> => {
    ended.abort();
    return leading;
  };
  const endPage = (): void => {
    gone.resolve();
    page.fail(new Error('the page is gone'));
  };
  ends.push(endPage, endWorker);
  await page.ready;
  return { id, db: databaseOver(page, schema), page, endWorker, endPage };
}

/** The next result of a live query that fulfils a condition. */
async function until<Row>(rows: AsyncIterable<readonly Row[]>, isMeant: (rows: readonly Row[]) => boolean) {
  for await (const result of rows) if (isMeant(result)) return result;
  throw new Error('the query ended');
}

test('what one tab writes, another sees', async () => {
  const [one, two] = [await tab(), await tab()];
  const seen = until(two.db.live(allItems), (rows) => rows.length === 2);
  await one.db.Item.save({ title: 'b' });
  await one.db.transaction(async (tx) => {
    const { id } = await tx.Item.save({ title: 'a' });
    await tx.Item.update(id, { count: 5 });
  });
  expect(await seen).toMatchObject([
    { title: 'a', count: 5 },
    { title: 'b', count: 0 },
  ]);
  expect(one.db.authorId).toBe(two.db.authorId);
});

test('errors are those of the store, and a transaction that throws is undone', async () => {
  const [, { db }] = [await tab(), await tab()];
  await expect(db.Item.update('nobody', { count: 1 })).rejects.toMatchObject({ code: 'LOCAL_NOT_FOUND' });
  await expect(db.query(sql`SELECT nonsense`)).rejects.toMatchObject({ name: 'LocalError', code: 'LOCAL_SQL_FAILED' });
  const work = db.transaction(async (tx) => {
    await tx.Item.save({ title: 'never' });
    throw new Error('changed my mind');
  });
  await expect(work).rejects.toThrow('changed my mind');
  expect(await db.query(allItems)).toEqual([]);
});

test('another tab takes over, and live queries go on', async () => {
  const [one, two] = [await tab(), await tab()];
  await one.db.Item.save({ title: 'kept' });
  const results: string[][] = [];
  two.db.subscribe(allItems, { onRows: (rows) => results.push(rows.map(({ title }) => title)) });
  await until(two.db.live(allItems), (rows) => rows.length === 1);
  await one.endWorker();
  one.endPage();
  await two.db.Item.save({ title: 'more' });
  await until(two.db.live(allItems), (rows) => rows.length === 2);
  expect(results).toEqual([['kept'], ['kept', 'more']]);
});

test('a write whose answer was lost is done once', async () => {
  let isLosing = false;
  const lost = Promise.withResolvers<void>();
  // The first tab's worker commits, and ends before it says so.
  const one = await tab((connection) =>
    Object.assign(Object.create(connection) as Connection, {
      authorId: connection.authorId,
      perform: connection.perform.bind(connection),
      onCommit: connection.onCommit.bind(connection),
      close: connection.close.bind(connection),
      begin: async () => {
        const transaction = await connection.begin();
        const commit = async (): Promise<void> => {
          await transaction.commit();
          if (!isLosing) return;
          lost.resolve();
          await new Promise(() => undefined);
        };
        return {
          perform: transaction.perform.bind(transaction),
          rollback: transaction.rollback.bind(transaction),
          commit,
        };
      },
    }),
  );
  const two = await tab();
  isLosing = true;
  const saving = two.db.Item.save({ title: 'once' });
  await lost.promise;
  await one.endWorker();
  const saved = await saving;
  expect(await two.db.query(allItems)).toEqual([saved]);
  const deleting = two.db.Item.delete(saved.id);
  expect(await deleting).toBe(true);
});

test('a transaction whose tab went is refused, and nothing of it is there', async () => {
  const [one, two] = [await tab(), await tab()];
  const begun = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  const work = two.db.transaction(async (tx) => {
    await tx.Item.save({ title: 'half' });
    begun.resolve();
    await taken.promise;
    await tx.Item.save({ title: 'other half' });
  });
  await begun.promise;
  await one.endWorker();
  // The new leader is there when something else was answered.
  expect(await two.db.query(allItems)).toEqual([]);
  taken.resolve();
  await expect(work).rejects.toMatchObject({ code: 'LOCAL_LEADER_CHANGED' });
  expect(await two.db.query(allItems)).toEqual([]);
});

test('what a page that went had begun holds up nobody', async () => {
  const [one, two] = [await tab(), await tab()];
  const begun = Promise.withResolvers<void>();
  void two.db
    .transaction(async (tx) => {
      await tx.Item.save({ title: 'never' });
      begun.resolve();
      await new Promise(() => undefined);
    })
    .catch(() => undefined);
  await begun.promise;
  two.endPage();
  await one.db.Item.save({ title: 'mine' });
  expect(await one.db.query(allItems)).toMatchObject([{ title: 'mine' }]);
  // Its notes go with it.
  await one.db.query(sql`SELECT 1`);
  const notes = sql`SELECT count(*) AS n FROM ZV_STATE WHERE key LIKE 'page:%'`.as<{ n: number }>();
  expect(await one.db.query(notes)).toEqual([{ n: 1 }]);
});

test('a closed page waits for what it asked, and asks no more', async () => {
  const [, two] = [await tab(), await tab()];
  const saving = two.db.Item.save({ title: 'last' });
  await two.db.close();
  await expect(saving).resolves.toMatchObject({ title: 'last' });
  await expect(Promise.resolve().then(() => two.db.query(allItems))).rejects.toMatchObject({ code: 'LOCAL_CLOSED' });
});

test('a worker that cannot open the database leaves it to another tab’s', async () => {
  const failing = leadWhenElected(
    name,
    () => Promise.reject(new Error('made by a newer version')),
    () => undefined,
    new AbortController().signal,
  );
  const other = tab();
  await expect(failing).rejects.toThrow('newer version');
  expect(await (await other).db.query(allItems)).toEqual([]);
});

test('what cannot be sent is refused, and holds up neither other calls nor the end', async () => {
  const first = await tab();
  const { db } = first;
  const row = { title: 'x', count: (() => 1) as unknown as number };
  await expect(db.Item.save(row)).rejects.toMatchObject({ code: 'LOCAL_INVALID_VALUE' });
  await tab();
  await first.endWorker();
  await db.Item.save({ title: 'y' });
  await db.close();
});

test('of many writes at once each is done once, whoever takes over, and is noted in a few bytes', async () => {
  const [one, two] = [await tab(), await tab()];
  const titles = Array.from({ length: 200 }, (_, i) => String(i).padStart(3, '0'));
  const saving = titles.map((title) => two.db.Item.save({ title }));
  await saving[20];
  const largest = sql`SELECT max(length(value)) AS n FROM ZV_STATE WHERE key LIKE 'page:%'`.as<{ n: number }>();
  expect((await one.db.query(largest))[0]!.n).toBeLessThan(100);
  const more = titles.map((title) => two.db.Item.save({ title: `more ${title}` }));
  await one.endWorker();
  await Promise.all([...saving, ...more]);
  const rows = await two.db.query(allItems);
  expect(rows.map(({ title }) => title)).toEqual([...titles, ...titles.map((title) => `more ${title}`)]);
  await two.db.Item.save({ title: 'last' });
  const notes = sql`SELECT count(*) AS n FROM ZV_STATE WHERE key LIKE 'page:%'`.as<{ n: number }>();
  expect(await two.db.query(notes)).toEqual([{ n: 1 }]);
});

test('what was asked is asked again as it was, whatever became of its object', async () => {
  const [one, two] = [await tab(), await tab()];
  const row = { title: 'as it was' };
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const holding = one.db
    .transaction(async () => {
      begun.resolve();
      await held.promise;
    })
    .catch((error: unknown) => error);
  await begun.promise;
  const saving = two.db.Item.save(row);
  row.title = 'changed';
  await one.endWorker();
  held.resolve();
  expect(await holding).toMatchObject({ code: 'LOCAL_LEADER_CHANGED' });
  expect(await saving).toMatchObject({ title: 'as it was' });
});

// Less than the 5 s after which a transaction that does nothing is ended.
test.each(['its page goes', 'the leader ends'])(
  'a transaction that waits to begin when %s holds up nobody',
  { timeout: 4000 },
  async (what) => {
    const [one, two, three] = [await tab(), await tab(), await tab()];
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const holding = two.db
      .transaction(async () => {
        begun.resolve();
        await held.promise;
      })
      .catch(() => undefined);
    await begun.promise;
    const waiting = three.db.transaction((tx) => tx.Item.save({ title: 'later' })).catch((error: unknown) => error);
    if (what === 'its page goes') {
      three.endPage();
      await navigator.locks.request(pageLock(name, three.id), () => undefined);
      held.resolve();
    } else await one.endWorker();
    expect(await one.db.Item.save({ title: 'mine' })).toMatchObject({ title: 'mine' });
    held.resolve();
    await Promise.all([holding, waiting]);
  },
);

test(
  'a page that follows its changes sees one whose leader ended before it told of it',
  { timeout: 4000 },
  async () => {
    const one = await tab((connection) =>
      Object.assign(Object.create(connection) as Connection, {
        authorId: connection.authorId,
        perform: connection.perform.bind(connection),
        begin: connection.begin.bind(connection),
        close: connection.close.bind(connection),
        onCommit: () => () => undefined,
      }),
    );
    const two = await tab();
    const over = new AbortController();
    ends.push(() => over.abort());
    const feed = two.db.changes({ signal: over.signal });
    await two.db.Item.save({ title: 'first' });
    expect((await feed.next()).value?.items).toHaveLength(1);
    const next = feed.next();
    await two.db.Item.save({ title: 'second' });
    await one.endWorker();
    expect((await next).value?.items).toHaveLength(1);
  },
);

test('a database whose application cannot begin its work is given up', async () => {
  let opened: Opened | undefined;
  const failing = leadWhenElected(
    name,
    () => Promise.resolve((opened = open())),
    () => {
      throw new Error('no such bucket');
    },
    new AbortController().signal,
  );
  await expect(failing).rejects.toThrow('no such bucket');
  expect(opened?.store.isOpen).toBe(false);
});

test('a database is closed for the next leader although the work beside it ended badly', async () => {
  const ended = new AbortController();
  let opened: Opened | undefined;
  const stopped = leadWhenElected(
    name,
    () => Promise.resolve((opened = open())),
    () => () => Promise.reject(new Error('sync did not stop')),
    ended.signal,
  );
  const page = new PageConnection(name, crypto.randomUUID(), () => Promise.resolve());
  ends.push(() => page.fail(new Error('the page is gone')));
  await page.ready;
  ended.abort();
  await stopped.catch(() => undefined);
  await navigator.locks.request(leaderLock(name), () => undefined);
  expect(opened?.store.isOpen).toBe(false);
});

test('a tab of another version is told so', async () => {
  const { page } = await tab();
  const newer = databaseOver(page, defineSchema({ Later: table({ title: text() }) }));
  await expect(newer.Later.save({ title: 'x' })).rejects.toMatchObject({ code: 'LOCAL_INVALID_SCHEMA' });
  await expect(page.perform({ kind: 'count' } as never)).rejects.toMatchObject({ code: 'LOCAL_INVALID_SCHEMA' });
});

test('what strangers say on the channel disturbs nobody', async () => {
  const { db } = await tab();
  const channel = new BroadcastChannel(channelName(name));
  for (const said of ['hello', null, 7, {}, { kind: 'nonsense' }]) channel.postMessage(said);
  channel.close();
  expect(await db.Item.save({ title: 'undisturbed' })).toMatchObject({ title: 'undisturbed' });
});

test('a page that is closed ends what it has begun, and its end is waited for twice', async () => {
  const { db } = await tab();
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const work = db.transaction(async (tx) => {
    begun.resolve();
    await goOn.promise;
    return tx.Item.save({ title: 'to the end' });
  });
  await begun.promise;
  const closing = Promise.all([db.close(), db.close()]);
  await expect(db.query(allItems)).rejects.toMatchObject({ code: 'LOCAL_CLOSED' });
  goOn.resolve();
  expect(await work).toMatchObject({ title: 'to the end' });
  await closing;
});

test('databases of different names know nothing of each other', async () => {
  const one = await tab();
  const [firstName, firstFile] = [name, file];
  [name, file] = [`${name} other`, file.replace('.db', ' other.db')];
  ends.push(() => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(firstFile + suffix, { force: true });
  });
  const other = await tab();
  await one.db.Item.save({ title: firstName });
  expect(await other.db.query(allItems)).toEqual([]);
});
