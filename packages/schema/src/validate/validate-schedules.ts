import { type AlgebraicType, specialType } from '@lightcone/sats';
import type { ProcedureDef, ReducerDef, ScheduleDef, TableDef } from '../module-def.ts';
import { scheduleName } from '../names/generated-names.ts';
import type { RawScheduleDefV10 } from '../raw/raw-v10.ts';
import { typeText } from '../typespace/type-text.ts';
import type { ModuleContext } from './module-context.ts';
import { tableWhere } from './table-scope.ts';

/** Checks all schedules; the result is keyed by canonical table name. */
export function validateSchedules(
  context: ModuleContext,
  tables: readonly TableDef[],
  reducers: readonly ReducerDef[],
  procedures: readonly ProcedureDef[],
): Map<string, ScheduleDef> {
  const tableByName = new Map(tables.map((table) => [table.name, table]));
  const reducerByName = new Map(reducers.map((reducer) => [reducer.name, reducer]));
  const procedureByName = new Map(procedures.map((procedure) => [procedure.name, procedure]));
  // A table that failed its own checks is reported there.
  const declaredTables = new Set(context.draft.tables.map((raw) => context.names.table(raw.name)));
  const scheduleByTable = new Map<string, ScheduleDef>();

  for (const raw of context.draft.schedules) {
    const tableName = context.names.table(raw.tableName);
    const where = tableWhere(tableName);
    const table = tableByName.get(tableName);
    if (table === undefined) {
      if (!declaredTables.has(tableName)) {
        context.add('TABLE_NOT_FOUND', where, `Table ${tableName} not found: a schedule names it`);
      }
      continue;
    }
    if (scheduleByTable.has(tableName)) {
      context.add('DUPLICATE_SCHEDULE', where, `${where} has more than one schedule`);
      continue;
    }
    checkColumns(context, table, raw);

    const functionName = context.names.function(raw.functionName);
    const functionKind = reducerByName.has(functionName) ? 'reducer' : 'procedure';
    const called = reducerByName.get(functionName) ?? procedureByName.get(functionName);
    if (called === undefined) {
      const message = `${where} is scheduled to call \`${functionName}\`, but there is no reducer or procedure of that name`;
      context.add('MISSING_SCHEDULED_FUNCTION', where, message);
    } else if (!takesRow(called.params.elements, table)) {
      const message = `Scheduled ${functionKind} ${functionName} of ${where} expected to have type (0: &${table.productTypeRef}), but has type ${typeText(called.params)}`;
      context.add('INCORRECT_SCHEDULED_FUNCTION_PARAMS', where, message);
    }
    scheduleByTable.set(tableName, {
      name: nameOf(context, raw, table),
      atColumn: raw.atColumn,
      functionName,
      functionKind,
    });
  }
  return scheduleByTable;
}

function checkColumns(context: ModuleContext, table: TableDef, raw: RawScheduleDefV10): void {
  const atType = table.columns[raw.atColumn]?.type;
  const keyType = table.primaryKey === undefined ? undefined : table.columns[table.primaryKey]?.type;
  if (atType !== undefined && specialType(atType) === 'ScheduleAt' && keyType?.tag === 'U64') return;
  const where = tableWhere(table.name);
  const columns = table.columns.map(({ name, type }) => ({ name, type }));
  const message = `A scheduled table must have a primary key of type U64 and a column of type ScheduleAt (given as column ${raw.atColumn}), but ${where} has columns ${typeText({ tag: 'Product', elements: columns })}`;
  context.add('SCHEDULED_INCORRECT_COLUMNS', where, message);
}

function takesRow(params: readonly { readonly type: AlgebraicType }[], table: TableDef): boolean {
  const type = params[0]?.type;
  return params.length === 1 && type?.tag === 'Ref' && type.ref === table.productTypeRef;
}

/** Version 10 always generates the name; before, a given one counts, and must be an identifier. */
function nameOf(context: ModuleContext, raw: RawScheduleDefV10, table: TableDef): string {
  const where = tableWhere(table.name);
  const given = context.isV10 ? undefined : raw.name;
  if (given !== undefined) context.checkIdentifier(given, `${where} schedule \`${given}\``);
  const name = given ?? scheduleName(table.name);
  context.takeEntityName(name, raw, where);
  return name;
}
