import type { Core } from '../core.ts';
import { type DelayHistogram, newDelayHistogram, observeDelay } from './delay-histogram.ts';

/** Keeps account of how late scheduled functions begin, and warns. */
export class Lateness {
  /** By function, those that ran since the database was opened. */
  readonly delays: Map<string, DelayHistogram> = new Map();
  readonly #core: Core;
  #lateRuns = 0;
  #latestFunction = '';
  #latestMicros = 0n;

  constructor(core: Core) {
    this.#core = core;
  }

  observe(functionName: string, delayMicros: bigint): void {
    let histogram = this.delays.get(functionName);
    if (histogram === undefined) this.delays.set(functionName, (histogram = newDelayHistogram()));
    observeDelay(histogram, Math.max(0, Number(delayMicros) / 1e6));
    if (delayMicros <= LATE_MICROS) return;
    this.#lateRuns++;
    if (delayMicros <= this.#latestMicros) return;
    this.#latestMicros = delayMicros;
    this.#latestFunction = functionName;
  }

  /** One line a turn: a database that was away for a day must not fill its log. */
  warn(): void {
    if (this.#lateRuns === 0) return;
    const others = this.#lateRuns === 1 ? '' : `, the latest of ${this.#lateRuns} runs`;
    const message = `scheduled function started ${this.#latestMicros / 1000n} ms late${others}`;
    this.#core.logLine('Warn', message, this.#latestFunction);
    this.#lateRuns = 0;
    this.#latestMicros = 0n;
  }
}

const LATE_MICROS = 30_000n;
