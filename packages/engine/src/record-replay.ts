import { ByteReader, type RowType } from '@lightcone/sats';
import type { Replay, ReplayedRows, Store, Table } from '@lightcone/store';
import { describeTables } from './describe-tables.ts';
import { EngineError } from './errors.ts';
import { FIRST_USER_OBJECT_ID, SYSTEM_TABLE_IDS } from './system-tables.ts';
import { type MutationVisitor, readTransactionRecord, recordTimestampMicros } from './transaction-record.ts';

/**
 * The system tables that say which tables there are, of what row type, and what is unique in them: which of their columns
 * is the id of the table.
 */
const TABLE_ID_COLUMNS: ReadonlyMap<number, number> = new Map([
  [SYSTEM_TABLE_IDS.table, 0],
  [SYSTEM_TABLE_IDS.column, 0],
  [SYSTEM_TABLE_IDS.eventTable, 0],
  [SYSTEM_TABLE_IDS.index, 1],
  [SYSTEM_TABLE_IDS.constraint, 2],
]);

/** The system tables that have rows about system tables. Those rows begin with an id of the system's, a small one. */
const SELF_DESCRIBING_TABLES: ReadonlySet<number> = new Set([
  SYSTEM_TABLE_IDS.table,
  SYSTEM_TABLE_IDS.column,
  SYSTEM_TABLE_IDS.index,
  SYSTEM_TABLE_IDS.constraint,
  SYSTEM_TABLE_IDS.sequence,
]);

/**
 * Whether a transaction is the first that is left out.
 * @param calledAtMicros when its reducer was called; undefined if it is of something else
 */
export type IsEnd = (txOffset: number, calledAtMicros: bigint | undefined) => boolean;

/** What about a record does not fit. */
export type ReplayProblem =
  | 'REPLAY_DUPLICATE_ROW'
  | 'REPLAY_MISSING_ROW'
  | 'REPLAY_UNKNOWN_TABLE'
  | 'REPLAY_UNREADABLE_RECORD';

/**
 * Applies transaction records to a store: no constraint is checked, but nothing may be missing or double.
 *
 * Tables are as the system tables describe them. A table that a transaction makes has rows in the same
 * record, behind those that describe it; one that a transaction gives other columns becomes what it is
 * to be between that record and the next, when the rows that described it before are gone.
 */
export class RecordReplay implements MutationVisitor {
  readonly #store: Store;
  readonly #replay: Replay;
  /** Records before it are in the store already. */
  readonly #firstTxOffset: number;
  readonly #isEnd: IsEnd | undefined;
  #endTxOffset: number;
  #txOffset = 0;
  #recordBytes = 0;
  #tableId: number | undefined;
  /** The table whose rows come next, its rows, and in which column it tells of other tables. */
  #table: Table | undefined;
  #rows: ReplayedRows | undefined;
  #tableIdColumn: number | undefined;
  #problem: ReplayProblem | undefined;
  /** Tables whose description changed since they were last made after it. */
  readonly #stale = new Set<number>();

  /**
   * @param firstTxOffset records before this one are passed over
   * @param endTxOffset records from this one on are left out
   * @param isEnd says so, too
   */
  constructor(
    store: Store,
    replay: Replay,
    firstTxOffset: number = 0,
    endTxOffset: number = Number.MAX_SAFE_INTEGER,
    isEnd?: IsEnd,
  ) {
    this.#store = store;
    this.#replay = replay;
    this.#firstTxOffset = firstTxOffset;
    this.#endTxOffset = endTxOffset;
    this.#isEnd = isEnd;
  }

  /** The first transaction that is left out, as far as is known. */
  get endTxOffset(): number {
    return this.#endTxOffset;
  }

  /** The transaction that is being applied, or that could not be. */
  get txOffset(): number {
    return this.#txOffset;
  }

  /** Bytes of the records of its commit that were applied. */
  get recordBytes(): number {
    return this.#recordBytes;
  }

  /** The table whose rows were being applied. */
  get tableId(): number | undefined {
    return this.#tableId;
  }

  /** Why a record could not be applied. */
  get problem(): ReplayProblem | undefined {
    return this.#problem;
  }

