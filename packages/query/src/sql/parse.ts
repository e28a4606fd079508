import { QueryError } from '../errors.ts';
import { parseCondition, parseLiteral } from './parse-expression.ts';
import { type Dialect, parseSelect, parseTableAlias } from './parse-select.ts';
import type {
  Delete,
  Explain,
  Insert,
  Literal,
  Select,
  SetVariable,
  ShowVariable,
  Statement,
  Update,
} from './syntax.ts';
import { TokenCursor } from './token-cursor.ts';

/** SQL text of more UTF-8 bytes than this is refused unread. */
const MAX_SQL_BYTES = 50_000;

const encoder = new TextEncoder();

/** First words of statements that are SQL but not supported. */
const OTHER_STATEMENTS = new Set(
  (
    'ALTER ANALYZE ASSERT ATTACH BEGIN CACHE CALL CLOSE COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DESC DESCRIBE ' +
    'DISCARD DROP END EXECUTE FETCH GRANT KILL MERGE MSCK PRAGMA PREPARE RELEASE REPLACE REVOKE ROLLBACK ' +
    'SAVEPOINT START TRUNCATE UNCACHE USE VALUES WITH ('
  ).split(' '),
);
/** After SHOW, these ask for something else than a variable. */
const SHOW_OTHER = new Set([
  'TABLES',
  'COLUMNS',
  'FIELDS',
  'FUNCTIONS',
  'CREATE',
  'VARIABLES',
  'COLLATION',
  'EXTENDED',
  'FULL',
]);

/**
 * Parses one statement of the query/DML dialect.
 * @throws QueryError `QUERY_SYNTAX`, `QUERY_UNSUPPORTED`, `QUERY_TOO_LONG`, `QUERY_TOO_DEEP`
 */
export function parseStatement(text: string): Statement {
  return parse(text, 'statement');
}

/** Parses one query of the subscription dialect. @throws QueryError as `parseStatement` */
export function parseSubscription(text: string): Select {
  if (text.trim() === '') throw new QueryError('QUERY_SYNTAX', 'SubscriptionError: Empty string');
  const statement = parse(text, 'subscription');
  if (statement.kind !== 'select') throw new QueryError('QUERY_UNSUPPORTED', 'Unsupported: Non-SELECT queries');
  return statement;
}

function parse(text: string, dialect: Dialect): Statement {
  // Each character is three bytes at most, so few texts have to be encoded.
  const mayBeTooLong = 3 * text.length > MAX_SQL_BYTES;
  if (mayBeTooLong && (text.length > MAX_SQL_BYTES || encoder.encode(text).length > MAX_SQL_BYTES)) {
    const message = `SQL query exceeds maximum allowed length: "${text.slice(0, 120)}..."`;
    throw new QueryError('QUERY_TOO_LONG', message);
  }
  const cursor = new TokenCursor(text);
  let count = 0;
  let statement: Statement | undefined;
  for (;;) {
    while (cursor.take(';'));
    if (cursor.peek().kind === 'end') break;
    if (count > 0 && !cursor.isAfter(';')) throw cursor.unexpected('end of statement');
    statement = parseOne(cursor, dialect);
    count += 1;
  }
  if (count === 0) throw new QueryError('QUERY_SYNTAX', 'Empty SQL query');
  if (count > 1) throw new QueryError('QUERY_UNSUPPORTED', 'Multiple SQL statements are not supported');
  cursor.throwRefusal();
  if (!statement) throw new Error('a statement was dropped without a refusal');
  return statement;
}

/** Undefined only when a refusal was noted. */
function parseOne(cursor: TokenCursor, dialect: Dialect): Statement | undefined {
  const { keyword } = cursor.peek();
  switch (keyword) {
    case 'SELECT':
      return parseSelect(cursor, dialect);
    case 'INSERT':
      return parseInsert(cursor);
    case 'UPDATE':
      return parseUpdate(cursor);
    case 'DELETE':
      return parseDelete(cursor);
    case 'SET':
      return parseSet(cursor);
    case 'SHOW':
      return parseShow(cursor);
    case 'EXPLAIN':
      return dialect === 'statement' ? parseExplain(cursor) : refuseStatement(cursor, cursor.position);
    default: {
      if (!OTHER_STATEMENTS.has(keyword)) throw cursor.unexpected('an SQL statement');
      if (keyword === 'BEGIN') {
        cursor.reprint(cursor.position, 'BEGIN TRANSACTION');
        if (cursor.peek(1).keyword === 'TRANSACTION') cursor.reprint(cursor.position + 1, '');
      }
      return refuseStatement(cursor, cursor.position);
    }
  }
}

/** Refuses the statement that started at `start`, and reads the rest of it. */
function refuseStatement(cursor: TokenCursor, start: number): undefined {
  cursor.skipStatement();
  cursor.refuseFrom(start, 0, 'Unsupported');
  return undefined;
}

