import { type AlgebraicType, types } from '@lightcone/sats';

/** What a script declares before its first statement, for a database to be made of. */
export interface ScriptSchema {
  readonly tables: readonly ScriptTable[];
  /** Row-level security. */
  readonly filters: readonly string[];
}

export interface ScriptTable {
  readonly name: string;
  readonly isPublic: boolean;
  readonly isEvent: boolean;
  readonly columns: readonly ScriptColumn[];
  /** Columns of each, by position. Those of keys and unique columns come first. */
  readonly indexes: readonly (readonly number[])[];
}

export interface ScriptColumn {
  readonly name: string;
  readonly type: AlgebraicType;
  readonly isPrimaryKey: boolean;
  readonly isUnique: boolean;
  readonly isAutoIncremented: boolean;
}

const TYPES: Readonly<Record<string, AlgebraicType>> = {
  Bool: types.bool,
  I8: types.i8,
  U8: types.u8,
  I16: types.i16,
  U16: types.u16,
  I32: types.i32,
  U32: types.u32,
  I64: types.i64,
  U64: types.u64,
  I128: types.i128,
  U128: types.u128,
  I256: types.i256,
  U256: types.u256,
  F32: types.f32,
  F64: types.f64,
  String: types.string,
  Bytes: types.bytes,
  Identity: types.identity,
  ConnectionId: types.connectionId,
  Timestamp: types.timestamp,
  TimeDuration: types.timeDuration,
  Uuid: types.uuid,
};

/**
 * Takes the declarations out of a script. SQL has none: a module declares tables, and the runner makes one of
 *
 *     CREATE [PRIVATE | EVENT] TABLE name (column TYPE [PRIMARY KEY | UNIQUE] [AUTO_INC], …)
 *     CREATE INDEX ON name (column, …)
 *     CREATE FILTER query
 *
 * where a type is named as error texts name it, `Bytes` is `Array<U8>`, and `Option<T>` and `Array<T>` are known.
 * @returns undefined for any other statement
 */
export function declare(schema: ScriptSchema, sql: string): ScriptSchema | undefined {
  const filter = /^CREATE FILTER (.*)$/s.exec(sql)?.[1];
  if (filter !== undefined) return { ...schema, filters: [...schema.filters, filter] };
  const index = /^CREATE INDEX ON (\w+) \(([^)]*)\)$/.exec(sql);
  if (index) return { ...schema, tables: withIndex(schema.tables, index[1] ?? '', index[2] ?? '') };
  const table = /^CREATE (?:(PRIVATE|EVENT) )?TABLE (\w+) \((.*)\)$/s.exec(sql);
  if (!table) return undefined;
  const [, modifier, name = '', list = ''] = table;
  const columns = list.split(',').map(parseColumn);
  const indexes = columns.flatMap(({ isUnique }, position) => (isUnique ? [[position]] : []));
  const declared = { name, isPublic: modifier !== 'PRIVATE', isEvent: modifier === 'EVENT', columns, indexes };
  return { ...schema, tables: [...schema.tables, declared] };
}

function withIndex(tables: readonly ScriptTable[], name: string, list: string): ScriptTable[] {
  return tables.map((table) => {
    if (table.name !== name) return table;
    const positions = list.split(',').map((column) => table.columns.findIndex((found) => found.name === column.trim()));
    return { ...table, indexes: [...table.indexes, positions] };
  });
}

function parseColumn(text: string): ScriptColumn {
  const match = /^\s*(\w+) (\S+?)( PRIMARY KEY)?( UNIQUE)?( AUTO_INC)?\s*$/.exec(text);
  if (!match) throw new Error(`expected a column and its type, found \`${text}\``);
  const [, name = '', type = '', primaryKey, unique, autoIncrement] = match;
  return {
    name,
    type: parseType(type),
    isPrimaryKey: primaryKey !== undefined,
    isUnique: primaryKey !== undefined || unique !== undefined,
    isAutoIncremented: autoIncrement !== undefined,
  };
}

function parseType(text: string): AlgebraicType {
  const wrapped = /^(Option|Array)<(.*)>$/.exec(text);
  if (wrapped) {
    const inner = parseType(wrapped[2] ?? '');
    return wrapped[1] === 'Option' ? types.option(inner) : types.array(inner);
  }
  const type = TYPES[text];
  if (!type) throw new Error(`expected a type, found \`${text}\``);
  return type;
}
