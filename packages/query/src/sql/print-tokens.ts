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
const NO_SPACE_AFTER = new Set(['(', '[', '.', '::']);
const NO_SPACE_BEFORE = new Set([')', ']', '.', ',', ';', '::']);

/**
 * Prints `tokens[from..to]` for an error message: blanks and keywords made uniform, nothing else changed.
 * Clients see the text of the reference's own printer; this agrees with it on all but a few rare clauses.
 */
export function printTokens(tokens: readonly Token[], from: number, to: number): string {
  let text = '';
  let previous: Token | undefined;
  let isAfterSign = false;
  for (const token of tokens.slice(from, to)) {
    if (previous && !isAfterSign && needsSpace(previous, token)) text += ' ';
    isAfterSign = (token.keyword === '-' || token.keyword === '+') && !(previous && endsOperand(previous));
    if (isPrintedUpper(token)) text += token.keyword;
    else text += token.keyword === 'TRUE' || token.keyword === 'FALSE' ? token.text.toLowerCase() : tokenText(token);
    previous = token;
  }
  return text;
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
