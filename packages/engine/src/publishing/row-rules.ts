import { QueryError } from '@lightcone/query';
import type { Transaction } from '@lightcone/store';
import type { Core } from '../core.ts';
import { EngineError } from '../errors.ts';
import { insertRow } from '../system-rows.ts';
import { SYSTEM_TABLE_IDS } from '../system-tables.ts';

/**
 * Makes these the rules of row-level security, in an open transaction whose tables are those that the rules speak of.
 * The catalog is made anew, also when this throws: the transaction has to be rolled back and the catalog made anew then.
 * @param rules queries of the subscription dialect
 * @throws EngineError `ENGINE_INVALID_ROW_RULE`
 */
export function replaceRowRules(core: Core, transaction: Transaction, rules: readonly string[]): void {
  const table = core.store.table(SYSTEM_TABLE_IDS.rowLevelSecurity);
  transaction.clear(table);
  core.catalog.refresh();
  const tableIds = rules.map((sql) => {
    const tableId = orRefuse(sql, () => core.queries.checkRowRule(sql));
    insertRow(core.store, transaction, SYSTEM_TABLE_IDS.rowLevelSecurity, { table_id: tableId, sql });
    return tableId;
  });
  core.catalog.refresh();
  // Together they may go round in a circle, which would end every query of these tables.
  rules.forEach((sql, i) => orRefuse(sql, () => core.queries.checkRulesOf(tableIds[i]!))); // one for each rule
}

function orRefuse<Result>(sql: string, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const message = `failed to create row-level security: \`${sql}\`: ${error.message}`;
    throw new EngineError('ENGINE_INVALID_ROW_RULE', message, { cause: error });
  }
}
