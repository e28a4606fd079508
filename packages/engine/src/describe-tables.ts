import {
  type AlgebraicType,
  type AlgebraicValue,
  ByteReader,
  type RowType,
  type SumValue,
  compileRow,
  readType,
  typeEquals,
  types,
} from '@lightcone/sats';
import type { IndexDefinition, SequenceDefinition, Store, TableDefinition } from '@lightcone/store';
import { readRows } from './system-rows.ts';
import { SYSTEM_TABLE_IDS as ID, SYSTEM_TABLES } from './system-tables.ts';

/** A table as the system tables describe it. */
export interface TableDescription {
  readonly id: number;
  readonly name: string;
  /** The name in the module's source; equal to `name` where no row says otherwise. */
  readonly accessorName: string;
  readonly isPublic: boolean;
  readonly isSystem: boolean;
  readonly columns: readonly ColumnDescription[];
  readonly definition: TableDefinition;
  /** Names in the module's source, in the order of `definition.indexes`. */
  readonly indexAccessorNames: readonly string[];
  /** For a table that holds the rows of a view; its first column is the hidden one. */
  readonly view: ViewDescription | undefined;
  /** For a table whose rows are due at times. */
  readonly schedule: ScheduleDescription | undefined;
}

/** How the rows of a scheduled table are to be read, and what they call. */
export interface ScheduleDescription {
  /** Canonical name of the reducer or procedure. */
  readonly functionName: string;
  /** Position of the column of type ScheduleAt. */
  readonly atColumn: number;
  /** Position of the primary key, a u64. */
  readonly idColumn: number;
  /** The unique index over the primary key. */
  readonly indexId: number;
}

export interface ViewDescription {
  readonly id: number;
  readonly isAnonymous: boolean;
}

export interface ColumnDescription {
  readonly name: string;
  readonly accessorName: string;
  /** Without references. */
  readonly type: AlgebraicType;
}

const ephemeralSystemTables: ReadonlySet<number> = new Set(
  SYSTEM_TABLES.filter(({ isEphemeral }) => isEphemeral).map(({ id }) => id),
);

/** What the system tables say of a table that they know. */
export function describeTable(store: Store, id: number): TableDescription {
  const description = describeTables(store, (tableId) => tableId === id).get(id);
  if (description === undefined) throw new Error(`no system table knows table ${id}`);
  return description;
}

