import { QueryError, type RowsPlan, type TableStatistics, estimateScannedRows } from '@lightcone/query';
import type { SumValue } from '@lightcone/sats';
import type { Store } from '@lightcone/store';
import { readRows } from '../system-rows.ts';
import { SYSTEM_TABLE_IDS } from '../system-tables.ts';

/** The variable `row_limit`: how many rows a query may read that is not the owner's, by estimate. */
export class RowLimit {
  readonly #store: Store;
  readonly #statistics: TableStatistics;

  constructor(store: Store, statistics: TableStatistics) {
    this.#store = store;
    this.#statistics = statistics;
  }

  /**
   * @param wanted how many rows are wanted at most
   * @throws QueryError `QUERY_ROW_LIMIT`
   */
  check(plan: RowsPlan, wanted: number): void {
    const limit = this.#limit();
    if (limit === undefined) return;
    const estimate = estimateScannedRows(plan, wanted, this.#statistics);
    if (estimate <= limit) return;
    throw new QueryError('QUERY_ROW_LIMIT', `Estimated cardinality (${estimate} rows) exceeds limit (${limit} rows)`);
  }

  #limit(): bigint | undefined {
    if (this.#store.table(SYSTEM_TABLE_IDS.variable).rowCount === 0) return undefined;
    const row = readRows(this.#store, SYSTEM_TABLE_IDS.variable).find(({ name }) => name === 'row_limit');
    const value = row?.['value'] as SumValue | undefined; // the column's type is a sum
    return value?.tag === 'U64' ? (value.value as bigint) : undefined;
  }
}
