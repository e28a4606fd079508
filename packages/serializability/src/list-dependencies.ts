import type { Anomaly } from './anomaly.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import type { ObservedTransaction } from './observed-transaction.ts';
import type { Writers } from './writers.ts';

interface Read {
  readonly reader: number;
  readonly values: readonly number[];
}

/**
 * What the reads of lists say about the order of transactions. A list only grows, so the longest read shows all its
 * versions in order, and every other read is a beginning of it; what nobody has seen in it came later.
 */
export function addListDependencies(
  transactions: readonly ObservedTransaction[],
  writers: Writers,
  graph: DependencyGraph,
  anomalies: Anomaly[],
): void {
  const reads = new Map<string, Read[]>();
  const appenders = new Map<string, number[]>();
  transactions.forEach((transaction, position) => {
    for (const [key, values] of transaction.lists) push(reads, key, { reader: position, values });
    if (!writers.isCommitted(position)) return;
    for (const key of transaction.appends.keys()) push(appenders, key, position);
  });
  for (const [key, all] of reads) {
    const longest = all.reduce((left, right) => (right.values.length > left.values.length ? right : left));
    const name = (position: number): string => transactions[position]?.recorded.name ?? '';
    const order = longest.values;
    complainOfDuplicates(order, key, name(longest.reader), anomalies);
    const authors = order.map((value) => writers.find(key, value));
    const seen = new Set(authors);
    const unseen = (appenders.get(key) ?? []).filter((position) => !seen.has(position));
    complainOfParts(transactions, seen, key, longest, anomalies);

    for (let i = 0; i < order.length; i++) {
      const author = authors[i];
      if (author === undefined) continue;
      const later = i + 1 < order.length ? [authors[i + 1]] : unseen;
      for (const next of later) {
        if (next !== undefined) graph.add(author, next, 'ww', `appended ${order[i]} to ${key} before it`);
      }
    }
    for (const { reader, values } of all) {
      if (values.some((value, i) => value !== order[i])) {
        const message = `${name(reader)} read [${values.join(' ')}] from ${key}, and ${name(longest.reader)} read [${order.join(' ')}]`;
        anomalies.push({ kind: 'incompatible-order', message });
        continue;
      }
      const last = authors[values.length - 1];
      if (last !== undefined) {
        graph.add(last, reader, 'wr', `appended ${values.at(-1)} to ${key}, which it read`);
        if (values.length < order.length && last !== reader && last === authors[values.length]) {
          const message = `${name(reader)} read [${values.join(' ')}] from ${key}, when ${name(last)} had more to append`;
          anomalies.push({ kind: 'G1b', message });
        }
      }
      // The first that others did after this version: the reader's own appends may be in between.
      let next = values.length;
      while (next < order.length && authors[next] === reader) next++;
      for (const writer of next < order.length ? [authors[next]] : unseen) {
        if (writer === undefined) continue;
        graph.add(reader, writer, 'rw', `read [${values.join(' ')}] from ${key}, to which it appended`);
      }
    }
  }
}

function complainOfDuplicates(order: readonly number[], key: string, reader: string, anomalies: Anomaly[]): void {
  if (new Set(order).size === order.length) return;
  const twice = order.find((value, i) => order.indexOf(value) !== i);
  anomalies.push({ kind: 'duplicate', message: `${reader} read ${twice} from ${key} twice: [${order.join(' ')}]` });
}

/** What one transaction appended to a list stands in it as a whole, one behind the other. */
function complainOfParts(
  transactions: readonly ObservedTransaction[],
  authors: ReadonlySet<number | undefined>,
  key: string,
  { reader, values }: Read,
  anomalies: Anomaly[],
): void {
  for (const author of authors) {
    if (author === undefined || author === reader) continue;
    const appended = transactions[author]?.appends.get(key) ?? [];
    const start = values.findIndex((value) => appended.includes(value));
    if (appended.every((value, i) => value === values[start + i])) continue;
    const [who, by] = [reader, author].map((position) => transactions[position]?.recorded.name);
    const message = `${who} read [${values.join(' ')}] from ${key}, to which ${by} appended [${appended.join(' ')}] at once`;
    anomalies.push({ kind: 'G1b', message });
  }
}

function push<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
