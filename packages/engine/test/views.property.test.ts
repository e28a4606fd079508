import { readFileSync } from 'node:fs';
import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { AlgebraicValue } from '@lightcone/sats';
import type { Row } from '../src/embedded/row.ts';
import type { Session } from '../src/embedded/session.ts';
import type { Subscription } from '../src/embedded/subscription.ts';
import { type TestDatabase, openTestDatabase, testIdentity } from '../src/testing/index.ts';
import { MODEL_VIEWS, type ModelView, Reads, TABLE_NAMES, type Tables, plain } from './view-model.ts';

const program = readFileSync(new URL('../../../modules/views/views.wasm', import.meta.url));

const CLIENTS = ['alice', 'bob', 'carol'];
const client = fc.nat(CLIENTS.length - 1);
const name = fc.constantFrom('a', 'b', 'c', 'd', 'red', 'panic');
const teamId = fc.integer({ min: 1, max: 3 });
const level = fc.constantFrom(1, 9, 10, 50, 60);
const game = fc.constantFrom('chess', 'go', "it's odd");
const points = fc.constantFrom(-5, 0, 3, 5, 100, 200);

/** What changes rows: reducers, some of which fail, and SQL of the owner. */
const call = fc.oneof(
  fc.tuple(teamId, name, fc.boolean()).map((args) => ({ reducer: 'put_team', args })),
  fc.tuple(name, level, teamId).map((args) => ({ reducer: 'join', args })),
  fc.tuple(name, level, teamId).map((args) => ({ reducer: 'join', args })),
  fc.tuple(name).map((args) => ({ reducer: 'join_and_fail', args })),
  fc.constant({ reducer: 'leave', args: [] }),
  fc.tuple(game, points).map((args) => ({ reducer: 'add_score', args })),
  fc.tuple(game).map((args) => ({ reducer: 'clear_scores', args })),
);
const sql = fc.oneof(
  fc.tuple(level, teamId).map(([l, t]) => `UPDATE player SET level = ${l} WHERE team_id = ${t}`),
  fc.tuple(teamId, level).map(([t, l]) => `UPDATE player SET team_id = ${t} WHERE level = ${l}`),
  fc.tuple(points, points).map(([p, q]) => `UPDATE score SET points = ${p} WHERE points = ${q}`),
  points.map((p) => `DELETE FROM score WHERE points > ${p}`),
  fc.tuple(name, teamId).map(([n, t]) => `UPDATE team SET name = '${n}' WHERE id = ${t}`),
);
const views = fc.uniqueArray(fc.nat(MODEL_VIEWS.length - 1), { minLength: 1, maxLength: 5 });
const step = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(client, call).map(([who, { reducer, args }]) => ({ kind: 'call' as const, who, reducer, args })) }, // prettier-ignore
  { weight: 3, arbitrary: sql.map((text) => ({ kind: 'sql' as const, text })) },
  { weight: 4, arbitrary: fc.tuple(client, views).map(([who, which]) => ({ kind: 'subscribe' as const, who, which })) },
  { weight: 2, arbitrary: client.map((who) => ({ kind: 'unsubscribe' as const, who })) },
  { weight: 2, arbitrary: fc.tuple(client, views).map(([who, which]) => ({ kind: 'query' as const, who, which })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'wait' as const }) },
);

interface Watched {
  readonly who: number;
  readonly views: readonly ModelView[];
  readonly subscription: Subscription;
}

/** A database, and what it should be like. */
class Comparison {
  readonly #db: TestDatabase;
  readonly #sessions: readonly Session[];
  readonly #identities = CLIENTS.map((who) => testIdentity(who).toBigInt());
  readonly #watched: Watched[] = [];
  #tables: Tables = { player: [], team: [], score: [] };
  /** What the instances that are live read when they last ran. */
  readonly #live = new Map<string, { readonly view: ModelView; readonly who: number; reads: Reads }>();
  readonly #runs = new Map(MODEL_VIEWS.map((view) => [view.name, 0]));

  constructor(db: TestDatabase, sessions: readonly Session[]) {
    this.#db = db;
    this.#sessions = sessions;
  }

