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
  /**
   * What its reads returned, by the life in which somebody saw it. What is scheduled and lost runs again, and may read
   * something else then.
   */
  readonly observed: Map<number, Observed>;
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

  /** Later than everything that was recorded. */
  now(): number {
    return this.#now();
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
   * @param life of the database that it asks; the one of now unless it asks over an older connection
   */
  begin(call: Call, session: string | undefined, isConfirmed: boolean, life: number = this.life): void {
    this.#begin(call.transaction, call.steps, session, isConfirmed, life);
    // The second one comes whenever it comes.
    if (call.later !== undefined) this.#begin(call.transaction + 1, call.later.steps, undefined, isConfirmed, life);
  }

  /** @param observed what it read, if the answer says so */
  committed(transaction: number, observed?: Observed): void {
    this.#answer(transaction, 'committed', observed);
  }

  failed(transaction: number, observed: Observed | undefined): void {
    this.#answer(transaction, 'failed', observed);
  }

  /** A client sees a state of the database that may be old, but for what its session saw before. */
  saw(state: CachedState, keys: readonly number[], session: string, isConfirmed: boolean, life: number): void {
    this.#sight(`what ${session} saw`, state.reads(keys), session, isConfirmed, undefined, life);
  }

  /** A client has read the database, and asked for it at `invokedAt`. @param session whose reads are in this order */
  read(
    all: readonly Operation[],
    name: string,
    isConfirmed: boolean,
    invokedAt: number,
    session?: string,
    life: number = this.life,
  ): void {
    this.#sight(name, all, session, isConfirmed, invokedAt, life);
  }

  /** Takes over what transactions have read that somebody has seen in that life. */
  learn(transactions: readonly number[], { outcomes }: CachedState, life: number): void {
    for (const transaction of transactions) {
      const entry = this.#entries.get(transaction);
      if (entry === undefined) throw new Error(`transaction ${transaction} is there, which nobody has begun`);
      this.#observe(entry, outcomes.get(transaction) ?? [], life);
    }
  }

  appendedBy(transaction: number): { readonly key: number; readonly value: number }[] {
    const steps = this.#entries.get(transaction)?.steps ?? [];
    return steps.flatMap((step) => (step.kind === 'append' ? [{ key: step.key, value: step.value }] : []));
  }

  /** @throws Error if the state misses a transaction that was confirmed before `time`, or has one that failed */
  mustKeep(state: CachedState, time: number): void {
    for (const { transaction, answer, isConfirmed, life, completedAt = time } of this.#entries.values()) {
      const isThere = state.outcomes.has(transaction);
      if (answer === 'committed' && isConfirmed && completedAt < time && !isThere) {
        throw new Error(`transaction ${transaction} was confirmed in life ${life}, and is lost`);
      }
      if (answer === 'failed' && isThere) throw new Error(`transaction ${transaction} failed, and is there`);
    }
  }

  /**
   * What everybody was told who relies on it, given what is there in the end.
   * @throws Error as `mustKeep` does
   */
  durableHistory(survivors: CachedState): RecordedTransaction[] {
    this.mustKeep(survivors, Number.POSITIVE_INFINITY);
    const entries = [...this.#entries.values()].map((entry): RecordedTransaction & { order: number } => {
      const observed = survivors.outcomes.get(entry.transaction);
      if (observed !== undefined) return recorded(entry, 'committed', observed);
      // What unconfirmed readers saw may be lost, and what lost transactions saw with it.
      const mayCount = entry.answer === 'failed' && entry.isConfirmed;
      return recorded(entry, 'aborted', mayCount ? entry.observed.get(entry.life) : undefined);
    });
    const sights = this.#sights.filter(({ isConfirmed }) => isConfirmed);
    return inOrder(entries, sights);
  }

  /** What everybody was told in one life, by whoever saw it: what was lost later had happened. */
  historyOfLife(life: number, survivors: CachedState): RecordedTransaction[] {
    const entries = [...this.#entries.values()].flatMap((entry): (RecordedTransaction & { order: number })[] => {
      if (entry.life > life) return [];
      const observed = entry.observed.get(life);
      if (entry.answer === 'failed') return [recorded(entry, 'aborted', observed)];
      const isThere = entry.life === life || survivors.outcomes.has(entry.transaction);
      return [recorded(entry, entry.answer === 'committed' && isThere ? 'committed' : 'unknown', observed)];
    });
    const sights = this.#sights.filter((sight) => sight.life === life && !sight.isConfirmed);
    return inOrder(entries, sights);
  }

  #begin(
    transaction: number,
    steps: readonly Step[],
    session: string | undefined,
    isConfirmed: boolean,
    life: number,
  ): void {
    this.#entries.set(transaction, {
      transaction,
      steps,
      session,
      isConfirmed,
      life,
      invokedAt: this.#now(),
      answer: 'none',
      order: Number.POSITIVE_INFINITY,
      completedAt: undefined,
      observed: new Map(),
    });
  }

  #answer(transaction: number, answer: 'committed' | 'failed', observed: Observed | undefined): void {
    const entry = this.#entries.get(transaction);
    if (entry === undefined) throw new Error(`an answer to transaction ${transaction}, which nobody has begun`);
    if (entry.answer !== 'none') throw new Error(`a second answer to transaction ${transaction}`);
    entry.answer = answer;
    entry.order = this.#order++;
    entry.completedAt = this.#now();
    if (observed !== undefined) this.#observe(entry, observed, entry.life);
  }

  #sight(
    name: string,
    all: readonly Operation[],
    session: string | undefined,
    isConfirmed: boolean,
    invokedAt: number | undefined,
    life: number,
  ): void {
    const order = this.#order++;
    const completedAt = this.#now();
    this.#sights.push({
      name: `${name} (${order})`,
      operations: all,
      session,
      isConfirmed,
      life,
      order,
      invokedAt,
      completedAt,
    });
  }

  /** However it is told, in one life a transaction has read what it has read. */
  #observe(entry: Entry, observed: Observed, life: number): void {
    const before = entry.observed.get(life);
    if (before === undefined) entry.observed.set(life, observed);
    else if (JSON.stringify(before) !== JSON.stringify(observed)) {
      const [then, now] = [before, observed].map((each) => JSON.stringify(each));
      throw new Error(`transaction ${entry.transaction} has read ${then}, and later it says ${now}`);
    }
  }
}

function recorded(
  { transaction, steps, session, life, invokedAt, completedAt, order }: Entry,
  outcome: RecordedTransaction['outcome'],
  observed: Observed | undefined,
): RecordedTransaction & { order: number } {
  return {
    name: outcome === 'committed' ? `transaction ${transaction}` : `transaction ${transaction} of life ${life}`,
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
