import type { Anomaly } from './anomaly.ts';
import type { ObservedTransaction } from './observed-transaction.ts';

/** Who wrote which value: values are unique over a history. */
export class Writers {
  readonly #transactions: readonly ObservedTransaction[];
  readonly #byValue = new Map<string, number>();
  readonly #seen = new Set<number>();

  constructor(transactions: readonly ObservedTransaction[]) {
    this.#transactions = transactions;
    transactions.forEach(({ recorded, appends, writes }, position) => {
      for (const written of [appends, writes]) {
        for (const [key, values] of written) {
          for (const value of values) {
            const name = `${key} ${value}`;
            if (this.#byValue.has(name)) throw new Error(`${recorded.name} writes ${value} to ${key} a second time`);
            this.#byValue.set(name, position);
          }
        }
      }
    });
  }

  /** The position of the transaction that wrote the value to the key. */
  find(key: string, value: number): number | undefined {
    return this.#byValue.get(`${key} ${value}`);
  }

  /** Notes that somebody saw the value, and complains if nobody may. */
  see(reader: ObservedTransaction, key: string, value: number, anomalies: Anomaly[]): void {
    const position = this.find(key, value);
    const writer = position === undefined ? undefined : this.#transactions[position];
    const saw = `${reader.recorded.name} read ${value} from ${key}`;
    if (position === undefined || writer === undefined) {
      anomalies.push({ kind: 'garbage', message: `${saw}, which nobody wrote` });
    } else {
      this.#seen.add(position);
      if (writer.recorded.outcome === 'aborted') {
        anomalies.push({ kind: 'G1a', message: `${saw}, which ${writer.recorded.name} wrote and took back` });
      }
    }
  }

  /** Whether its writes are part of the history: it committed, or somebody saw what it wrote. */
  isCommitted(position: number): boolean {
    return this.#transactions[position]?.recorded.outcome === 'committed' || this.#seen.has(position);
  }
}
