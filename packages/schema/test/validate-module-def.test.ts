import { types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import {
  type ModuleDef,
  type RawModuleDef,
  SchemaError,
  type SchemaProblemCode,
  validateModuleDef,
} from '../src/index.ts';
import type { RawModuleDefV10 } from '../src/raw/raw-v10.ts';
import type { RawModuleDefV9, RawTableDefV9 } from '../src/raw/raw-v9.ts';
import { COLUMNS, KEYED, btree, oneTable, rawModule, rawReducer, rawTable, sequence, unique } from './raw-modules.ts';

function problemsOf(raw: RawModuleDef): readonly { code: string; message: string; where: string }[] {
  try {
    validateModuleDef(raw);
    return [];
  } catch (error) {
    if (error instanceof SchemaError) return error.problems;
    throw error;
  }
}

function codesOf(raw: RawModuleDef): string[] {
  return problemsOf(raw).map((problem) => problem.code);
}

const named = (name: string, ref: number): RawModuleDefV10['types'][number] => ({
  scope: [],
  name,
  ref,
  customOrdering: true,
});

/** A definition of types only, each of them declared. */
function onlyTypes(...typespace: RawModuleDefV10['typespace']): RawModuleDefV10 {
  return rawModule({ typespace, types: typespace.map((_, ref) => named(`T${ref}`, ref)) });
}

interface Rule {
  readonly breaks: string;
  readonly raw: RawModuleDefV10;
  readonly code: SchemaProblemCode;
  readonly where: string;
}

const view = (parts: Partial<RawModuleDefV10['views'][number]> = {}): RawModuleDefV10['views'][number] => ({
  name: 'v',
  index: 0,
  isPublic: true,
  isAnonymous: true,
  params: types.unit,
  returnType: types.array(types.ref(0)),
  ...parts,
});

const scheduled = rawModule({
  ...oneTable(KEYED),
  reducers: [rawReducer('tick', [['row', types.ref(0)]])],
  schedules: [{ name: undefined, tableName: 't', atColumn: 2, functionName: 'tick' }],
});

/** Rules whose breaking the golden vectors do not show, one definition each. */
const rules: readonly Rule[] = [
  {
    breaks: 'a row type that refers to itself (the reference dies of it)',
    raw: oneTable({}, [['next', types.option(types.ref(0))]]),
    code: 'RECURSIVE_TYPE',
    where: 'table `t` column `next`',
  },
  {
    breaks: 'a column of a recursive type that is declared',
    raw: rawModule({
      typespace: [types.product([['tree', types.ref(1)]]), types.sum([['node', types.array(types.ref(1))]])],
      types: [named('Row', 0), named('Tree', 1)],
      tables: [rawTable()],
    }),
    code: 'RECURSIVE_TYPE',
    where: 'table `t` column `tree`',
  },
  {
    breaks: 'a reference that leads back to itself through types without a name',
    raw: rawModule({ typespace: [types.array(types.ref(0))], reducers: [rawReducer('r', [['x', types.ref(0)]])] }),
    code: 'RECURSIVE_TYPE',
    where: 'reducer `r`',
  },
  {
    breaks: 'a parameter with a reference out of bounds',
    raw: rawModule({ reducers: [rawReducer('r', [['x', types.ref(7)]])] }),
    code: 'INVALID_TYPE_REF',
    where: 'reducer `r`',
  },
  {
    breaks: 'a name for a special type',
    raw: onlyTypes(types.identity),
    code: 'NOT_VALID_FOR_DEFINITION',
    where: 'type `T0`',
  },
  {
    breaks: 'an enum variant with a bad name',
    raw: onlyTypes(types.sum([['1', types.unit]])),
    code: 'INVALID_IDENTIFIER',
    where: 'type `T0`',
  },
  {
    breaks: 'two fields of one name',
    raw: onlyTypes(
      types.product([
        ['x', types.u8],
        ['x', types.u8],
      ]),
    ),
    code: 'DUPLICATE_ELEMENT_NAME',
    where: 'type `T0`',
  },
  {
    breaks: 'a scope that is no identifier',
    raw: rawModule({ typespace: [types.unit], types: [{ ...named('T', 0), scope: ['a b'] }] }),
    code: 'INVALID_IDENTIFIER',
    where: 'type `a b::T`',
  },
  {
    breaks: 'a table whose row type is no product',
    raw: rawModule({ typespace: [types.u8], tables: [rawTable()] }),
    code: 'INVALID_PRODUCT_TYPE_REF',
    where: 'table `t`',
  },
  {
    breaks: 'a table without a row type',
    raw: rawModule({ tables: [rawTable()] }),
    code: 'INVALID_PRODUCT_TYPE_REF',
    where: 'table `t`',
  },
  {
    breaks: 'two columns whose names convert to one',
    raw: {
      ...oneTable({}, [
        ['aB', types.u8],
        ['a_b', types.u8],
      ]),
      types: [],
      caseConversionPolicy: 'SnakeCase',
    },
    code: 'DUPLICATE_ELEMENT_NAME',
    where: 'table `t`',
  },
  {
    breaks: 'a view that the module calls like a table',
    raw: {
      ...oneTable(),
      views: [view({ name: 't' })],
      explicitNames: [{ kind: 'Function', sourceName: 't', canonicalName: 'v' }],
    },
    code: 'DUPLICATE_NAME',
    where: 'view `v`',
  },
  {
    breaks: 'an index without columns',
    raw: oneTable({ indexes: [btree()] }),
    code: 'NO_COLUMNS',
    where: 'table `t`',
  },
  {
    breaks: 'an index without source name (the reference dies of it)',
    raw: oneTable({ indexes: [{ ...btree(0), name: undefined }] }),
    code: 'INDEX_WITHOUT_SOURCE_NAME',
    where: 'table `t`',
  },
  {
    breaks: 'an explicit index name that is no identifier',
    raw: {
      ...oneTable({ indexes: [btree(0)] }),
      explicitNames: [{ kind: 'Index', sourceName: 'i_0', canonicalName: 'my idx' }],
    },
    code: 'INVALID_IDENTIFIER',
    where: 'table `t` index `my idx`',
  },
  {
    breaks: 'an index with the source name of a table',
    raw: oneTable({ indexes: [{ ...btree(0), name: 't' }] }),
    code: 'DUPLICATE_NAME',
    where: 'table `t`',
  },
  {
    breaks: 'a direct index on an enum with payload',
    raw: oneTable({ indexes: [{ ...btree(), algorithm: { tag: 'Direct', column: 0 } }] }, [
      ['e', types.option(types.u8)],
    ]),
    code: 'DIRECT_INDEX_ON_BAD_TYPE',
    where: 'table `t`',
  },
  {
    breaks: 'a constraint on a column that is not there',
    raw: oneTable({ constraints: [unique(5)] }),
    code: 'COLUMN_NOT_FOUND',
    where: 'table `t`',
  },
  {
    breaks: 'a constraint with a column twice',
    raw: oneTable({ indexes: [btree(0)], constraints: [unique(0, 0)] }),
    code: 'DUPLICATE_COLUMNS',
    where: 'table `t`',
  },
  {
    breaks: 'a primary key that is not there',
    raw: oneTable({ primaryKey: [9] }),
    code: 'COLUMN_NOT_FOUND',
    where: 'table `t`',
  },
  {
    breaks: 'a sequence with increment 0 (the reference dies of it)',
    raw: oneTable({ sequences: [sequence({ increment: 0n })] }),
    code: 'INVALID_SEQUENCE_INCREMENT',
    where: 'table `t`',
  },
  {
    breaks: 'a sequence whose step does not fit its range',
    raw: oneTable({ sequences: [sequence({ maxValue: 10n, increment: -10n })] }),
    code: 'INVALID_SEQUENCE_INCREMENT',
    where: 'table `t`',
  },
  {
    breaks: 'a sequence whose default start lies below its minimum',
    raw: oneTable({ sequences: [sequence({ minValue: 2n })] }),
    code: 'INVALID_SEQUENCE_RANGE',
    where: 'table `t`',
  },
  {
    breaks: 'a table that is no system table with the name of one',
    raw: oneTable({ name: 'st_x' }),
    code: 'TABLE_NAME_RESERVED',
    where: 'table `st_x`',
  },
  {
    breaks: 'two schedules of a table',
    raw: { ...scheduled, schedules: [...scheduled.schedules, ...scheduled.schedules] },
    code: 'DUPLICATE_SCHEDULE',
    where: 'table `t`',
  },
  {
    breaks: 'a schedule that calls nothing',
    raw: { ...scheduled, reducers: [] },
    code: 'MISSING_SCHEDULED_FUNCTION',
    where: 'table `t`',
  },
  {
    breaks: 'a scheduled table without primary key',
    raw: { ...scheduled, tables: [rawTable()] },
    code: 'SCHEDULED_INCORRECT_COLUMNS',
    where: 'table `t`',
  },
  {
    breaks: 'a procedure that returns a type without a name',
    raw: rawModule({
      procedures: [
        { name: 'p', params: types.unit, returnType: types.product([['x', types.u8]]), visibility: 'Private' },
      ],
    }),
    code: 'NOT_A_TYPE_USE',
    where: 'procedure `p`',
  },
  {
    breaks: 'a parameter with a bad name',
    raw: rawModule({ reducers: [rawReducer('r', [['a b', types.u8]])] }),
    code: 'INVALID_IDENTIFIER',
    where: 'reducer `r`',
  },
  {
    breaks: 'two parameters of one name',
    raw: rawModule({
      reducers: [
        rawReducer('r', [
          ['a', types.u8],
          ['a', types.u8],
        ]),
      ],
    }),
    code: 'DUPLICATE_ELEMENT_NAME',
    where: 'reducer `r`',
  },
  {
    breaks: 'one reducer for two lifecycle events',
    raw: rawModule({
      reducers: [rawReducer('r')],
      lifecycleReducers: [
        { lifecycle: 'Init', functionName: 'r' },
        { lifecycle: 'OnConnect', functionName: 'r' },
      ],
    }),
    code: 'DUPLICATE_LIFECYCLE',
    where: 'reducer `r`',
  },
  {
    breaks: 'a view of rows that are no product',
    raw: rawModule({ typespace: [types.sum([['a', types.unit]])], types: [named('E', 0)], views: [view()] }),
    code: 'INVALID_PRODUCT_TYPE_REF',
    where: 'view `v`',
  },
  {
    breaks: 'a view with the name of a reducer',
    raw: { ...oneTable(), reducers: [rawReducer('v')], views: [view()] },
    code: 'DUPLICATE_FUNCTION_NAME',
    where: 'function `v`',
  },
  {
    breaks: 'a view with two key definitions',
    raw: {
      ...oneTable(),
      views: [view()],
      viewPrimaryKeys: [
        { viewName: 'v', columns: ['id'] },
        { viewName: 'v', columns: ['id'] },
      ],
    },
    code: 'REPEATED_VIEW_PRIMARY_KEY',
    where: 'view `v`',
  },
  {
    breaks: 'a route for all methods beside one for a single one',
    raw: rawModule({
      httpHandlers: ['h'],
      httpRoutes: [
        { handlerName: 'h', method: { tag: 'Get' }, path: '/x' },
        { handlerName: 'h', method: { tag: 'Any' }, path: '/x' },
      ],
    }),
    code: 'DUPLICATE_HTTP_ROUTE',
    where: 'HTTP route `/x`',
  },
  {
    breaks: 'a namespace over 63 bytes',
    raw: rawModule({ submodules: [{ namespace: 'é'.repeat(32), module: rawModule() }] }),
    code: 'NAMESPACE_TOO_LONG',
    where: `submodule \`${'é'.repeat(32)}\``,
  },
  {
    breaks: 'two submodules of one namespace',
    raw: rawModule({
      submodules: [
        { namespace: 'n', module: rawModule() },
        { namespace: 'n', module: rawModule() },
      ],
    }),
    code: 'DUPLICATE_NAME',
    where: 'submodule `n`',
  },
  {
    breaks: 'a rule inside a submodule',
    raw: rawModule({ submodules: [{ namespace: 'n', module: oneTable({ name: 'st_x' }) }] }),
    code: 'TABLE_NAME_RESERVED',
    where: 'n.table `st_x`',
  },
];

test.each(rules)('refuses $breaks', ({ raw, code, where }) => {
  expect(problemsOf(raw)).toEqual([{ code, where, message: expect.any(String) }]);
});

test('problems are all listed, each once, sorted, and each names what it is about', () => {
  const raw = oneTable({ primaryKey: [0], indexes: [btree(9), btree(9)], sequences: [sequence({ column: 1 })] });
  expect(problemsOf(raw).map((problem) => problem.message)).toEqual([
    'column `9` referenced by index `t_col_9_idx_btree` not found in table `t`, which has 3 columns',
    'name `i_9` is used for multiple entities, one of them in table `t`',
    'name `t_col_9_idx_btree` is used for multiple entities, one of them in table `t`',
    'invalid sequence column type: table `t` column `name` with type `String` in sequence `t_name_seq`',
    'table `t` column `id` is primary key but has no unique constraint',
  ]);
});

test('a definition with endless problems lists the first thousand', () => {
  const reducers = Array.from({ length: 3000 }, (_, i) => rawReducer(`${i} is no name`));
  expect(problemsOf(rawModule({ reducers })).length).toBe(1000);
});

describe('what is allowed', () => {
  test.each<{ what: string; raw: RawModuleDefV10 }>([
    {
      what: 'a recursive type as a parameter',
      raw: {
        ...onlyTypes(types.sum([['n', types.array(types.ref(0))]])),
        reducers: [rawReducer('r', [['t', types.ref(0)]])],
      },
    },
    {
      what: 'a reference to a scalar without a name',
      raw: rawModule({ typespace: [types.u8], reducers: [rawReducer('r', [['x', types.option(types.ref(0))]])] }),
    },
    { what: 'two tables with one row type', raw: { ...oneTable(), tables: [rawTable(), rawTable({ name: 'u' })] } },
    { what: 'a reducer with the name of a table', raw: { ...oneTable(), reducers: [rawReducer('t')] } },
    { what: 'a system table with the name of one', raw: oneTable({ name: 'st_x', tableType: 'System' }) },
    {
      what: 'a direct index on a plain enum behind a reference',
      raw: rawModule({
        typespace: [types.product([['e', types.ref(1)]]), types.sum([['a', types.unit]])],
        types: [named('Row', 0), named('E', 1)],
        tables: [rawTable({ indexes: [{ ...btree(), algorithm: { tag: 'Direct', column: 0 } }] })],
      }),
    },
    { what: 'a type without a name for its row', raw: { ...oneTable(), types: [] } },
    { what: 'a schedule', raw: scheduled },
    {
      what: 'the same names in a submodule',
      raw: { ...oneTable(), submodules: [{ namespace: 't', module: oneTable() }] },
    },
    {
      what: 'an empty list of view key columns',
      raw: { ...oneTable(), views: [view()], viewPrimaryKeys: [{ viewName: 'v', columns: [] }] },
    },
  ])('$what', ({ raw }) => {
    expect(codesOf(raw)).toEqual([]);
  });
});

describe('what the validated definition says', () => {
  test('scheduled and lifecycle functions are private in version 10', () => {
    const module = validateModuleDef({
      ...scheduled,
      reducers: [...scheduled.reducers, rawReducer('start'), rawReducer('open')],
      lifecycleReducers: [{ lifecycle: 'Init', functionName: 'start' }],
    });
    expect(module.reducers.map(({ name, visibility, lifecycle }) => ({ name, visibility, lifecycle }))).toEqual([
      { name: 'tick', visibility: 'private', lifecycle: undefined },
      { name: 'start', visibility: 'private', lifecycle: 'init' },
      { name: 'open', visibility: 'clientCallable', lifecycle: undefined },
    ]);
    expect(module.lifecycle).toEqual(new Map([['init', 1]]));
    expect(module.tables[0]?.schedule).toEqual({
      name: 't_sched',
      atColumn: 2,
      functionName: 'tick',
      functionKind: 'reducer',
    });
  });

  test('of several default values of a column the last counts, without what follows it', () => {
    const defaultValues = [
      { column: 0, value: new Uint8Array(8) },
      { column: 0, value: new Uint8Array(9).fill(1) },
    ];
    const module = validateModuleDef(oneTable({ defaultValues }));
    expect(module.tables[0]?.columns[0]?.defaultValue).toEqual(new Uint8Array(8).fill(1));
  });

  test('a query view has the primary key that all tables of its row type share', () => {
    const query = view({ returnType: types.product([['__query__', types.ref(0)]]) });
    const keyOf = (tables: RawModuleDefV10['tables']): number | undefined =>
      validateModuleDef({ ...oneTable(), tables, views: [query] }).views[0]?.primaryKey;
    expect(keyOf([rawTable(KEYED)])).toBe(0);
    expect(keyOf([rawTable(KEYED), rawTable({ name: 'u' })])).toBeUndefined();
    expect(keyOf([])).toBeUndefined();
  });

  test('names are converted, but for explicit ones, and source names stay known', () => {
    const module: ModuleDef = validateModuleDef({
      ...oneTable({ name: 'MyTable', indexes: [{ ...btree(0), name: 'MyIndex' }], constraints: [unique(0)] }, [
        ['myId', types.u32],
      ]),
      caseConversionPolicy: 'SnakeCase',
      explicitNames: [{ kind: 'Table', sourceName: 'MyTable', canonicalName: 'Kept' }],
      reducers: [rawReducer('doIt', [['myArg', types.u8]])],
    });
    const [table] = module.tables;
    expect(table).toMatchObject({
      name: 'Kept',
      accessorName: 'MyTable',
      columns: [{ name: 'my_id', accessorName: 'myId' }],
      indexes: [{ name: 'Kept_my_id_idx_btree', sourceName: 'MyIndex' }],
      uniqueConstraints: [{ name: 'Kept_my_id_key', columns: [0] }],
    });
    expect(module.reducers[0]).toMatchObject({
      name: 'do_it',
      accessorName: 'doIt',
      params: { elements: [{ name: 'myArg' }] },
    });
  });
});

describe('version 9', () => {
  const table = (parts: Partial<RawTableDefV9> = {}): RawTableDefV9 => ({
    ...rawTable(),
    schedule: undefined,
    ...parts,
  });
  const module = (parts: Partial<RawModuleDefV9> = {}): RawModuleDefV9 => ({
    version: 9,
    typespace: [types.product(COLUMNS)],
    tables: [table()],
    reducers: [],
    types: [named('Row', 0)],
    miscExports: [],
    rowLevelSecurity: [],
    ...parts,
  });
  const defaultValue = { tag: 'ColumnDefaultValue', table: 't', column: 0, value: new Uint8Array(8) } as const;

  test('given names of indexes and constraints are taken as they are', () => {
    const indexes = [{ ...btree(0), name: 'my index' }];
    const constraints = [{ ...unique(0), name: 'my constraint' }];
    expect(validateModuleDef(module({ tables: [table({ indexes, constraints })] })).tables[0]).toMatchObject({
      indexes: [{ name: 'my index', sourceName: 'my index' }],
      uniqueConstraints: [{ name: 'my constraint' }],
    });
  });

  test('an index needs no name', () => {
    const [first] = validateModuleDef(
      module({ tables: [table({ indexes: [{ ...btree(0), name: undefined }] })] }),
    ).tables;
    expect(first?.indexes[0]).toMatchObject({ name: 't_id_idx_btree', sourceName: 't_id_idx_btree' });
  });

  test.each([
    {
      breaks: 'two default values of a column',
      raw: module({ miscExports: [defaultValue, defaultValue] }),
      codes: ['MULTIPLE_COLUMN_DEFAULT_VALUES'],
    },
    {
      breaks: 'a default value of no table',
      raw: module({ miscExports: [{ ...defaultValue, table: 'x' }] }),
      codes: ['TABLE_NOT_FOUND'],
    },
    {
      breaks: 'a schedule name that is no identifier',
      raw: module({
        tables: [table({ ...KEYED, schedule: { name: 'a b', functionName: 'r', atColumn: 2 } })],
        reducers: [{ name: 'r', params: types.product([['row', types.ref(0)]]), lifecycle: undefined }],
      }),
      codes: ['INVALID_IDENTIFIER'],
    },
  ])('refuses $breaks', ({ raw, codes }) => {
    expect(codesOf(raw)).toEqual(codes);
  });
});
