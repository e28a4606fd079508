import type { IndexAlgorithm } from '../module-def.ts';

type ColumnNames = readonly string[];

/** `person_id_idx_btree`. Columns in the order of the definition; one that does not exist is `col_9`. */
export function indexName(table: string, columnNames: ColumnNames, algorithm: IndexAlgorithm): string {
  return `${table}_${joined(columnNames, algorithm.columns)}_idx_${algorithm.kind}`;
}

/** `person_id_key`. */
export function constraintName(table: string, columnNames: ColumnNames, columns: readonly number[]): string {
  return `${table}_${joined(columnNames, columns)}_key`;
}

/** `person_id_seq`. */
export function sequenceName(table: string, columnNames: ColumnNames, column: number): string {
  return `${table}_${joined(columnNames, [column])}_seq`;
}

/** `person_sched`. */
export function scheduleName(table: string): string {
  return `${table}_sched`;
}

function joined(columnNames: ColumnNames, columns: readonly number[]): string {
  return columns.map((column) => columnNames[column] ?? `col_${column}`).join('_');
}
