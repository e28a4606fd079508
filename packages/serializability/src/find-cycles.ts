import type { AnomalyKind } from './anomaly.ts';
import type { Dependency, DependencyGraph, DependencyKind } from './dependency-graph.ts';
import { strongComponents } from './strong-components.ts';

export interface Cycle {
  readonly kind: AnomalyKind;
  readonly dependencies: readonly Dependency[];
}

/** Weakest first: a history is told by the worst that it has. */
const CLASSES = [
  { name: 'G0', through: 'ww', others: ['ww'] },
  { name: 'G1c', through: 'wr', others: ['ww', 'wr'] },
  { name: 'G-single', through: 'rw', others: ['ww', 'wr'] },
  { name: 'G2', through: 'rw', others: ['ww', 'wr', 'rw'] },
] as const;

const ORDERS = [
  { suffix: '', kinds: [] },
  { suffix: '-session', kinds: ['session'] },
  { suffix: '-realtime', kinds: ['session', 'realtime'] },
] as const;

/** For every set of transactions that depend on each other, one short cycle of the worst kind. */
export function findCycles(graph: DependencyGraph): Cycle[] {
  // As a rule there is none, which one pass finds out.
  return strongComponents(graph, () => true).map((component) => worstCycle(graph, new Set(component)));
}

function worstCycle(graph: DependencyGraph, nodes: ReadonlySet<number>): Cycle {
  for (const { suffix, kinds } of ORDERS) {
    for (const { name, through, others } of CLASSES) {
      const cycle = cycleThrough(graph, nodes, through, [...others, ...kinds]);
      if (cycle !== undefined) return { kind: `${name}${suffix}`, dependencies: cycle };
    }
  }
  throw new Error('the order of sessions and of time has a cycle by itself: the history was recorded wrongly');
}

/** The shortest cycle of one dependency of the kind `through`, and of `others`. */
function cycleThrough(
  graph: DependencyGraph,
  nodes: ReadonlySet<number>,
  through: DependencyKind,
  others: readonly DependencyKind[],
): Dependency[] | undefined {
  let shortest: Dependency[] | undefined;
  for (const node of nodes) {
    for (const first of graph.from(node)) {
      if (first.kind !== through || !nodes.has(first.to)) continue;
      const back = shortestPath(graph, nodes, first.to, node, others);
      if (back !== undefined && back.length + 1 < (shortest?.length ?? Number.POSITIVE_INFINITY)) {
        shortest = [first, ...back];
        if (shortest.length === 2) return shortest;
      }
    }
  }
  return shortest;
}

function shortestPath(
  graph: DependencyGraph,
  nodes: ReadonlySet<number>,
  from: number,
  to: number,
  kinds: readonly DependencyKind[],
): Dependency[] | undefined {
  const cameBy = new Map<number, Dependency>();
  const queue = [from];
  for (const node of queue) {
    for (const dependency of graph.from(node)) {
      const next = dependency.to;
      if (!kinds.includes(dependency.kind) || !nodes.has(next) || cameBy.has(next)) continue;
      cameBy.set(next, dependency);
      if (next === to) return pathTo(to, from, cameBy);
      queue.push(next);
    }
  }
  return undefined;
}

function pathTo(to: number, from: number, cameBy: ReadonlyMap<number, Dependency>): Dependency[] {
  const path: Dependency[] = [];
  for (let node = to; path.length === 0 || node !== from;) {
    const dependency = cameBy.get(node)!; // set for every node on the way
    path.unshift(dependency);
    node = dependency.from;
  }
  return path;
}
