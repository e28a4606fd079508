import type { CommitLog } from '@lightcone/commitlog';
import { ByteReader, ByteWriter, type RowType } from '@lightcone/sats';
import { type Replay, type Store, StoreError, type Table } from '@lightcone/store';
import { EngineError } from './errors.ts';
import { bootstrapRows, describeTables, systemRowType, systemTableDefinition } from './schema-objects.ts';
import { SYSTEM_TABLES } from './system-tables.ts';
import { type MutationVisitor, readTransactionRecord } from './transaction-record.ts';

/** Tables up to this id describe other tables; what is logged for them may make or unmake tables. */
const LAST_SYSTEM_TABLE_ID = SYSTEM_TABLES.length;

/**
 * Fills an empty store with the system tables and their bootstrap rows, then with everything that
 * the log has.
 * @throws EngineError `ENGINE_RECOVERY_FAILED`; CommitLogError
 */
export async function recover(store: Store, log: CommitLog | undefined): Promise<void> {
  const replay = store.replay();
  for (const table of SYSTEM_TABLES) replay.define(systemTableDefinition(table));
  const writer = new ByteWriter();
  for (const [tableId, row] of bootstrapRows()) {
    writer.reset();
    systemRowType(tableId).encode(writer, row);
    replay.insert(store.table(tableId), writer.bytes, 0, writer.length);
  }
  const records = new RecordReplay(store, replay);
  await log?.replay((minTxOffset, count, bytes, start, end) => records.commit(minTxOffset, count, bytes, start, end));
  records.defineTables();
  try {
    replay.finish();
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new EngineError(
      'ENGINE_RECOVERY_FAILED',
      `the log is whole, but its rows break a constraint: ${cause.message}`,
      { cause },
    );
  }
}

/** Applies transaction records to a store: no constraint is checked, but nothing may be missing or double. */
class RecordReplay implements MutationVisitor {
  readonly #store: Store;
  readonly #replay: Replay;
  #txOffset = 0;
  /** Whether rows that describe tables changed since the tables were last made after them. */
  #isSchemaStale = false;

  constructor(store: Store, replay: Replay) {
    this.#store = store;
    this.#replay = replay;
  }

  commit(minTxOffset: number, count: number, bytes: Uint8Array, start: number, end: number): void {
    const reader = new ByteReader(bytes, start, end);
    for (let i = 0; i < count; i++) {
      this.#txOffset = minTxOffset + i;
      try {
        readTransactionRecord(reader, this);
      } catch (cause) {
        if (cause instanceof EngineError) throw cause;
        throw this.#failure(
          `its record does not decode: ${cause instanceof Error ? cause.message : String(cause)}`,
          cause,
        );
      }
    }
  }

  rowType(tableId: number): RowType {
    return this.#table(tableId).definition.row;
  }

  insert(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    const table = this.#table(tableId);
    if (table.definition.isEvent) return; // the log tells of events; the state has none
    if (!this.#replay.insert(table, bytes, start, end)) {
      throw this.#failure(`it inserts a row into table ${table.definition.name} that is there already`);
    }
    if (tableId <= LAST_SYSTEM_TABLE_ID) this.#isSchemaStale = true;
  }

  delete(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    const table = this.#table(tableId);
    if (!this.#replay.delete(table, bytes, start, end)) {
      throw this.#failure(`it deletes a row of table ${table.definition.name} that is not there`);
    }
    if (tableId <= LAST_SYSTEM_TABLE_ID) this.#isSchemaStale = true;
  }

  truncate(tableId: number): void {
    this.#replay.clear(this.#table(tableId));
    if (tableId <= LAST_SYSTEM_TABLE_ID) this.#isSchemaStale = true;
  }

  /** Makes the tables as they are described by now, and drops those that no longer are. */
  defineTables(): void {
    this.#isSchemaStale = false;
    const described = describeTables(this.#store);
    for (const { definition } of described.values()) this.#replay.define(definition);
    for (const id of this.#store.tables.keys()) if (!described.has(id)) this.#replay.drop(id);
  }

  #table(tableId: number): Table {
    const table = this.#store.tables.get(tableId);
    if (table !== undefined) return table;
    if (this.#isSchemaStale) {
      this.defineTables();
      return this.#table(tableId);
    }
    throw this.#failure(`Table with ID \`${tableId}\` not found in \`st_table\`.`);
  }

  #failure(reason: string, cause?: unknown): EngineError {
    return new EngineError('ENGINE_RECOVERY_FAILED', `transaction ${this.#txOffset} cannot be replayed: ${reason}`, {
      cause,
    });
  }
}
