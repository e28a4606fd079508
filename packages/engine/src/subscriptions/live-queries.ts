import { RowListWriter } from '@lightcone/protocol';
import { JoinEvaluator, type RowSource } from '@lightcone/query';
import { ByteWriter } from '@lightcone/sats';
import type { TransactionDelta } from '@lightcone/store';
import { CommittedChanges } from './committed-changes.ts';
import { type Evaluation, LiveQuery } from './live-query.ts';
import type { PlannedQuery } from './planned-query.ts';
import { QueryIndex } from './query-index.ts';

/** A query whose evaluation threw. */
export interface FailedQuery {
  readonly query: LiveQuery;
  readonly error: unknown;
}

/** The queries that somebody subscribes to, each once; also those that are being prepared or let go. */
export class LiveQueries {
  readonly #byKey = new Map<string, LiveQuery>();
  readonly #index: QueryIndex;
  readonly #evaluation: Evaluation;
  readonly #candidates: LiveQuery[] = [];
  #nextNumber = 0;
  readonly #counts = { evaluated: 0, matched: 0 };
  /** Counts the transactions that were evaluated. */
  #transaction = 0;

  /** @param rows the state after each transaction that is evaluated */
  constructor(rows: RowSource) {
    this.#index = new QueryIndex(rows);
    this.#evaluation = {
      rows,
      changes: new CommittedChanges(),
      joins: new JoinEvaluator(),
      rowList: new RowListWriter(),
      target: new ByteWriter(4096),
    };
  }

  /** Queries that were new, evaluations, and how many of these changed a result. */
  get counts(): { readonly started: number; readonly evaluated: number; readonly matched: number } {
    return { started: this.#nextNumber, ...this.#counts };
  }

  get size(): number {
    return this.#byKey.size;
  }

  [Symbol.iterator](): Iterator<LiveQuery> {
    return this.#byKey.values();
  }

  /** The query that is live under a key, or a new one as planned. */
  share(key: string, planned: PlannedQuery, sender: Uint8Array): LiveQuery {
    const live = this.#byKey.get(key);
    if (live !== undefined) return live;
    const query = new LiveQuery(this.#nextNumber++, key, planned, sender);
    this.#byKey.set(key, query);
    this.#index.add(query);
    return query;
  }

  /** Forgets a query, if it is not forgotten: from here on another one may have its key. */
  drop(query: LiveQuery): void {
    if (this.#byKey.get(query.key) !== query) return;
    this.#byKey.delete(query.key);
    this.#index.remove(query);
  }

  /**
   * Evaluates every query that a transaction may concern. What becomes of those that it changes is in `changes` until
   * the next evaluation.
   * @param changed gets the queries whose result changed
   * @param failed gets the queries that could not be evaluated
   */
  evaluate(delta: TransactionDelta, changed: LiveQuery[], failed: FailedQuery[]): void {
    const { target, changes } = this.#evaluation;
    target.reset();
    changes.open(delta);
    this.#index.collect(delta, this.#transaction++, this.#candidates);
    for (const query of this.#candidates) {
      const start = target.length;
      try {
        query.evaluate(this.#evaluation);
        if (query.isChanged) changed.push(query);
      } catch (error) {
        target.truncate(start);
        query.isChanged = false;
        failed.push({ query, error });
      }
    }
    this.#counts.evaluated += this.#candidates.length;
    this.#counts.matched += changed.length;
    this.#candidates.length = 0;
    changes.close();
  }

  /** Where the queries' `changesStart` and `changesEnd` point into. */
  get changes(): Uint8Array {
    return this.#evaluation.target.bytes;
  }
}
