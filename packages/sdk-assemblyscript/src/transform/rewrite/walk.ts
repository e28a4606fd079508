import { Node, type Source } from 'assemblyscript';

/** Returns what a node becomes, or itself. Children are seen before their parents. */
export type Rewrite = (node: Node) => Node;

/** Rewrites every statement and expression of a file. The compiler's tree is nodes in fields and in arrays of nodes. */
export function rewriteNodes(source: Source, rewrite: Rewrite): void {
  source.statements.forEach((statement, at) => {
    source.statements[at] = rewriteNode(statement, rewrite) as typeof statement;
  });
}

/**
 * Rewrites a node and what is in it.
 * @param passesOver what stays as it is, with all that is in it
 */
export function rewriteNode(node: Node, rewrite: Rewrite, passesOver?: (node: Node) => boolean): Node {
  if (passesOver?.(node) === true) return node;
  const fields = node as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) {
    // A range leads back to the whole file.
    if (name === 'range') continue;
    if (value instanceof Node) fields[name] = rewriteNode(value, rewrite, passesOver);
    else if (Array.isArray(value)) {
      value.forEach((each: unknown, at) => {
        if (each instanceof Node) value[at] = rewriteNode(each, rewrite, passesOver);
      });
    }
  }
  return rewrite(node);
}
