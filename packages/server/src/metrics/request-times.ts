/** Upper bounds of the buckets, in seconds. */
export const REQUEST_BOUNDS_SECONDS: readonly number[] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

export interface RouteTimes {
  readonly labels: { readonly route: string; readonly method: string; readonly status: string };
  /** One for each bound and one for what is above; not cumulated. */
  readonly counts: number[];
  seconds: number;
}

/** How long answers to HTTP requests took, by route, method and status. */
export class RequestTimes {
  readonly #all = new Map<string, RouteTimes>();

  observe(route: string, method: string, status: number, seconds: number): void {
    const key = `${route} ${method} ${status}`;
    let times = this.#all.get(key);
    if (times === undefined) {
      const counts = Array.from({ length: REQUEST_BOUNDS_SECONDS.length + 1 }, () => 0);
      times = { labels: { route, method, status: String(status) }, counts, seconds: 0 };
      this.#all.set(key, times);
    }
    const bucket = REQUEST_BOUNDS_SECONDS.findIndex((bound) => seconds <= bound);
    times.counts[bucket < 0 ? REQUEST_BOUNDS_SECONDS.length : bucket]!++; // one more than there are bounds
    times.seconds += seconds;
  }

  all(): Iterable<Readonly<RouteTimes>> {
    return this.#all.values();
  }
}
