import type { Choices } from './choices.ts';
import type { NaiveDatabase } from './naive-database.ts';
import { randomValue } from './operations.ts';
import { type ModelRow, TABLES } from './tables.ts';
import { type Value, compareValues } from './values.ts';

export interface StatementStatistics {
  readonly rowsInserted: number;
  readonly rowsDeleted: number;
  readonly rowsUpdated: number;
}

/** A SQL statement that changes rows, and what it does to the naive database. */
export interface Statement {
  readonly text: string;
  /** @returns undefined if the statement must be refused; the caller then rolls back */
  apply(naive: NaiveDatabase): StatementStatistics | undefined;
}

const NOTHING: StatementStatistics = { rowsInserted: 0, rowsDeleted: 0, rowsUpdated: 0 };

export function randomStatement(table: number, rows: readonly ModelRow[], choices: Choices): Statement {
  switch (choices.below(3)) {
    case 0:
      return insertStatement(table, choices);
    case 1:
      return deleteStatement(table, rows, choices);
    default:
      return updateStatement(table, rows, choices);
  }
}

function insertStatement(table: number, choices: Choices): Statement {
  const { name, columns } = TABLES[table]!;
  const rows = Array.from({ length: 1 + choices.below(3) }, () =>
    columns.map(({ type }) => randomValue(type, choices)),
  );
  const tuples = rows.map((values) => `(${values.map(literal).join(', ')})`);
  return {
    text: `INSERT INTO ${name} (${columns.map((column) => column.name).join(', ')}) VALUES ${tuples.join(', ')}`,
    apply(naive) {
      let rowsInserted = 0;
      for (const values of rows) {
        const before = naive.rows(table).length;
        if (naive.insert(table, values).code !== 0) return undefined;
        rowsInserted += naive.rows(table).length - before;
      }
      return { ...NOTHING, rowsInserted };
    },
  };
}

function deleteStatement(table: number, rows: readonly ModelRow[], choices: Choices): Statement {
  const { text, matches } = randomCondition(table, rows, choices);
  return {
    text: `DELETE FROM ${TABLES[table]!.name} WHERE ${text}`,
    apply: (naive) => ({ ...NOTHING, rowsDeleted: naive.delete(table, naive.rows(table).filter(matches)) }),
  };
}

function updateStatement(table: number, rows: readonly ModelRow[], choices: Choices): Statement {
  const { name, columns, sequences } = TABLES[table]!;
  const { text, matches } = randomCondition(table, rows, choices);
  const column = choices.below(columns.length);
  const random = randomValue(columns[column]!.type, choices);
  // Which of several rows gets which value of a sequence is nobody's promise.
  const value = random === 0n && sequences.some((sequence) => sequence.column === column) ? 1n : random;
  return {
    text: `UPDATE ${name} SET ${columns[column]!.name} = ${literal(value)} WHERE ${text}`,
    apply(naive) {
      // All rows go before the first comes back.
      const matched = naive.rows(table).filter(matches);
      naive.delete(table, matched);
      for (const { values } of matched) {
        if (naive.insert(table, values.with(column, value)).code !== 0) return undefined;
      }
      return { ...NOTHING, rowsUpdated: matched.length };
    },
  };
}

const OPERATORS: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

interface Condition {
  readonly text: string;
  readonly matches: (row: ModelRow) => boolean;
}

function randomCondition(table: number, rows: readonly ModelRow[], choices: Choices): Condition {
  const one = randomComparison(table, rows, choices);
  if (!choices.oneIn(3)) return one;
  const other = randomComparison(table, rows, choices);
  return choices.oneIn(2)
    ? { text: `${one.text} AND ${other.text}`, matches: (row) => one.matches(row) && other.matches(row) }
    : { text: `${one.text} OR ${other.text}`, matches: (row) => one.matches(row) || other.matches(row) };
}

/** Compares a column with a value, mostly of a row that is there. */
function randomComparison(table: number, rows: readonly ModelRow[], choices: Choices): Condition {
  const { columns } = TABLES[table]!;
  const column = choices.below(columns.length);
  const { name, type } = columns[column]!;
  const value = rows.length === 0 || choices.oneIn(4) ? randomValue(type, choices) : choices.pick(rows).values[column]!;
  const [operator, holds] = choices.pick(Object.entries(OPERATORS));
  return {
    text: `${name} ${operator} ${literal(value)}`,
    matches: ({ values }) => holds(compareValues(values[column]!, value)),
  };
}

function literal(value: Value): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}
