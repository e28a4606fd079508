import type { Named, TableDef } from '@lightcone/schema';
import { qualifiedTable } from '@lightcone/schema';
import type { RowType } from '@lightcone/sats';
import type { Store, Table, Transaction } from '@lightcone/store';
import { describeTable } from '../describe-tables.ts';
import { TABLE_PARTS, describeColumns } from '../schema-objects.ts';
import { deleteRows, insertRow, insertWithId } from '../system-rows.ts';
import { SYSTEM_TABLE_IDS as ID } from '../system-tables.ts';

/** The columns that hold the ids of a table's parts, which get new ones with the table. */
const PART_IDS: ReadonlyMap<number, string> = new Map([
  [ID.index, 'index_id'],
  [ID.constraint, 'constraint_id'],
  [ID.sequence, 'sequence_id'],
]);

/**
 * Rebuilds a table under a new id, with the default values of added columns at the end of each row.
 * Whatever the system tables say of the table goes over with it; its sequences go on where they are.
 * @param named the table as it is to be, whose first columns are those of before
 */
export function addColumns(store: Store, transaction: Transaction, table: Table, named: Named<TableDef>): void {
  const oldId = table.definition.id;
  const next = qualifiedTable(named);
  const isOfTable = (row: { readonly table_id?: unknown }): boolean => row.table_id === oldId;
  const [tableRow] = deleteRows(store, transaction, ID.table, isOfTable);
  const newId = insertWithId(store, transaction, ID.table, { ...tableRow, table_id: 0 });

  deleteRows(store, transaction, ID.column, isOfTable);
  deleteRows(store, transaction, ID.columnAccessor, (row) => row['table_name'] === next.name);
  describeColumns(store, transaction, newId, next, named.module.typespace);
  for (const systemTable of TABLE_PARTS.filter((id) => id !== ID.table && id !== ID.column)) {
    const partId = PART_IDS.get(systemTable);
    for (const row of deleteRows(store, transaction, systemTable, isOfTable)) {
      const newIds = partId === undefined ? { table_id: newId } : { table_id: newId, [partId]: 0 };
      insertRow(store, transaction, systemTable, { ...row, ...newIds });
    }
  }

  const { definition } = describeTable(store, newId);
  const defaults = defaultValues(next, table.definition.row.columns.length, definition.row);
  transaction.rebuildTable(table, definition, (bytes, start, end, row) => {
    row.slice(bytes, start, end);
    for (const value of defaults) row.raw(value);
  });
}

function defaultValues({ name, columns }: TableDef, from: number, row: RowType): Uint8Array[] {
  return columns.slice(from).map(({ name: column, defaultValue }, i) => {
    if (defaultValue === undefined) throw new Error(`the plan adds column ${column} of ${name} without a default`);
    // What follows the value in the definition is no part of it.
    const end = row.columns[from + i]!.type.validate(defaultValue, 0, defaultValue.length);
    return defaultValue.subarray(0, end);
  });
}
