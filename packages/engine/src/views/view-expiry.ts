import type { Clock } from '../clock.ts';
import type { Timers, WakeUp } from '../timers.ts';
import type { Turns } from '../turns.ts';
import type { LiveViews } from './live-views.ts';
import type { InTransaction } from './queried-views.ts';

/**
 * Lets instances of views go that nobody reads: rows that are kept cost a run of the view whenever
 * something changes that they were made from. One that was just read is often read again soon, so it
 * stays for a while.
 */
export class ViewExpiry {
  readonly #views: LiveViews;
  readonly #inTransaction: InTransaction;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #turns: Turns;
  #wakeUp: WakeUp | undefined;

  constructor(views: LiveViews, inTransaction: InTransaction, clock: Clock, timers: Timers, turns: Turns) {
    this.#views = views;
    this.#inTransaction = inTransaction;
    this.#clock = clock;
    this.#timers = timers;
    this.#turns = turns;
  }

  /** An instance may be without readers now. */
  arm(): void {
    const unusedSince = this.#views.unusedSinceMicros;
    if (unusedSince === undefined || this.#wakeUp !== undefined) return;
    this.#wakeAt(unusedSince + KEPT_UNUSED_MICROS);
  }

  /** Nothing happens any more. */
  close(): void {
    this.#wakeUp?.cancel();
    this.#wakeUp = undefined;
  }

  #wakeAt(timeMicros: bigint): void {
    this.#wakeUp = this.#timers.wakeAt(timeMicros, () => {
      this.#wakeUp = undefined;
      if (this.#turns.refusal !== undefined) return;
      this.#turns.begin();
      this.#expire();
    });
  }

  #expire(): void {
    const nowMicros = this.#clock.nowMicros();
    const endNanos = this.#clock.monotonicNanos() + BUDGET_NANOS;
    const untilMicros = nowMicros - KEPT_UNUSED_MICROS;
    this.#inTransaction((transaction) => {
      this.#views.removeUnused(transaction, untilMicros, MAX_REMOVED, () => this.#clock.monotonicNanos() >= endNanos);
    });
    const unusedSince = this.#views.unusedSinceMicros;
    if (unusedSince === undefined) return;
    const dueMicros = unusedSince + KEPT_UNUSED_MICROS;
    const soonMicros = nowMicros + PAUSE_MICROS;
    this.#wakeAt(dueMicros > soonMicros ? dueMicros : soonMicros);
  }
}

/** The numbers are those of SpacetimeDB 2.8.3 (file 30 §11 of the specification). */
const KEPT_UNUSED_MICROS = 10n * 60n * 1_000_000n;
/** Between two transactions that remove instances. */
const PAUSE_MICROS = 10n * 1_000_000n;
const MAX_REMOVED = 1024;
/** How long one of them may keep everybody else waiting. */
const BUDGET_NANOS = 10_000_000n;
