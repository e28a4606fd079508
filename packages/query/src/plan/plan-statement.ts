import { ByteWriter, types } from '@lightcone/sats';
import type { Catalog, CatalogTable } from '../catalog.ts';
import { checkCondition } from '../check/check-expression.ts';
import { encodeStoredLiteral, parseU64, unexpectedType } from '../check/literal.ts';
import { Scope, findColumn, mustFindTable } from '../check/scope.ts';
import { QueryError } from '../errors.ts';
import { parseStatement } from '../sql/parse.ts';
import type { Expression, Insert, SetVariable, Update } from '../sql/syntax.ts';
import { conjunctsOf } from './conjuncts.ts';
import { type SelectPlan, planSelect } from './plan-select.ts';
import { type TablePlan, planTable } from './table-plan.ts';

export type StatementPlan = SelectPlan | MutationPlan | ExplainPlan;
export type MutationPlan = InsertPlan | UpdatePlan | DeletePlan | ReplacePlan;

export interface InsertPlan {
  readonly kind: 'insert';
  readonly table: CatalogTable;
  /** The rows as BSATN. */
  readonly newRows: readonly Uint8Array[];
}

export interface UpdatePlan {
  readonly kind: 'update';
  readonly rows: TablePlan;
  /** For each column of the table its new BSATN, or undefined where it stays. */
  readonly assignments: readonly (Uint8Array | undefined)[];
}

export interface DeletePlan {
  readonly kind: 'delete';
  readonly rows: TablePlan;
}

/** SET: one row takes the place of those that `rows` selects. */
export interface ReplacePlan {
  readonly kind: 'replace';
  readonly rows: TablePlan;
  readonly newRow: Uint8Array;
}

/** EXPLAIN: the plan of a query is wanted, not its rows. */
export interface ExplainPlan {
  readonly kind: 'explain';
  readonly select: SelectPlan;
  /** What the query calls the tables of its FROM. */
  readonly names: readonly string[];
}

/** The table of the variables that SET and SHOW know: columns name and value. */
const VARIABLES_TABLE = 'st_var';
/** The variant of the value column that holds a u64. */
const U64_VARIANT = 8;
const VARIABLES = new Set(['row_limit']);

/**
 * Plans one statement of the query/DML dialect.
 * @throws QueryError
 */
export function planStatement(text: string, catalog: Catalog): StatementPlan {
  const statement = parseStatement(text);
  switch (statement.kind) {
    case 'select':
      return planSelect(statement, catalog);
    case 'insert':
      return planInsert(statement, catalog);
    case 'update':
      return planUpdate(statement, catalog);
    case 'delete':
      return {
        kind: 'delete',
        rows: planTarget(mustFindTarget(catalog, statement.table), statement.table, statement.where),
      };
    case 'set':
      return planSet(statement, catalog);
    case 'show':
      return planShow(statement.variable, catalog);
    case 'explain': {
      const { select } = statement;
      const names = select.from.map(({ table, alias }) => alias ?? table);
      return { kind: 'explain', select: planSelect(select, catalog), names };
    }
  }
}

/** A table whose rows a statement may change. */
function mustFindTarget(catalog: Catalog, name: string): CatalogTable {
  const table = mustFindTable(catalog, name);
  if (!table.view) return table;
  throw new QueryError('QUERY_UNSUPPORTED', `\`${name}\` is a view; DML on views is not supported`);
}

function planTarget(table: CatalogTable, name: string, where: Expression | undefined): TablePlan {
  const scope = new Scope();
  scope.add(name, table);
  return planTable(table, [conjunctsOf(where && checkCondition(scope, where))], false);
}

function planInsert({ table: name, fields, rows }: Insert, catalog: Catalog): InsertPlan {
  const table = mustFindTarget(catalog, name);
  const { columns } = table;
  // Only the number of names counts: the values are in the order of the table's columns, whatever the names say.
  if (fields.length !== columns.length) {
    const message = `The number of fields (${fields.length}) in the INSERT does not match the number of columns (${columns.length}) of the table \`${name}\``;
    throw new QueryError('QUERY_WRONG_FIELD_COUNT', message);
  }
  const newRows = rows.map((values) => {
    if (values.length !== columns.length) {
      const message = `Inserting a row with ${values.length} values into \`${name}\` which has ${columns.length} fields`;
      throw new QueryError('QUERY_WRONG_FIELD_COUNT', message);
    }
    const writer = new ByteWriter();
    values.forEach((value, i) => writer.raw(encodeStoredLiteral(value, columns[i]!.type))); // the lengths are equal
    return writer.finish();
  });
  return { kind: 'insert', table, newRows };
}

function planUpdate({ table: name, assignments, where }: Update, catalog: Catalog): UpdatePlan {
  const table = mustFindTarget(catalog, name);
  const assigned: (Uint8Array | undefined)[] = table.columns.map(() => undefined);
  for (const { field, value } of assignments) {
    const position = findColumn(table, field);
    const column = table.columns[position];
    if (!column) throw new QueryError('QUERY_NOT_IN_SCOPE', `\`${name}\` does not have a field \`${field}\``);
    const bytes = encodeStoredLiteral(value, column.type);
    // Of two assignments to one column the first counts.
    assigned[position] ??= bytes;
  }
  return { kind: 'update', rows: planTarget(table, name, where), assignments: assigned };
}

function planSet({ variable, value }: SetVariable, catalog: Catalog): ReplacePlan {
  requireVariable(variable);
  const wrongType = { bool: types.bool, string: types.string, hex: types.bytes, number: undefined }[value.form];
  if (wrongType) throw unexpectedType(types.u64, wrongType);
  const table = mustFindTable(catalog, VARIABLES_TABLE);
  const newRow = new ByteWriter();
  newRow.string(variable);
  newRow.u8(U64_VARIANT);
  newRow.u64(parseU64(value.text));
  return { kind: 'replace', rows: planTarget(table, VARIABLES_TABLE, isNamed(variable)), newRow: newRow.finish() };
}

function planShow(variable: string, catalog: Catalog): SelectPlan {
  requireVariable(variable);
  const column = { kind: 'column', table: undefined, name: 'value' } as const;
  const projection = { kind: 'columns', columns: [{ column, alias: undefined }] } as const;
  const from = [{ table: VARIABLES_TABLE, alias: undefined, on: undefined }];
  return planSelect({ kind: 'select', projection, from, where: isNamed(variable), limit: undefined }, catalog);
}

function isNamed(variable: string): Expression {
  const left = { kind: 'column', table: undefined, name: 'name' } as const;
  return { kind: 'comparison', operator: '=', left, right: { kind: 'literal', form: 'string', text: variable } };
}

function requireVariable(name: string): void {
  if (!VARIABLES.has(name)) throw new QueryError('QUERY_UNKNOWN_VARIABLE', `${name} is not a valid system variable`);
}
