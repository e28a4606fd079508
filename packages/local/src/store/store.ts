import type { Change, FieldValue } from '../change.ts';
import type { ChangeCursor, ChangeLog, LoggedChange, Note } from '../change-log.ts';
import { LocalError } from '../errors.ts';
import type { LocalErrorCode } from '../errors.ts';
import type { HybridClock } from '../hybrid-clock.ts';
import { LogReader } from '../log/log-reader.ts';
import { LogState } from '../log/log-state.ts';
import { LogWriter } from '../log/log-writer.ts';
import { IncomingEntities } from '../merge/incoming.ts';
import { Materialiser } from '../merge/materialiser.ts';
import { Parking } from '../merge/parking.ts';
import { Refusals } from '../merge/refusals.ts';
import type { MergeResult } from '../merge-result.ts';
import type { Schema } from '../schema/schema.ts';
import type { SqliteDriver } from '../sqlite-driver.ts';
import { sqliteFailure } from '../sqlite-failure.ts';
import { RowWriter } from './row-writer.ts';
import type { WriteScope } from './row-writer.ts';
import { Statements } from './statements.ts';
import type { StoredTable } from './stored-table.ts';
import { storedTables } from './stored-tables.ts';
import { TouchedRows } from './touched-rows.ts';

/** One commit, as it is told to those who listen. */
export interface Commit {
  readonly origin: 'local' | 'sync' | 'elsewhere';
  readonly touched: TouchedRows;
}

/** An author whose clock is ahead of ours. */
export interface ClockSkew {
  readonly authorId: string;
  readonly aheadMs: number;
}

const skewToReportMs = 60_000;

const doomingCodes: ReadonlySet<LocalErrorCode> = new Set([
  'LOCAL_DISK_FULL',
  'LOCAL_IO',
  'LOCAL_READ_ONLY',
  'LOCAL_CORRUPT',
  'LOCAL_BUSY',
]);

/**
 * One database file with its log: transactions, writes that are logged, and merging of what others wrote. Everything
 * above (handles of tables, live queries, feeds, sync) goes through this.
 */
export class Store implements ChangeLog {
  readonly authorId: string;
  readonly tables: ReadonlyMap<string, StoredTable>;
  readonly statements: Statements;
  readonly reader: LogReader;
  readonly parking: Parking;
  readonly state: LogState;
  readonly rows: RowWriter;
  readonly #driver: SqliteDriver;
  readonly #writer: LogWriter;
  readonly #refusals: Refusals;
  readonly #materialiser: Materialiser;
  readonly #clock: HybridClock;
  readonly #commitListeners = new Set<(commit: Commit) => void>();
  readonly #ownListeners = new Set<() => void>();
  readonly #skewListeners = new Set<(skew: ClockSkew) => void>();
  readonly #endListeners: ((committed: boolean) => void)[] = [];
  readonly #beforeCommit: (() => void)[] = [];
  #isOpen = true;
  #touched: TouchedRows | undefined;
  /** Of those who wait for the end of the transaction, if any. */
  #idle: PromiseWithResolvers<void> | undefined;
  /** Up to where in the log the rows are what it says. */
  #folded: ChangeCursor;
  #wroteOwn = false;
  /** Why the transaction under way can only be rolled back, although its work may go on. */
  #doom: unknown;
  /** Whether anything was parked when the transaction first asked. */
  #hasParked: boolean | undefined;
  /** SQLite's count of what other connections committed. */
  #seenDataVersion: number;

