import { HybridClock } from '../hybrid-clock.ts';
import { LogReader } from '../log/log-reader.ts';
import { LogState } from '../log/log-state.ts';
import { createLogTables } from '../log/log-tables.ts';
import { findNumberLikeText } from '../merge/number-like-text.ts';
import { reconcileAll } from '../merge/reconcile.ts';
import { migrate } from '../migrate/migrate.ts';
import type { Migration } from '../migrate/migrate.ts';
import { randomBits } from '../random-bits.ts';
import type { Schema } from '../schema/schema.ts';
import type { SqliteDriver } from '../sqlite-driver.ts';
import { sqliteFailure } from '../sqlite-failure.ts';
import { Statements } from './statements.ts';
import { Store } from './store.ts';

export interface OpenOptions<S extends Schema> {
  readonly schema: S;
  /** Steps that more than adding tables, optional columns and indexes needs, oldest first; run once per file. */
  readonly migrations?: readonly Migration[];
  /**
   * `full` (the default): a commit is on the disk when the call returns. `normal`: a power failure may take the last
   * commits, never more and never a part of one; a crash of the program takes nothing.
   */
  readonly durability?: 'full' | 'normal';
  /** The wall clock, Unix milliseconds. */
  readonly nowMs?: () => number;
  /** 32 random bits. */
  readonly random?: () => number;
}

/**
 * Opens a database on a connection, which it then owns: brings the file to the schema, and the rows to what the log says
 * where the two had gone apart (new columns, changes written by DimpleDb).
 * @throws LocalError; the connection is closed then
 */
export function openStore<S extends Schema>(driver: SqliteDriver, options: OpenOptions<S>): Store {
  try {
    driver.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${options.durability === 'normal' ? 'NORMAL' : 'FULL'};
      PRAGMA recursive_triggers = ON;
      PRAGMA foreign_keys = OFF;
    `);
    const store = prepareStore(driver, options);
    driver.exec('PRAGMA foreign_keys = ON');
    return store;
  } catch (error) {
    driver.close();
    throw sqliteFailure(error, 'the database could not be opened');
  }
}

function prepareStore<S extends Schema>(driver: SqliteDriver, options: OpenOptions<S>): Store {
  const { schema, migrations, nowMs = Date.now, random = randomBits } = options;
  const clock = new HybridClock(nowMs, random);
  const statements = new Statements(driver);
  driver.exec('BEGIN IMMEDIATE');
  try {
    const wasForeign = createLogTables(driver);
    const { greatestId } = new LogReader(statements).end();
    if (greatestId !== undefined) clock.observe(greatestId);
    const state = new LogState(statements, 'ZV_STATE');
    // Noted first, as a crash may come between this transaction and the next.
    if (wasForeign) state.set({ key: 'must_repair', value: 'yes' });
    if (migrate(driver, schema, migrations)) state.set({ key: 'must_reconcile', value: 'yes' });
    const authorId = identity(driver, statements, state, clock);
    const folded = Number(state.get('folded') ?? 0);
    const knownColumns = state.get('columns');
    driver.exec('COMMIT');

    const store = new Store(driver, schema, clock, authorId, folded);
    // Before the rows are made what the log says.
    const mangled = store.state.get('must_repair') === undefined ? [] : findNumberLikeText(store);
    // The beginning of a transaction folds in what the log has more than the rows.
    store.transaction(() => {
      for (const { entityType, entityId, names, texts } of mangled) store.logged(entityType, entityId, names, texts);
      store.materialise(mangled);
      const columns = JSON.stringify(
        Object.entries(schema).map(([name, table]) => [name, [...table.columnsByName.keys()]]),
      );
      if (columns !== knownColumns) {
        applyNewColumns(store, knownColumns);
        store.state.set({ key: 'columns', value: columns });
      }
      if (store.state.get('must_reconcile') !== undefined) reconcileAll(store);
      store.state.set({ key: 'must_repair', value: undefined });
      store.state.set({ key: 'must_reconcile', value: undefined });
    });
    return store;
  } catch (error) {
    try {
      driver.exec('ROLLBACK');
    } catch {
      // There is none under way any more.
    }
    throw error;
  }
}

/** The id under which this file writes; a new one if the file is a copy. */
function identity(driver: SqliteDriver, statements: Statements, state: LogState, clock: HybridClock): string {
  const metadata = new LogState(statements, 'ZV_METADATA');
  const noted = state.get('file_identity');
  const known = metadata.get('database_uuid');
  const isCopy = noted !== undefined && driver.fileIdentity !== undefined && noted !== driver.fileIdentity;
  if (driver.fileIdentity !== undefined) state.set({ key: 'file_identity', value: driver.fileIdentity });
  if (known !== undefined && !isCopy) return known;
  const authorId = clock.tick();
  metadata.set({ key: 'database_uuid', value: authorId });
  if (known !== undefined) {
    const former = JSON.parse(state.get('former_authors') ?? '[]') as string[];
    state.set({ key: 'former_authors', value: JSON.stringify([...former, known]) });
  }
  return authorId;
}

/** Values that came before their columns or tables did, and whatever else waits. */
function applyNewColumns(store: Store, knownColumns: string | undefined): void {
  const known = new Map(JSON.parse(knownColumns ?? '[]') as [string, string[]][]);
  for (const { name, table } of store.tables.values()) {
    const before = known.get(name);
    // Of a table that was not known, everything waits in the parking.
    if (table.isLocal || before === undefined) continue;
    const added = [...table.columnsByName.keys()].filter((column) => !before.includes(column));
    if (added.length > 0) store.materialiseFields(name, added);
  }
  store.materialise(store.parking.all());
}
