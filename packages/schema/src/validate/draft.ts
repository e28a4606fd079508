import { types } from '@lightcone/sats';
import type { ModuleDef } from '../module-def.ts';
import type { RawModuleDefV10 } from '../raw/raw-v10.ts';
import type { RawModuleDefV9 } from '../raw/raw-v9.ts';
import type { Problems } from './problems.ts';
import { tableWhere } from './table-scope.ts';

/** A definition of any version in the shape of version 10: what the rules are checked on. */
export interface DraftModule extends Omit<RawModuleDefV10, 'version'> {
  readonly version: ModuleDef['version'];
}

export function draftOfV10(raw: RawModuleDefV10): DraftModule {
  return { ...raw, version: 'v10' };
}

export function draftOfV9(raw: RawModuleDefV9, problems: Problems): DraftModule {
  const defaultsByTable = collectDefaults(raw, problems);
  return {
    version: 'v9OrEarlier',
    caseConversionPolicy: 'None',
    explicitNames: [],
    typespace: raw.typespace,
    types: raw.types,
    tables: raw.tables.map((table) => ({
      ...table,
      defaultValues: [...(defaultsByTable.get(table.name) ?? [])].map(([column, value]) => ({ column, value })),
      isEvent: false,
    })),
    reducers: raw.reducers.map(({ name, params }) => ({
      name,
      params,
      visibility: 'ClientCallable',
      okReturnType: types.unit,
      errReturnType: types.string,
    })),
    procedures: raw.miscExports.flatMap((item) =>
      item.tag === 'Procedure' ? { ...item, visibility: 'ClientCallable' as const } : [],
    ),
    views: raw.miscExports.flatMap((item) => (item.tag === 'View' ? item.view : [])),
    viewPrimaryKeys: [],
    schedules: raw.tables.flatMap(({ name: tableName, schedule }) =>
      schedule === undefined ? [] : { ...schedule, tableName },
    ),
    lifecycleReducers: raw.reducers.flatMap(({ name: functionName, lifecycle }) =>
      lifecycle === undefined ? [] : { lifecycle, functionName },
    ),
    rowLevelSecurity: raw.rowLevelSecurity,
    httpHandlers: [],
    httpRoutes: [],
    submodules: [],
  };
}

/** Version 9 lists default values apart from the tables that they belong to. */
function collectDefaults(raw: RawModuleDefV9, problems: Problems): Map<string, Map<number, Uint8Array>> {
  const defaultsByTable = new Map(raw.tables.map(({ name }) => [name, new Map<number, Uint8Array>()]));
  for (const item of raw.miscExports) {
    if (item.tag !== 'ColumnDefaultValue') continue;
    const { table, column, value } = item;
    const where = tableWhere(table);
    const defaults = defaultsByTable.get(table);
    if (defaults === undefined) {
      problems.add('TABLE_NOT_FOUND', where, `Table ${table} not found: a column default value names it`);
    } else if (defaults.has(column)) {
      const message = `${where} column ${column} has several default values`;
      problems.add('MULTIPLE_COLUMN_DEFAULT_VALUES', where, message);
    } else {
      defaults.set(column, value);
    }
  }
  return defaultsByTable;
}
