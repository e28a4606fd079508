import {
  CallExpression,
  type Expression,
  type ExpressionStatement,
  ForOfStatement,
  ForStatement,
  FunctionDeclaration,
  FunctionExpression,
  IdentifierExpression,
  ImportStatement,
  NamedTypeNode,
  NewExpression,
  Node,
  PropertyAccessExpression,
  ReturnStatement,
  type Source,
  type Statement,
  ThrowStatement,
  type TypeNode,
  VariableStatement,
  isTypeOmitted,
} from 'assemblyscript';
import { libraryName, libraryPath } from '../library-path.ts';
import { decoratorNames } from '../read/decorators.ts';
import type { Report } from '../report.ts';
import { forbiddenAccess } from './forbidden-access.ts';
import { parseSnippet } from './parse-snippet.ts';
import { rewriteNode, rewriteNodes } from './walk.ts';

/** What the module's log calls the levels of `console`. */
const logLevels: Readonly<Record<string, number>> = { error: 0, warn: 1, info: 2, log: 2, debug: 3, trace: 4 };

/** Errors whose message the compiler itself passes on when they are made where they are thrown. */
const plainErrors: ReadonlySet<string> = new Set(['Error', 'RangeError', 'TypeError', 'SyntaxError', 'URIError']);

/** Names of the library for rewritten code; a module has no reason to use the same. */
const injected = `
import { log as $log } from "${libraryName}/assembly/calls/log";
import { raise as $raise, throwError as $throwError } from "${libraryName}/assembly/calls/sender-error";
import { hasNext as $hasNext, endLoop as $endLoop } from "${libraryName}/assembly/tables/for-of";
`;

/**
 * Turns what the language lacks into what it has:
 *
 * - `console.log(text)` and its siblings into a line of the database's log, with file and line;
 * - `throw new SenderError(text)` into a call of `raise` (see `lower/lower-sender-errors.ts`), and a `throw` of another
 *   expression, whose message the compiler would lose, into one of `throwError`;
 * - `for (const row of rows)` into a loop over rows, whose scan ends with it, or over the elements of an array;
 * - imports of the decorators into nothing, as the compiler does not know them.
 */
export function rewriteSource(
  source: Source,
  importSource: (text: string, path: string) => Statement[],
  report: Report,
): void {
  let loops = 0;
  const endsByReturn: EndsByReturn = new Map();
  rewriteNodes(source, (node) => {
    const reason = forbiddenAccess(node);
    if (reason !== undefined) report.error(node.range, reason);
    if (node instanceof ImportStatement) removeDecorators(node);
    if (node instanceof CallExpression) rewriteLog(node, source);
    if (node instanceof ThrowStatement) return rewriteThrow(node);
    if (node instanceof ForOfStatement) return rewriteForOf(node, loops++, endsByReturn, report);
    if (node instanceof FunctionDeclaration) endLoopsAtReturns(node, endsByReturn);
    return node;
  });
  source.statements.unshift(...importSource(injected, source.normalizedPath));
}

function removeDecorators(statement: ImportStatement): void {
  if (statement.internalPath !== libraryPath || statement.declarations === null) return;
  statement.declarations = statement.declarations.filter(({ foreignName }) => !decoratorNames.has(foreignName.text));
}

function rewriteLog(call: CallExpression, source: Source): void {
  const callee = call.expression;
  if (!(callee instanceof PropertyAccessExpression) || !(callee.expression instanceof IdentifierExpression)) return;
  const level = logLevels[callee.property.text];
  if (callee.expression.text !== 'console' || level === undefined) return;
  const file = JSON.stringify(source.normalizedPath);
  const line = source.lineAt(call.range.start);
  const [statement] = parseSnippet(`$log(${level}, ${file}, ${line});`, {}, call.range);
  const replacement = (statement as ExpressionStatement).expression as CallExpression;
  call.expression = replacement.expression;
  call.args = [...replacement.args, ...call.args];
}

