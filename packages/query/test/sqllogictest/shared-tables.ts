/**
 * The tables of the generated scripts: types that Lightcone and SQLite order and compare alike. Few values, so that rows
 * meet each other and the constants.
 */
export interface SharedTable {
  readonly name: string;
  readonly columns: readonly SharedColumn[];
  /** Names of the columns of each index. */
  readonly indexes: readonly (readonly string[])[];
}

export interface SharedColumn {
  readonly name: string;
  readonly type: SharedType;
  readonly isPrimaryKey: boolean;
}

export type SharedType = 'U32' | 'U8' | 'I64' | 'I16' | 'String' | 'Bool' | 'F64' | 'Bytes';

/** A type of SQLite's that holds the same values. Columns of STRICT tables keep values as they are. */
export const SQLITE_TYPES: { readonly [type in SharedType]: string } = {
  U32: 'INTEGER',
  U8: 'INTEGER',
  I64: 'INTEGER',
  I16: 'INTEGER',
  Bool: 'INTEGER',
  F64: 'REAL',
  String: 'TEXT COLLATE BINARY',
  Bytes: 'BLOB',
};

/** Some literals of each type, values near its edges among them. */
export const LITERALS: { readonly [type in SharedType]: readonly string[] } = {
  U32: ['0', '1', '2', '3', '5', '7', '12', '255', '256', '65536', '4294967295'],
  U8: ['0', '1', '2', '3', '127', '128', '255'],
  I64: [
    '0',
    '1',
    '-1',
    '-256',
    '4294967296',
    '9007199254740993',
    '9007199254740992',
    '9223372036854775807',
    '-9223372036854775807',
  ],
  I16: ['0', '1', '-1', '-2', '255', '256', '-256', '32767', '-32768'],
  String: [
    "''",
    "'a'",
    "'A'",
    "'ab'",
    "'b'",
    "'é'",
    "'表'",
    "'💥'",
    "'\uffee'",
    "'it''s'",
    "' a'",
    "'-- a'",
    "'10'",
    "'9'",
  ],
  Bool: ['true', 'false'],
  F64: ['0', '0.5', '-0.5', '.25', '1.', '1e3', '1.5E-2', '0.1', '0.30000000000000004', '1e300', '-2.5e-300'],
  Bytes: ["X''", "X'00'", "X'0000'", "X'00ff'", "X'7f'", "X'80'", "X'ff'", "x'Ff01'"],
};

const column = (text: string): SharedColumn => {
  const [name = '', type = '', ...key] = text.split(' ');
  return { name, type: type as SharedType, isPrimaryKey: key.length > 0 }; // the texts are below
};

export const SHARED_TABLES: readonly SharedTable[] = [
  {
    name: 'item',
    columns: [
      'id U32 PRIMARY KEY',
      'room U32',
      'kind U8',
      'score I64',
      'name String',
      'flag Bool',
      'weight F64',
      'data Bytes',
    ].map(column),
    indexes: [['room'], ['room', 'kind'], ['name']],
  },
  {
    name: 'room',
    columns: ['id U32 PRIMARY KEY', 'owner String', 'size I16', 'is_open Bool'].map(column),
    indexes: [['owner'], ['is_open']],
  },
  {
    name: 'visit',
    columns: ['item U32', 'room U32', 'at I64', 'note String', 'kind U8'].map(column),
    indexes: [['item'], ['item', 'room'], ['note', 'kind', 'room']],
  },
  { name: 'tag', columns: ['name String', 'data Bytes', 'kind U8', 'flag Bool'].map(column), indexes: [] },
];
