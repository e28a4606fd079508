import { ByteWriter, type Typespace, resolveType } from '@lightcone/sats';
import type { IndexDef, SequenceDef, TableDef, UniqueConstraintDef } from '@lightcone/schema';
import {
  NO_ROW,
  type Sequence,
  type Store,
  type Table,
  type TableDefinition,
  type Transaction,
} from '@lightcone/store';
import { describeTable } from './describe-tables.ts';
import {
  DEFAULT_SEQUENCE_MAX,
  tableRow,
  columnRow,
  indexRow,
  constraintRow,
  scheduleRow,
  sequenceRow,
} from './schema-rows.ts';
import { insertRow, insertWithId, deleteRows } from './system-rows.ts';
import { SYSTEM_TABLE_IDS as ID } from './system-tables.ts';

/**
 * Makes a table of a module: describes it in the system tables and creates it in the store, both
 * inside `transaction`.
 */
export function createTable(store: Store, transaction: Transaction, table: TableDef, typespace: Typespace): void {
  const row = tableRow(0, table.name, table.tableType, table.access === 'public', table.primaryKey);
  const id = insertWithId(store, transaction, ID.table, row);
  describeColumns(store, transaction, id, table, typespace);
  for (const index of table.indexes) describeIndex(store, transaction, id, index);
  for (const constraint of table.uniqueConstraints) describeConstraint(store, transaction, id, constraint);
  for (const sequence of table.sequences) describeSequence(store, transaction, id, sequence);
  if (table.schedule !== undefined) insertRow(store, transaction, ID.scheduled, scheduleRow(id, table.schedule));
  if (table.isEvent) insertRow(store, transaction, ID.eventTable, { table_id: id });
  insertRow(store, transaction, ID.tableAccessor, { table_name: table.name, accessor_name: table.accessorName });
  createDescribedTable(store, transaction, id);
}

/** Makes a table in the store as the system tables describe it by now. */
export function createDescribedTable(store: Store, transaction: Transaction, tableId: number): Table {
  return transaction.createTable(describeTable(store, tableId).definition);
}

/** The system tables whose rows belong to a table by their column `table_id`. */
export const TABLE_PARTS: readonly number[] = [
  ID.table,
  ID.column,
  ID.index,
  ID.constraint,
  ID.sequence,
  ID.eventTable,
  ID.scheduled,
  ID.rowLevelSecurity,
];

/** Removes a table and everything that the system tables say of it. */
export function dropTable(store: Store, transaction: Transaction, table: Table): void {
  const { id } = table.definition;
  for (const tableId of TABLE_PARTS) deleteRows(store, transaction, tableId, (row) => row['table_id'] === id);
  forgetAccessorNames(store, transaction, table.definition);
  transaction.dropTable(table);
}

/** Removes the names that the module's source has for a table, its columns and its indexes. */
export function forgetAccessorNames(store: Store, transaction: Transaction, { name, indexes }: TableDefinition): void {
  for (const tableId of [ID.tableAccessor, ID.columnAccessor]) {
    deleteRows(store, transaction, tableId, (row) => row['table_name'] === name);
  }
  const indexNames = new Set<unknown>(indexes.map((index) => index.name));
  deleteRows(store, transaction, ID.indexAccessor, (row) => indexNames.has(row['index_name']));
}

/** Writes the names that the module's source has for a table, its columns and its indexes. */
export function describeAccessorNames(store: Store, transaction: Transaction, table: TableDef): void {
  insertRow(store, transaction, ID.tableAccessor, { table_name: table.name, accessor_name: table.accessorName });
  for (const { name, accessorName } of table.columns) {
    const row = { table_name: table.name, col_name: name, accessor_name: accessorName };
    insertRow(store, transaction, ID.columnAccessor, row);
  }
  for (const { name, sourceName } of table.indexes) {
    insertRow(store, transaction, ID.indexAccessor, { index_name: name, accessor_name: sourceName });
  }
}

/** Writes the rows of a table's columns, names in the source included. */
export function describeColumns(
  store: Store,
  transaction: Transaction,
  tableId: number,
  table: TableDef,
  typespace: Typespace,
): void {
  for (const [position, { name, accessorName, type }] of table.columns.entries()) {
    insertRow(store, transaction, ID.column, columnRow(tableId, position, name, resolveType(type, typespace)));
    const accessor = { table_name: table.name, col_name: name, accessor_name: accessorName };
    insertRow(store, transaction, ID.columnAccessor, accessor);
  }
}

export function describeConstraint(
  store: Store,
  transaction: Transaction,
  tableId: number,
  { name, columns }: UniqueConstraintDef,
): void {
  insertRow(store, transaction, ID.constraint, constraintRow(0, name, tableId, columns));
}

/** Writes the row of a sequence that has handed out nothing yet. */
export function describeSequence(
  store: Store,
  transaction: Transaction,
  tableId: number,
  { name, column, ...sequence }: SequenceDef,
): void {
  const { start, min, max } = sequenceValues(sequence);
  const numbers = { start, min, max, increment: sequence.increment, allocated: start };
  insertRow(store, transaction, ID.sequence, sequenceRow(0, name, tableId, column, numbers));
}

/** The numbers of a sequence, with what stands for those that are not given. */
export function sequenceValues(sequence: Pick<SequenceDef, 'start' | 'minValue' | 'maxValue'>): {
  readonly start: bigint;
  readonly min: bigint;
  readonly max: bigint;
} {
  const { start = 1n, minValue = 1n, maxValue = DEFAULT_SEQUENCE_MAX } = sequence;
  return { start, min: minValue, max: maxValue };
}

/** Writes the row of an index, its name in the source included. */
export function describeIndex(store: Store, transaction: Transaction, tableId: number, index: IndexDef): void {
  insertRow(store, transaction, ID.index, indexRow(0, tableId, index.name, index.algorithm));
  insertRow(store, transaction, ID.indexAccessor, { index_name: index.name, accessor_name: index.sourceName });
}

/**
 * Saves how far a sequence has handed out values: rewrites its row in `st_sequence`, whose last
 * column is that boundary.
 */
export function saveSequence(store: Store, transaction: Transaction, sequence: Sequence): void {
  const table = store.table(ID.sequence);
  const writer = new ByteWriter();
  writer.u32(sequence.definition.id);
  const byId = table.indexes[0]!; // the system table's one index
  const old = byId.findUnique(writer.bytes, 0, writer.length);
  if (old === NO_ROW) throw new Error(`sequence ${sequence.definition.id} has no row in st_sequence`);
  writer.reset();
  writer.slice(table.bytes(old), table.start(old), table.end(old) - ALLOCATED_BYTES);
  writer.wide(sequence.allocated, ALLOCATED_BYTES);
  transaction.update(table, byId, writer.bytes, 0, writer.length);
}

/** `st_sequence.allocated` is an i128. */
const ALLOCATED_BYTES = 16;
