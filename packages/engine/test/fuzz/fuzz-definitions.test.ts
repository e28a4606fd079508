import { readFileSync } from 'node:fs';
import { fc, test as property } from '@fast-check/vitest';
import { CommitLog } from '@lightcone/commitlog';
import { HostError } from '@lightcone/host';
import { type AlgebraicValue, ByteWriter, ConnectionId, type ProductType, compileType } from '@lightcone/sats';
import { SchemaError } from '@lightcone/schema';
import { afterAll, expect } from 'vitest';
import { SimulatedDisk } from '../../../commitlog/src/testing/simulated-disk.ts';
import { valueOf } from '../../../sats/test/arbitrary.ts';
import type { EmbeddedDatabase } from '../../src/embedded/embedded-database.ts';
import { openEmbedded } from '../../src/embedded/open-embedded.ts';
import type { Row } from '../../src/embedded/row.ts';
import { EngineError } from '../../src/errors.ts';
import { FakeClock, testIdentity } from '../../src/testing/index.ts';
import { describingModule } from './describing-module.ts';
import { encodeDefinition, mutateBytes, randomDefinition } from './random-definition.ts';

/** `LIGHTCONE_FUZZ_RUNS=100000` for a night. */
const numRuns = Number(process.env['LIGHTCONE_FUZZ_RUNS'] ?? 250);
const MAX_CASE_MS = 5000;
const TIMEOUT_MS = numRuns * MAX_CASE_MS;
const LIMITS = { maxMemoryPages: 64, energyPerCall: 5_000_000 };
const ROWS = 4;

const golden = JSON.parse(
  readFileSync(new URL('../../../schema/vectors/module-def.json', import.meta.url), 'utf8'),
) as { readonly accepted: readonly { readonly describe_hex: string }[] };

const counts = { refused: 0, used: 0, updated: 0, updatesRefused: 0, calls: 0, rows: 0 };

/** A database on a disk, which can be closed and opened again. */
class FuzzedDatabase {
  readonly disk = new SimulatedDisk(() => 0.5);
  readonly clock = new FakeClock();
  #connections = 0n;

