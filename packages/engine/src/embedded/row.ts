import { type RowList, rowCount, rowStart } from '@lightcone/protocol';
import { type AlgebraicValue, ByteReader, type RowType } from '@lightcone/sats';

/** A decoded row, by column name. */
export type Row = Readonly<Record<string, AlgebraicValue>>;

/** Decodes the rows of a list. */
export function decodeRows(list: RowList, rowType: RowType): Row[] {
  return Array.from({ length: rowCount(list) }, (_, i) => {
    const reader = new ByteReader(list.data, rowStart(list, i), rowStart(list, i + 1));
    return rowType.decode(reader) as Row; // a row type is a product, whose values are objects
  });
}
