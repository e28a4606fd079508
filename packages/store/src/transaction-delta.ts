import type { TableChanges, TableDelta } from './table-changes.ts';

/** The net effect of a committed transaction. */
export interface TransactionDelta {
  /** The tables that changed, in the order of their ids. */
  readonly tables: readonly TableDelta[];
  /**
   * Says that the delta has been read: the space of deleted rows is used again from now on, and the
   * delta is empty. The next transaction's begin does it at the latest.
   */
  release(): void;
}

/** The delta of the last committed transaction; one object serves them all. */
export class CommittedDelta implements TransactionDelta {
  readonly tables: TableChanges[] = [];

  /** Takes the changes of one table in, keeping the order of ids. */
  add(changes: TableChanges): void {
    changes.table.rowsInserted += changes.inserts.length;
    changes.table.rowsDeleted += changes.deletes.length;
    const tables = this.tables;
    const id = changes.table.definition.id;
    let at = tables.length;
    tables.push(changes);
    for (; at > 0 && tables[at - 1]!.table.definition.id > id; at--) tables[at] = tables[at - 1]!;
    tables[at] = changes;
  }

  release(): void {
    const tables = this.tables;
    // Cheaper than setting the length, which gives memory back.
    while (tables.length > 0) tables.pop()!.release(); // there is one: the length says so
  }
}