function rewriteThrow(statement: ThrowStatement): Node {
  const { value, range } = statement;
  const made = value instanceof NewExpression ? value.typeName.identifier.text : undefined;
  if (made !== undefined && plainErrors.has(made)) return statement;
  if (!(value instanceof NewExpression) || made !== 'SenderError') {
    // A variable, or a class of the module: which error it is shows when it is thrown.
    return Node.createBlockStatement(
      parseSnippet('$throwError($ERROR); throw new Error();', { $ERROR: value }, range),
      range,
    );
  }
  const text = value.args[0] ?? Node.createStringLiteralExpression('', range);
  // The second throw tells the compiler that nothing goes on from here; the lowering returns before it.
  return Node.createBlockStatement(parseSnippet('$raise($TEXT); throw new Error();', { $TEXT: text }, range), range);
}

/** What ends the loops that a `return` leaves, from the innermost on. Only the function around them knows its type. */
type EndsByReturn = Map<Node, string>;

function rewriteForOf(loop: ForOfStatement, number: number, endsByReturn: EndsByReturn, report: Report): Node {
  const { variable, iterable, body, range } = loop;
  const declaration = variable instanceof VariableStatement ? variable.declarations[0] : undefined;
  if (declaration === undefined) {
    report.error(variable.range, 'declare the variable of the loop in it: for (const row of rows)');
    return loop;
  }
  const [rows, at] = [`$rows${number}`, `$at${number}`];
  declaration.initializer = Node.createElementAccessExpression(
    Node.createIdentifierExpression(rows, range),
    Node.createIdentifierExpression(at, range),
    iterable.range,
  );
  const end = `$endLoop(${rows});`;
  const text = `
    const ${rows} = $ITERABLE;
    for (let ${at} = 0; $hasNext(${rows}, ${at}); ++${at}) { $VARIABLE; $BODY; }
    ${end}`;
  const statements = parseSnippet(text, { $ITERABLE: iterable }, range);
  rewriteReturns(body, (node) => {
    endsByReturn.set(node, (endsByReturn.get(node) ?? '') + end);
    return node;
  });
  replaceMarkers(statements, { $VARIABLE: variable, $BODY: body });
  return Node.createBlockStatement(statements, range);
}

function endLoopsAtReturns(declaration: FunctionDeclaration, endsByReturn: EndsByReturn): void {
  if (declaration.body === null || endsByReturn.size === 0) return;
  rewriteReturns(declaration.body, (node) => {
    const ends = endsByReturn.get(node);
    endsByReturn.delete(node);
    return ends === undefined ? node : endLoopsAtReturn(node, ends, declaration.signature.returnType);
  });
}

/** The value is computed before the loops are ended: it may ask for further rows. */
function endLoopsAtReturn(statement: ReturnStatement, ends: string, returnType: TypeNode): Node {
  const { value, range } = statement;
  if (value === null || value instanceof IdentifierExpression) {
    return Node.createBlockStatement([...parseSnippet(ends, {}, range), statement], range);
  }
  if (isVoid(returnType)) {
    return Node.createBlockStatement(parseSnippet(`$VALUE; ${ends} return;`, { $VALUE: value }, range), range);
  }
  const statements = parseSnippet(`const $value = $VALUE; ${ends} return $value;`, { $VALUE: value }, range);
  const [variable] = statements as [VariableStatement, ...Statement[]];
  // A function inside an expression may leave its type to the compiler.
  if (!isTypeOmitted(returnType)) variable.declarations[0]!.type = returnType;
  return Node.createBlockStatement(statements, range);
}

function isVoid(type: TypeNode): boolean {
  return type instanceof NamedTypeNode && type.name.identifier.text === 'void';
}

/** The returns of the function that a statement is in, not those of functions inside of it. */
function rewriteReturns(body: Statement, rewrite: (node: ReturnStatement) => Node): void {
  rewriteNode(body, (node) => (node instanceof ReturnStatement ? rewrite(node) : node), isFunction);
}

function isFunction(node: Node): boolean {
  return node instanceof FunctionExpression || node instanceof FunctionDeclaration;
}

interface LoopWithBlock {
  readonly body: { statements: Statement[] };
}

/** Puts statements in the place of the markers in the loop's block. */
function replaceMarkers(statements: readonly Statement[], markers: Readonly<Record<string, Statement>>): void {
  const loop = statements.find((statement) => statement instanceof ForStatement) as unknown as LoopWithBlock;
  loop.body.statements = loop.body.statements.map((statement) => {
    const { expression } = statement as unknown as { expression?: Expression };
    const marker = expression instanceof IdentifierExpression ? markers[expression.text] : undefined;
    return marker ?? statement;
  });
}
