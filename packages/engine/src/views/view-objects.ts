import { type AlgebraicType, ByteWriter, type Typespace, resolveType, types, writeType } from '@lightcone/sats';
import type { ViewDef } from '@lightcone/schema';
import type { Store, Transaction } from '@lightcone/store';
import { describeTable } from '../describe-tables.ts';
import { createDescribedTable, dropTable, forgetAccessorNames } from '../schema-objects.ts';
import { columnRow, indexRow, tableRow } from '../schema-rows.ts';
import { deleteRows, insertRow, insertWithId, readRows } from '../system-rows.ts';
import { SYSTEM_TABLE_IDS as ID } from '../system-tables.ts';

/** The first column of a view's rows in the store: whose rows they are (see `arg-hash.ts`). */
const ARG_HASH_COLUMN = 'arg_hash';

/**
 * Makes a view of a module: describes it in the system tables, with the table that its rows are
 * kept in, and creates that table in the store, all inside `transaction`.
 *
 * The table looks like one of the module's own, but has the column `arg_hash` before those of the
 * view, an index on it, and accessor names for neither. Its rows never reach the log.
 */
export function createView(store: Store, transaction: Transaction, view: ViewDef, typespace: Typespace): void {
  const { name, isPublic, isAnonymous } = view;
  const tableId = insertWithId(store, transaction, ID.table, tableRow(0, name, 'user', isPublic, undefined));
  const viewId = insertWithId(store, transaction, ID.view, {
    view_id: 0,
    view_name: name,
    table_id: { tag: 'some', value: tableId },
    is_public: isPublic,
    is_anonymous: isAnonymous,
  });
  for (const [position, param] of view.params.elements.entries()) {
    insertRow(store, transaction, ID.viewParam, {
      view_id: viewId,
      param_pos: position,
      param_name: param.name ?? `param_${position}`,
      param_type: encodedType(resolveType(param.type, typespace)),
    });
  }
  describeColumns(store, transaction, viewId, tableId, view, typespace);
  const indexName = `${name}_${ARG_HASH_COLUMN}_idx_btree`;
  insertRow(store, transaction, ID.index, indexRow(0, tableId, indexName, { kind: 'btree', columns: [0] }));
  createDescribedTable(store, transaction, tableId);
}

/**
 * Gives a view that stays the names and the types that it has in the next module. Its rows stay: the
 * types differ in enums that have become larger, if at all.
 */
export function redescribeView(store: Store, transaction: Transaction, view: ViewDef, typespace: Typespace): void {
  const { viewId, tableId } = findView(store, view.name);
  const table = store.table(tableId);
  deleteRows(store, transaction, ID.column, (row) => row['table_id'] === tableId);
  deleteRows(store, transaction, ID.viewColumn, (row) => row['view_id'] === viewId);
  forgetAccessorNames(store, transaction, table.definition);
  describeColumns(store, transaction, viewId, tableId, view, typespace);
  transaction.redefineTable(table, describeTable(store, tableId).definition);
}

function describeColumns(
  store: Store,
  transaction: Transaction,
  viewId: number,
  tableId: number,
  { name, accessorName, columns }: ViewDef,
  typespace: Typespace,
): void {
  insertRow(store, transaction, ID.tableAccessor, { table_name: name, accessor_name: accessorName });
  insertRow(store, transaction, ID.column, columnRow(tableId, 0, ARG_HASH_COLUMN, types.u256));
  for (const [position, column] of columns.entries()) {
    const type = resolveType(column.type, typespace);
    insertRow(store, transaction, ID.column, columnRow(tableId, position + 1, column.name, type));
    insertRow(store, transaction, ID.columnAccessor, {
      table_name: name,
      col_name: column.name,
      accessor_name: column.accessorName,
    });
    insertRow(store, transaction, ID.viewColumn, {
      view_id: viewId,
      col_pos: position,
      col_name: column.name,
      col_type: encodedType(type),
    });
  }
}

/** Removes a view, its rows and everything that the system tables say of it. */
export function dropView(store: Store, transaction: Transaction, viewName: string): void {
  const { viewId, tableId } = findView(store, viewName);
  dropTable(store, transaction, store.table(tableId));
  for (const id of [ID.view, ID.viewParam, ID.viewColumn]) {
    deleteRows(store, transaction, id, (candidate) => candidate['view_id'] === viewId);
  }
}

function findView(store: Store, viewName: string): { readonly viewId: number; readonly tableId: number } {
  const row = readRows(store, ID.view).find((candidate) => candidate['view_name'] === viewName);
  if (row === undefined) throw new Error(`st_view does not know view ${viewName}`);
  const { value: tableId } = row['table_id'] as { readonly value: number }; // every view has a table
  return { viewId: row['view_id'] as number, tableId };
}

function encodedType(type: AlgebraicType): Uint8Array {
  const writer = new ByteWriter();
  writeType(writer, type);
  return writer.finish();
}
