import type { LiveOptions } from '../live/live-query.ts';
import { compareResults, emptyResult } from '../live/row-delta.ts';
import type { Result } from '../live/row-delta.ts';
import type { SqlFragment } from '../sql/sql.ts';
import type { SqlRow } from '../sqlite-driver.ts';
import type { LiveSql } from './messages.ts';

/** A live query of a page: the leader sends its rows, and what is new about them is found here. */
export class LivePageQuery<Row> {
  readonly sql: LiveSql;
  readonly #query: SqlFragment<Row>;
  readonly #options: LiveOptions<Row>;
  #result: Result<Row> = emptyResult;
  #hasCalledBack = false;

  constructor(query: SqlFragment<Row>, options: LiveOptions<Row>) {
    const { text, values, reader } = query;
    this.sql = { text, values, bigInts: reader?.bigInts ?? false };
    this.#query = query;
    this.#options = options;
  }

  /** A new leader sends the rows again, whether they changed or not. */
  received(stored: readonly SqlRow[]): void {
    const { reader } = this.#query;
    try {
      const compared = compareResults(this.#result, stored, (row) =>
        reader === undefined ? (row as Row) : reader.readRow(row),
      );
      if (compared === undefined && this.#hasCalledBack) return;
      this.#hasCalledBack = true;
      if (compared !== undefined) this.#result = compared.result;
      this.#options.onRows(this.#result.rows, { delta: compared?.delta ?? { added: [], updated: [], removed: [] } });
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error: unknown): void {
    const { onError } = this.#options;
    if (onError !== undefined) onError(error);
    else
      queueMicrotask(() => {
        throw error;
      });
  }
}
