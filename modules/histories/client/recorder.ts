import type { Operation, RecordedTransaction } from '@lightcone/serializability';
import { type Call, type Step, operations } from './call.ts';
import type { CachedState } from './cached-state.ts';

type Observed = readonly (readonly number[])[];

interface Entry {
  readonly transaction: number;
  readonly steps: readonly Step[];
  readonly session: string | undefined;
  readonly isConfirmed: boolean;
  readonly life: number;
  readonly invokedAt: number;
  answer: 'none' | 'committed' | 'failed';
  /** The place of the answer among all that was heard. */
  order: number;
  completedAt: number | undefined;
  /** What its reads returned, once anybody knows. */
  observed: Observed | undefined;
}

interface Sight {
  readonly name: string;
  readonly operations: readonly Operation[];
  readonly session: string | undefined;
  readonly isConfirmed: boolean;
  readonly life: number;
  readonly order: number;
  readonly invokedAt: number | undefined;
  readonly completedAt: number;
}

/** What was heard of a database, over all its lives: from one crash to the next it is one life. */
export class Recorder {
  life = 0;
  readonly #now: () => number;
  readonly #entries = new Map<number, Entry>();
  readonly #sights: Sight[] = [];
  #order = 0;

  /** @param now a clock that never stands still between two events that follow from each other */
  constructor(now: () => number) {
    this.#now = now;
  }

  get transactionCount(): number {
    return this.#entries.size;
  }

  /** Transactions whose clients were told that they committed, and that a restart may not lose. */
  get confirmedCount(): number {
    return [...this.#entries.values()].filter(({ answer, isConfirmed }) => answer === 'committed' && isConfirmed)
      .length;
  }

  /**
   * A client sends a call.
   * @param session calls that take effect in the order of their answers; undefined for what has no such order
   */
  begin(call: Call, session: string | undefined, isConfirmed: boolean): void {
    this.#begin(call.transaction, call.steps, session, isConfirmed);
    // The second one comes whenever it comes.
    if (call.later !== undefined) this.#begin(call.transaction + 1, call.later.steps, undefined, isConfirmed);
  }

  /** @param observed what it read, if the answer says so */
  committed(transaction: number, observed?: Observed): void {
    this.#answer(transaction, 'committed', observed);
  }

  failed(transaction: number, observed: Observed | undefined): void {
    this.#answer(transaction, 'failed', observed);
  }

  /** A client sees a state of the database that may be old, but for what its session saw before. */
  saw(state: CachedState, keys: readonly number[], session: string, isConfirmed: boolean): void {
    this.#sight(`what ${session} saw`, state.reads(keys), session, isConfirmed, undefined);
    this.learn(state);
  }

  /** A client has read the database, and asked for it at `invokedAt`. */
  read(all: readonly Operation[], name: string, isConfirmed: boolean, invokedAt: number): void {
    this.#sight(name, all, undefined, isConfirmed, invokedAt);
  }

  appendedBy(transaction: number): { readonly key: number; readonly value: number }[] {
    const steps = this.#entries.get(transaction)?.steps ?? [];
    return steps.flatMap((step) => (step.kind === 'append' ? [{ key: step.key, value: step.value }] : []));
  }

  /**
   * What everybody was told who relies on it, given what is there in the end.
   * @throws Error if a transaction that was confirmed is not there, or one is there that failed
   */
  durableHistory(survivors: CachedState): RecordedTransaction[] {
    this.learn(survivors);
    const entries = [...this.#entries.values()].map((entry): RecordedTransaction & { order: number } => {
      const isThere = survivors.outcomes.has(entry.transaction);
      if (entry.answer === 'committed' && entry.isConfirmed && !isThere) {
        throw new Error(`transaction ${entry.transaction} was confirmed in life ${entry.life}, and is lost`);
      }
      if (entry.answer === 'failed' && isThere)
        throw new Error(`transaction ${entry.transaction} failed, and is there`);
      // What unconfirmed readers saw may be lost, and what lost transactions saw with it.
      const mayCount = isThere || (entry.answer === 'failed' && entry.isConfirmed);
      return recorded(entry, isThere ? 'committed' : 'aborted', mayCount ? entry.observed : undefined);
    });
    return inOrder(
      entries,
      this.#sights.filter(({ isConfirmed }) => isConfirmed),
    );
  }