  commit(minTxOffset: number, count: number, bytes: Uint8Array, start: number, end: number): void {
    if (minTxOffset > this.#endTxOffset) return;
    const reader = new ByteReader(bytes, start, end);
    this.#recordBytes = 0;
    for (let i = 0; i < count && minTxOffset + i < this.#endTxOffset; i++) {
      this.#txOffset = minTxOffset + i;
      this.#tableId = undefined;
      try {
        const isOver = this.#isEnd?.(this.#txOffset, recordTimestampMicros(bytes, reader.offset, end)) ?? false;
        if (isOver && this.#txOffset >= this.#firstTxOffset) {
          this.#endTxOffset = this.#txOffset;
          return;
        }
        readTransactionRecord(reader, this.#txOffset < this.#firstTxOffset ? this.#passingOver : this);
        this.#settle();
        if (this.#stale.size > 0) this.#defineStale();
        this.#recordBytes = reader.offset - start;
      } catch (cause) {
        if (cause instanceof EngineError) throw cause;
        throw this.#failure(
          'REPLAY_UNREADABLE_RECORD',
          `its record does not decode: ${cause instanceof Error ? cause.message : String(cause)}`,
          cause,
        );
      }
    }
  }

  /** For a commit that begins before the first record: to find where that one begins, those before it are read. */
  readonly #passingOver: MutationVisitor = {
    rowType: (tableId) => this.rowType(tableId),
    insert: () => {},
    delete: () => {},
    truncate: () => {},
  };

  rowType(tableId: number): RowType {
    this.#tableId = tableId;
    const table = this.#mustFindTable(tableId);
    if (table !== this.#table) {
      this.#table = table;
      this.#rows = this.#replay.rowsOf(table);
      this.#tableIdColumn = TABLE_ID_COLUMNS.get(tableId);
    }
    return table.definition.row;
  }

  insert(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    const table = this.#table!; // `rowType` has found it
    if (table.definition.isEvent) return; // the log tells of events; the state has none
    if (!this.#rows!.insert(bytes, start, end)) {
      // SpacetimeDB logs what it adds to a database of an older version of its own: system tables that are here from
      // the start.
      if (SELF_DESCRIBING_TABLES.has(tableId) && firstId(bytes, start, end) < FIRST_USER_OBJECT_ID) return;
      throw this.#duplicate(table);
    }
    if (this.#tableIdColumn !== undefined) this.#markStale(table, this.#tableIdColumn, bytes, start, end);
  }

  delete(_tableId: number, bytes: Uint8Array, start: number, end: number): void {
    const table = this.#table!; // as above
    if (!this.#rows!.delete(bytes, start, end)) {
      throw this.#failure('REPLAY_MISSING_ROW', `it deletes a row of table ${table.definition.name} that is not there`);
    }
    if (this.#tableIdColumn !== undefined) this.#markStale(table, this.#tableIdColumn, bytes, start, end);
  }

  truncate(tableId: number): void {
    this.#settle();
    this.#tableId = tableId;
    this.#replay.clear(this.#mustFindTable(tableId));
    if (TABLE_ID_COLUMNS.has(tableId)) for (const id of this.#store.tables.keys()) this.#stale.add(id);
  }

  /** Makes all tables as they are described by now, with their indexes and sequences. */
  defineAll(): void {
    for (const { definition } of describeTables(this.#store).values()) this.#replay.define(definition);
  }

  #markStale(table: Table, column: number, bytes: Uint8Array, start: number, end: number): void {
    this.#stale.add(new ByteReader(bytes, table.definition.row.columns[column]!.start(bytes, start), end).u32());
  }

  #settle(): void {
    const doubled = this.#replay.settle();
    if (doubled === undefined) return;
    this.#tableId = doubled.definition.id;
    throw this.#duplicate(doubled);
  }

  #defineStale(): void {
    this.#table = undefined;
    const described = describeTables(this.#store, (id) => this.#stale.has(id));
    for (const id of this.#stale) {
      const description = described.get(id);
      if (description === undefined) this.#replay.drop(id);
      else this.#replay.define(description.definition);
    }
    this.#stale.clear();
  }

  /** Makes the tables that the record being read has described and that are not there yet. */
  #defineNew(): void {
    this.#settle();
    const { tables } = this.#store;
    const described = describeTables(this.#store, (id) => this.#stale.has(id) && !tables.has(id));
    for (const { definition } of described.values()) this.#replay.define(definition);
  }

  #mustFindTable(tableId: number): Table {
    const table = this.#store.tables.get(tableId);
    if (table !== undefined) return table;
    if (this.#stale.has(tableId)) this.#defineNew();
    const made = this.#store.tables.get(tableId);
    if (made !== undefined) return made;
    throw this.#failure('REPLAY_UNKNOWN_TABLE', `Table with ID \`${tableId}\` not found in \`st_table\`.`);
  }

  #duplicate(table: Table): EngineError {
    const { name } = table.definition;
    return this.#failure('REPLAY_DUPLICATE_ROW', `it inserts a row into table ${name} that is there already`);
  }

  #failure(problem: ReplayProblem, reason: string, cause?: unknown): EngineError {
    this.#problem = problem;
    return new EngineError('ENGINE_RECOVERY_FAILED', `transaction ${this.#txOffset} cannot be replayed: ${reason}`, {
      cause,
    });
  }
}

/** What a row of a self-describing table begins with: the id of a table, or of an index, constraint or sequence. */
function firstId(bytes: Uint8Array, start: number, end: number): number {
  return new ByteReader(bytes, start, end).u32();
}
