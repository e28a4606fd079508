import type { TokenCursor } from './token-cursor.ts';
import type { ComparisonOperator, Expression, Literal } from './syntax.ts';

/** An expression and what refusing or limiting it needs to know. */
export interface ParsedExpression {
  readonly expression: Expression;
  /** `call` is a function call; `other` is in parentheses or an operator. */
  readonly shape: 'atom' | 'call' | 'other';
  /** Index of its first token. */
  readonly first: number;
  /** Refusals noted before it. */
  readonly mark: number;
  /** Depth as a binary tree: a chain of n ANDs counts n. */
  readonly depth: number;
}

/** Deeper expressions are refused, whatever their shape. */
export const MAX_DEPTH = 1600;

/** Stands where a refused expression was; the refusal keeps it from being used. */
const REFUSED: Literal = { kind: 'literal', form: 'bool', text: 'true' };

const OR = 5;
const AND = 10;
const NOT = 15;
const IS = 17;
const LIKE = 19;
const COMPARE = 20;
const MULTIPLY = 40;

/** How tightly an infix operator binds; the larger first. */
const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ['OR', OR],
  ['AND', AND],
  ['IS', IS],
  ['LIKE', LIKE],
  ['ILIKE', LIKE],
  ['SIMILAR', LIKE],
  ['IN', COMPARE],
  ['BETWEEN', COMPARE],
  ['=', COMPARE],
  ['==', COMPARE],
  ['<>', COMPARE],
  ['!=', COMPARE],
  ['<', COMPARE],
  ['<=', COMPARE],
  ['>', COMPARE],
  ['>=', COMPARE],
  ['<=>', COMPARE],
  ['~', COMPARE],
  ['|', 21],
  ['#', 22],
  ['&', 23],
  ['<<', 23],
  ['>>', 23],
  ['XOR', 24],
  ['+', 30],
  ['-', 30],
  ['*', MULTIPLY],
  ['/', MULTIPLY],
  ['%', MULTIPLY],
  ['||', MULTIPLY],
  ['^', MULTIPLY],
  ['->', 50],
  ['->>', 50],
  ['::', 50],
]);

