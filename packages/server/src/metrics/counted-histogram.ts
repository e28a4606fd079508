import { Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

/** What a histogram of one label set holds: a count for each bound, one for what is above, and the sum of all. */
interface Counts {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: readonly number[];
  readonly sum: number;
}

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A histogram that was counted elsewhere, in another thread, and is read when somebody asks. */
export class CountedHistogram {
  readonly #name: string;
  readonly #bounds: readonly number[];
  #counted: Counts[] = [];

  constructor(
    registry: Registry,
    name: string,
    help: string,
    labelNames: readonly string[],
    bounds: readonly number[],
  ) {
    this.#name = name;
    this.#bounds = bounds;
    const histogram = new Histogram({
      name,
      help,
      labelNames: [...labelNames],
      buckets: [...bounds],
      registers: [registry],
    });
    // The registry asks its metrics for their samples by this method, which has no counterpart for setting them.
    const samples = async (): Promise<object> => ({
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      values: this.#samples(),
    });
    Object.assign(histogram, { get: samples, getForPromString: samples });
  }

  reset(): void {
    this.#counted = [];
  }

  set(labels: Counts['labels'], counts: readonly number[], sum: number): void {
    this.#counted.push({ labels, counts, sum });
  }

  #samples(): Sample[] {
    return this.#counted.flatMap(({ labels, counts, sum }) => {
      let total = 0;
      const buckets = counts.map((count, i) => {
        total += count;
        return {
          metricName: `${this.#name}_bucket`,
          labels: { le: this.#bounds[i] ?? '+Inf', ...labels },
          value: total,
        };
      });
      return [
        ...buckets,
        { metricName: `${this.#name}_sum`, labels, value: sum },
        { metricName: `${this.#name}_count`, labels, value: total },
      ];
    });
  }
}
