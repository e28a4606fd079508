/** One record of a sqllogictest script. */
export type ScriptRecord = StatementRecord | QueryRecord;

interface RecordPlace {
  /** Of its first line, from 1. */
  readonly line: number;
  /** Who runs it: the `connection` line before it, else `owner`. */
  readonly connection: string;
  readonly sql: string;
}

export interface StatementRecord extends RecordPlace {
  readonly kind: 'statement';
  readonly expected: StatementExpectation;
}

export type StatementExpectation =
  | { readonly kind: 'ok' }
  /** Rows inserted, deleted and updated together. */
  | { readonly kind: 'count'; readonly count: number }
  /** The text below `----`, word for word. */
  | { readonly kind: 'error'; readonly message: string }
  /** A text that the message contains. */
  | { readonly kind: 'errorWith'; readonly part: string };

export interface QueryRecord extends RecordPlace {
  readonly kind: 'query';
  /** A letter for each column: `I` an integer, `R` a float, `T` anything else. */
  readonly columns: string;
  /** Rows come in no promised order, so `rowsort` is what queries of several rows have. */
  readonly isSorted: boolean;
  /** The values of each row between tabs. */
  readonly rows: readonly string[];
}

/**
 * Parses a script in the format of sqllogictest, with rows on a line each as DuckDB writes them, `connection` as in
 * sqllogictest-rs, and the message of an error below `----`. An empty string is `(empty)`.
 * https://sqlite.org/sqllogictest/doc/trunk/about.wiki
 * @throws Error that names the line
 */
export function parseScript(text: string): ScriptRecord[] {
  const lines = text.split('\n');
  const records: ScriptRecord[] = [];
  let connection = 'owner';
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!; // in range
    if (line === '' || line.startsWith('#')) continue;
    const [word, ...rest] = line.split(' ');
    if (word === 'connection') {
      connection = rest.join(' ');
      continue;
    }
    const start = at;
    const body = blockFrom(lines, at + 1);
    at += body.length;
    const divider = body.indexOf('----');
    const sql = (divider < 0 ? body : body.slice(0, divider)).join('\n');
    const below = divider < 0 ? [] : body.slice(divider + 1);
    if (sql === '') throw new Error(`line ${start + 1}: expected SQL below \`${line}\``);
    const place = { line: start + 1, connection, sql };
    connection = 'owner';
    if (word === 'statement') records.push({ kind: 'statement', ...place, expected: expectation(line, below) });
    else if (word === 'query') records.push({ kind: 'query', ...place, ...queryHeader(line), rows: below });
    else throw new Error(`line ${start + 1}: expected statement, query or connection, found \`${line}\``);
  }
  return records;
}

/** The lines up to the next empty one. */
function blockFrom(lines: readonly string[], start: number): string[] {
  const end = lines.indexOf('', start);
  return lines.slice(start, end < 0 ? lines.length : end);
}

function expectation(line: string, below: readonly string[]): StatementExpectation {
  const match = /^statement (?:(ok)|count (\d+)|error(?: (.+))?)$/.exec(line);
  if (!match) throw new Error(`expected \`statement ok\`, \`count N\` or \`error\`, found \`${line}\``);
  const [, ok, count, part] = match;
  if (ok !== undefined) return { kind: 'ok' };
  if (count !== undefined) return { kind: 'count', count: Number(count) };
  if (part !== undefined) return { kind: 'errorWith', part };
  if (below.length === 0) throw new Error('expected the message of an error, after its word or below `----`');
  return { kind: 'error', message: below.join('\n') };
}

function queryHeader(line: string): { columns: string; isSorted: boolean } {
  const match = /^query ([ITR]+)( rowsort)?$/.exec(line);
  if (!match) throw new Error(`expected \`query\`, the types of columns and perhaps \`rowsort\`, found \`${line}\``);
  return { columns: match[1] ?? '', isSorted: match[2] !== undefined };
}
