import { ByteWriter, type RowType } from '@lightcone/sats';
import type { ColumnOutput, SelectPlan } from '../plan/plan-select.ts';
import type { RowsPlan } from '../plan/plan-rows.ts';
import { visitStoredRows } from '../plan/table-plan.ts';
import type { RowSource, RowVisitor } from '../row-source.ts';
import { RowTuple } from '../row-tuple.ts';
import type { TupleVisitor } from './join-run.ts';
import { visitTuples } from './visit-join.ts';
import { visitRows } from './visit-rows.ts';

/**
 * Runs a SELECT. The visitor gets rows of type `plan.result`, as BSATN.
 * @param sender the caller's identity, its 32 BSATN bytes
 */
export function executeSelect(plan: SelectPlan, source: RowSource, sender: Uint8Array, visitor: RowVisitor): void {
  if (plan.limit === 0) return;
  const { rows, output } = plan;
  if (output.kind === 'count') {
    const writer = new ByteWriter(8);
    writer.u64Number(countRows(rows, source, sender));
    visitor.row(writer.bytes, 0, 8);
    return;
  }
  const limited = plan.limit === Infinity ? visitor : new Limit(plan.limit, visitor);
  if (output.kind === 'rows') {
    visitRows(rows, source, sender, limited);
  } else if (rows.kind === 'table') {
    visitStoredRows(rows, source, sender, new ColumnProjection([rows.table.row], output.columns, limited));
  } else {
    const rowTypes = rows.tables.map((table) => table.row);
    visitTuples(rows, source, sender, new ColumnProjection(rowTypes, output.columns, limited));
  }
}

function countRows(plan: RowsPlan, source: RowSource, sender: Uint8Array): number {
  if (plan.kind === 'table' && !plan.matches) return source.rowCount(plan.table.id);
  let count = 0;
  const one = (): boolean => {
    count += 1;
    return true;
  };
  if (plan.kind === 'table') visitRows(plan, source, sender, { row: one });
  else visitTuples(plan, source, sender, { tuple: one });
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

class ColumnProjection implements RowVisitor, TupleVisitor {
  readonly #rowTypes: readonly RowType[];
  readonly #columns: readonly ColumnOutput[];
  readonly #next: RowVisitor;
  readonly #writer = new ByteWriter();
  readonly #tuple = new RowTuple(1);
  constructor(rowTypes: readonly RowType[], columns: readonly ColumnOutput[], next: RowVisitor) {
    this.#rowTypes = rowTypes;
    this.#columns = columns;
    this.#next = next;
  }
  row(bytes: Uint8Array, start: number, end: number): boolean {
    this.#tuple.set(0, bytes, start, end);
    return this.tuple(this.#tuple);
  }
  tuple(tuple: RowTuple): boolean {
    this.#writer.reset();
    for (const { table, column } of this.#columns) {
      const access = this.#rowTypes[table]!.columns[column]!; // the plan's columns are its tables'
      const bytes = tuple.bytes[table]!;
      const start = access.start(bytes, tuple.starts[table]!);
      this.#writer.slice(bytes, start, access.type.skip(bytes, start));
    }
    return this.#next.row(this.#writer.bytes, 0, this.#writer.length);
  }
}
