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
  isGone = false;
  readonly #store: Store;
  /** Of its notes, which end in the numbers of the writes: each is small, however many are under way at once. */
  readonly #prefix: string;
  readonly #done = new Map<number, Outcome>();

  constructor(store: Store, page: PageId) {
    this.#store = store;
    this.#prefix = `page:${page}:`;
    const notes = "SELECT key, value FROM ZV_STATE WHERE key LIKE ? || '%'";
    for (const { key, value } of store.statements.plain(notes).all([this.#prefix])) {
      const number = Number((key as string).slice(this.#prefix.length));
      this.#done.set(number, JSON.parse(value as string) as Outcome);
    }
  }

  /** The pages of which there are notes. */
  static known(store: Store): PageId[] {
    const rows = store.statements.plain("SELECT key FROM ZV_STATE WHERE key LIKE 'page:%'").all([]);
    return [...new Set(rows.map(({ key }) => (key as string).split(':')[1]!))]; // as `#prefix` has it
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
    const heard: number[] = [];
    for (const earlier of this.#done.keys()) {
      if (earlier >= oldest) break; // they are in the order in which they were done, nearly that of their numbers
      heard.push(earlier);
      this.#store.state.set({ key: this.#prefix + earlier, value: undefined });
    }
    this.#store.state.set({ key: this.#prefix + number, value: JSON.stringify(outcome ?? null) });
    return () => {
      for (const earlier of heard) this.#done.delete(earlier);
      this.#done.set(number, outcome);
    };
  }

  /** Forgets it in the transaction under way: it is gone, and asks nothing any more. */
  forget(): void {
    this.#store.statements.plain("DELETE FROM ZV_STATE WHERE key LIKE ? || '%'").run([this.#prefix]);
  }
}
