import type { TableDef, UniqueConstraintDef } from '../module-def.ts';
import type { RawTableDefV10 } from '../raw/raw-v10.ts';
import { typeText } from '../typespace/type-text.ts';
import type { ModuleContext } from './module-context.ts';
import { TableScope, tableWhere } from './table-scope.ts';
import { validateColumns } from './validate-columns.ts';
import { validateIndexes, validateUniqueConstraints } from './validate-indexes.ts';
import { validateSequences } from './validate-sequences.ts';

/** Checks one table. Undefined when its row type is no product: nothing more can be said of it then. */
export function validateTable(context: ModuleContext, raw: RawTableDefV10): TableDef | undefined {
  const name = context.names.table(raw.name);
  const where = tableWhere(name);
  const rowType = context.typespace[raw.productTypeRef];
  if (rowType?.tag !== 'Product') {
    const found = rowType === undefined ? 'does not exist' : `is ${typeText(rowType)}`;
    const message = `${where}: its row type must be a product, but &${raw.productTypeRef} ${found}`;
    context.add('INVALID_PRODUCT_TYPE_REF', where, message);
    return undefined;
  }
  checkName(context, name, raw);

  const columns = validateColumns(context, name, raw, rowType);
  const scope = new TableScope(context, name, columns);
  const indexes = validateIndexes(scope, raw.indexes);
  const uniqueConstraints = validateUniqueConstraints(scope, raw.constraints, indexes);
  return {
    name,
    accessorName: raw.name,
    productTypeRef: raw.productTypeRef,
    columns,
    primaryKey: validatePrimaryKey(scope, raw.primaryKey, uniqueConstraints),
    indexes,
    uniqueConstraints,
    sequences: validateSequences(scope, raw.sequences),
    schedule: undefined,
    tableType: raw.tableType === 'System' ? 'system' : 'user',
    access: raw.tableAccess === 'Public' ? 'public' : 'private',
    isEvent: raw.isEvent,
  };
}

function checkName(context: ModuleContext, name: string, raw: RawTableDefV10): void {
  const where = tableWhere(name);
  context.checkIdentifier(name, where);
  if (raw.tableType === 'User' && name.startsWith('st_')) {
    context.add('TABLE_NAME_RESERVED', where, `Table name is reserved for system use: ${name}`);
  }
  context.takeEntityName(name, raw, where);
  context.takeEntityName(raw.name, raw, where);
}

function validatePrimaryKey(
  scope: TableScope,
  columns: readonly number[],
  uniqueConstraints: readonly UniqueConstraintDef[],
): number | undefined {
  const [position] = columns;
  if (position === undefined) return undefined;
  if (columns.length > 1) {
    scope.add('REPEATED_PRIMARY_KEY', `${scope.where} has multiple primary key annotations`);
    return undefined;
  }
  const column = scope.column(position, 'the primary key');
  if (column === undefined) return undefined;
  if (!uniqueConstraints.some((constraint) => constraint.columns.length === 1 && constraint.columns[0] === position)) {
    const message = `${scope.where} column \`${column.name}\` is primary key but has no unique constraint`;
    scope.add('MISSING_PRIMARY_KEY_UNIQUE_CONSTRAINT', message);
  }
  return position;
}
