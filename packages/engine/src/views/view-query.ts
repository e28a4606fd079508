import {
  type CatalogTable,
  type Catalog as QueryCatalog,
  QueryError,
  type RowsPlan,
  planSubscription,
  printType,
} from '@lightcone/query';
import { typeEquals, types } from '@lightcone/sats';
import type { Catalog } from '../catalog.ts';
import type { View } from './view.ts';

/**
 * Plans the query that a view has returned instead of rows, with the rights of the database's owner.
 * Its names are those of the module's source, which the catalog knows too.
 * @throws QueryError when it is no query that this view may return
 */
export function planViewQuery(sql: string, view: View, catalog: Catalog): RowsPlan {
  const plan = planSubscription(sql, new ViewQueryCatalog(catalog));
  if (plan.usesSender) throw new QueryError('QUERY_UNSUPPORTED', 'view definition cannot use `:sender`');
  const product = types.product(plan.table.columns.map((column) => [column.name, column.type]));
  if (!typeEquals(product, view.product)) {
    const message = `query returns \`${printType(product)}\` but view expects \`${printType(view.product)}\``;
    throw new QueryError('QUERY_TYPE_MISMATCH', message);
  }
  return plan;
}

/** All tables but those that a view must not read. */
class ViewQueryCatalog implements QueryCatalog {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  findTable(name: string): CatalogTable | undefined {
    const entry = this.#catalog.findTable(name);
    if (entry === undefined) return undefined;
    if (entry.view !== undefined) {
      throw new QueryError('QUERY_UNSUPPORTED', 'view definition cannot read from other views');
    }
    if (entry.isEvent) {
      throw new QueryError('QUERY_UNSUPPORTED', `view definition cannot read from event table \`${name}\``);
    }
    const { id, name: canonicalName, row, columns, indexes, isEvent } = entry;
    return { id, name: canonicalName, row, columns, indexes, isEvent, view: undefined, rowRules: undefined };
  }
}