/** Everything that the system tables say of tables, or of those that are wanted, by table id. */
export function describeTables(
  store: Store,
  isWanted: (tableId: number) => boolean = () => true,
): ReadonlyMap<number, TableDescription> {
  const columns = Map.groupBy(readRows(store, ID.column), (row) => row['table_id'] as number);
  const indexes = Map.groupBy(readRows(store, ID.index), (row) => row['table_id'] as number);
  const constraints = Map.groupBy(readRows(store, ID.constraint), (row) => row['table_id'] as number);
  const sequences = Map.groupBy(readRows(store, ID.sequence), (row) => row['table_id'] as number);
  const schedules = new Map(readRows(store, ID.scheduled).map((row) => [row['table_id'] as number, row]));
  const eventTables = new Set(readRows(store, ID.eventTable).map((row) => row['table_id'] as number));
  const views = new Map(
    readRows(store, ID.view).map((row) => [
      sumValue(row['table_id']).value as number,
      { id: row['view_id'] as number, isAnonymous: row['is_anonymous'] as boolean },
    ]),
  );
  const tableAccessors = new Map(
    readRows(store, ID.tableAccessor).map((row) => [row['table_name'], row['accessor_name'] as string]),
  );
  const indexAccessors = new Map(
    readRows(store, ID.indexAccessor).map((row) => [row['index_name'], row['accessor_name'] as string]),
  );
  const columnAccessors = new Map(
    readRows(store, ID.columnAccessor).map((row) => [
      JSON.stringify([row['table_name'], row['col_name']]),
      row['accessor_name'] as string,
    ]),
  );

  const descriptions = new Map<number, TableDescription>();
  for (const row of readRows(store, ID.table)) {
    const id = row['table_id'] as number;
    if (!isWanted(id)) continue;
    const name = row['table_name'] as string;
    const described = (columns.get(id) ?? [])
      .toSorted((a, b) => (a['col_pos'] as number) - (b['col_pos'] as number))
      .map((column): ColumnDescription => {
        const columnName = column['col_name'] as string;
        return {
          name: columnName,
          accessorName: columnAccessors.get(JSON.stringify([name, columnName])) ?? columnName,
          type: readType(new ByteReader(column['col_type'] as Uint8Array)),
        };
      });
    const uniqueColumns = (constraints.get(id) ?? []).map((constraint) =>
      columnSet(sumValue(constraint['constraint_data']).value as number[]),
    );
    const indexDefinitions = (indexes.get(id) ?? []).map((index): IndexDefinition => {
      const { tag, value } = sumValue(index['index_algorithm']);
      const indexColumns = tag === 'Direct' ? [value as number] : (value as number[]);
      const isUnique = uniqueColumns.includes(columnSet(indexColumns));
      return {
        id: index['index_id'] as number,
        name: index['index_name'] as string,
        // A direct index has room for one row a key: without a constraint that says so, a B-tree stands in.
        algorithm: tag === 'Direct' && isUnique ? 'direct' : tag === 'Hash' ? 'hash' : 'btree',
        columns: indexColumns,
        isUnique,
      };
    });
    descriptions.set(id, {
      id,
      name,
      accessorName: tableAccessors.get(name) ?? name,
      isPublic: row['table_access'] === 'public',
      isSystem: row['table_type'] === 'system',
      columns: described,
      definition: {
        id,
        name,
        row: rowTypeOf(store, id, described),
        isEvent: eventTables.has(id),
        isEphemeral: views.has(id) || ephemeralSystemTables.has(id),
        indexes: indexDefinitions,
        sequences: (sequences.get(id) ?? []).map((sequence): SequenceDefinition => ({
          id: sequence['sequence_id'] as number,
          column: sequence['col_pos'] as number,
          start: sequence['start'] as bigint,
          min: sequence['min_value'] as bigint,
          max: sequence['max_value'] as bigint,
          increment: sequence['increment'] as bigint,
          allocated: sequence['allocated'] as bigint,
        })),
      },
      indexAccessorNames: indexDefinitions.map((index) => indexAccessors.get(index.name) ?? index.name),
      view: views.get(id),
      schedule: describeSchedule(schedules.get(id), row, indexDefinitions),
    });
  }
  return descriptions;
}

function describeSchedule(
  schedule: Record<string, AlgebraicValue> | undefined,
  table: Record<string, AlgebraicValue>,
  indexes: readonly IndexDefinition[],
): ScheduleDescription | undefined {
  if (schedule === undefined) return undefined;
  const idColumn = (sumValue(table['table_primary_key']).value as number[])[0];
  const index = indexes.find(({ isUnique, columns }) => isUnique && columns.length === 1 && columns[0] === idColumn);
  // In the middle of a migration that replaces the index there is none.
  if (idColumn === undefined || index === undefined) return undefined;
  return {
    functionName: schedule['reducer_name'] as string,
    atColumn: schedule['at_column'] as number,
    idColumn,
    indexId: index.id,
  };
}

/** The row type of columns: the one that the table has, if it is that, because a row type takes long to make. */
function rowTypeOf(store: Store, id: number, columns: readonly ColumnDescription[]): RowType {
  const type = types.product(columns.map((column) => [column.name, column.type]));
  const existing = store.tables.get(id)?.definition.row;
  return existing !== undefined && typeEquals(existing.type, type) ? existing : compileRow(type, []);
}

/** A unique constraint holds over a set of columns, in whatever order its index lists them. */
function columnSet(columns: readonly number[]): string {
  return columns.toSorted((a, b) => a - b).join();
}

function sumValue(value: AlgebraicValue | undefined): SumValue {
  return value as SumValue; // the column is a sum: its row type decoded it
}
