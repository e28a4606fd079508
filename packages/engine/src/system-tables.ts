import { type AlgebraicType, types } from '@lightcone/sats';

/**
 * The tables that describe a database, with the ids, names and columns that SpacetimeDB's clients
 * and logs know (file 30 §12 of the specification).
 *
 * Their own rows in `st_table`, `st_column` and so on, the *bootstrap rows*, are made when a
 * database is opened and never reach the log; the log starts from exactly these.
 */
export interface SystemTable {
  readonly id: number;
  readonly name: string;
  readonly isPublic: boolean;
  /** The log never sees its rows: the bookkeeping of views, empty after every start. */
  readonly isEphemeral: boolean;
  readonly columns: readonly (readonly [name: string, type: AlgebraicType])[];
  readonly primaryKey: number | undefined;
  /** B-tree indexes. */
  readonly indexes: readonly SystemObject[];
  readonly uniqueConstraints: readonly SystemObject[];
  readonly sequence: { readonly id: number; readonly column: number } | undefined;
}

/** An index or constraint: its id and its columns. */
export interface SystemObject {
  readonly id: number;
  readonly columns: readonly number[];
}

/** The columns of an index, and what kind it is, as `st_index.index_algorithm` holds them. */
const indexAlgorithm = types.sum([
  ['Unused', types.u128],
  ['BTree', types.array(types.u16)],
  ['Direct', types.u16],
  ['Hash', types.array(types.u16)],
]);

const constraintData = types.sum([
  ['Unused', types.u128],
  ['Unique', types.array(types.u16)],
]);

const variableValue = types.sum([
  ['Bool', types.bool],
  ['I8', types.i8],
  ['U8', types.u8],
  ['I16', types.i16],
  ['U16', types.u16],
  ['I32', types.i32],
  ['U32', types.u32],
  ['I64', types.i64],
  ['U64', types.u64],
  ['I128', types.i128],
  ['U128', types.u128],
  ['F32', types.f32],
  ['F64', types.f64],
  ['String', types.string],
]);

const { bool, bytes, i64, i128, string, u8, u16, u32, u64, u128, u256 } = types;

/** The ids that code refers to; the rest is reached by name. */
export const SYSTEM_TABLE_IDS = {
  table: 1,
  column: 2,
  sequence: 3,
  index: 4,
  constraint: 5,
  module: 6,
  client: 7,
  variable: 8,
  scheduled: 9,
  rowLevelSecurity: 10,
  connectionCredentials: 11,
  view: 12,
  viewParam: 13,
  viewColumn: 14,
  viewArgument: 16,
  eventTable: 17,
  tableAccessor: 18,
  indexAccessor: 19,
  columnAccessor: 20,
} as const;

/** Objects of modules get ids from here on; smaller ones are reserved for the system. */
export const FIRST_USER_OBJECT_ID = 4096;

