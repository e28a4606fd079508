import type { Anomaly } from './anomaly.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import type { ObservedTransaction } from './observed-transaction.ts';
import type { Writers } from './writers.ts';

/** The value before anybody wrote. */
type Version = number | undefined;

interface Register {
  readonly readers: Map<Version, number[]>;
  /** The committed writers, and the value that each left. */
  readonly left: Map<number, number>;
  /** Versions that came right after another, as who read the one and left the other knows. */
  readonly successors: Map<Version, number[]>;
}

/**
 * What the reads of registers say about the order of transactions. Which of two values came first is known only if
 * somebody read the one and wrote the other in the same transaction; before all of them there was none.
 */
export function addRegisterDependencies(
  transactions: readonly ObservedTransaction[],
  writers: Writers,
  graph: DependencyGraph,
  anomalies: Anomaly[],
): void {
  for (const [key, register] of registersOf(transactions, writers)) {
    const { readers, left, successors } = register;
    successors.set(undefined, [...left.values()]);
    for (const [version, those] of readers) {
      const writer = version === undefined ? undefined : writers.find(key, version);
      const wrote = writer === undefined ? undefined : transactions[writer]?.writes.get(key);
      for (const reader of those) {
        if (writer !== undefined) {
          graph.add(writer, reader, 'wr', `wrote ${version} to ${key}, which it read`);
          const last = wrote?.at(-1);
          if (version !== last && writer !== reader) {
            const names = [reader, writer].map((position) => transactions[position]?.recorded.name);
            const message = `${names[0]} read ${version} from ${key}, which ${names[1]} overwrote with ${last} before it committed`;
            anomalies.push({ kind: 'G1b', message });
          }
        }
        for (const next of successors.get(version) ?? []) {
          const overwriter = writers.find(key, next);
          if (overwriter === undefined) continue;
          graph.add(reader, overwriter, 'rw', `read ${version ?? 'nothing'} from ${key}, which it replaced by ${next}`);
        }
      }
    }
    for (const [version, next] of successors) {
      const writer = version === undefined ? undefined : writers.find(key, version);
      if (writer === undefined) continue;
      for (const value of next) {
        const overwriter = writers.find(key, value);
        if (overwriter !== undefined) {
          graph.add(writer, overwriter, 'ww', `wrote ${version} to ${key}, which it replaced by ${value}`);
        }
      }
    }
  }
}

function registersOf(transactions: readonly ObservedTransaction[], writers: Writers): Map<string, Register> {
  const registers = new Map<string, Register>();
  const of = (key: string): Register => {
    let register = registers.get(key);
    if (register === undefined) {
      registers.set(key, (register = { readers: new Map(), left: new Map(), successors: new Map() }));
    }
    return register;
  };
  transactions.forEach(({ registers: reads, writes }, position) => {
    for (const [key, version] of reads) push(of(key).readers, version, position);
    if (!writers.isCommitted(position)) return;
    for (const [key, values] of writes) {
      const last = values.at(-1)!; // a key is in the map when it was written
      of(key).left.set(position, last);
      if (reads.has(key)) push(of(key).successors, reads.get(key), last);
    }
  });
  return registers;
}

function push<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
