import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVERY_PROTOCOL, ObservedDatabase } from './support/observed-database.ts';

/*
 * The queries of a subscription that has ended are let go a few at a time. Until then they are where transactions find
 * them.
 */

const program = readFileSync(new URL('../../../modules/test-module/test-module.wasm', import.meta.url));
const QUERIES = Array.from({ length: 500 }, (_, i) => `SELECT * FROM label WHERE id = ${i}`);

let observed: ObservedDatabase;
beforeEach(async () => {
  observed = await ObservedDatabase.open(program, EVERY_PROTOCOL);
});
afterEach(() => observed.database.close());

/** Adds labels and takes them away again. */
function labels(verb: 'INSERT' | 'DELETE'): void {
  for (const id of [1, 250, 499]) {
    const sql = verb === 'INSERT' ? `INSERT INTO label (id, text) VALUES (${id}, 't${id}')` : 'DELETE FROM label';
    observed.take({ kind: 'sql', sql });
  }
}

/** Subscribes, ends it, and returns when some of the queries are let go. */
async function subscribeAndUnsubscribe(by: number): Promise<void> {
  observed.take({ kind: 'subscribe', by, how: 'multi', queries: QUERIES });
  await observed.ask([]);
  expect(observed.database.metrics().liveQueries).toBe(QUERIES.length);
  observed.take({ kind: 'unsubscribe', by });
  const { liveQueries } = observed.database.metrics();
  expect(liveQueries).toBeGreaterThan(0);
  expect(liveQueries).toBeLessThan(QUERIES.length);
}

const places = EVERY_PROTOCOL.map(({ protocol }, by) => ({ protocol, by }));

test.each(places)('$protocol: who has unsubscribed is told of nothing any more', async ({ by }) => {
  await subscribeAndUnsubscribe(by);
  labels('INSERT');
  await observed.ask([]);
  expect(observed.clients[by]!.rows()).toEqual([]);
  expect(observed.database.metrics()).toMatchObject({ liveQueries: 0, querySets: 0, subscribedQueries: 0 });
});

test.each(places)('$protocol: who subscribes to queries that are being let go has their rows', async ({ by }) => {
  // With these a client has more query sets than the queries have.
  for (const query of ['SELECT * FROM ticket', 'SELECT * FROM ticket WHERE id = 1']) {
    observed.take({ kind: 'subscribe', by, how: 'multi', queries: [query] });
  }
  await observed.ask([]);
  labels('INSERT');
  observed.take({ kind: 'subscribe', by, how: 'multi', queries: QUERIES });
  observed.take({ kind: 'unsubscribe', by });
  observed.take({ kind: 'unsubscribe', by });
  observed.take({ kind: 'subscribe', by, how: 'multi', queries: ['SELECT * FROM ticket WHERE id = 2'] });
  observed.take({ kind: 'subscribe', by, how: 'multi', queries: ['SELECT * FROM ticket WHERE id = 3'] });
  await observed.ask([]);
  observed.take({ kind: 'unsubscribe', by });
  observed.take({ kind: 'subscribe', by, how: 'multi', queries: QUERIES });
  const rows = [1, 250, 499].map((id) => `label [${id},"t${id}"]`).toSorted();
  await observed.ask([]);
  expect(observed.clients[by]!.rows()).toEqual(rows);
  labels('DELETE');
  await observed.ask([]);
  expect(observed.clients[by]!.rows()).toEqual([]);
  expect(observed.database.metrics().liveQueries).toBe(QUERIES.length + 2);
});

test.each(places)('$protocol: what a client had that is gone is let go', async ({ by }) => {
  observed.take({ kind: 'subscribe', by, how: 'multi', queries: QUERIES });
  await observed.ask([]);
  observed.replace(by);
  expect(observed.database.metrics().liveQueries).toBeGreaterThan(0);
  labels('INSERT');
  await observed.ask([]);
  expect(observed.database.metrics()).toMatchObject({ liveQueries: 0, querySets: 0 });
});
