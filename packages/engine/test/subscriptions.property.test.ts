import { readFileSync } from 'node:fs';
import { fc, test as property } from '@fast-check/vitest';
import { types } from '@lightcone/sats';
import { expect } from 'vitest';
import type { Row } from '../src/embedded/row.ts';
import type { Session } from '../src/embedded/session.ts';
import type { Subscription } from '../src/embedded/subscription.ts';
import { openTestDatabase } from '../src/testing/index.ts';
import { BusyClock } from './support/busy-clock.ts';
import { ObservedDatabase, type ObservedRow } from './support/observed-database.ts';
import type { Style } from './support/protocol-client.ts';

const program = readFileSync(new URL('../../../modules/test-module/test-module.wasm', import.meta.url));

const QUERIES = [
  'SELECT * FROM label',
  "SELECT * FROM label WHERE text = 'a' OR text >= 'd'",
  'SELECT * FROM label WHERE id > 4 AND id <= 9',
  'SELECT * FROM ticket WHERE id < 5',
  "SELECT * FROM ticket WHERE text <> 'b'",
  'SELECT label.* FROM label JOIN ticket ON label.id = ticket.id',
  "SELECT ticket.* FROM label JOIN ticket ON label.id = ticket.id WHERE label.text = 'a'",
] as const;
type Query = (typeof QUERIES)[number];

/** Statements that move rows in and out of the queries' results; some break a constraint, which is fine. */
const text = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const id = fc.integer({ min: 0, max: 12 });
const statement = fc.oneof(
  fc.tuple(id, text).map(([i, t]) => `INSERT INTO label (id, text) VALUES (${i}, '${t}')`),
  fc.tuple(id, text).map(([i, t]) => `INSERT INTO ticket (id, text) VALUES (${i}, '${t}')`),
  fc.tuple(id, text).map(([i, t]) => `UPDATE label SET text = '${t}' WHERE id = ${i}`),
  fc.tuple(id, id).map(([i, j]) => `UPDATE ticket SET id = ${i} WHERE id = ${j}`),
  fc.tuple(text, text).map(([t, u]) => `UPDATE ticket SET text = '${t}' WHERE text = '${u}'`),
  id.map((i) => `DELETE FROM label WHERE id > ${i}`),
  id.map((i) => `DELETE FROM ticket WHERE id = ${i}`),
);

const step = fc.oneof(
  { weight: 6, arbitrary: statement.map((sql) => ({ kind: 'sql' as const, sql })) },
  { weight: 2, arbitrary: fc.nat(2).map((client) => ({ kind: 'unsubscribe' as const, client })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(2), fc.uniqueArray(fc.constantFrom(...QUERIES), { minLength: 1, maxLength: 3 }))
      .map(([client, queries]) => ({ kind: 'subscribe' as const, client, queries })),
  },
);

interface Watched {
  readonly subscription: Subscription;
  readonly queries: readonly string[];
}

property.prop([fc.array(step, { minLength: 5, maxLength: 40, size: 'max' })], {
  numRuns: Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 20),
})(
  'first rows with updates applied equal the query run now, for every client after every transaction',
  async (steps) => {
    await using testDatabase = await openTestDatabase(program);
    const sessions = await Promise.all(['a', 'b', 'c'].map((name) => testDatabase.connect(name)));
    const watched: Watched[][] = sessions.map(() => []);

    for (const action of steps) {
      switch (action.kind) {
        case 'sql':
          await testDatabase.database
            .sql(action.sql)
            .catch((error: Error) => expect(error.message).toMatch(/Unique constraint/));
          break;
        case 'subscribe': {
          const subscription = await sessions[action.client]!.subscribe(...action.queries);
          watched[action.client]!.push({ subscription, queries: action.queries });
          break;
        }
        case 'unsubscribe':
          await watched[action.client]!.pop()?.subscription.unsubscribe();
          break;
      }
      for (const [i, session] of sessions.entries()) {
        for (const entry of watched[i]!) await expectFresh(session, entry);
      }
    }
  },
);

async function expectFresh(session: Session, { subscription, queries }: Watched): Promise<void> {
  for (const table of ['label', 'ticket']) {
    const fresh = new Map<string, Row>();
    for (const query of queries.filter((sql) => /^SELECT (?:\* FROM )?(\w+)/.exec(sql)?.[1] === table)) {
      for (const row of await session.query(query)) fresh.set(key(row), row);
    }
    expect(subscription.rows(table).map(key).toSorted()).toEqual([...fresh.keys()].toSorted());
  }
}

function key(row: Row): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** Two of each protocol, one of which is confirmed; of v1 one wants light updates. */
const CLIENTS = [
  { protocol: 'v1.json.spacetimedb', isLight: false },
  { protocol: 'v1.json.spacetimedb', isLight: true },
  { protocol: 'v1.bsatn.spacetimedb', isLight: false },
  { protocol: 'v1.bsatn.spacetimedb', isLight: true },
  { protocol: 'v2.bsatn.spacetimedb', isLight: false },
  { protocol: 'v2.bsatn.spacetimedb', isLight: false },
  { protocol: 'v3.bsatn.spacetimedb', isLight: false },
  { protocol: 'v3.bsatn.spacetimedb', isLight: false },
] as const;

