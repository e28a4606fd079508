import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { CountedHistogram } from './counted-histogram.ts';

/** Metrics whose values are counted elsewhere, in plain numbers, and filled in at every scrape. */
export class ScrapedMetrics {
  readonly #registry: Registry;
  readonly #all: { reset(): void }[] = [];

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  gauge(name: string, help: string, ...labelNames: string[]): Gauge {
    return this.#remember(new Gauge({ name, help, labelNames, registers: [this.#registry] }));
  }

  counter(name: string, help: string, ...labelNames: string[]): Counter {
    return this.#remember(new Counter({ name, help, labelNames, registers: [this.#registry] }));
  }

  /** @param bounds those that it is counted with */
  histogram(name: string, help: string, bounds: readonly number[], ...labelNames: string[]): CountedHistogram {
    return this.#remember(new CountedHistogram(this.#registry, name, help, labelNames, bounds));
  }

  /** Empties all, to be filled in anew. */
  reset(): void {
    for (const metric of this.#all) metric.reset();
  }

  #remember<M extends { reset(): void }>(metric: M): M {
    this.#all.push(metric);
    return metric;
  }
}
