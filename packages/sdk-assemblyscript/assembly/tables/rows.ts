import { RowScan } from './row-scan';

/** The rows of a scan; the compiler transform generates a class for each table that decodes them. */
export abstract class Rows<Row> extends RowScan {
  protected row: Row | null = null;

  /** Goes to the next row. False at the end. */
  abstract next(): bool;

  /** The row that `next` went to. */
  get value(): Row {
    return this.row!;
  }

  /** The next row, or null. Ends the scan. */
  first(): Row | null {
    const row = this.next() ? this.row : null;
    this.close();
    return row;
  }

  toArray(): Array<Row> {
    const rows = new Array<Row>();
    while (this.next()) rows.push(this.value);
    return rows;
  }

  /** How many rows are left. */
  count(): i32 {
    let count = 0;
    while (this.next()) count++;
    return count;
  }

  /** What `for (const row of rows)` takes in each round, after `next`. */
  @operator('[]')
  private current(_round: i32): Row {
    return this.row!;
  }
}
