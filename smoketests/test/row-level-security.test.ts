// Client visibility filters of a module of the official crate: what each of several people gets, by SQL and in
// subscriptions that follow the rules' tables.
import { procedures, reducers, reducerSchema, schema, t, table } from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModuleClient } from '../src/module-client.ts';
import { PublishedModule } from '../src/published-module.ts';

const textRow = { id: t.u64().primaryKey(), text: t.string() };

const bindings = {
  ...schema({
    diary: table({ name: 'diary', public: true }, { id: t.u64().primaryKey(), owner: t.identity(), text: t.string() }),
    article: table(
      { name: 'article', public: true },
      { id: t.u64().primaryKey(), author: t.identity(), isPublished: t.bool(), text: t.string() },
    ),
    message: table({ name: 'message', public: true }, { id: t.u64().primaryKey(), channel: t.u32(), text: t.string() }),
    membership: table(
      { name: 'membership', public: true },
      { id: t.u64().primaryKey(), member: t.identity(), channel: t.u32() },
    ),
    report: table(
      { name: 'report', public: true },
      { id: t.u64().primaryKey(), department: t.string(), text: t.string() },
    ),
    announcement: table({ name: 'announcement', public: true }, textRow),
  }).schemaType,
  ...reducers(
    reducerSchema('write_diary', { text: t.string() }),
    reducerSchema('write_article', { text: t.string(), isPublished: t.bool() }),
    reducerSchema('publish_article', { id: t.u64(), isPublished: t.bool() }),
    reducerSchema('give_article_away', { id: t.u64(), author: t.identity() }),
    reducerSchema('join_channel', { channel: t.u32() }),
    reducerSchema('leave_channel', { channel: t.u32() }),
    reducerSchema('say', { channel: t.u32(), text: t.string() }),
    reducerSchema('announce', { text: t.string() }),
  ).reducersType,
  ...procedures(),
  versionInfo: { cliVersion: '2.10.1' },
};

type Client = ModuleClient<typeof bindings>;

let security: PublishedModule;
let ann: Client;
let bob: Client;

beforeAll(async () => {
  security = await PublishedModule.start('row-level-security');
  [ann, bob] = await Promise.all([security.connect(bindings), security.connect(bindings)]);
});

afterAll(() => security?.[Symbol.asyncDispose]());

function texts(rows: Iterable<{ readonly text: string }>): string[] {
  return [...rows].map(({ text }) => text).toSorted();
}

/** One column of what a query shows to somebody, or to the owner. */
async function column(query: string, client?: Client): Promise<string[]> {
  return (await security.rows(query, client?.token)).map(([value]) => String(value)).toSorted();
}

/** Whatever was sent before this, its receiver has got when this resolves. */
async function settle(client: Client): Promise<void> {
  const text = `settled ${Math.random()}`;
  await client.subscribe('SELECT * FROM announcement');
  await client.reducers.announce({ text });
  await client.until('the announcement', () => texts(client.db.announcement.iter()).includes(text));
}

describe('one rule', () => {
  test('shows everybody their own, and the owner of the database everything', async () => {
    await ann.subscribe('SELECT * FROM diary');
    await bob.subscribe('SELECT * FROM diary');
    await ann.reducers.writeDiary({ text: 'of Ann' });
    await bob.reducers.writeDiary({ text: 'of Bob' });
    await Promise.all([settle(ann), settle(bob)]);
    expect(texts(ann.db.diary.iter())).toEqual(['of Ann']);
    expect(texts(bob.db.diary.iter())).toEqual(['of Bob']);
    expect(ann.takeChanges('diary')).toHaveLength(1);
    expect(await column('SELECT text FROM diary', ann)).toEqual(['of Ann']);
    expect(await column('SELECT text FROM diary', bob)).toEqual(['of Bob']);
    expect(await column('SELECT text FROM diary')).toEqual(['of Ann', 'of Bob']);
    expect(await security.cli.succeed('sql', 'row-level-security', 'SELECT text FROM diary')).toContain('of Bob');
  });

  test('EXPLAIN shows the owner the plan, and what the rules make of it for others', async () => {
    const printed = await security.cli.succeed('sql', 'row-level-security', 'EXPLAIN SELECT * FROM diary WHERE id = 1');
    expect(printed).toContain('look up diary by its index on (id): diary.id = 1');
    expect(printed).toContain('for others, under row-level security:');
    expect(printed).toContain('diary.owner = :sender');
  });

  test('holds for counts, filters, limits and joins too', async () => {
    expect(await security.rows('SELECT COUNT(*) AS n FROM diary', ann.token)).toEqual([[1]]);
    expect(await column("SELECT text FROM diary WHERE text = 'of Bob'", ann)).toEqual([]);
    expect(await column('SELECT text FROM diary LIMIT 5', ann)).toEqual(['of Ann']);
    const joined = 'SELECT diary.text FROM diary JOIN announcement ON diary.id = announcement.id';
    expect((await column(joined, ann)).every((text) => text === 'of Ann')).toBe(true);
    await bob.subscribe("SELECT * FROM diary WHERE text = 'of Ann'");
    expect(texts(bob.db.diary.iter())).toEqual(['of Bob']);
  });

  test('holds for equal queries of different people', async () => {
    using second = await security.connect(bindings, ann.token);
    await second.subscribe('SELECT * FROM diary');
    expect(texts(second.db.diary.iter())).toEqual(['of Ann']);
    using owner = await security.connect(bindings, security.owner.token);
    await owner.subscribe('SELECT * FROM diary');
    expect(texts(owner.db.diary.iter())).toEqual(['of Ann', 'of Bob']);
  });
});