/** In the order in which bootstrap inserts their rows, which does not follow the ids. */
export const SYSTEM_TABLES: readonly SystemTable[] = [
  table(1, 'st_table', {
    columns: {
      table_id: u32,
      table_name: string,
      table_type: string,
      table_access: string,
      table_primary_key: types.option(types.array(u16)),
    },
    primaryKey: 0,
    indexes: [object(1, 0), object(2, 1)],
    unique: [object(1, 0), object(2, 1)],
    sequence: { id: 1, column: 0 },
  }),
  table(2, 'st_column', {
    columns: { table_id: u32, col_pos: u16, col_name: string, col_type: bytes },
    indexes: [object(3, 0, 1)],
    unique: [object(3, 0, 1)],
  }),
  table(4, 'st_index', {
    columns: { index_id: u32, table_id: u32, index_name: string, index_algorithm: indexAlgorithm },
    primaryKey: 0,
    indexes: [object(5, 0)],
    unique: [object(5, 0)],
    sequence: { id: 2, column: 0 },
  }),
  table(5, 'st_constraint', {
    columns: { constraint_id: u32, constraint_name: string, table_id: u32, constraint_data: constraintData },
    primaryKey: 0,
    indexes: [object(6, 0)],
    unique: [object(6, 0)],
    sequence: { id: 3, column: 0 },
  }),
  table(6, 'st_module', {
    columns: {
      database_identity: u256,
      owner_identity: u256,
      program_kind: u8,
      program_hash: u256,
      program_bytes: bytes,
      module_version: string,
    },
  }),
  table(7, 'st_client', {
    columns: { identity: u256, connection_id: u128 },
    indexes: [object(7, 0, 1)],
    unique: [object(7, 0, 1)],
  }),
  table(8, 'st_var', {
    columns: { name: string, value: variableValue },
    primaryKey: 0,
    indexes: [object(8, 0)],
    unique: [object(8, 0)],
  }),
  table(9, 'st_scheduled', {
    columns: { schedule_id: u32, table_id: u32, reducer_name: string, schedule_name: string, at_column: u16 },
    primaryKey: 0,
    indexes: [object(9, 0), object(10, 1)],
    unique: [object(9, 0), object(10, 1)],
    sequence: { id: 4, column: 0 },
  }),
  table(10, 'st_row_level_security', {
    columns: { table_id: u32, sql: string },
    primaryKey: 1,
    indexes: [object(12, 1), object(11, 0)],
    unique: [object(11, 1)],
  }),
  table(3, 'st_sequence', {
    columns: {
      sequence_id: u32,
      sequence_name: string,
      table_id: u32,
      col_pos: u16,
      increment: i128,
      start: i128,
      min_value: i128,
      max_value: i128,
      allocated: i128,
    },
    primaryKey: 0,
    indexes: [object(4, 0)],
    unique: [object(4, 0)],
    sequence: { id: 5, column: 0 },
  }),
  table(11, 'st_connection_credentials', {
    columns: { connection_id: u128, jwt_payload: string },
    isPublic: false,
    primaryKey: 0,
    indexes: [object(13, 0)],
    unique: [object(12, 0)],
  }),
  table(12, 'st_view', {
    columns: { view_id: u32, view_name: string, table_id: types.option(u32), is_public: bool, is_anonymous: bool },
    primaryKey: 0,
    indexes: [object(14, 0), object(15, 1)],
    unique: [object(13, 0), object(14, 1)],
    sequence: { id: 6, column: 0 },
  }),
  table(13, 'st_view_param', {
    columns: { view_id: u32, param_pos: u16, param_name: string, param_type: bytes },
    indexes: [object(16, 0, 1)],
    unique: [object(15, 0, 1)],
  }),
  table(14, 'st_view_column', {
    columns: { view_id: u32, col_pos: u16, col_name: string, col_type: bytes },
    indexes: [object(17, 0, 1)],
    unique: [object(16, 0, 1)],
  }),
  table(15, 'st_view_sub', {
    columns: {
      view_id: u32,
      arg_id: u64,
      identity: u256,
      num_subscribers: u64,
      has_subscribers: bool,
      last_called: i64,
    },
    isEphemeral: true,
    indexes: [object(19, 4), object(18, 2), object(20, 0, 1, 2)],
  }),
  table(16, 'st_view_arg', {
    columns: { id: u64, bytes },
    isEphemeral: true,
    primaryKey: 0,
    indexes: [object(22, 1), object(21, 0)],
    unique: [object(18, 1), object(17, 0)],
    sequence: { id: 7, column: 0 },
  }),
  table(17, 'st_event_table', {
    columns: { table_id: u32 },
    primaryKey: 0,
    indexes: [object(23, 0)],
    unique: [object(19, 0)],
  }),
  table(18, 'st_table_accessor', {
    columns: { table_name: string, accessor_name: string },
    indexes: [object(25, 1), object(24, 0)],
    unique: [object(21, 1), object(20, 0)],
  }),
  table(19, 'st_index_accessor', {
    columns: { index_name: string, accessor_name: string },
    indexes: [object(27, 1), object(26, 0)],
    unique: [object(23, 1), object(22, 0)],
  }),
  table(20, 'st_column_accessor', {
    columns: { table_name: string, col_name: string, accessor_name: string },
    indexes: [object(29, 0, 2), object(28, 0, 1)],
    unique: [object(25, 0, 2), object(24, 0, 1)],
  }),
];

interface SystemTableParts {
  readonly columns: Readonly<Record<string, AlgebraicType>>;
  readonly isPublic?: boolean;
  readonly isEphemeral?: boolean;
  readonly primaryKey?: number;
  readonly indexes?: readonly SystemObject[];
  readonly unique?: readonly SystemObject[];
  readonly sequence?: SystemTable['sequence'];
}

function table(id: number, name: string, parts: SystemTableParts): SystemTable {
  return {
    id,
    name,
    isPublic: parts.isPublic ?? true,
    isEphemeral: parts.isEphemeral ?? false,
    columns: Object.entries(parts.columns),
    primaryKey: parts.primaryKey,
    indexes: parts.indexes ?? [],
    uniqueConstraints: parts.unique ?? [],
    sequence: parts.sequence,
  };
}

function object(id: number, ...columns: number[]): SystemObject {
  return { id, columns };
}
