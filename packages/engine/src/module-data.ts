import { BOUND, type BoundKind, ERRNO, type HostCalls, type IndexRange, type RowBuffer } from '@lightcone/host';
import { ByteReader, ByteWriter, SatsError, equalBytes } from '@lightcone/sats';
import {
  type Bound,
  INDEX_NOT_UNIQUE,
  NO_ROW,
  NO_SUCH_ROW,
  PointerList,
  SEQUENCE_EXHAUSTED,
  type Store,
  StoreError,
  type Table,
  type Transaction,
  UNIQUE_VIOLATION,
} from '@lightcone/store';
import type { Catalog, IndexEntry } from './catalog.ts';
import type { Clock } from './clock.ts';
import { EngineError } from './errors.ts';
import type { ImmediateCalls } from './scheduler/immediate-calls.ts';
import { isBeyondHorizon, readScheduledRow } from './scheduler/schedule-at.ts';
import { FIRST_USER_OBJECT_ID, SYSTEM_TABLE_IDS } from './system-tables.ts';
import type { ReadSet } from './views/read-set.ts';

/**
 * The data calls of a module, answered from the open transaction.
 *
 * A view runs with a read set: what it reads is recorded, it cannot write, and it knows no event tables,
 * whose rows are gone when the transaction ends. The tables that hold the rows of views are out of
 * reach for every module.
 *
 * Results are counts, ids or 0, or a negative errno (file 11 §1.4 of the specification). The bytes
 * of a call are the guest's memory: they are read before anything else runs.
 */
export class ModuleData implements HostCalls {
  /** The transaction in which the module runs; undefined outside of one. */
  transaction: Transaction | undefined;
  /** What the running view reads is added to it; undefined while no view runs. */
  reads: ReadSet | undefined;
  readonly #store: Store;
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #immediateCalls: ImmediateCalls;
  readonly #rows = new PointerList();
  readonly #key = new ByteWriter();
  readonly #lower: { -readonly [K in keyof Bound]: Bound[K] } = { kind: 'unbounded', start: 0, end: 0 };
  readonly #upper: { -readonly [K in keyof Bound]: Bound[K] } = { kind: 'unbounded', start: 0, end: 0 };

  constructor(store: Store, catalog: Catalog, clock: Clock, immediateCalls: ImmediateCalls) {
    this.#store = store;
    this.#catalog = catalog;
    this.#clock = clock;
    this.#immediateCalls = immediateCalls;
  }

  isInTransaction(): boolean {
    return this.transaction !== undefined;
  }

  tableId(name: string): number {
    const id = this.#catalog.findTableId(name);
    return id === undefined || this.#findTable(id) === undefined ? -ERRNO.noSuchTable : id;
  }

  indexId(name: string): number {
    const id = this.#catalog.findIndexId(name);
    return id === undefined || this.#findIndex(id) === undefined ? -ERRNO.noSuchIndex : id;
  }

  rowCount(tableId: number): number {
    const table = this.#findTable(tableId);
    if (table === undefined) return -ERRNO.noSuchTable;
    this.reads?.addTable(tableId);
    return table.rowCount;
  }

  scanTable(tableId: number, out: RowBuffer): number {
    const table = this.#findTable(tableId);
    if (table === undefined) return -ERRNO.noSuchTable;
    this.reads?.addTable(tableId);
    out.makeRoom(table.rowCount * (table.definition.row.staticSize ?? 0));
    for (let row = table.first(); row !== NO_ROW;) {
      const last = table.lastOfRun(row);
      out.appendRun(table.bytes(row), table.start(row), table.end(last), last - row + 1);
      row = table.next(last);
    }
    return 0;
  }

  scanIndexPoint(indexId: number, bytes: Uint8Array, start: number, end: number, out: RowBuffer): number {
    const errno = this.#collectPoint(indexId, bytes, start, end);
    if (errno !== 0) return -errno;
    if (this.reads !== undefined) this.#recordPoint(this.reads, indexId, bytes, start, end);
    this.#appendCollected(indexId, out);
    return 0;
  }

  scanIndexRange(indexId: number, bytes: Uint8Array, range: IndexRange, out: RowBuffer): number {
    const errno = this.#collectRange(indexId, bytes, range);
    if (errno !== 0) return -errno;
    if (this.reads !== undefined) this.#recordRange(this.reads, indexId, bytes, range);
    this.#appendCollected(indexId, out);
    return 0;
  }

  insert(tableId: number, bytes: Uint8Array, start: number, end: number, generated: ByteWriter): number {
    if (this.reads !== undefined) return -ERRNO.transactionIsReadOnly;
    const table = this.#findWritable(tableId);
    if (table === undefined) return -ERRNO.noSuchTable;
    try {
      return this.#resultOf(table, this.#open().insert(table, bytes, start, end, generated));
    } catch (error) {
      return -errnoOf(error);
    }
  }