const oneText = types.product([['text', types.string]]);
const texts = types.product([['texts', types.array(types.string)]]);
const idAndText = types.product([
  ['id', types.u64],
  ['text', types.string],
]);
const call = fc.oneof(
  text.map((t) => ({ reducer: 'try_add_label', params: oneText, args: { text: t } })),
  fc.array(text).map((t) => ({ reducer: 'add_labels_skipping_duplicates', params: texts, args: { texts: t } })),
  fc
    .tuple(id, text)
    .map(([i, t]) => ({ reducer: 'rename_label', params: idAndText, args: { id: BigInt(i), text: t } })),
  id.map((i) => ({ reducer: 'take_ticket', params: types.product([['id', types.u64]]), args: { id: BigInt(i) } })),
);
const client = fc.nat(CLIENTS.length - 1);
const style = fc.constantFrom<Style>('legacy', 'single', 'multi');

const mixedStep = fc.oneof(
  { weight: 4, arbitrary: statement.map((sql) => ({ kind: 'sql' as const, sql })) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(client, call, fc.boolean())
      .map(([by, what, wantsAnswer]) => ({ kind: 'call' as const, by, what, wantsAnswer })),
  },
  { weight: 2, arbitrary: client.map((by) => ({ kind: 'unsubscribe' as const, by })) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(client, style, fc.array(fc.constantFrom(...QUERIES), { minLength: 1, maxLength: 3 }))
      .map(([by, how, queries]) => ({ kind: 'subscribe' as const, by, how, queries })),
  },
);

property.prop([fc.array(mixedStep, { minLength: 10, maxLength: 60, size: 'max' })], {
  numRuns: Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 20),
})(
  'over all protocols at once, what a client has gathered equals its queries run now, after every transaction',
  async (steps) => {
    const observed = await ObservedDatabase.open(program, CLIENTS);
    const { database, clients } = observed;
    for (const action of steps) {
      observed.take(action);
      const now = await observed.ask(QUERIES);
      for (const follower of clients) {
        const expected = follower.followed().flatMap((query) => now.get(query as Query)!.map((row) => row.text));
        expect(follower.rows(), `${follower.protocol} after ${JSON.stringify(action, bigintText)}`).toEqual(
          expected.toSorted(),
        );
        expect(follower.errors).toEqual([]);
      }
    }
    await database.close();
  },
);

/** More queries than are let go at once. */
const BY_ID = Array.from({ length: 150 }, (_, i) => `SELECT * FROM label WHERE id = ${i}`);

const overlappingStep = fc.oneof(
  {
    weight: 9,
    arbitrary: mixedStep.filter(
      (each): each is Extract<typeof each, { kind: 'sql' | 'call' }> => each.kind === 'sql' || each.kind === 'call',
    ),
  },
  { weight: 2, arbitrary: client.map((by) => ({ kind: 'unsubscribe' as const, by })) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        client,
        style,
        fc.uniqueArray(fc.constantFrom(...QUERIES), { minLength: 1 }),
        fc.option(fc.constantFrom('before' as const, 'behind' as const), { freq: 5 }),
      )
      .map(([by, how, some, byId]) => ({ kind: 'subscribe' as const, by, how, queries: some, byId })),
  },
  { weight: 1, arbitrary: client.map((by) => ({ kind: 'replace' as const, by })) },
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }).map((turns) => ({ kind: 'turns' as const, turns })) },
  { weight: 2, arbitrary: fc.constant({ kind: 'compare' as const }) },
);

property.prop([fc.array(overlappingStep, { minLength: 20, maxLength: 80, size: 'max' })], {
  numRuns: Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 20),
})(
  'over all protocols at once, whatever happens while queries come and go, what a client has gathered in the end equals its queries run then',
  async (steps) => {
    // Two or three steps to a turn: a subscribe to several queries takes several turns, each with room for transactions.
    const observed = await ObservedDatabase.open(program, CLIENTS, new BusyClock(0.4));
    const { database, clients } = observed;
    for (const action of [...steps, { kind: 'compare' as const }]) {
      if (action.kind === 'turns') {
        for (let i = 0; i < action.turns; i++) await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      if (action.kind === 'replace') {
        observed.replace(action.by);
        continue;
      }
      if (action.kind === 'subscribe') {
        const before = action.byId === 'before' ? BY_ID : [];
        const behind = action.byId === 'behind' ? BY_ID : [];
        observed.take({ ...action, queries: [...before, ...action.queries, ...behind] });
        continue;
      }
      if (action.kind !== 'compare') {
        observed.take(action);
        continue;
      }
      const now = await observed.ask(QUERIES);
      const labelsById = Map.groupBy(now.get('SELECT * FROM label')!, ({ value }) => Number(value['id']));
      const rowsOf = (query: string): readonly ObservedRow[] =>
        now.get(query as Query) ?? labelsById.get(BY_ID.indexOf(query)) ?? [];
      for (const follower of clients) {
        const expected = follower.followed().flatMap((query) => rowsOf(query).map((row) => row.text));
        expect(follower.rows(), follower.protocol).toEqual(expected.toSorted());
        expect(follower.errors).toEqual([]);
      }
      const followed = new Set(clients.flatMap((follower) => follower.followed()));
      expect(database.metrics()).toMatchObject({ connectedClients: clients.length + 1, liveQueries: followed.size });
    }
    await database.close();
  },
);

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