  /** The tables and those of the log must be there: see `openStore`. */
  constructor(driver: SqliteDriver, schema: Schema, clock: HybridClock, authorId: string, folded: ChangeCursor) {
    this.#driver = driver;
    this.statements = new Statements(driver);
    this.tables = storedTables(schema, this.statements);
    this.reader = new LogReader(this.statements);
    this.parking = new Parking(this.statements);
    this.state = new LogState(this.statements, 'ZV_STATE');
    this.#writer = new LogWriter(this.statements, authorId);
    this.#refusals = new Refusals(this.statements);
    this.#materialiser = new Materialiser(this.tables, this.reader, this.parking, this.statements);
    this.#clock = clock;
    this.authorId = authorId;
    this.#folded = folded;
    this.rows = new RowWriter(this.#scope());
    this.#seenDataVersion = this.#dataVersion();
  }

  get formerAuthorIds(): readonly string[] {
    return JSON.parse(this.state.get('former_authors') ?? '[]') as string[];
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isInTransaction(): boolean {
    return this.#touched !== undefined;
  }

  mustFindTable(name: string): StoredTable {
    const table = this.tables.get(name);
    if (table !== undefined) return table;
    // The handles are made of a schema, but of that of another tab.
    const message = `there is no table "${name}" in the tab that has the database, which runs another version; reload all tabs`;
    throw new LocalError('LOCAL_INVALID_SCHEMA', message);
  }

  /** Runs `work` in a transaction that writes; all of it is kept, or nothing. Listeners are called after the commit. */
  transaction<Result>(work: () => Result, origin: Commit['origin'] = 'local'): Result {
    this.mustBeOpen();
    if (this.#touched !== undefined)
      throw new LocalError('LOCAL_NESTED_USE', 'a transaction is under way: use its `tx`, not the database');
    const touched = this.begin();
    let result: Result;
    try {
      result = work();
      if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function')
        throw new LocalError('LOCAL_ASYNC_TRANSACTION', 'the work of a synchronous transaction returned a promise');
      this.commit();
    } catch (error) {
      this.rollback();
      throw sqliteFailure(error, 'the transaction failed');
    }
    this.told(origin, touched);
    return result;
  }

  /** The parts of `transaction`, for those that wait in between. */
  begin(): TouchedRows {
    try {
      this.statements.plain('BEGIN IMMEDIATE').run([]);
    } catch (error) {
      throw sqliteFailure(error, 'a transaction could not begin');
    }
    const touched = (this.#touched = new TouchedRows());
    this.#hasParked = undefined;
    this.#doom = undefined;
    try {
      const { cursor, greatestId } = this.reader.end();
      if (greatestId !== undefined) this.#clock.observe(greatestId);
      // Another program (DimpleDb, or a second handle on the file) has written to the log.
      if (cursor > this.#folded) this.materialise(this.reader.entitiesSince(this.#folded));
    } catch (error) {
      this.rollback();
      throw sqliteFailure(error, 'a transaction could not begin');
    }
    return touched;
  }

  /**
   * An operation of the transaction under way failed. Where that was more than a row that cannot be, or a statement that
   * is wrong, SQLite may have undone what came before, or half of the operation may be there: nothing of it is kept then.
   */
  failed(error: unknown): void {
    if (!this.isInTransaction || this.#doom !== undefined) return;
    const code = error instanceof LocalError ? error.code : undefined;
    if (code !== undefined && doomingCodes.has(code)) this.#doom = error;
    else if (this.isUndone)
      this.#doom = new LocalError('LOCAL_SQL_FAILED', 'a statement ended the transaction', { cause: error });
  }

  /** Whether SQLite has rolled back the transaction under way by itself. */
  get isUndone(): boolean {
    return this.isInTransaction && !this.#driver.isInTransaction;
  }

  /** @throws what doomed the transaction under way */
  mustBeWhole(): void {
    if (this.isInTransaction && this.#doom !== undefined) throw this.#doom;
  }

  commit(): void {
    this.mustBeWhole();
    for (const step of this.#beforeCommit) step();
    this.#writer.flush();
    const { cursor } = this.reader.end();
    if (cursor !== this.#folded) this.state.set({ key: 'folded', value: String(cursor) });
    this.statements.plain('COMMIT').run([]);
    this.#folded = cursor;
    this.#ended(true);
  }

  rollback(): void {
    this.#wroteOwn = false;
    this.#writer.clear();
    try {
      this.statements.plain('ROLLBACK').run([]);
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
    this.#ended(false);
  }

  /** Tells the listeners of a commit. One that throws does not keep the others from hearing of it. */
  told(origin: Commit['origin'], touched: TouchedRows): void {
    const wroteOwn = this.#wroteOwn;
    this.#wroteOwn = false;
    if (!touched.isEmpty || wroteOwn) this.#tell({ origin, touched });
    if (wroteOwn) for (const listener of this.#ownListeners) callSafely(listener);
  }

  /** Work to do in each transaction before its commit. */
  beforeCommit(step: () => void): void {
    this.#beforeCommit.push(step);
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    this.#commitListeners.add(listener);
    return () => this.#commitListeners.delete(listener);
  }

  /** Calls when a transaction is over, before those who hear of commits. */
  onTransactionEnd(listener: (committed: boolean) => void): void {
    this.#endListeners.push(listener);
  }

  onClockSkew(listener: (skew: ClockSkew) => void): () => void {
    this.#skewListeners.add(listener);
    return () => this.#skewListeners.delete(listener);
  }

  onOwnChanges(listener: () => void): () => void {
    this.#ownListeners.add(listener);
    return () => this.#ownListeners.delete(listener);
  }

  /** Another connection may have written: tells the listeners, if so, that anything may have changed. */
  lookElsewhere(): void {
    if (!this.#isOpen || this.isInTransaction) return;
    const version = this.#dataVersion();
    if (version === this.#seenDataVersion) return;
    this.#seenDataVersion = version;
    this.#tell({ origin: 'elsewhere', touched: new TouchedRows(true) });
  }

  whenIdle(): Promise<void> | undefined {
    if (!this.isInTransaction) return undefined;
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  unknownOf(ids: Iterable<string>): string[] {
    return this.#readLog(() => [...new Set(ids)].filter((id) => !this.reader.has(id) && !this.reader.isRefused(id)));
  }

  changesById(ids: Iterable<string>): Change[] {
    return this.#readLog(() =>
      [...new Set(ids)]
        .toSorted()
        .map((id) => this.reader.find(id))
        .filter((change) => change !== undefined),
    );
  }

  lastCursor(): ChangeCursor {
    return this.#readLog(() => this.reader.end().cursor);
  }

  changesSince(cursor: ChangeCursor, options: { limit: number; authorId?: string }): LoggedChange[] {
    return this.#readLog(() => this.reader.since(cursor, options.limit, options.authorId));
  }

  changeIds(): string[] {
    return this.#readLog(() => this.reader.ids());
  }

  winningChanges(options: { afterId?: string; limit: number }): Change[] {
    return this.#readLog(() => this.reader.winningChanges(options.afterId ?? '', options.limit));
  }

  note(key: string): string | undefined {
    return this.#readLog(() => this.state.get(`note:${key}`));
  }

  setNotes(notes: readonly Note[]): void {
    this.transaction(() => this.#writeNotes(notes));
  }

  append(changes: Iterable<Change>, notes: readonly Note[] = []): MergeResult {
    let skew: ClockSkew | undefined;
    const result = this.transaction(() => {
      const touched = this.#touched!; // within the transaction
      const after = this.reader.end().cursor;
      const entities = new IncomingEntities();
      const refused = [];
      let appended = 0;
      let greatestId = '';
      const inBatch = new Set<string>();
      for (const change of changes) {
        if (inBatch.has(change.id) || this.reader.has(change.id) || this.reader.isRefused(change.id)) continue;
        inBatch.add(change.id);
        const detail = this.#refusals.reasonFor(change);
        if (detail !== undefined) {
          this.#refusals.keep(change, detail);
          refused.push({ id: change.id, detail });
          continue;
        }
        this.#writer.change(change.id, change.authorId, change.entityType, change.entityId);
        for (const { name, value } of change.fields) this.#writer.field(change.id, name, value);
        entities.add(change);
        appended++;
        if (change.id > greatestId) {
          greatestId = change.id;
          const aheadMs = this.#clock.aheadMs(change.id);
          if (aheadMs > skewToReportMs) skew = { authorId: change.authorId, aheadMs };
        }
      }
      this.#writer.flush();
      const parked = this.#materialiser.run(entities, touched);
      this.#writeNotes(notes);
      if (appended > 0) this.#clock.observe(greatestId);
      const arrived = appended === 0 ? undefined : { after, through: this.reader.end().cursor };
      return { appended, arrived, rows: touched.deeds, parked, refused };
    }, 'sync');
    if (skew !== undefined) {
      const found = skew;
      for (const listener of this.#skewListeners) callSafely(() => listener(found));
    }
    return result;
  }

  /** Makes rows of what the log says about these entities, within the caller's transaction. */
  materialise(entities: Iterable<{ entityType: string; entityId: string }>): void {
    this.#writer.flush();
    const incoming = new IncomingEntities();
    for (const { entityType, entityId } of entities) incoming.touch(entityType, entityId);
    this.#materialiser.run(incoming, this.touched);
  }

  /** Lets entities go that were parked for want of this row, within the caller's transaction. */
  releaseWaitingFor(stored: StoredTable, id: string): void {
    if (stored.referencedBy.length === 0) return;
    this.#hasParked ??= !this.parking.isEmpty();
    if (this.#hasParked) this.materialise(this.parking.waitingFor({ entityType: stored.name, entityId: id }));
  }

  /** Makes the rows' columns `names` what the log says of them, within the caller's transaction. */
  materialiseFields(entityType: string, names: readonly string[]): void {
    const incoming = new IncomingEntities();
    for (const entityId of this.reader.entitiesWithField(entityType, names)) {
      const { changeIds, winners } = incoming.touch(entityType, entityId);
      for (const [name, winner] of this.reader.winnersOf(entityType, entityId) ?? [])
        if (names.includes(name)) {
          winners.set(name, winner);
          changeIds.push(winner.changeId);
        }
    }
    this.#materialiser.run(incoming, this.touched);
  }

  /** Logs a change of this author that its row has already, within the caller's transaction. */
  logged(
    entityType: string,
    entityId: string,
    names: readonly string[],
    values: readonly FieldValue[],
    id?: string,
  ): void {
    const changeId = id ?? this.#clock.tick();
    this.#writer.change(changeId, this.authorId, entityType, entityId);
    for (let i = 0; i < names.length; i++) this.#writer.field(changeId, names[i]!, values[i]!);
    this.#wroteOwn = true;
  }

  /** For those who read the log in a transaction. */
  flushLog(): void {
    if (this.isInTransaction) this.#writer.flush();
  }

  get touched(): TouchedRows {
    return this.#touched!; // asked within a transaction only
  }

  exec(sql: string): void {
    this.#driver.exec(sql);
  }

  /** What is not committed is nobody's business but the transaction's: it may never have been. */
  #readLog<Result>(read: () => Result): Result {
    this.mustBeOpen();
    if (this.isInTransaction)
      throw new LocalError('LOCAL_BUSY', 'a transaction of the application is under way; ask the log when it is over');
    try {
      return read();
    } catch (error) {
      throw sqliteFailure(error, 'the log could not be read');
    }
  }

  mustBeOpen(): void {
    if (!this.#isOpen) throw new LocalError('LOCAL_CLOSED', 'the database is closed');
  }

  /** May be called twice. A transaction under way is rolled back. */
  close(): void {
    if (!this.#isOpen) return;
    if (this.isInTransaction) this.rollback();
    this.#isOpen = false;
    this.#driver.close();
  }

  #scope(): WriteScope {
    return {
      newId: () => this.#clock.tick(),
      created: (stored, id, values) => {
        this.#writer.created(stored, id, values);
        this.#wroteOwn = true;
      },
      logged: (stored, id, changeId, names, values) => this.logged(stored.name, id, names, values, changeId),
      settle: () => this.#writer.settle(),
      touched: (stored, id, deed) => {
        this.touched.note(stored.name, id, deed);
        if (deed === 'insert') this.releaseWaitingFor(stored, id);
      },
      isKnown: (stored, id) => {
        this.#writer.flush();
        return this.reader.knows(stored.name, id);
      },
      rebuild: (stored, id, names, values) => this.#rebuild(stored, id, names, values),
      deferForeignKeys: () => void this.statements.plain('PRAGMA defer_foreign_keys = ON').run([]),
      atomically: (work) => this.#atomically(work),
    };
  }

  #rebuild(stored: StoredTable, id: string, names: readonly string[], values: readonly FieldValue[]): void {
    this.#atomically(() => {
      this.logged(stored.name, id, names, values);
      this.materialise([{ entityType: stored.name, entityId: id }]);
      const why = this.parking.reasonOf(stored.name, id);
      if (why !== undefined)
        throw new LocalError('LOCAL_CONSTRAINT', `row "${id}" of "${stored.name}" cannot be: ${why}`);
    });
  }

  /** Undoes what `work` did if it fails, and leaves the rest of the transaction as it is. */
  #atomically(work: () => void): void {
    this.#writer.flush();
    this.statements.plain('SAVEPOINT operation').run([]);
    try {
      work();
      this.#writer.flush();
    } catch (error) {
      this.#writer.clear();
      // Unless SQLite has undone all of it.
      if (!this.isUndone) this.#driver.exec('ROLLBACK TO operation; RELEASE operation');
      throw error;
    }
    this.statements.plain('RELEASE operation').run([]);
  }

  #writeNotes(notes: readonly Note[]): void {
    for (const { key, value } of notes) this.state.set({ key: `note:${key}`, value });
  }

  #ended(committed: boolean): void {
    this.#touched = undefined;
    // Before those whose turn it is next, so that one transaction right behind the other keeps nobody out.
    this.#idle?.resolve();
    this.#idle = undefined;
    for (const listener of this.#endListeners) listener(committed);
  }

  #tell(commit: Commit): void {
    for (const listener of this.#commitListeners) callSafely(() => listener(commit));
  }

  #dataVersion(): number {
    return this.statements.plain('PRAGMA data_version').get([])!['data_version'] as number;
  }
}

/** What a listener throws is no failure of the transaction, which is committed: it goes where errors of callbacks go. */
function callSafely(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
