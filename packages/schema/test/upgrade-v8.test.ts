import { types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { SchemaError, validateModuleDef } from '../src/index.ts';
import type { RawModuleDefV8, RawTableDefV8 } from '../src/raw/raw-v8.ts';

const PRIMARY_KEY_AUTO = 15;
const UNIQUE = 5;
const INDEXED = 1;

const columns = [
  { name: 'id', type: types.u64 },
  { name: 'scheduled_at', type: types.scheduleAt },
];

function module(table: Partial<RawTableDefV8> = {}, rest: Partial<RawModuleDefV8> = {}): RawModuleDefV8 {
  return {
    version: 8,
    typespace: [types.product(columns.map(({ name, type }) => [name, type]))],
    tables: [
      {
        name: 'T',
        columns,
        indexes: [],
        constraints: [],
        sequences: [],
        tableType: 'User',
        tableAccess: 'Public',
        scheduledReducer: undefined,
        productTypeRef: 0,
        ...table,
      },
    ],
    reducers: [],
    typeAliases: [],
    ...rest,
  };
}

test('a primary key with auto-increment becomes constraint, index and sequence', () => {
  const constraints = [{ name: 'ct_T_id_pk', attributes: PRIMARY_KEY_AUTO, columns: [0] }];
  expect(validateModuleDef(module({ constraints })).tables[0]).toMatchObject({
    primaryKey: 0,
    uniqueConstraints: [{ name: 'ct_T_id_pk' }],
    indexes: [{ name: 'idx_T_id_pk_unique', accessorName: 'idx_T_id_pk_unique' }],
    sequences: [{ name: 'seq_T_id_pk', increment: 1n }],
  });
});

test('the end of a generated index name is not doubled', () => {
  const constraints = [
    { name: 'ct_T_id_unique', attributes: UNIQUE, columns: [0] },
    { name: 'x_non_unique', attributes: INDEXED, columns: [0] },
  ];
  const names = validateModuleDef(module({ constraints })).tables[0]?.indexes.map((index) => index.name);
  expect(names).toEqual(['idx_T_id_unique', 'idx_T_x_non_unique']);
});

test('a unique index becomes a constraint, another stays what it is', () => {
  const indexes = [
    { name: 'a', isUnique: true, algorithm: 'BTree', columns: [0] },
    { name: 'b', isUnique: false, algorithm: 'Hash', columns: [1] },
  ] as const;
  expect(validateModuleDef(module({ indexes })).tables[0]).toMatchObject({
    indexes: [
      { name: 'a', algorithm: { kind: 'btree' } },
      { name: 'b', algorithm: { kind: 'hash' } },
    ],
    uniqueConstraints: [{ name: 'ct_T_id_unique' }],
  });
});

test('lifecycle reducers go by their names, type names are split', () => {
  const reducer = (name: string): RawModuleDefV8['reducers'][number] => ({ name, params: types.unit });
  const { lifecycle, types: declared } = validateModuleDef(
    module(
      {},
      {
        reducers: [reducer('x'), reducer('__identity_disconnected__'), reducer('__init__')],
        typeAliases: [{ name: 'a::b.Row', ref: 0 }],
      },
    ),
  );
  expect(lifecycle).toEqual(
    new Map([
      ['onDisconnect', 1],
      ['init', 2],
    ]),
  );
  expect(declared).toEqual([{ scope: ['a', 'b'], name: 'Row', ref: 0, customOrdering: true }]);
});

test('a table is scheduled by its column scheduled_at', () => {
  const constraints = [{ name: 'c', attributes: PRIMARY_KEY_AUTO, columns: [0] }];
  const raw = module(
    { constraints, scheduledReducer: 'tick' },
    {
      reducers: [{ name: 'tick', params: types.product([['row', types.ref(0)]]) }],
      typeAliases: [{ name: 'Row', ref: 0 }],
    },
  );
  expect(validateModuleDef(raw).tables[0]?.schedule).toMatchObject({
    name: 'T_sched',
    atColumn: 1,
    functionName: 'tick',
  });
});

test.each([
  { breaks: 'a column of another name', table: { columns: [{ name: 'x', type: types.u64 }, columns[1]!] } },
  { breaks: 'a column of another type', table: { columns: [{ name: 'id', type: types.u8 }, columns[1]!] } },
  { breaks: 'a column less', table: { columns: columns.slice(0, 1) } },
])('refuses $breaks than the row type has', ({ table }) => {
  expect(() => validateModuleDef(module(table))).toThrow(
    expect.objectContaining({ problems: [expect.objectContaining({ code: 'COLUMN_DEF_MALFORMED' })] }),
  );
});

test('two primary keys are refused', () => {
  const constraints = [
    { name: 'c', attributes: PRIMARY_KEY_AUTO, columns: [0] },
    { name: 'd', attributes: PRIMARY_KEY_AUTO, columns: [0] },
  ];
  expect(() => validateModuleDef(module({ constraints }))).toThrow(SchemaError);
});
