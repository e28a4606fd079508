import type { Anomaly } from './anomaly.ts';
import type { RecordedTransaction } from './history.ts';

/** What others can tell of a transaction: what it found, and what it left. */
export interface ObservedTransaction {
  readonly recorded: RecordedTransaction;
  /** Lists that it read, without what it appended itself before. */
  readonly lists: ReadonlyMap<string, readonly number[]>;
  /** Registers that it read before it wrote them. */
  readonly registers: ReadonlyMap<string, number | undefined>;
  readonly appends: ReadonlyMap<string, readonly number[]>;
  /** The values that it wrote, the last of which it left. */
  readonly writes: ReadonlyMap<string, readonly number[]>;
}

/** Separates what a transaction saw of others from what it saw of itself, which must be what it did. */
export function observe(recorded: RecordedTransaction, anomalies: Anomaly[]): ObservedTransaction {
  const lists = new Map<string, readonly number[]>();
  const registers = new Map<string, number | undefined>();
  const appends = new Map<string, number[]>();
  const writes = new Map<string, number[]>();
  const complain = (key: string, expected: string, found: string): void => {
    const message = `${recorded.name} read ${found} from ${key}, and should have seen ${expected}, by what it did before`;
    anomalies.push({ kind: 'internal', message });
  };
  for (const operation of recorded.operations) {
    const { key } = operation;
    switch (operation.kind) {
      case 'append':
        listOf(appends, key).push(operation.value);
        break;
      case 'write':
        listOf(writes, key).push(operation.value);
        break;
      case 'readList': {
        const own = appends.get(key) ?? [];
        const others = operation.values.slice(0, Math.max(0, operation.values.length - own.length));
        const expected = [...(lists.get(key) ?? others), ...own];
        if (!areEqual(operation.values, expected))
          complain(key, `[${expected.join(' ')}]`, `[${operation.values.join(' ')}]`);
        else if (!lists.has(key)) lists.set(key, others);
        break;
      }
      case 'readRegister': {
        const own = writes.get(key)?.at(-1);
        const isKnown = own !== undefined || registers.has(key);
        const expected = own ?? registers.get(key);
        if (!isKnown) registers.set(key, operation.value);
        else if (operation.value !== expected) complain(key, `${expected}`, `${operation.value}`);
        break;
      }
    }
  }
  return { recorded, lists, registers, appends, writes };
}

function listOf(lists: Map<string, number[]>, key: string): number[] {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, (list = []));
  return list;
}

function areEqual(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((value, i) => value === right[i]);
}