  update(
    tableId: number,
    indexId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    generated: ByteWriter,
  ): number {
    if (this.reads !== undefined) return -ERRNO.transactionIsReadOnly;
    const table = this.#findWritable(tableId);
    if (table === undefined) return -ERRNO.noSuchTable;
    const entry = this.#catalog.findIndex(indexId);
    if (entry === undefined || entry.table !== table) return -ERRNO.noSuchIndex;
    try {
      return this.#resultOf(table, this.#open().update(table, entry.index, bytes, start, end, generated));
    } catch (error) {
      return -errnoOf(error);
    }
  }

  deleteByIndexPoint(indexId: number, bytes: Uint8Array, start: number, end: number): number {
    if (this.reads !== undefined) return -ERRNO.transactionIsReadOnly;
    if (indexId < FIRST_USER_OBJECT_ID) return -ERRNO.noSuchIndex;
    const errno = this.#collectPoint(indexId, bytes, start, end);
    return errno === 0 ? this.#deleteCollected(indexId) : -errno;
  }

  deleteByIndexRange(indexId: number, bytes: Uint8Array, range: IndexRange): number {
    if (this.reads !== undefined) return -ERRNO.transactionIsReadOnly;
    if (indexId < FIRST_USER_OBJECT_ID) return -ERRNO.noSuchIndex;
    const errno = this.#collectRange(indexId, bytes, range);
    return errno === 0 ? this.#deleteCollected(indexId) : -errno;
  }

  /** The relation is an array of rows: a u32 count, then the rows; what follows is ignored. */
  deleteAllByEq(tableId: number, bytes: Uint8Array, start: number, end: number): number {
    if (this.reads !== undefined) return -ERRNO.transactionIsReadOnly;
    const table = this.#findWritable(tableId);
    if (table === undefined) return -ERRNO.noSuchTable;
    const rowType = table.definition.row;
    try {
      const reader = new ByteReader(bytes, start, end);
      const count = reader.u32();
      // Nothing is deleted unless all of it decodes.
      let at = reader.offset;
      for (let i = 0; i < count; i++) {
        const next = rowType.validate(bytes, at, end);
        if (next === at) break; // rows without bytes are all the same one
        at = next;
      }
      let deleted = 0;
      at = reader.offset;
      for (let i = 0; i < count; i++) {
        const next = rowType.skip(bytes, at);
        if (this.#open().deleteByValue(table, bytes, at, next)) deleted++;
        if (next === at) break;
        at = next;
      }
      return deleted;
    } catch (error) {
      return -errnoOf(error);
    }
  }

  clear(tableId: number): number {
    if (this.reads !== undefined) return -ERRNO.transactionIsReadOnly;
    const table = this.#findWritable(tableId);
    return table === undefined ? -ERRNO.noSuchTable : this.#open().clear(table);
  }

  jwtPayload(connectionId: Uint8Array): string | undefined {
    const credentials = this.#store.table(SYSTEM_TABLE_IDS.connectionCredentials);
    const byConnectionId = credentials.indexes[0]!; // the system table has this one index
    const row = byConnectionId.findUnique(connectionId, 0, connectionId.length);
    if (row === NO_ROW) return undefined;
    const payloadStart = credentials.definition.row.columns[1]!.start(credentials.bytes(row), credentials.start(row));
    return new ByteReader(credentials.bytes(row), payloadStart, credentials.end(row)).string();
  }

  scheduleImmediate(functionName: string, args: Uint8Array): void {
    if (this.reads !== undefined) throw new EngineError('ENGINE_VIEW_FAILED', 'a view cannot schedule calls');
    this.#immediateCalls.ask(functionName, args);
  }

  /** 0 for a row that was written, or a negative errno. A row that is due too late stays in the transaction. */
  #resultOf(table: Table, row: number): number {
    if (row < 0) return errnoOfRefusal(row);
    const { schedules } = this.#catalog;
    if (schedules.size === 0) return 0;
    const description = schedules.get(table.definition.id);
    if (description === undefined) return 0;
    const { at } = readScheduledRow(table, description, row);
    return isBeyondHorizon(at, this.#clock.nowMicros()) ? -ERRNO.scheduleAtDelayTooLong : 0;
  }

  #open(): Transaction {
    if (this.transaction === undefined) throw new Error('the host called for data outside a transaction');
    return this.transaction;
  }

