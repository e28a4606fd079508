import {
  type ExplainPlan,
  QueryError,
  type RowsPlan,
  type StatementPlan,
  type ViewInstance,
  checkRowRule,
  explainPlan,
  parseRowRule,
  planQuery,
  planStatement,
  planSubscription,
} from '@lightcone/query';
import { Identity } from '@lightcone/sats';
import type { Catalog } from '../catalog.ts';
import { CallerCatalog } from './caller-catalog.ts';
import type { RowLimit } from './row-limit.ts';
import type { ViewAccess } from './view-access.ts';

/** For whom a query is planned. */
export interface QueryCaller {
  readonly identity: Identity;
  readonly isOwner: boolean;
}

/** Callers for whom rules are checked before anyone calls. */
const SOMEBODY: QueryCaller = { identity: Identity.fromBigInt(0n), isOwner: false };
const SOMEBODY_ABOVE_RULES: QueryCaller = { ...SOMEBODY, isOwner: true };

/**
 * The one way from a caller's SQL to a plan that reads rows. Whoever runs queries for callers gets the plans here, so
 * that what a caller may see is decided in one place: which tables it may name, which of their rows it sees, and whose rows of
 * a view.
 *
 * A plan belongs to its caller and to the moment: the views that it reads are there when it is returned.
 */
export class CallerQueries {
  readonly #catalog: Catalog;
  readonly #views: ViewAccess;
  readonly #rowLimit: RowLimit;

  constructor(catalog: Catalog, views: ViewAccess, rowLimit: RowLimit) {
    this.#catalog = catalog;
    this.#views = views;
    this.#rowLimit = rowLimit;
  }

  /** Plans a query that is to be followed. Called while no transaction is open. @throws QueryError */
  planSubscription(text: string, caller: QueryCaller): RowsPlan {
    return this.#withinLimit(this.#ready(this.planFollowed(text, caller), caller), Infinity, caller);
  }

  /**
   * Plans a query that is followed already, however much it reads. A transaction may be open: as long as it means the
   * same tables, the views that it reads are live.
   * @throws QueryError
   */
  planFollowed(text: string, caller: QueryCaller): RowsPlan {
    return planSubscription(text, this.#catalogFor(caller));
  }

  /**
   * Whether a query would be planned the same way again for whom it was planned. Said of plans on plain tables alone: what
   * rules and views come to is more than their tables say.
   */
  isCurrent({ isRestricted, views, shapes }: RowsPlan): boolean {
    if (isRestricted || views.length > 0) return false;
    return shapes.every(({ tables }) => tables.every((table) => this.#catalog.isCurrent(table)));
  }

  /** Plans a query of the subscription dialect that is run once. Called while no transaction is open. @throws QueryError */
  planQuery(text: string, caller: QueryCaller): RowsPlan {
    return this.#withinLimit(this.#ready(planQuery(text, this.#catalogFor(caller)), caller), Infinity, caller);
  }

  /** Plans a statement of the query and DML dialect. Called while no transaction is open. @throws QueryError */
  planStatement(text: string, caller: QueryCaller): StatementPlan {
    const plan = planStatement(text, this.#catalogFor(caller));
    if (plan.kind === 'select') this.#withinLimit(this.#ready(plan.rows, caller), plan.limit, caller);
    return plan;
  }

  /**
   * Explains a query that was planned for the owner, as lines of text. Others may get another plan or none, and theirs
   * is what most clients run, so it follows where it differs.
   */
  explain(plan: ExplainPlan, text: string): string[] {
    const lines = explainPlan(plan);
    try {
      const others = planStatement(text, this.#catalogFor(SOMEBODY));
      if (others.kind !== 'explain' || !others.select.rows.isRestricted) return lines;
      return [...lines, 'for others, under row-level security:', ...explainPlan(others).map((line) => `  ${line}`)];
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      return [...lines, `for others, an error: ${error.message}`];
    }
  }

  /** The names of the tables that `SELECT * FROM *` means: the caller's own and the module's, event tables aside. */
  everyTable(caller: QueryCaller): string[] {
    return this.#catalogFor(caller).everyTable();
  }

  /**
   * Checks one rule of row-level security by itself.
   * @returns the id of the table that it protects
   * @throws QueryError for a rule that is no query of a public table of the module
   */
  checkRowRule(text: string): number {
    const { id, name } = checkRowRule(parseRowRule(text), this.#catalogFor(SOMEBODY_ABOVE_RULES));
    const entry = this.#catalog.findTable(name);
    if (entry?.isPublic && !entry.isSystem) return id;
    const advice = 'Please make table public if you wish to restrict access using RLS.';
    throw new QueryError('QUERY_UNSUPPORTED', `Cannot define RLS rule on private table: ${name}. ${advice}`);
  }

  /**
   * Checks the rules of a table together with those of all tables that they read.
   * @throws QueryError `QUERY_CYCLIC_RULES`, `QUERY_TOO_DEEP`
   */
  checkRulesOf(tableId: number): void {
    const entry = this.#catalog.tables.find(({ id }) => id === tableId);
    if (entry) planQuery(`SELECT * FROM "${entry.name}"`, this.#catalogFor(SOMEBODY));
  }

  /** Sees to it that what a plan reads is there. */
  #ready(plan: RowsPlan, { identity }: QueryCaller): RowsPlan {
    const views: readonly ViewInstance[] = plan.views;
    if (views.length > 0) this.#views.materialise(views, identity);
    return plan;
  }

  #withinLimit(plan: RowsPlan, wanted: number, { isOwner }: QueryCaller): RowsPlan {
    if (!isOwner) this.#rowLimit.check(plan, wanted);
    return plan;
  }

  #catalogFor({ identity, isOwner }: QueryCaller): CallerCatalog {
    return new CallerCatalog(this.#catalog, this.#views, identity, isOwner);
  }
}