const COMPARISONS: ReadonlyMap<string, ComparisonOperator> = new Map([
  ['=', '='],
  ['==', '='],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

/** Parses one expression, noting what is not supported. @throws QueryError `QUERY_SYNTAX` */
export function parseExpression(cursor: TokenCursor): ParsedExpression {
  return cursor.nested(() => parseOperators(cursor, 0));
}

/**
 * Parses `WHERE`'s expression, which may be as deep as `MAX_DEPTH`.
 * Chains are built in a loop, so that their length costs no stack.
 */
export function parseCondition(cursor: TokenCursor): Expression {
  const { expression, depth, mark } = parseExpression(cursor);
  if (depth > MAX_DEPTH) cursor.refuse(mark, 'Recursion limit exceeded, `sql-parser::parse_expr`', 'QUERY_TOO_DEEP');
  return expression;
}

function parseOperators(cursor: TokenCursor, minimum: number): ParsedExpression {
  let left = parseOperand(cursor);
  for (;;) {
    const precedence = infixPrecedence(cursor);
    if (precedence <= minimum) return left;
    left = parseInfix(cursor, left, precedence);
  }
}

/** 0 when no infix operator comes next. */
function infixPrecedence(cursor: TokenCursor): number {
  const { keyword } = cursor.peek();
  if (keyword !== 'NOT') return PRECEDENCE.get(keyword) ?? 0;
  const negated = cursor.peek(1).keyword;
  return ['IN', 'BETWEEN', 'LIKE', 'ILIKE', 'SIMILAR'].includes(negated) ? COMPARE : 0;
}

function parseInfix(cursor: TokenCursor, left: ParsedExpression, precedence: number): ParsedExpression {
  const { keyword } = cursor.next();
  const comparison = COMPARISONS.get(keyword);
  switch (keyword) {
    case 'AND':
    case 'OR':
      return combine(left, keyword, parseOperators(cursor, precedence));
    case 'NOT':
      return parseInfix(cursor, left, precedence);
    case 'IS':
      cursor.take('NOT');
      if (cursor.take('DISTINCT')) {
        cursor.expect('FROM');
        parseOperators(cursor, precedence);
      } else {
        cursor.identifier();
      }
      return refuseExpression(cursor, left);
    case 'IN':
      if (!cursor.is('(')) throw cursor.unexpected('(');
      cursor.skipParentheses();
      return refuseExpression(cursor, left);
    case 'BETWEEN':
      parseOperators(cursor, COMPARE);
      cursor.expect('AND');
      parseOperators(cursor, COMPARE);
      return refuseExpression(cursor, left);
    case 'SIMILAR':
      cursor.expect('TO');
      parseOperators(cursor, precedence);
      return refuseExpression(cursor, left);
    case 'LIKE':
    case 'ILIKE':
      parseOperators(cursor, precedence);
      return refuseExpression(cursor, left);
    case '::': {
      cursor.reprint(cursor.position - 1, 'AS');
      cursor.reprint(left.first, `CAST(${cursor.printedAt(left.first)}`);
      cursor.dottedName();
      if (cursor.is('(')) cursor.skipParentheses();
      const last = cursor.position - 1;
      cursor.reprint(last, `${cursor.printedAt(last)})`);
      return refuseExpression(cursor, left);
    }
    default: {
      const right = parseOperators(cursor, precedence);
      const depth = 1 + Math.max(left.depth, right.depth);
      if (!comparison) {
        cursor.refuse(left.mark, `Unsupported binary operator: ${keyword}`);
        return { ...left, expression: REFUSED, shape: 'other', depth };
      }
      const expression: Expression = {
        kind: 'comparison',
        operator: comparison,
        left: left.expression,
        right: right.expression,
      };
      return { ...left, expression, shape: 'other', depth };
    }
  }
}

function combine(left: ParsedExpression, operator: 'AND' | 'OR', right: ParsedExpression): ParsedExpression {
  const depth = 1 + Math.max(left.depth, right.depth);
  const chain = left.expression;
  if (chain.kind === 'logical' && chain.operator === operator) {
    // Made here and not yet seen by anyone, so it may still grow: copying would make long chains quadratic.
    (chain.operands as Expression[]).push(right.expression);
    return { ...left, shape: 'other', depth };
  }
  return {
    ...left,
    expression: { kind: 'logical', operator, operands: [chain, right.expression] },
    shape: 'other',
    depth,
  };
}

function parseOperand(cursor: TokenCursor): ParsedExpression {
  const parsed = { expression: REFUSED, shape: 'atom', first: cursor.position, mark: cursor.mark(), depth: 0 } as const;
  const token = cursor.peek();
  switch (token.kind) {
    case 'number':
    case 'string':
    case 'hex':
      cursor.next();
      return { ...parsed, expression: { kind: 'literal', form: token.kind, text: token.text } };
    case 'sender':
      cursor.next();
      return { ...parsed, expression: { kind: 'sender' } };
    case 'otherLiteral':
      cursor.next();
      cursor.refuse(parsed.mark, `Unsupported literal expression: ${token.text}`);
      return parsed;
    case 'word':
    case 'quotedWord':
      return parseWord(cursor, parsed);
    case 'symbol':
      return parseSymbol(cursor, parsed);
    case 'end':
      throw cursor.unexpected('an expression:');
  }
}

function parseWord(cursor: TokenCursor, parsed: ParsedExpression): ParsedExpression {
  const { keyword } = cursor.peek();
  switch (keyword) {
    case 'TRUE':
    case 'FALSE':
      cursor.next();
      return { ...parsed, expression: { kind: 'literal', form: 'bool', text: keyword.toLowerCase() } };
    case 'NULL':
      cursor.next();
      cursor.refuse(parsed.mark, 'Unsupported literal expression: NULL');
      return parsed;
    case 'NOT':
      cursor.next();
      cursor.nested(() => parseOperators(cursor, NOT));
      return refuseExpression(cursor, parsed);
    case 'CASE':
      skipCase(cursor);
      return refuseExpression(cursor, parsed);
    case 'INTERVAL':
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      // Literals in front of a text, else names.
      if (cursor.peek(1).kind !== 'string') break;
      cursor.reprint(cursor.position, keyword);
      cursor.next();
      cursor.next();
      return refuseExpression(cursor, parsed);
    default:
  }
  const parts = cursor.dottedName();
  if (cursor.is('(')) {
    cursor.skipParentheses();
    const refused = refuseExpression(cursor, parsed);
    return keyword === 'CAST' || keyword === 'EXISTS' ? refused : { ...refused, shape: 'call' };
  }
  const name = parts.pop() ?? '';
  if (parts.length === 0) cursor.sawUnqualifiedName = true;
  const table = parts.length === 0 ? undefined : parts.join('.');
  return { ...parsed, expression: { kind: 'column', table, name } };
}

function parseSymbol(cursor: TokenCursor, parsed: ParsedExpression): ParsedExpression {
  const { keyword } = cursor.peek();
  if (keyword === '(') return parseParentheses(cursor, parsed);
  if (keyword !== '-' && keyword !== '+') throw cursor.unexpected('an expression:');
  cursor.next();
  const token = cursor.peek();
  if (token.kind === 'number') {
    cursor.next();
    return { ...parsed, expression: { kind: 'literal', form: 'number', text: keyword + token.text } };
  }
  cursor.nested(() => parseOperators(cursor, MULTIPLY));
  return refuseExpression(cursor, parsed);
}

function parseParentheses(cursor: TokenCursor, parsed: ParsedExpression): ParsedExpression {
  const inside = cursor.peek(1).keyword;
  if (inside === 'SELECT' || inside === 'WITH' || inside === 'VALUES') {
    cursor.skipParentheses();
    return refuseExpression(cursor, parsed);
  }
  cursor.next();
  const inner = parseExpression(cursor);
  let isTuple = false;
  while (cursor.take(',')) {
    parseExpression(cursor);
    isTuple = true;
  }
  cursor.expect(')');
  if (isTuple) return refuseExpression(cursor, parsed);
  return { ...parsed, expression: inner.expression, shape: 'other', depth: inner.depth };
}

function skipCase(cursor: TokenCursor): void {
  let depth = 0;
  do {
    const token = cursor.peek();
    if (token.keyword === 'CASE') depth += 1;
    else if (token.keyword === 'END') depth -= 1;
    else if (token.kind === 'end') throw cursor.unexpected('END');
    cursor.next();
  } while (depth > 0);
}

/** Refuses everything from where `parsed` starts to here. */
function refuseExpression(cursor: TokenCursor, parsed: ParsedExpression): ParsedExpression {
  cursor.refuseFrom(parsed.first, parsed.mark, 'Unsupported expression');
  return { ...parsed, expression: REFUSED, shape: 'other' };
}

/**
 * Parses a value of INSERT, UPDATE or SET, which is a bare literal.
 * @param refusal what is said before the text of anything else
 */
export function parseLiteral(cursor: TokenCursor, refusal: string): Literal {
  const { expression, shape, first, mark } = parseExpression(cursor);
  if (shape === 'atom' && expression.kind === 'literal') return expression;
  cursor.refuseFrom(first, mark, expression.kind === 'sender' ? 'Unsupported literal expression' : refusal);
  return REFUSED;
}
