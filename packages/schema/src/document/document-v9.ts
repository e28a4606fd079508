import { type JsonValue, bytesToHex, typeToJson } from '@lightcone/sats';
import type { ModuleDef, TableDef } from '../module-def.ts';
import {
  algorithm,
  constraintData,
  lifecycle,
  option,
  params,
  primaryKey,
  sequenceNumbers,
  sortedByName,
  sortedTypes,
  tableAccess,
  tableType,
  typespace,
} from './document-parts.ts';

/**
 * The definition in the words of version 9: canonical names throughout. It cannot say which tables
 * are event tables, nor anything of HTTP, view keys and submodules.
 */
export function documentV9(module: ModuleDef): JsonValue {
  const tables = sortedByName(module.tables);
  return {
    typespace: typespace(module.typespace),
    tables: tables.map(tableJson),
    reducers: module.reducers.map((reducer) => ({
      name: reducer.name,
      params: params(reducer.params),
      lifecycle: option(reducer.lifecycle === undefined ? undefined : lifecycle(reducer.lifecycle)),
    })),
    types: sortedTypes(module.types).map(({ scope, name, ref, customOrdering }) => ({
      name: { scope, name },
      ty: BigInt(ref),
      custom_ordering: customOrdering,
    })),
    misc_exports: [...tables.flatMap(defaultsJson), ...proceduresJson(module), ...viewsJson(module)],
    row_level_security: module.rowLevelSecurity.map((sql) => ({ sql })),
  };
}

function tableJson(table: TableDef): JsonValue {
  const { schedule } = table;
  return {
    name: table.name,
    product_type_ref: BigInt(table.productTypeRef),
    primary_key: primaryKey(table),
    indexes: sortedByName(table.indexes).map((index) => ({
      name: option(index.name),
      accessor_name: option(index.accessorName),
      algorithm: algorithm(index.algorithm),
    })),
    constraints: sortedByName(table.uniqueConstraints).map(({ name, columns }) => ({
      name: option(name),
      data: constraintData(columns),
    })),
    sequences: sortedByName(table.sequences).map((sequence) => ({
      name: option(sequence.name),
      ...sequenceNumbers(sequence),
    })),
    schedule: option(
      schedule && {
        name: option(schedule.name),
        reducer_name: schedule.functionName,
        scheduled_at_column: BigInt(schedule.atColumn),
      },
    ),
    table_type: tableType(table),
    table_access: tableAccess(table),
  };
}

function defaultsJson(table: TableDef): JsonValue[] {
  return table.columns.flatMap(({ defaultValue }, column) =>
    defaultValue === undefined
      ? []
      : { ColumnDefaultValue: { table: table.name, col_id: BigInt(column), value: bytesToHex(defaultValue) } },
  );
}

function proceduresJson(module: ModuleDef): JsonValue[] {
  return module.procedures.map((procedure) => ({
    Procedure: {
      name: procedure.name,
      params: params(procedure.params),
      return_type: typeToJson(procedure.returnType),
    },
  }));
}

function viewsJson(module: ModuleDef): JsonValue[] {
  return module.views.map((view) => ({
    View: {
      name: view.name,
      index: BigInt(view.index),
      is_public: view.isPublic,
      is_anonymous: view.isAnonymous,
      params: params(view.params),
      return_type: typeToJson(view.returnType),
    },
  }));
}
