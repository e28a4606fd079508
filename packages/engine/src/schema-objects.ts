import {
  type AlgebraicType,
  type AlgebraicValue,
  ByteReader,
  ByteWriter,
  type RowType,
  type SumValue,
  type Typespace,
  compileRow,
  readType,
  resolveType,
  typeEquals,
  types,
  writeType,
} from '@lightcone/sats';
import type {
  IndexAlgorithm,
  IndexDef,
  ScheduleDef,
  SequenceDef,
  TableDef,
  UniqueConstraintDef,
} from '@lightcone/schema';
import {
  type IndexDefinition,
  NO_ROW,
  type Sequence,
  type SequenceDefinition,
  type Store,
  type Table,
  type TableDefinition,
  type Transaction,
} from '@lightcone/store';
import { SYSTEM_TABLE_IDS as ID, SYSTEM_TABLES, type SystemTable } from './system-tables.ts';

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

/** The row types of the system tables, by table id. */
const systemRowTypes: ReadonlyMap<number, RowType> = new Map(
  SYSTEM_TABLES.map(({ id, columns }) => [id, compileRow(types.product(columns), [])]),
);

const ephemeralSystemTables: ReadonlySet<number> = new Set(
  SYSTEM_TABLES.filter(({ isEphemeral }) => isEphemeral).map(({ id }) => id),
);

