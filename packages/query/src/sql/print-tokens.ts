import { type Token, tokenText } from './token.ts';

/** Printed in upper case however they were written, as identifiers are not. */
const PRINTED_UPPER = new Set(
  (
    'ALL AND AS ASC BEGIN BETWEEN BY CASE CAST COMMIT CREATE CROSS DELETE DESC DISTINCT DO DROP ELSE END EXCEPT EXISTS ' +
    'EXPLAIN FETCH FIRST FROM FULL GRANT GROUP HAVING ILIKE IN INNER INSERT INT INTERSECT INTO IS JOIN LEFT LIKE ' +
    'LIMIT LOCAL MATCHED MERGE NATURAL NOT NOTHING NULL OFFSET ON ONLY OR ORDER OUTER RETURNING RIGHT ROLLBACK ROWS ' +
    'SELECT SET SHOW TABLE TABLES THEN TIME TO TOP TRUNCATE UNION UPDATE USING VALUES WHEN WHERE WITH XOR ZONE'
  ).split(' '),
);
const NO_SPACE_AFTER = new Set(['(', '[', '.']);
const NO_SPACE_BEFORE = new Set([')', ']', '.', ',', ';']);

/** What is printed in place of a token, by its index: an empty text leaves it out, as if it were not there. */
export type Reprints = ReadonlyMap<number, string>;

/**
 * Prints `tokens[from..to]` for an error message: blanks, keywords and the spellings of operators made uniform.
 * Clients see the text of the reference's own printer; this agrees with it on all but a few rare clauses. What a clause
 * alone can know, its parser says in `reprints`.
 */
export function printTokens(tokens: readonly Token[], from: number, to: number, reprints: Reprints): string {
  let text = '';
  let previous: Token | undefined;
  let isAfterSign = false;
  for (let i = from; i < to; i++) {
    const token = tokens[i]!; // of the statement
    const reprint = reprints.get(i);
    if (reprint === '') continue;
    if (previous && !isAfterSign && needsSpace(previous, token)) text += ' ';
    isAfterSign = (token.keyword === '-' || token.keyword === '+') && !(previous && endsOperand(previous));
    text += reprint ?? printToken(token);
    previous = token;
  }
  return text;
}

function printToken(token: Token): string {
  if (isPrintedUpper(token)) return token.keyword;
  switch (token.keyword) {
    case 'TRUE':
    case 'FALSE':
      return token.text.toLowerCase();
    case '==':
      return '=';
    case '!=':
      return '<>';
    default:
      return tokenText(token);
  }
}

function isPrintedUpper(token: Token): boolean {
  return token.kind === 'word' && PRINTED_UPPER.has(token.keyword);
}

function needsSpace(previous: Token, token: Token): boolean {
  if (NO_SPACE_AFTER.has(previous.keyword) || NO_SPACE_BEFORE.has(token.keyword)) return false;
  const isCall = token.keyword === '(' && previous.kind === 'word' && previous.end === token.start;
  return !isCall || (isPrintedUpper(previous) && previous.keyword !== 'CAST');
}

/** Whether a sign after this token is an operator between two operands. */
function endsOperand(token: Token): boolean {
  return token.kind === 'symbol' ? token.keyword === ')' : !isPrintedUpper(token);
}
