import type { LiveQuery } from './live-query.ts';
import type { QuerySet } from './query-set.ts';

/** A tenth of a millisecond, and more than can be planned in a turn: so queries are let go faster than they come. */
const MAX_AT_ONCE = 128;

/**
 * Query sets that have ended. Nobody is told of their changes any more; their queries are let go a few at a time, since
 * others wait meanwhile.
 */
export class EndedQuerySets {
  readonly #defer: (run: () => void) => void;
  readonly #letGo: (querySet: QuerySet, query: LiveQuery) => void;
  readonly #waiting: QuerySet[] = [];
  #goesOn = false;

  /** @param letGo does what is to be done for a query that a set has no more */
  constructor(defer: (run: () => void) => void, letGo: (querySet: QuerySet, query: LiveQuery) => void) {
    this.#defer = defer;
    this.#letGo = letGo;
  }

  add(querySet: QuerySet): void {
    this.#waiting.push(querySet);
  }

  /** Lets some queries go, and sees to it that the others follow. */
  letSomeGo(): void {
    for (let i = 0; i < MAX_AT_ONCE; i++) {
      const querySet = this.#waiting.at(-1);
      if (querySet === undefined) return;
      const query = querySet.queries.pop();
      if (query === undefined) this.#waiting.pop();
      else this.#letGo(querySet, query);
    }
    if (this.#goesOn) return;
    this.#goesOn = true;
    this.#defer(() => {
      this.#goesOn = false;
      this.letSomeGo();
    });
  }
}
