import {
  type BlockStatement,
  FunctionDeclaration,
  IdentifierExpression,
  type Node,
  Parser,
  type Range,
  type Statement,
} from 'assemblyscript';
import { rewriteNode } from './walk.ts';

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
  const place = (node: Node): Node => {
    const given = node instanceof IdentifierExpression ? nodes[node.text] : undefined;
    if (given !== undefined) return given;
    node.range = range;
    return node;
  };
  const { statements } = declaration.body as BlockStatement;
  return statements.map((statement) => rewriteNode(statement, place) as Statement);
}