  /** A table that the module may change: the system's own are the engine's to keep consistent. */
  #findWritable(tableId: number): Table | undefined {
    return tableId < FIRST_USER_OBJECT_ID ? undefined : this.#findTable(tableId);
  }

  /** A table that the running function knows. */
  #findTable(tableId: number): Table | undefined {
    const table = this.#store.tables.get(tableId);
    return table === undefined || this.#isHidden(table) ? undefined : table;
  }

  #findIndex(indexId: number): IndexEntry | undefined {
    const entry = this.#catalog.findIndex(indexId);
    return entry === undefined || this.#isHidden(entry.table) ? undefined : entry;
  }

  #isHidden({ definition }: Table): boolean {
    return definition.isEphemeral || (definition.isEvent && this.reads !== undefined);
  }

  /** The key has been read, so it decodes. */
  #recordPoint(reads: ReadSet, indexId: number, bytes: Uint8Array, start: number, end: number): void {
    const { table, index } = this.#catalog.findIndex(indexId)!; // it has been read
    // What follows the key is ignored by the scan, too.
    reads.addPoint(table.definition.id, index.key, bytes, start, index.key.validate(bytes, start, end));
  }

  /** A range of one whole key, written as guests without point scans do, is a point; others may grow anywhere. */
  #recordRange(reads: ReadSet, indexId: number, bytes: Uint8Array, range: IndexRange): void {
    const { table, index } = this.#catalog.findIndex(indexId)!; // it has been read
    const { prefixStart, prefixEnd, prefixColumns, lowerKind, upperKind, lowerStart, upperStart } = range;
    if (prefixColumns === index.key.columns.length - 1 && lowerKind === BOUND.included && upperKind === lowerKind) {
      const { validate } = index.key.columns[prefixColumns]!.type;
      const lowerEnd = validate(bytes, lowerStart, range.lowerEnd);
      const upperEnd = validate(bytes, upperStart, range.upperEnd);
      const length = lowerEnd - lowerStart;
      if (length === upperEnd - upperStart && equalBytes(bytes, lowerStart, bytes, upperStart, length)) {
        const key = this.#key;
        key.reset();
        if (prefixColumns > 0) key.slice(bytes, prefixStart, prefixEnd);
        key.slice(bytes, lowerStart, lowerEnd);
        reads.addPoint(table.definition.id, index.key, key.bytes, 0, key.length);
        return;
      }
    }
    reads.addTable(table.definition.id);
  }

  /** Collects the rows with a key into `#rows`; returns an errno. */
  #collectPoint(indexId: number, bytes: Uint8Array, start: number, end: number): number {
    const entry = this.#findIndex(indexId);
    if (entry === undefined) return ERRNO.noSuchIndex;
    this.#rows.clear();
    try {
      entry.index.seekPoint(bytes, start, end, this.#rows);
      return 0;
    } catch (error) {
      return errnoOf(error);
    }
  }

  #collectRange(indexId: number, bytes: Uint8Array, range: IndexRange): number {
    const entry = this.#findIndex(indexId);
    if (entry === undefined) return ERRNO.noSuchIndex;
    this.#rows.clear();
    try {
      this.#lower.kind = boundKind(range.lowerKind);
      this.#lower.start = range.lowerStart;
      this.#lower.end = range.lowerEnd;
      this.#upper.kind = boundKind(range.upperKind);
      this.#upper.start = range.upperStart;
      this.#upper.end = range.upperEnd;
      const { prefixStart, prefixEnd, prefixColumns } = range;
      entry.index.scanRange(bytes, prefixStart, prefixEnd, prefixColumns, this.#lower, this.#upper, this.#rows);
      return 0;
    } catch (error) {
      return errnoOf(error);
    }
  }

  #appendCollected(indexId: number, out: RowBuffer): void {
    const table = this.#tableOf(indexId);
    for (let i = 0; i < this.#rows.length; i++) {
      const row = this.#rows.at(i);
      out.append(table.bytes(row), table.start(row), table.end(row));
    }
  }

  #deleteCollected(indexId: number): number {
    const table = this.#tableOf(indexId);
    const transaction = this.#open();
    for (let i = 0; i < this.#rows.length; i++) transaction.delete(table, this.#rows.at(i));
    return this.#rows.length;
  }

  #tableOf(indexId: number): Table {
    const entry = this.#catalog.findIndex(indexId);
    if (entry === undefined) throw new Error(`index ${indexId} vanished during a call`);
    return entry.table;
  }
}

function boundKind(kind: BoundKind): Bound['kind'] {
  return kind === BOUND.included ? 'included' : kind === BOUND.excluded ? 'excluded' : 'unbounded';
}

/** The negative errno of what forbade a row. */
function errnoOfRefusal(refusal: number): number {
  switch (refusal) {
    case UNIQUE_VIOLATION:
      return -ERRNO.uniqueAlreadyExists;
    case SEQUENCE_EXHAUSTED:
      return -ERRNO.autoIncrementOverflow;
    case NO_SUCH_ROW:
      return -ERRNO.noSuchRow;
    case INDEX_NOT_UNIQUE:
      return -ERRNO.indexNotUnique;
    default:
      throw new Error(`the store refused a row with ${refusal}`);
  }
}

/** Bytes that do not decode and scans that an index cannot do are the module's mistakes; the rest is ours. */
function errnoOf(error: unknown): number {
  if (error instanceof SatsError) return ERRNO.bsatnDecodeError;
  if (error instanceof StoreError && error.code === 'STORE_NO_RANGE_SCAN') return ERRNO.wrongIndexAlgorithm;
  if (error instanceof StoreError && error.code === 'STORE_INVALID_RANGE') return ERRNO.bsatnDecodeError;
  throw error;
}
