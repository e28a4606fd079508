import { expect } from 'vitest';
import type { Row } from '../../src/embedded/row.ts';
import type { Session } from '../../src/embedded/session.ts';
import type { Subscription } from '../../src/embedded/subscription.ts';
import { Choices } from './choices.ts';
import { DatabaseUnderTest, type Restart } from './database-under-test.ts';
import { type Answers, type Ending, Script } from './interpreter.ts';
import { NaiveDatabase } from './naive-database.ts';
import { type Ids, type OperationKind, Operations, expectSameRows } from './operations.ts';
import { randomStatement } from './statements.ts';
import { type ModelRow, TABLES, decodeRows, modelRow } from './tables.ts';
import { type Value, compareValues, encodeValue } from './values.ts';

/** What is done to both databases. Everything follows from it, so a failing list of steps can be made shorter. */
export type Step =
  | {
      readonly tag: 'call';
      readonly operations: readonly { readonly kind: OperationKind; readonly table: number; readonly seed: number }[];
      readonly ending: Ending;
    }
  | { readonly tag: 'sql'; readonly table: number; readonly seed: number }
  | { readonly tag: 'restart'; readonly how: Restart }
  /** Statements whose durability nobody waits for, and a power failure while they are written. */
  | { readonly tag: 'powerFailure'; readonly seeds: readonly number[]; readonly steps: number }
  | { readonly tag: 'endless' };

/** What the caller is told. */
const OUTCOMES: Readonly<Record<Ending, string>> = {
  ok: 'ok',
  error: 'no',
  trap: 'The instance encountered a fatal error.',
  oddCode: 'The instance encountered a fatal error.',
  endless: 'reducer ran out of energy',
  badPointer: 'The instance encountered a fatal error.',
};
const STEPS_BETWEEN_COMPARISONS = 6;
/** Between statements: one may meet a write or a sync that is under way. */
const MAX_PAUSE = 12;
const STEPS_IN_A_TURN = 12;

/** A query whose rows a client keeps, and which rows of the model those are. */
interface Watched {
  readonly sql: string;
  readonly table: number;
  readonly matches: (row: ModelRow) => boolean;
}

const WATCHED: readonly Watched[] = [
  ...TABLES.map(({ name }, table) => ({ sql: `SELECT * FROM ${name}`, table, matches: () => true })),
  {
    sql: 'SELECT * FROM keyed WHERE grp > 1',
    table: tableOf('keyed'),
    matches: ({ values }) => compareValues(values[2]!, 1n) > 0,
  },
  {
    sql: "SELECT * FROM keyed WHERE name = 'ab'",
    table: tableOf('keyed'),
    matches: ({ values }) => values[1] === 'ab',
  },
  {
    sql: "SELECT * FROM pair WHERE a = 2 OR (b < 0 AND c <> 'a')",
    table: tableOf('pair'),
    matches: ({ values: [a, b, c] }) => a === 2n || (compareValues(b!, 0n) < 0 && c !== 'a'),
  },
  { sql: 'SELECT * FROM hashed WHERE tag = -1', table: tableOf('hashed'), matches: ({ values }) => values[2] === -1n },
];

/** The engine and the naive database, side by side. */
export class ModelRun {
  /** Operations so far: calls of imports that do something, and SQL statements. */
  operations = 0;
  readonly #database: DatabaseUnderTest;
  readonly #naive = new NaiveDatabase();
  #ids: Ids;
  #watcher!: Session;
  #subscriptions: Subscription[] = [];
  /** Rows that the watching client was told of by event tables since the last comparison. */
  #events: string[] = [];
  #expectedEvents: string[] = [];
  #steps = 0;

  private constructor(database: DatabaseUnderTest, ids: Ids) {
    this.#database = database;
    this.#ids = ids;
  }

  /** @param random the choices of the disk */
  static async start(random: () => number): Promise<ModelRun> {
    const database = await DatabaseUnderTest.open(random);
    const run = new ModelRun(database, await readIds(database));
    await run.#watch();
    return run;
  }

