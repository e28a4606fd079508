import { type AlgebraicType, types } from '@lightcone/sats';
import type { RawModuleDefV10, RawReducerDefV10, RawTableDefV10 } from '../src/raw/raw-v10.ts';

/** A version 10 definition with nothing but what a test gives. Names stay as they are unless it says otherwise. */
export function rawModule(parts: Partial<RawModuleDefV10> = {}): RawModuleDefV10 {
  return {
    version: 10,
    typespace: [],
    types: [],
    tables: [],
    reducers: [],
    procedures: [],
    views: [],
    schedules: [],
    lifecycleReducers: [],
    rowLevelSecurity: [],
    caseConversionPolicy: 'None',
    explicitNames: [],
    httpHandlers: [],
    httpRoutes: [],
    viewPrimaryKeys: [],
    submodules: [],
    ...parts,
  };
}

export function rawTable(parts: Partial<RawTableDefV10> = {}): RawTableDefV10 {
  return {
    name: 't',
    productTypeRef: 0,
    primaryKey: [],
    indexes: [],
    constraints: [],
    sequences: [],
    tableType: 'User',
    tableAccess: 'Public',
    defaultValues: [],
    isEvent: false,
    ...parts,
  };
}

export function rawReducer(name: string, params: readonly (readonly [string, AlgebraicType])[] = []): RawReducerDefV10 {
  return {
    name,
    params: types.product(params),
    visibility: 'ClientCallable',
    okReturnType: types.unit,
    errReturnType: types.string,
  };
}

export type Columns = readonly (readonly [string, AlgebraicType])[];

/** Columns that suit most tests. */
export const COLUMNS: Columns = [
  ['id', types.u64],
  ['name', types.string],
  ['at', types.scheduleAt],
];

/** A definition with one table, its row type and, where given, more types after that. */
export function oneTable(table: Partial<RawTableDefV10> = {}, columns: Columns = COLUMNS): RawModuleDefV10 {
  return rawModule({
    typespace: [types.product(columns)],
    types: [{ scope: [], name: 'Row', ref: 0, customOrdering: true }],
    tables: [rawTable(table)],
  });
}

export function btree(...columns: number[]): RawTableDefV10['indexes'][number] {
  return { name: `i_${columns.join('_')}`, accessorName: undefined, algorithm: { tag: 'BTree', columns } };
}

export function unique(...columns: number[]): RawTableDefV10['constraints'][number] {
  return { name: undefined, columns };
}

export function sequence(
  parts: Partial<RawTableDefV10['sequences'][number]> = {},
): RawTableDefV10['sequences'][number] {
  return {
    name: undefined,
    column: 0,
    start: undefined,
    minValue: undefined,
    maxValue: undefined,
    increment: 1n,
    ...parts,
  };
}

/** The parts of a table whose first column is its primary key. */
export const KEYED: Partial<RawTableDefV10> = { primaryKey: [0], indexes: [btree(0)], constraints: [unique(0)] };
