import { chooseIndex, fixedColumns } from './index-key.ts';
import { collectTables } from './conjuncts.ts';
import type { JoinBranch } from './join-plan.ts';
import type { JoinShape, JoinStep } from './join-path.ts';
import type { RowsPlan } from './plan-rows.ts';

/** What is known of the tables without reading them for each query. */
export interface TableStatistics {
  rowCount(tableId: number): number;
  /** How many different keys an index has; about, where counting is dear. */
  distinctKeys(indexId: number): number;
}

/** Rows that a part of a plan yields, and those that it reads to yield them. */
interface Estimate {
  readonly rows: number;
  readonly scanned: number;
}

/**
 * How many rows a plan reads, about: the sum over its branches, in the way in which SpacetimeDB estimates, so that a
 * limit means the same. Filters count what they test, joins what they put together.
 * @param limit how many rows are wanted at most
 */
export function estimateScannedRows(plan: RowsPlan, limit: number, statistics: TableStatistics): number {
  const estimates =
    plan.kind === 'table'
      ? plan.shapes.map((shape) => estimateTable(shape, limit, statistics))
      : plan.branches.map((branch) => estimateJoin(branch, statistics));
  return Math.ceil(estimates.reduce((total, { scanned }) => total + scanned, 0));
}

function estimateTable(shape: JoinShape, limit: number, statistics: TableStatistics): Estimate {
  const table = shape.tables[0]!; // a shape has tables
  const index = chooseIndex(
    table,
    fixedColumns(shape.conditions, 0, () => false),
  );
  const all = index ? rowsPerKey(table.id, index.indexId, statistics) : statistics.rowCount(table.id);
  const isFiltered = shape.conditions.length > (index?.parts.length ?? 0);
  // A limit is known to a scan with nothing above it.
  const rows = isFiltered ? all : Math.min(all, limit);
  return isFiltered ? filtered({ rows, scanned: rows }) : { rows, scanned: rows };
}

function estimateJoin({ full, shape }: JoinBranch, statistics: TableStatistics): Estimate {
  return full.reduce<Estimate | undefined>((left, step) => {
    const right = estimateStep(step, shape, statistics);
    if (left === undefined) return right;
    const rows = left.rows * right.rows;
    // A look-up by rows of earlier steps reads what it finds; everything else is read by itself first.
    const isLookUp = step.access.kind === 'seek' && step.access.isJoined;
    return { rows, scanned: left.scanned + (isLookUp ? 0 : right.scanned) + rows };
  }, undefined)!; // a path has steps
}

function estimateStep({ access, table, position }: JoinStep, shape: JoinShape, statistics: TableStatistics): Estimate {
  const rows =
    access.kind === 'seek' ? rowsPerKey(table.id, access.indexId, statistics) : statistics.rowCount(table.id);
  const own = shape.conditions.filter((condition) => {
    const tables = new Set<number>();
    collectTables(condition, tables);
    return tables.size === 1 && tables.has(position);
  });
  const isFiltered = own.length > (access.kind === 'seek' ? access.constants : 0);
  return isFiltered ? filtered({ rows, scanned: rows }) : { rows, scanned: rows };
}

function filtered({ rows, scanned }: Estimate): Estimate {
  return { rows, scanned: scanned + rows };
}

function rowsPerKey(tableId: number, indexId: number, statistics: TableStatistics): number {
  const keys = statistics.distinctKeys(indexId);
  return keys === 0 ? 0 : statistics.rowCount(tableId) / keys;
}
