import { type AlgebraicType, types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import {
  type MigrationPlan,
  type ModuleDef,
  describeMigration,
  planMigration,
  validateModuleDef,
} from '../src/index.ts';
import type { RawModuleDefV10, RawTableDefV10 } from '../src/raw/raw-v10.ts';
import {
  COLUMNS,
  type Columns,
  KEYED,
  btree,
  oneTable,
  rawModule,
  rawReducer,
  rawTable,
  sequence,
  unique,
} from './raw-modules.ts';

function plan(old: RawModuleDefV10, next: RawModuleDefV10): MigrationPlan {
  return planMigration(validateModuleDef(old), validateModuleDef(next));
}

/** A plan in short: the kinds of its steps and prechecks. */
function outline({ problems, prechecks, steps, breaksClients }: MigrationPlan): object {
  return {
    problems,
    prechecks: prechecks.map((precheck) => precheck.kind),
    steps: steps.map((step) => step.kind),
    breaksClients,
  };
}

const NOTHING = { problems: [], prechecks: [], steps: [], breaksClients: false };
const table = (parts: Partial<RawTableDefV10>): RawModuleDefV10 => oneTable(parts);
const value = (size: number): Uint8Array => new Uint8Array(size);

const view = (parts: Partial<RawModuleDefV10['views'][number]> = {}): RawModuleDefV10 => ({
  ...oneTable(),
  views: [
    {
      name: 'v',
      index: 0,
      isPublic: true,
      isAnonymous: true,
      params: types.unit,
      returnType: types.array(types.ref(0)),
      ...parts,
    },
  ],
});

describe('changes that are made', () => {
  test.each<{ change: string; old: RawModuleDefV10; next: RawModuleDefV10; expected: object }>([
    { change: 'nothing', old: oneTable(KEYED), next: oneTable(KEYED), expected: {} },
    {
      change: 'reducers, procedures, handlers and types',
      old: { ...oneTable(), reducers: [rawReducer('a'), rawReducer('b')] },
      next: {
        ...oneTable(),
        typespace: [types.product(COLUMNS), types.sum([['x', types.unit]])],
        types: [{ scope: [], name: 'Other', ref: 1, customOrdering: true }, ...oneTable().types],
        reducers: [rawReducer('b', [['x', types.ref(1)]]), rawReducer('c')],
        procedures: [{ name: 'p', params: types.unit, returnType: types.unit, visibility: 'ClientCallable' }],
        httpHandlers: ['h'],
      },
      expected: {},
    },
    {
      change: 'the position of the row type in the typespace',
      old: oneTable(),
      next: { ...oneTable({ productTypeRef: 1 }), typespace: [types.u8, types.product(COLUMNS)], types: [] },
      expected: {},
    },
    {
      change: 'the columns of a unique constraint of an event table',
      old: oneTable({ isEvent: true, indexes: [btree(1)], constraints: [unique(1)] }, [['a', types.u8], ['b', types.u8]]), // prettier-ignore
      next: oneTable({ isEvent: true, indexes: [{ ...btree(0), name: 'i_1' }], constraints: [unique(0)] }, [['b', types.u8]]), // prettier-ignore
      expected: {
        steps: ['removeIndex', 'removeConstraint', 'replaceColumns', 'addIndex', 'addConstraint'],
        prechecks: [],
        breaksClients: true,
      },
    },
    { change: 'a table added', old: rawModule(), next: oneTable(KEYED), expected: { steps: ['addTable'] } },
    {
      change: 'a table removed',
      old: oneTable(KEYED),
      next: rawModule(),
      expected: { prechecks: ['tableIsEmpty'], steps: ['removeTable'], breaksClients: true },
    },
    {
      change: 'access',
      old: oneTable(),
      next: oneTable({ tableAccess: 'Private' }),
      expected: { steps: ['changeAccess'] },
    },
    {
      change: 'an index added',
      old: oneTable(),
      next: oneTable({ indexes: [btree(1)] }),
      expected: { steps: ['addIndex'] },
    },
    {
      change: 'an index removed',
      old: oneTable({ indexes: [btree(1)] }),
      next: oneTable(),
      expected: { steps: ['removeIndex'] },
    },
    {
      change: 'the source name of an index',
      old: oneTable({ indexes: [btree(1)] }),
      next: oneTable({ indexes: [{ ...btree(1), name: 'other' }] }),
      expected: { steps: ['changeAccessorNames'] },
    },
    {
      change: 'the columns of an index of an explicit name',
      old: {
        ...oneTable({ indexes: [{ ...btree(1), name: 'i' }] }),
        explicitNames: [{ kind: 'Index', sourceName: 'i', canonicalName: 'i' }],
      },
      next: {
        ...oneTable({ indexes: [{ ...btree(0), name: 'i' }] }),
        explicitNames: [{ kind: 'Index', sourceName: 'i', canonicalName: 'i' }],
      },
      expected: { steps: ['removeIndex', 'addIndex'] },
    },
    {
      change: 'a primary key added, with its constraint and index',
      old: oneTable(),
      next: oneTable(KEYED),
      expected: { prechecks: ['hasNoDuplicates'], steps: ['addIndex', 'addConstraint', 'changePrimaryKey'] },
    },
    {
      change: 'a primary key removed, with its constraint and index',
      old: oneTable(KEYED),
      next: oneTable(),
      expected: { steps: ['removeIndex', 'removeConstraint', 'changePrimaryKey'] },
    },
    {
      change: 'a sequence added',
      old: oneTable(),
      next: oneTable({ sequences: [sequence()] }),
      expected: { prechecks: ['hasNoValuesInRange'], steps: ['addSequence'] },
    },
    {
      change: 'a sequence changed',
      old: oneTable({ sequences: [sequence()] }),
      next: oneTable({ sequences: [sequence({ start: 5n })] }),
      expected: { prechecks: ['hasNoValuesInRange'], steps: ['removeSequence', 'addSequence'] },
    },
    {
      change: 'a sequence removed',
      old: oneTable({ sequences: [sequence()] }),
      next: oneTable(),
      expected: { steps: ['removeSequence'] },
    },
    {
      change: 'columns added at the end, with default values, one of them counted',
      old: oneTable({}, [['a', types.u8]]),
      next: oneTable(
        {
          defaultValues: [
            { column: 1, value: value(4) },
            { column: 2, value: value(1) },
          ],
          sequences: [sequence({ column: 1 })],
        },
        [
          ['a', types.u8],
          ['b', types.u32],
          ['c', types.bool],
        ],
      ),
      expected: { steps: ['addColumns', 'addSequence'], breaksClients: true },
    },
    {
      change: 'all columns of an event table',
      old: oneTable({ isEvent: true }, [['a', types.u8]]),
      next: oneTable({ isEvent: true }, [['b', types.string]]),
      expected: { steps: ['replaceColumns'], breaksClients: true },
    },
    {
      change: 'the source name of a table',
      old: { ...oneTable({ name: 'a' }), explicitNames: [{ kind: 'Table', sourceName: 'a', canonicalName: 'x' }] },
      next: { ...oneTable({ name: 'b' }), explicitNames: [{ kind: 'Table', sourceName: 'b', canonicalName: 'x' }] },
      expected: { steps: ['changeAccessorNames'] },
    },
    { change: 'a view added', old: oneTable(), next: view(), expected: { steps: ['addView'] } },
    {
      change: 'a view removed',
      old: view(),
      next: oneTable(),
      expected: { steps: ['removeView'], breaksClients: true },
    },
    {
      change: 'nothing but the code of a view',
      old: view(),
      next: view({ index: 4 }),
      expected: { steps: ['refreshView'] },
    },
    {
      change: 'an enum in the rows of a view',
      old: { ...view(), typespace: [types.product([['kind', types.ref(1)]]), types.sum([['a', types.unit]])], types: [...view().types, { scope: [], name: 'Kind', ref: 1, customOrdering: true }], tables: [] }, // prettier-ignore
      next: { ...view(), typespace: [types.product([['kind', types.ref(1)]]), types.sum([['a', types.unit], ['b', types.unit]])], types: [...view().types, { scope: [], name: 'Kind', ref: 1, customOrdering: true }], tables: [] }, // prettier-ignore
      expected: { steps: ['refreshView'] },
    },
    {
      change: 'who a view is for',
      old: view(),
      next: view({ isAnonymous: false }),
      expected: { steps: ['removeView', 'addView'], breaksClients: true },
    },
    {
      change: 'the key of a view',
      old: view(),
      next: { ...view(), viewPrimaryKeys: [{ viewName: 'v', columns: ['id'] }] },
      expected: { steps: ['removeView', 'addView'], breaksClients: true },
    },
    {
      change: 'no row-level security rule',
      old: { ...oneTable(), rowLevelSecurity: ['a'] },
      next: { ...oneTable(), rowLevelSecurity: ['a', 'a'] },
      expected: { steps: ['removeRowLevelSecurity', 'addRowLevelSecurity'] },
    },
    {
      change: 'a row-level security rule',
      old: { ...oneTable(), rowLevelSecurity: ['a'] },
      next: { ...oneTable(), rowLevelSecurity: ['b'] },
      expected: { steps: ['removeRowLevelSecurity', 'addRowLevelSecurity'], breaksClients: true },
    },
    {
      change: 'everything at once, removals first',
      old: {
        ...view(),
        tables: [rawTable({ indexes: [btree(1)], sequences: [sequence()] }), rawTable({ name: 'gone' })],
      },
      next: {
        ...oneTable({ ...KEYED, tableAccess: 'Private' }),
        tables: [rawTable({ ...KEYED, tableAccess: 'Private' }), rawTable({ name: 'new' })],
      },
      expected: {
        prechecks: ['tableIsEmpty', 'hasNoDuplicates'],
        steps: [
          'removeIndex',
          'removeSequence',
          'removeView',
          'removeTable',
          'addTable',
          'addIndex',
          'addConstraint',
          'changeAccess',
          'changePrimaryKey',
        ],
        breaksClients: true,
      },
    },
  ])('$change', ({ old, next, expected }) => {
    expect(outline(plan(old, next))).toEqual({ ...NOTHING, ...expected });
  });

  test('parts of submodules have dotted names', () => {
    const inner = (module: RawModuleDefV10): RawModuleDefV10 =>
      rawModule({ submodules: [{ namespace: 'lib', module }] });
    const { steps } = plan(inner(oneTable()), inner(oneTable({ indexes: [btree(0)] })));
    expect(steps).toMatchObject([
      { kind: 'addIndex', table: { fullName: 'lib.t' }, index: { fullName: 'lib.t_id_idx_btree' } },
    ]);
    expect(plan(inner(oneTable()), rawModule()).steps).toMatchObject([
      { kind: 'removeTable', table: { fullName: 'lib.t' } },
    ]);
  });
});

describe('changes that are refused', () => {
  const ab: Columns = [
    ['a', types.u8],
    ['b', types.u8],
  ];
  test.each<{ change: string; old: RawModuleDefV10; next: RawModuleDefV10; problems: string[] }>([
    {
      change: 'a column without default',
      old: oneTable({}, [['a', types.u8]]),
      next: oneTable({}, ab),
      problems: [
        'Adding a column b to table t requires a default value annotation. Give it one, or publish with --delete-data.',
      ],
    },
    {
      change: 'a column in the middle',
      old: oneTable({}, [['b', types.u8]]),
      next: oneTable({ defaultValues: [{ column: 0, value: value(1) }] }, ab),
      problems: [
        'Reordering table t requires a manual migration. Keep its columns in the order b with new ones at the end, or publish with --delete-data.',
      ],
    },
    {
      change: 'a column less',
      old: oneTable({}, ab),
      next: oneTable({}, [['a', types.u8]]),
      problems: [
        'Removing a column b from table t requires a manual migration. Keep it, or publish with --delete-data.',
      ],
    },
    {
      change: 'columns in another order',
      old: oneTable({}, ab),
      next: oneTable({}, ab.toReversed()),
      problems: [
        'Reordering table t requires a manual migration. Keep its columns in the order a, b with new ones at the end, or publish with --delete-data.',
      ],
    },
    {
      change: 'the type of a column',
      old: oneTable({}, [['a', types.u8]]),
      next: oneTable({}, [['a', types.u16]]),
      problems: [
        'Changing the type of column a in table t from U8 to U16 requires a manual migration. Add a new column instead, or publish with --delete-data.',
      ],
    },
    {
      change: 'the event flag',
      old: oneTable(),
      next: oneTable({ isEvent: true }),
      problems: [
        'Changing the event flag of table t from false to true requires a manual migration. Make a new table instead, or publish with --delete-data.',
      ],
    },
    {
      change: 'the table type',
      old: oneTable(),
      next: oneTable({ tableType: 'System' }),
      problems: [
        'Changing the table type of table t from user to system requires a manual migration. Make a new table instead, or publish with --delete-data.',
      ],
    },
    {
      change: 'a schedule',
      old: oneTable(KEYED),
      next: {
        ...table(KEYED),
        reducers: [rawReducer('tick', [['row', types.ref(0)]])],
        schedules: [{ name: undefined, tableName: 't', atColumn: 2, functionName: 'tick' }],
      },
      problems: [
        'Adding the schedule of table t requires a manual migration. Make a new table instead, or publish with --delete-data.',
      ],
    },
    {
      change: 'several at once, sorted',
      old: { ...oneTable({}, ab), tables: [rawTable(), rawTable({ name: 's' })] },
      next: { ...oneTable({}, [['a', types.i8]]), tables: [rawTable(), rawTable({ name: 's', isEvent: true })] },
      problems: [
        'Changing the event flag of table s from false to true requires a manual migration. Make a new table instead, or publish with --delete-data.',
        'Changing the type of column a in table s from U8 to I8 requires a manual migration. Add a new column instead, or publish with --delete-data.',
        'Changing the type of column a in table t from U8 to I8 requires a manual migration. Add a new column instead, or publish with --delete-data.',
        'Removing a column b from table s requires a manual migration. Keep it, or publish with --delete-data.',
        'Removing a column b from table t requires a manual migration. Keep it, or publish with --delete-data.',
      ],
    },
  ])('$change', ({ old, next, problems }) => {
    expect(plan(old, next).problems).toEqual(problems);
  });

  test('in version 9, the accessor of an index; and the columns of a constraint of the same name', () => {
    const module = (accessorName: string, column: number): ModuleDef =>
      validateModuleDef({
        version: 9,
        typespace: [types.product(ab)],
        tables: [
          {
            ...rawTable(),
            schedule: undefined,
            indexes: [0, 1].map((c) => ({ ...btree(c), accessorName: c === 0 ? accessorName : undefined })),
            constraints: [{ ...unique(column), name: 'c' }],
          },
        ],
        reducers: [],
        types: [],
        miscExports: [],
        rowLevelSecurity: [],
      });
    expect(planMigration(module('x', 0), module('y', 1)).problems).toEqual([
      'Changing the accessor name on index i_0 from x to y requires a manual migration. Give the index another name, or publish with --delete-data.',
      'Changing the unique constraint c of table t requires a manual migration. Give it another name, or publish with --delete-data.',
    ]);
  });
});

describe('column types', () => {
  const unitVariants = (...names: string[]): AlgebraicType => types.sum(names.map((name) => [name, types.unit]));
  /** The plan when a column's type changes; `inner` is what `&2` refers to. */
  const change = (
    old: AlgebraicType,
    next: AlgebraicType,
    innerOld: AlgebraicType = types.unit,
    innerNext: AlgebraicType = types.unit,
  ): object => {
    const module = (type: AlgebraicType, inner: AlgebraicType): RawModuleDefV10 =>
      rawModule({
        typespace: [types.product([['kind', types.ref(1)]]), type, inner],
        types: ['Kind', 'Inner'].map((name, i) => ({ scope: [], name, ref: i + 1, customOrdering: true })),
        tables: [rawTable()],
      });
    const { problems, steps, breaksClients } = plan(module(old, innerOld), module(next, innerNext));
    return { problems, steps: steps.map((step) => step.kind), breaksClients };
  };
  const extended = { problems: [], steps: ['changeColumnTypes'], breaksClients: false };

  test.each([
    { what: 'more plain variants', old: unitVariants('a'), next: unitVariants('a', 'b') },
    {
      what: 'a variant that fits the payload of others',
      old: types.sum([['a', types.u64]]),
      next: types.sum([
        ['a', types.u64],
        ['b', types.u32],
      ]),
    },
  ])('may grow: $what', ({ old, next }) => {
    expect(change(old, next)).toEqual(extended);
  });

  test.each([types.array(types.ref(2)), types.option(types.ref(2)), types.result(types.u64, types.ref(2))])(
    'may grow inside of others: %j',
    (outside) => {
      const declared = types.product([['x', outside]]);
      expect(change(declared, declared, unitVariants('a'), unitVariants('a', 'b'))).toEqual(extended);
    },
  );

  test.each([
    {
      old: unitVariants('student', 'professor'),
      next: unitVariants('student'),
      message: 'from (student: () | professor: ()) to (student: ()), with fewer variants, requires a manual migration',
    },
    { old: unitVariants('a'), next: unitVariants('b'), message: 'with a renamed variant' },
    {
      old: types.sum([['a', types.u8]]),
      next: types.sum([
        ['a', types.u8],
        ['b', types.u32],
      ]),
      message: 'with a different size',
    },
    {
      old: types.product([['x', types.u32]]),
      next: types.product([['y', types.u32]]),
      message: 'with a renamed element',
    },
    { old: types.product([['x', types.u8]]), next: types.product([]), message: 'with a different number of elements' },
  ])('$message', ({ old, next, message }) => {
    expect(change(old, next)).toMatchObject({ problems: [expect.stringContaining(message)] });
  });
});

test('a plan can be shown to people', () => {
  const { tables } = oneTable({ ...KEYED, tableAccess: 'Private' });
  const text = describeMigration(
    plan({ ...oneTable(), tables: [rawTable(), rawTable({ name: 'gone' })] }, { ...oneTable(), tables }),
  );
  expect(text.split('\n')).toEqual([
    '- remove table gone, which must be empty',
    '+ add index t_id_idx_btree to table t, on id',
    '+ add unique constraint t_id_key to table t, over id',
    '~ make table t private',
    '~ change the primary key of table t to id',
    '! all clients are disconnected and need bindings of the new module',
  ]);
  expect(describeMigration(plan(rawModule(), rawModule()))).toBe('  tables and views stay as they are');
});

test('a plan shows new columns with their types, rules that differ, and what is in its way, in colours if wanted', () => {
  const columns: Columns = [['id', types.u64], ['name', types.string], ['at', types.scheduleAt], ['tag', types.option(types.u8)]]; // prettier-ignore
  const old = { ...oneTable(), rowLevelSecurity: ['SELECT * FROM t', 'SELECT t.* FROM t'] };
  const next = {
    ...oneTable({ defaultValues: [{ column: 3, value: value(2) }] }, columns),
    rowLevelSecurity: ['SELECT * FROM t', 'SELECT t.* FROM t WHERE t.id = 1'],
  };
  expect(describeMigration(plan(old, next), ['there are rows'], true).split('\n')).toEqual([
    '\u001B[31m- remove row-level security rule SELECT t.* FROM t\u001B[0m',
    '\u001B[32m+ add column tag: Option<U8> to table t, with its default value in all rows\u001B[0m',
    '\u001B[32m+ add row-level security rule SELECT t.* FROM t WHERE t.id = 1\u001B[0m',
    '\u001B[1;31m! all clients are disconnected and need bindings of the new module\u001B[0m',
    '\u001B[1;31m! not with the rows there are now: there are rows\u001B[0m',
  ]);
});
