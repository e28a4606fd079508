import type { RowChanges, RowVisitor } from '@lightcone/query';
import type { PointerList, Table, TableDelta, TransactionDelta } from '@lightcone/store';

/** The delta of the transaction being evaluated, as queries read it. */
export class CommittedChanges implements RowChanges {
  #tables: readonly TableDelta[] = [];

  /** Takes a delta, until the next one or `close`. */
  open(delta: TransactionDelta): void {
    this.#tables = delta.tables;
  }

  close(): void {
    this.#tables = [];
  }

  /** What happened to a table, if anything did. */
  find(tableId: number): TableDelta | undefined {
    for (const delta of this.#tables) if (delta.table.definition.id === tableId) return delta;
    return undefined;
  }

  count(tableId: number): number {
    const delta = this.find(tableId);
    return delta === undefined ? 0 : delta.inserts.length + delta.deletes.length;
  }

  visitInserts(tableId: number, visitor: RowVisitor): void {
    const delta = this.find(tableId);
    if (delta !== undefined) visitAll(delta.table, delta.inserts, visitor);
  }

  visitDeletes(tableId: number, visitor: RowVisitor): void {
    const delta = this.find(tableId);
    if (delta !== undefined) visitAll(delta.table, delta.deletes, visitor);
  }
}

function visitAll(table: Table, rows: PointerList, visitor: RowVisitor): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows.at(i);
    if (!visitor.row(table.bytes(row), table.start(row), table.end(row))) return;
  }
}
