import type { DependencyGraph } from './dependency-graph.ts';
import type { RecordedTransaction } from './history.ts';

/** What comes first in a session comes before the rest of it. What never happened is in between and ties nothing. */
export function addSessionOrder(transactions: readonly RecordedTransaction[], graph: DependencyGraph): void {
  const last = new Map<string, number>();
  transactions.forEach(({ session }, position) => {
    if (session === undefined) return;
    const before = last.get(session);
    if (before !== undefined) graph.add(before, position, 'session', `came before it in session ${session}`);
    last.set(session, position);
  });
}

/**
 * What was over before another began comes before it. Edges only from those that are over and not known to be before
 * another one that is: there are never more of them than clients.
 */
export function addRealTimeOrder(transactions: readonly RecordedTransaction[], graph: DependencyGraph): void {
  const invoked = transactions.map(({ invokedAt }, position) => ({ time: invokedAt, position }));
  const completed = transactions.map(({ completedAt }, position) => ({ time: completedAt, position }));
  const starts = invoked.filter(isTimed).toSorted((left, right) => left.time - right.time);
  const ends = completed.filter(isTimed).toSorted((left, right) => left.time - right.time);
  let newest: { readonly time: number; readonly position: number }[] = [];
  let next = 0;
  for (const { time, position } of starts) {
    for (; ends[next] !== undefined && ends[next]!.time < time; next++) {
      const ended = ends[next]!;
      const start = transactions[ended.position]?.invokedAt ?? Number.NEGATIVE_INFINITY;
      newest = newest.filter((other) => other.time >= start);
      newest.push(ended);
    }
    for (const { position: before } of newest) graph.add(before, position, 'realtime', 'was over before it began');
  }
}

function isTimed<Event extends { readonly time: number | undefined }>(
  event: Event,
): event is Event & { readonly time: number } {
  return event.time !== undefined;
}