  async open(program: Uint8Array): Promise<EmbeddedDatabase> {
    return openEmbedded({
      program,
      identity: testIdentity('database'),
      owner: testIdentity('owner'),
      log: await CommitLog.open(this.disk, '/db'),
      clock: this.clock,
      timers: this.clock,
      limits: LIMITS,
      defer: this.clock.defer,
      newConnectionId: () => ConnectionId.fromBigInt(++this.#connections),
      moduleLog: () => {},
    });
  }
}

/** Errors that say what is wrong with the module; all others are ours. */
function expectRefusal(error: unknown): void {
  if (!(error instanceof HostError || error instanceof SchemaError || error instanceof EngineError)) throw error;
  expect(error.code).toMatch(/^(HOST|SCHEMA|ENGINE)_/);
  expect(error.code).not.toBe('ENGINE_RECOVERY_FAILED');
}

/**
 * Makes a database of a definition, if it is one, and uses it: rows through reducers, subscriptions, a restart, and a
 * publish of another definition over it.
 */
async function use(description: Uint8Array, next: Uint8Array, seed: number): Promise<void> {
  const started = performance.now();
  const fuzzed = new FuzzedDatabase();
  const program = describingModule(description);
  let embedded: EmbeddedDatabase;
  try {
    embedded = await fuzzed.open(program);
  } catch (error) {
    expectRefusal(error);
    counts.refused++;
    return;
  }
  counts.used++;
  try {
    await fillAndWatch(embedded, seed);
    await fuzzed.clock.advance(0); // what is due by now runs, with its own row for an argument
    const [schema, rows] = [embedded.database.schema(10), await allRows(embedded)];
    await embedded.close();
    embedded = await fuzzed.open(program);
    expect(embedded.database.schema(10)).toBe(schema);
    expect(await allRows(embedded)).toEqual(rows);

    const running = publish(embedded, describingModule(next)) ? describingModule(next) : program;
    const after = [embedded.database.schema(10), await allRows(embedded)];
    await embedded.close();
    embedded = await fuzzed.open(running);
    expect([embedded.database.schema(10), await allRows(embedded)]).toEqual(after);
  } finally {
    await embedded.close();
  }
  const duration = performance.now() - started;
  if (duration > MAX_CASE_MS) throw new Error(`this took ${Math.round(duration)} ms`);
}

/** @returns whether the update was made; if not, everything must be as it was */
function publish({ database }: EmbeddedDatabase, program: Uint8Array): boolean {
  const schema = database.schema(10);
  try {
    database.planUpdate(program);
    database.update(program, true);
    counts.updated++;
    return true;
  } catch (error) {
    expectRefusal(error);
    counts.updatesRefused++;
    expect(database.schema(10)).toBe(schema);
    return false;
  }
}

/** Puts rows into all tables, and checks that a subscriber sees what a query sees. */
async function fillAndWatch(embedded: EmbeddedDatabase, seed: number): Promise<void> {
  const session = await embedded.connect(embedded.owner);
  const names = tableNames(embedded);
  const subscription = await session.subscribe(...names.map(selectAll));
  for (const { name, params } of embedded.database.module.reducers) {
    for (const args of randomArguments(embedded, params, seed)) {
      await session.call(name, ...args).then(() => counts.calls++, expectRefusal);
    }
  }
  const events = new Set(embedded.database.module.tables.filter(({ isEvent }) => isEvent).map(({ name }) => name));
  for (const name of names) {
    if (events.has(name)) continue;
    const rows = (await session.query(selectAll(name))).map(text);
    counts.rows += rows.length;
    expect(subscription.rows(name).map(text).toSorted(), `subscription to ${name}`).toEqual(rows.toSorted());
  }
  session.disconnect();
}

/** Values of the types that a reducer takes; none where they are beyond what `valueOf` knows. */
function randomArguments({ database }: EmbeddedDatabase, params: ProductType, seed: number): AlgebraicValue[][] {
  const { typespace } = database.module;
  try {
    const columns = params.elements.map(({ type }) => valueOf(type.tag === 'Ref' ? typespace[type.ref]! : type));
    const rows = fc.sample(fc.tuple(...columns), { seed, numRuns: ROWS });
    for (const row of rows) {
      for (const [i, { type }] of params.elements.entries())
        compileType(type, typespace).encode(new ByteWriter(), row[i]!);
    }
    return rows;
  } catch {
    return [];
  }
}

async function allRows(embedded: EmbeddedDatabase): Promise<unknown> {
  const session = await embedded.connect(embedded.owner);
  const rows: Record<string, string[]> = {};
  for (const name of tableNames(embedded)) rows[name] = (await session.query(selectAll(name))).map(text).toSorted();
  session.disconnect();
  return rows;
}

/** Of tables and views. */
function tableNames({ database: { module } }: EmbeddedDatabase): string[] {
  return [...module.tables, ...module.views].map(({ name }) => name);
}

function selectAll(name: string): string {
  return `SELECT * FROM "${name}"`;
}

function text(row: Row): string {
  return JSON.stringify(row, (_, value: unknown) =>
    typeof value === 'bigint'
      ? `${value}n`
      : typeof value === 'number' && !Number.isFinite(value)
        ? String(value)
        : value instanceof Uint8Array
          ? Buffer.from(value).toString('hex')
          : value,
  );
}

const edits = fc.array(fc.tuple(fc.nat(1_000_000), fc.nat(4096)), { maxLength: 4 });
const knownBytes = fc.constantFrom(
  ...golden.accepted.map((each) => new Uint8Array(Buffer.from(each.describe_hex, 'hex'))),
);

property.prop([randomDefinition, randomDefinition, fc.integer()], { numRuns })(
  'a random definition is refused, or makes a database that survives restarts and publishes',
  (raw, next, seed) => use(encodeDefinition(raw), encodeDefinition(next), seed),
  TIMEOUT_MS,
);

property.prop([randomDefinition, edits, edits, fc.integer()], { numRuns })(
  'so is one with wrong bytes, and so are updates to one',
  (raw, before, after, seed) => {
    const bytes = encodeDefinition(raw);
    return use(mutateBytes(bytes, before), mutateBytes(bytes, after), seed);
  },
  TIMEOUT_MS,
);

property.prop([knownBytes, edits, knownBytes, edits], { numRuns: Math.ceil(numRuns / 2) })(
  'so are definitions that the reference knows, with wrong bytes',
  (bytes, before, other, after) => use(mutateBytes(bytes, before), mutateBytes(other, after), 1),
  TIMEOUT_MS,
);

property.prop([fc.uint8Array({ maxLength: 200, size: 'max' })], { numRuns: Math.ceil(numRuns / 4) })(
  'random bytes are refused',
  (bytes) => use(bytes, bytes, 1),
  TIMEOUT_MS,
);

afterAll(() => {
  // oxlint-disable-next-line no-console -- how much of it got how far is what the run is for
  console.log(JSON.stringify(counts));
});
