import type { CatalogTable } from '../catalog.ts';
import type { CheckedExpression } from '../check/check-expression.ts';
import { checkSelect } from '../check/check-select.ts';
import { comparisonChain } from '../check/comparison-chain.ts';
import { QueryError } from '../errors.ts';
import type { JoinShape } from './join-path.ts';
import { shapeOf } from './shape.ts';

/** A query whose rules combine to more branches is refused: each is planned and run. */
const MAX_BRANCHES = 64;

/** A table of a join whose rules are not applied yet. */
interface Pending {
  readonly position: number;
  /** The ids of the tables whose rules brought it here, outermost first. */
  readonly under: readonly number[];
}

/**
 * Puts row-level security into a join. A row of a table with rules is there if one of the rules yields it, so the join
 * becomes one branch for each combination of rules: its own tables come first, those that rules join to them follow.
 *
 * The tables that a rule reads are under their own rules again, except the one that it protects.
 * @throws QueryError `QUERY_CYCLIC_RULES`, `QUERY_TOO_DEEP` for too many combinations, and those of `checkSelect`
 */
export function expandRules(shape: JoinShape): JoinShape[] {
  const branches: JoinShape[] = [];
  const pending = shape.tables.map((_, position): Pending => ({ position, under: [] }));
  expand(shape, pending, branches);
  return branches;
}

function expand(shape: JoinShape, pending: readonly Pending[], branches: JoinShape[]): void {
  const at = pending.findIndex(({ position, under }) => isProtected(shape.tables[position]!, under)); // of the shape
  const next = pending[at];
  if (!next) {
    if (branches.length === MAX_BRANCHES) {
      const message = `The row-level security rules of this query combine to more than ${MAX_BRANCHES} ones`;
      throw new QueryError('QUERY_TOO_DEEP', message);
    }
    branches.push(shape);
    return;
  }
  const table = shape.tables[next.position]!;
  const rest = pending.slice(at + 1);
  const under = [...next.under, table.id];
  for (const rule of ruleShapes(table)) {
    // The protected table of the rule is the one that is there already; its other tables come behind all others.
    const moved = new Map<number, number>([[rule.position, next.position]]);
    const tables = [...shape.tables];
    rule.shape.tables.forEach((joined, position) => {
      if (position !== rule.position) moved.set(position, tables.push(joined) - 1);
    });
    const conditions = [...shape.conditions, ...rule.shape.conditions.map((condition) => moveTables(condition, moved))];
    const joined = [...moved.values()].filter((position) => position !== next.position);
    expand({ tables, conditions }, [...rest, ...joined.map((position) => ({ position, under }))], branches);
  }
}

function isProtected(table: CatalogTable, under: readonly number[]): boolean {
  if (!table.rowRules || under.at(-1) === table.id) return false;
  if (!under.includes(table.id)) return true;
  const message = `Discovered cyclic dependency when resolving RLS rules for table id \`${table.id}\``;
  throw new QueryError('QUERY_CYCLIC_RULES', message);
}

/** What the rules of a table select; `position` is that of the table itself. */
function ruleShapes(table: CatalogTable): { shape: JoinShape; position: number }[] {
  const { rules, catalog } = table.rowRules!; // it is protected
  const shapes = rules.map((rule) => {
    const checked = checkSelect(catalog, rule.select);
    return { shape: shapeOf(checked), position: checked.output.kind === 'rows' ? checked.output.table : 0 };
  });
  // A rule that yields every row leaves nothing to the others.
  const all = shapes.find(({ shape }) => shape.tables.length === 1 && shape.conditions.length === 0);
  return all ? [all] : shapes;
}

/** The same condition where tables have other positions. */
function moveTables(expression: CheckedExpression, moved: ReadonlyMap<number, number>): CheckedExpression {
  switch (expression.kind) {
    case 'column':
      return { ...expression, table: moved.get(expression.table)! }; // every table of the rule has moved
    case 'comparison': {
      const chain = comparisonChain(expression);
      let result = moveTables(chain[chain.length - 1]!.left, moved); // a chain begins with the expression
      for (const comparison of chain.toReversed()) {
        result = { ...comparison, left: result, right: moveTables(comparison.right, moved) };
      }
      return result;
    }
    case 'logical':
      return { ...expression, operands: expression.operands.map((operand) => moveTables(operand, moved)) };
    case 'constant':
    case 'sender':
      return expression;
  }
}
