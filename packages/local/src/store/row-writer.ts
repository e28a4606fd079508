import type { FieldValue } from '../change.ts';
import { LocalError } from '../errors.ts';
import type { TableColumn } from '../schema/table.ts';
import { isSameValue } from './stored-table.ts';
import type { StoredTable } from './stored-table.ts';

/** What a `RowWriter` needs of the transaction that it writes in. */
export interface WriteScope {
  /** An id for a change or an entity, greater than all before. */
  newId(): string;
  /** Logs a row that the caller has just made, with the values of all its columns; its id is that of its change. */
  created(stored: StoredTable, id: string, values: readonly FieldValue[]): void;
  /** Called before rows change that may have been `created` in this transaction. */
  settle(): void;
  /** Logs a change that the caller has applied to its row. `names` and `values` go together, `id` is excluded. */
  logged(
    stored: StoredTable,
    id: string,
    changeId: string,
    names: readonly string[],
    values: readonly FieldValue[],
  ): void;
  touched(stored: StoredTable, id: string, deed: 'insert' | 'update' | 'delete'): void;
  /** Whether the log knows the entity: it has been deleted, or waits in the parking. */
  isKnown(stored: StoredTable, id: string): boolean;
  /** Lets SQLite look at references when the transaction is committed. */
  deferForeignKeys(): void;
  /** Undoes what `work` did to rows and log if it fails. */
  atomically(work: () => void): void;
  /** Logs fields of an entity that is no row, and makes its row what the log says. */
  rebuild(stored: StoredTable, id: string, names: readonly string[], values: readonly FieldValue[]): void;
}

/**
 * The application's writes: save, update and delete of rows of declared tables, each one statement and one change of the
 * columns that differ. The newest id wins over all that is in the log, so the row is what the merge would make of it.
 */
export class RowWriter {
  readonly #scope: WriteScope;

  constructor(scope: WriteScope) {
    this.#scope = scope;
  }

  /** Inserts the row, or updates those of the given columns that differ. @returns the row as it is stored */
  save(stored: StoredTable, given: Record<string, unknown>): Record<string, unknown> {
    const { table, name } = stored;
    const what = `save to "${name}"`;
    table.checkProperties(given, what);
    const id = givenId(given['id'], name);
    if (id !== undefined) {
      const row = stored.find(id);
      if (row !== undefined) return this.#updateRow(stored, id, row, given);
    }
    return this.#insertRow(stored, id, given, what);
  }

  /**
   * Sets those of the given columns that differ.
   * @throws LocalError `LOCAL_NOT_FOUND` if there is no such row
   */
  update(stored: StoredTable, id: string, patch: Record<string, unknown>): Record<string, unknown> {
    stored.table.checkProperties(patch, `update of "${stored.name}"`);
    const row = stored.find(id);
    if (row === undefined) throw new LocalError('LOCAL_NOT_FOUND', `"${stored.name}" has no row "${id}" to update`);
    return this.#updateRow(stored, id, row, patch);
  }

  /** @returns whether there was such a row */
  delete(stored: StoredTable, id: string): boolean {
    if (!stored.has(id)) return false;
    // A row that refers to it may be deleted before another refuses.
    if (stored.referencedBy.length === 0) this.#deleteRow(stored, id, new Map());
    else this.#scope.atomically(() => this.#deleteRow(stored, id, new Map()));
    return true;
  }

  /** @param underWay the rows whose deletion led here */
  #deleteRow(stored: StoredTable, id: string, underWay: Map<StoredTable, Set<string>>): void {
    if (!stored.has(id)) return;
    let ids = underWay.get(stored);
    if (ids === undefined) underWay.set(stored, (ids = new Set()));
    ids.add(id);
    for (const key of stored.referencedBy) {
      if (key.onDelete === 'refuse') continue; // SQLite does
      for (const childId of key.child.idsReferringTo(key, id)) {
        if (key.child === stored && childId === id) continue;
        if (key.onDelete === 'set-null')
          this.#updateRow(key.child, childId, key.child.find(childId)!, { [propertyOf(key.child, key.column)]: null });
        // References go in a circle: none of its rows can be the first to go.
        else if (underWay.get(key.child)?.has(childId)) this.#scope.deferForeignKeys();
        else this.#deleteRow(key.child, childId, underWay);
      }
    }
    this.#scope.settle();
    stored.delete(id);
    this.#scope.touched(stored, id, 'delete');
    if (!stored.table.isLocal) this.#scope.logged(stored, id, this.#scope.newId(), [stored.table.tombstone], [1n]);
  }

  #insertRow(
    stored: StoredTable,
    givenId: string | undefined,
    given: Record<string, unknown>,
    what: string,
  ): Record<string, unknown> {
    const { table } = stored;
    // An entity that is made here has the id of its first change: the log's index then can do without that.
    const changeId = this.#scope.newId();
    const id = givenId ?? changeId;
    const values: FieldValue[] = [];
    for (const column of table.columns) {
      const value = given[column.property];
      if (value === undefined && column.isRequired)
        throw new LocalError('LOCAL_INVALID_VALUE', `${what}: a new row needs "${column.property}"`);
      values.push(value === undefined ? column.defaultValue : table.encode(column, value, what));
    }
    if (givenId !== undefined && !table.isLocal && this.#scope.isKnown(stored, id)) {
      this.#scope.rebuild(stored, id, [...table.columnNames, table.tombstone], [...values, 0n]);
      return stored.read(id)!; // or `rebuild` would have thrown
    }
    stored.insert([id, ...values]);
    this.#scope.touched(stored, id, 'insert');
    if (table.isLocal) return table.rowOf(id, values);
    if (id === changeId) this.#scope.created(stored, id, values);
    else this.#scope.logged(stored, id, changeId, table.columnNames, values);
    return table.rowOf(id, values);
  }

  #updateRow(
    stored: StoredTable,
    id: string,
    row: Record<string, FieldValue>,
    given: Record<string, unknown>,
  ): Record<string, unknown> {
    const what = `row "${id}" of "${stored.name}"`;
    const columns: TableColumn[] = [];
    const values: FieldValue[] = [];
    const after: FieldValue[] = [];
    for (const column of stored.table.columns) {
      const value = given[column.property];
      after.push(row[column.name]!);
      if (value === undefined) continue;
      const encoded = stored.table.encode(column, value, what);
      if (isSameValue(row[column.name]!, encoded)) continue;
      columns.push(column);
      values.push(encoded);
      after[after.length - 1] = encoded;
    }
    if (columns.length === 0) return stored.table.rowOf(id, after);
    this.#scope.settle();
    stored.update(id, columns, values);
    this.#scope.touched(stored, id, 'update');
    if (!stored.table.isLocal)
      this.#scope.logged(
        stored,
        id,
        this.#scope.newId(),
        columns.map(({ name }) => name),
        values,
      );
    return stored.table.rowOf(id, after);
  }
}

function givenId(id: unknown, table: string): string | undefined {
  if (id === undefined || id === null || id === '') return undefined;
  if (typeof id === 'string') return id;
  throw new LocalError('LOCAL_INVALID_VALUE', `save to "${table}": "id" is a ${typeof id}; expected a string`);
}

function propertyOf(stored: StoredTable, column: string): string {
  return stored.table.columnsByName.get(column)?.property ?? column;
}
