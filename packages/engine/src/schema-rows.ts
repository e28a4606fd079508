import { type AlgebraicType, type AlgebraicValue, ByteWriter, type SumValue, writeType } from '@lightcone/sats';
import type { IndexAlgorithm, ScheduleDef } from '@lightcone/schema';
import type { SequenceDefinition } from '@lightcone/store';

/** Where a sequence ends that does not say so. */
export const DEFAULT_SEQUENCE_MAX: bigint = (1n << 127n) - 1n;

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

/** A row of `st_constraint`. */
export function constraintRow(id: number, name: string, tableId: number, columns: readonly number[]): AlgebraicValue {
  return {
    constraint_id: id,
    constraint_name: name,
    table_id: tableId,
    constraint_data: { tag: 'Unique', value: columns.toSorted((a, b) => a - b) },
  };
}

/** A row of `st_scheduled`. */
export function scheduleRow(tableId: number, { name, functionName, atColumn }: ScheduleDef): AlgebraicValue {
  return {
    schedule_id: 0,
    table_id: tableId,
    reducer_name: functionName,
    schedule_name: name,
    at_column: atColumn,
  };
}

/** A row of `st_sequence`. */
export function sequenceRow(
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
