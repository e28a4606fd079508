import {
  type BlockStatement,
  type Expression,
  FunctionDeclaration,
  IdentifierExpression,
  Parser,
  type Range,
  type Statement,
} from 'assemblyscript';
import { Node } from 'assemblyscript';

/**
 * Parses statements in which names stand for nodes: `{ $EXPR: node }` puts the node in the place of `$EXPR`. What is new
 * gets the place in the source of what it replaces, for the compiler's messages.
 */
export function parseSnippet(text: string, nodes: Readonly<Record<string, Node>>, range: Range): Statement[] {
  const parser = new Parser();
  parser.parseFile(`function snippet(): void {${text}}`, 'snippet.ts', false);
  const [declaration] = parser.sources[0]?.statements ?? [];
  if (!(declaration instanceof FunctionDeclaration) || parser.diagnostics.length > 0) {
    throw new Error(`this does not parse: ${text}`);
  }
  return (declaration.body as BlockStatement).statements.map(
    (statement) => place(statement, nodes, range) as Statement,
  );
}

function place(node: Node, nodes: Readonly<Record<string, Node>>, range: Range): Node {
  if (node instanceof IdentifierExpression) {
    const given = nodes[node.text];
    if (given !== undefined) return given as Expression;
  }
  const fields = node as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'range') continue;
    if (value instanceof Node) fields[name] = place(value, nodes, range);
    else if (Array.isArray(value)) {
      value.forEach((each: unknown, at) => {
        if (each instanceof Node) value[at] = place(each, nodes, range);
      });
    }
  }
  node.range = range;
  return node;
}
