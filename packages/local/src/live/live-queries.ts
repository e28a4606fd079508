import type { SqlFragment } from '../sql/sql.ts';
import type { Store } from '../store/store.ts';
import { LiveQuery } from './live-query.ts';
import type { LiveOptions, Subscription } from './live-query.ts';

/** The live queries of one handle. */
export class LiveQueries {
  readonly #store: Store;
  readonly #queries = new Set<LiveQuery<unknown>>();
  readonly #stopListening: () => void;

  constructor(store: Store) {
    this.#store = store;
    this.#stopListening = store.onCommit(({ touched }) => {
      for (const query of this.#queries) query.committed(touched);
    });
    // Those that wanted to run within a transaction that waits for something.
    store.onTransactionEnd(() => {
      if (this.#queries.size > 0) queueMicrotask(() => this.#runAll());
    });
  }

  subscribe<Row>(query: SqlFragment<Row>, options: LiveOptions<Row>): Subscription {
    this.#store.mustBeOpen();
    options.signal?.throwIfAborted();
    // What reads the rows and who gets them are of one type, which the set does not know.
    const live: LiveQuery<unknown> = new LiveQuery<unknown>(
      this.#store,
      query as SqlFragment<unknown>,
      options as LiveOptions<unknown>,
      () => {
        this.#queries.delete(live);
        options.signal?.removeEventListener('abort', stop);
      },
    );
    const stop = (): void => live.stop();
    options.signal?.addEventListener('abort', stop, { once: true });
    this.#queries.add(live);
    live.refresh();
    return { stop, refresh: () => live.refresh() };
  }

  /** Stops all of them. */
  close(): void {
    this.#stopListening();
    for (const query of this.#queries) query.stop();
  }

  #runAll(): void {
    for (const query of this.#queries) query.run();
  }
}