  async step(step: Step): Promise<void> {
    switch (step.tag) {
      case 'call':
        await this.#call(step.operations, step.ending);
        break;
      case 'sql':
        await this.#database.embedded.database.whenDurable(this.#sql(step.table, new Choices(step.seed)));
        break;
      case 'restart':
        await this.#restart(step.how);
        break;
      case 'powerFailure':
        await this.#losePower(step.seeds, step.steps);
        break;
      case 'endless':
        await this.#call([{ kind: 'insert', table: 0, seed: 0 }], 'endless');
        break;
    }
    this.#expectSameCounts();
    if (++this.#steps % STEPS_BETWEEN_COMPARISONS === 0) await this.expectSameEverywhere();
  }

  /** Compares rows read through SQL, and what the watching client has. */
  async expectSameEverywhere(): Promise<void> {
    for (const [table, { name }] of TABLES.entries()) {
      const rows = await this.#watcher.query(`SELECT * FROM ${name}`);
      const found = rows.map((row) => rowOf(table, row));
      expectSameRows(found, this.#naive.rows(table), `SELECT * FROM ${name}`);
    }
    // What the watcher was owed came before the answers.
    for (const [i, subscription] of this.#subscriptions.entries()) {
      const { sql, table, matches } = WATCHED[i]!; // one for each
      const found = subscription.rows(TABLES[table]!.name).map((row) => rowOf(table, row));
      expectSameRows(found, this.#naive.rows(table).filter(matches), `subscription to ${sql}`);
    }
    expect(this.#events.toSorted(), 'rows of event tables').toEqual(this.#expectedEvents.toSorted());
    this.#events = [];
    this.#expectedEvents = [];
    const clients = await this.#watcher.query('SELECT * FROM st_client');
    expect(clients.length, 'rows of st_client').toBe(2); // the writer and the watcher
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #call(operations: Extract<Step, { tag: 'call' }>['operations'], ending: Ending): Promise<void> {
    const script = new Script();
    script.placeU32(this.#ids.tables[operations[0]?.table ?? 0]!); // what the ending `badPointer` clears
    this.#naive.begin();
    const model = new Operations(script, this.#naive, this.#ids);
    for (const { kind, table, seed } of operations) model.add(kind, table, new Choices(seed));
    model.end();
    this.operations += operations.length;
    const { outcome, log } = await this.#database.run(script, ending);
    if (log === undefined) throw new Error(`the script logged nothing; it ended with ${outcome}`);
    model.check(script.answers(log));
    expect(outcome, `outcome of ${ending}`).toBe(OUTCOMES[ending]);
    if (ending === 'ok') this.#commit();
    else this.#naive.rollback();
  }

  #commit(): void {
    for (const [table, rows] of this.#naive.commit()) {
      for (const { hex } of rows) this.#expectedEvents.push(`${TABLES[table]!.name} ${hex}`);
    }
  }

  /** @returns the offset of the transaction, to wait for */
  #sql(table: number, choices: Choices): number {
    const statement = randomStatement(table, this.#naive.rows(table), choices);
    this.operations++;
    this.#naive.begin();
    const expected = statement.apply(this.#naive);
    const { database, owner } = this.#database.embedded;
    const result = database.sql(
      { identity: owner, connectionId: this.#database.newConnectionId(), jwtPayload: '{"iss":"i","sub":"s"}' },
      statement.text,
    );
    if (result.kind === 'ok') {
      expect(result.outcome.stats, statement.text).toEqual(expected);
      this.#commit();
      return result.txOffset;
    }
    expect(expected, `${statement.text}: ${result.message}`).toBeUndefined();
    this.#naive.rollback();
    return database.lastTxOffset;
  }

  /** What was not durable may be gone, but only from some transaction on. */
  async #losePower(seeds: readonly number[], steps: number): Promise<void> {
    await this.expectSameEverywhere();
    const states = [{ txOffset: -1, ...this.#naive.snapshot() }];
    for (const seed of seeds) {
      const choices = new Choices(seed);
      const txOffset = this.#sql(choices.below(TABLES.length), choices);
      states.push({ txOffset, ...this.#naive.snapshot() });
      await pause(choices.below(MAX_PAUSE));
    }
    await pause(steps);
    const durable = this.#database.embedded.database.metrics().durableTxOffset ?? -1;
    await this.#database.restart('losePower');
    await this.#watch();
    this.#events = [];
    this.#expectedEvents = [];
    const found = await Promise.all(TABLES.map(({ name }, table) => this.#read(table, name)));
    const isFound = ({ rows }: (typeof states)[number]): boolean =>
      found.every((hex, table) => hex === hexOf([...rows[table]!.values()]));
    const lastDurable = states.findLastIndex(({ txOffset }) => txOffset <= durable);
    // Several states may have the same rows and differ in what sequences gave: the earliest promises least.
    const survivor = states.find((state, i) => i >= lastDurable && isFound(state));
    if (survivor === undefined) {
      const what = states.some(isFound) ? 'of a state before what was durable' : 'of no transaction';
      throw new Error(`after a power failure the rows are those ${what}: ${JSON.stringify(found)}`);
    }
    this.#naive.restore(survivor);
    await this.expectSameEverywhere();
    await this.#learnSequences();
  }

  async #read(table: number, name: string): Promise<string> {
    return hexOf((await this.#watcher.query(`SELECT * FROM ${name}`)).map((row) => rowOf(table, row)));
  }

  async #restart(how: Restart): Promise<void> {
    await this.expectSameEverywhere();
    await this.#database.restart(how);
    const ids = await readIds(this.#database);
    expect(ids, 'ids after a restart').toEqual(this.#ids);
    await this.#watch();
    await this.expectSameEverywhere();
    await this.#learnSequences();
  }

  async #watch(): Promise<void> {
    this.#watcher = await this.#database.connect('owner');
    this.#subscriptions = await Promise.all(WATCHED.map(({ sql }) => this.#watcher.subscribe(sql)));
    for (const [table, { isEvent, name }] of TABLES.entries()) {
      if (!isEvent) continue;
      this.#subscriptions[table]!.onChange((changes) => {
        for (const { inserts } of changes) {
          for (const row of inserts) this.#events.push(`${name} ${rowOf(table, row).hex}`);
        }
      });
    }
  }

  #expectSameCounts(): void {
    const found = this.#database.embedded.database.metrics().tables;
    for (const [table, { name }] of TABLES.entries()) {
      const rows = found.find((each) => each.name === name)?.rows;
      expect(rows, `rows of ${name}`).toBe(this.#naive.rows(table).length);
    }
  }

  /**
   * A restart may skip values that sequences had reserved. Draws one of each, in a transaction that is taken back, and
   * goes on from there; no value that a committed row may have comes twice.
   */
  async #learnSequences(): Promise<void> {
    for (const [table, of] of TABLES.entries()) {
      if (of.sequences.length === 0) continue;
      const script = new Script();
      const tableId = this.#ids.tables[table]!;
      script.placeU32(tableId);
      script.call('datastore_clear', tableId, script.reserve(8));
      const row = Buffer.from(
        modelRow(
          of,
          of.columns.map(({ type }): Value => (type === 'String' ? '' : 0n)),
        ).hex,
        'hex',
      );
      const rowAt = script.place(row);
      const call = script.call('datastore_insert_bsatn', tableId, rowAt, script.placeU32(row.length));
      const { log } = await this.#database.run(script, 'error');
      const answers = script.answers(log!);
      if (answers.code(call) !== 0) {
        expect(this.#isExhausted(table), `${of.name} has no values left after a restart`).toBe(true);
        continue;
      }
      this.#learn(table, answers, rowAt);
    }
  }

  #learn(table: number, answers: Answers, rowAt: number): void {
    const of = TABLES[table]!;
    let at = rowAt;
    for (const sequence of of.sequences.toSorted((a, b) => a.column - b.column)) {
      const { type, name } = of.columns[sequence.column]!;
      const width = encodeValue(type, 0n).length;
      const [value] = decodeRows({ ...of, columns: [{ name, type }] }, answers.bytes(at, width))[0]!.values;
      if (typeof value !== 'bigint') throw new Error('sequences give numbers');
      at += width;
      const what = `${of.name}.${name} after a restart`;
      if (!sequence.goesRound) {
        expect(value, what).toBeGreaterThanOrEqual(this.#naive.committedNextOf(table, sequence.column));
        expect(value, what).toBeLessThanOrEqual(this.#naive.nextOf(table, sequence.column) + sequence.block);
      }
      this.#naive.sawValue(table, sequence.column, value);
    }
  }

  #isExhausted(table: number): boolean {
    return TABLES[table]!.sequences.some(
      ({ column, max, goesRound, block }) => !goesRound && this.#naive.nextOf(table, column) + block > max,
    );
  }
}

/** Lets others go on: a database begins to write at the end of a turn of the event loop, and waits for promises then. */
async function pause(steps: number): Promise<void> {
  for (let i = 0; i < steps; i++) {
    if (i % STEPS_IN_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    else await Promise.resolve();
  }
}

function hexOf(rows: readonly ModelRow[]): string {
  return rows
    .map(({ hex }) => hex)
    .toSorted()
    .join();
}

function rowOf(table: number, row: Row): ModelRow {
  return modelRow(
    TABLES[table]!,
    TABLES[table]!.columns.map(({ name }) => {
      const value = row[name];
      return typeof value === 'number' ? BigInt(value) : (value as Value);
    }),
  );
}

/** Looks all tables and indexes up by their names. */
async function readIds(database: DatabaseUnderTest): Promise<Ids> {
  const script = new Script();
  const lookUp = (name: 'table_id_from_name' | 'index_id_from_name', text: string): number => {
    const bytes = Buffer.from(text);
    const out = script.reserve(4);
    script.call(name, script.place(bytes), bytes.length, out);
    return out;
  };
  const tables = TABLES.map(({ name }) => lookUp('table_id_from_name', name));
  const indexes = TABLES.map((of) => of.indexes.map(({ name }) => lookUp('index_id_from_name', name)));
  const { log } = await database.run(script, 'ok');
  const answers = script.answers(log!);
  return {
    tables: tables.map((out) => answers.u32(out)),
    indexes: indexes.map((outs) => outs.map((out) => answers.u32(out))),
  };
}

function tableOf(name: string): number {
  return TABLES.findIndex((table) => table.name === name);
}