function parseInsert(cursor: TokenCursor): Insert | undefined {
  const start = cursor.position;
  cursor.expect('INSERT');
  cursor.expect('INTO');
  const table = cursor.dottedName().join('.');
  const fields: string[] = [];
  if (cursor.take('(')) {
    do fields.push(cursor.identifier());
    while (cursor.take(','));
    cursor.expect(')');
  }
  const rows: Literal[][] = [];
  const mark = cursor.mark();
  const queryAt = cursor.position;
  if (cursor.take('VALUES')) {
    do rows.push(parseRow(cursor));
    while (cursor.take(','));
  } else if (cursor.is('SELECT') || cursor.is('WITH') || cursor.is('(')) {
    cursor.skipStatement();
    cursor.refuseFrom(queryAt, mark, 'Unsupported INSERT expression');
  } else {
    throw cursor.unexpected('SELECT, VALUES, or a subquery in the query body');
  }
  if (cursor.is('ON')) cursor.reprint(cursor.position, ' ON'); // the reference prints two blanks
  if (cursor.is('ON') || cursor.is('RETURNING')) return refuseStatement(cursor, start);
  return { kind: 'insert', table, fields, rows };
}

function parseRow(cursor: TokenCursor): Literal[] {
  const row: Literal[] = [];
  cursor.expect('(');
  do row.push(parseLiteral(cursor, 'Unsupported INSERT value'));
  while (cursor.take(','));
  cursor.expect(')');
  return row;
}

function parseUpdate(cursor: TokenCursor): Update | undefined {
  const start = cursor.position;
  cursor.expect('UPDATE');
  const table = cursor.dottedName().join('.');
  const alias = parseTableAlias(cursor);
  cursor.expect('SET');
  const assignments: { field: string; value: Literal }[] = [];
  do {
    const isListed = cursor.take('(');
    const field = cursor.dottedName().join('.');
    while (isListed && cursor.take(',')) cursor.dottedName();
    if (isListed) cursor.expect(')');
    cursor.expect('=');
    assignments.push({ field, value: parseLiteral(cursor, 'Unsupported column/variable assignment expression') });
  } while (cursor.take(','));
  if (cursor.is('FROM')) return refuseStatement(cursor, start);
  const where = cursor.take('WHERE') ? parseCondition(cursor) : undefined;
  if (alias !== undefined || cursor.is('RETURNING')) return refuseStatement(cursor, start);
  return { kind: 'update', table, assignments, where };
}

function parseDelete(cursor: TokenCursor): Delete | undefined {
  const start = cursor.position;
  cursor.expect('DELETE');
  const isMultiple = !cursor.is('FROM');
  if (isMultiple) cursor.dottedName();
  cursor.expect('FROM');
  const mark = cursor.mark();
  const table = cursor.dottedName().join('.');
  const alias = parseTableAlias(cursor);
  if (alias !== undefined) cursor.refuse(mark, `Unsupported table expression in DELETE: ${table} AS ${alias}`);
  if (isMultiple || cursor.is(',') || cursor.is('USING')) return refuseStatement(cursor, start);
  const where = cursor.take('WHERE') ? parseCondition(cursor) : undefined;
  if (cursor.is('RETURNING')) return refuseStatement(cursor, start);
  return { kind: 'delete', table, where };
}

function parseSet(cursor: TokenCursor): SetVariable | undefined {
  const start = cursor.position;
  cursor.expect('SET');
  const second = cursor.peek(1).keyword;
  if (second !== '=' && second !== 'TO' && second !== '.' && cursor.isIdentifier(1))
    return refuseStatement(cursor, start);
  const variable = cursor.dottedName().join('.');
  if (!cursor.take('=') && !cursor.take('TO')) throw cursor.unexpected('equals sign or TO');
  const value = parseLiteral(cursor, 'Unsupported column/variable assignment expression');
  return cursor.is(',') ? refuseStatement(cursor, start) : { kind: 'set', variable, value };
}

function parseExplain(cursor: TokenCursor): Explain | undefined {
  if (cursor.peek(1).keyword !== 'SELECT') return refuseStatement(cursor, cursor.position);
  cursor.expect('EXPLAIN');
  const select = parseSelect(cursor, 'statement');
  return select && { kind: 'explain', select };
}

function parseShow(cursor: TokenCursor): ShowVariable | undefined {
  const start = cursor.position;
  cursor.expect('SHOW');
  if (cursor.isOneOf(SHOW_OTHER)) return refuseStatement(cursor, start);
  const words: string[] = [];
  while (cursor.isIdentifier()) words.push(cursor.identifier());
  return { kind: 'show', variable: words.join(' ') };
}
