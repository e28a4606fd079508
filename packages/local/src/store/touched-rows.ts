/** What a transaction did to a row, in sum. */
export type RowDeed = 'insert' | 'update' | 'delete';

/** The rows that a transaction touched, by table and id. */
export class TouchedRows {
  readonly byTable: Map<string, Map<string, RowDeed>> = new Map();
  /** Tables of which it is not known which rows were touched, or `all` tables. */
  readonly wholeTables: Set<string> = new Set();

  note(table: string, id: string, deed: RowDeed): void {
    let rows = this.byTable.get(table);
    if (rows === undefined) this.byTable.set(table, (rows = new Map()));
    const before = rows.get(id);
    if (before === undefined) rows.set(id, deed);
    else if (before === 'insert') {
      if (deed === 'delete') rows.delete(id);
    } else rows.set(id, deed === 'insert' ? 'update' : deed);
  }

  get isEmpty(): boolean {
    if (this.wholeTables.size > 0) return false;
    for (const rows of this.byTable.values()) if (rows.size > 0) return false;
    return true;
  }

  get size(): number {
    let size = 0;
    for (const rows of this.byTable.values()) size += rows.size;
    return size;
  }
}
