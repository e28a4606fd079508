import { type AlgebraicType, specialType } from '@lightcone/sats';
import type { TableDef, ViewColumnDef, ViewDef } from '../module-def.ts';
import type { RawViewDef } from '../raw/raw-parts.ts';
import { typeText } from '../typespace/type-text.ts';
import type { ModuleContext } from './module-context.ts';
import { checkStoredType } from './validate-functions.ts';

export function validateViews(context: ModuleContext, tables: readonly TableDef[]): ViewDef[] {
  const declaredKeys = validatePrimaryKeys(context);
  const tablesByRowType = Map.groupBy(tables, (table) => table.productTypeRef);
  const tablesByAccessor = new Map(tables.map((table) => [table.accessorName, table]));
  return context.draft.views.flatMap((raw) => {
    const view = validateView(context, raw);
    if (view === undefined) return [];
    const table = tablesByAccessor.get(raw.name);
    if (table !== undefined && table.name !== view.name) {
      // The rows of a view are kept in a table of its name, and no two tables share an accessor name.
      const message = `the module calls both view \`${view.name}\` and table \`${table.name}\` \`${raw.name}\``;
      context.add('DUPLICATE_NAME', viewWhere(view.name), message);
    }
    const declared = declaredKeys.get(raw);
    if (declared !== undefined) return { ...view, primaryKey: declared, isPrimaryKeyDeclared: true };
    return view.isQuery ? { ...view, primaryKey: sharedPrimaryKey(tablesByRowType.get(view.rowTypeRef) ?? []) } : view;
  });
}

function validateView(context: ModuleContext, raw: RawViewDef): ViewDef | undefined {
  const name = context.names.function(raw.name);
  const where = viewWhere(name);
  context.checkIdentifier(name, where);
  context.takeFunctionName(name, raw);
  context.takeEntityName(name, raw, where);
  for (const [position, param] of raw.params.elements.entries()) {
    checkStoredType(context, param.type, where, `argument ${position}`);
  }
  const row = rowOf(raw.returnType);
  if (row === undefined) {
    const message = `View ${name} has invalid return type ${typeText(raw.returnType)}: expected Option<Row>, Array<Row> or a query of Row, with Row a named product`;
    context.add('INVALID_VIEW_RETURN_TYPE', where, message);
    return undefined;
  }
  const columns = validateRow(context, row.ref, where);
  return {
    name,
    accessorName: raw.name,
    index: raw.index,
    isAnonymous: raw.isAnonymous,
    isPublic: raw.isPublic,
    params: raw.params,
    returnType: raw.returnType,
    isQuery: row.isQuery,
    rowTypeRef: row.ref,
    columns,
    primaryKey: undefined,
    isPrimaryKeyDeclared: false,
  };
}

/** The row type of a view by its return type. */
function rowOf(returnType: AlgebraicType): { readonly ref: number; readonly isQuery: boolean } | undefined {
  switch (returnType.tag) {
    case 'Array':
      return refOf(returnType.element, false);
    case 'Sum':
      return specialType(returnType) === 'Option' ? refOf(returnType.variants[0]?.type, false) : undefined;
    case 'Product': {
      const [query] = returnType.elements;
      return returnType.elements.length === 1 && query?.name === '__query__' ? refOf(query.type, true) : undefined;
    }
    default:
      return undefined;
  }
}

function refOf(type: AlgebraicType | undefined, isQuery: boolean): { ref: number; isQuery: boolean } | undefined {
  return type?.tag === 'Ref' ? { ref: type.ref, isQuery } : undefined;
}

/** A view's rows are kept in a table, so they follow the rules of tables. */
function validateRow(context: ModuleContext, ref: number, where: string): ViewColumnDef[] {
  const rowType = context.typespace[ref];
  if (rowType?.tag !== 'Product') {
    const message = `${where}: its row type must be a product, but &${ref} ${rowType === undefined ? 'does not exist' : `is ${typeText(rowType)}`}`;
    context.add('INVALID_PRODUCT_TYPE_REF', where, message);
    return [];
  }
  // A row type is a declared one (see checkStoredType), so names that occur twice are reported there.
  const columns = rowType.elements.map((element, position): ViewColumnDef => {
    const name = element.name ?? `col_${position}`;
    if (element.name === undefined) {
      context.add('UNNAMED_COLUMN', where, `${where} has unnamed column \`${position}\`, which is forbidden.`);
    }
    return { name, accessorName: context.sourceColumnName(ref, position) ?? name, type: element.type };
  });
  checkStoredType(context, { tag: 'Ref', ref }, where, 'return value');
  return columns;
}

/** Checks the declared primary keys; the result has column positions. */
function validatePrimaryKeys(context: ModuleContext): Map<RawViewDef, number> {
  const columnByView = new Map<RawViewDef, number>();
  const viewByName = new Map(context.draft.views.map((view) => [view.name, view]));
  const named = new Set<string>();
  for (const { viewName, columns } of context.draft.viewPrimaryKeys) {
    const where = viewWhere(context.names.function(viewName));
    const view = viewByName.get(viewName);
    if (view === undefined) {
      const message = `View ${viewName} referenced by primary key definition not found`;
      context.add('VIEW_PRIMARY_KEY_VIEW_NOT_FOUND', where, message);
      continue;
    }
    if (named.has(viewName)) {
      context.add('REPEATED_VIEW_PRIMARY_KEY', where, `View ${viewName} has several primary key definitions`);
      continue;
    }
    named.add(viewName);
    const [column] = columns;
    if (column === undefined) continue;
    if (columns.length > 1) {
      const message = `View ${viewName} has multiple primary key columns: ${columns.join(', ')}`;
      context.add('MULTIPLE_VIEW_PRIMARY_KEY_COLUMNS', where, message);
      continue;
    }
    const row = rowOf(view.returnType);
    const sourceType = row === undefined ? undefined : context.draft.typespace[row.ref];
    if (sourceType?.tag !== 'Product') continue; // reported with the view
    const position = sourceType.elements.findIndex((element) => element.name === column);
    if (position < 0) {
      const message = `Primary key column ${column} for view ${viewName} not found`;
      context.add('VIEW_PRIMARY_KEY_COLUMN_NOT_FOUND', where, message);
    } else {
      columnByView.set(view, position);
    }
  }
  return columnByView;
}

/** The primary key of all tables with a row type, if they agree on it. */
function sharedPrimaryKey([first, ...others]: readonly TableDef[]): number | undefined {
  return others.every((table) => table.primaryKey === first?.primaryKey) ? first?.primaryKey : undefined;
}

function viewWhere(name: string): string {
  return `view \`${name}\``;
}
