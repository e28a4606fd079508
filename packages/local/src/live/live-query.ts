import { LocalError } from '../errors.ts';
import type { SqlFragment } from '../sql/sql.ts';
import type { SqlRow } from '../sqlite-driver.ts';
import { sqliteFailure } from '../sqlite-failure.ts';
import type { Store } from '../store/store.ts';
import type { TouchedRows } from '../store/touched-rows.ts';
import { dependenciesOf, isTouched } from './dependencies.ts';
import type { Dependencies } from './dependencies.ts';
import { LiveResult } from './live-result.ts';
import type { RowDelta } from './row-delta.ts';

export interface LiveOptions<Row> {
  /** All rows of the result, and how they differ from those of the call before. Unchanged rows are the same objects. */
  readonly onRows: (rows: readonly Row[], change: { readonly delta: RowDelta<Row> }) => void;
  /** A run that failed; the subscription goes on. Without it the error is thrown out of a microtask. */
  readonly onError?: (error: unknown) => void;
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
}

export interface Subscription {
  /** After it returns nothing is called any more. May be called within a callback, and twice. */
  stop(): void;
  /** Runs the query anew although nothing seems to have changed; calls back if its rows did. */
  refresh(): void;
}

/**
 * A query that runs again when a declared table that it reads changes. What it promises (41-local-first-design §3.3):
 *
 * 1. it is registered before its first run, so no write is missed;
 * 2. its first callback has the rows as they are then, comes in a microtask, and comes even if there are none;
 * 3. a commit causes one run at most, and commits that come before the run share it; the last state is never skipped;
 * 4. no callback when the rows are what they were;
 * 5. rows that did not change are the same objects as before;
 * 6. nothing is called after `stop`;
 * 7. an error goes to `onError`, and the query lives on;
 * 8. `refresh` makes a run;
 * 9. it never sees the middle of a transaction.
 */
export class LiveQuery<Row> implements Subscription {
  readonly #store: Store;
  readonly #query: SqlFragment<Row>;
  readonly #result: LiveResult<Row>;
  readonly #onStop: () => void;
  #dependencies: Dependencies | undefined;
  #isDirty = false;
  #isStopped = false;

  constructor(store: Store, query: SqlFragment<Row>, options: LiveOptions<Row>, onStop: () => void) {
    this.#store = store;
    this.#query = query;
    this.#result = new LiveResult(query.reader, options);
    this.#onStop = onStop;
  }

  /** Hears of a commit. */
  committed(touched: TouchedRows): void {
    if (this.#isDirty) return;
    // What another connection did may have changed the schema, and with it what a view reads.
    if (touched.isAnything) this.#dependencies = undefined;
    if (this.#dependencies === undefined || isTouched(this.#dependencies, touched)) this.refresh();
  }

  refresh(): void {
    if (this.#isDirty || this.#isStopped) return;
    this.#isDirty = true;
    queueMicrotask(() => this.run());
  }

  /** Runs if there is reason to, unless a transaction is under way; then whoever ends it calls again. */
  run(): void {
    if (!this.#isDirty || this.#isStopped || this.#store.isInTransaction) return;
    this.#isDirty = false;
    let rows;
    try {
      rows = this.#rows();
    } catch (error) {
      this.#result.failed(error);
      return;
    }
    this.#result.received(rows);
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#onStop();
  }

  #rows(): SqlRow[] {
    const { text, values, reader } = this.#query;
    try {
      const { statements } = this.#store;
      const statement = reader?.bigInts ? statements.exact(text) : statements.plain(text);
      if (!statement.isQuery || !statement.isReadOnly)
        throw new LocalError('LOCAL_INVALID_SQL', `a live query returns rows and writes nothing, unlike: ${text}`);
      this.#dependencies ??= dependenciesOf(this.#store, text, values);
      return statement.all(values);
    } catch (error) {
      throw sqliteFailure(error, `the live query failed: ${text}`);
    }
  }
}
