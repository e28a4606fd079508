import type { ConnectionTransaction } from '../../api/connection.ts';
import type { Subscription } from '../../live/live-query.ts';
import type { Store } from '../../store/store.ts';
import type { PageId } from '../messages.ts';

/** What a write answered, as far as it cannot be read again: the id of a row that was saved, a number of rows, yes or no. */
export type Outcome = string | number | boolean | undefined;

/**
 * A page as its leader knows it. What it wrote and may not have heard of yet is noted in the database, in the same
 * transactions: the next leader is asked again, and must not do it again.
 */
export class LedPage {
  readonly transactions: Map<number, ConnectionTransaction> = new Map();
  readonly queries: Map<number, Subscription> = new Map();
  readonly #store: Store;
  readonly #key: string;
  #done: ReadonlyMap<number, Outcome>;

  constructor(store: Store, page: PageId) {
    this.#store = store;
    this.#key = `page:${page}`;
    this.#done = new Map(JSON.parse(store.state.get(this.#key) ?? '[]') as [number, Outcome][]);
  }

  /** The pages of which there are notes. */
  static known(store: Store): PageId[] {
    const rows = store.statements.plain("SELECT key FROM ZV_STATE WHERE key LIKE 'page:%'").all([]);
    return rows.map(({ key }) => (key as string).slice('page:'.length));
  }

  isDone(number: number): boolean {
    return this.#done.has(number);
  }

  outcomeOf(number: number): Outcome {
    return this.#done.get(number);
  }

  /**
   * Notes a write in the transaction under way.
   * @param oldest the page has heard of all before this one
   * @returns what to call when the transaction is committed
   */
  note(number: number, oldest: number, outcome: Outcome): () => void {
    const done = new Map([...this.#done].filter(([earlier]) => earlier >= oldest));
    done.set(number, outcome);
    this.#store.state.set({ key: this.#key, value: JSON.stringify([...done]) });
    return () => (this.#done = done);
  }

  /** Forgets it in the transaction under way: it is gone, and asks nothing any more. */
  forget(): void {
    this.#store.state.set({ key: this.#key, value: undefined });
  }
}
