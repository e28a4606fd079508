import { type JsonValue, bytesToHex, typeToJson } from '@lightcone/sats';
import type { HttpMethod, Lifecycle, ModuleDef, TableDef, ViewDef, Visibility } from '../module-def.ts';
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
  variant,
} from './document-parts.ts';

const LIFECYCLE_ORDER: readonly Lifecycle[] = ['init', 'onConnect', 'onDisconnect'];

/**
 * The definition in the words of version 10: source names, with the canonical ones in the section
 * ExplicitNames; references from one part to another use canonical names.
 */
export function documentV10(module: ModuleDef): JsonValue {
  const tables = sortedByName(module.tables);
  return {
    sections: [
      { Typespace: typespace(module.typespace) },
      ...section(
        'Types',
        sortedTypes(module.types).map((type) => ({
          source_name: { scope: type.scope, source_name: type.name },
          ty: BigInt(type.ref),
          custom_ordering: type.customOrdering,
        })),
      ),
      ...section('Tables', tables.map(tableJson)),
      ...section(
        'Reducers',
        module.reducers.map((reducer) => ({
          source_name: reducer.accessorName,
          params: params(reducer.params),
          visibility: visibility(reducer.visibility),
          ok_return_type: typeToJson(reducer.okReturnType),
          err_return_type: typeToJson(reducer.errReturnType),
        })),
      ),
      ...section(
        'Procedures',
        module.procedures.map((procedure) => ({
          source_name: procedure.accessorName,
          params: params(procedure.params),
          return_type: typeToJson(procedure.returnType),
          visibility: visibility(procedure.visibility),
        })),
      ),
      ...section(
        'HttpHandlers',
        module.httpHandlers.map((handler) => ({ source_name: handler.accessorName })),
      ),
      ...section(
        'HttpRoutes',
        module.httpRoutes.map(({ handlerName, method, path }) => ({
          handler_function: handlerName,
          method: methodJson(method),
          path,
        })),
      ),
      ...section('Views', module.views.map(viewJson)),
      ...section(
        'ViewPrimaryKeys',
        module.views.flatMap((view) => viewPrimaryKey(module, view)),
      ),
      ...section('Schedules', tables.flatMap(scheduleJson)),
      ...section(
        'LifeCycleReducers',
        LIFECYCLE_ORDER.flatMap((event) => lifecycleJson(module, event)),
      ),
      ...section(
        'RowLevelSecurity',
        module.rowLevelSecurity.map((sql) => ({ sql })),
      ),
      { ExplicitNames: { entries: explicitNames(module, tables) } },
      ...section(
        'Submodules',
        module.submodules.map((submodule) => ({
          namespace: submodule.namespace,
          module: documentV10(submodule.module),
        })),
      ),
    ],
  };
}

/** Empty sections are left out. */
function section(name: string, content: readonly JsonValue[]): JsonValue[] {
  return content.length === 0 ? [] : [{ [name]: content }];
}

function tableJson(table: TableDef): JsonValue {
  return {
    source_name: table.accessorName,
    product_type_ref: BigInt(table.productTypeRef),
    primary_key: primaryKey(table),
    indexes: sortedByName(table.indexes).map((index) => ({
      source_name: option(index.sourceName),
      accessor_name: option(index.accessorName),
      algorithm: algorithm(index.algorithm),
    })),
    constraints: sortedByName(table.uniqueConstraints).map(({ name, columns }) => ({
      source_name: option(name),
      data: constraintData(columns),
    })),
    sequences: sortedByName(table.sequences).map((sequence) => ({
      source_name: option(sequence.name),
      ...sequenceNumbers(sequence),
    })),
    table_type: tableType(table),
    table_access: tableAccess(table),
    default_values: table.columns.flatMap(({ defaultValue }, column) =>
      defaultValue === undefined ? [] : { col_id: BigInt(column), value: bytesToHex(defaultValue) },
    ),
    is_event: table.isEvent,
  };
}

function visibility(value: Visibility): JsonValue {
  return variant(value === 'private' ? 'Private' : 'ClientCallable');
}

function methodJson(method: HttpMethod): JsonValue {
  if (method.tag === 'Any') return variant('Any');
  return { Method: method.tag === 'Extension' ? { Extension: method.name } : variant(method.tag) };
}

function viewJson(view: ViewDef): JsonValue {
  return {
    source_name: view.accessorName,
    index: BigInt(view.index),
    is_public: view.isPublic,
    is_anonymous: view.isAnonymous,
    params: params(view.params),
    return_type: typeToJson(view.returnType),
  };
}

function viewPrimaryKey(module: ModuleDef, view: ViewDef): JsonValue[] {
  const rowType = module.typespace[view.rowTypeRef];
  if (!view.isPrimaryKeyDeclared || view.primaryKey === undefined || rowType?.tag !== 'Product') return [];
  const column = rowType.elements[view.primaryKey]?.name ?? '';
  return [{ view_source_name: view.accessorName, columns: [column] }];
}

function scheduleJson({ name, schedule }: TableDef): JsonValue[] {
  if (schedule === undefined) return [];
  return [
    {
      source_name: option(schedule.name),
      table_name: name,
      schedule_at_col: BigInt(schedule.atColumn),
      function_name: schedule.functionName,
    },
  ];
}

function lifecycleJson(module: ModuleDef, event: Lifecycle): JsonValue[] {
  const reducer = module.reducers.find((candidate) => candidate.lifecycle === event);
  return reducer === undefined ? [] : [{ lifecycle_spec: lifecycle(event), function_name: reducer.name }];
}

/** All tables and functions, also those whose names are equal; no indexes and no handlers. */
function explicitNames(module: ModuleDef, tables: readonly TableDef[]): JsonValue[] {
  const functions = [...module.reducers, ...module.procedures, ...module.views];
  const mapping = (part: { readonly name: string; readonly accessorName: string }): JsonValue => ({
    source_name: part.accessorName,
    canonical_name: part.name,
  });
  return [
    ...tables.map((table) => ({ Table: mapping(table) })),
    ...functions.map((definition) => ({ Function: mapping(definition) })),
  ];
}
