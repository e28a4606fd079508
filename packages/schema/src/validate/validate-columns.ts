import { type AlgebraicType, type ProductType, SatsError, compileType } from '@lightcone/sats';
import type { ColumnDef } from '../module-def.ts';
import type { RawTableDefV10 } from '../raw/raw-v10.ts';
import { passedTypeProblem, storedTypeProblem } from '../typespace/stored-type.ts';
import type { ModuleContext } from './module-context.ts';
import { tableWhere } from './table-scope.ts';

/** Checks the columns of a table, with their default values. */
export function validateColumns(
  context: ModuleContext,
  tableName: string,
  raw: RawTableDefV10,
  rowType: ProductType,
): ColumnDef[] {
  const where = tableWhere(tableName);
  // A later default for the same column wins.
  const defaultByColumn = new Map(raw.defaultValues.map(({ column, value }) => [column, value]));
  for (const column of defaultByColumn.keys()) {
    if (column < rowType.elements.length) continue;
    context.add('COLUMN_NOT_FOUND', where, `column \`${column}\` referenced by a default value not found in ${where}`);
  }
  const taken = new Set<string>();
  let areTypesSound = true;
  const columns = rowType.elements.map((element, position) => {
    const name = element.name ?? `col_${position}`;
    const columnWhere = `${where} column \`${name}\``;
    if (element.name === undefined) {
      context.add('UNNAMED_COLUMN', where, `${where} has unnamed column \`${position}\`, which is forbidden.`);
    } else {
      context.checkIdentifier(name, columnWhere);
    }
    if (taken.has(name)) context.add('DUPLICATE_ELEMENT_NAME', where, `${where} has two columns named \`${name}\``);
    taken.add(name);
    const isSound = checkType(context, raw.productTypeRef, element.type, columnWhere);
    areTypesSound &&= isSound;
    const defaultValue = defaultByColumn.get(position);
    return {
      name,
      accessorName: context.sourceColumnName(raw.productTypeRef, position) ?? name,
      type: element.type,
      defaultValue:
        isSound && defaultValue !== undefined
          ? checkDefault(context, element.type, defaultValue, columnWhere)
          : defaultValue,
    };
  });
  // Columns that are fine alone may be too much together.
  const rowProblem = areTypesSound ? passedTypeProblem(rowType, context.typespace) : undefined;
  if (rowProblem !== undefined) context.add(rowProblem.code, where, `${where}: row type: ${rowProblem.message}`);
  return columns;
}

function checkType(context: ModuleContext, rowRef: number, type: AlgebraicType, where: string): boolean {
  // What a declared type may consist of is checked, and reported, at its declaration.
  const useProblem = context.uses.isDeclared(rowRef) ? undefined : context.uses.problem(type);
  const problem = useProblem ?? storedTypeProblem(type, context.typespace);
  if (problem !== undefined) context.add(problem.code, where, `${where}: ${problem.message}`);
  return problem === undefined;
}

/** Returns the value without the bytes behind it, which are no error. */
function checkDefault(context: ModuleContext, type: AlgebraicType, value: Uint8Array, where: string): Uint8Array {
  try {
    return value.subarray(0, compileType(type, context.typespace).validate(value, 0, value.length));
  } catch (error) {
    if (!(error instanceof SatsError)) throw error;
    const message = `${where}: its default value cannot be decoded: ${error.message}`;
    context.add('COLUMN_DEFAULT_VALUE_MALFORMED', where, message);
    return value;
  }
}
