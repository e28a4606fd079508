import { ByteWriter, type RowType } from '@lightcone/sats';
import type { SelectPlan } from '../plan/plan-select.ts';
import { type TablePlan, visitRows, visitStoredRows } from '../plan/table-plan.ts';
import type { RowSource, RowVisitor } from '../row-source.ts';

/**
 * Runs a SELECT. The visitor gets rows of type `plan.result`, as BSATN.
 * @param sender the caller's identity, its 32 BSATN bytes
 */
export function executeSelect(plan: SelectPlan, source: RowSource, sender: Uint8Array, visitor: RowVisitor): void {
  if (plan.limit === 0) return;
  if (plan.output.kind === 'count') {
    const writer = new ByteWriter(8);
    writer.u64Number(countRows(plan.rows, source, sender));
    visitor.row(writer.bytes, 0, 8);
    return;
  }
  const limited = plan.limit === Infinity ? visitor : new Limit(plan.limit, visitor);
  const { row } = plan.rows.table;
  if (plan.output.kind === 'rows') visitRows(plan.rows, source, sender, limited);
  else visitStoredRows(plan.rows, source, sender, new ColumnProjection(row, plan.output.columns, limited));
}

function countRows(rows: TablePlan, source: RowSource, sender: Uint8Array): number {
  if (!rows.matches) return source.rowCount(rows.table.id);
  let count = 0;
  visitRows(rows, source, sender, {
    row(): boolean {
      count += 1;
      return true;
    },
  });
  return count;
}

class Limit implements RowVisitor {
  #left: number;
  readonly #next: RowVisitor;
  constructor(limit: number, next: RowVisitor) {
    this.#left = limit;
    this.#next = next;
  }
  row(bytes: Uint8Array, start: number, end: number): boolean {
    this.#left -= 1;
    return this.#next.row(bytes, start, end) && this.#left > 0;
  }
}

class ColumnProjection implements RowVisitor {
  readonly #row: RowType;
  readonly #columns: readonly number[];
  readonly #next: RowVisitor;
  readonly #writer = new ByteWriter();
  constructor(row: RowType, columns: readonly number[], next: RowVisitor) {
    this.#row = row;
    this.#columns = columns;
    this.#next = next;
  }
  row(bytes: Uint8Array, start: number): boolean {
    this.#writer.reset();
    for (const column of this.#columns) {
      const access = this.#row.columns[column]!; // the plan's columns are the table's
      const columnStart = access.start(bytes, start);
      this.#writer.slice(bytes, columnStart, access.type.skip(bytes, columnStart));
    }
    return this.#next.row(this.#writer.bytes, 0, this.#writer.length);
  }
}
