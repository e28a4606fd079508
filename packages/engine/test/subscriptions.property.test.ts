import { readFileSync } from 'node:fs';
import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { Row } from '../src/embedded/row.ts';
import type { Session } from '../src/embedded/session.ts';
import type { Subscription } from '../src/embedded/subscription.ts';
import { openTestDatabase } from '../src/testing/index.ts';

const program = readFileSync(new URL('../../../modules/test-module/test-module.wasm', import.meta.url));

const QUERIES = [
  'SELECT * FROM label',
  "SELECT * FROM label WHERE text = 'a' OR text >= 'd'",
  'SELECT * FROM label WHERE id > 4 AND id <= 9',
  'SELECT * FROM ticket WHERE id < 5',
  "SELECT * FROM ticket WHERE text <> 'b'",
] as const;

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

property.prop([fc.array(step, { minLength: 5, maxLength: 40 })], {
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
    for (const query of queries.filter((sql) => sql.includes(` ${table}`))) {
      for (const row of await session.query(query)) fresh.set(key(row), row);
    }
    expect(subscription.rows(table).map(key).toSorted()).toEqual([...fresh.keys()].toSorted());
  }
}

function key(row: Row): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
