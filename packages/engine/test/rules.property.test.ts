// What clients gather of tables under rules, compared with rules and joins done by hand over all rows that there are.
import { readFileSync } from 'node:fs';
import { fc, test as property } from '@fast-check/vitest';
import { type AlgebraicType, type AlgebraicValue, types } from '@lightcone/sats';
import { expect } from 'vitest';
import { testIdentity } from '../src/testing/index.ts';
import { EVERY_PROTOCOL, ObservedDatabase, type ObservedRow } from './support/observed-database.ts';
import type { Style } from './support/protocol-client.ts';

const program = readFileSync(new URL('../../../modules/row-level-security/row-level-security.wasm', import.meta.url));

const ALL_ROWS = [
  'SELECT * FROM diary',
  'SELECT * FROM article',
  'SELECT * FROM message',
  'SELECT * FROM membership',
  'SELECT * FROM report',
  'SELECT * FROM auditor',
] as const;

type Rows = readonly ObservedRow[];
type Tables = Readonly<Record<string, Rows>>;

/** The rows of each table that the rules of the module let somebody see. */
function visibleTo(me: bigint, all: Tables): Tables {
  const mine = (table: string, column: string): Rows =>
    all[table]!.filter(({ value }) => identityIn(value[column]!) === me);
  const membership = mine('membership', 'member');
  const channels = new Set(membership.map(({ value }) => value['channel']));
  const departments = new Set(mine('auditor', 'identity').map(({ value }) => value['department']));
  return {
    diary: mine('diary', 'owner'),
    article: all['article']!.filter(
      ({ value }) => identityIn(value['author']!) === me || value['is_published'] === true,
    ),
    membership,
    message: all['message']!.filter(({ value }) => channels.has(value['channel'])),
    report: all['report']!.filter(({ value }) => departments.has(value['department'])),
  };
}

function identityIn(value: AlgebraicValue): bigint {
  return (value as { readonly __identity__: bigint }).__identity__;
}

/** The rows of one table, each as often as it has partners in another. */
function joined(left: Rows, right: Rows, matches: (a: ObservedRow['value'], b: ObservedRow['value']) => boolean): Rows {
  return left.flatMap((row) => right.filter((partner) => matches(row.value, partner.value)).map(() => row));
}

/** What clients follow, and which of the rows that somebody may see each yields. */
const QUERIES: Readonly<Record<string, (visible: Tables, me: bigint) => Rows>> = {
  'SELECT * FROM diary': ({ diary }) => diary!,
  "SELECT * FROM diary WHERE text = 'a'": ({ diary }) => diary!.filter(({ value }) => value['text'] === 'a'),
  'SELECT * FROM article': ({ article }) => article!,
  'SELECT * FROM article WHERE author = :sender': ({ article }, me) =>
    article!.filter(({ value }) => identityIn(value['author']!) === me),
  'SELECT * FROM message': ({ message }) => message!,
  'SELECT * FROM message WHERE channel = 1': ({ message }) => message!.filter(({ value }) => value['channel'] === 1),
  'SELECT * FROM membership': ({ membership }) => membership!,
  'SELECT * FROM report': ({ report }) => report!,
  'SELECT membership.* FROM membership JOIN message ON membership.channel = message.channel': (visible) =>
    joined(visible['membership']!, visible['message']!, (a, b) => a['channel'] === b['channel']),
  'SELECT message.* FROM message JOIN membership ON message.channel = membership.channel': (visible) =>
    joined(visible['message']!, visible['membership']!, (a, b) => a['channel'] === b['channel']),
  'SELECT diary.* FROM diary JOIN article ON diary.owner = article.author': (visible) =>
    joined(visible['diary']!, visible['article']!, (a, b) => identityIn(a['owner']!) === identityIn(b['author']!)),
};

