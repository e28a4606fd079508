import type { FieldValue } from '../change.ts';
import type { RowReader } from '../sql/sql.ts';
import type { LiveOptions } from './live-query.ts';
import { compareResults, emptyResult } from './row-delta.ts';
import type { Result } from './row-delta.ts';

/** What a subscriber has been told of a live query, and telling him what is new. */
export class LiveResult<Row> {
  readonly #reader: RowReader<Row> | undefined;
  readonly #options: LiveOptions<Row>;
  #result: Result<Row> = emptyResult;
  #hasCalledBack = false;

  constructor(reader: RowReader<Row> | undefined, options: LiveOptions<Row>) {
    this.#reader = reader;
    this.#options = options;
  }

  /** The rows as SQLite has them by now. Calls back the first time, and whenever they differ from those before. */
  received(stored: readonly Record<string, FieldValue>[]): void {
    const reader = this.#reader;
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
