import { ByteWriter, compileKey } from '@lightcone/sats';
import type { Table } from './table.ts';
import { keyText } from './unique-violation.ts';

/** Rows that agree in some columns. */
export interface DuplicateKey {
  /** What they agree on, as in the message of a unique violation. */
  readonly text: string;
  readonly rowCount: number;
}

/**
 * What keeps columns from being unique together: the keys that several visible rows share, in the
 * order of keys, at most `limit` of them. Takes time for sorting all rows, so it is for migrations.
 * @param columns at least one
 */
export function findDuplicateKeys(table: Table, columns: readonly number[], limit: number): DuplicateKey[] {
  const key = compileKey(table.definition.row, columns);
  const rows = new Int32Array(table.rowCount);
  let count = 0;
  for (let row = table.first(); row >= 0; row = table.next(row)) rows[count++] = row;
  const compare = (a: number, b: number): number =>
    key.compareRows(table.bytes(a), table.start(a), table.bytes(b), table.start(b));
  rows.sort(compare);

  const duplicates: DuplicateKey[] = [];
  const writer = new ByteWriter();
  for (let start = 0, end = 1; start < count && duplicates.length < limit; start = end++) {
    while (end < count && compare(rows[start]!, rows[end]!) === 0) end++;
    if (end - start === 1) continue;
    writer.reset();
    key.writeKey(writer, table.bytes(rows[start]!), table.start(rows[start]!));
    duplicates.push({ text: keyText(key.columns, writer.written()), rowCount: end - start });
  }
  return duplicates;
}
