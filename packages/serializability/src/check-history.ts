import type { Anomaly } from './anomaly.ts';
import { DependencyGraph } from './dependency-graph.ts';
import { type Cycle, findCycles } from './find-cycles.ts';
import type { RecordedTransaction } from './history.ts';
import { addListDependencies } from './list-dependencies.ts';
import { observe } from './observed-transaction.ts';
import { addRealTimeOrder, addSessionOrder } from './order-dependencies.ts';
import { addRegisterDependencies } from './register-dependencies.ts';
import { Writers } from './writers.ts';

/**
 * Whether one order of the transactions explains everything that was read, keeps sessions in order, and puts what was
 * over before what began later: strict serializability. What contradicts it is returned; nothing if nothing does.
 *
 * The method is Elle's (Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations",
 * VLDB 2020): the reads tell the order of versions, that tells which transaction has to come before which, and a
 * cycle of those is a contradiction.
 */
export function checkHistory(history: readonly RecordedTransaction[]): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const transactions = history.map((recorded) => observe(recorded, anomalies));
  const writers = new Writers(transactions);
  for (const reader of transactions) {
    for (const [key, values] of reader.lists) {
      for (const value of values) writers.see(reader, key, value, anomalies);
    }
    for (const [key, value] of reader.registers) {
      if (value !== undefined) writers.see(reader, key, value, anomalies);
    }
  }
  const graph = new DependencyGraph(history.length);
  addListDependencies(transactions, writers, graph, anomalies);
  addRegisterDependencies(transactions, writers, graph, anomalies);
  addSessionOrder(history, graph);
  addRealTimeOrder(history, graph);
  for (const cycle of findCycles(graph)) anomalies.push({ kind: cycle.kind, message: explain(cycle, history) });
  return anomalies;
}

function explain({ dependencies }: Cycle, history: readonly RecordedTransaction[]): string {
  const name = (position: number): string => history[position]?.name ?? '';
  const steps = dependencies.map(({ from, to, kind, reason }) => `${name(from)} ${reason} (${kind} ${name(to)})`);
  return `no order of these is possible: ${steps.join('; ')}`;
}