const identities = EVERY_PROTOCOL.map((_, i) => testIdentity(`client ${i + 1}`));
const somebody = fc.constantFrom(...identities.map((identity) => `0x${identity.toHex()}`));
const id = fc.integer({ min: 1, max: 4 });
const small = fc.integer({ min: 0, max: 2 });
const text = fc.constantFrom('a', 'b');
const statement = fc.oneof(
  fc
    .tuple(id, somebody, text)
    .map(([i, who, t]) => `INSERT INTO diary (id, owner, text) VALUES (${i}, ${who}, '${t}')`),
  fc.tuple(id, somebody).map(([i, who]) => `UPDATE diary SET owner = ${who} WHERE id = ${i}`),
  fc.tuple(text, text).map(([t, u]) => `UPDATE diary SET text = '${t}' WHERE text = '${u}'`),
  fc
    .tuple(id, somebody, fc.boolean())
    .map(([i, who, is]) => `INSERT INTO article (id, author, is_published, text) VALUES (${i}, ${who}, ${is}, 'a')`),
  fc.tuple(id, somebody).map(([i, who]) => `UPDATE article SET author = ${who} WHERE id = ${i}`),
  fc.tuple(id, fc.boolean()).map(([i, is]) => `UPDATE article SET is_published = ${is} WHERE id > ${i}`),
  fc.tuple(id, small).map(([i, c]) => `INSERT INTO message (id, channel, text) VALUES (${i}, ${c}, 'a')`),
  fc.tuple(small, small).map(([c, d]) => `UPDATE message SET channel = ${c} WHERE channel = ${d}`),
  fc
    .tuple(id, somebody, small)
    .map(([i, who, c]) => `INSERT INTO membership (id, member, channel) VALUES (${i}, ${who}, ${c})`),
  fc.tuple(id, somebody).map(([i, who]) => `UPDATE membership SET member = ${who} WHERE id = ${i}`),
  fc.tuple(small, small).map(([c, d]) => `UPDATE membership SET channel = ${c} WHERE channel = ${d}`),
  fc.tuple(id, text).map(([i, d]) => `INSERT INTO report (id, department, text) VALUES (${i}, '${d}', '')`),
  fc
    .tuple(id, somebody, text)
    .map(([i, who, d]) => `INSERT INTO auditor (id, identity, department) VALUES (${i}, ${who}, '${d}')`),
  fc.tuple(text, text).map(([d, e]) => `UPDATE auditor SET department = '${d}' WHERE department = '${e}'`),
  fc
    .tuple(fc.constantFrom('diary', 'article', 'message', 'membership', 'report', 'auditor'), id)
    .map(([table, i]) => `DELETE FROM ${table} WHERE id = ${i}`),
);

const params = (...columns: readonly (readonly [string, AlgebraicType])[]): AlgebraicType => types.product(columns);
const call = fc.oneof(
  small.map((channel) => ({ reducer: 'join_channel', params: params(['channel', types.u32]), args: { channel } })),
  small.map((channel) => ({ reducer: 'leave_channel', params: params(['channel', types.u32]), args: { channel } })),
  text.map((t) => ({ reducer: 'write_diary', params: params(['text', types.string]), args: { text: t } })),
);
const client = fc.nat(EVERY_PROTOCOL.length - 1);
const step = fc.oneof(
  { weight: 8, arbitrary: statement.map((sql) => ({ kind: 'sql' as const, sql })) },
  {
    weight: 3,
    arbitrary: fc.tuple(client, call).map(([by, what]) => ({ kind: 'call' as const, by, what, wantsAnswer: true })),
  },
  { weight: 2, arbitrary: client.map((by) => ({ kind: 'unsubscribe' as const, by })) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        client,
        fc.constantFrom<Style>('legacy', 'single', 'multi'),
        fc.array(fc.constantFrom(...Object.keys(QUERIES)), { minLength: 1, maxLength: 3 }),
      )
      .map(([by, how, queries]) => ({ kind: 'subscribe' as const, by, how, queries })),
  },
);

property.prop([fc.array(step, { minLength: 20, maxLength: 60, size: 'max' })], {
  numRuns: Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 20),
})(
  'over all protocols at once, clients gather what the rules let them see, as often as a join has it',
  async (steps) => {
    const observed = await ObservedDatabase.open(program, EVERY_PROTOCOL);
    const { database, clients } = observed;
    for (const action of steps) {
      observed.take(action);
      const all = Object.fromEntries(
        [...(await observed.ask(ALL_ROWS))].map(([query, rows]) => [query.slice('SELECT * FROM '.length), rows]),
      );
      for (const [i, follower] of clients.entries()) {
        const me = identities[i]!.toBigInt();
        const visible = visibleTo(me, all);
        const expected = follower.followed().flatMap((query) => QUERIES[query]!(visible, me).map((row) => row.text));
        expect(follower.errors).toEqual([]);
        expect(follower.rows(), `${follower.protocol} after ${JSON.stringify(action)}`).toEqual(expected.toSorted());
      }
    }
    await database.close();
  },
);
