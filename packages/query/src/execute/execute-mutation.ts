import { ByteWriter, type RowType } from '@lightcone/sats';
import type { MutationPlan } from '../plan/plan-statement.ts';
import { type TablePlan, visitStoredRows } from '../plan/table-plan.ts';
import type { RowSource, RowVisitor } from '../row-source.ts';

/** Where rows are changed, in a transaction that the implementer rolls back when the statement throws. */
export interface RowWriter {
  /** Adds a row; false when an identical one is there. Throws what the caller should hear about a broken constraint. */
  insert(tableId: number, bytes: Uint8Array, start: number, end: number): boolean;
  /** Removes the row that is identical to the bytes. */
  delete(tableId: number, bytes: Uint8Array, start: number, end: number): void;
}

export interface MutationStatistics {
  readonly rowsInserted: number;
  readonly rowsDeleted: number;
  /** Rows that UPDATE matched, also those that it left as they were. */
  readonly rowsUpdated: number;
}

/**
 * Runs INSERT, UPDATE, DELETE or SET. All rows are selected before the first is changed.
 * @param sender the caller's identity, its 32 BSATN bytes
 */
export function executeMutation(
  plan: MutationPlan,
  source: RowSource,
  sender: Uint8Array,
  writer: RowWriter,
): MutationStatistics {
  switch (plan.kind) {
    case 'insert': {
      const rowsInserted = plan.newRows.filter((row) => writer.insert(plan.table.id, row, 0, row.length)).length;
      return { rowsInserted, rowsDeleted: 0, rowsUpdated: 0 };
    }
    case 'delete': {
      const rows = selectRows(plan.rows, source, sender);
      rows.forEach((row) => writer.delete(plan.rows.table.id, row, 0, row.length));
      return { rowsInserted: 0, rowsDeleted: rows.length, rowsUpdated: 0 };
    }
    case 'update': {
      const { table } = plan.rows;
      const rows = selectRows(plan.rows, source, sender);
      rows.forEach((row) => writer.delete(table.id, row, 0, row.length));
      const rewritten = new ByteWriter();
      for (const row of rows) {
        rewritten.reset();
        rewriteRow(rewritten, table.row, row, plan.assignments);
        writer.insert(table.id, rewritten.bytes, 0, rewritten.length);
      }
      return { rowsInserted: 0, rowsDeleted: 0, rowsUpdated: rows.length };
    }
    case 'replace': {
      const tableId = plan.rows.table.id;
      const replaced = selectRows(plan.rows, source, sender).filter((row) => !isSame(row, plan.newRow));
      replaced.forEach((row) => writer.delete(tableId, row, 0, row.length));
      const isNew = writer.insert(tableId, plan.newRow, 0, plan.newRow.length);
      return { rowsInserted: isNew ? 1 : 0, rowsDeleted: 0, rowsUpdated: 0 };
    }
  }
}

/** Copies the rows that a plan selects. */
function selectRows(plan: TablePlan, source: RowSource, sender: Uint8Array): Uint8Array[] {
  const collector = new RowCollector();
  visitStoredRows(plan, source, sender, collector);
  return collector.rows;
}

class RowCollector implements RowVisitor {
  readonly rows: Uint8Array[] = [];
  row(bytes: Uint8Array, start: number, end: number): boolean {
    this.rows.push(bytes.slice(start, end));
    return true;
  }
}

function rewriteRow(
  writer: ByteWriter,
  type: RowType,
  row: Uint8Array,
  assignments: readonly (Uint8Array | undefined)[],
): void {
  let at = 0;
  type.columns.forEach((column, i) => {
    const end = column.type.skip(row, at);
    const assigned = assignments[i];
    if (assigned) writer.raw(assigned);
    else writer.slice(row, at, end);
    at = end;
  });
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
