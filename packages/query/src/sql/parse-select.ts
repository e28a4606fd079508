import { parseCondition, parseExpression } from './parse-expression.ts';
import type { FromTable, ProjectedColumn, Projection, Select } from './syntax.ts';
import type { TokenCursor } from './token-cursor.ts';

/** The subscription dialect returns whole rows of one table; the statement dialect also has columns, COUNT and LIMIT. */
export type Dialect = 'subscription' | 'statement';

/** Clauses of one SELECT, after WHERE, that are not supported. */
const SELECT_CLAUSES = new Set(['GROUP', 'HAVING', 'CLUSTER', 'DISTRIBUTE', 'SORT', 'WINDOW', 'QUALIFY', 'LATERAL']);
/** What may follow a SELECT in a query and is not supported. */
const QUERY_CLAUSES = new Set(['UNION', 'EXCEPT', 'INTERSECT', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH', 'FOR']);

const RESERVED = (
  'WITH EXPLAIN ANALYZE SELECT WHERE GROUP SORT HAVING ORDER TOP LATERAL VIEW LIMIT OFFSET FETCH UNION EXCEPT ' +
  'INTERSECT CLUSTER DISTRIBUTE END'
).split(' ');
const RESERVED_AS_COLUMN_ALIAS = new Set([...RESERVED, 'RETURNING', 'FROM', 'INTO']);
const RESERVED_AS_TABLE_ALIAS = new Set([
  ...RESERVED,
  ...'PIVOT UNPIVOT ON JOIN INNER CROSS FULL LEFT RIGHT NATURAL USING GLOBAL OUTER SET QUALIFY WINDOW'.split(' '),
]);

/** Parses a SELECT. The result is undefined only when a refusal was noted. @throws QueryError `QUERY_SYNTAX` */
export function parseSelect(cursor: TokenCursor, dialect: Dialect): Select | undefined {
  const start = cursor.position;
  const mark = cursor.mark();
  cursor.expect('SELECT');
  const isDistinctOrTop = skipDistinctOrTop(cursor);

  cursor.sawUnqualifiedName = false;
  const projection = parseProjection(cursor, dialect);
  if (cursor.is('INTO')) return refuseQuery(cursor, dialect, start, mark, 'select');
  const from = cursor.take('FROM') ? parseFrom(cursor) : undefined;
  if (!from) cursor.refuse(cursor.mark(), 'A FROM clause is required');
  const where = cursor.take('WHERE') ? parseCondition(cursor) : undefined;
  if (isDistinctOrTop || cursor.isOneOf(SELECT_CLAUSES)) return refuseQuery(cursor, dialect, start, mark, 'select');
  let limit: string | undefined;
  if (dialect === 'statement' && cursor.take('LIMIT') && !cursor.take('ALL')) {
    const { expression, shape } = parseExpression(cursor);
    if (
      shape !== 'atom' ||
      expression.kind !== 'literal' ||
      !/^[0-9.]/.test(expression.text) ||
      expression.form !== 'number'
    ) {
      return refuseQuery(cursor, dialect, start, mark, 'query');
    }
    limit = expression.text;
  }
  if (cursor.isOneOf(QUERY_CLAUSES)) return refuseQuery(cursor, dialect, start, mark, 'query');

  if (!from || !projection) return undefined;
  if (from.length > 1 && projection.kind === 'all') {
    cursor.refuse(cursor.mark(), 'SELECT * is not supported for joins');
  } else if (from.length > 1 && cursor.sawUnqualifiedName) {
    cursor.refuse(cursor.mark(), 'Names must be qualified when using joins');
  }
  return { kind: 'select', projection, from, where, limit };
}

/** Takes what may come right after SELECT. @returns whether it is not supported */
function skipDistinctOrTop(cursor: TokenCursor): boolean {
  if (cursor.take('DISTINCT')) return true;
  if (cursor.take('TOP')) {
    if (cursor.is('(')) cursor.skipParentheses();
    else cursor.reprint(cursor.position, `(${cursor.next().text})`);
    return true;
  }
  if (cursor.is('ALL')) cursor.reprint(cursor.position, '');
  cursor.take('ALL');
  return false;
}

/** Refuses all of the query, and so reads the rest of it. */
function refuseQuery(
  cursor: TokenCursor,
  dialect: Dialect,
  start: number,
  mark: number,
  part: 'select' | 'query',
): undefined {
  skipClauses(cursor);
  const what = dialect === 'subscription' && part === 'select' ? 'Unsupported SELECT' : 'Unsupported';
  cursor.refuseFrom(start, mark, what);
  return undefined;
}

function skipClauses(cursor: TokenCursor): void {
  while (!cursor.isStatementEnd()) {
    if (cursor.take('FETCH')) {
      cursor.reprint(cursor.position, 'FIRST'); // or NEXT
      cursor.next();
    } else if (cursor.is('ROW')) {
      cursor.reprint(cursor.position, 'ROWS');
      cursor.next();
    } else if (cursor.is('(')) {
      cursor.skipParentheses();
    } else {
      cursor.next();
    }
  }
}

/** One item of the list after SELECT. */
type SelectItem = Projection | { readonly kind: 'column'; readonly column: ProjectedColumn } | undefined;

function parseProjection(cursor: TokenCursor, dialect: Dialect): Projection | undefined {
  const mark = cursor.mark();
  const items: SelectItem[] = [];
  do items.push(parseSelectItem(cursor, items.length === 0));
  while (cursor.take(','));

  const [first] = items;
  const isWholeRows = items.length === 1 && (first?.kind === 'all' || first?.kind === 'allOf');
  if (isWholeRows) return first;
  if (dialect === 'subscription') {
    const message = 'Column projections are not supported in subscriptions; Subscriptions must return a table type';
    cursor.refuse(mark, message);
    return undefined;
  }
  if (items.some((item) => item?.kind === 'all' || item?.kind === 'allOf')) {
    cursor.refuse(mark, 'Mixed wildcard projections are not supported');
    return undefined;
  }
  if (first?.kind === 'count') return first;
  return { kind: 'columns', columns: items.flatMap((item) => (item?.kind === 'column' ? [item.column] : [])) };
}

function parseSelectItem(cursor: TokenCursor, isFirst: boolean): SelectItem {
  if (cursor.take('*')) return { kind: 'all' };
  const wildcard = parseQualifiedWildcard(cursor);
  if (wildcard !== undefined) return { kind: 'allOf', table: wildcard };

  const { expression, shape, first, mark } = parseExpression(cursor);
  const text = cursor.printFrom(first);
  const alias = parseAlias(cursor, RESERVED_AS_COLUMN_ALIAS);
  if (shape === 'call' && isFirst && !cursor.is(',')) {
    if (!/^count\(\*\)$/i.test(text)) cursor.refuse(mark, `Unsupported aggregate function: ${text}`);
    else if (alias === undefined) cursor.refuse(mark, 'Aggregate expressions must have column aliases');
    else {
      cursor.forgive(mark);
      return { kind: 'count', alias };
    }
    return undefined;
  }
  if (shape === 'atom' && expression.kind === 'column') {
    return { kind: 'column', column: { column: expression, alias } };
  }
  cursor.refuse(mark, `Unsupported projection expression: ${text}`);
  return undefined;
}

/** `name.*`, of which the name; nothing is read when something else comes. */
function parseQualifiedWildcard(cursor: TokenCursor): string | undefined {
  let ahead = 0;
  while (cursor.isIdentifier(ahead) && cursor.peek(ahead + 1).keyword === '.') ahead += 2;
  if (ahead === 0 || cursor.peek(ahead).keyword !== '*') return undefined;
  const parts: string[] = [];
  while (!cursor.take('*')) {
    parts.push(cursor.identifier());
    cursor.expect('.');
  }
  return parts.join('.');
}

function parseFrom(cursor: TokenCursor): FromTable[] {
  const tables = [parseTable(cursor)];
  for (;;) {
    const mark = cursor.mark();
    if (cursor.take(',')) {
      parseTable(cursor);
      cursor.refuse(mark, 'Implicit joins are not supported');
      continue;
    }
    if (cursor.take('CROSS')) {
      cursor.expect('JOIN');
      tables.push(parseTable(cursor));
      continue;
    }
    const isOuter = skipOuterJoin(cursor);
    if (!isOuter && cursor.is('INNER')) cursor.reprint(cursor.position, '');
    const isInner = !isOuter && (cursor.take('INNER') || cursor.is('JOIN'));
    if (!isOuter && !isInner) return tables;
    cursor.expect('JOIN');
    const joined = { ...parseTable(cursor), on: parseJoinCondition(cursor) };
    if (isOuter) cursor.refuse(mark, 'Non-inner joins are not supported');
    tables.push(joined);
  }
}

function skipOuterJoin(cursor: TokenCursor): boolean {
  const start = cursor.position;
  cursor.take('NATURAL');
  if (cursor.take('LEFT') || cursor.take('RIGHT') || cursor.take('FULL')) {
    if (!cursor.take('OUTER') && !cursor.take('SEMI')) cursor.take('ANTI');
  } else if (cursor.position > start) {
    cursor.take('INNER');
  }
  return cursor.position > start;
}

function parseJoinCondition(cursor: TokenCursor): FromTable['on'] {
  const mark = cursor.mark();
  if (cursor.take('ON')) {
    // The comparison's own parentheses would make its shape `other` too, but not start with a column.
    const isBare = !cursor.is('(');
    const { expression } = parseExpression(cursor);
    if (isBare && expression.kind === 'comparison' && expression.operator === '=') {
      const { left, right } = expression;
      if (left.kind === 'column' && right.kind === 'column') return { left, right };
    }
    cursor.refuse(mark, 'Non-inner joins are not supported');
  } else if (cursor.take('USING')) {
    if (!cursor.is('(')) throw cursor.unexpected('(');
    cursor.skipParentheses();
    cursor.refuse(mark, 'Non-inner joins are not supported');
  }
  return undefined;
}

function parseTable(cursor: TokenCursor): FromTable {
  const start = cursor.position;
  const mark = cursor.mark();
  let isTable = true;
  let table = '';
  if (!cursor.is('(')) table = cursor.dottedName().join('.');
  if (cursor.is('(')) {
    cursor.skipParentheses();
    isTable = false;
  }
  let text = cursor.printFrom(start);
  const alias = parseTableAlias(cursor);
  if (alias !== undefined) text += ` AS ${alias}`;
  const columnsAt = cursor.position;
  if (alias !== undefined && cursor.is('(')) {
    cursor.skipParentheses();
    text += ` ${cursor.printFrom(columnsAt)}`;
    isTable = false;
  }
  if (!isTable) cursor.refuse(mark, `Unsupported FROM expression: ${text}`);
  return { table, alias, on: undefined };
}

/** `[AS] ident` after a table. */
export function parseTableAlias(cursor: TokenCursor): string | undefined {
  return parseAlias(cursor, RESERVED_AS_TABLE_ALIAS);
}

function parseAlias(cursor: TokenCursor, reserved: ReadonlySet<string>): string | undefined {
  if (cursor.take('AS')) return cursor.identifier();
  if (!cursor.isIdentifier() || cursor.isOneOf(reserved)) return undefined;
  cursor.reprint(cursor.position, `AS ${cursor.printedAt(cursor.position)}`);
  return cursor.identifier();
}
