import type { Catalog } from '../catalog.ts';
import { checkSelect } from '../check/check-select.ts';
import { QueryError } from '../errors.ts';
import { parseSubscription } from '../sql/parse.ts';
import type { JoinBranch, JoinPlan } from './join-plan.ts';
import type { JoinPath, JoinStep } from './join-path.ts';
import { type RowsPlan, planRows } from './plan-rows.ts';

const MAX_TABLES = 2;

/**
 * Plans a query of the subscription dialect to be run once.
 * @throws QueryError
 */
export function planQuery(text: string, catalog: Catalog): RowsPlan {
  return planRows(checkSelect(catalog, parseSubscription(text)));
}

/**
 * Plans a query of the subscription dialect to be followed: what a transaction changes in it is found without reading
 * whole tables.
 * @throws QueryError also `QUERY_UNSUPPORTED` for a join that no index serves, of more than two tables, or that looks
 *   up an event table
 */
export function planSubscription(text: string, catalog: Catalog): RowsPlan {
  const plan = planQuery(text, catalog);
  if (plan.kind === 'join') mustBeFollowable(plan);
  return plan;
}

function mustBeFollowable({ tables, position, branches }: JoinPlan): void {
  for (const branch of branches) {
    const isEventAt = branch.shape.tables.map((table) => table.isEvent);
    const starts = [...isEventAt.keys()].filter((start) => (isEventAt.includes(true) ? start === position : true));
    const paths = [branch.full, ...starts.map((start) => branch.from(start))];
    if (!paths.every((path) => isIndexed(path, branch, tables.length))) {
      throw new QueryError('QUERY_UNSUPPORTED', 'Subscriptions require indexes on join columns');
    }
    if (isEventAt.some((isEvent, at) => isEvent && at !== position)) {
      const message = 'Event tables cannot be used as the lookup table in subscription joins';
      throw new QueryError('QUERY_UNSUPPORTED', message);
    }
  }
  if (tables.length > MAX_TABLES) {
    throw new QueryError('QUERY_UNSUPPORTED', `Invalid number of tables in subscription: ${tables.length}`);
  }
}

/**
 * Whether every step of a path finds its rows through an index on what it is joined by. A table of a rule that a
 * constant looks up (the row of an administrator, say) may also stand beside the others without a join: it has a row or
 * none. Rows of the tables of rules make or end rights; where such a look-up has confirmed that a change does, whole
 * tables may be read.
 */
function isIndexed(path: JoinPath, branch: JoinBranch, width: number): boolean {
  const isSingleRow = ({ position }: JoinStep): boolean => position >= width && branch.isPoint(position);
  const [first] = path;
  const isOfRights = first !== undefined && (first.access.kind !== 'given' || first.position >= width);
  return path.every((step, i) => {
    const isJoined = step.access.kind === 'seek' && step.access.isJoined;
    return i === 0 || isJoined || isSingleRow(step) || (isOfRights && path.slice(0, i).some(isSingleRow));
  });
}