describe('two rules', () => {
  test('show what either admits, a row that both admit once', async () => {
    await ann.reducers.writeArticle({ text: 'draft of Ann', isPublished: false });
    await ann.reducers.writeArticle({ text: 'published by Ann', isPublished: true });
    await bob.reducers.writeArticle({ text: 'draft of Bob', isPublished: false });
    expect(await column('SELECT text FROM article', ann)).toEqual(['draft of Ann', 'published by Ann']);
    expect(await column('SELECT text FROM article', bob)).toEqual(['draft of Bob', 'published by Ann']);
    expect(await column('SELECT text FROM article LIMIT 1', ann)).toHaveLength(1);
    expect(await security.rows('SELECT COUNT(*) AS n FROM article', ann.token)).toEqual([[2]]);
  });

  test('follow rows from one rule to the other', async () => {
    await Promise.all([ann, bob].map((each) => each.subscribe('SELECT * FROM article')));
    const draft = [...ann.db.article.iter()].find(({ text }) => text === 'draft of Ann');
    if (draft === undefined) throw new Error('there is no draft of Ann');
    await ann.reducers.publishArticle({ id: draft.id, isPublished: true });
    await bob.until('the draft', () => texts(bob.db.article.iter()).includes('draft of Ann'));
    await ann.reducers.giveArticleAway({ id: draft.id, author: bob.identity });
    await ann.reducers.publishArticle({ id: draft.id, isPublished: false });
    await ann.until('the draft is gone', () => !texts(ann.db.article.iter()).includes('draft of Ann'));
    await settle(bob);
    expect(texts(bob.db.article.iter())).toEqual(['draft of Ann', 'draft of Bob', 'published by Ann']);
    expect(texts(ann.db.article.iter())).toEqual(['published by Ann']);
  });
});

describe('a rule that joins a table with a rule', () => {
  test('shows the messages of the channels that one is in', async () => {
    await Promise.all([ann, bob].map((each) => each.subscribe('SELECT * FROM message', 'SELECT * FROM membership')));
    await ann.reducers.joinChannel({ channel: 1 });
    await bob.reducers.joinChannel({ channel: 2 });
    await bob.reducers.say({ channel: 1, text: 'to the first' });
    await ann.reducers.say({ channel: 2, text: 'to the second' });
    await ann.until('her message', () => ann.db.message.count() === 1n);
    await bob.until('his message', () => bob.db.message.count() === 1n);
    expect(texts(ann.db.message.iter())).toEqual(['to the first']);
    expect(texts(bob.db.message.iter())).toEqual(['to the second']);
    expect(ann.db.membership.count()).toBe(1n);
    expect(await column('SELECT text FROM message', ann)).toEqual(['to the first']);
  });

  test('follows those who come and go', async () => {
    await bob.reducers.joinChannel({ channel: 1 });
    await bob.until('both messages', () => bob.db.message.count() === 2n);
    await bob.reducers.leaveChannel({ channel: 2 });
    await bob.until('the first message', () => bob.db.message.count() === 1n);
    expect(texts(bob.db.message.iter())).toEqual(['to the first']);
    await bob.reducers.leaveChannel({ channel: 1 });
    await bob.until('no message', () => bob.db.message.count() === 0n);
    expect(await column('SELECT text FROM message', bob)).toEqual([]);
  });
});

describe('a rule that reads a private table', () => {
  test('works for those whom it admits, without showing them that table', async () => {
    await security.run('write_report', 'kitchen', 'the kitchen is clean');
    await security.run('write_report', 'cellar', 'the cellar is not');
    await ann.subscribe('SELECT * FROM report');
    expect(ann.db.report.count()).toBe(0n);
    await security.run('appoint_auditor', [`0x${ann.identity.toHexString()}`], 'cellar');
    await ann.until('a report', () => ann.db.report.count() === 1n);
    expect(texts(ann.db.report.iter())).toEqual(['the cellar is not']);
    expect(await column('SELECT text FROM report', ann)).toEqual(['the cellar is not']);
    expect(await column('SELECT text FROM report', bob)).toEqual([]);
    await expect(ann.subscribe('SELECT * FROM auditor')).rejects.toThrow(/auditor/);
    await security.run('dismiss_auditors', 'cellar');
    await ann.until('no report', () => ann.db.report.count() === 0n);
  });
});

test('the rules are in the system tables, and still hold after a restart', async () => {
  expect(await security.rows('SELECT sql FROM st_row_level_security')).toHaveLength(6);
  await security.server.kill();
  await security.server.restart();
  expect(await column('SELECT text FROM diary', ann)).toEqual(['of Ann']);
  expect(await column('SELECT text FROM diary')).toEqual(['of Ann', 'of Bob']);
  using again = await security.connect(bindings, bob.token);
  await again.subscribe('SELECT * FROM diary', 'SELECT * FROM article');
  expect(texts(again.db.diary.iter())).toEqual(['of Bob']);
});
