import { type StatementPlan, type TablePlan, planStatement, planSubscription } from '@lightcone/query';
import type { Identity } from '@lightcone/sats';
import type { Catalog } from '../catalog.ts';
import { CallerCatalog } from './caller-catalog.ts';
import type { ViewAccess } from './view-access.ts';

/** For whom a query is planned. */
export interface QueryCaller {
  readonly identity: Identity;
  readonly isOwner: boolean;
}

/**
 * The one way from a caller's SQL to a plan that reads rows. Whoever runs queries for callers gets the plans here, so
 * that what a caller may see is decided in one place: which tables it may name, and whose rows of a view it sees.
 *
 * A plan belongs to its caller and to the moment: the views that it reads are there when it is returned.
 */
export class CallerQueries {
  readonly #catalog: Catalog;
  readonly #views: ViewAccess;

  constructor(catalog: Catalog, views: ViewAccess) {
    this.#catalog = catalog;
    this.#views = views;
  }

  /** Plans a query of the subscription dialect. Called while no transaction is open. @throws QueryError */
  planSubscription(text: string, caller: QueryCaller): TablePlan {
    const plan = planSubscription(text, this.#catalogFor(caller));
    if (plan.views.length > 0) this.#views.materialise(plan.views, caller.identity);
    return plan;
  }

  /** Plans a statement of the query and DML dialect. Called while no transaction is open. @throws QueryError */
  planStatement(text: string, caller: QueryCaller): StatementPlan {
    const plan = planStatement(text, this.#catalogFor(caller));
    if (plan.kind === 'select' && plan.rows.views.length > 0) {
      this.#views.materialise(plan.rows.views, caller.identity);
    }
    return plan;
  }

  /** The names of the tables that `SELECT * FROM *` means: the caller's own and the module's, event tables aside. */
  everyTable(caller: QueryCaller): string[] {
    return this.#catalogFor(caller).everyTable();
  }

  #catalogFor({ identity, isOwner }: QueryCaller): CallerCatalog {
    return new CallerCatalog(this.#catalog, this.#views, identity, isOwner);
  }
}
