import type { Clock } from './clock.ts';
import type { EngineError } from './errors.ts';

/**
 * How long a turn goes on taking what clients ask for: their answers leave at its end, and what has come meanwhile is seen
 * then. To end a turn costs as much as a few calls.
 */
const MAX_MS = 1;

/**
 * The turns of a database: what is done between two flushes of its log.
 *
 * Whatever comes from outside (a message, a timer, a procedure that goes on) begins a turn, or joins
 * the one that is open; the turn ends when everything that has arrived by then is dealt with, or has
 * to wait for the next one, as there was too much of it.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #defer: (run: () => void) => void;
  readonly #lastStep: () => void;
  readonly #flush: () => void;
  #isOpen = false;
  #endMs = 0;
  #hasTime = true;
  #refusal: EngineError | undefined;

  /** @param lastStep is done at the end of each turn, before the flush, while the database works */
  constructor(clock: Clock, defer: (run: () => void) => void, lastStep: () => void, flush: () => void) {
    this.#clock = clock;
    this.#defer = defer;
    this.#lastStep = lastStep;
    this.#flush = flush;
  }

  /** Why nothing begins any more; undefined while the database works. */
  get refusal(): EngineError | undefined {
    return this.#refusal;
  }

  /** Checks that the database works, and sees to it that the turn ends. @throws EngineError the refusal */
  begin(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    this.endSoon();
  }

  /** Sees to it that what is being done is flushed, also when nothing new begins any more. */
  endSoon(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#hasTime = true;
    this.#endMs = this.#clock.monotonicMs() + MAX_MS;
    // Not in a microtask: messages that waited together are taken one after another, and are to share one flush.
    this.#defer(() => this.end());
  }

  /** Whether the turn that is open had time left when `look` was called last. */
  get hasTime(): boolean {
    return this.#hasTime;
  }

  /** Looks at the clock. @returns whether more may be done in the turn that is open */
  look(): boolean {
    return (this.#hasTime = this.#clock.monotonicMs() < this.#endMs);
  }

  /** Ends the turn now. */
  end(): void {
    this.#isOpen = false;
    if (this.#refusal === undefined) this.#lastStep();
    this.#flush();
  }

  /** Nothing begins from here on. The first reason stays. */
  refuse(reason: EngineError): void {
    this.#refusal ??= reason;
  }
}