  /** Makes a change; it happens whole or not at all. */
  async change(run: () => Promise<unknown>): Promise<void> {
    const message = await run().then(
      () => undefined,
      (error: Error) => error.message,
    );
    const before = this.#tables;
    const next = await this.#readTables();
    const touched = [...this.#live.values()].filter(({ reads }) => reads.isTouchedBy(next));
    this.#tables = next;
    if (message !== undefined) {
      expect(next).toEqual(before);
      // Which views ran before the one that failed is not said.
      if (message.startsWith('view `fragile` failed')) this.#takeRuns();
    }
    for (const instance of touched) {
      instance.reads = new Reads(next);
      instance.view.rows(instance.reads, this.#identities[instance.who]!); // a change that it forbids would have failed
      this.#count(instance.view);
    }
  }

  /** Reads some views, all or nothing. */
  async read(who: number, views: readonly ModelView[], run: () => Promise<unknown>): Promise<boolean> {
    let isFailing = false;
    for (const view of views) {
      const key = instanceKey(view, who);
      if (this.#live.has(key)) continue;
      const reads = new Reads(this.#tables);
      try {
        view.rows(reads, this.#identities[who]!);
      } catch {
        isFailing = true;
        break;
      }
      this.#live.set(key, { view, who, reads });
      this.#count(view);
    }
    if (isFailing) await expect(run()).rejects.toThrow('view `fragile` failed');
    else await run();
    return !isFailing;
  }

  async subscribe(who: number, views: readonly ModelView[]): Promise<void> {
    const queries = views.map((view) => `SELECT * FROM ${view.name}`);
    await this.read(who, views, async () => {
      const subscription = await this.#sessions[who]!.subscribe(...queries);
      this.#watched.push({ who, views, subscription });
    });
  }

  async query(who: number, views: readonly ModelView[]): Promise<void> {
    for (const view of views) {
      await this.read(who, [view], async () => {
        const rows = await this.#sessions[who]!.query(`SELECT * FROM ${view.name}`);
        expect(distinct(rows)).toEqual(this.#expected(view, who));
      });
    }
  }

  async unsubscribe(who: number): Promise<void> {
    const position = this.#watched.findIndex((watched) => watched.who === who);
    if (position < 0) return;
    const [watched] = this.#watched.splice(position, 1);
    await watched!.subscription.unsubscribe();
  }

  /** Long enough that all instances go that nobody subscribes to. */
  async wait(): Promise<void> {
    await this.#db.clock.advance(11 * 60_000);
    const kept = new Set(this.#watched.flatMap(({ who, views: shown }) => shown.map((view) => instanceKey(view, who))));
    for (const key of this.#live.keys()) if (!kept.has(key)) this.#live.delete(key);
  }

  async call(who: number, reducer: string, args: readonly AlgebraicValue[]): Promise<void> {
    await this.change(() => this.#sessions[who]!.call(reducer, ...args));
  }

  async sql(text: string): Promise<void> {
    await this.change(() => this.#db.database.sql(text));
  }

  check(): void {
    for (const { who, views: shown, subscription } of this.#watched) {
      for (const view of shown) {
        expect(distinct(subscription.rows(view.name)), view.name).toEqual(this.#expected(view, who));
      }
    }
    const metrics = this.#db.database.database.metrics();
    expect(new Map(MODEL_VIEWS.map(({ name: view }) => [view, metrics.views.get(view)!.succeeded]))).toEqual(
      this.#runs,
    );
    expect(metrics.liveViews).toBe(this.#live.size);
  }

  #expected(view: ModelView, who: number): string[] {
    return distinct(view.rows(new Reads(this.#tables), this.#identities[who]!));
  }

  #count({ name: view }: ModelView): void {
    this.#runs.set(view, this.#runs.get(view)! + 1);
  }

  #takeRuns(): void {
    const { views: all } = this.#db.database.database.metrics();
    for (const view of this.#runs.keys()) this.#runs.set(view, all.get(view)!.succeeded);
  }

  async #readTables(): Promise<Tables> {
    const { database } = this.#db;
    const [player, team, score] = await Promise.all(TABLE_NAMES.map((table) => database.sql(`SELECT * FROM ${table}`)));
    // Whoever is to be told of the change is told when a message after it has come back.
    await this.#sessions[0]!.query('SELECT * FROM st_none').catch(() => {});
    return { player: player!, team: team!, score: score! };
  }
}

function instanceKey(view: ModelView, who: number): string {
  return view.isAnonymous ? view.name : `${view.name} of ${who}`;
}

function distinct(rows: readonly Row[]): string[] {
  return [...new Set(rows.map(plain))].toSorted();
}

const runs = Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 20);

property.prop([fc.array(step, { minLength: 5, maxLength: 40, size: 'max' })], { numRuns: runs })(
  'rows of views equal the views computed anew, for every subscriber after every step, and only views run whose reads changed',
  async (steps) => {
    await using db = await openTestDatabase(program);
    const sessions = await Promise.all(CLIENTS.map((who) => db.connect(who)));
    const comparison = new Comparison(db, sessions);
    const chosen = (which: readonly number[]): ModelView[] => which.map((position) => MODEL_VIEWS[position]!);
    for (const action of steps) {
      switch (action.kind) {
        case 'call':
          await comparison.call(action.who, action.reducer, action.args);
          break;
        case 'sql':
          await comparison.sql(action.text);
          break;
        case 'subscribe':
          await comparison.subscribe(action.who, chosen(action.which));
          break;
        case 'unsubscribe':
          await comparison.unsubscribe(action.who);
          break;
        case 'query':
          await comparison.query(action.who, chosen(action.which));
          break;
        case 'wait':
          await comparison.wait();
          break;
      }
      comparison.check();
    }
  },
  10_000 + runs * 2000,
);
