import { type AlgebraicValue, ByteReader, ByteWriter, type RowType, compileRow, types } from '@lightcone/sats';
import type { Store, Transaction } from '@lightcone/store';
import { SYSTEM_TABLES } from './system-tables.ts';

/** The row types of the system tables, by table id. */
const systemRowTypes: ReadonlyMap<number, RowType> = new Map(
  SYSTEM_TABLES.map(({ id, columns }) => [id, compileRow(types.product(columns), [])]),
);

/** The row type of a system table. */
export function systemRowType(tableId: number): RowType {
  const row = systemRowTypes.get(tableId);
  if (row === undefined) throw new Error(`${tableId} is no system table`);
  return row;
}

/** Decodes all rows of a system table. */
export function readRows(store: Store, tableId: number): Record<string, AlgebraicValue>[] {
  const table = store.table(tableId);
  const rowType = systemRowType(tableId);
  const rows: Record<string, AlgebraicValue>[] = [];
  for (let row = table.first(); row >= 0; row = table.next(row)) {
    // A row type is a product, whose values are objects by column name.
    rows.push(
      rowType.decode(new ByteReader(table.bytes(row), table.start(row), table.end(row))) as Record<
        string,
        AlgebraicValue
      >,
    );
  }
  return rows;
}

/** Inserts a row given as a value into a system table. */
export function insertRow(
  store: Store,
  transaction: Transaction,
  tableId: number,
  row: AlgebraicValue,
  generated?: ByteWriter,
): void {
  const writer = new ByteWriter();
  systemRowType(tableId).encode(writer, row);
  const table = store.table(tableId);
  if (transaction.insert(table, writer.bytes, 0, writer.length, generated) < 0) {
    throw new Error(
      `a row of ${table.definition.name} collides with another: ${JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
    );
  }
}

/** Inserts a row whose first column, a u32 id, is 0, and returns the id that its sequence gave. */
export function insertWithId(store: Store, transaction: Transaction, tableId: number, row: AlgebraicValue): number {
  const generated = new ByteWriter();
  insertRow(store, transaction, tableId, row, generated);
  return new ByteReader(generated.written()).u32();
}

/** Deletes the rows of a system table that are meant; returns them. */
export function deleteRows(
  store: Store,
  transaction: Transaction,
  tableId: number,
  isMeant: (row: Record<string, AlgebraicValue>) => boolean,
): readonly Record<string, AlgebraicValue>[] {
  const writer = new ByteWriter();
  const rows = readRows(store, tableId).filter(isMeant);
  for (const row of rows) {
    writer.reset();
    systemRowType(tableId).encode(writer, row);
    transaction.deleteByValue(store.table(tableId), writer.bytes, 0, writer.length);
  }
  return rows;
}