  /** What everybody was told in one life, by whoever saw it: what was lost later had happened. */
  historyOfLife(life: number, survivors: CachedState): RecordedTransaction[] {
    const entries = [...this.#entries.values()].flatMap((entry): (RecordedTransaction & { order: number })[] => {
      const isThere = survivors.outcomes.has(entry.transaction);
      if (entry.life > life || (entry.life < life && !isThere)) return [];
      if (entry.answer === 'failed') return [recorded(entry, 'aborted', entry.observed)];
      return [recorded(entry, entry.answer === 'committed' ? 'committed' : 'unknown', entry.observed)];
    });
    return inOrder(
      entries,
      this.#sights.filter((sight) => sight.life === life && !sight.isConfirmed),
    );
  }

  #begin(transaction: number, steps: readonly Step[], session: string | undefined, isConfirmed: boolean): void {
    this.#entries.set(transaction, {
      transaction,
      steps,
      session,
      isConfirmed,
      life: this.life,
      invokedAt: this.#now(),
      answer: 'none',
      order: Number.POSITIVE_INFINITY,
      completedAt: undefined,
      observed: undefined,
    });
  }

  #answer(transaction: number, answer: 'committed' | 'failed', observed: Observed | undefined): void {
    const entry = this.#entries.get(transaction);
    if (entry === undefined) throw new Error(`an answer to transaction ${transaction}, which nobody has begun`);
    if (entry.answer !== 'none') throw new Error(`a second answer to transaction ${transaction}`);
    entry.answer = answer;
    entry.order = this.#order++;
    entry.completedAt = this.#now();
    if (observed !== undefined) this.#observe(entry, observed);
  }

  #sight(
    name: string,
    all: readonly Operation[],
    session: string | undefined,
    isConfirmed: boolean,
    invokedAt: number | undefined,
  ): void {
    const order = this.#order++;
    const completedAt = this.#now();
    const numbered = `${name} (${order})`;
    this.#sights.push({
      name: numbered,
      operations: all,
      session,
      isConfirmed,
      life: this.life,
      order,
      invokedAt,
      completedAt,
    });
  }

  /** Takes over what the transactions of a state have read. */
  learn(state: CachedState): void {
    for (const [transaction, observed] of state.outcomes) {
      const entry = this.#entries.get(transaction);
      if (entry === undefined) throw new Error(`transaction ${transaction} is there, which nobody has begun`);
      this.#observe(entry, observed);
    }
  }

  /** However it is told, a transaction has read what it has read. */
  #observe(entry: Entry, observed: Observed): void {
    if (entry.observed === undefined) entry.observed = observed;
    else if (entry.observed !== observed && JSON.stringify(entry.observed) !== JSON.stringify(observed)) {
      const [before, now] = [entry.observed, observed].map((each) => JSON.stringify(each));
      throw new Error(`transaction ${entry.transaction} has read ${before}, and later it says ${now}`);
    }
  }
}

function recorded(
  { transaction, steps, session, invokedAt, completedAt, order }: Entry,
  outcome: RecordedTransaction['outcome'],
  observed: Observed | undefined,
): RecordedTransaction & { order: number } {
  return {
    name: `transaction ${transaction}`,
    outcome,
    operations: operations(steps, observed),
    invokedAt,
    ...(completedAt !== undefined && { completedAt }),
    ...(session !== undefined && { session }),
    order,
  };
}

/** Sessions are in the order in which their answers came; what was never answered was the last that they asked for. */
function inOrder(
  entries: readonly (RecordedTransaction & { order: number })[],
  sights: readonly Sight[],
): RecordedTransaction[] {
  const seen = sights.map(({ name, operations: all, session, invokedAt, completedAt, order }) => ({
    name,
    outcome: 'committed' as const,
    operations: all,
    completedAt,
    ...(invokedAt !== undefined && { invokedAt }),
    ...(session !== undefined && { session }),
    order,
  }));
  return [...entries, ...seen].toSorted((left, right) => left.order - right.order || 0);
}
