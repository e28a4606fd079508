import type { RateLimit } from './rate-limits.ts';

/** Lets through what its limit allows. It is full at first. Times are in milliseconds of one steady clock. */
export class TokenBucket {
  readonly limit: RateLimit;
  #tokens: number;
  #filledMs: number;

  constructor(limit: RateLimit, nowMs: number) {
    this.limit = limit;
    this.#tokens = limit.burst;
    this.#filledMs = nowMs;
  }

  /** Takes a token if there is one. */
  take(nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Whether it is as good as a new one. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#tokens === this.limit.burst;
  }

  /** How long until there is a token, as of the last `take`. */
  get waitMs(): number {
    return (Math.max(0, 1 - this.#tokens) / this.limit.perSecond) * 1000;
  }

  #fill(nowMs: number): void {
    const { perSecond, burst } = this.limit;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#filledMs) * perSecond) / 1000);
    this.#filledMs = nowMs;
  }
}
