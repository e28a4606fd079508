import type { Dependency, DependencyGraph } from './dependency-graph.ts';

/**
 * The sets of more than one node that can all reach each other by dependencies that count: where the cycles are.
 * Tarjan's algorithm, with a stack of its own: histories are long.
 */
export function strongComponents(graph: DependencyGraph, counts: (dependency: Dependency) => boolean): number[][] {
  const order = new Int32Array(graph.size).fill(-1);
  const lowest = new Int32Array(graph.size);
  const isOpen = new Uint8Array(graph.size);
  const open: number[] = [];
  const components: number[][] = [];
  let visited = 0;
  for (let root = 0; root < graph.size; root++) {
    if (order[root] !== -1) continue;
    const path: { node: number; next: number }[] = [];
    const enter = (node: number): void => {
      order[node] = lowest[node] = visited++;
      isOpen[node] = 1;
      open.push(node);
      path.push({ node, next: 0 });
    };
    enter(root);
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const { node } = step;
      const dependency = graph.from(node)[step.next++];
      if (dependency !== undefined) {
        if (!counts(dependency)) continue;
        const { to } = dependency;
        if (order[to] === -1) enter(to);
        else if (isOpen[to] === 1) lowest[node] = Math.min(lowest[node]!, order[to]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.node;
      if (parent !== undefined) lowest[parent] = Math.min(lowest[parent]!, lowest[node]!);
      if (lowest[node] !== order[node]) continue;
      const component = open.splice(open.lastIndexOf(node));
      for (const member of component) isOpen[member] = 0;
      if (component.length > 1) components.push(component);
    }
  }
  return components;
}