/** The row type of a system table. */
export function systemRowType(tableId: number): RowType {
  const row = systemRowTypes.get(tableId);
  if (row === undefined) throw new Error(`${tableId} is no system table`);
  return row;
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
const SYSTEM_SEQUENCE = { start: 4097n, min: 1n, max: (1n << 127n) - 1n, increment: 1n, allocated: 4096n };

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

/**
 * Makes a table of a module: describes it in the system tables and creates it in the store, both
 * inside `transaction`.
 */
export function createTable(store: Store, transaction: Transaction, table: TableDef, typespace: Typespace): void {
  const row = tableRow(0, table.name, table.tableType, table.access === 'public', table.primaryKey);
  const id = insertWithId(store, transaction, ID.table, row);
  describeColumns(store, transaction, id, table, typespace);
  for (const index of table.indexes) describeIndex(store, transaction, id, index);
  for (const constraint of table.uniqueConstraints) describeConstraint(store, transaction, id, constraint);
  for (const sequence of table.sequences) describeSequence(store, transaction, id, sequence);
  if (table.schedule !== undefined) insertRow(store, transaction, ID.scheduled, scheduleRow(id, table.schedule));
  if (table.isEvent) insertRow(store, transaction, ID.eventTable, { table_id: id });
  insertRow(store, transaction, ID.tableAccessor, { table_name: table.name, accessor_name: table.accessorName });
  createDescribedTable(store, transaction, id);
}

/** Makes a table in the store as the system tables describe it by now. */
export function createDescribedTable(store: Store, transaction: Transaction, tableId: number): Table {
  return transaction.createTable(describeTable(store, tableId).definition);
}

/** The system tables whose rows belong to a table by their column `table_id`. */
export const TABLE_PARTS: readonly number[] = [
  ID.table,
  ID.column,
  ID.index,
  ID.constraint,
  ID.sequence,
  ID.eventTable,
  ID.scheduled,
  ID.rowLevelSecurity,
];

/** Removes a table and everything that the system tables say of it. */
export function dropTable(store: Store, transaction: Transaction, table: Table): void {
  const { id } = table.definition;
  for (const tableId of TABLE_PARTS) deleteRows(store, transaction, tableId, (row) => row['table_id'] === id);
  forgetAccessorNames(store, transaction, table.definition);
  transaction.dropTable(table);
}

/** Removes the names that the module's source has for a table, its columns and its indexes. */
export function forgetAccessorNames(store: Store, transaction: Transaction, { name, indexes }: TableDefinition): void {
  for (const tableId of [ID.tableAccessor, ID.columnAccessor]) {
    deleteRows(store, transaction, tableId, (row) => row['table_name'] === name);
  }
  const indexNames = new Set<unknown>(indexes.map((index) => index.name));
  deleteRows(store, transaction, ID.indexAccessor, (row) => indexNames.has(row['index_name']));
}

/** Writes the names that the module's source has for a table, its columns and its indexes. */
export function describeAccessorNames(store: Store, transaction: Transaction, table: TableDef): void {
  insertRow(store, transaction, ID.tableAccessor, { table_name: table.name, accessor_name: table.accessorName });
  for (const { name, accessorName } of table.columns) {
    const row = { table_name: table.name, col_name: name, accessor_name: accessorName };
    insertRow(store, transaction, ID.columnAccessor, row);
  }
  for (const { name, sourceName } of table.indexes) {
    insertRow(store, transaction, ID.indexAccessor, { index_name: name, accessor_name: sourceName });
  }
}

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

/**
 * Saves how far a sequence has handed out values: rewrites its row in `st_sequence`, whose last
 * column is that boundary.
 */
export function saveSequence(store: Store, transaction: Transaction, sequence: Sequence): void {
  const table = store.table(ID.sequence);
  const writer = new ByteWriter();
  writer.u32(sequence.definition.id);
  const byId = table.indexes[0]!; // the system table's one index
  const old = byId.findUnique(writer.bytes, 0, writer.length);
  if (old === NO_ROW) throw new Error(`sequence ${sequence.definition.id} has no row in st_sequence`);
  writer.reset();
  writer.slice(table.bytes(old), table.start(old), table.end(old) - ALLOCATED_BYTES);
  writer.wide(sequence.allocated, ALLOCATED_BYTES);
  transaction.update(table, byId, writer.bytes, 0, writer.length);
}

/** `st_sequence.allocated` is an i128. */
const ALLOCATED_BYTES = 16;

/** Decodes all rows of a system table. */
export function readRows(store: Store, tableId: number): Record<string, AlgebraicValue>[] {
  const table = store.table(tableId);
  const rowType = systemRowType(tableId);
  const rows: Record<string, AlgebraicValue>[] = [];
  for (let row = table.first(); row >= 0; row = table.next(row)) {
    // A row type is a product, whose values are objects by column name.
    rows.push(
      rowType.decode(new ByteReader(table.bytes(row), table.start(row), table.end(row))) as Record<
        string,
        AlgebraicValue
      >,
    );
  }
  return rows;
}

/** Inserts a row given as a value into a system table. */
export function insertRow(
  store: Store,
  transaction: Transaction,
  tableId: number,
  row: AlgebraicValue,
  generated?: ByteWriter,
): void {
  const writer = new ByteWriter();
  systemRowType(tableId).encode(writer, row);
  const table = store.table(tableId);
  if (transaction.insert(table, writer.bytes, 0, writer.length, generated) < 0) {
    throw new Error(
      `a row of ${table.definition.name} collides with another: ${JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
    );
  }
}

/** Deletes the rows of a system table that are meant; returns them. */
export function deleteRows(
  store: Store,
  transaction: Transaction,
  tableId: number,
  isMeant: (row: Record<string, AlgebraicValue>) => boolean,
): readonly Record<string, AlgebraicValue>[] {
  const writer = new ByteWriter();
  const rows = readRows(store, tableId).filter(isMeant);
  for (const row of rows) {
    writer.reset();
    systemRowType(tableId).encode(writer, row);
    transaction.deleteByValue(store.table(tableId), writer.bytes, 0, writer.length);
  }
  return rows;
}

/** Writes the rows of a table's columns, names in the source included. */
export function describeColumns(
  store: Store,
  transaction: Transaction,
  tableId: number,
  table: TableDef,
  typespace: Typespace,
): void {
  for (const [position, { name, accessorName, type }] of table.columns.entries()) {
    insertRow(store, transaction, ID.column, columnRow(tableId, position, name, resolveType(type, typespace)));
    const accessor = { table_name: table.name, col_name: name, accessor_name: accessorName };
    insertRow(store, transaction, ID.columnAccessor, accessor);
  }
}

export function describeConstraint(
  store: Store,
  transaction: Transaction,
  tableId: number,
  { name, columns }: UniqueConstraintDef,
): void {
  insertRow(store, transaction, ID.constraint, constraintRow(0, name, tableId, columns));
}

/** Writes the row of a sequence that has handed out nothing yet. */
export function describeSequence(
  store: Store,
  transaction: Transaction,
  tableId: number,
  { name, column, ...sequence }: SequenceDef,
): void {
  const { start, min, max } = sequenceValues(sequence);
  const numbers = { start, min, max, increment: sequence.increment, allocated: start };
  insertRow(store, transaction, ID.sequence, sequenceRow(0, name, tableId, column, numbers));
}

/** The numbers of a sequence, with what stands for those that are not given. */
export function sequenceValues(sequence: Pick<SequenceDef, 'start' | 'minValue' | 'maxValue'>): {
  readonly start: bigint;
  readonly min: bigint;
  readonly max: bigint;
} {
  const { start = 1n, minValue = 1n, maxValue = SYSTEM_SEQUENCE.max } = sequence;
  return { start, min: minValue, max: maxValue };
}

/** Writes the row of an index, its name in the source included. */
export function describeIndex(store: Store, transaction: Transaction, tableId: number, index: IndexDef): void {
  insertRow(store, transaction, ID.index, indexRow(0, tableId, index.name, index.algorithm));
  insertRow(store, transaction, ID.indexAccessor, { index_name: index.name, accessor_name: index.sourceName });
}

/** Inserts a row whose first column, a u32 id, is 0, and returns the id that its sequence gave. */
export function insertWithId(store: Store, transaction: Transaction, tableId: number, row: AlgebraicValue): number {
  const generated = new ByteWriter();
  insertRow(store, transaction, tableId, row, generated);
  return new ByteReader(generated.written()).u32();
}

/** A row of `st_table`. */
export function tableRow(
  id: number,
  name: string,
  type: 'system' | 'user',
  isPublic: boolean,
  primaryKey: number | undefined,
): AlgebraicValue {
  return {
    table_id: id,
    table_name: name,
    table_type: type,
    table_access: isPublic ? 'public' : 'private',
    table_primary_key: primaryKey === undefined ? { tag: 'none', value: {} } : { tag: 'some', value: [primaryKey] },
  };
}

/** A row of `st_column`. */
export function columnRow(tableId: number, position: number, name: string, type: AlgebraicType): AlgebraicValue {
  const writer = new ByteWriter();
  writeType(writer, type);
  return { table_id: tableId, col_pos: position, col_name: name, col_type: writer.finish() };
}

/** A row of `st_index`. */
export function indexRow(id: number, tableId: number, name: string, algorithm: IndexAlgorithm): AlgebraicValue {
  const columns = algorithm.columns;
  const data: SumValue =
    algorithm.kind === 'direct'
      ? { tag: 'Direct', value: columns[0]! }
      : { tag: algorithm.kind === 'hash' ? 'Hash' : 'BTree', value: columns };
  return { index_id: id, table_id: tableId, index_name: name, index_algorithm: data };
}

function constraintRow(id: number, name: string, tableId: number, columns: readonly number[]): AlgebraicValue {
  return {
    constraint_id: id,
    constraint_name: name,
    table_id: tableId,
    constraint_data: { tag: 'Unique', value: columns.toSorted((a, b) => a - b) },
  };
}

function scheduleRow(tableId: number, { name, functionName, atColumn }: ScheduleDef): AlgebraicValue {
  return {
    schedule_id: 0,
    table_id: tableId,
    reducer_name: functionName,
    schedule_name: name,
    at_column: atColumn,
  };
}

function sequenceRow(
  id: number,
  name: string,
  tableId: number,
  column: number,
  numbers: Omit<SequenceDefinition, 'id' | 'column'>,
): AlgebraicValue {
  return {
    sequence_id: id,
    sequence_name: name,
    table_id: tableId,
    col_pos: column,
    increment: numbers.increment,
    start: numbers.start,
    min_value: numbers.min,
    max_value: numbers.max,
    allocated: numbers.allocated,
  };
}

function systemIndexName(table: SystemTable, columns: readonly number[]): string {
  return `${table.name}_${columns.map((column) => table.columns[column]![0]).join('_')}_idx_btree`;
}

/** A unique constraint holds over a set of columns, in whatever order its index lists them. */
function columnSet(columns: readonly number[]): string {
  return columns.toSorted((a, b) => a - b).join();
}

function sumValue(value: AlgebraicValue | undefined): SumValue {
  return value as SumValue; // the column is a sum: its row type decoded it
}
