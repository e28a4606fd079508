import type { AlgebraicValue } from '@lightcone/sats';
import type { Replay, TableDefinition } from '@lightcone/store';
import { DEFAULT_SEQUENCE_MAX, tableRow, columnRow, indexRow, constraintRow, sequenceRow } from './schema-rows.ts';
import { systemRowType } from './system-rows.ts';
import { SYSTEM_TABLE_IDS as ID, SYSTEM_TABLES, type SystemTable } from './system-tables.ts';

/** Makes the system tables, without rows. */
export function defineSystemTables(replay: Replay): void {
  for (const table of SYSTEM_TABLES) replay.define(systemTableDefinition(table));
}

/** How the store is to make a system table. */
export function systemTableDefinition(table: SystemTable): TableDefinition {
  return {
    id: table.id,
    name: table.name,
    row: systemRowType(table.id),
    isEvent: false,
    isEphemeral: table.isEphemeral,
    indexes: table.indexes.map((index) => ({
      id: index.id,
      name: systemIndexName(table, index.columns),
      algorithm: 'btree',
      columns: index.columns,
      isUnique: table.uniqueConstraints.some((constraint) => String(constraint.columns) === String(index.columns)),
    })),
    sequences:
      table.sequence === undefined
        ? []
        : [{ ...SYSTEM_SEQUENCE, id: table.sequence.id, column: table.sequence.column }],
  };
}

/** System sequences hand out 4096 first, although their rows say start 4097: seen on the reference. */
const SYSTEM_SEQUENCE = { start: 4097n, min: 1n, max: DEFAULT_SEQUENCE_MAX, increment: 1n, allocated: 4096n };

/** The bootstrap rows: what the system tables say of themselves. */
export function* bootstrapRows(): Generator<readonly [tableId: number, row: AlgebraicValue]> {
  for (const table of SYSTEM_TABLES) {
    const { id, name, columns } = table;
    yield [ID.table, tableRow(id, name, 'system', table.isPublic, table.primaryKey)];
    for (const [position, [columnName, type]] of columns.entries())
      yield [ID.column, columnRow(id, position, columnName, type)];
    for (const index of table.indexes) {
      yield [
        ID.index,
        indexRow(index.id, id, systemIndexName(table, index.columns), { kind: 'btree', columns: index.columns }),
      ];
    }
    for (const constraint of table.uniqueConstraints) {
      const constraintName = `${name}_${constraint.columns.map((column) => columns[column]![0]).join('_')}_key`;
      yield [ID.constraint, constraintRow(constraint.id, constraintName, id, constraint.columns)];
    }
    if (table.sequence !== undefined) {
      const { id: sequenceId, column } = table.sequence;
      const sequenceName = `${name}_${columns[column]![0]}_seq`;
      yield [ID.sequence, sequenceRow(sequenceId, sequenceName, id, column, SYSTEM_SEQUENCE)];
    }
  }
}

function systemIndexName(table: SystemTable, columns: readonly number[]): string {
  return `${table.name}_${columns.map((column) => table.columns[column]![0]).join('_')}_idx_btree`;
}
